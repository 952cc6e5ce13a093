"""Joint business plans: a partner may propose one, the vendor agrees, and goals of its period are its targets."""

from collections.abc import Mapping
from typing import Any

from domain.errors import Conflict, NotAllowed
from domain.terms import PlanStatus, Role
from programme import records
from programme.rule import Row, Rule
from store.unit_of_work import UnitOfWork

_STEPS: Mapping[str, tuple[PlanStatus, ...]] = {
    PlanStatus.DRAFT: (PlanStatus.AGREED, PlanStatus.CLOSED),
    PlanStatus.AGREED: (PlanStatus.CLOSED, PlanStatus.DRAFT),
    PlanStatus.CLOSED: (),
}
_FIXED = ("partner", "period_start", "period_end", "title", "objective")


def change_plan_status(work: UnitOfWork, key: int | str, status: PlanStatus) -> Row:
    """Bring a plan to a status and return it; the same one again changes nothing.

    Raises
    ------
    NotFound
        If there is no such plan that the actor may see.
    NotAllowed
        If the actor is a partner.
    Conflict
        If it cannot come there from where it is.
    """
    return records.change(work, "plans", key, {"status": str(status)})


class PlanRule(Rule):
    """Drafts change freely; what was agreed does not, unless it becomes a draft again; a closed plan is history."""

    def values(self, work: UnitOfWork, before: Row | None, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Refuse a step that there is not, and a change of what was agreed."""
        if before is None:
            return self._new(work, values)
        if "status" in values and values["status"] is None:
            values = {**values, "status": str(PlanStatus.DRAFT)}
        was, status = before["status"] or PlanStatus.DRAFT, values.get("status")
        if work.actor.role is Role.PARTNER and was != PlanStatus.DRAFT:
            raise NotAllowed(f"This plan is {was}; ask the vendor to make it a draft again.")
        if "status" in values and status != was:
            self._step(work, str(was), status)
        fixed = [name for name in _FIXED if name in values and str(values[name]) != str(before[name])]
        if fixed and PlanStatus.DRAFT not in (was, status):
            raise Conflict(f"{fixed[0]} of a plan that is {was} is fixed; make it a draft first.", field=fixed[0])
        return values

    def written(self, work: UnitOfWork, before: Row | None, after: Row) -> None:
        """Announce that a plan was proposed, agreed or closed."""
        was, status = (before or {}).get("status"), after["status"]
        words = {PlanStatus.DRAFT: "proposed", PlanStatus.AGREED: "agreed", PlanStatus.CLOSED: "closed"}
        if status == was or (status == PlanStatus.DRAFT and work.actor.role is not Role.PARTNER):
            return
        payload = {name: after[name] for name in ("external_id", "partner", "title", "period_start", "period_end")}
        partner_id = work.repository("partners").get(after["partner"])["id"]
        work.journal.announce(f"plan.{words[PlanStatus(status)]}", payload, partner_id)

    def removing(self, work: UnitOfWork, before: Row) -> None:
        """Keep what was agreed."""
        if before["status"] not in (None, PlanStatus.DRAFT):
            raise Conflict(f"A plan that is {before['status']} is kept; close it instead.")

    def _new(self, work: UnitOfWork, values: Mapping[str, Any]) -> Mapping[str, Any]:
        status = values.get("status") or str(PlanStatus.DRAFT)
        if work.actor.role is Role.PARTNER and status != PlanStatus.DRAFT:
            raise NotAllowed("A partner proposes a plan as a draft; the vendor agrees to it.")
        return {**values, "status": status}

    def _step(self, work: UnitOfWork, was: str, status: Any) -> None:
        if work.actor.role is Role.PARTNER:
            raise NotAllowed("The vendor agrees to a plan and closes it.")
        if status in tuple(PlanStatus) and status not in _STEPS[was]:  # other words are refused as values later
            there = ", ".join(_STEPS[was]) or "nothing"
            raise Conflict(f"A plan that is {was} cannot become {status}; it can become {there}.", field="status")
