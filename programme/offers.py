"""Offer a lead to a partner, answer an offer, take it back."""

from collections.abc import Mapping
from typing import Any

from domain.errors import InvalidInput
from domain.routing import PROPENSITY
from domain.terms import AssignmentResponse
from programme import records
from programme.assignments import standing_of
from programme.rule import Row
from store.match_runs import MatchRun
from store.offers import keep_offer_terms, offer
from store.unit_of_work import UnitOfWork


def offer_lead(work: UnitOfWork, values: Mapping[str, Any], match_id: str | None = None) -> Row:
    """Offer a lead to a partner and return the assignment, with ``answer_until`` and ``match_id``.

    Parameters
    ----------
    work : UnitOfWork
    values : mapping
        ``lead``, ``partner`` (external ids), ``offered_at`` (default now), ``attributes``. With a ``propensity`` among
        the attributes, none is written; give None where a person chose without regard to the match.
    match_id : str, optional
        The match that proposed the partner: the probability with which it showed this partner first is written into
        the custom attribute ``propensity``, so that policies can be judged by what comes of the offer.

    Raises
    ------
    UnknownReference, NotFound
        If lead, partner or match is not there.
    InvalidInput
        If the match is of another lead.
    Conflict
        If the lead is taken or closed, the partner has declined it, has it already, is gone or has its hands full.
    """
    run = None if match_id is None else work.match_runs.get(match_id)
    row = records.create(work, "assignments", values if run is None else _with_propensity(values, run))
    if run is not None:
        found = offer(work.connection, row["id"])
        if run.lead_id is not None and run.lead_id != found.lead_id:
            raise InvalidInput("the match is of another lead", field="match_id", value=match_id)
        keep_offer_terms(work.connection, row["id"], found.answer_until or row["offered_at"], run.id)
    return standing_of(work, row)


def _with_propensity(values: Mapping[str, Any], run: MatchRun) -> Mapping[str, Any]:
    """Add the propensity of the partner, if the match decided by one and the caller does not say otherwise."""
    given = values.get("attributes") or {}
    if run.decision is None or not isinstance(given, Mapping) or PROPENSITY in given:
        return values
    mine = [one["propensity"] for one in run.response["candidates"] if one["partner"] == values.get("partner")]
    return {**values, "attributes": {**given, PROPENSITY: mine[0]}} if mine else values


def answer_offer(work: UnitOfWork, id_: int, response: AssignmentResponse, reason: str | None = None) -> Row:
    """Answer an offer that the actor may see, or take it back; return the assignment.

    Of several acceptances of one lead at the same time exactly one succeeds; its other offers are withdrawn.

    Raises
    ------
    NotFound
        If there is no such offer, or it is another partner's.
    NotAllowed
        If a partner wants to take it back.
    Conflict
        If it was answered, withdrawn or too late, or the lead is taken.
    """
    values: Row = {"response": str(response)}
    if reason is not None:
        values["decline_reason"] = reason
    return standing_of(work, records.change(work, "assignments", id_, values))
