"""Import of a folder: one transaction, all rows or none, or all good ones."""

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import IntegrityError, OperationalError

from domain.context import SYSTEM, Actor, Clock, system_clock
from domain.errors import CannotAnswer, Conflict
from domain.settings import Settings
from store.claims import mark_imported
from store.engine import writing
from store.transfer.audited import note_import
from store.transfer.backends import backend_for
from store.transfer.checks import Missing
from store.transfer.file_import import FileImport, Guard, OnError, Progress, Run
from store.transfer.files import discover
from store.transfer.recording import Recorder
from store.transfer.references import References
from store.transfer.rejects import Rejects
from store.transfer.report import ImportReport, Problem, shown


def import_folder(  # noqa: PLR0913  # all but two by name
    engine: Engine,
    folder: Path,
    *,
    settings: Settings,
    dry_run: bool = False,
    on_error: OnError = "abort",
    clock: Clock = system_clock,
    actor: Actor = SYSTEM,
    progress: Progress | None = None,
    guard: Callable[[Connection], Guard] | None = None,
) -> ImportReport:
    """Import a folder in the import format.

    Parameters
    ----------
    engine : Engine
        The store.
    folder : Path
        One file per resource: csv, csv.gz, parquet or jsonl.
    settings : Settings
        The store's own currency, and the home for rejects.
    dry_run : bool, default=False
        Check everything, write nothing.
    on_error : {"abort", "skip"}, default="abort"
        With one bad row keep nothing, or keep the good rows and write the bad ones to rejects.
    clock : Clock, optional
        Service time of the import.
    actor : Actor, default=SYSTEM
        Who imports, for the audit trail.
    progress : callable, optional
        Called with a resource and how many of its rows have been read.
    guard : callable, optional
        Makes of the transaction's connection what flaws rows that the actor may not bring.

    Returns
    -------
    ImportReport
        Counts and problems; bad data never raise.

    Raises
    ------
    Conflict
        If someone else wrote the same keys at the same time.
    CannotAnswer
        If another writer holds the store for longer than the busy timeout.
    """
    with engine.connect() as connection, ExitStack() as stack:
        try:
            transaction = stack.enter_context(writing(connection).begin())
        except OperationalError as error:
            raise CannotAnswer("The store is busy or cannot be reached; try again in a moment.") from error
        rejects = Rejects(settings.home, clock()) if on_error == "skip" and not dry_run else None
        if rejects:
            stack.enter_context(rejects)
        report = ImportReport(dry_run=dry_run)
        run = _run(connection, settings, clock, report, rejects)
        run.progress, run.guard = progress, guard(connection) if guard else None
        try:
            _import(run, folder)
            mark_imported(connection, report.counts, run.now)
        except IntegrityError as error:
            raise Conflict("Someone else wrote rows of this import at the same time; run it again.") from error
        report.rejects = rejects.folder if rejects else None
        report.ok = on_error == "skip" or not report.problem_count
        if dry_run or not report.ok:
            transaction.rollback()
        else:
            note_import(connection, actor, clock, folder, report)
    return report if report.ok else _nothing_kept(report)


def _run(
    connection: Connection, settings: Settings, clock: Clock, report: ImportReport, rejects: Rejects | None
) -> Run:
    backend = backend_for(connection)
    backend.lock()
    now = clock()
    return Run(
        backend=backend,
        references=References(backend),
        recorder=Recorder(connection, now),
        missing=Missing(is_silent=rejects is None),
        report=report,
        rejects=rejects,
        currency=settings.currency,
        now=now,
    )


def _import(run: Run, folder: Path) -> None:
    sources, wrong = discover(folder)
    for name, message in wrong:
        run.report.add(Problem(shown(name), 1, "", "", message))
    for source in sources:
        FileImport(run, source).run()
    run.recorder.write()


def _nothing_kept(report: ImportReport) -> ImportReport:
    for counts in report.counts.values():
        counts.inserted = counts.updated = counts.unchanged = 0
    return report
