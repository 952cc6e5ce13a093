"""What wakes a lead's route from rows of others: deals that end it, and people's choices of the partner."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from domain.errors import Conflict, InvalidInput
from domain.resources import RESOURCES
from programme.claim_terms import every, later
from programme.rule import Row, Rule
from store.claims import lock_lead
from store.offers import is_closed
from store.overrides import open_overrides
from store.routes import wake_route
from store.unit_of_work import UnitOfWork
from store.values import parse_cell

Values = Mapping[str, Any]

OVERRIDE_LASTS = timedelta(days=30)
"""How long an override holds that names no end."""

_GIVEN = frozenset({"lead", "partner", "reason", "expires_at", "external_id", "attributes"})
_CHANGEABLE = frozenset({"reason", "expires_at", "ended_at", "attributes"})


class DealRoutes(Rule):
    """Over deals: once one of a lead is won or lost, the lead is not routed any further."""

    def values(self, work: UnitOfWork, before: Row | None, values: Values) -> Values:
        """Let nobody route the lead while its deal is closed; before the row is written, as it refers to the lead."""
        if values.get("outcome") is not None:
            _lock(work, values.get("lead", None if before is None else before["lead"]))
        return values

    def written(self, work: UnitOfWork, before: Row | None, after: Row) -> None:
        """Wake the route of the lead."""
        was = None if before is None else (before["outcome"], before["lead"])
        if after["lead"] is None or after["outcome"] is None or was == (after["outcome"], after["lead"]):
            return
        _wake(work, after["lead"])


class OverrideRule(Rule):
    """Over overrides: one at a time for a lead, signed by whoever sets it; none is removed, it ends."""

    def values(self, work: UnitOfWork, before: Row | None, values: Values) -> Values:
        """Sign a new override; of one that there is, change nothing but its reason and its end."""
        if before is not None:
            return _changed(work, before, values)
        _refuse(values, _GIVEN)
        _lock(work, values.get("lead"))
        signed = {"set_by": work.actor.name, "set_at": work.clock(), "expires_at": _expiry(work, values)}
        return {**values, **signed}

    def written(self, work: UnitOfWork, before: Row | None, after: Row) -> None:
        """End the override that there was, and let whoever routes the lead look at it again."""
        lead_id = _wake(work, after["lead"])
        if before is not None:
            return
        if is_closed(work.connection, lead_id):
            raise Conflict(f"Lead {after['lead']} is closed: a deal of it was won or lost.")
        for id_ in open_overrides(work.connection, lead_id):
            if id_ != after["id"]:
                every(work, "routing_overrides").patch(id_, {"ended_at": work.clock()})

    def removing(self, work: UnitOfWork, before: Row) -> None:
        """Refuse: how often people and models agree is counted from all of them."""
        raise Conflict("An override is not removed; end it: DELETE /v1/leads/{key}/override.")


def _lock(work: UnitOfWork, lead: Any) -> None:
    row = every(work, "leads").find((lead,)) if isinstance(lead, str) and "\0" not in lead else None
    if row is not None:  # else the repository says what is wrong
        lock_lead(work.connection, row["id"])


def _wake(work: UnitOfWork, lead: str) -> int:
    lead_id: int = every(work, "leads").get(lead)["id"]
    lock_lead(work.connection, lead_id)
    wake_route(work.connection, lead_id, work.clock())
    return lead_id


def _refuse(values: Values, allowed: frozenset[str]) -> None:
    wrong = sorted(name for name in set(values) - allowed if values[name] is not None)
    if wrong:
        raise InvalidInput(f"{wrong[0]} of an override cannot be set; set another override instead", field=wrong[0])


def _changed(work: UnitOfWork, before: Row, values: Values) -> Values:
    given = {name: value for name, value in values.items() if name not in before or value != before[name]}
    _refuse(dict.fromkeys(given, "given"), _CHANGEABLE)
    if given and before["ended_at"] is not None:
        raise Conflict("The override has ended; set another one.")
    if "expires_at" in given:
        given["expires_at"] = _expiry(work, given)
    return {**given, "ended_at": work.clock()} if given.get("ended_at") is not None else given


def _expiry(work: UnitOfWork, values: Values) -> datetime:
    found: datetime | None = parse_cell(RESOURCES["routing_overrides"].column("expires_at"), values.get("expires_at"))
    if found is not None and found <= work.clock():
        raise InvalidInput("expires_at lies in the past", field="expires_at")
    return found or later(work.clock(), OVERRIDE_LASTS)
