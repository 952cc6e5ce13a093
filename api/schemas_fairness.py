"""Payloads of fairness: who gets the leads, and where a partner stands for them."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from intelligence.matching.fairness_report import FairnessReport


class _Told(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class RateAnswer(_Told):
    """A share of cases with an exact 80 % interval; null of no case."""

    value: float | None
    low: float | None
    high: float | None
    n: int


class ComparedAnswer(_Told):
    """First offers beside those that lots among the eligible partners would have given."""

    observed: int = Field(description="first offers among the leads compared")
    expected: float = Field(description="each lead gives every eligible partner 1 / number eligible")
    share: float | None
    eligible_share: float | None
    ratio: float | None = Field(description="observed / expected; null where nothing was to be expected")
    low: float | None = Field(description="80 % interval of the ratio")
    high: float | None


class GroupShareAnswer(_Told):
    """What a group of partners got."""

    group: str | None = Field(description="null: of whom it is not known")
    partners: int = Field(description="active ones at the end of the window")
    first_offers: int
    offers: int
    accepted: int
    wins: int = Field(description="accepted and won by the partner within the match horizon")
    win_rate: RateAnswer = Field(description="of offers made at least a horizon ago")
    expected_wins: float | None = Field(description="sum of the p_win that came with these, where a match gave one")
    expected_of: int = Field(description="offers behind expected_wins")
    wins_of: int = Field(description="those of them that were won")
    compared: ComparedAnswer


class FlagAnswer(_Told):
    """A group whose share surely lies beyond a limit."""

    by: str
    group: str | None
    kind: str = Field(description="four_fifths: ratio below 0.8; least, most: share beyond a limit of a policy")
    policy: str | None
    value: float
    low: float = Field(description="95 % interval, for all groups that are judged together")
    high: float
    bound: float
    n: int
    text: str


class SpreadAnswer(_Told):
    """How unevenly first offers are spread over partners."""

    partners: int
    gini: float | None = Field(description="0: all the same, towards 1: all to one")
    top_share: float | None = Field(description="share of the tenth of partners that got most")
    eligible_gini: float | None = Field(description="what rules and territories alone bring about")


class FairnessAnswer(_Told):
    """Shares of leads by group, over the first offers in a window."""

    since: datetime
    until: datetime
    as_of: datetime = Field(description="outcomes are as known then")
    by: str
    leads: int = Field(description="first offered in the window")
    compared: int = Field(description="of these those whose eligibility was worked out: at most 2,000, evenly spread")
    nobody_eligible: int = Field(description="leads left out, because nobody is eligible by the rules of today")
    not_eligible: int = Field(description="leads compared whose partner is not eligible by the rules of today")
    groups: list[GroupShareAnswer]
    groups_left_out: int
    newcomers: RateAnswer = Field(description="win rate of offers to newcomers")
    others: RateAnswer
    spread: SpreadAnswer
    flags: list[FlagAnswer]

    @classmethod
    def of(cls, report: FairnessReport, limit: int) -> "FairnessAnswer":
        """Return a report as payload, its first groups only."""
        told = {name: getattr(report, name) for name in cls.model_fields if name != "groups_left_out"}
        told |= {"groups": report.groups[:limit], "groups_left_out": max(len(report.groups) - limit, 0)}
        return cls.model_validate(told)


class FactorAnswer(_Told):
    """What of the partner spoke for or against it."""

    name: str
    direction: str = Field(description="for or against")
    text: str
    contribution: float | None = Field(description="on the log-odds scale; null for partners")


class ImprovementAnswer(_Told):
    """A change of the partner's own, and what it would have made of its place."""

    change: str = Field(description="certification, language, industry, response_time, acceptance or open_leads")
    what: str = Field(description="what of the lead it is about: a product, an industry; empty for none")
    rank: int | None
    p_win: float | None = Field(description="null for partners")
    text: str


class RefusalAnswer(_Told):
    """A rule that spoke against the partner."""

    code: str
    text: str


class LeadStandingAnswer(_Told):
    """Where a partner stood in the match that its offer came of."""

    assignment: int
    lead: str
    partner: str
    match_id: str | None = Field(description="null: the lead was offered without a ranking")
    as_of: datetime | None
    model_version: str | None
    rank: int | None = Field(description="null for a partner among fewer than three, or one that is not listed")
    ranked: int | None = Field(description="partners listed")
    text: str
    refusals: list[RefusalAnswer] = Field(description="why it was not eligible, where a person offered it all the same")
    factors: list[FactorAnswer]
    improvements: list[ImprovementAnswer] = Field(description="the best first; only what raises the chance")
    p_win: float | None = Field(description="null for partners")
    low: float | None
    high: float | None


class ExclusionAnswer(_Told):
    """A rule that kept leads from the partner."""

    code: str
    text: str
    leads: int
    alone: int = Field(description="leads for which it was the only reason")
    own: bool = Field(description="whether the partner can do something about it")
    advice: str


class ChanceAnswer(_Told):
    """A change of the partner's own, and what it would have made of its places."""

    change: str
    what: str
    better: int = Field(description="leads for which its chance would have been better")
    first_more: int = Field(description="leads for which it would have been first, and was not")
    of: int
    text: str


class PartnerStandingAnswer(_Told):
    """How a partner fared in the matches of a period: at most the newest 500; of a lead its first match counts."""

    partner: str
    since: datetime
    until: datetime
    considered: int
    ranked: int = Field(description="leads for which it was listed")
    excluded: int
    first: int = Field(description="leads for which it was listed first")
    median_rank: float | None = Field(
        description="null where it was not listed; for a partner of lists of three and more"
    )
    exclusions: list[ExclusionAnswer]
    chances: list[ChanceAnswer]
