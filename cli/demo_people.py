"""Who may sign in to the demo programme: keys and people of each role, told in files that only the owner reads."""

import os
import secrets
import unicodedata
from pathlib import Path

from domain.context import SYSTEM, Actor, Clock
from domain.settings import Settings
from domain.terms import PartnerRole, Role
from store.engine import Engine
from store.unit_of_work import UnitOfWork

_HOUSE = "vendor.example"
_STAFF = {
    Role.ADMIN: "Alex Adler",
    Role.RECRUITER: "Rita Rossi",
    Role.ROUTER: "Robin Reyes",
    Role.ANALYST: "Aiko Arai",
}


def admit(engine: Engine, settings: Settings, clock: Clock, folder: Path, partner: str) -> None:
    """Make a key of each role and people with passwords.

    The keys are written to ``key`` (of the admin) and ``key-ROLE``, the people to ``people.csv``.

    Parameters
    ----------
    engine : Engine
        The store.
    settings : Settings
        What passwords must be.
    clock : callable
        The time.
    folder : Path
        Where the files go.
    partner : str
        External id of the partner whose key and people are made.
    """
    with UnitOfWork(engine, SYSTEM, clock) as work:
        row = work.repository("partners").get(partner)
        contacts = work.repository("contacts").list({"partner": partner}, limit=2).rows
        for role in Role:
            own = row["id"] if role is Role.PARTNER else None
            _write(
                folder / ("key" if role is Role.ADMIN else f"key-{role}"),
                work.keys.create(f"demo {role}", role, own).secret,
            )
    people: list[tuple[str, Role, PartnerRole | None]] = [(name, role, None) for role, name in _STAFF.items()]
    people.append((row["account_manager"] or "Manuel Mohn", Role.MANAGER, None))
    names = [str(contact["name"]) for contact in contacts] or [str(row["name"])]
    roles = (PartnerRole.PARTNER_ADMIN, PartnerRole.SELLER)
    people += [(name, Role.PARTNER, role) for name, role in zip(names, roles, strict=False)]
    lines = ["email,password,role,name"]
    for name, role, partner_role in people:
        lines.append(_person(engine, settings, clock, name, role, partner if partner_role else None, partner_role))
    _write(folder / "people.csv", "\n".join(lines) + "\n")


def _person(
    engine: Engine,
    settings: Settings,
    clock: Clock,
    name: str,
    role: Role,
    partner: str | None,
    partner_role: PartnerRole | None,
) -> str:
    """Invite somebody who accepts at once, and return the line that tells how to sign in."""
    from programme.people import invite_user
    from programme.sign_in import accept_invitation

    def open_work(actor: Actor, *, read_only: bool = False) -> UnitOfWork:
        return UnitOfWork(engine, actor, clock, read_only=read_only)

    email = f"{_plain(name)}@{_HOUSE if partner is None else 'partner.example'}"
    password = secrets.token_urlsafe(max(12, settings.password_min_length))
    with open_work(SYSTEM) as work:
        made = invite_user(work, settings, email, name, role, partner=partner, partner_role=partner_role)
    accept_invitation(open_work, settings, made.token, password)
    return f"{email},{password},{partner_role or role},{name}"


def _plain(name: str) -> str:
    """Return a name as it stands in an address.

    Examples
    --------
    >>> _plain("Inês Müller")
    'ines.muller'
    """
    letters = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    return ".".join(letters.lower().split())


def _write(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
