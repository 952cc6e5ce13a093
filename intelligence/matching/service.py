"""Match leads with the partners most likely to close them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from domain.routing import Policies
from intelligence.matching.answers import Answer, KeptOut, exclusions, kept_out, no_candidates, outputs, told
from intelligence.matching.decision import Decision, decide, width
from intelligence.matching.matcher import Matcher, Question, Ranking
from intelligence.matching.prices import pricing_of
from intelligence.matching.questions import Instant, check, questions

if TYPE_CHECKING:
    from intelligence.context import Intelligence


@dataclass(eq=False)
class MatchResult:
    """Ranked partners, and who was excluded why.

    Parameters
    ----------
    candidates : DataFrame
        `answers.COLUMNS`; leads in the order asked, best partner first.
    details : list of dict
        One per row of `candidates` if asked for: ``base``, ``factors`` (name, value, contribution, text),
        ``similar_wins`` (deal, text), ``features``, ``propensity``.
    decisions : list of Decision
        With details: who is shown first, with what probability, by which policy; one per lead that has candidates.
    """

    candidates: pd.DataFrame
    details: list[dict[str, Any]] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    _exclude: Callable[[], pd.DataFrame] | None = None

    @cached_property
    def exclusions(self) -> pd.DataFrame:
        """lead, partner, code, text: one row per lead, partner and rule; computed when first asked for."""
        return exclusions(()) if self._exclude is None else self._exclude()


@dataclass(frozen=True, eq=False)
class Matched:
    """The answer for one lead, in plain values.

    Parameters
    ----------
    rows : list of dict
        The candidates, by the names of `answers.COLUMNS`; None for what is not known.
    details : list of dict
        As of `MatchResult`.
    decision : Decision or None
        Who is shown first; None where nobody is eligible.
    kept_out : list of KeptOut
        Everybody else but those who rank below.
    """

    rows: list[dict[str, Any]]
    details: list[dict[str, Any]]
    decision: Decision | None
    kept_out: list[KeptOut]


def match_lead(
    context: "Intelligence",
    lead: str | Mapping[str, Any],
    as_of: datetime,
    top: int = 10,
    by: str | None = "p_win",
    *,
    key: str | None = None,
) -> Matched:
    """Do as `match_leads` for one lead, with details, and without frames: on the way of a routing system.

    Parameters and errors as of `match_leads`.
    """
    check(top, by)
    ((matcher, question),) = questions(context, [lead], as_of)
    ranking, decisions = _decided(context, matcher, question, as_of, top, by, key)
    columns, details = told(Answer(matcher, question, ranking), details=True)
    plain = [[None if value != value else value for value in column] for column in columns.values()]  # noqa: PLR0124
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*plain, strict=True)]
    return Matched(rows, details, next(iter(decisions), None), kept_out(matcher, question))


def _decided(
    context: "Intelligence",
    matcher: Matcher,
    question: Question,
    as_of: Instant,
    top: int,
    by: str | None,
    key: str | None,
) -> tuple[Ranking, list[Decision]]:
    pricing = None if as_of == "created_at" else pricing_of(context, matcher.policies, context.instant(as_of))
    return decide(matcher, question, matcher.rank(question, width(matcher, top, key), by, pricing=pricing), top, key)


def match_leads(
    context: "Intelligence",
    leads: Any,
    as_of: Instant = None,
    top: int = 10,
    by: str | None = "p_win",
    *,
    details: bool = False,
    policies: Policies | None = None,
    key: str | None = None,
) -> MatchResult:
    """Rank the eligible partners for each lead.

    Parameters
    ----------
    context : Intelligence
        Store, models, settings.
    leads : DataFrame, sequence of mappings, or sequence of external ids
        Columns of the leads resource; leads need not be in the store.
    as_of : datetime or "created_at", optional
        Nothing recorded later is used; ``created_at``: each lead's own instant, the present for a lead
        that has none. Default: now.
    top : int, default=10
        Partners per lead.
    by : {"p_win", "value"}, optional
        Value is p_win times the expected amount times the margin. None: the objective of each lead's policy.
    details : bool, default=False
        Whether to give factors, similar wins and feature values.
    policies : Policies, optional
        Default: those in force.
    key : str, optional
        For decisions to be acted on: the policies explore, and each draw follows from the key, the lead and its policy,
        so that the same again draws the same. None: the best first, whatever a policy says.

    Raises
    ------
    InvalidInput
        If an argument is wrong.
    UnknownReference
        If a lead given by id is not in the store.
    """
    check(top, by)
    found, decisions = [], []
    for matcher, question in questions(context, leads, as_of, policies):
        pricing = None if as_of == "created_at" else pricing_of(context, matcher.policies, context.instant(as_of))
        ranking = matcher.rank(question, width(matcher, top, key), by, pricing=pricing)
        if details or key is not None:
            ranking, made = decide(matcher, question, ranking, top, key)
            decisions += made
        found.append(Answer(matcher, question, ranking))
    return replace(result_of(found, details=details), decisions=decisions)


def open_leads(context: "Intelligence", as_of: Instant = None) -> pd.DataFrame:
    """Leads that wait for a partner: no deal yet, and no offer that is waiting or accepted.

    A lead that was turned down, and that nobody has been offered for as long as an offer takes to be won, waits no
    more.

    Returns
    -------
    DataFrame
        Rows of ``history.leads``.
    """
    history = context.history(None if as_of == "created_at" else as_of)
    taken = history.assignments["response"]
    busy = history.assignments.loc[taken.isna() | (taken == "accepted"), "lead_id"]
    worked = history.deals.loc[
        history.deals["outcome"].notna() | ~history.deals["status"].isin(["rejected", "expired"])
    ]
    gone = history.until - np.timedelta64(context.settings.match_horizon_days, "D")
    last = history.assignments.groupby("lead_id")[["offered_at", "responded_at"]].max().max(axis=1)
    given_up = last.index[(last < gone).to_numpy(bool)]
    closed = pd.Index(busy).append([pd.Index(worked["lead_id"]), given_up])
    return history.leads[~history.leads["id"].isin(closed)]


def result_of(answers: Sequence[Answer], *, details: bool) -> MatchResult:
    """Return answers as promised columns, in the order given."""
    frames, more = [], []
    for answer in answers:
        frame, extra = outputs(answer, details=details)
        frames.append(frame)
        more += extra
    filled = [frame for frame in frames if len(frame)]
    candidates = pd.concat(filled, ignore_index=True) if filled else no_candidates()
    return MatchResult(candidates, more, _exclude=lambda: exclusions(answers))
