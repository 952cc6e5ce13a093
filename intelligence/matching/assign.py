"""Whole lists of leads given to partners under capacity."""

from typing import TYPE_CHECKING, Any

import numpy as np

from intelligence.matching.answers import Answer
from intelligence.matching.assignment import allocate
from intelligence.matching.matcher import Matcher, Question, Ranking
from intelligence.matching.questions import Instant, check, questions
from intelligence.matching.service import MatchResult, result_of

if TYPE_CHECKING:
    from intelligence.context import Intelligence


def assign_leads(
    context: "Intelligence", leads: Any, as_of: Instant = None, top: int = 10, by: str = "p_win"
) -> MatchResult:
    """Give each lead to one partner so that the whole list is worth most, within the partners' capacity.

    Parameters as for `match_leads`; `top` has no meaning here, and ``created_at`` as `as_of` counts as now: a list is
    distributed at one instant. A lead for which nobody has room is missing from the candidates.
    """
    check(top, by)
    instant = None if as_of == "created_at" else as_of
    found = []
    for matcher, question in questions(context, leads, instant):
        wide = matcher.rank(question, matcher.candidates, by)
        found.append(Answer(matcher, question, _assigned(matcher, question, wide, by)))
    return result_of(found, details=False)


def _assigned(matcher: Matcher, question: Question, wide: Ranking, by: str) -> Ranking:
    rows = wide.rows
    if not len(rows):
        return wide
    value = rows["p_win"].to_numpy(np.float64)
    if by == "value":
        value = value * rows["expected_amount"].fillna(1.0).to_numpy(np.float64)
    partners, column = np.unique(rows["partner"].to_numpy(np.int64), return_inverse=True)
    table = np.full((len(question.names), len(partners)), np.nan)
    table[rows["question"].to_numpy(np.int64), column] = value
    given = allocate(table, matcher.room(int(question.at_us.max()))[partners]).given
    mine = given[rows["question"].to_numpy(np.int64)] == column
    chosen = rows[mine].assign(rank=1)
    return Ranking(chosen.reset_index(drop=True), wide.features[mine].reset_index(drop=True))
