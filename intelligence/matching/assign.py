"""Whole lists of leads given to partners under capacity and limits of shares, exactly."""

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from domain.routing import Objective, Policies, Rule
from intelligence.matching.answers import Answer
from intelligence.matching.assignment import allocate_pairs
from intelligence.matching.list_limits import limits_of, policies_of
from intelligence.matching.list_report import ListReport, report_of
from intelligence.matching.matcher import Matcher, Question, Ranking
from intelligence.matching.programming import Pairs
from intelligence.matching.questions import Instant, check, questions
from intelligence.matching.service import MatchResult, result_of

if TYPE_CHECKING:
    from intelligence.context import Intelligence

Floats = npt.NDArray[np.float64]
Worths = Callable[[Matcher, Question, int], pd.DataFrame]
"""Gives what `Matcher.worths` does."""

_MOST_PAIRS = 2_000_000
"""Pairs that are worked out for a list; where there are more, each lead looks at its likeliest partners only."""


@dataclass(eq=False)
class ListResult(MatchResult):
    """A list given to partners: one row per lead that has one, and the report."""

    report: ListReport = field(default_factory=ListReport)


def assign_leads(
    context: "Intelligence",
    leads: Any,
    as_of: Instant = None,
    by: str | None = None,
    *,
    policies: Policies | None = None,
    worths: Worths | None = None,
) -> ListResult:
    """Give each lead to one partner so that the whole list is worth most, within capacity and limits of shares.

    Parameters
    ----------
    context : Intelligence
        Store, models, settings.
    leads : DataFrame, sequence of mappings, or sequence of external ids
        As for `match_leads`.
    as_of : datetime, optional
        Nothing recorded later is used. Default, and ``created_at``: now, a list is given at one instant.
    by : {"p_win", "value"}, optional
        What is made the largest in total. Default: the objective of the leads' policy; p_win where policies differ.
    policies : Policies, optional
        Rules, limits and newcomers. Default: those in force. Limits of a policy hold among its leads; capacity is
        shared by all.
    worths : callable, optional
        Works out what pairs count for; by default the matcher does, elsewhere `batch.worths_in_pieces`.

    Returns
    -------
    ListResult
        A lead for which there is nobody is missing from the candidates; the report says why.

    Raises
    ------
    InvalidInput
        If an argument is wrong.
    UnknownReference
        If a lead given by id is not in the store.
    """
    check(1, by)
    instant = None if as_of == "created_at" else as_of
    for matcher, question in questions(context, leads, instant, policies):  # one, as there is one instant
        ranking, report = _assigned(matcher, question, by, worths)
        result = result_of([Answer(matcher, question, ranking)], details=False)
        told = {one.name: getattr(result, one.name) for one in fields(result)}
        return ListResult(**told, report=report)
    return ListResult(result_of([], details=False).candidates)


def _assigned(
    matcher: Matcher, question: Question, by: str | None, worths: Worths | None
) -> tuple[Ranking, ListReport]:
    n_leads, n_partners = len(question.names), len(matcher.world.partner_ids)
    at_us = int(question.at_us.max())
    policies = policies_of(matcher, question)
    by = by or _objective({policy.objective for policy, _ in policies})
    most = max(_MOST_PAIRS // n_leads, matcher.candidates)
    table = matcher.worths(question, most) if worths is None else worths(matcher, question, most)
    lead, partner = (table[name].to_numpy(np.int64) for name in ("question", "partner"))
    pairs = Pairs(lead, partner, _worth(table, by), n_leads, n_partners)
    limits = limits_of(matcher, policies, at_us)
    free = [leads for policy, leads in policies if not policy.setting(Rule.AT_CAPACITY).enforced]
    uncapped = np.any(free, axis=0) if free else None
    found = allocate_pairs(pairs, matcher.room(at_us), [one.limit for one in limits], uncapped=uncapped)
    report = report_of(matcher, question, by, pairs, found, limits)
    chosen = [np.array([one]) if one >= 0 else np.zeros(0, np.int64) for one in found.given.tolist()]
    ranking = matcher.rank(question, 1, by, chosen)
    if not len(ranking):
        return ranking, report
    # Over the next best of all, of which the ranking of the chosen alone knows nothing.
    lift = table.loc[found.given[lead] == partner, ["question", "lift"]].set_index("question")["lift"]
    lifts = lift.reindex(ranking.pairs["question"]).to_numpy(np.float64)
    return Ranking(ranking.pairs | {"lift": lifts}, ranking.features), report


def _objective(wanted: set[Objective]) -> str:
    """Return the one objective, wins where several are wanted: chances and amounts do not add up."""
    return str(wanted.pop()) if len(wanted) == 1 else str(Objective.P_WIN)


def _worth(table: pd.DataFrame, by: str) -> Floats:
    """Return what pairs count for, in one unit for all leads.

    Of a lead with a partner for whom no amount is known, chances count, at what a chance is worth elsewhere.
    """
    p_win = table["p_win"].to_numpy(np.float64)
    value = table["value"].to_numpy(np.float64)
    if by == Objective.P_WIN or np.isnan(value).all():
        return p_win
    unknown = table["value"].isna().groupby(table["question"]).transform("any").to_numpy(bool)
    with np.errstate(divide="ignore", invalid="ignore"):
        of_chance = value / p_win
    known = of_chance[np.isfinite(of_chance)]
    return np.where(unknown, p_win * (float(np.median(known)) if len(known) else 1.0), value)
