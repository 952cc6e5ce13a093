"""``allywise users``: people who sign in."""

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from cli.environment import open_store, read_settings, say
from domain.context import SYSTEM
from domain.errors import NotFound
from domain.terms import PartnerRole, Role, UserStatus

if TYPE_CHECKING:
    from store.unit_of_work import UnitOfWork
    from store.users import User

users_app = typer.Typer(help="People who sign in: create, list, password, revoke.", no_args_is_help=True)

_Email = Annotated[str, typer.Argument(help="what the person signs in with")]


@users_app.command("create")
def create_command(
    email: _Email,
    role: Annotated[Role, typer.Option(help="what the person may do")],
    name: Annotated[str, typer.Option(help="default: the e-mail address")] = "",
    partner: Annotated[str | None, typer.Option(help="external id of the partner, for role partner")] = None,
    partner_role: Annotated[PartnerRole | None, typer.Option(help="for role partner; default: seller")] = None,
) -> None:
    """Add a person and print the one-time token with which that person chooses a password (page /invitation)."""
    from programme.people import invite_user
    from store.unit_of_work import UnitOfWork

    settings = read_settings()
    with UnitOfWork(open_store(settings), SYSTEM) as work:
        made = invite_user(work, settings, email, name or email, role, partner=partner, partner_role=partner_role)
    print(made.token)


@users_app.command("list")
def list_command() -> None:
    """List people."""
    from store.unit_of_work import UnitOfWork

    with UnitOfWork(open_store(read_settings()), SYSTEM) as work:
        for user in work.users.list():
            role = f"{user.partner}/{user.partner_role}" if user.partner else user.role
            seen = f"signed in {user.last_login_at:%Y-%m-%d}" if user.last_login_at else "never signed in"
            print(f"{user.email:<40} {role:<24} {user.status:<12} {seen:<22} {user.name}")


@users_app.command("password")
def password_command(
    email: _Email,
    token: Annotated[bool, typer.Option("--token", help="print a new one-time token instead")] = False,
) -> None:
    """Set a person's password, asked for at a terminal, else the first line of stdin; all sessions end."""
    from programme.passwords import checked_password, hash_password
    from programme.people import normal_email, renew_invitation, set_password
    from store.unit_of_work import UnitOfWork

    settings = read_settings()
    engine = open_store(settings)
    if token:
        with UnitOfWork(engine, SYSTEM) as work:
            made = renew_invitation(work, settings, _user(work, email).id)
        print(made.token)
        return
    kept = hash_password(checked_password(_read_password(), settings.password_min_length, normal_email(email)))
    with UnitOfWork(engine, SYSTEM) as work:
        set_password(work, _user(work, email), kept)
    say(f"{email}: password set")


@users_app.command("revoke")
def revoke_command(email: _Email) -> None:
    """Shut a person's account; the person is signed out everywhere."""
    from programme.people import change_user
    from store.unit_of_work import UnitOfWork

    with UnitOfWork(open_store(read_settings()), SYSTEM) as work:
        change_user(work, _user(work, email).id, {"status": UserStatus.DEACTIVATED})
    print(f"{email} deactivated")


def _user(work: "UnitOfWork", email: str) -> "User":
    from programme.people import normal_email

    user = work.users.by_email(normal_email(email))
    if user is None:
        raise NotFound(f"there is no user {email!r}; `allywise users list` shows them")
    return user


def _read_password() -> str:
    if sys.stdin.isatty():
        return str(typer.prompt("Password", hide_input=True, confirmation_prompt=True))
    return sys.stdin.readline().rstrip("\r\n")
