"""Pages of replays: what a routing policy would have done with leads that are past."""

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Path
from fastapi.responses import HTMLResponse, Response

from api.console.shell import Visitor, visitor
from api.console.words import mark
from domain.errors import NotFound
from domain.terms import Role
from store.jobs import Job

router = APIRouter(default_response_class=HTMLResponse)

_KIND, _SHOWN, _CHANGES = "routing_replay", 20, 12
Manager = Annotated[Visitor, visitor(Role.MANAGER)]
JobId = Annotated[str, Path(max_length=100)]

FIGURES = (
    (mark("Leads offered to somebody"), "offered", "count"),
    (mark("Leads for which nobody is eligible"), "nobody_eligible", "count"),
    (mark("Wins by the partner asked first"), "expected_wins", "number"),
    (mark("of leads whose outcome is known"), "known_wins", "number"),
    (mark("Wins by whoever accepts in the end, so far"), "wins_in_the_end", "number"),
    (mark("Value: chance x amount x margin"), "expected_value", "amount"),
    (mark("Amount won in the end"), "won_amount", "amount"),
    (mark("Leads accepted by somebody"), "accepted_share", "share"),
    (mark("Leads that end with a person"), "person_share", "share"),
    (mark("Offers per lead"), "offers_per_lead", "number"),
    (mark("Hours from arrival to acceptance, median"), "median_hours", "number"),
    (mark("Accepted within the customer's clock"), "within_clock_share", "share"),
    (mark("Partners that get any lead"), "partners_served", "number"),
    (mark("Unevenness over partners (Gini)"), "gini", "ratio"),
    (mark("Share of the tenth of partners with most leads"), "top_tenth_share", "share"),
)
"""Figures of a replay: label, name, how it is written."""
_SIDES = ("happened", "happened_by_model", "policy")


@router.get("/what-if")
def replays(visit: Manager) -> Response:
    """List the newest replays."""
    with visit.work() as work:
        jobs = work.jobs.newest(_KIND, _SHOWN)
    return visit.page("what_if.html", jobs=[{"job": job, "names": _names(job.payload["policies"])} for job in jobs])


@router.get("/what-if/{job}")
def replay(visit: Manager, job: JobId) -> Response:
    """Show a replay: how far it is, or what it found."""
    with visit.work() as work:
        found = work.jobs.get(job)
    if found.kind != _KIND:
        raise NotFound(f"no replay {job}")
    report = found.result if found.status == "done" else None
    return visit.page(
        "replay.html",
        job=found,
        names=_names(found.payload["policies"]),
        report=report,
        problem=_problem(found),
        figures=_figures(report) if report and report["leads"] else [],
        groups=_groups(report) if report and report["leads"] else {},
        most=_CHANGES,
    )


def _names(policies: list[Mapping[str, Any]]) -> str:
    return ", ".join(str(policy["name"]) for policy in policies)


def _problem(job: Job) -> str | None:
    if job.status != "dead":
        return None
    return str((job.error or {}).get("message") or (job.error or {}).get("detail") or job.error)


def _figures(report: Mapping[str, Any]) -> list[tuple[str, str, list[float | None]]]:
    """Return label, how it is written, and the three numbers of each figure that anything is known of."""
    rows = [(label, form, [report["sides"][side].get(name) for side in _SIDES]) for label, name, form in FIGURES]
    return [row for row in rows if any(value is not None for value in row[2])]


def _groups(report: Mapping[str, Any]) -> dict[str, list[tuple[str | None, float | None, float | None, float | None]]]:
    """Return group and its shares by what partners are grouped by."""
    found: dict[str, list[tuple[str | None, float | None, float | None, float | None]]] = {}
    for one in report["groups"]:
        shares = (one["eligible_share"], one["happened_share"], one["policy_share"])
        found.setdefault(one["by"].removeprefix("attributes."), []).append((one["group"], *shares))
    return found
