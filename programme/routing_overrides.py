"""A person's choice of the partner for a lead, with the models' own opinion beside it."""

from collections.abc import Mapping
from typing import Any

from domain.context import Actor
from intelligence.context import Intelligence
from programme import records
from programme.assignments import policy_for
from programme.routing_ranking import Decision, decide
from store.claims import lock_lead
from store.overrides import override_of
from store.unit_of_work import UnitOfWork


def opinion_on(context: Intelligence, actor: Actor, lead: int | str) -> Decision:
    """Return whom the models would offer a lead to, as of now; nothing is kept yet.

    Raises
    ------
    NotFound
        If the actor may not see the lead.
    """
    with UnitOfWork(context.engine, actor, context.clock, read_only=True) as work:
        row = work.repository("leads").get(lead)
        policy = policy_for(work, row)
    name = row["external_id"]
    return decide(context, {name: policy})[name]


def set_override(work: UnitOfWork, lead: int | str, values: Mapping[str, Any], decision: Decision) -> int:
    """Let the next offer of a lead go to the partner that a person names; return our id of the lead.

    Parameters
    ----------
    work : UnitOfWork
    lead : int or str
        Our id, or the caller's.
    values : mapping
        ``partner``, ``reason``, ``expires_at``.
    decision : Decision
        What the models say; kept beside.

    Raises
    ------
    NotFound, UnknownReference
        If the actor may not see lead or partner.
    InvalidInput
        If the expiry lies in the past.
    Conflict
        If the lead is closed.
    """
    row = work.repository("leads").get(lead)
    lock_lead(work.connection, row["id"])
    decision.keep(work, row["id"])
    records.create(work, "routing_overrides", {"lead": row["external_id"], **values})
    return int(row["id"])


def end_override(work: UnitOfWork, lead: int | str) -> int:
    """End the override of a lead that is in force, if there is one; return our id of the lead."""
    row = work.repository("leads").get(lead)
    lock_lead(work.connection, row["id"])
    found = override_of(work.connection, row["id"], work.clock())
    if found is not None:
        records.change(work, "routing_overrides", found.id, {"ended_at": work.clock()})
    return int(row["id"])
