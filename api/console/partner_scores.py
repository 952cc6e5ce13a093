"""What the models say of a partner: its scores over time with their versions, its leads' ranks, what to send it."""

from itertools import pairwise
from typing import Annotated, Any

from fastapi import APIRouter, Form, Query
from fastapi.responses import HTMLResponse, Response

from api import answers
from api.console.partner_page import Key, Reader, Writer, done, partner_of, show
from api.console.partners import sees_risk
from api.console.shell import Visitor
from domain.errors import AllywiseError, CannotAnswer, InvalidInput
from domain.terms import RECRUITABLE, ModelName
from intelligence.matching.standing_period import PartnerStanding, partner_standing
from programme.rule import Row
from store.partner_facts import ScorePoint, score_points
from store.unit_of_work import UnitOfWork

router = APIRouter(default_response_class=HTMLResponse)

_RECOMMENDED, _REACTIONS, _LISTED = 12, 20, 60
_KINDS = {"asset": "assets", "offer": "offers"}
_ACTIONS = ("shown", "dismissed")
Word = Annotated[str, Form(max_length=500)]


@router.get("/partners/{key:path}/scores")
def scores(visit: Reader, key: Key, days: Annotated[int, Query(ge=0, le=3650)] = 0) -> Response:
    """Show how chances moved, which model version said what, and how the partner was ranked for leads."""
    settings, now = visit.services.settings, visit.services.clock()
    horizons = settings.churn_horizons_days
    horizon = days if days in horizons else horizons[-1]
    with visit.work() as work:
        partner = partner_of(work, key)
        asked = (work.connection, partner["id"])
        churn = score_points(*asked, ModelName.CHURN, horizon, until=now) if sees_risk(visit) else []
        fit = score_points(*asked, ModelName.FIT, settings.fit_horizon_days, until=now)
    return show(
        visit,
        "partner_scores.html",
        partner,
        "scores",
        horizon=horizon,
        horizons=horizons,
        churn=churn,
        churn_rows=_with_versions(churn),
        fit=fit,
        fit_rows=_with_versions(fit),
        fit_days=settings.fit_horizon_days,
        is_recruitable=partner["status"] in RECRUITABLE,
        sees_risk=sees_risk(visit),
        standing=_standing(visit, partner),
    )


def _with_versions(points: list[ScorePoint]) -> list[tuple[ScorePoint, bool]]:
    """Return the newest points first, each with whether another version spoke than at the point before."""
    changed = [False, *(later.model_version != earlier.model_version for earlier, later in pairwise(points))]
    return list(zip(points, changed, strict=True))[::-1][:_LISTED] if points else []


def _standing(visit: Visitor, partner: Row) -> PartnerStanding | None:
    try:
        return partner_standing(visit.services.intelligence, partner["external_id"], to_partner=False)
    except CannotAnswer:
        return None


@router.get("/partners/{key:path}/recommended")
def recommended(visit: Reader, key: Key) -> Response:
    """Show content and offers that suit a partner, why, and what became of earlier ones."""
    return _recommended(visit, key)


def _recommended(visit: Visitor, key: str, error: AllywiseError | None = None) -> Response:
    with visit.work() as work:
        partner = partner_of(work, key)
        reactions = list(work.recommendation_feedback.find(partner_id=partner["id"]))[::-1][:_REACTIONS]
    titles = answers.item_titles(visit.services)
    values: dict[str, Any] = {
        "reactions": [one._asdict() | {"title": titles.get((one.kind, one.item), one.item)} for one in reactions],
        "horizon": visit.services.settings.recommend_horizon_days,
    }
    try:
        found = answers.recommendations(visit.services, partner["external_id"], None, _RECOMMENDED, None)
        values |= {"items": found.items, "away": ""}
    except CannotAnswer as away:
        values |= {"items": [], "away": away.message}
    return show(visit, "partner_recommended.html", partner, "recommended", error, **values)


@router.post("/partners/{key:path}/recommended")
def react(visit: Writer, key: Key, kind: Word = "", item: Word = "", action: Word = "") -> Response:
    """Note that something was sent to a partner, or does not suit it and is not recommended again."""

    def act(work: UnitOfWork, partner: Row) -> None:
        if kind not in _KINDS or action not in _ACTIONS:
            raise InvalidInput("name an asset or an offer, and whether it was shown or dismissed", field="action")
        known = work.repository(_KINDS[kind]).get(item)["external_id"]
        work.recommendation_feedback.add(partner["id"], kind, known, action, visit.services.clock())

    return done(visit, key, "recommended", act, lambda error: _recommended(visit, key, error))
