"""The customers' side: leads as they arrive, with what shows and what only the world knows."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from demo import geography, vocabulary
from demo.spec import WorldSpec

Array = npt.NDArray[Any]

GROWTH = 0.55
"""Relative growth of lead inflow over the whole history."""

_SOURCE_WEIGHTS = (0.34, 0.14, 0.13, 0.19, 0.12, 0.08)
_SOURCE_EFFECT = np.array([0.0, 0.15, 0.85, -0.25, 0.1, -0.8])
_BUDGET_SHARE = 0.45


@dataclass(frozen=True)
class Market:
    """All leads in order of arrival; arrays over leads. ``created`` is in days since the start."""

    created: Array
    city: Array
    latitude: Array
    longitude: Array
    industry: Array
    employees: Array
    source: Array
    product: Array
    topic: Array
    ask_variant: Array
    amount: Array
    budget_confirmed: Array
    urgency: Array
    campaign_code: Array
    quality: Array
    demand: Array

    def __len__(self) -> int:
        return len(self.created)


def season(day_of_year: Array, amplitude: float = 0.2) -> Array:
    """Return relative business activity by day of year: spring and autumn peaks, a quiet turn of the year."""
    angle = 2 * np.pi * np.asarray(day_of_year) / 365.25
    return np.asarray(1 - amplitude * np.cos(2 * (angle - 0.15)) - 0.5 * amplitude * np.cos(angle))


def _arrivals(rng: np.random.Generator, spec: WorldSpec) -> Array:
    """Return sorted arrival times, days since the start, with growth, seasons and quiet weekends."""
    days = np.arange(spec.days)
    start = np.datetime64(spec.start.replace(tzinfo=None), "D")
    dates = start + days
    day_of_year = (dates - dates.astype("datetime64[Y]")).astype(int)
    weekday = (dates.astype(int) + 3) % 7
    intensity = (1 + GROWTH * days / spec.days) * season(day_of_year) * np.where(weekday >= 5, 0.35, 1.0)
    day = rng.choice(days, spec.leads, p=intensity / intensity.sum())
    hour = rng.beta(3, 3, spec.leads) * 14 + 7
    return np.sort(day + hour / 24)


def draw_market(rng: np.random.Generator, spec: WorldSpec) -> Market:
    """Draw all leads of the world."""
    n = spec.leads
    city = geography.draw_cities(rng, n, tilt=0.1, countries=geography.n_countries(spec.partners))
    latitude, longitude = geography.coordinates(rng, city)
    country = geography.CITY_COUNTRY[city]
    demand = rng.dirichlet(np.full(len(vocabulary.INDUSTRIES), 5.0), len(geography.COUNTRIES))
    industry = _choose(rng, demand[country])
    product_bias = rng.dirichlet(np.full(spec.products, 4.0), len(vocabulary.INDUSTRIES))
    product = _choose(rng, product_bias[industry])
    employees = np.maximum(1, np.round(rng.lognormal(3.4, 1.0, n))).astype(int)
    price = 2500.0 * (1 + 0.6 * (product % 8))
    amount = price * (employees / 30.0) ** 0.45 * rng.lognormal(0, 0.45, n)
    source = rng.choice(len(vocabulary.SOURCES), n, p=_SOURCE_WEIGHTS)
    budget, urgency = rng.random(n) < _BUDGET_SHARE, rng.integers(1, 6, n)
    return Market(
        created=_arrivals(rng, spec),
        city=city,
        latitude=latitude,
        longitude=longitude,
        industry=industry,
        employees=employees,
        source=source,
        product=product,
        topic=rng.choice(len(vocabulary.TOPICS), n, p=rng.dirichlet(np.full(len(vocabulary.TOPICS), 12.0))),
        ask_variant=rng.integers(0, vocabulary.ASKS_A_TOPIC, n),
        amount=np.round(amount, 2),
        budget_confirmed=budget,
        urgency=urgency,
        campaign_code=rng.integers(0, 30, n),
        quality=lead_quality(source, budget, urgency, employees) + rng.normal(0, 0.35, n),
        demand=demand,
    )


def lead_quality(source: Array, budget: Array, urgency: Array, employees: Array) -> Array:
    """Return what the visible facts of a lead say of its chance, on the log-odds scale."""
    size = np.log(employees) - 3.4
    return np.asarray(_SOURCE_EFFECT[source] + 0.6 * (budget - _BUDGET_SHARE) + 0.18 * (urgency - 3) - 0.12 * size**2)


def _choose(rng: np.random.Generator, weights: Array) -> Array:
    """Draw one column a row with the row's probabilities."""
    cumulated = np.cumsum(weights, axis=1)
    pick = (cumulated < rng.random(len(weights))[:, None] * cumulated[:, -1:]).sum(axis=1)
    return np.asarray(np.minimum(pick, weights.shape[1] - 1))
