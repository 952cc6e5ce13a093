"""An import in the audit trail: one entry, with the files, what became of their rows, and digests to know them by."""

import hashlib
from dataclasses import asdict
from pathlib import Path

from sqlalchemy import Connection

from domain.context import Actor, Clock
from store.journal import Journal
from store.transfer.files import discover
from store.transfer.report import ImportReport


def note_import(connection: Connection, actor: Actor, clock: Clock, folder: Path, report: ImportReport) -> None:
    """Write that a folder was imported, in the import's own transaction: an audit entry and ``import.finished``."""
    files = [
        {"name": source.name, "resource": source.resource, "sha256": _digest(source.path)}
        for source in discover(folder)[0]
    ]
    rows = {resource: asdict(counts) for resource, counts in report.counts.items()}
    journal = Journal(connection, actor, clock)
    journal.announce("import.finished", {"files": files, "rows": rows, "problems": report.problem_count})
    journal.flush()


def _digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
