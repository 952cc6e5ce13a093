"""The first page of the staff: what needs each person today, then the lists that it stands for.

Everything comes from counts and stored scores: nothing is computed by a model here, so the page is there at once.
"""

from dataclasses import dataclass
from typing import Any

from fastapi.responses import Response

from api import answers
from api.console.formats import day, money, number
from api.console.menu import is_page
from api.console.shell import Visitor
from api.console.words import gettext
from domain.context import Actor
from domain.terms import ModelName, Role
from programme.alert_kinds import kinds_of
from programme.alerts import list_alerts
from store.overview import Waiting, leads_for_person, waiting
from store.rankings import Choice, Run, first_scored, newest_run, total
from store.unit_of_work import UnitOfWork

_SHOWN, _ALERTS = 8, 5
_HIGH = 0.5
"""Probability of silence from which on a partner counts as one at risk."""
_RECRUITING = (Role.ADMIN, Role.RECRUITER, Role.MANAGER, Role.ANALYST)
_MANAGING = (Role.ADMIN, Role.MANAGER, Role.ANALYST)
_ROUTING = (Role.ADMIN, Role.MANAGER, Role.ROUTER, Role.ANALYST)
_ACTING = (Role.ADMIN, Role.RECRUITER, Role.MANAGER)
_OFF_TRACK = "goal_off_track"
Row = dict[str, Any]


@dataclass(frozen=True)
class Tile:
    """One figure, with where it leads.

    Parameters
    ----------
    label, value : str
        As they are read.
    path : str
        Of the page behind it; empty where there is none for the reader.
    note : str
        What else belongs to it.
    tone : str
        good, bad or warn; empty where it calls for nothing.
    """

    label: str
    value: str
    path: str = ""
    note: str = ""
    tone: str = ""


def overview(visit: Visitor) -> Response:
    """Show what needs the visitor today."""
    actor = visit.actor
    with visit.work() as work:
        fit, churn = _runs(visit, work)
        counts = work.alerts.open_by_kind(kinds_of(actor))
        tiles = [*_to_do(visit, work, counts), *_at_risk(visit, work, churn), *_prospects(visit, work, fit)]
        values: Row = {
            "tiles": [_led(actor, tile) for tile in tiles],
            "leads": _leads(work) if actor.role in _ROUTING else None,
            "alerts": list_alerts(work, {"state": "open", "console": True}, None, _ALERTS),
        }
    values |= {"fit": _fit_list(visit, fit), "churn": _churn_list(visit, churn), "models": _models(visit)}
    values["scores_expected"] = actor.role in _RECRUITING
    return visit.page("overview.html", **values)


def _runs(visit: Visitor, work: UnitOfWork) -> tuple[Run | None, Run | None]:
    """Return the newest stored scores of prospects and of partners, as far as the visitor is told of either."""
    settings, now, role = visit.services.settings, visit.services.clock(), visit.actor.role
    horizons = (
        (ModelName.FIT, settings.fit_horizon_days, _RECRUITING),
        (ModelName.CHURN, settings.churn_horizons_days[-1], _MANAGING),
    )
    fit, churn = (
        newest_run(work.connection, model, horizon, now) if role in roles else None
        for model, horizon, roles in horizons
    )
    return fit, churn


def _to_do(visit: Visitor, work: UnitOfWork, alerts: dict[str, int]) -> list[Tile]:
    role = visit.actor.role
    found = waiting(work.connection, visit.actor, visit.services.clock().date())
    tiles = _leads_waiting(found) if role in _ROUTING else []
    if role in _MANAGING:
        tiles.append(_count(gettext("Registrations to decide"), found.registrations, "/registrations"))
    if role in _ACTING:
        tiles.append(_count(gettext("Applications to decide"), found.applications, "/prospects?status=applied"))
        tiles.append(_count(gettext("Actions due"), found.actions_due, "/interventions"))
    tiles.append(_count(gettext("Open alerts"), sum(alerts.values()), "/alerts"))
    if role in _RECRUITING:
        tiles.append(_count(gettext("Goals off track"), alerts.get(_OFF_TRACK, 0), "/goals?status=off_track"))
    return tiles


def _leads_waiting(found: Waiting) -> list[Tile]:
    return [
        _count(gettext("Leads that need a person"), found.leads_for_person, "/leads?state=person", "bad"),
        _count(gettext("Leads offered, no answer yet"), found.leads_offered, "/leads?state=offered", ""),
    ]


def _count(label: str, n: int, path: str, tone: str = "warn") -> Tile:
    return Tile(label, number(n), path, tone=tone if n else "")


def _at_risk(visit: Visitor, work: UnitOfWork, run: Run | None) -> list[Tile]:
    if run is None:
        return []
    found = total(work.connection, run, Choice(min_p=_HIGH, portfolio=visit.actor.portfolio))
    note = gettext("%(amount)s at risk") % {"amount": money(found.stake, visit.services.settings.currency)}
    label = gettext("Partners likely to go silent")
    return [Tile(label, number(found.n), "/risk?band=high", note, "bad" if found.n else "")]


def _prospects(visit: Visitor, work: UnitOfWork, run: Run | None) -> list[Tile]:
    if run is None:
        return []
    mine = Choice(portfolio=visit.actor.portfolio)
    ranked = total(work.connection, run, mine)
    before = newest_run(work.connection, run.model, run.horizon_days, run.as_of, before=run.as_of)
    note = ""
    if before is not None:
        new = number(first_scored(work.connection, run, mine))
        note = gettext("%(n)s new since %(day)s") % {"n": new, "day": day(before.as_of)}
    return [Tile(gettext("Prospects ranked"), number(ranked.n), "/prospects", note)]


def _led(actor: Actor, tile: Tile) -> Tile:
    """Return a tile without its link where there is no such page for the reader."""
    return (
        tile if is_page(actor, tile.path.partition("?")[0]) else Tile(tile.label, tile.value, "", tile.note, tile.tone)
    )


def _leads(work: UnitOfWork) -> list[Row]:
    """Return leads that need a person, with why."""
    leads = work.repository("leads")
    return [{"lead": leads.get(one.lead_id), "route": one} for one in leads_for_person(work.connection, work.actor)]


def _fit_list(visit: Visitor, run: Run | None) -> Row | None:
    if run is None:
        return None
    found = answers.prospect_ranking(visit.services, None, {}, _SHOWN, portfolio=visit.actor.portfolio)
    return {"rows": found.items, "as_of": found.as_of, "horizon": run.horizon_days}


def _churn_list(visit: Visitor, run: Run | None) -> Row | None:
    if run is None:
        return None
    found = answers.churn_risk(visit.services, None, run.horizon_days, {}, _SHOWN, portfolio=visit.actor.portfolio)
    return {"rows": found.items, "as_of": found.as_of, "horizon": run.horizon_days}


def _models(visit: Visitor) -> list[Row]:
    """Return what answers for each model: its champion, or None for the baseline."""
    registry = visit.services.intelligence.registry
    return [{"name": str(name), "version": registry.champion(name)} for name in ModelName]
