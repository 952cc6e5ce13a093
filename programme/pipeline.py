"""The recruitment pipeline: which status may follow which, what must be there first, and what follows."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from domain.errors import Conflict, InvalidInput, StaleVersion
from domain.resources import RESOURCES
from domain.terms import AssignmentResponse, PartnerStatus
from programme.onboarding import make_checklist, progress
from programme.qualification import qualify
from programme.rows import every_row
from programme.rule import Row, Rule
from store.claims import lock_lead
from store.ledger import lock_row
from store.offers import offer
from store.people import last_status_change
from store.unit_of_work import UnitOfWork
from store.values import parse_cell

_S = PartnerStatus

TRANSITIONS: Mapping[PartnerStatus, tuple[PartnerStatus, ...]] = MappingProxyType(
    {
        _S.PROSPECT: (_S.APPLIED, _S.REJECTED),
        _S.APPLIED: (_S.ONBOARDING, _S.REJECTED, _S.PROSPECT),
        _S.ONBOARDING: (_S.ACTIVE, _S.REJECTED, _S.ENDED),
        _S.ACTIVE: (_S.INACTIVE, _S.ENDED),
        _S.INACTIVE: (_S.ACTIVE, _S.ENDED),
        _S.ENDED: (_S.APPLIED,),
        _S.REJECTED: (_S.APPLIED, _S.PROSPECT),
    }
)
"""Which statuses may follow each: the one table of it."""

GATED = (_S.ONBOARDING, _S.ACTIVE)
"""The step that asks for done onboarding steps and met musts."""

_STATUS = RESOURCES["partners"].column("status")


class Overridden(dict[str, Any]):
    """Values of a partner whose gates somebody has answered for."""


class PartnerPipeline(Rule):
    """Over partners: a status changes along the table, and entering one has its consequences.

    A partner may be created with any status: other systems of record bring what is.
    """

    def values(self, work: UnitOfWork, before: Row | None, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Refuse steps that are not in the table or not earned; date recruitment and end."""
        if before is None or "status" not in values:
            return values
        wanted = parse_cell(_STATUS, values["status"])
        if wanted is None:
            raise InvalidInput("status cannot be cleared; a partner always has one", field="status")
        if wanted == before["status"]:
            return values
        _refuse_overtaken(work, before)
        check_transition(before["status"], wanted)
        if (before["status"], wanted) == GATED and not isinstance(values, Overridden):
            _check_gate(work, {**before, "program": values.get("program", before["program"])})
        return {**values, **_dates(work, before, values, wanted)}

    def written(self, work: UnitOfWork, before: Row | None, after: Row) -> None:
        """Note the step; make the checklist; take back open offers."""
        if before is not None and before["status"] == after["status"]:
            if after["status"] == _S.ONBOARDING and before["program"] != after["program"]:
                make_checklist(work, after)
            return
        if before is not None:
            _note_step(work, before, after)
        if after["status"] == _S.ONBOARDING:
            make_checklist(work, after)
        elif after["status"] in (_S.ENDED, _S.REJECTED) and before is not None:
            _withdraw_offers(work, after)

    def removing(self, work: UnitOfWork, before: Row) -> None:
        """Take away what the service itself wrote about the partner: notes of steps, tasks of its checklist."""
        for row in every_row(work, "stage_changes", partner=before["external_id"]):
            work.repository("stage_changes").delete(row["id"])
        for task in every_row(work, "tasks", partner=before["external_id"]):
            if task["step"] is not None:
                work.repository("tasks").delete(task["id"])


def check_transition(status: str | None, wanted: str) -> None:
    """Refuse a step that is not in the table.

    Raises
    ------
    Conflict
        It names the allowed ones.

    Examples
    --------
    >>> check_transition("applied", "onboarding")
    """
    if status is None:
        return
    allowed = TRANSITIONS[PartnerStatus(status)]
    if wanted not in allowed:
        raise Conflict(
            f"A partner that is {status!r} cannot become {str(wanted)!r}; it can become {', '.join(allowed)}.",
            stands_at=status,
            wanted=str(wanted),
            allowed=[str(one) for one in allowed],
        )


def unmet(work: UnitOfWork, partner: Row) -> dict[str, list[str]]:
    """Return what stands between a partner and being active: ``steps`` not done, ``criteria`` not met."""
    steps = list(progress(work, partner).required_open)
    criteria = list(qualify(work, partner).failed)
    return {name: found for name, found in (("steps", steps), ("criteria", criteria)) if found}


def _check_gate(work: UnitOfWork, partner: Row) -> None:
    missing = unmet(work, partner)
    if missing:
        told = "; ".join(f"{_MISSING[name]}: {', '.join(found)}" for name, found in missing.items())
        raise Conflict(
            f"The partner cannot become active yet. {told}. An admin or manager may override this with a reason: "
            "POST /v1/partners/{key}/status.",
            missing=missing,
        )


_MISSING = {"steps": "Required onboarding steps not done", "criteria": "Must-have criteria not met"}


def _dates(work: UnitOfWork, before: Row, values: Mapping[str, Any], wanted: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if wanted == _S.ACTIVE:
        if (values.get("recruited_at") or before["recruited_at"]) is None:
            found["recruited_at"] = work.clock()
        if before["ended_at"] is not None and "ended_at" not in values:
            found["ended_at"] = None
    if wanted == _S.ENDED and (values.get("ended_at") or before["ended_at"]) is None:
        found["ended_at"] = work.clock()
    return found


def _note_step(work: UnitOfWork, before: Row, after: Row) -> None:
    rows = work.repository("stage_changes")
    now = work.clock()
    at = last_status_change(work.connection, after["external_id"], after["status"], now) or now
    values = {"from_status": before["status"], "changed_by": work.actor.name}
    found = rows.find((after["external_id"], at, after["status"]))
    if found is None:
        rows.create({"partner": after["external_id"], "changed_at": at, "to_status": after["status"], **values})
    else:
        rows.patch(found["id"], values)
    told = {"partner": after["external_id"], "from": before["status"], "to": after["status"], "at": at}
    work.journal.announce("partner.moved", told, after["id"])


def _withdraw_offers(work: UnitOfWork, partner: Row) -> None:
    """Nobody will answer them, and the customers wait."""
    for waiting in every_row(work, "assignments", partner=partner["external_id"], response=None):
        lock_lead(work.connection, work.repository("leads").get(waiting["lead"])["id"])
        if offer(work.connection, waiting["id"]).response is not None:
            continue  # answered at the same time
        taken_back = {"response": str(AssignmentResponse.WITHDRAWN), "responded_at": work.clock()}
        row = work.repository("assignments").patch(waiting["id"], taken_back)
        told = {name: row[name] for name in ("id", "lead", "partner", "offered_at", "responded_at")}
        work.journal.announce("assignment.withdrawn", told, partner["id"])


def _refuse_overtaken(work: UnitOfWork, before: Row) -> None:
    """Let one step at a time be made: the second looks again, and finds another status."""
    lock_row(work.connection, "partners", before["id"])
    status = work.repository("partners").get(before["id"])["status"]
    if status != before["status"]:
        raise StaleVersion(f"The partner has become {status!r} at the same time; read it again.")
