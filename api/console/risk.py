"""The risk list of managers: who may go silent, what is at stake, why, and what to do about it."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from fastapi.responses import HTMLResponse, Response

from api import answers
from api.console.exports import MOST_ROWS, csv_file
from api.console.interventions import may_plan
from api.console.lists import ROWS, Chosen, Page, Start, given
from api.console.risk_words import dated_facts, what_to_do, why
from api.console.shell import Visitor, visitor
from api.schemas_scores import ChurnRisk, ChurnRiskList
from domain.access import portfolio_of
from domain.terms import HIGH_RISK, MEDIUM_RISK, ModelName, Role
from programme.risk_advice import advice
from store.interventions import latest_actions
from store.rankings import Choice, Expected, expected, newest_run, program_choices, values_of
from store.risk import p_at, partner_ids, weekly_p
from store.unit_of_work import UnitOfWork

router = APIRouter(default_response_class=HTMLResponse)

WEEKS = 26
_READERS = (Role.MANAGER, Role.ANALYST)
_BANDS = {"high": HIGH_RISK, "medium": MEDIUM_RISK}
_PART = 500
_Z = 1.2816
Reading = Annotated[Visitor, visitor(*_READERS)]


@dataclass(frozen=True)
class Filters:
    """What the list is narrowed to; of horizon 0 the longest."""

    account_manager: Chosen = ""
    program: Chosen = ""
    tier: Chosen = ""
    country: Chosen = ""
    band: Chosen = ""
    mine: Chosen = ""
    horizon: Annotated[int, Query(ge=0, le=3650)] = 0

    @property
    def columns(self) -> dict[str, str | None]:
        """Wanted values of partners, by column."""
        return given(account_manager=self.account_manager, program=self.program, tier=self.tier, country=self.country)

    @property
    def min_p(self) -> float:
        """Smallest chance."""
        return _BANDS.get(self.band, 0.0)


FiltersDep = Annotated[Filters, Depends()]


@router.get("/risk")
def risk(visit: Reading, filters: FiltersDep, start: Start = 0) -> Response:
    """List partners by what is at risk; filters live in the address."""
    settings = visit.services.settings
    found = _listed(visit, filters, start, ROWS + 1)
    page: Page[ChurnRisk] = Page.of(found.items, start)
    with visit.work() as work:
        beside = _beside(visit, work, page.rows, found)
        totals = _totals(visit, work, filters, found.horizon_days)
        choices = {
            name: values_of(work.connection, name, visit.actor) for name in ("account_manager", "tier", "country")
        }
        programs = program_choices(work.connection)
    return visit.page(
        "risk.html",
        page=page,
        found=found,
        beside=beside,
        totals=totals,
        between=_between,
        horizons=settings.churn_horizons_days,
        chosen=vars(filters) | {"horizon": filters.horizon or ""},
        choices=choices,
        programs=programs,
        may_plan=may_plan(visit),
    )


def _listed(visit: Visitor, filters: Filters, start: int, limit: int) -> ChurnRiskList:
    return answers.churn_risk(
        visit.services,
        None,
        _horizon(visit, filters),
        filters.columns,
        limit,
        min_p=filters.min_p,
        portfolio=_portfolio(visit, filters),
        start=start,
    )


def _horizon(visit: Visitor, filters: Filters) -> int:
    return filters.horizon or visit.services.settings.churn_horizons_days[-1]


def _portfolio(visit: Visitor, filters: Filters) -> frozenset[str] | None:
    return portfolio_of(visit.actor) if filters.mine else visit.actor.portfolio


def _totals(visit: Visitor, work: UnitOfWork, filters: Filters, horizon: int) -> Expected | None:
    """Return what is to be expected of all that pass, not of this page alone; None where no scores are stored."""
    run = newest_run(work.connection, ModelName.CHURN, horizon, work.clock())
    if run is None:
        return None
    wanted = {name: value for name, value in filters.columns.items() if value is not None}
    return expected(work.connection, run, Choice(wanted, filters.min_p, _portfolio(visit, filters)), HIGH_RISK)


def _between(mean: float, deviation: float) -> tuple[float, float]:
    """Return the 80 % interval of a sum of chances."""
    return max(mean - _Z * deviation, 0.0), mean + _Z * deviation


def _beside(visit: Visitor, work: UnitOfWork, rows: Any, found: ChurnRiskList) -> dict[str, dict[str, Any]]:
    """Return what stands beside the answer, by partner: our id, other horizons, weeks before, actions, advice."""
    ids = partner_ids(work.connection, [row.partner for row in rows])
    own = list(ids.values())
    chances = p_at(work.connection, ModelName.CHURN, own, found.as_of)
    weeks = weekly_p(work.connection, ModelName.CHURN, found.horizon_days, own, found.as_of, WEEKS)
    actions = latest_actions(work.connection, own)
    horizons = visit.services.settings.churn_horizons_days
    shown = {}
    for row in rows:
        id_ = ids.get(row.partner, 0)
        told = advice(row.facts.model_dump(), row.p_inactive, found.as_of)
        shown[row.partner] = {
            "id": id_,
            "chances": [(horizon, chances.get((id_, horizon))) for horizon in horizons],
            "weeks": weeks.get(id_, ()),
            "action": actions.get(id_),
            "advice": told and {"kind": str(told.kind), "text": what_to_do(told), "why": why(told)},
            "facts": dated_facts(row),
        }
    return shown


@router.get("/risk.csv")
def risk_csv(visit: Reading, filters: FiltersDep) -> Response:
    """Give the same list as a CSV file."""
    head = ["external_id", "name", "account_manager", "as_of", "horizon_days", "p_inactive", "low", "high", "band"]
    more = ["trend", "revenue_at_risk", "evidence", "reasons", "last_sign_at", "last_deal_at", "last_won_at"]
    return csv_file("risk.csv", [*head, *more, "agreement_ends_on", "action"], _cells(visit, filters))


def _cells(visit: Visitor, filters: Filters) -> Iterator[list[Any]]:
    for start in range(0, MOST_ROWS, _PART):
        found = _listed(visit, filters, start, _PART)
        for row in found.items:
            facts, told = row.facts, advice(row.facts.model_dump(), row.p_inactive, found.as_of)
            yield [
                *(row.partner, row.name, row.account_manager, row.as_of, row.horizon_days, row.p_inactive),
                *(row.low, row.high, row.band, row.trend, row.revenue_at_risk, str(row.evidence), row.reasons),
                *(facts.last_sign_at, facts.last_deal_at, facts.last_won_at, facts.agreement_ends_on),
                what_to_do(told) if told else None,
            ]
        if len(found.items) < _PART:
            return
