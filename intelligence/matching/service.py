"""Match leads with the partners most likely to close them."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt
import pandas as pd

from domain.errors import InvalidInput
from domain.terms import ModelName
from intelligence.context import BASELINE
from intelligence.features.pair_build import PairSpec
from intelligence.features.pair_events import positions
from intelligence.features.pair_world import PairWorld
from intelligence.matching.answers import Answer, exclusions, no_candidates, outputs
from intelligence.matching.assignment import solve
from intelligence.matching.baseline import BaselineRanker, baseline_world
from intelligence.matching.lead_input import read_leads
from intelligence.matching.matcher import Matcher, Question, Ranking

if TYPE_CHECKING:
    from intelligence.context import Intelligence
    from store.history import History

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Instant = datetime | Literal["created_at"] | None

_KEPT_MATCHERS = 4
_matchers: "WeakKeyDictionary[Intelligence, OrderedDict[tuple[int, str], tuple[object, Matcher]]]" = WeakKeyDictionary()


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
    """

    candidates: pd.DataFrame
    details: list[dict[str, Any]] = field(default_factory=list)
    _exclude: Callable[[], pd.DataFrame] | None = None

    @cached_property
    def exclusions(self) -> pd.DataFrame:
        """lead, partner, code, text: one row per lead, partner and rule; computed when first asked for."""
        return exclusions(()) if self._exclude is None else self._exclude()


def match_leads(
    context: "Intelligence",
    leads: Any,
    as_of: Instant = None,
    top: int = 10,
    by: str = "p_win",
    *,
    details: bool = False,
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
    by : {"p_win", "value"}
        Value is p_win times the expected amount.
    details : bool, default=False
        Whether to give factors, similar wins and feature values.

    Raises
    ------
    InvalidInput
        If an argument is wrong.
    UnknownReference
        If a lead given by id is not in the store.
    """
    _check(top, by)
    found = [
        Answer(matcher, question, matcher.rank(question, top, by))
        for matcher, question in _questions(context, leads, as_of)
    ]
    return _result(found, details=details)


def assign_leads(
    context: "Intelligence", leads: Any, as_of: Instant = None, top: int = 10, by: str = "p_win"
) -> MatchResult:
    """Give each lead to one partner so that the whole list is worth most, within the partners' capacity.

    Parameters as for `match_leads`; `top` has no meaning here, and ``created_at`` as `as_of` counts as now: a list is
    distributed at one instant. A lead for which nobody has room is missing from the candidates.
    """
    _check(top, by)
    instant = None if as_of == "created_at" else as_of
    found = []
    for matcher, question in _questions(context, leads, instant):
        wide = matcher.rank(question, matcher.candidates, by)
        found.append(Answer(matcher, question, _assigned(matcher, question, wide, by)))
    return _result(found, details=False)


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


def _check(top: int, by: str) -> None:
    if top < 1:
        raise InvalidInput(f"top must be at least 1, not {top}.", field="top")
    if by not in ("p_win", "value"):
        raise InvalidInput(f"by must be p_win or value, not {by!r}.", field="by")


def _questions(context: "Intelligence", leads: Any, as_of: Instant) -> list[tuple[Matcher, Question]]:
    """Leads grouped by the version that answers for them."""
    if as_of == "created_at":
        history = context.history(None)
        frame = read_leads(leads, history)
        frame["created_at"] = frame["created_at"].fillna(pd.Timestamp(history.until))
        latest = frame["created_at"].max() if len(frame) else pd.Timestamp(history.until)
        history = context.history(latest.to_pydatetime().replace(tzinfo=UTC))
        instants = frame["created_at"].to_numpy().astype("datetime64[us]")
    else:
        instant = context.instant(as_of)
        history = context.history(instant if as_of is not None else None)
        frame = read_leads(leads, history)
        instants = np.full(len(frame), np.datetime64(instant.astimezone(UTC).replace(tzinfo=None), "us"))
    versions = _versions(context, instants)
    found = []
    for at in dict.fromkeys(versions.values()):
        rows = np.array([versions[moment] == at for moment in instants.tolist()], dtype=bool)
        matcher = _matcher(context, history, at)
        found.append((matcher, _question(matcher, frame[rows], instants[rows])))
    return found


def _question(matcher: Matcher, frame: pd.DataFrame, instants: npt.NDArray[Any]) -> Question:
    table = matcher.world.table["lead_id"].to_numpy(np.int64)
    order = np.argsort(table, kind="stable")
    place = positions(frame["lead_id"], table[order])
    rows = np.where((place >= 0) & (frame["lead_id"] >= 0), order[place], -1) if len(table) else np.full(len(frame), -1)
    return Question(matcher.world.ask(frame), list(frame["lead"]), rows.astype(np.int64), instants.astype(np.int64))


def _versions(context: "Intelligence", instants: npt.NDArray[Any]) -> dict[Any, datetime | None]:
    """Map each instant to one at which the same version serves (None: the baseline), asking the registry rarely."""
    moments = sorted(set(instants.tolist()))
    if len(moments) == 1:
        return {moments[0]: moments[0].replace(tzinfo=UTC)}
    found: dict[Any, datetime | None] = {}
    seen: dict[str, datetime | None] = {BASELINE: None}

    def fill(low: int, high: int) -> None:
        first, last = (_serving(context, moments[k], seen) for k in (low, high))
        if first == last or high - low <= 1:
            found.update(dict.fromkeys(moments[low:high], seen[first]))
            found[moments[high]] = seen[last]
            return
        middle = (low + high) // 2
        fill(low, middle)
        fill(middle, high)

    if moments:
        fill(0, len(moments) - 1)
    return found


def _serving(context: "Intelligence", moment: datetime, seen: dict[str, datetime | None]) -> str:
    instant = moment.replace(tzinfo=UTC)
    version = context.registry.serving(ModelName.MATCH, instant)
    if version is None:
        return BASELINE
    seen.setdefault(version.label, instant)
    return version.label


def _matcher(context: "Intelligence", history: "History", instant: datetime | None) -> Matcher:
    """Return the matcher over a history with the version of an instant; kept while the store does not change."""
    loaded = None if instant is None else context.load_model(ModelName.MATCH, instant)
    label = BASELINE if loaded is None else loaded.label
    kept = _matchers.setdefault(context, OrderedDict())
    key = (id(history.leads), label)
    if key not in kept:
        settings = context.settings
        if loaded is None:
            days, protected = settings.match_horizon_days, settings.protected_attributes
            world, spec = baseline_world(history, days, protected, context.text)
            ranker: Any = BaselineRanker()
        else:
            spec = PairSpec.from_json(loaded.model.spec)
            world = PairWorld(history, spec.leads, spec.horizon_days, context.text)
            ranker = loaded.model
        # The frame is kept with the matcher, so that its id is not given to another one.
        kept[key] = (history.leads, Matcher(world, spec, ranker, label, settings.match_candidates))
    kept.move_to_end(key)
    while len(kept) > _KEPT_MATCHERS:
        kept.popitem(last=False)
    return kept[key][1]


def _assigned(matcher: Matcher, question: Question, wide: Ranking, by: str) -> Ranking:
    rows = wide.rows
    if not len(rows):
        return wide
    value = rows["p_win"].to_numpy(np.float64)
    if by == "value":
        value = value * rows["expected_amount"].fillna(1.0).to_numpy(np.float64)
    partners, column = np.unique(rows["partner"].to_numpy(np.int64), return_inverse=True)
    table = np.full((len(question.names), len(partners)), np.nan)
    table[rows["question"].to_numpy(np.int64), column] = np.maximum(value, 1e-12)
    given = solve(table, matcher.room(int(question.at_us.max()))[partners])
    mine = given[rows["question"].to_numpy(np.int64)] == column
    chosen = rows[mine].assign(rank=1)
    return Ranking(chosen.reset_index(drop=True), wide.features[mine].reset_index(drop=True))


def _result(answers: Sequence[Answer], *, details: bool) -> MatchResult:
    frames, more = [], []
    for answer in answers:
        frame, extra = outputs(answer, details=details)
        frames.append(frame)
        more += extra
    filled = [frame for frame in frames if len(frame)]
    candidates = pd.concat(filled, ignore_index=True) if filled else no_candidates()
    return MatchResult(candidates, more, lambda: exclusions(answers))
