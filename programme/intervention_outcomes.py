"""What came of actions: risk, signs of life and revenue after against before, and beside partners left alone.

Who gets an action is chosen by people, who know more than the score: a difference to comparable partners is an
association, and no proof that the action made it.
"""

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from domain.settings import Settings
from domain.terms import ModelName, risk_band
from store.interventions import (
    Done,
    acted_on,
    done_actions,
    newest_p,
    run_at,
    scores_of_run,
    signs_of_life,
    wins,
)
from store.unit_of_work import UnitOfWork

WINDOWS_DAYS = (30, 90)
LEAST_CASES = 20
"""With fewer cases nothing is said of a difference."""

LOOK_BACK = timedelta(days=365)
"""Actions of this time, before the window that must have passed, are compared."""

_RUN_REACH = timedelta(days=45)
_MOST_BESIDE = 60
_Z = 1.96


@dataclass(frozen=True)
class Window:
    """What happened in some days after an action against as many before; ``over`` once they have passed."""

    days: int
    over: bool
    signs_before: int
    signs_after: int
    revenue_before: float
    revenue_after: float


@dataclass(frozen=True)
class Outcome:
    """An action that was taken, and what came of it."""

    done: Done
    p_now: float | None
    p_now_as_of: datetime | None
    windows: tuple[Window, ...]


@dataclass(frozen=True)
class Beside:
    """Partners after an action beside comparable ones: same band of risk, scored in the same week, without an action.

    Parameters
    ----------
    days : int
        Length of the window after.
    cases : int
        Actions whose window has passed, at partners with a score before, with somebody to compare with; a partner
        counts once in a window.
    compared : int
        Partners, at one instant each, that they were compared with.
    active_share, active_share_beside : float, optional
        Of both, the share with a sign of life in the window; None with too few cases.
    difference, low, high : float, optional
        Of the two shares, with its 95 % interval; None with too few cases.
    """

    days: int
    cases: int
    compared: int
    active_share: float | None = None
    active_share_beside: float | None = None
    difference: float | None = None
    low: float | None = None
    high: float | None = None


def outcomes(work: UnitOfWork, settings: Settings, done: Sequence[Done], as_of: datetime) -> list[Outcome]:
    """Return what came of actions, as known at an instant, in their order."""
    if not done:
        return []
    ids, longest = sorted({one.partner_id for one in done}), timedelta(days=max(WINDOWS_DAYS))
    since, until = min(one.done_at for one in done) - longest, max(one.done_at for one in done) + longest
    signs, revenue = defaultdict(list), defaultdict(list)
    for id_, at in signs_of_life(work.connection, ids, since, until, as_of, settings.life_signs):
        signs[id_].append((at, 1.0))
    for id_, at, amount in wins(work.connection, ids, since, min(until, as_of), settings.currency):
        revenue[id_].append((at, amount))
    now = newest_p(work.connection, ModelName.CHURN, settings.churn_horizons_days[-1], ids, as_of)
    found = []
    for one in done:
        own = signs[one.partner_id], revenue[one.partner_id]
        p, p_as_of = now.get(one.partner_id) or (None, None)
        windows = tuple(_window(one.done_at, days, as_of, *own) for days in WINDOWS_DAYS)
        found.append(Outcome(one, p, p_as_of, windows))
    return found


_Dated = Sequence[tuple[datetime, float]]


def _window(at: datetime, days: int, as_of: datetime, signs: _Dated, revenue: _Dated) -> Window:
    span = timedelta(days=days)
    before, after = (at - span, at), (at, at + span)
    return Window(
        days,
        at + span <= as_of,
        int(_sum(signs, *before)),
        int(_sum(signs, *after)),
        round(_sum(revenue, *before), 2),
        round(_sum(revenue, *after), 2),
    )


def _sum(rows: _Dated, since: datetime, until: datetime) -> float:
    return sum(value for at, value in rows if since < at <= until)


def beside(work: UnitOfWork, settings: Settings, as_of: datetime) -> tuple[Beside, ...]:
    """Return how partners fared after actions beside comparable partners without one, for each window."""
    return tuple(_Comparison(work, settings, as_of, days).told() for days in WINDOWS_DAYS)


@dataclass
class _Stratum:
    """Cases of one week and one band of risk."""

    cases: list[Done]
    at: datetime
    beside: list[int]


class _Comparison:
    def __init__(self, work: UnitOfWork, settings: Settings, as_of: datetime, days: int) -> None:
        self._work, self._settings, self._as_of = work, settings, as_of
        self._days, self._span = days, timedelta(days=days)

    def told(self) -> Beside:
        """Return the difference over all strata, each weighing as many cases as it has."""
        strata = [one for one in self._strata() if one.beside]
        cases = [case for one in strata for case in one.cases]
        compared = sum(len(one.beside) for one in strata)
        if len(cases) < LEAST_CASES:
            return Beside(self._days, len(cases), compared)
        active = self._active_after(cases)
        gaps: dict[int, list[float]] = defaultdict(list)
        share_beside, noise = 0.0, 0.0
        for one in strata:
            share = self._share(one)
            weight = len(one.cases) / len(cases)
            share_beside += weight * share
            noise += weight**2 * max(share * (1 - share), 0.25 / len(one.beside)) / len(one.beside)
            for case in one.cases:
                gaps[case.partner_id].append(float(case.id in active) - share)
        return self._answer(gaps, len(cases), compared, share_beside, noise)

    def _answer(
        self, gaps: Mapping[int, Sequence[float]], n: int, compared: int, share_beside: float, noise: float
    ) -> Beside:
        mean = sum(map(sum, gaps.values())) / n
        # Actions at one partner share its fate: what varies is the partner.
        spread = sum(sum(gap - mean for gap in own) ** 2 for own in gaps.values()) / n**2
        spread = max(spread * len(gaps) / max(len(gaps) - 1, 1), 0.25 / n**2)  # all the same is not certainty
        half = _Z * math.sqrt(spread + noise)
        return Beside(
            self._days,
            n,
            compared,
            active_share=share_beside + mean,
            active_share_beside=share_beside,
            difference=mean,
            low=max(mean - half, -1.0),
            high=min(mean + half, 1.0),
        )

    def _cases(self) -> list[Done]:
        """Return actions whose window has passed; one at a time of a partner within a window, the first."""
        until, since = self._as_of - self._span, self._as_of - self._span - LOOK_BACK
        found = done_actions(self._work.connection, self._work.actor, until, since=since)
        last: dict[int, datetime] = {}
        kept = []
        for one in reversed(found):
            if one.p_inactive_before is None or one.done_at - last.get(one.partner_id, since) < self._span / 2:
                continue
            last[one.partner_id] = one.done_at
            kept.append(one)
        return kept

    def _strata(self) -> list[_Stratum]:
        weeks: dict[date, dict[str, list[Done]]] = defaultdict(lambda: defaultdict(list))
        for one in self._cases():
            monday = one.done_at.date() - timedelta(days=one.done_at.weekday())
            weeks[monday][risk_band(one.p_inactive_before or 0.0)].append(one)
        if not weeks:
            return []
        acted = self._acted()
        return [stratum for bands in weeks.values() for stratum in self._of_week(bands, acted)]

    def _acted(self) -> Mapping[int, Sequence[datetime]]:
        found: dict[int, list[datetime]] = defaultdict(list)
        start = self._as_of - 2 * self._span - LOOK_BACK - _RUN_REACH
        for partner_id, at in acted_on(self._work.connection, start, self._as_of):
            found[partner_id].append(at)
        return found

    def _of_week(self, bands: Mapping[str, Sequence[Done]], acted: Mapping[int, Sequence[datetime]]) -> list[_Stratum]:
        first = min(case.done_at for cases in bands.values() for case in cases)
        horizon, model = self._settings.churn_horizons_days[-1], ModelName.CHURN
        run = run_at(self._work.connection, model, horizon, first, _RUN_REACH)
        if run is None:
            return []
        left_alone: dict[str, list[int]] = defaultdict(list)
        for id_, p in sorted(scores_of_run(self._work.connection, model, horizon, run).items()):
            if not any(run - self._span < at <= run + self._span for at in acted.get(id_, ())):
                left_alone[risk_band(p)].append(id_)
        return [_Stratum(list(cases), run, _spread(left_alone[band])) for band, cases in bands.items()]

    def _active_after(self, cases: Sequence[Done]) -> set[int]:
        """Return our ids of the actions after which there was a sign of life in the window."""
        signs: dict[int, list[datetime]] = defaultdict(list)
        until = max(case.done_at for case in cases) + self._span
        since = min(case.done_at for case in cases)
        for id_, at in self._signs(sorted({case.partner_id for case in cases}), since, until):
            signs[id_].append(at)
        return {
            case.id
            for case in cases
            if any(case.done_at < at <= case.done_at + self._span for at in signs[case.partner_id])
        }

    def _share(self, one: _Stratum) -> float:
        alive = {id_ for id_, _ in self._signs(one.beside, one.at, one.at + self._span)}
        return len(alive) / len(one.beside)

    def _signs(self, ids: Sequence[int], since: datetime, until: datetime) -> Sequence[tuple[int, datetime]]:
        return signs_of_life(self._work.connection, ids, since, until, self._as_of, self._settings.life_signs)


def _spread(ids: Sequence[int]) -> list[int]:
    """Return at most `_MOST_BESIDE` of the ids, evenly spread over them, so that the same are asked each time.

    Examples
    --------
    >>> len(_spread(range(1000))), _spread([4, 7])
    (60, [4, 7])
    """
    step = max(len(ids) / _MOST_BESIDE, 1.0)
    return [ids[int(place * step)] for place in range(min(len(ids), _MOST_BESIDE))]
