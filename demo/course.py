"""The partner's own course through a programme: joining, certificates, tiers, moods, falling silent, the end.

Each function moves a `State` by one period ``[t0, t1)``.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from demo import calendar, laws
from demo.state import ACTIVATED, AWAY, ENDED, ONBOARDING, State

Array = npt.NDArray[Any]

SILENT_DAYS, LET_GO_DAYS = 75.0, 130.0
SATISFACTION_DAYS = 220.0
LET_GO_RATE, PATIENCE_DAYS = 0.03, 400.0
NEWCOMER_VISITS = 1.4
_TIER_SHARES = (0.5, 0.75, 0.92)


def recruit(state: State, t0: float) -> None:
    """Let in those who signed by `t0`."""
    new = (state.stage == AWAY) & (state.recruited <= t0)
    n_new = int(new.sum())
    state.stage[new] = np.where(state.established[new], ACTIVATED, ONBOARDING)
    state.alive[new], state.p_alive[new] = True, 1.0
    state.mood[new] = state.rng.normal(0, laws.MOOD_SD, n_new)
    state.satisfaction[new] = state.rng.normal(0, 1, n_new)
    state.last_sign[new] = np.maximum(state.recruited[new], 0.0)
    state.status_active[new] = state.established[new]


def certify(state: State, t0: float) -> None:
    """Find who holds which certificate, and whose lapsed within 200 days."""
    held = state.certificates
    certified, lapsed = np.zeros_like(state.certified), np.zeros_like(state.certified)
    valid = (held.passed <= t0) & (held.expires > t0)
    over = (held.expires <= t0) & (held.expires > t0 - 200)
    certified[held.partner[valid], held.course[valid]] = 1.0
    lapsed[held.partner[over], held.course[over]] = 1.0
    state.certified, state.lapsed = certified, ((lapsed > 0) & (certified == 0)).any(axis=1)


def review_tiers(state: State, t0: float) -> None:
    """At the start and twice a year, let tiers follow the won revenue of the last year."""
    day = calendar.day_of_year(state.spec, t0)
    if t0 > 0 and day != 0 and not 180 <= day <= 182:
        return
    revenue = np.zeros(state.n)
    for at, partner, amount in state.revenue:
        if at >= t0 - 365:
            np.add.at(revenue, partner, amount)
    if t0 == 0:
        guess = np.exp(state.cast.quality[: state.n] + state.rng.normal(0, 0.7, state.n))
        revenue = np.where(state.established, guess, 0)
    earning = revenue > 0
    if not earning.any():
        return
    tier = np.where(earning, np.searchsorted(np.quantile(revenue[earning], _TIER_SHARES), revenue, side="right"), 0)
    changed = (tier != state.tier) & state.living
    state.tier[changed] = tier[changed]
    if t0 > 0:
        state.books.change("tier", np.flatnonzero(changed), t0 + 0.3, tier[changed])


def drift(state: State, t0: float, dt: float) -> None:
    """Move moods and satisfaction, ask some for feedback, hand some to another account manager."""
    rng, n = state.rng, state.n
    keep = np.exp(-dt / laws.MOOD_DAYS)
    state.mood = keep * state.mood + np.sqrt(1 - keep**2) * rng.normal(0, laws.MOOD_SD, n)
    keep = np.exp(-dt / SATISFACTION_DAYS)
    state.satisfaction = keep * state.satisfaction + np.sqrt(1 - keep**2) * rng.normal(0, 1, n)
    state.unanswered *= np.exp(-dt / 60.0)
    leaving = rng.random(state.n_managers) < 0.12 / 365 * dt
    moved = (leaving[state.manager] | (rng.random(n) < 0.10 / 365 * dt)) & state.living
    successor = (state.manager + rng.integers(1, state.n_managers, n)) % state.n_managers
    state.manager = np.where(moved, successor, state.manager)
    state.manager_since[moved] = t0
    state.books.change("account_manager", np.flatnonzero(moved), t0 + 0.2, state.manager[moved])


def survey(state: State, t0: float, dt: float) -> None:
    """Ask some of those who are there how satisfied they are."""
    asked = np.flatnonzero(state.alive & (state.rng.random(state.n) < dt / 150.0))
    if len(asked):
        at = t0 + state.rng.uniform(0.35, 0.75, len(asked))
        score = 7.2 + 1.7 * state.satisfaction[asked] + state.rng.normal(0, 0.6, len(asked))
        state.books.surveys.append((asked, at, np.clip(np.round(score), 0, 10)))


def fall_silent(state: State, t0: float, dt: float) -> None:
    """Let partners drop out and, rarely, come back; update what could be known of it."""
    state.dropout = laws.dropout_rate(state.causes(t0), state.mood, state.spec)
    leave, come_back = state.dropout * dt, laws.RETURN_RATE * dt
    living = state.living
    state.alive = living & (state.rng.random(state.n) < np.where(state.alive, 1 - leave, come_back))
    state.p_alive = np.where(living, state.p_alive * (1 - leave) + (1 - state.p_alive) * come_back, 0.0)


def start_rate(state: State, t0: float, dt: float) -> Array:
    """Return P(an onboarding partner wins its first deal in the period), by the law of productivity."""
    p = state.p_fit[: state.n]
    before = np.where(state.stage == ONBOARDING, t0 - state.recruited, 0.0)
    return np.where(state.stage == ONBOARDING, laws.start_probability(p, before, dt), 0.0)


def visit(state: State, k: int, t0: float, dt: float) -> None:
    """Draw the sessions of the period: visits, calls, courses."""
    onboarding = np.where(state.stage == ONBOARDING, NEWCOMER_VISITS, 1.0)
    mood = np.exp(state.mood - laws.MOOD_SD**2 / 2)
    rate = state.cast.session_rate[: state.n] * mood * onboarding * state.season_at(t0 + dt / 2) * dt
    sessions = np.where(state.alive, state.rng.poisson(rate), 0)
    state.silence_odds = state.silence_odds * np.exp(-rate)
    joined = state.living & (state.last_sign >= t0 - dt) & ~state.seen & ~state.established
    sessions = np.where(joined & state.alive, np.maximum(sessions, 1), sessions)
    who = np.flatnonzero(sessions)
    state.signed[who] = True
    state.books.visits.append((who, np.full(len(who), k), sessions[who]))


def learn(state: State, t1: float) -> None:
    """Update by Bayes what can be known of who is there: heard from: certain; not: less likely."""
    heard = state.signed | state.heard
    still = state.p_alive * state.silence_odds
    state.p_alive = np.where(heard, 1.0, still / np.maximum(still + 1 - state.p_alive, 1e-12))
    state.seen |= state.signed
    state.last_sign[state.signed] = t1
    state.books.alive.append(state.alive.copy())
    state.books.stage.append(state.stage.copy())
    state.books.tier.append(state.tier.copy())


def set_statuses(state: State, t1: float, dt: float) -> None:
    """Let the programme's people react to silence: inactive after 75 days, the end some time after 130."""
    silent = t1 - state.last_sign
    inactive = (state.stage == ACTIVATED) & state.status_active & (silent > SILENT_DAYS)
    back = (state.stage == ACTIVATED) & ~state.status_active & (silent < 1)
    state.status_active[inactive], state.status_active[back] = False, True
    at = t1 - 0.1
    state.books.change("status", np.flatnonzero(inactive), at, np.full(int(inactive.sum()), "inactive"))
    state.books.change("status", np.flatnonzero(back), at, np.full(int(back.sum()), "active"))
    newcomer = state.stage == ONBOARDING
    chance = let_go_probability(t1, dt, state.last_sign, newcomer, state.recruited)
    ends = state.living & (state.rng.random(state.n) < chance)
    state.stage[ends] = ENDED
    state.alive[ends], state.status_active[ends], state.p_alive[ends] = False, False, 0.0
    state.ended_at[ends] = t1 - 0.05
    state.books.change("status", np.flatnonzero(ends), t1 - 0.05, np.full(int(ends.sum()), "ended"))


def let_go_probability(t1: float, dt: float, last_sign: Array, newcomer: Array, recruited: Array) -> Array:
    """Return P(the relation is ended at `t1`): after long silence, or more than a year without a first deal."""
    hopeless = np.where(newcomer, t1 - recruited > PATIENCE_DAYS, t1 - last_sign > LET_GO_DAYS)
    return np.where(hopeless, LET_GO_RATE * dt, 0.0)
