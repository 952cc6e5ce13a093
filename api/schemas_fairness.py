"""Payloads of fairness: who gets the leads, beside who might have got them."""

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
