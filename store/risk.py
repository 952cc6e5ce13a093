"""How risks went week by week, and at several horizons at once: of few partners, without what explains them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, select

from store.sql import chunks
from store.tables import RESOURCE_TABLES, scores

_partners = RESOURCE_TABLES["partners"]


def partner_ids(connection: Connection, external_ids: Sequence[str]) -> Mapping[str, int]:
    """Return our ids of partners by the callers'."""
    found: dict[str, int] = {}
    for part in chunks(external_ids):
        rows = connection.execute(
            select(_partners.c.external_id, _partners.c.id).where(_partners.c.external_id.in_(list(part)))
        )
        found |= {row.external_id: row.id for row in rows}
    return found


def weekly_p(
    connection: Connection, model: str, horizon_days: int, ids: Sequence[int], until: datetime, weeks: int
) -> Mapping[int, Sequence[float | None]]:
    """Return what a model said of partners at the end of each of some weeks before an instant, the oldest first.

    None where it said nothing in a week; partners of whom it said nothing at all are not there.
    """
    since = until - timedelta(weeks=weeks)
    wanted = (scores.c.model == model, scores.c.horizon_days == horizon_days)
    within = (scores.c.as_of > since, scores.c.as_of <= until)
    found: dict[int, list[float | None]] = defaultdict(lambda: [None] * weeks)
    for part in chunks(ids):
        query = select(scores.c.partner_id, scores.c.as_of, scores.c.p).where(*wanted, *within)
        rows = connection.execute(query.where(scores.c.partner_id.in_(list(part))).order_by(scores.c.as_of))
        for row in rows:  # the last one of a week stays
            found[row.partner_id][weeks - 1 - (until - row.as_of) // timedelta(weeks=1)] = row.p
    return found


def p_at(connection: Connection, model: str, ids: Sequence[int], as_of: datetime) -> Mapping[tuple[int, int], float]:
    """Return what a model said of partners as of one instant, by our id and horizon."""
    found: dict[tuple[int, int], float] = {}
    for part in chunks(ids):
        query = select(scores.c.partner_id, scores.c.horizon_days, scores.c.p).where(
            scores.c.model == model, scores.c.as_of == as_of, scores.c.partner_id.in_(list(part))
        )
        found |= {(row.partner_id, row.horizon_days): row.p for row in connection.execute(query)}
    return found
