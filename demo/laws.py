"""The laws of the world: every true probability as a function, documented in docs/demo.md.

Log-odds and log-rates are sums of effects; `WorldSpec` scales groups of them. Nothing here draws at random.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from demo import geography, vocabulary
from demo.cast import Cast
from demo.market import Market, season
from demo.spec import WorldSpec

Array = npt.NDArray[Any]

MOOD_SD, MOOD_DAYS = 0.8, 120.0
RETURN_RATE = 0.004
DROPOUT_RATE = 0.0005
LATE_START_RATE = 0.0008
FIT_DAYS = 365.0
DEAL_DAYS = (15.0, 155.0)
EXPIRE_DAYS = 6.0

_KIND_FIT = np.array([0.0, 0.35, 0.25, 0.3, -0.35, -0.6, 0.1])
_MODEL_FIT = np.array([0.25, 0.1, -0.35, 0.0])
_HOT_TOPICS = np.linspace(-0.5, 0.5, len(vocabulary.TOPICS))


def sigmoid(x: Array) -> Array:
    """Return the logistic function of `x`."""
    return np.asarray(1.0 / (1.0 + np.exp(-x)))


def start_share(days: Array) -> Array:
    """Return the share of productive recruits whose first won deal came within `days`, Beta(2, 3) over a year.

    Examples
    --------
    >>> start_share(np.array([0.0, 365.0])).tolist()
    [0.0, 1.0]
    """
    x = np.clip(np.asarray(days, dtype=float) / FIT_DAYS, 0, 1)
    return np.asarray(6 * x**2 - 8 * x**3 + 3 * x**4)


def p_productive(cast: Cast, market: Market, spec: WorldSpec) -> Array:
    """Return P(first won deal within 365 days of recruitment) of every company."""
    size = np.log(cast.employees) - 3.6
    strengths = np.array(vocabulary.STRENGTH_PAIRS)[cast.pair]
    effects = (
        _KIND_FIT[cast.kind]
        + _MODEL_FIT[cast.sales_model]
        + 0.45 * size
        - 0.25 * size**2
        + 0.55 * (cast.cloud_practice - 0.42)
        + 0.5 * (np.log1p(cast.certified_staff) - 1.2)
        + 0.6 * (cast.customer_rating - 3.7)
        + 1.3 * spec.text_signal * _HOT_TOPICS[strengths].sum(axis=1)
        + 0.7 * _white_space(cast, market)
    )
    return sigmoid(0.5 + spec.fit_effect * effects + cast.fit_noise)


def _white_space(cast: Cast, market: Market) -> Array:
    """Return standardised log demand over supply in each company's country and industries."""
    country = geography.CITY_COUNTRY[cast.city]
    there = np.isneginf(cast.recruited)
    supply = np.full((len(geography.COUNTRIES), len(vocabulary.INDUSTRIES)), 0.5)
    np.add.at(supply, country[there], cast.industries[there].astype(float))
    demand = market.demand * geography.COUNTRY_WEIGHTS[:, None]
    gap = np.log(demand / demand.sum()) - np.log(supply / supply.sum())
    mine = (gap[country] * cast.industries).sum(axis=1) / cast.industries.sum(axis=1)
    return np.asarray((mine - mine.mean()) / (mine.std() + 1e-9))


@dataclass(frozen=True)
class PartnerState:
    """What changes of the partners at hand, at one instant; arrays over partners."""

    load: Array
    mood: Array
    certified: Array


@dataclass(frozen=True)
class PairTruth:
    """True chances of each lead (row) with each partner (column), given that the partner is there at all."""

    p_accept: Array
    p_win: Array
    distance: Array


def pair_truth(
    cast: Cast, market: Market, leads: Array, partners: Array, state: PartnerState, spec: WorldSpec
) -> PairTruth:
    """Return the chances that `partners` (indices) accept and win `leads` (indices) when offered now."""
    distance = geography.distance_km(
        market.latitude[leads], market.longitude[leads], cast.latitude[partners], cast.longitude[partners]
    )
    far = np.minimum(distance, 1500.0) / 500.0
    industry = cast.industry_skill[partners].T[market.industry[leads]]
    product = cast.product_skill[partners].T[market.product[leads]]
    need = cast.strength[partners].T[market.topic[leads]] * spec.text_signal
    certified = state.certified.T[market.product[leads]]
    size_gap = np.abs(np.log(market.employees[leads])[:, None] - cast.preferred_size[partners])
    amount = (np.log(market.amount[leads]) - 8.9)[:, None]
    quality, strength = cast.quality[partners], spec.match_effect
    accept = 0.9 * cast.responsiveness[partners] + 0.5 * industry + 0.7 * need - 0.35 * far - 0.2 * size_gap
    accept += 0.25 * amount + 0.25 * state.mood - 1.3 * state.load
    win = 0.5 * quality + 1.0 * industry + 0.6 * product + 0.45 * certified + 1.3 * need - 0.4 * far - 0.35 * size_gap
    win += 0.2 * quality * amount - 0.8 * state.load
    base = market.quality[leads][:, None]
    return PairTruth(sigmoid(1.1 + strength * accept), sigmoid(-1.0 + base + strength * win), distance)


def amount_factor(cast: Cast, partners: Array) -> Array:
    """Return the expected ratio of a won deal's amount to the lead's estimate, by partner."""
    return np.asarray(np.exp(0.12 * cast.quality[partners] - 0.05))


def dropout_rate(observed: Array, mood: Array, spec: WorldSpec) -> Array:
    """Return the daily rate of falling silent, given the log-rate of observable causes and the mood."""
    return np.asarray(np.minimum(DROPOUT_RATE * np.exp(observed - 0.9 * spec.churn_effect * mood), 0.05))


def survival(rate: Array) -> Array:
    """Return P(still there when a deal closes), for a daily dropout `rate`, over the spread of deal durations."""
    shares = (np.arange(12) + 0.5) / 12
    days = DEAL_DAYS[0] + (DEAL_DAYS[1]) * _beta_2_3_quantile(shares)
    return np.asarray(np.exp(-rate[..., None] * days).mean(axis=-1))


def _beta_2_3_quantile(share: Array) -> Array:
    grid = np.linspace(0, 1, 401)
    return np.interp(share, start_share(grid * FIT_DAYS), grid)


def start_probability(p: Array, days: Array, dt: float) -> Array:
    """Return P(first won deal within the next `dt` days), given none in `days` since recruitment.

    Within a year it follows `start_share` scaled by the true `p`; later it is rare.
    """
    gone = p * start_share(days)
    within = p * (start_share(days + dt) - start_share(days)) / np.maximum(1 - gone, 1e-9)
    late = LATE_START_RATE * np.maximum(np.minimum(dt, days + dt - FIT_DAYS), 0)
    return np.asarray(within + late)


def season_of_visits(day_of_year: float) -> Array:
    """Return relative activity of partners by day of year."""
    return season(np.asarray(day_of_year), amplitude=0.15)


def requires_certificate(product: Array) -> Array:
    """Return whether a product may be sold only with its certificate: every third one."""
    return np.asarray(np.asarray(product) % 3 == 2)


def region_of(city: Array) -> Array:
    """Return the regions of cities."""
    return np.asarray(geography.CITY_REGION[city])
