"""``allywise keys``: API keys."""

from datetime import timedelta
from typing import Annotated

import typer

from cli.environment import open_store, parse_as_of, read_settings
from domain.context import SYSTEM, system_clock
from domain.terms import Role

keys_app = typer.Typer(help="API keys: create, list, rotate, revoke.", no_args_is_help=True)


@keys_app.command("create")
def create_command(
    name: Annotated[str, typer.Option(help="what or whom the key is for")],
    role: Annotated[Role, typer.Option(help="what it may do")],
    partner: Annotated[str | None, typer.Option(help="external id of the partner, for role partner")] = None,
    expires_days: Annotated[int | None, typer.Option(min=1, help="days until it expires; default: never")] = None,
    expires: Annotated[str | None, typer.Option(help="instant at which it expires, e.g. 2027-01-01")] = None,
    scope: Annotated[
        list[str] | None,
        typer.Option(help="narrow it: read, or areas such as deals or leads:read; may be repeated"),
    ] = None,
) -> None:
    """Create a key and print its secret, this once."""
    from store.unit_of_work import UnitOfWork

    if expires is not None and expires_days is not None:
        raise typer.BadParameter("give --expires or --expires-days")
    if (role is Role.PARTNER) != (partner is not None):
        raise typer.BadParameter("--partner goes with --role partner, and only with it")
    expires_at = system_clock() + timedelta(days=expires_days) if expires_days else parse_as_of(expires)
    scopes = _checked_scopes(scope or [])
    with UnitOfWork(open_store(read_settings()), SYSTEM) as work:
        partner_id = work.repository("partners").get(partner)["id"] if partner is not None else None
        made = work.keys.create(name, role, partner_id, expires_at, scopes)
        work.journal.record("created", "keys", made.key.prefix, {"role": role, "scopes": list(scopes)})
    print(made.secret)


@keys_app.command("list")
def list_command() -> None:
    """List the keys; secrets are not kept and cannot be shown."""
    from store.unit_of_work import UnitOfWork

    with UnitOfWork(open_store(read_settings()), SYSTEM) as work:
        for key in work.keys.list():
            state = "revoked" if key.revoked_at else f"until {key.expires_at:%Y-%m-%d}" if key.expires_at else "active"
            used = f"used {key.last_used_at:%Y-%m-%d}" if key.last_used_at else "never used"
            print(f"{key.prefix:<14} {key.role:<10} {state:<18} {used:<16} {key.name}  {' '.join(key.scopes)}".rstrip())


@keys_app.command("rotate")
def rotate_command(
    prefix: Annotated[str, typer.Argument(help="as shown by list")],
    grace_hours: Annotated[
        float, typer.Option(min=0, max=720, help="for how long the secret until now goes on working")
    ] = 24,
) -> None:
    """Give a key a new secret and print it, this once; name, role and scopes stay."""
    from store.unit_of_work import UnitOfWork

    with UnitOfWork(open_store(read_settings()), SYSTEM) as work:
        made = work.keys.rotate(prefix, timedelta(hours=grace_hours))
        work.journal.record("rotated", "keys", prefix, {"grace_hours": grace_hours})
    print(made.secret)


@keys_app.command("revoke")
def revoke_command(prefix: Annotated[str, typer.Argument(help="as shown by list")]) -> None:
    """Revoke a key for good."""
    from store.unit_of_work import UnitOfWork

    with UnitOfWork(open_store(read_settings()), SYSTEM) as work:
        work.keys.revoke(prefix)
        work.journal.record("revoked", "keys", prefix)
    print(f"{prefix} revoked")


def _checked_scopes(scopes: list[str]) -> tuple[str, ...]:
    if not scopes:
        return ()
    from api.routes.keys import known_areas  # only the application knows which there are
    from domain.access import checked_scopes

    return checked_scopes(scopes, known_areas())
