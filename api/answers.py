"""The four answers in the shape of the API: services called once, their frames turned into payloads."""

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from pydantic import TypeAdapter

from api.dependencies import Services, utc
from api.match_body import as_json, candidate_of, written
from api.newer_leads import newer_lead
from api.schemas_matching import MatchAnswer, MatchReplay, MatchRequest, ReplayedNumbers
from api.schemas_scores import (
    ChurnRisk,
    ChurnRiskList,
    FitScore,
    ProspectRanking,
    Recommendation,
    RecommendationList,
    WhiteSpace,
    WhiteSpaceRow,
)
from domain.access import is_managed
from domain.context import SYSTEM
from domain.errors import InvalidInput, NotFound, UnknownReference
from domain.language import spoken
from domain.terms import RECRUITABLE, ModelName
from intelligence.context import BASELINE
from intelligence.matching.answers import KeptOut
from intelligence.matching.decision import Decision
from intelligence.matching.service import Matched, match_lead
from intelligence.recommend.service import recommend
from intelligence.recommend.worth import notes_on
from intelligence.replay import replay_match
from intelligence.scoring.churn import FACTS, ChurnScores, churn_scores
from intelligence.scoring.facts import facts_of
from intelligence.scoring.fit import STANDING, FitScores, fit_company, fit_scores
from intelligence.scoring.reasons import told
from intelligence.scoring.served import naive, plain_rows
from intelligence.scoring.white_space import Dimension, company_standing, standings, white_space
from store.match_runs import JsonText
from store.rankings import CHOICES, Choice, names_of, newest_run, ranked
from store.unit_of_work import UnitOfWork

Filters = Mapping[str, str | None]
Row = dict[str, Any]

_FACTORS = 12
_INSTANT = TypeAdapter(datetime)


@dataclass(frozen=True)
class Match:
    """A decision, with what has to be kept to replay it.

    Parameters
    ----------
    request : MatchRequest
        What was asked.
    response : mapping
        The answer but for those that were kept out.
    kept_out : sequence of KeptOut
        Those.
    features : list of mappings
        Feature values of the candidates, then of options that are not shown.
    decision : Decision or None
        Who is shown first, and how that came about.
    """

    request: MatchRequest
    response: Row
    kept_out: Sequence[KeptOut]
    features: list[Row]
    decision: Decision | None = None

    @cached_property
    def answer(self) -> MatchAnswer:
        """The answer as an object, for pages."""
        return MatchAnswer.model_validate_json(self.body)

    @property
    def body(self) -> bytes:
        """The answer as JSON."""
        return self._written[0]

    @property
    def stored(self) -> JsonText:
        """What is kept of the answer: `store.match_runs.as_answered` reads it."""
        return JsonText(self._written[1])

    @cached_property
    def _written(self) -> tuple[bytes, str]:
        return written(self.response, self.kept_out)

    def keep(self, work: UnitOfWork) -> str:
        """Store the decision in `work` and return its id."""
        lead = self.request.lead_id
        return work.match_runs.put(
            id=self.response["match_id"],
            as_of=self.as_of,
            created_by=work.actor.name,
            lead_id=None if lead is None else work.repository("leads").get(lead)["id"],
            model_version=self.response["model_version"],
            request=self.request.model_dump(mode="json", exclude_unset=True),
            response=self.stored,
            features=JsonText(as_json(self.features)),
            decision=None if self.decision is None else self.decision.as_json(),
        )

    @property
    def as_of(self) -> datetime:
        """The instant of the answer."""
        return datetime.fromisoformat(self.response["as_of"])


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
    if (request.lead is None) == (request.lead_id is None):
        raise InvalidInput("give either 'lead' with its fields or 'lead_id'", field="lead")
    match_id = uuid.uuid4().hex
    # A lead of the store draws the same whenever it is asked about; any other is a new one each time.
    key = None if not request.explore else "" if request.lead_id is not None else match_id
    result = _matched(services, request, as_of, key)
    rows, decision = result.rows, result.decision
    response = {
        "match_id": match_id,
        "as_of": _INSTANT.dump_python(as_of, mode="json"),
        "model_version": rows[0]["model_version"] if rows else _version(services, ModelName.MATCH, as_of),
        "candidates": [candidate_of(row, details) for row, details in zip(rows, result.details, strict=True)],
        "policy": None if decision is None else decision.policy_used,
        "explored": decision is not None and decision.explored,
    }
    features = [details["features"] for details in result.details]
    left_out = [] if decision is None else decision.left_out
    return Match(request, response, result.kept_out, features + left_out, decision)


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


def _matched(services: Services, request: MatchRequest, as_of: datetime, key: str | None) -> Matched:
    if request.lead is not None:
        lead = request.lead.model_dump(exclude_unset=True)
        return match_lead(services.intelligence, lead, as_of, request.limit, request.by, key=key)
    try:
        return match_lead(services.intelligence, str(request.lead_id), as_of, request.limit, request.by, key=key)
    except UnknownReference as error:
        if request.as_of is None:  # it may have come after this process last read the store
            lead = newer_lead(services, str(request.lead_id))
            return match_lead(services.intelligence, lead, as_of, request.limit, request.by, key=key)
        told = f"no lead {request.lead_id!r} as of {as_of.isoformat()}"
        raise NotFound(told, lead_id=request.lead_id) from error


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

    The newest stored scores answer when no `as_of` is given. Filters: ``program`` and `store.rankings.CHOICES`; None
    for all.
    """
    horizon = horizon_days or services.settings.churn_horizons_days[-1]
    choice = Choice(_wanted(filters), min_p, portfolio)
    found = _stored(services, ModelName.CHURN, horizon, choice, start, limit) if as_of is None else None
    if found is None:
        instant = as_of or services.clock()
        rows = _explained(churn_scores(services.intelligence, instant, horizon))
        chosen = _filtered(services, as_of, rows, choice, "p_inactive")
        chosen.sort(key=lambda row: (-(row["revenue_at_risk"] or 0), -row["p_inactive"], row["partner"]))
        found = _Rows(instant, chosen[start : start + limit])
    items = [
        ChurnRisk.model_validate(row | {"reasons": _listed(row, "reason")})
        for row in _with_facts(services, as_of, found)
    ]
    mean = sum(item.p_inactive for item in items) / len(items) if items else None
    revenue = sum(item.revenue_at_risk or 0 for item in items)
    return ChurnRiskList(
        as_of=found.as_of, horizon_days=horizon, expected_precision=mean, revenue_at_risk=round(revenue, 2), items=items
    )


def _with_facts(services: Services, as_of: datetime | None, found: "_Rows") -> list[Row]:
    """Return rows with the facts of each, which those scored of late have with them."""
    lacking = [row["partner"] for row in found.rows if FACTS not in row]
    if not lacking:
        return found.rows
    frame = facts_of(services.intelligence.history(as_of), services.settings, lacking, found.as_of)
    facts = dict(zip(lacking, plain_rows(frame), strict=True))
    return [row if FACTS in row else row | {FACTS: facts[row["partner"]]} for row in found.rows]


def prospect_ranking(
    services: Services,
    as_of: datetime | None,
    filters: Filters,
    limit: int,
    *,
    min_p: float = 0.0,
    portfolio: frozenset[str] | None = None,
    among: Collection[str] | None = None,
    start: int = 0,
) -> ProspectRanking:
    """Rank prospects from the `start`-th on; the newest stored scores answer when no `as_of` is given.

    Filters and portfolio as of `churn_risk`; `among`: only these external ids.
    """
    horizon = services.settings.fit_horizon_days
    # Of stored scores those count whose company still is a prospect; as of an instant that was looked at already.
    choice = Choice(_wanted(filters), min_p, portfolio, among, RECRUITABLE)
    found = _stored(services, ModelName.FIT, horizon, choice, start, limit) if as_of is None else None
    if found is None:
        instant = as_of or services.clock()
        rows = _explained(fit_scores(services.intelligence, instant))
        chosen = _filtered(services, as_of, rows, choice, "p_productive")
        chosen.sort(key=lambda row: (-row["p_productive"], row["partner"]))
        found = _Rows(instant, chosen[start : start + limit])
    listed = _with_standing(services, found)
    return ProspectRanking(as_of=found.as_of, items=[_fit_score(row, row[STANDING]) for row in listed])


def _with_standing(services: Services, found: "_Rows") -> list[Row]:
    """Return rows with reach and gaps of each, which those scored of late have with them."""
    lacking = [row["partner"] for row in found.rows if STANDING not in row]
    if not lacking:
        return found.rows
    added = dict(zip(lacking, standings(services.intelligence, lacking, found.as_of), strict=True))
    return [row if STANDING in row else row | {STANDING: added[row["partner"]].as_json()} for row in found.rows]


def fit_company_score(services: Services, company: Row, as_of: datetime | None) -> FitScore:
    """Score a company that is not in the store."""
    instant = as_of or services.clock()
    row = _explained(fit_company(services.intelligence, company, instant))[0]
    standing = company_standing(services.intelligence, company, instant)
    return _fit_score(row | {"partner": None, "name": company.get("name")}, standing.as_json())


def _fit_score(row: Row, standing: Row) -> FitScore:
    more = {"reasons": _listed(row, "reason"), "similar": _listed(row, "similar")}
    return FitScore.model_validate(row | standing | more)


def white_space_rows(
    services: Services, as_of: datetime | None, dimension: Dimension | None, limit: int, *, gaps_only: bool
) -> WhiteSpace:
    """List demand and coverage by country, region, industry and product."""
    instant = as_of or services.clock()
    frame = white_space(services.intelligence, instant, dimension=dimension, gaps_only=gaps_only)
    rows = plain_rows(frame.head(limit))
    return WhiteSpace(as_of=instant, items=[WhiteSpaceRow.model_validate(row) for row in rows])


def recommendations(
    services: Services, partner: str, kind: str | None, limit: int, as_of: datetime | None, order: str = "engagement"
) -> RecommendationList:
    """Recommend content and offers to one partner."""
    instant = as_of or services.clock()
    frame = recommend(services.intelligence, kind, [partner], top=limit, as_of=as_of, order=order, detail=True)
    items = [Recommendation.model_validate(row) for row in plain_rows(frame)]
    notes = notes_on(order, frame)
    return RecommendationList(partner=partner, as_of=instant, items=items[:limit], notes=notes)


def partner_names(services: Services, partners: Collection[str]) -> dict[str, str]:
    """Return names by external id of some partners; of those that are not there, none."""
    with services.unit_of_work(SYSTEM, read_only=True) as work:
        return names_of(work.connection, partners)


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
        for position, row in enumerate(plain_rows(scores.frame))
    ]


@dataclass(frozen=True)
class _Rows:
    """Scored rows of one instant."""

    as_of: datetime
    rows: list[Row]


def _stored(services: Services, model: str, horizon_days: int, choice: Choice, start: int, limit: int) -> _Rows | None:
    """Return rows of the newest stored scoring run, told in the reader's language; None where nothing is stored."""
    with services.unit_of_work(SYSTEM, read_only=True) as work:
        run = newest_run(work.connection, model, horizon_days, services.clock())
        if run is None:
            return None
        found = ranked(work.connection, run, choice, start, limit, by_stake=model == ModelName.CHURN)
    as_of, language = naive(run.as_of), spoken()
    known = [{"as_of": run.as_of, "partner": one.partner, "name": one.name} for one in found]
    return _Rows(run.as_of, [told(one.details, as_of, language) | more for one, more in zip(found, known, strict=True)])


def _wanted(filters: Filters) -> dict[str, str]:
    return {name: value for name, value in filters.items() if value is not None}


def _filtered(services: Services, as_of: datetime | None, rows: Iterable[Row], choice: Choice, p: str) -> list[Row]:
    """Return the rows that pass, each with the partner's name."""
    history = services.intelligence.history(as_of)
    programs = dict(zip(history.programs["id"], history.programs["external_id"], strict=True))
    partners = history.partners.assign(program=history.partners["program_id"].map(programs))
    known = partners.set_index("external_id")[["name", "program", *CHOICES]]
    profiles = known.to_dict("index")
    return [
        row | {"name": str(profiles[row["partner"]]["name"])}
        for row in rows
        if row["partner"] in profiles
        and row[p] >= choice.min_p
        and all(profiles[row["partner"]][name] == value for name, value in choice.filters.items())
        and is_managed(profiles[row["partner"]]["account_manager"], choice.portfolio)
        and (choice.among is None or row["partner"] in choice.among)
    ]


def _version(services: Services, name: ModelName, as_of: datetime) -> str:
    version = services.intelligence.registry.serving(name, as_of)
    return version.label if version is not None else BASELINE


def _listed(row: Row, prefix: str) -> list[str]:
    return [str(row[f"{prefix}_{k}"]) for k in (1, 2, 3) if row.get(f"{prefix}_{k}")]
