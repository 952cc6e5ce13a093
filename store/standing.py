"""Where partners stood in stored matches: of each offer that came of one, and of a partner over a period."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

import pandas as pd
from sqlalchemy import Connection, select

from store.claim_tables import offer_terms
from store.tables import RESOURCE_TABLES, match_runs

_PAGE = 50
_assignments, _partners = RESOURCE_TABLES["assignments"], RESOURCE_TABLES["partners"]


class Run(NamedTuple):
    """What a stored match says, without what was asked."""

    id: str
    as_of: datetime
    lead_id: int | None
    model_version: str
    response: Any
    features: Any


def place_in_match(connection: Connection, assignment_id: int, match_id: str) -> dict[str, Any]:
    """Return where a match ranks the partner of an offer, and its p_win there.

    Returns
    -------
    dict
        ``rank``: among the partners that had not been asked about the lead before, 1 the best; one more than there are
        where the partner is not among them. ``p_win``: None then. Empty if there is no such match.
    """
    response = connection.execute(select(match_runs.c.response).where(match_runs.c.id == match_id)).scalar()
    if not isinstance(response, dict):
        return {}
    mine = select(_assignments.c.lead_id, _partners.c.external_id).join_from(_assignments, _partners)
    lead, partner = connection.execute(mine.where(_assignments.c.id == assignment_id)).one()
    before = select(_partners.c.external_id).join_from(_assignments, _partners)
    before = before.where(_assignments.c.lead_id == lead, _assignments.c.id < assignment_id)
    asked = set(connection.execute(before).scalars()) - {partner}
    ranked = sorted(response.get("candidates", []), key=lambda one: one["rank"])
    left = [one for one in ranked if one["partner"] not in asked]
    place = next((k for k, one in enumerate(left) if one["partner"] == partner), len(left))
    return {"rank": place + 1, "p_win": left[place]["p_win"] if place < len(left) else None}


def matched_offers(connection: Connection, since: datetime, until: datetime) -> pd.DataFrame:
    """Return offers made in ``[since, until)`` that came of a match or follow an override.

    Returns
    -------
    DataFrame
        ``assignment_id``, ``rank`` (NaN: of no match), ``p_win``, ``override`` (its id, None without one).
    """
    terms = offer_terms.c
    query = select(terms.assignment_id, terms.rank, terms.p_win, terms.override)
    query = query.join_from(offer_terms, _assignments)
    query = query.where(_assignments.c.offered_at >= since, _assignments.c.offered_at < until)
    rows = connection.execute(query.where(terms.rank.is_not(None) | terms.override.is_not(None)))
    frame = pd.DataFrame([tuple(row) for row in rows], columns=["assignment_id", "rank", "p_win", "override"])
    return frame.astype({"assignment_id": "int64", "rank": "float64", "p_win": "float64", "override": object})


def newest_runs(connection: Connection, since: datetime, until: datetime, most: int) -> Iterator[Run]:
    """Yield the newest `most` matches as of instants in ``(since, until]``, the newest first, a page in memory."""
    columns = [match_runs.c[name] for name in Run._fields]
    wanted = select(*columns).where(match_runs.c.as_of > since, match_runs.c.as_of <= until)
    rows = connection.execute(
        wanted.order_by(match_runs.c.as_of.desc(), match_runs.c.id).limit(most), execution_options={"yield_per": _PAGE}
    )
    for row in rows:
        yield Run(*row)
