"""``allywise keys``: API keys."""

from datetime import timedelta
from typing import Annotated

import typer

from cli.environment import open_store, read_settings
from domain.context import SYSTEM, system_clock
from domain.terms import Role

keys_app = typer.Typer(help="API keys: create, list, revoke.", no_args_is_help=True)


@keys_app.command("create")
def create_command(
    name: Annotated[str, typer.Option(help="what or whom the key is for")],
    role: Annotated[Role, typer.Option(help="what it may do")],
    partner: Annotated[str | None, typer.Option(help="external id of the partner, for role partner")] = None,
    expires_days: Annotated[int | None, typer.Option(min=1, help="days until it expires; default: never")] = None,
) -> None:
    """Create a key and print its secret, this once."""
    from store.unit_of_work import UnitOfWork

    if (role is Role.PARTNER) != (partner is not None):
        raise typer.BadParameter("--partner goes with --role partner, and only with it")
    expires_at = system_clock() + timedelta(days=expires_days) if expires_days else None
    with UnitOfWork(open_store(read_settings()), SYSTEM) as work:
        partner_id = work.repository("partners").get(partner)["id"] if partner is not None else None
        print(work.keys.create(name=name, role=role, partner_id=partner_id, expires_at=expires_at).secret)


@keys_app.command("list")
def list_command() -> None:
    """List the keys; secrets are not kept and cannot be shown."""
    from store.unit_of_work import UnitOfWork

    with UnitOfWork(open_store(read_settings()), SYSTEM) as work:
        for key in work.keys.list():
            state = "revoked" if key.revoked_at else f"until {key.expires_at:%Y-%m-%d}" if key.expires_at else "active"
            print(f"{key.prefix:<14} {key.role:<10} {state:<18} {key.name}")


@keys_app.command("revoke")
def revoke_command(prefix: Annotated[str, typer.Argument(help="as shown by list")]) -> None:
    """Revoke a key for good."""
    from store.unit_of_work import UnitOfWork

    with UnitOfWork(open_store(read_settings()), SYSTEM) as work:
        work.keys.revoke(prefix)
    print(f"{prefix} revoked")
