"""The programme's life, period by period; the laws are in `demo.laws`, here they are drawn from."""

from typing import Any

import numpy as np
import numpy.typing as npt

from demo import calendar, course, laws, trade
from demo.cast import Cast
from demo.market import Market
from demo.spec import WorldSpec
from demo.state import ACTIVATED, State

Array = npt.NDArray[Any]


def simulate(spec: WorldSpec, cast: Cast, market: Market, rng: np.random.Generator) -> State:
    """Live through a world from its start to its end.

    Returns
    -------
    State
        At the end; ``books`` holds everything that happened on the way.
    """
    state = State(spec, cast, market, laws.p_productive(cast, market, spec), calendar.grid(spec), rng)
    noted = {*calendar.churn_instants(spec).tolist(), float(spec.days - calendar.CONTENT_TRUTH_DAYS)}
    offered = trade.routable(state)
    arrival = np.searchsorted(state.borders, market.created, side="right") - 1
    state.truth_from = _newest(offered, trade.TRUTH_LEADS)
    for k, (t0, t1) in enumerate(zip(state.borders[:-1].tolist(), state.borders[1:].tolist(), strict=True)):
        _live(state, k, t0, t1, noted=t0 in noted, leads=np.flatnonzero(offered & (arrival == k)))
    _close_books(state, np.flatnonzero(~offered & (market.created >= spec.days - trade.UNROUTED_DAYS)))
    return state


def _newest(offered: Array, n: int) -> int:
    numbers = np.flatnonzero(offered)
    return int(numbers[-n]) if len(numbers) > n else 0


def _live(state: State, k: int, t0: float, t1: float, *, noted: bool, leads: Array) -> None:
    dt = t1 - t0
    course.recruit(state, t0)
    course.certify(state, t0)
    course.review_tiers(state, t0)
    if noted:
        state.snapshot(t0)
    course.drift(state, t0, dt)
    course.fall_silent(state, t0, dt)
    course.survey(state, t0, dt)
    state.signed[:], state.heard[:], state.silence_odds[:] = False, False, 1.0
    trade.start_selling(state, t0, dt, course.start_rate(state, t0, dt))
    trade.close_deals(state, k)
    trade.route_leads(state, k, leads)
    trade.sell_alone(state, t0, dt)
    course.visit(state, k, t0, dt)
    course.learn(state, t1)
    course.set_statuses(state, t1, dt)


def _close_books(state: State, open_leads: Array) -> None:
    """Note the state at the end, and the truth of the leads that wait for a partner."""
    end = float(state.borders[-1])
    course.certify(state, end)
    state.snapshot(end)
    pool = np.flatnonzero((state.stage == ACTIVATED) & state.status_active)
    if len(pool) and len(open_leads):
        now = laws.PartnerState(state.load[pool], state.mood[pool], state.certified[pool])
        pairs = laws.pair_truth(state.cast, state.market, open_leads, pool, now, state.spec)
        allowed = trade.allowed_pairs(state, open_leads, pool)
        keep = np.ones(len(open_leads), dtype=bool)
        nothing = np.zeros(allowed.shape)
        state.books.pairs.append(trade.pair_rows(state, open_leads, pool, pairs, allowed, nothing, keep, end))
