"""How partners answer offered leads, what they have said and promised."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from intelligence.features.partner_times import instants, is_word, numbers, references
from intelligence.features.registry import Feature, Group, register, static
from intelligence.features.timeline import DAY_US, FloatArray, TimeArray, Timeline
from intelligence.features.work import Work

_HOUR = np.timedelta64(3_600_000_000, "us")
_DAY = np.timedelta64(DAY_US, "us")

_LEADS = (
    Feature(
        "offered_90", "Leads offered in the last 90 days", "{offered_90:#lead} offered in 90 days", topic="offered"
    ),
    Feature(
        "offered_365", "Leads offered in the last 365 days", "{offered_365:#lead} offered in a year", topic="offered"
    ),
    Feature(
        "accepted_365",
        "Leads accepted in the last 365 days",
        "{accepted_365:#lead} accepted in a year",
        topic="answers",
    ),
    Feature(
        "declined_365",
        "Leads declined in the last 365 days",
        "{declined_365:#lead} declined in a year",
        topic="answers",
    ),
    Feature(
        "accept_rate",
        "Accepted of accepted and declined leads, shrunk to one in two",
        "{accept_rate:pct} of offered leads accepted (shrunk)",
        topic="answers",
    ),
    Feature("unanswered", "Leads offered so far and not answered", "{unanswered:#offered lead} not answered"),
    Feature(
        "response_hours", "Mean hours to answer an offered lead", "Answers offered leads in {response_hours:n} hours"
    ),
)


def _compute_leads(work: Work) -> Mapping[str, Any]:
    rows = work.history.assignments
    partner, offered = references(rows, "partner_id"), instants(rows, "offered_at")
    answered = np.maximum(instants(rows, "responded_at"), offered)
    hours = np.asarray((answered - offered) / _HOUR, dtype=np.float64)
    answers = Timeline(partner, answered, values={"hours": hours}).at(work.ids, work.as_of)
    accepted, declined = (
        _only(partner, answered, is_word(rows, "response", word)).at(work.ids, work.as_of)
        for word in ("accepted", "declined")
    )
    offers = Timeline(partner, offered).at(work.ids, work.as_of)
    yes, no = accepted.count(365), declined.count(365)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean_hours = np.where(answers.count() > 0, answers.sum("hours") / answers.count(), np.nan)
    return {
        "offered_90": offers.count(90),
        "offered_365": offers.count(365),
        "accepted_365": yes,
        "declined_365": no,
        "accept_rate": (yes + 1.0) / (yes + no + 2.0),
        "unanswered": np.maximum(offers.count() - answers.count(), 0.0),
        "response_hours": mean_hours,
    }


def _only(partner: Any, when: TimeArray, rows: Any) -> Timeline:
    return Timeline(partner[rows], when[rows])


register(Group("leads_offered", static(*_LEADS), _compute_leads))

_VOICE = (
    Feature(
        "feedback_last", "Score of the latest feedback", "Latest feedback score {feedback_last:n}", topic="feedback"
    ),
    Feature(
        "feedback_mean",
        "Mean feedback score over 365 days",
        "Mean feedback score {feedback_mean:n} over a year",
        topic="feedback",
    ),
    Feature("goals_current", "Goals whose period holds", "{goals_current:#goal} in their period", topic="goals"),
    Feature(
        "goal_attainment",
        "Amount won in the goals' periods over the money targets set, weighted by time gone",
        "Goals met to {goal_attainment:pct} for the time gone",
        topic="goals",
    ),
)


def _compute_voice(work: Work) -> Mapping[str, Any]:
    rows = work.history.feedback
    score = numbers(rows, "score")
    scored = ~np.isnan(score)
    line = Timeline(
        references(rows, "partner_id")[scored], instants(rows, "submitted_at")[scored], values={"score": score[scored]}
    ).at(work.ids, work.as_of)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(line.count(365) > 0, line.sum("score", 365) / line.count(365), np.nan)
    current, attained = _goals(work)
    return {
        "feedback_last": line.value("score"),
        "feedback_mean": mean,
        "goals_current": current,
        "goal_attainment": attained,
    }


def _goals(work: Work) -> tuple[FloatArray, FloatArray]:
    goals = work.history.goals
    n = len(work.ids)
    spans = pd.DataFrame(
        {
            "partner": references(goals, "partner_id"),
            "start": instants(goals, "period_start"),
            "end": instants(goals, "period_end") + _DAY,
            "target": numbers(goals, "target"),
            "money": goals["metric"].str.contains("revenue|amount|sales|turnover|value", case=False, na=False),
        }
    )
    rows = pd.DataFrame({"partner": work.ids, "as_of": work.as_of, "row": np.arange(n)})
    pairs = rows.merge(spans, on="partner")
    pairs = pairs[(pairs["start"] <= pairs["as_of"]) & (pairs["as_of"] < pairs["end"])]
    current = np.bincount(pairs["row"], minlength=n).astype(np.float64)
    pairs = pairs[pairs["money"] & (pairs["target"] > 0)]
    won = work.times.won.at(pairs["partner"].to_numpy(), pairs["as_of"].to_numpy())
    share_gone = (pairs["as_of"] - pairs["start"]) / (pairs["end"] - pairs["start"])
    due = pairs["target"].to_numpy() * np.maximum(share_gone.to_numpy(float), 0.05)
    reached = won.sum("amount", since=pairs["start"].to_numpy()) / due
    mean = pd.Series(reached).groupby(pairs["row"].to_numpy()).mean()
    return current, mean.reindex(pd.RangeIndex(n)).to_numpy(float)


register(Group("voice", static(*_VOICE), _compute_voice))
