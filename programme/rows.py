"""Small ways of reading rows that several services share."""

from datetime import date, datetime
from typing import Any

from domain.columns import Column
from programme.rule import Row
from store.unit_of_work import UnitOfWork
from store.values import parse_cell

_PAGE = 1000


def every_row(work: UnitOfWork, resource: str, sort: str | None = None, **filters: Any) -> list[Row]:
    """Return all rows of `resource` that the actor sees and `filters` name: of one partner or programme, not of all."""
    found: list[Row] = []
    cursor: str | None = None
    while True:
        page = work.repository(resource).list(filters, sort=sort, cursor=cursor, limit=_PAGE)
        found += page.rows
        cursor = page.next_cursor
        if cursor is None:
            return found


def named(work: UnitOfWork, resource: str, external_id: Any) -> Row | None:
    """Return the row that a value given by a caller names, None if there is none that the actor sees."""
    return work.repository(resource).find((external_id,)) if isinstance(external_id, str) else None


def plain_text(name: str, value: str | None) -> str | None:
    """Return a text of a caller as the store could hold it.

    Raises
    ------
    InvalidInput
        If it could not.
    """
    return parse_cell(Column(name), value)  # type: ignore[no-any-return]


def today(work: UnitOfWork) -> date:
    """Return the present day in UTC."""
    return work.clock().date()


def days_between(start: datetime, end: datetime) -> float:
    """Return days from `start` to `end`, to a hundredth.

    Examples
    --------
    >>> days_between(datetime(2024, 6, 1), datetime(2024, 6, 2, 12))
    1.5
    """
    return round((end - start).total_seconds() / 86_400, 2)
