"""``allywise import`` and ``allywise export``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.environment import open_store, progress_printer, read_settings, say

if TYPE_CHECKING:
    from store.transfer import ImportReport

OnError = Annotated[str, typer.Option(help="abort: all or nothing; skip: land good rows, keep bad ones in rejects/")]


def import_command(
    folder: Annotated[Path, typer.Argument(help="one file per resource; see docs/import-format.md", exists=True)],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="check and write nothing")] = False,
    on_error: OnError = "abort",
) -> None:
    """Bring a programme into the store."""
    if on_error not in ("abort", "skip"):
        raise typer.BadParameter(f"--on-error is abort or skip, not {on_error!r}")
    from store.transfer import import_folder

    settings = read_settings()
    report = import_folder(
        open_store(settings),
        folder,
        settings=settings,
        dry_run=dry_run,
        on_error="skip" if on_error == "skip" else "abort",
        progress=progress_printer(),
    )
    _show_problems(report)
    _show_counts(report, dry_run=dry_run)
    if not report.ok and on_error == "abort":
        raise typer.Exit(1)


def _show_problems(report: "ImportReport") -> None:
    for problem in report.problems:
        say(str(problem))
    hidden = report.problem_count - len(report.problems)
    if hidden > 0:
        say(f"... and {hidden:,} more problems")


def _show_counts(report: "ImportReport", *, dry_run: bool) -> None:
    verb = "would be" if dry_run else "were"
    for resource, counts in report.counts.items():
        print(
            f"{resource:>15}  {counts.inserted:>9,} new  {counts.updated:>9,} changed  {counts.unchanged:>9,} unchanged"
        )
    if report.rejects is not None:
        say(f"rejected rows, each with its reason: {report.rejects}")
    if not report.ok and report.rejects is None:
        say(f"{report.problem_count:,} problems; no row {verb} kept")


def convert_command(
    exports: Annotated[Path, typer.Argument(help="folder with the files that the other system exported", exists=True)],
    folder: Annotated[Path, typer.Argument(help="where the import format goes: an empty folder, or one to be made")],
    mapping: Annotated[str, typer.Option(help="salesforce, hubspot, dynamics, pipedrive, odoo, or a file of your own")],
) -> None:
    """Turn another system's exports into the import format, by a mapping file; see docs/integration.md."""
    from store.transfer.convert import convert_folder
    from store.transfer.mapping import read_mapping

    for resource, rows in convert_folder(exports, folder, read_mapping(mapping)).items():
        print(f"{resource:>15}  {rows:>9,} rows")


def export_command(
    folder: Annotated[Path, typer.Argument(help="an empty folder, or one to be made")],
) -> None:
    """Write the store in the import format."""
    from store.transfer import export_folder
    from store.unit_of_work import UnitOfWork

    engine = open_store(read_settings())
    counts = export_folder(engine, folder)
    with UnitOfWork(engine) as work:
        work.journal.record("exported", "store", None, {"rows": counts})
    for resource, rows in counts.items():
        print(f"{resource:>15}  {rows:>9,} rows")
