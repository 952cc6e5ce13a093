"""A partner in one place: how it stands and why, what to do next, its scorecard, what happened."""

from datetime import datetime
from typing import Annotated, Any, NamedTuple

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse, Response

from api.console import partner_changes, partner_scores, partner_trade
from api.console.figure_words import figure_label, figure_meaning
from api.console.lists import Chosen
from api.console.partner_page import Key, Reader, partner_of, question_of, show
from api.console.partner_reading import note_reading
from api.console.partner_time import MOST_SHOWN, PLACE_NAMES, Place, happened
from api.console.partners import YEAR, sees_risk
from api.console.shell import Visitor
from domain.context import SYSTEM
from domain.errors import CannotAnswer
from domain.language import spoken
from domain.terms import ModelName
from intelligence.analytics import journey
from intelligence.analytics.actions import next_actions
from intelligence.analytics.registry import FIGURES
from intelligence.analytics.scorecard import scorecard
from intelligence.scoring.churn import churn_scores
from intelligence.scoring.reasons import told
from programme.alerts import list_alerts
from programme.rows import every_row
from programme.rule import Row
from store.frames import naive
from store.partner_list import lately
from store.unit_of_work import UnitOfWork

router = APIRouter(default_response_class=HTMLResponse)
for part in (partner_changes, partner_scores, partner_trade):
    router.include_router(part.router)

_ALERTS, _CONTACTS = 20, 50


class Chance(NamedTuple):
    """Of no sign of life within some days."""

    days: int
    p: float
    low: float
    high: float


class Risk(NamedTuple):
    """Chances over the horizons, and why: of the longest."""

    chances: list[Chance]
    reasons: list[str]
    factors: list[dict[str, Any]]
    as_of: datetime
    version: str
    revenue: float | None
    evidence: str
    n: int


def overview(visit: Visitor, key: str) -> Response:
    """Show who a partner is, how it stands and why, and what to do next."""
    services, now = visit.services, visit.services.clock()
    with visit.work() as work:
        partner = partner_of(work, key)
        question = question_of(visit, work)
        standing = journey.standing(question.book, partner["id"])
        contacts = _contacts(work, partner)
        values: dict[str, Any] = {
            "standing": standing,
            "actions": next_actions(question.book, question.everybody, partner["id"], standing),
            "alerts": list_alerts(work, {"partner": partner["external_id"], "state": "open"}, None, _ALERTS),
            "contacts": contacts,
            "absences": _absences(work, partner, now),
            "lately": lately(
                work.connection,
                [partner["id"]],
                now=now,
                since=now - YEAR,
                currency=services.settings.currency,
                life_signs=services.settings.life_signs,
            )[partner["id"]],
        }
    risk = _risk(visit, partner) if sees_risk(visit) else None
    return show(visit, "partner.html", partner, "", risk=risk, sees_risk=sees_risk(visit), **values)


def _contacts(work: UnitOfWork, partner: Row) -> list[Row]:
    """Return the partner's contacts; that they were read is written down, as over the API."""
    rows = work.repository("contacts").list({"partner": partner["external_id"]}, limit=_CONTACTS).rows
    note_reading(work, "contacts", rows)
    return rows


def _absences(work: UnitOfWork, partner: Row, now: datetime) -> list[Row]:
    """Return absences that last or lie ahead."""
    rows = every_row(work, "absences", sort="since", partner=partner["external_id"])
    return [row for row in rows if row["until"] is None or row["until"] > now]


def _risk(visit: Visitor, partner: Row) -> Risk | None:
    """Return the stored scores, else what the model says now; None of companies that are no partners yet."""
    services, id_ = visit.services, partner["id"]
    horizons = services.settings.churn_horizons_days
    with services.unit_of_work(SYSTEM, read_only=True) as work:
        kept = {
            days: work.scores.latest(ModelName.CHURN, days, until=services.clock(), partner_ids=[id_]).get(id_)
            for days in horizons
        }
    last = kept[horizons[-1]]
    if last is None:
        return _risk_now(visit, partner["external_id"])
    said = told(last.details, naive(last.as_of), spoken())
    return Risk(
        [Chance(days, one.p, one.low, one.high) for days, one in kept.items() if one and one.as_of == last.as_of],
        [str(said[f"reason_{k}"]) for k in (1, 2, 3) if said.get(f"reason_{k}")],
        list(said.get("factors") or []),
        last.as_of,
        last.model_version,
        said.get("revenue_at_risk"),
        str(said.get("evidence") or "none"),
        int(said.get("n") or 0),
    )


def _risk_now(visit: Visitor, partner: str) -> Risk | None:
    try:
        scored = churn_scores(visit.services.intelligence, None, None, [partner])
    except CannotAnswer:
        return None
    if not len(scored.frame) or scored.explanation is None:
        return None
    row = scored.frame.astype(object).where(scored.frame.notna(), None).to_dict("records")[0]
    return Risk(
        [Chance(int(row["horizon_days"]), float(row["p_inactive"]), float(row["low"]), float(row["high"]))],
        [str(row[f"reason_{k}"]) for k in (1, 2, 3) if row[f"reason_{k}"]],
        scored.explanation.factors(0, limit=12),
        visit.services.clock(),
        str(row["model_version"]),
        row["revenue_at_risk"],
        str(row["evidence"]),
        int(row["n"]),
    )


@router.get("/partners/{key:path}/scorecard")
def figures(visit: Reader, key: Key) -> Response:
    """Show a partner's figures of a year, against the year before and beside its peers, which are never named."""
    with visit.work() as work:
        partner = partner_of(work, key)
        question = question_of(visit, work)
        found = scorecard(question.book, question.everybody, question.window, partner["id"], internal=True)
        standing = journey.standing(question.book, partner["id"])
    first = journey.FIGURES_OF[standing.stage]
    ordered = sorted(found, key=lambda one: one.answer.figure.name not in first)
    return show(
        visit,
        "partner_scorecard.html",
        partner,
        "scorecard",
        known=[one for one in ordered if one.answer.number.value is not None],
        untold=[figure_label(one.answer.figure.name) for one in ordered if one.answer.number.value is None],
        segments=sorted({one.peers[0].segment for one in ordered if one.peers}),
        label=figure_label,
        meaning=figure_meaning,
        first=first,
        stage=standing.stage,
        formulas={name: figure.formula for name, figure in FIGURES.items()},
        window=question.window,
    )


@router.get("/partners/{key:path}/timeline")
def timeline(
    visit: Reader,
    key: Key,
    kind: Chosen = "",
    before: Chosen = "",
    skip: Annotated[int, Query(ge=0, le=1000)] = 0,
) -> Response:
    """Show what happened with a partner, the newest first, from one place in time backwards."""
    with visit.work() as work:
        partner = partner_of(work, key)
        rows, following = happened(
            work, partner, kind, Place.parse(before, skip, visit.services.clock()), visit.services.settings
        )
    return show(
        visit,
        "partner_timeline.html",
        partner,
        "timeline",
        rows=rows,
        following=following,
        chosen={"kind": kind},
        kinds=PLACE_NAMES,
        before=before,
        most=MOST_SHOWN,
    )


@router.get("/partners/{key:path}")
def partner(visit: Reader, key: Key) -> Response:
    """Show who a partner is, how it stands and why, and what to do next.

    Last of all: a key may hold slashes, so that this path fits every other one, too.
    """
    return overview(visit, key)
