"""Lists over several pages whose filters live in the address."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Query

ROWS = 50
"""Rows of one page."""

Row = TypeVar("Row")
Start = Annotated[int, Query(ge=0, le=1_000_000, description="how many rows lie before this page")]
Chosen = Annotated[str, Query(max_length=200)]
"""Of a filter; empty for all."""


@dataclass(frozen=True)
class Page(Generic[Row]):
    """Some rows of a list.

    Parameters
    ----------
    rows : sequence
        At most `ROWS`.
    start : int
        Rows before.
    after : int or None
        Start of the next page; None on the last one.
    """

    rows: Sequence[Row]
    start: int
    after: int | None

    @classmethod
    def of(cls, found: Sequence[Row], start: int) -> "Page[Row]":
        """Return a page of what was found when one row more than fits was asked for.

        Examples
        --------
        >>> Page.of(list(range(51)), 100).after, Page.of([1, 2], 0).after
        (150, None)
        """
        more = len(found) > ROWS
        return cls(found[:ROWS], start, start + ROWS if more else None)


def given(**filters: Any) -> dict[str, str | None]:
    """Return filters with None for those left empty.

    Examples
    --------
    >>> given(country="DE", kind="")
    {'country': 'DE', 'kind': None}
    """
    return {name: value or None for name, value in filters.items()}
