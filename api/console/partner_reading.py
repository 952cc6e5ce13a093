"""Personal data on pages: that somebody read them is written down, as over the API."""

from collections.abc import Sequence

from domain.personal import KEYED_BY_US, personal_columns
from programme.rule import Row
from store.unit_of_work import UnitOfWork


def note_reading(work: UnitOfWork, resource: str, rows: Sequence[Row]) -> None:
    """Write into the audit trail whose personal data a page shows: of the rows that hold some."""
    told = personal_columns(resource)
    read = [row for row in rows if any(row[column] for column in told)]
    if read:
        work.journal.read(
            resource, [f"id:{row['id']}" if resource in KEYED_BY_US else row["external_id"] for row in read]
        )
