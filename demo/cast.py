"""The companies of the world, partners and prospects alike: what shows, and what only the world knows."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from demo import geography, vocabulary
from demo.spec import WorldSpec

Array = npt.NDArray[Any]

KINDS = ("reseller", "var", "si", "msp", "agency", "referral", "isv")
_KIND_WEIGHTS = (0.28, 0.17, 0.15, 0.14, 0.10, 0.10, 0.06)
SALES_MODELS = ("field", "inside", "digital", "mixed")
OWNER_GROUPS = ("a", "b", "undisclosed")
ESTABLISHED_SHARE = 0.3


@dataclass(frozen=True)
class Cast:
    """All companies, partners first; arrays over companies unless said otherwise.

    ``recruited`` is in days since the start, -inf for those who were there before it, +inf for prospects.
    ``industry_skill`` (n, industries), ``strength`` (n, topics), ``product_skill`` (n, products), ``offered``
    (n, products; the agreement covers it), ``territory`` (n, regions; may sell there), ``courses`` (n, products).
    """

    n_partners: int
    city: Array
    latitude: Array
    longitude: Array
    kind: Array
    employees: Array
    revenue: Array
    founded: Array
    industries: Array
    industry_skill: Array
    pair: Array
    profile_variant: Array
    strength: Array
    product_focus: Array
    product_skill: Array
    offered: Array
    covers_all: Array
    territory: Array
    whole_country: Array
    courses: Array
    quality: Array
    responsiveness: Array
    frailty: Array
    session_rate: Array
    session_size: Array
    season_phase: Array
    own_deal_rate: Array
    capacity: Array
    preferred_size: Array
    recruited: Array
    certified_staff: Array
    cloud_practice: Array
    sales_model: Array
    customer_rating: Array
    owner_group: Array
    booth_number: Array
    interest: Array
    stage_taste: Array
    fit_noise: Array


def draw_cast(rng: np.random.Generator, spec: WorldSpec) -> Cast:
    """Draw all companies of the world."""
    n = spec.partners + spec.prospects
    place = _places(rng, n, geography.n_countries(spec.partners))
    body = _body(rng, n)
    skills = _skills(rng, n, spec.products)
    temper = _temper(rng, n, spec, body["employees"])
    staff = np.exp(0.6 + 0.35 * temper["quality"] + 0.35 * (np.log(body["employees"]) - 3.6))
    return Cast(
        n_partners=spec.partners,
        **place,
        **body,
        **skills,
        **temper,
        recruited=_recruitment(rng, spec),
        certified_staff=rng.poisson(np.minimum(staff, 60)),
        cloud_practice=rng.random(n) < 0.42,
        sales_model=rng.integers(0, len(SALES_MODELS), n),
        customer_rating=np.round(np.clip(3.7 + 0.35 * temper["quality"] + rng.normal(0, 0.3, n), 1, 5), 1),
        owner_group=rng.choice(len(OWNER_GROUPS), n, p=(0.55, 0.3, 0.15)),
        booth_number=rng.integers(1, 900, n),
        fit_noise=rng.normal(0, 0.3, n),
    )


def _places(rng: np.random.Generator, n: int, countries: int) -> dict[str, Array]:
    city = geography.draw_cities(rng, n, tilt=0.25, countries=countries)
    latitude, longitude = geography.coordinates(rng, city)
    region, country = geography.CITY_REGION[city], geography.CITY_COUNTRY[city]
    whole = rng.random(n) < 0.7
    same_country = geography.REGION_COUNTRY[None, :] == country[:, None]
    neighbours = rng.random((n, len(geography.REGIONS))) < 0.3
    home = np.arange(len(geography.REGIONS))[None, :] == region[:, None]
    territory = np.where(whole[:, None], same_country, home | (same_country & neighbours))
    return {
        "city": city,
        "latitude": latitude,
        "longitude": longitude,
        "territory": territory,
        "whole_country": whole,
    }


def _body(rng: np.random.Generator, n: int) -> dict[str, Array]:
    employees = np.maximum(2, np.round(rng.lognormal(3.6, 1.05, n))).astype(int)
    return {
        "kind": rng.choice(len(KINDS), n, p=_KIND_WEIGHTS),
        "employees": employees,
        "revenue": np.round(employees * rng.lognormal(11.4, 0.4, n), -3),
        "founded": np.round(rng.gamma(2.2, 2200.0, n) + 200),
        "preferred_size": 3.4 + 0.45 * (np.log(employees) - 3.6) + rng.normal(0, 0.3, n),
    }


def _skills(rng: np.random.Generator, n: int, products: int) -> dict[str, Array]:
    n_industries, n_topics = len(vocabulary.INDUSTRIES), len(vocabulary.TOPICS)
    industries = _some_of(rng, n, n_industries, np.array([0.35, 0.4, 0.25]))
    pair = rng.integers(0, len(vocabulary.STRENGTH_PAIRS), n)
    strength = rng.normal(0, 0.1, (n, n_topics))
    pairs = np.array(vocabulary.STRENGTH_PAIRS)[pair]
    strength[np.arange(n)[:, None], pairs] += 1.0
    focus = _some_of(rng, n, products, np.array([0.4, 0.35, 0.25]))
    covers_all = rng.random(n) < 0.6
    courses = focus | (rng.random((n, products)) < 0.25)
    interest = 0.9 * strength + 0.8 * _some_of(rng, n, n_topics, np.array([0.2, 0.4, 0.4]))
    return {
        "industries": industries,
        "industry_skill": np.where(industries, 1.0, -0.15) + rng.normal(0, 0.2, industries.shape),
        "pair": pair,
        "profile_variant": rng.integers(0, 4, n),
        "strength": strength,
        "product_focus": focus,
        "product_skill": 0.9 * focus + rng.normal(0, 0.25, focus.shape),
        "offered": covers_all[:, None] | courses,
        "covers_all": covers_all,
        "courses": courses,
        "interest": interest + rng.normal(0, 0.2, interest.shape),
        "stage_taste": rng.normal(0, 0.5, (n, len(vocabulary.ASSET_KINDS))),
    }


def _some_of(rng: np.random.Generator, n: int, width: int, p_count: Array) -> Array:
    """Return a (n, width) mask with 1, 2 or 3 random members a row, as `p_count` says."""
    count = np.minimum(rng.choice(len(p_count), n, p=p_count) + 1, width)
    rank = np.argsort(np.argsort(rng.random((n, width)), axis=1), axis=1)
    return np.asarray(rank < count[:, None])


def _temper(rng: np.random.Generator, n: int, spec: WorldSpec, employees: Array) -> dict[str, Array]:
    quality = rng.normal(0, 1, n)
    per_day = spec.activities / ACTIVITIES_A_SESSION / (spec.partners * spec.days * LIVE_SHARE)
    own_deals = max(spec.deals - ACCEPTED_SHARE * spec.leads, 0.08 * spec.deals)
    own_per_day = own_deals / (spec.partners * spec.days * LIVE_SHARE)
    relative = np.exp(0.5 * quality + 0.3 * (np.log(employees) - 3.6))
    return {
        "quality": quality,
        "responsiveness": rng.normal(0, 1, n),
        "frailty": rng.normal(0, 0.3, n),
        "session_rate": per_day * rng.gamma(1.0, 1.0, n),
        "session_size": rng.gamma(4.0, (ACTIVITIES_A_SESSION - 1) / 4.0, n),
        "season_phase": rng.uniform(0, 2 * np.pi, n),
        "own_deal_rate": own_per_day * relative / 1.22,
        "capacity": np.clip(np.round(rng.lognormal(2.7, 0.5, n) * (employees / 36.0) ** 0.25), 5, 60).astype(int),
    }


ACTIVITIES_A_SESSION = 6.0
LIVE_SHARE = 0.52
"""Share of partner-days of the history on which a partner is recruited, not ended and not dormant."""
ACCEPTED_SHARE = 0.68
"""Share of leads that some partner accepts."""


def _recruitment(rng: np.random.Generator, spec: WorldSpec) -> Array:
    """Return recruitment days: a quarter was there before the start, the others come, early ones more."""
    established = round(ESTABLISHED_SHARE * spec.partners)
    later = np.sort(rng.beta(1.0, 1.35, spec.partners - established)) * (spec.days - 5)
    return np.concatenate([np.full(established, -np.inf), later, np.full(spec.prospects, np.inf)])
