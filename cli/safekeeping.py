"""``allywise backup``, ``restore`` and ``retention``."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from cli.environment import open_store, read_settings, say

at_rest_app = typer.Typer(help="Keys that encrypt at rest.", no_args_is_help=True)


@at_rest_app.command("rotate")
def rotate_command() -> None:
    """Encrypt contact fields and secrets anew under the first key, or open them where that was switched off."""
    from store.rotation import rotate

    settings = read_settings()
    for name, count in rotate(open_store(settings), settings).items():
        print(f"{name:>20}  {count:>9,} written anew")


def backup_command(
    file: Annotated[Path, typer.Argument(help="archive to be made, such as backup.zip")],
) -> None:
    """Write store and local models into one file; the service may go on running."""
    from domain.context import system_clock
    from store.backup import write_backup

    settings = read_settings()
    models = [settings.artefact_dir, settings.home / "mlflow.db"] if not settings.mlflow_tracking_uri else []
    there = [path for path in models if path.exists()]
    parts = write_backup(open_store(settings), file, system_clock(), there)
    print(f"{len(parts)} files, {sum(parts.values()):,} bytes before compression: {file}")


def restore_command(
    file: Annotated[Path, typer.Argument(help="archive of `allywise backup`", exists=True)],
    force: Annotated[bool, typer.Option("--force", help="replace a store that holds rows")] = False,
) -> None:
    """Put a backup in the place of the store, with its models; stop the service first.

    What was erased in the replaced store after the backup was made is erased again.
    """
    from programme.restoring import restore
    from store.at_rest import AtRest
    from store.engine import create_store_engine

    settings = read_settings()
    done = restore(create_store_engine(settings.store_url, AtRest.of(settings)), file, settings, force=force)
    made = datetime.fromisoformat(done.made_at)
    print(f"restored as of {made:%Y-%m-%d %H:%M:%S} UTC; {done.entries} audit entries hold")
    if done.erased_again:
        say(f"{done.erased_again} erasures since then were done again")


def retention_command(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="tell what would go, and delete nothing")] = False,
) -> None:
    """Delete what is older than the settings say it is kept; the worker does it every night."""
    from domain.context import system_clock
    from programme.retention import retain

    settings = read_settings()
    for name, count in sorted(retain(open_store(settings), settings, system_clock, dry_run=dry_run).items()):
        print(f"{name:>20}  {count:>9,} {'would go' if dry_run else 'gone'}")
