"""The public directory: who may be found, and in which order.

Best performers first: of the last 365 days the share of closed deals that were won and the satisfaction that was told,
each drawn towards the mean of all where there is little of it, and the certificates that are valid. A partner's place
is the mean of its places in the three; the figures themselves are never told. The order is counted anew each hour at
the most; who may be found is looked up each time.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any
from weakref import WeakKeyDictionary

from store.directory import (
    Listed,
    Results,
    Sought,
    directory_choices,
    listed_ids,
    listed_rows,
    results_of_listed,
    valid_courses,
)
from store.unit_of_work import UnitOfWork

PERIOD = timedelta(days=365)
KEPT = timedelta(hours=1)
PRIOR_DEALS, PRIOR_ANSWERS = 10, 5
"""So many deals and answers of the mean are added to each partner's own."""


_ORDERS: WeakKeyDictionary[Any, tuple[datetime, Mapping[int, float]]] = WeakKeyDictionary()
"""By engine: when the order was counted, and each partner's place from 0 (best) to 1."""
_LOCK = threading.Lock()


@dataclass(frozen=True)
class Entry:
    """A partner in the directory, and the courses of which it holds valid certificates."""

    listed: Listed
    certifications: Sequence[str]


@dataclass(frozen=True)
class Found:
    """A page of the directory.

    Parameters
    ----------
    items : list of Entry
        The best performers first.
    total : int
        How many were found, all pages together.
    """

    items: list[Entry]
    total: int


def find_partners(work: UnitOfWork, sought: Sought, start: int, limit: int) -> Found:
    """Return a page of the listed partners that are looked for, the best performers first."""
    today = work.clock().date()
    ids = listed_ids(work.connection, sought, today)
    places = _places(work)
    page = sorted(ids, key=lambda id_: places.get(id_, 0.5))[start : start + limit]  # ties stay by name
    courses = valid_courses(work.connection, page, today)
    rows = listed_rows(work.connection, page)
    return Found([Entry(row, courses.get(row.partner_id, [])) for row in rows], len(ids))


def choices(work: UnitOfWork) -> dict[str, list[Any]]:
    """Return what filters of the directory offer."""
    return directory_choices(work.connection, work.clock().date())


def _places(work: UnitOfWork) -> Mapping[int, float]:
    now = work.clock()
    with _LOCK:
        counted_at, places = _ORDERS.get(work.engine, (None, {}))
        if counted_at is not None and timedelta(0) <= now - counted_at < KEPT:
            return places
    places = places_by(results_of_listed(work.connection, now - PERIOD, now))
    with _LOCK:
        _ORDERS[work.engine] = (now, places)
    return places


def places_by(results: Mapping[int, Results]) -> dict[int, float]:
    """Return each partner's place among all, from 0 for the best to 1: the mean of its places in three measures.

    Examples
    --------
    >>> found = places_by({1: Results(9, 10, 0.9, 8, 2), 2: Results(1, 10, 0.2, 8, 0), 3: Results(0, 0, 0.0, 0, 1)})
    >>> sorted(found, key=found.get)
    [1, 3, 2]
    """
    every = list(results.values())
    win = _mean(sum(one.won for one in every), sum(one.closed for one in every))
    content = _mean(sum(one.satisfaction * one.answers for one in every), sum(one.answers for one in every))
    measures: tuple[Callable[[Results], float], ...] = (
        lambda one: (one.won + PRIOR_DEALS * win) / (one.closed + PRIOR_DEALS),
        lambda one: (one.satisfaction * one.answers + PRIOR_ANSWERS * content) / (one.answers + PRIOR_ANSWERS),
        lambda one: float(one.certificates),
    )
    parts = [_shares({id_: measure(one) for id_, one in results.items()}) for measure in measures]
    return {id_: sum(part[id_] for part in parts) / len(parts) for id_ in results}


def _mean(total: float, n: float) -> float:
    return total / n if n else 0.5


def _shares(values: Mapping[int, float]) -> dict[int, float]:
    """Return places from 0 to 1, the highest value first; equal ones share the middle of theirs."""
    last, at = max(len(values) - 1, 1), 0
    found: dict[int, float] = {}
    for _, group in groupby(sorted(values, key=lambda id_: -values[id_]), key=lambda id_: values[id_]):
        alike = list(group)
        found |= dict.fromkeys(alike, (at + (len(alike) - 1) / 2) / last)
        at += len(alike)
    return found
