"""Actions for partners at risk: when they were planned, by whom, and how the risk stood then is the service's word."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from domain.context import Actor
from domain.errors import Conflict, InvalidInput
from domain.resources import RESOURCES
from domain.terms import InterventionKind, ModelName
from programme.rows import named
from programme.rule import Row, Rule
from store.interventions import p_before
from store.unit_of_work import UnitOfWork
from store.values import parse_cell

SCORE_REACH = timedelta(days=45)
"""A score that is older than this when an action is planned does not tell how the risk stood before."""

Values = Mapping[str, Any]
_COLUMNS = RESOURCES["interventions"]


class InterventionRule(Rule):
    """An action is planned now, or was in the past; what was done stays, unless it is said that it was not done."""

    def values(self, work: UnitOfWork, before: Row | None, values: Values) -> Values:
        """Return the values complete, or refuse them."""
        _refuse_given(before, values)
        for name in ("planned_at", "done_at"):
            _refuse_future(work, name, values)
        return _planned(work, values) if before is None else _changed(before, values)

    def removing(self, work: UnitOfWork, before: Row) -> None:
        """Keep what was done."""
        if before["done_at"] is not None:
            raise Conflict("What was done stays; say first that it was not done (done_at empty).", field="done_at")


def _planned(work: UnitOfWork, values: Values) -> Values:
    done_at = _instant("done_at", values)
    planned_at = _instant("planned_at", values) or min(work.clock(), done_at or work.clock())
    _refuse_backwards(planned_at, done_at)
    partner = named(work, "partners", values.get("partner"))
    given = {
        "kind": values.get("kind") or str(InterventionKind.OTHER),
        "owner": values.get("owner") or owner_name(work.actor),
        "planned_at": planned_at,
    }
    if partner is not None:  # one that is not there is refused as a value
        p = p_before(work.connection, ModelName.CHURN, partner["id"], planned_at, SCORE_REACH)
        given["p_inactive_before"] = p
    return {**values, **given}


def _changed(before: Row, values: Values) -> Values:
    for name in ("partner", "planned_at"):
        value = _instant(name, values) if name == "planned_at" else values.get(name)
        if name in values and value != before[name]:
            raise Conflict(f"{name} of an action is fixed; drop this one and plan another.", field=name)
    if "done_at" in values and before["planned_at"] is not None:
        _refuse_backwards(before["planned_at"], _instant("done_at", values))
    return values


def owner_name(actor: Actor) -> str:
    """Return the name under which an actor stands as the owner of an action."""
    return actor.full_name or actor.name


def _refuse_given(before: Row | None, values: Values) -> None:
    name = "p_inactive_before"
    if name in values and values[name] != (None if before is None else before[name]):
        raise InvalidInput(f"{name} is what the service said when the action was planned; leave it out", field=name)


def _refuse_future(work: UnitOfWork, name: str, values: Values) -> None:
    instant = _instant(name, values)
    if instant is not None and instant > work.clock():
        raise InvalidInput(f"{name} lies in the future; give due_on for what is still to come", field=name)


def _refuse_backwards(planned_at: datetime, done_at: datetime | None) -> None:
    if done_at is not None and done_at < planned_at:
        raise InvalidInput("done_at lies before planned_at", field="done_at")


def _instant(name: str, values: Values) -> datetime | None:
    found: datetime | None = parse_cell(_COLUMNS.column(name), values.get(name))
    return found
