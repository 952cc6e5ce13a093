"""Business in the world: routing of leads by the historical policy, answers, deals, wins.

Each function moves a `State` by one period ``[t0, t1)``. The policy prefers the near, the high tier and old
friends, and dislikes one group of owners; none of these, distance excepted, helps a deal.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from demo import laws, vocabulary
from demo.state import ACCEPTED, ACTIVATED, DECLINED, EXPIRED, ONBOARDING, State

Array = npt.NDArray[Any]

UNROUTED_DAYS = 5.0
NEVER_ROUTED_SHARE = 0.02
HOPS = 3
GO_ON_SHARE = 0.85
TRUTH_LEADS = 1000
AMOUNT_SPREAD = 0.25
EXPLORED_DAYS = 365
OWN_DEAL_BASE = -0.6
_FORGET_DAYS = 45.0


def routable(state: State) -> Array:
    """Return which leads the history routes: all but the newest five days' and a few forgotten ones."""
    market = state.market
    remembered = state.rng.random(len(market)) >= NEVER_ROUTED_SHARE
    return remembered & (market.created < state.spec.days - UNROUTED_DAYS)


def allowed_pairs(state: State, leads: Array, partners: Array) -> Array:
    """Return which pairs territory, agreement and required certificates permit; shape (leads, partners)."""
    cast, market = state.cast, state.market
    region = laws.region_of(market.city[leads])
    product = market.product[leads]
    certified = (state.certified[partners].T[product] > 0) | ~laws.requires_certificate(product)[:, None]
    return np.asarray(cast.territory[partners].T[region] & cast.offered[partners].T[product] & certified)


def route_leads(state: State, k: int, leads: Array) -> None:
    """Offer the period's leads to partners, hop by hop, and take their answers."""
    pool = np.flatnonzero((state.stage == ACTIVATED) & state.status_active)
    dt = float(state.borders[k + 1] - state.borders[k])
    expected_accepts, expected_wins = np.zeros(state.n), np.zeros(state.n)
    if len(pool) and len(leads):
        now = laws.PartnerState(state.load[pool], state.mood[pool], state.certified[pool])
        pairs = laws.pair_truth(state.cast, state.market, leads, pool, now, state.spec)
        allowed = allowed_pairs(state, leads, pool)
        propensity, ranked = _policy(state, leads, pool, pairs.distance, allowed)
        _remember(state, k, leads, pool, pairs, allowed, propensity)
        asked = propensity * _offers_a_lead(propensity * pairs.p_accept * state.p_alive[pool])[:, None]
        expected_accepts[pool] = (asked * pairs.p_accept).sum(axis=0)
        expected_wins[pool] = (asked * pairs.p_accept * pairs.p_win).sum(axis=0)
        _hops(state, leads, pool, pairs, propensity, ranked)
    fresh = 1 - np.exp(-dt / _FORGET_DAYS)
    state.accept_rate += fresh * (expected_accepts / dt - state.accept_rate)
    state.win_rate += fresh * (expected_wins / dt - state.win_rate)


def _policy(state: State, leads: Array, pool: Array, distance: Array, allowed: Array) -> tuple[Array, Array]:
    """Return first-offer propensities (leads, pool) and the columns drawn for each hop, -1 for none."""
    liking = 0.6 * state.tier[pool] + 0.45 * np.log1p(state.assigned[pool]) - 0.5 * (state.cast.owner_group[pool] == 1)
    score = state.spec.policy_bias * (liking - np.minimum(distance, 1500.0) / 180.0)
    score = np.where(allowed & (state.load[pool] < 1), score, -np.inf)
    some = np.isfinite(score).any(axis=1)
    weight = np.exp(score - np.where(some, score.max(axis=1), 0.0)[:, None])
    propensity = weight / np.maximum(weight.sum(axis=1, keepdims=True), 1e-300)
    drawn = score + state.rng.gumbel(size=score.shape)
    propensity, drawn = _explored(state, leads, propensity, drawn)
    ranked = np.argsort(-drawn, axis=1)[:, :HOPS]
    usable = np.isfinite(np.take_along_axis(score, ranked, axis=1))
    return propensity, np.where(usable, ranked, -1)


def _explored(state: State, leads: Array, propensity: Array, drawn: Array) -> tuple[Array, Array]:
    """Let some leads of the last year ask an allowed partner drawn evenly first; the others keep their order."""
    recent = state.market.created[leads] >= state.spec.days - EXPLORED_DAYS
    if not (state.spec.explored_share and recent.any()):
        return propensity, drawn
    rng = state.rng.spawn(1)[0]  # a stream of its own: all else is drawn as in a world without exploration
    open_to = np.isfinite(drawn)
    even = open_to / np.maximum(open_to.sum(axis=1, keepdims=True), 1)
    share = np.where(recent, state.spec.explored_share, 0.0)[:, None]
    lucky = np.argmax(np.where(open_to, rng.random(drawn.shape), -1.0), axis=1)
    tried = (rng.random(len(leads))[:, None] < share) & (np.arange(drawn.shape[1]) == lucky[:, None])
    return (1 - share) * propensity + share * even, np.where(tried & open_to, np.finfo(float).max, drawn)


def _offers_a_lead(accepts: Array) -> Array:
    """Return the mean number of offers of each lead, when `accepts` (leads, pool) is P(asked first and accepts)."""
    goes_on = GO_ON_SHARE * (1 - accepts.sum(axis=1))
    return np.asarray(1 + goes_on + goes_on**2)


def _remember(
    state: State, k: int, leads: Array, pool: Array, pairs: laws.PairTruth, allowed: Array, propensity: Array
) -> None:
    """Keep the truth of the newest routed leads with every partner of the pool."""
    newest = leads >= state.truth_from
    if newest.any():
        state.books.pairs.append(
            pair_rows(state, leads, pool, pairs, allowed, propensity, newest, float(state.borders[k]))
        )


def pair_rows(
    state: State,
    leads: Array,
    pool: Array,
    pairs: laws.PairTruth,
    allowed: Array,
    propensity: Array,
    keep: Array,
    at: float,
) -> dict[str, Array]:
    """Return the truth of some leads with a pool of partners as they are at `at`, one row a pair."""
    there = state.p_alive[pool]
    rate = laws.dropout_rate(state.causes(at), state.mood, state.spec)[pool]
    p_accept = pairs.p_accept[keep] * there
    p_win = p_accept * pairs.p_win[keep] * laws.survival(rate)
    mean_amount = laws.amount_factor(state.cast, pool) * np.exp(AMOUNT_SPREAD**2 / 2)
    amount = state.market.amount[leads[keep]][:, None] * mean_amount
    return {
        "lead": np.repeat(leads[keep], len(pool)),
        "partner": np.tile(pool, int(keep.sum())),
        "at": np.repeat(np.maximum(state.market.created[leads[keep]], at), len(pool)),
        "eligible": allowed[keep].ravel(),
        "p_accept": p_accept.ravel(),
        "p_win": p_win.ravel(),
        "expected_amount": amount.ravel(),
        "propensity": propensity[keep].ravel(),
        "distance_km": pairs.distance[keep].ravel(),
    }


def no_pairs() -> dict[str, Array]:
    """Return `pair_rows` of nobody."""
    whole = {"lead": int, "partner": int, "eligible": bool}
    names = ("lead", "partner", "at", "eligible", "p_accept", "p_win", "expected_amount", "propensity", "distance_km")
    return {name: np.zeros(0, dtype=whole.get(name, float)) for name in names}


def _hops(state: State, leads: Array, pool: Array, pairs: laws.PairTruth, propensity: Array, ranked: Array) -> None:
    rng, rows = state.rng, np.arange(len(leads))
    offered = state.market.created[leads] + np.minimum(rng.exponential(0.4, len(leads)), 2.0)
    open_ = np.ones(len(leads), dtype=bool)
    for hop in range(ranked.shape[1]):
        asked = np.flatnonzero(open_ & (ranked[:, hop] >= 0) & ((hop == 0) | (rng.random(len(leads)) < GO_ON_SHARE)))
        column = ranked[asked, hop]
        partner = pool[column]
        p_accept, p_win = pairs.p_accept[rows[asked], column], pairs.p_win[rows[asked], column]
        response, responded = _answer(state, partner, p_accept, offered[asked])
        truth = _truth_of_offers(state, partner, p_accept, p_win)
        facts = (*truth, propensity[asked, column], pairs.distance[asked, column], np.full(len(asked), hop))
        state.books.assignments.append((leads[asked], partner, offered[asked], response, responded, *facts))
        _react(state, partner, p_accept, response)
        accepted = response == ACCEPTED
        register(state, partner[accepted], responded[accepted], leads[asked][accepted], p_win[accepted])
        open_[:] = False
        open_[asked[~accepted]] = True
        offered[asked] = responded + rng.exponential(0.3, len(asked))


def _truth_of_offers(state: State, partner: Array, p_accept: Array, p_win: Array) -> tuple[Array, Array]:
    """Return P(accepts) and P(accepts and wins), by what could be known of who is there."""
    accepts = state.p_alive[partner] * p_accept
    return accepts, accepts * p_win * laws.survival(state.dropout[partner])


def _answer(state: State, partner: Array, p_accept: Array, offered: Array) -> tuple[Array, Array]:
    """Draw answers and their instants; whoever has fallen silent lets every offer expire."""
    rng, n = state.rng, len(partner)
    accepts = rng.random(n) < p_accept
    declines = ~accepts & (rng.random(n) < 0.75)
    response = np.where(accepts, ACCEPTED, np.where(declines, DECLINED, EXPIRED))
    response = np.where(state.alive[partner], response, EXPIRED)
    delay = np.exp(rng.normal(-0.2, 0.7, n) - 0.35 * state.cast.responsiveness[partner])
    answered = np.minimum(0.05 + delay, laws.EXPIRE_DAYS - 0.1)
    return response, offered + np.where(response == EXPIRED, laws.EXPIRE_DAYS, answered)


def _react(state: State, partner: Array, p_accept: Array, response: Array) -> None:
    """Count offers and silence, and weigh what an unanswered offer says of who is there."""
    np.add.at(state.assigned, partner, 1.0)
    expired = response == EXPIRED
    np.add.at(state.unanswered, partner[expired], 1.0)
    state.heard[partner[~expired]] = True
    state.signed[partner[response == ACCEPTED]] = True
    np.multiply.at(state.silence_odds, partner[expired], 0.25 * (1 - p_accept[expired]))


def register(state: State, partner: Array, at: Array, lead: Array, p_win: Array) -> None:
    """Register deals for accepted leads."""
    rng, market = state.rng, state.market
    spread = np.exp(rng.normal(0, AMOUNT_SPREAD, len(lead)))
    amount = market.amount[lead] * laws.amount_factor(state.cast, partner) * spread
    details = (market.product[lead], market.industry[lead], market.topic[lead], market.ask_variant[lead])
    np.add.at(state.open_leads, partner, 1.0)
    _book(state, partner, at, lead, rng.random(len(lead)) < p_win, amount, details)


def _book(
    state: State, partner: Array, at: Array, lead: Array, would_win: Array, amount: Array, details: tuple[Array, ...]
) -> None:
    """Write deals into the books and into the bucket of the period in which they close."""
    closes = at + laws.DEAL_DAYS[0] + laws.DEAL_DAYS[1] * state.rng.beta(2, 3, len(at))
    number = state.n_deals + np.arange(len(at))
    state.n_deals += len(at)
    state.books.deals.append((partner, at, lead, closes, amount, *details))
    period = np.searchsorted(state.borders, closes, side="right") - 1
    for k in np.unique(period):
        here = period == k
        state.closing[int(k)].append((number[here], partner[here], would_win[here], amount[here], lead[here] >= 0))


def close_deals(state: State, k: int) -> None:
    """Decide the deals that close in period `k`: won if the chance was good and the partner is still there."""
    for number, partner, would_win, amount, has_lead in state.closing.pop(k, []):
        won = would_win & state.alive[partner]
        np.add.at(state.open_leads, partner[has_lead], -1.0)
        state.won.append(number[won])
        state.signed[partner[won]] = True
        state.revenue.append((float(state.borders[k]), partner[won], amount[won]))


def sell_alone(state: State, t0: float, dt: float) -> None:
    """Register deals that partners find themselves; newcomers win none before their first one."""
    rate = own_deal_rate(state, np.arange(state.n), state.stage == ONBOARDING) * np.exp(0.4 * state.mood) * dt
    partner = np.repeat(np.arange(state.n), np.where(state.alive, state.rng.poisson(rate), 0))
    state.silence_odds = state.silence_odds * np.exp(-rate)
    state.signed[partner] = True
    at = t0 + state.rng.uniform(0, dt, len(partner))
    would_win = state.rng.random(len(partner)) < own_win_probability(state, partner) * (
        state.stage[partner] == ACTIVATED
    )
    amount, details = _own_business(state, partner)
    _book(state, partner, at, np.full(len(partner), -1), would_win, amount, details)


def own_deal_rate(state: State, partner: Array, newcomer: Array) -> Array:
    """Return how many deals a day partners find themselves while they are there, mood aside."""
    mood_mean = np.exp(-0.5 * (0.4 * laws.MOOD_SD) ** 2)
    return np.asarray(state.cast.own_deal_rate[partner] * mood_mean * np.where(newcomer, 0.4, 1.0))


def own_win_probability(state: State, partner: Array) -> Array:
    """Return P(a partner's own deal is won)."""
    return laws.sigmoid(OWN_DEAL_BASE + 0.5 * state.cast.quality[partner])


def own_sign_rate(state: State, partner: Array, newcomer: Array) -> Array:
    """Return the daily rate of own deals registered or won."""
    won = np.where(newcomer, 0.0, own_win_probability(state, partner))
    return np.asarray(own_deal_rate(state, partner, newcomer) * (1 + won))


def _own_business(state: State, partner: Array) -> tuple[Array, tuple[Array, ...]]:
    """Draw amount, and product, industry, topic and wording of deals that partners bring themselves."""
    cast, rng, n = state.cast, state.rng, len(partner)
    product = np.argmax(cast.product_focus[partner] * rng.random((n, state.spec.products)), axis=1)
    industry = np.argmax(cast.industries[partner] * rng.random((n, len(vocabulary.INDUSTRIES))), axis=1)
    topic = np.array(vocabulary.STRENGTH_PAIRS)[cast.pair[partner], rng.integers(0, 2, n)]
    amount = 2200.0 * (1 + 0.6 * (product % 8)) * np.exp(rng.normal(0.12 * cast.quality[partner], 0.6, n))
    return amount, (product, industry, topic, rng.integers(0, vocabulary.ASKS_A_TOPIC, n))


def start_selling(state: State, t0: float, dt: float, chance: Array) -> None:
    """Let newcomers win their first deal; from then on they are active and get leads."""
    state.silence_odds = state.silence_odds * (1 - chance)
    first = np.flatnonzero((state.stage == ONBOARDING) & (state.rng.random(state.n) < chance))
    if not len(first):
        return
    at = t0 + state.rng.uniform(0, dt, len(first))
    state.stage[first], state.alive[first], state.status_active[first] = ACTIVATED, True, True
    state.signed[first] = True
    state.activated_at[first] = at
    state.books.change("status", first, at, np.full(len(first), "active"))
    registered = np.maximum(at - state.rng.uniform(5, 30, len(first)), (at + state.recruited[first]) / 2)
    amount, details = _own_business(state, first)
    state.books.deals.append((first, registered, np.full(len(first), -1), at, amount, *details))
    state.won.append(state.n_deals + np.arange(len(first)))
    state.n_deals += len(first)
    state.revenue.append((t0, first, amount))
