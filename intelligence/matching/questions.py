"""Leads asked about, grouped by the version that answers for them, each with its matcher."""

from collections import OrderedDict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Literal
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt
import pandas as pd

from domain.errors import InvalidInput
from domain.routing import Policies
from domain.terms import ModelName
from intelligence.context import BASELINE
from intelligence.features.pair_build import PairSpec
from intelligence.features.pair_events import positions
from intelligence.features.pair_world import LeadRow, PairWorld
from intelligence.features.text import as_learned
from intelligence.matching.baseline import BaselineRanker, baseline_world
from intelligence.matching.lead_input import read_leads, unknown_lead
from intelligence.matching.matcher import Matcher, Question

if TYPE_CHECKING:
    from intelligence.context import Intelligence, LoadedModel
    from models.match import Ranker
    from store.history import History

Instant = datetime | Literal["created_at"] | None

_KEPT_MATCHERS = 4
_KEPT_HISTORIES = 2  # each holds a whole programme: under writes there is a new one every some seconds
_Kept = OrderedDict[tuple[int, str, str, str], tuple[object, Matcher]]
_matchers: "WeakKeyDictionary[Intelligence, _Kept]" = WeakKeyDictionary()


def check(top: int, by: str | None) -> None:
    """Refuse arguments that are out of range."""
    if top < 1:
        raise InvalidInput(f"top must be at least 1, not {top}.", field="top")
    if by not in ("p_win", "value", None):
        raise InvalidInput(f"by must be p_win or value, not {by!r}.", field="by")


def questions(
    context: "Intelligence", leads: Any, as_of: Instant, policies: Policies | None = None
) -> list[tuple[Matcher, Question]]:
    """Return leads grouped by the version that answers for them; `policies` default to those in force."""
    policies = context.policies() if policies is None else policies
    if as_of != "created_at" and isinstance(leads, list) and len(leads) == 1 and isinstance(leads[0], str):
        return [_about(context, leads[0], as_of, policies)]
    history, frame, instants = resolved(context, leads, as_of)
    return [
        ask(context, history, frame[rows], instants[rows], at, policies) for at, rows in by_version(context, instants)
    ]


def _about(context: "Intelligence", lead: str, as_of: datetime | None, policies: Policies) -> tuple[Matcher, Question]:
    """Return one lead of the store as a question: the prepared history has it in its terms already."""
    instant = context.instant(as_of)
    history = context.history(instant if as_of is not None else None)
    moment = instant.astimezone(UTC).replace(tzinfo=None)
    matcher = _matcher(context, history, moment.replace(tzinfo=UTC), policies)
    row = matcher.world.row_of_lead.get(lead)
    if row is None:
        raise unknown_lead(lead, history)
    at = np.array([np.datetime64(moment, "us")]).astype(np.int64)
    return matcher, Question(LeadRow(matcher.world.batch, row), [lead], np.array([row], dtype=np.int64), at)


def resolved(context: "Intelligence", leads: Any, as_of: Instant) -> "tuple[History, pd.DataFrame, npt.NDArray[Any]]":
    """Return the history that answers, leads as `read_leads` gives them, and the instant that each is asked about."""
    if as_of == "created_at":
        history = context.history(None)
        frame = read_leads(leads, history)
        frame["created_at"] = frame["created_at"].fillna(pd.Timestamp(history.until))
        latest = frame["created_at"].max() if len(frame) else pd.Timestamp(history.until)
        history = context.history(latest.to_pydatetime().replace(tzinfo=UTC))
        return history, frame, frame["created_at"].to_numpy().astype("datetime64[us]")
    instant = context.instant(as_of)
    history = context.history(instant if as_of is not None else None)
    frame = read_leads(leads, history)
    return history, frame, np.full(len(frame), np.datetime64(instant.astimezone(UTC).replace(tzinfo=None), "us"))


def by_version(
    context: "Intelligence", instants: npt.NDArray[Any]
) -> list[tuple[datetime | None, npt.NDArray[np.bool_]]]:
    """Return the rows that each version answers for, with an instant at which it serves (None: the baseline)."""
    versions = _versions(context, instants)
    return [
        (at, np.array([versions[moment] == at for moment in instants.tolist()], dtype=bool))
        for at in dict.fromkeys(versions.values())
    ]


def ask(
    context: "Intelligence",
    history: "History",
    frame: pd.DataFrame,
    instants: npt.NDArray[Any],
    at: datetime | None,
    policies: Policies,
) -> tuple[Matcher, Question]:
    """Return leads as the question of one matcher: that of the version which serves at `at`."""
    matcher = _matcher(context, history, at, policies)
    return matcher, _question(matcher, frame, instants)


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


def _matcher(context: "Intelligence", history: "History", instant: datetime | None, policies: Policies) -> Matcher:
    """Return the matcher over a history with the version of an instant; kept while the store does not change."""
    loaded = None if instant is None else context.load_model(ModelName.MATCH, instant)
    label = BASELINE if loaded is None else loaded.label
    kept = _matchers.setdefault(context, OrderedDict())
    absences = context.absences()
    key = (id(history.leads), label, policies.fingerprint, absences.fingerprint)
    made = kept.get(key)
    if made is None:
        # What policies and absences do not change is shared with a matcher under others: it took seconds to prepare.
        like = next((one for (of, by, *_), (_, one) in list(kept.items()) if (of, by) == key[:2]), None)
        parts = _prepared(context, history, loaded) if like is None else (like.world, like.spec, like.ranker)
        # The frame is kept with the matcher, so that its id is not given to another one.
        most = context.settings.match_candidates
        made = (history.leads, Matcher(*parts, label, most, policies, absences))
    kept.pop(key, None)  # to the end; other threads do the same meanwhile
    kept[key] = made
    while len(kept) > _KEPT_MATCHERS or len({of for of, *_ in list(kept)}) > _KEPT_HISTORIES:
        kept.popitem(last=False)
    return made[1]


def _prepared(
    context: "Intelligence", history: "History", loaded: "LoadedModel | None"
) -> "tuple[PairWorld, PairSpec, Ranker]":
    """Return the history prepared for a version, the features that it expects, and what ranks."""
    settings = context.settings
    if loaded is None:
        days, protected = settings.match_horizon_days, settings.protected_attributes
        return *baseline_world(history, days, protected, context.text), BaselineRanker()
    spec = PairSpec.from_json(loaded.model.spec)
    text = as_learned(context.text, loaded.version.manifest.settings)
    return PairWorld(history, spec.leads, spec.horizon_days, text), spec, loaded.model
