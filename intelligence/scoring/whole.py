"""What a part of the programme must know of the whole, counted once, to answer to the bit as the whole would."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from intelligence.features.partner_alive import AliveModels, alive_key, fit_models, sample_of
from intelligence.features.partner_times import times_of
from intelligence.features.registry import FeatureSet
from intelligence.features.timeline import FloatArray, IntArray
from intelligence.features.work import Work
from intelligence.scoring.inactivity import LAG, RELATIONS, last_signs, usual_lag
from intelligence.scoring.served import ScoringContext, naive
from store.attribute_types import text_attributes
from store.engine import Connection, reading
from store.frames import aware
from store.history import History
from store.slices import ended_partners, lively_partners, load_slice, moved_partners

_AT_ONCE = 20_000


@dataclass(frozen=True)
class Whole:
    """Facts about a programme as of an instant.

    Attributes
    ----------
    as_of : datetime
        Aware.
    texts : frozenset of str
        Custom attributes of partners that hold other than numbers.
    alive : AliveModels, optional
        Buy-till-you-die models of the day.
    lag_days : float, optional
        Silence after which partners usually end; None where nobody ended without a date.
    """

    as_of: datetime
    texts: frozenset[str]
    alive: AliveModels | None = None
    lag_days: float | None = None

    def tell(self, history: History, life_signs: tuple[str, ...]) -> History:
        """Let the history of some partners answer as if it were that of all, and return it."""
        times_of(history, life_signs).memo[alive_key(_day(self.as_of))] = self.alive
        times_of(history).memo |= {RELATIONS: True, LAG: self.lag_days}
        return history


def churn_whole(context: ScoringContext, as_of: datetime) -> Whole:
    """Count what pieces of churn scoring must know of all partners."""
    with context.engine.connect() as connection:
        snapshot = reading(connection)
        texts = text_attributes(snapshot, as_of)
        lag = _lag(snapshot, as_of, texts)
        return Whole(as_of, texts, _alive(context, snapshot, as_of, texts), lag)


def _day(as_of: datetime) -> np.datetime64:
    day: np.datetime64 = naive(as_of).astype("datetime64[D]")
    return day


def _alive(
    context: ScoringContext, connection: Connection, as_of: datetime, texts: frozenset[str]
) -> AliveModels | None:
    """Fit the models of the day on a sample of the partners with a sign of life by its midnight."""
    midnight, signs = _day(as_of).astype("datetime64[us]"), context.settings.life_signs
    lively = lively_partners(connection, aware(midnight), signs)
    moved = moved_partners(connection)
    if len(moved):
        known = _work(load_slice(connection, as_of, moved, texts=texts), moved, midnight, signs)
        there = moved[known.sign_days.count() > 0]
        lively = np.union1d(lively, there)
    if not len(lively):
        return None
    chosen = sample_of(lively)
    return fit_models(_work(load_slice(connection, as_of, chosen, texts=texts), chosen, midnight, signs))


def _work(history: History, ids: IntArray, instant: np.datetime64, life_signs: tuple[str, ...]) -> Work:
    kinds = FeatureSet("churn", {"life_signs": sorted(life_signs)})
    return Work(history, ids, np.full(len(ids), instant), kinds)


def _lag(connection: Connection, as_of: datetime, texts: frozenset[str]) -> float | None:
    undated, dated = ended_partners(connection)
    if not len(undated):
        return None
    return usual_lag(np.concatenate([np.zeros(0), *_last_signs(connection, as_of, dated, texts)]))


def _last_signs(connection: Connection, as_of: datetime, ids: IntArray, texts: frozenset[str]) -> Iterator[FloatArray]:
    for start in range(0, len(ids), _AT_ONCE):
        yield last_signs(load_slice(connection, as_of, ids[start : start + _AT_ONCE], texts=texts))
