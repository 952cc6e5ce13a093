"""Where partners stood in stored matches: of each offer that came of one, and of a partner over a period."""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import pandas as pd
from sqlalchemy import Connection, case, func, literal, or_, select

from store.claim_tables import offer_terms
from store.sql import chunks
from store.tables import RESOURCE_TABLES, match_runs

_PAGE = 50
_RANKED_BY = ("partner", "rank", "p_win", "expected_amount", "value")
_assignments, _partners = RESOURCE_TABLES["assignments"], RESOURCE_TABLES["partners"]
_leads, _products = RESOURCE_TABLES["leads"], RESOURCE_TABLES["products"]


class Run(NamedTuple):
    """A stored match."""

    id: str
    as_of: datetime
    lead_id: int | None
    model_version: str
    request: Any
    response: Any
    features: Any
    decision: Any = None


class Wish(NamedTuple):
    """What a lead of the store asks for; external id of the product."""

    industry: str | None
    product: str | None
    language: str | None


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
    ranked = sorted(response.get("candidates", []), key=lambda one: one.get("rank") or 0)
    left = [one for one in ranked if one["partner"] not in asked]
    place = next((k for k, one in enumerate(left) if one["partner"] == partner), len(left))
    return {"rank": place + 1, "p_win": left[place].get("p_win") if place < len(left) else None}


def matched_offers(connection: Connection, since: datetime, until: datetime) -> pd.DataFrame:
    """Return offers made in ``[since, until)`` that came of a match.

    Returns
    -------
    DataFrame
        ``assignment_id``, ``rank``, ``p_win`` (NaN: not listed), ``hop`` (NaN: a person chose the partner).
    """
    terms = offer_terms.c
    query = select(terms.assignment_id, terms.rank, terms.p_win, terms.hop)
    query = query.join_from(offer_terms, _assignments)
    query = query.where(_assignments.c.offered_at >= since, _assignments.c.offered_at < until)
    rows = connection.execute(query.where(terms.rank.is_not(None)))
    frame = pd.DataFrame([tuple(row) for row in rows], columns=["assignment_id", "rank", "p_win", "hop"])
    return frame.astype({"assignment_id": "int64", "rank": "float64", "p_win": "float64", "hop": "float64"})


def newest_leads(connection: Connection, since: datetime, until: datetime, most: int) -> list[int]:
    """Return our ids of the leads of `newest_lines`, those of the store."""
    wanted = select(match_runs.c.lead_id).where(match_runs.c.as_of > since, match_runs.c.as_of <= until)
    rows = connection.execute(wanted.order_by(match_runs.c.as_of.desc(), match_runs.c.id).limit(most)).scalars()
    return sorted({id_ for id_ in rows if id_ is not None})


def newest_lines(
    connection: Connection, partner: str, since: datetime, until: datetime, most: int
) -> Iterator[tuple[Run, list[str]]]:
    """Yield the newest `most` matches as of instants in ``(since, until]``, the newest first, as one partner saw them.

    Without features; of the request only the lead is there, of the candidates what they are ranked by, if the partner
    is among them. Beside each the codes by which the partner was excluded. Taken out of the JSON by the database: a
    match of thousands of partners is a megabyte.
    """
    ranked, codes = _lines(connection, partner)
    run = match_runs.c
    wanted = select(run.id, run.as_of, run.lead_id, run.model_version, run.request, run.decision, ranked, codes)
    wanted = wanted.where(run.as_of > since, run.as_of <= until).order_by(run.as_of.desc(), run.id).limit(most)
    for row in connection.execute(wanted, execution_options={"yield_per": _PAGE}):
        *known, request, decision, lines, excluded = row
        id_, as_of, lead_id, version = known
        given, answer = {"lead": (request or {}).get("lead")}, {"candidates": _parsed(lines) or []}
        yield Run(id_, as_of, lead_id, version, given, answer, [], decision), _parsed(excluded) or []


def _lines(connection: Connection, partner: str) -> tuple[Any, Any]:
    """Return the expressions of a match's ranking, if a partner is in it, and of the codes that exclude the partner."""
    if connection.dialect.name == "postgresql":
        build, collect, elements = func.jsonb_build_object, func.jsonb_agg, _elements_of_jsonb
        part, text, among = _part_of_jsonb, _text_of_jsonb, _among_jsonb
    else:
        build, collect, elements = func.json_object, func.json_group_array, _elements_of_text
        part = text = _part_of_text
        among = _among_text
    every, mine = (elements("candidates", name).c.value for name in ("candidate", "mine"))
    other = elements("excluded", "other").c.value
    wanted = literal(partner)
    listed = select(mine).where(text(mine, "partner") == wanted).exists()
    fields = [each for name in _RANKED_BY for each in (name, part(every, name))]
    ranked = case((listed, select(collect(build(*fields))).scalar_subquery()))
    codes = select(part(other, "codes")).where(or_(text(other, "partner") == wanted, among(other, wanted)))
    return ranked, codes.limit(1).scalar_subquery()


def _elements_of_jsonb(key: str, name: str) -> Any:
    return func.jsonb_array_elements(match_runs.c.response[key]).table_valued("value", name=name)


def _elements_of_text(key: str, name: str) -> Any:
    return func.json_each(match_runs.c.response, f"$.{key}").table_valued("value", name=name)


def _among_jsonb(value: Any, wanted: Any) -> Any:
    """Whether a partner is among several that were kept out together."""
    return value.op("->")("partners").op("?")(wanted)


def _among_text(value: Any, wanted: Any) -> Any:
    each = func.json_each(value, "$.partners").table_valued("value", name="each").c.value
    return select(each).where(each == wanted).exists()


def _part_of_jsonb(value: Any, name: str) -> Any:
    return value.op("->")(name)


def _text_of_jsonb(value: Any, name: str) -> Any:
    return value.op("->>")(name)


def _part_of_text(value: Any, name: str) -> Any:
    return func.json_extract(value, f"$.{name}")


def _parsed(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) else value


def features_of(connection: Connection, run_ids: Sequence[str]) -> Iterator[tuple[str, Any]]:
    """Yield the feature values of matches with their ids."""
    for part in chunks(list(run_ids)):
        query = select(match_runs.c.id, match_runs.c.features).where(match_runs.c.id.in_(part))
        for row in connection.execute(query, execution_options={"yield_per": _PAGE}):
            yield row.id, row.features


def wishes_of(connection: Connection, lead_ids: Sequence[int]) -> dict[int, Wish]:
    """Return what leads ask for, by our id."""
    found: dict[int, Wish] = {}
    wanted = select(_leads.c.id, _leads.c.industry, _products.c.external_id, _leads.c.attributes)
    wanted = wanted.select_from(_leads.outerjoin(_products, _products.c.id == _leads.c.product_id))
    for part in chunks(list(lead_ids)):
        for id_, industry, product, attributes in connection.execute(wanted.where(_leads.c.id.in_(part))):
            language = (attributes or {}).get("language")
            found[id_] = Wish(industry, product, None if language is None else str(language))
    return found


def demanding_products(connection: Connection) -> frozenset[str]:
    """Return external ids of the products that ask for certificates."""
    rows = connection.execute(select(_products.c.external_id, _products.c.required_certifications))
    return frozenset(str(name) for name, courses in rows if courses)
