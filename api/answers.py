"""The four answers in the shape of the API: services called once, their frames turned into payloads."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd

from api.dependencies import Services, utc
from api.schemas import (
    Candidate,
    ChurnRisk,
    ChurnRiskList,
    Exclusion,
    FitScore,
    MatchAnswer,
    MatchReplay,
    MatchRequest,
    PolicyUsed,
    ProspectRanking,
    Recommendation,
    RecommendationList,
    ReplayedNumbers,
    WhiteSpace,
    WhiteSpaceRow,
)
from domain.access import is_managed
from domain.context import SYSTEM
from domain.errors import InvalidInput, NotFound
from domain.language import spoken
from domain.terms import ModelName
from intelligence.context import BASELINE
from intelligence.matching.decision import Decision
from intelligence.matching.service import match_leads, open_leads
from intelligence.recommend.service import recommend
from intelligence.recommend.worth import notes_on
from intelligence.replay import replay_match
from intelligence.scoring.churn import ChurnScores, churn_scores
from intelligence.scoring.facts import facts_of
from intelligence.scoring.fit import FitScores, fit_company, fit_scores
from intelligence.scoring.white_space import Dimension, Standing, company_standing, standings, white_space
from store.unit_of_work import UnitOfWork

Filters = Mapping[str, str | None]
Row = dict[str, Any]

_FACTORS = 12


@dataclass(frozen=True)
class Match:
    """A decision, with what has to be kept to replay it."""

    request: MatchRequest
    answer: MatchAnswer
    features: list[Row]
    decision: Decision | None = None

    def keep(self, work: UnitOfWork) -> MatchAnswer:
        """Store the decision in `work` and return the answer."""
        lead = self.request.lead_id
        work.match_runs.put(
            id=self.answer.match_id,
            as_of=self.answer.as_of,
            created_by=work.actor.name,
            lead_id=work.repository("leads").get(lead)["id"] if lead is not None else None,
            model_version=self.answer.model_version,
            request=self.request.model_dump(mode="json", exclude_unset=True),
            response=self.answer.model_dump(mode="json"),
            features=self.features,
            decision=None if self.decision is None else self.decision.as_json(),
        )
        return self.answer


def match(services: Services, request: MatchRequest) -> Match:
    """Rank partners for a lead.

    Raises
    ------
    InvalidInput
        If the request names no lead, or two.
    NotFound
        If ``lead_id`` is not in the store.
    """
    as_of = utc(request.as_of) or services.clock()
    lead = _lead_of(services, request, as_of)
    match_id = uuid.uuid4().hex
    # A lead of the store draws the same whenever it is asked about; any other is a new one each time.
    key = None if not request.explore else "" if request.lead_id is not None else match_id
    result = match_leads(services.intelligence, [lead], as_of, request.limit, request.by, details=True, key=key)
    candidates = [
        Candidate.model_validate(row | details | {"factors": [_named(factor) for factor in details["factors"]]})
        for row, details in zip(_records(result.candidates), result.details, strict=True)
    ]
    decision = next(iter(result.decisions), None)
    versions = result.candidates["model_version"]
    version = str(versions.iloc[0]) if len(versions) else _version(services, ModelName.MATCH, as_of)
    answer = MatchAnswer(
        match_id=match_id,
        as_of=as_of,
        model_version=version,
        candidates=candidates,
        excluded=_excluded(result.exclusions),
        policy=None if decision is None else PolicyUsed.model_validate(decision.policy_used),
        explored=decision is not None and decision.explored,
    )
    features = [details["features"] for details in result.details]
    return Match(request, answer, features + ([] if decision is None else decision.left_out), decision)


def replayed(services: Services, match_id: str) -> MatchReplay:
    """Compute a stored match again.

    Raises
    ------
    NotFound
        If there is no such match, or its version is gone.
    InvalidInput
        If the baseline answered.
    """
    found = replay_match(services.intelligence, match_id)
    rows = [
        ReplayedNumbers(partner=row.subject, stored=list(row.stored), again=list(row.again), same=row.same)
        for row in found.rows
    ]
    return MatchReplay(
        match_id=match_id,
        as_of=found.as_of,
        model_version=found.model_version,
        names=list(found.names),
        same=found.same,
        order_same=found.order_same,
        sentence=found.sentence,
        rows=rows,
    )


def _lead_of(services: Services, request: MatchRequest, as_of: datetime) -> str | Row:
    if (request.lead is None) == (request.lead_id is None):
        raise InvalidInput("give either 'lead' with its fields or 'lead_id'", field="lead")
    if request.lead is not None:
        return request.lead.model_dump(exclude_unset=True)
    known = services.intelligence.history(as_of if request.as_of else None).leads["external_id"]
    if request.lead_id not in set(known):
        raise NotFound(f"no lead {request.lead_id!r} as of {as_of.isoformat()}", lead_id=request.lead_id)
    return str(request.lead_id)


def _excluded(exclusions: pd.DataFrame) -> list[Exclusion]:
    found: dict[str, Exclusion] = {}
    for partner, code, text in zip(*(exclusions[name].tolist() for name in ("partner", "code", "text")), strict=True):
        one = found.get(partner)
        if one is None:
            one = found[partner] = Exclusion(partner=partner, codes=[], texts=[])
        one.codes.append(code)
        one.texts.append(text)
    return list(found.values())


def newest_open_lead(services: Services) -> str | None:
    """Return the external id of the newest lead that waits for a partner."""
    leads = open_leads(services.intelligence)
    return str(leads.sort_values("created_at")["external_id"].iloc[-1]) if len(leads) else None


def churn_risk(
    services: Services,
    as_of: datetime | None,
    horizon_days: int | None,
    filters: Filters,
    limit: int,
    *,
    min_p: float = 0.0,
    portfolio: frozenset[str] | None = None,
    start: int = 0,
) -> ChurnRiskList:
    """List partners by what is at risk, from the `start`-th on, of a `portfolio` only for whom is confined to it.

    The newest stored scores answer when no `as_of` is given.
    """
    horizon = horizon_days or services.settings.churn_horizons_days[-1]
    stored = _stored(services, ModelName.CHURN, horizon) if as_of is None else []
    instant = as_of or (stored[0]["as_of"] if stored else services.clock())
    rows = _in_our_language(services, stored) or _explained(churn_scores(services.intelligence, instant, horizon))
    chosen = _filtered(services, as_of, rows, filters, "p_inactive", min_p, portfolio)
    chosen.sort(key=lambda row: (-(row["revenue_at_risk"] or 0), -row["p_inactive"], row["partner"]))
    listed = chosen[start : start + limit]
    history = services.intelligence.history(as_of)
    facts = _records(facts_of(history, services.settings, [row["partner"] for row in listed], instant))
    items = [
        ChurnRisk.model_validate(row | {"reasons": _listed(row, "reason"), "facts": known})
        for row, known in zip(listed, facts, strict=True)
    ]
    mean = sum(item.p_inactive for item in items) / len(items) if items else None
    revenue = sum(item.revenue_at_risk or 0 for item in items)
    return ChurnRiskList(
        as_of=instant, horizon_days=horizon, expected_precision=mean, revenue_at_risk=round(revenue, 2), items=items
    )


def _in_our_language(services: Services, stored: list[Row]) -> list[Row]:
    """Return stored scores, or none where the caller reads another language than the one they were written in."""
    return stored if spoken().code == services.settings.language else []


def prospect_ranking(
    services: Services, as_of: datetime | None, filters: Filters, limit: int, *, min_p: float = 0.0, start: int = 0
) -> ProspectRanking:
    """Rank prospects from the `start`-th on; the newest stored scores answer when no `as_of` is given."""
    stored = _stored(services, ModelName.FIT, services.settings.fit_horizon_days) if as_of is None else []
    instant = as_of or (stored[0]["as_of"] if stored else services.clock())
    rows = _in_our_language(services, stored) or _explained(fit_scores(services.intelligence, instant))
    chosen = _filtered(services, as_of, rows, filters, "p_productive", min_p)
    chosen.sort(key=lambda row: (-row["p_productive"], row["partner"]))
    listed = chosen[start : start + limit]
    standing = standings(services.intelligence, [row["partner"] for row in listed], instant)
    return ProspectRanking(
        as_of=instant, items=[_fit_score(row, added) for row, added in zip(listed, standing, strict=True)]
    )


def fit_company_score(services: Services, company: Row, as_of: datetime | None) -> FitScore:
    """Score a company that is not in the store."""
    instant = as_of or services.clock()
    row = _explained(fit_company(services.intelligence, company, instant))[0]
    standing = company_standing(services.intelligence, company, instant)
    return _fit_score(row | {"partner": None, "name": company.get("name")}, standing)


def _fit_score(row: Row, standing: Standing) -> FitScore:
    fills = [{"dimension": gap.dimension, "value": gap.value} for gap in standing.gaps]
    more = {"reach": standing.reach, "fills": fills}
    return FitScore.model_validate(row | more | {"reasons": _listed(row, "reason"), "similar": _listed(row, "similar")})


def white_space_rows(
    services: Services, as_of: datetime | None, dimension: Dimension | None, limit: int, *, gaps_only: bool
) -> WhiteSpace:
    """List demand and coverage by country, region, industry and product."""
    instant = as_of or services.clock()
    frame = white_space(services.intelligence, instant, dimension=dimension, gaps_only=gaps_only)
    rows = _records(frame.head(limit))
    return WhiteSpace(as_of=instant, items=[WhiteSpaceRow.model_validate(row) for row in rows])


def recommendations(
    services: Services, partner: str, kind: str | None, limit: int, as_of: datetime | None, order: str = "engagement"
) -> RecommendationList:
    """Recommend content and offers to one partner."""
    instant = as_of or services.clock()
    frame = recommend(services.intelligence, kind, [partner], top=limit, as_of=as_of, order=order, detail=True)
    items = [Recommendation.model_validate(row) for row in _records(frame)]
    notes = notes_on(order, frame)
    return RecommendationList(partner=partner, as_of=instant, items=items[:limit], notes=notes)


def partner_names(services: Services) -> dict[str, str]:
    """Return names by external id of all partners."""
    partners = services.intelligence.history().partners
    return dict(zip(partners["external_id"], partners["name"], strict=True))


def item_titles(services: Services) -> dict[tuple[str, str], str]:
    """Return titles by (kind, external id) of all assets and offers."""
    history = services.intelligence.history()
    return {
        (kind, str(row.external_id)): str(row.title)
        for kind, frame in (("asset", history.assets), ("offer", history.offers))
        for row in frame[["external_id", "title"]].itertuples(index=False)
    }


def _explained(scores: ChurnScores | FitScores) -> list[Row]:
    """Return scored rows, each with its base and factors."""
    explanation = scores.explanation
    if explanation is None:
        return []
    return [
        row | {"base": float(explanation.base[position]), "factors": explanation.factors(position, limit=_FACTORS)}
        for position, row in enumerate(_records(scores.frame))
    ]


def _stored(services: Services, model: str, horizon_days: int) -> list[Row]:
    """Return the newest stored scoring run, if there is one, as rows of its output."""
    with services.unit_of_work(SYSTEM, read_only=True) as work:
        found = list(work.scores.latest(model, horizon_days, until=services.clock()).values())
    newest = max((score.as_of for score in found), default=None)
    return [score.details | {"as_of": score.as_of} for score in found if score.as_of == newest]


def _filtered(
    services: Services,
    as_of: datetime | None,
    rows: Iterable[Row],
    filters: Filters,
    p: str,
    min_p: float,
    portfolio: frozenset[str] | None = None,
) -> list[Row]:
    """Return the rows that pass, each with the partner's name."""
    history = services.intelligence.history(as_of)
    programs = dict(zip(history.programs["id"], history.programs["external_id"], strict=True))
    partners = history.partners.assign(program=history.partners["program_id"].map(programs))
    known = partners.set_index("external_id")[["name", "program", "tier", "country", "kind", "account_manager"]]
    profiles = known.to_dict("index")
    wanted = {name: value for name, value in filters.items() if value is not None}
    return [
        row | {"name": str(profiles[row["partner"]]["name"])}
        for row in rows
        if row["partner"] in profiles
        and row[p] >= min_p
        and all(profiles[row["partner"]][name] == value for name, value in wanted.items())
        and is_managed(profiles[row["partner"]]["account_manager"], portfolio)
    ]


def _version(services: Services, name: ModelName, as_of: datetime) -> str:
    version = services.intelligence.registry.serving(name, as_of)
    return version.label if version is not None else BASELINE


def _listed(row: Row, prefix: str) -> list[str]:
    return [str(row[f"{prefix}_{k}"]) for k in (1, 2, 3) if row.get(f"{prefix}_{k}")]


def _named(factor: Row) -> Row:
    return {"sentence": factor["text"]} | factor


def _records(frame: pd.DataFrame) -> list[Row]:
    """Return a frame as rows with None for missing."""
    plain = frame.astype(object).where(frame.notna(), None)
    return [{str(name): value for name, value in row.items()} for row in plain.to_dict("records")]
