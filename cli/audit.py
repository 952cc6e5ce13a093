"""``allywise audit``: the audit trail."""

from typing import Annotated

import typer

from cli.environment import open_store, read_settings, say

audit_app = typer.Typer(help="Audit trail: verify, show.", no_args_is_help=True)


@audit_app.command("verify")
def verify_command(
    head: Annotated[
        str | None, typer.Option(help="SEQ:HASH of an entry noted earlier: the chain must still hold it")
    ] = None,
) -> None:
    """Recompute the chain; exit status 1 and the first entry that does not hold when it was tampered with."""
    from store.unit_of_work import UnitOfWork

    noted = _noted(head)
    with UnitOfWork(open_store(read_settings()), read_only=True) as work:
        found = work.audit.verify(noted)
    if not found.ok:
        say(f"allywise: the audit trail was tampered with: entry {found.first_bad}: {found.reason}")
        raise typer.Exit(1)
    print(f"{found.entries} entries hold, {found.erased} of them erased; head {found.head_seq}:{found.head_hash}")


@audit_app.command("show")
def show_command(
    resource: Annotated[str | None, typer.Option(help="such as partners")] = None,
    key: Annotated[str | None, typer.Option(help="the row, by your id or ours (id:42)")] = None,
    actor: Annotated[str | None, typer.Option(help="name of a key, user:<id> or an e-mail address")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 20,
) -> None:
    """Show the newest entries."""
    from programme.audit_trail import list_audit
    from store.unit_of_work import UnitOfWork

    with UnitOfWork(open_store(read_settings()), read_only=True) as work:
        for entry in list_audit(work, {"resource": resource, "key": key, "actor": actor}, None, limit):
            who = entry.actor_name or entry.actor
            what = ", ".join((entry.details or {}).get("changes", {}))
            print(
                f"{entry.seq:>8} {entry.at:%Y-%m-%d %H:%M:%S} {who:<20} {entry.action:<10} "
                f"{entry.resource} {entry.key or ''} {what}".rstrip()
            )


def _noted(head: str | None) -> tuple[int, str] | None:
    if head is None:
        return None
    seq, _, digest = head.partition(":")
    if not (seq.isascii() and seq.isdigit() and len(digest) == 64):
        raise typer.BadParameter("write SEQ:HASH as verify printed it", param_hint="--head")
    return int(seq), digest
