"""The world in the words of the import format: one frame a resource, companies and what belongs to them."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from demo import calendar, geography, vocabulary
from demo.cast import KINDS, OWNER_GROUPS, SALES_MODELS
from demo.state import AWAY, ENDED, ONBOARDING, State

Array = npt.NDArray[Any]

AGREEMENT_DAYS = 730
_ROLES = ("owner", "sales", "technical")


def some(known: Array, values: Any) -> Array:
    """Return `values` as objects where `known`, None elsewhere."""
    result = np.full(known.shape, None, dtype=object)
    result[known] = np.asarray(values, dtype=object)[known]
    return result


def ids(prefix: str, numbers: Array, width: int = 5) -> Array:
    """Return external ids, NaN where a number is negative."""
    if not len(numbers):  # zfill does not take an empty array
        return np.zeros(0, dtype=object)
    texts = np.char.add(f"{prefix}-", np.char.zfill((np.asarray(numbers) + 1).astype(str), width)).astype(object)
    return some(np.asarray(numbers) >= 0, texts)


def instants(state: State, days: Array) -> Array:
    """Return ISO instants in UTC, None where unknown."""
    at = calendar.instants(state.spec, days)
    return some(~np.isnat(at), np.char.add(np.datetime_as_string(at, unit="s"), "Z"))


def dates(state: State, days: Array) -> Array:
    """Return ISO dates, None where unknown."""
    at = calendar.instants(state.spec, days)
    return some(~np.isnat(at), np.datetime_as_string(at, unit="D"))


def name_of(names: tuple[str, ...] | list[str], codes: Array) -> Array:
    """Return the names of codes, None where a code is negative."""
    table = np.array([*names, None], dtype=object)
    return np.asarray(table[np.where(np.asarray(codes) < 0, len(names), codes)])


def joined(mask: Array, names: list[str]) -> list[str]:
    """Return the names of each row's members as a list cell of CSV."""
    return [";".join(names[j] for j in np.flatnonzero(row)) for row in mask]


def course_name(product: int) -> str:
    """Return the course that certifies for a product."""
    return f"{vocabulary.product_name(product)} Specialist"


def programs(state: State) -> pd.DataFrame:
    """Return the programmes: one to sell, one to refer, further ones by number."""
    n = state.spec.programs
    kinds = [("Sell", "resale", "revenue"), ("Refer", "referral", "leads")]
    rows = [kinds[j] if j < 2 else (f"Track {j + 1}", "resale", "revenue") for j in range(n)]
    return pd.DataFrame(
        {
            "external_id": ids("PG", np.arange(n), 2),
            "name": [row[0] for row in rows],
            "kind": [row[1] for row in rows],
            "objective": [row[2] for row in rows],
            "tiers": ";".join(vocabulary.TIERS),
        }
    )


def products(state: State) -> pd.DataFrame:
    """Return the products; every third may be sold only by the certified."""
    n = state.spec.products
    number = np.arange(n)
    names = [vocabulary.product_name(j) for j in range(n)]
    return pd.DataFrame(
        {
            "external_id": ids("PR", number, 3),
            "name": names,
            "category": np.where(number % 2 == 0, "software", "service"),
            "description": [f"{name}: for companies that want {_promise(j)}." for j, name in enumerate(names)],
            "price": 2500.0 * (1 + 0.6 * (number % 8)),
            "required_certifications": [course_name(j) if j % 3 == 2 else None for j in range(n)],
        }
    )


def _promise(product: int) -> str:
    return vocabulary.TOPICS[product % len(vocabulary.TOPICS)].claim


def partners(state: State, rng: np.random.Generator) -> pd.DataFrame:
    """Return all companies with what they are at the end of the history."""
    cast, n = state.cast, state.cast.n_partners
    total = len(cast.city)
    number = np.arange(total)
    country = geography.CITY_COUNTRY[cast.city]
    places = [geography.CITIES[c] for c in cast.city]
    recruited = np.where(np.isfinite(cast.recruited), cast.recruited, np.nan)
    padding = np.full(total - n, np.nan)
    languages = [_languages(geography.COUNTRIES[c], bool(k % 3)) for c, k in zip(country, number, strict=True)]
    referring = (cast.kind == KINDS.index("referral")) & (state.spec.programs > 1)
    return pd.DataFrame(
        {
            "external_id": ids("P", number),
            "name": [vocabulary.company_name(7 * j + 3) for j in range(total)],
            "status": _statuses(state, rng),
            "program": ids("PG", np.where(referring, 1, 0), 2),
            "kind": name_of(KINDS, cast.kind),
            "tier": name_of(vocabulary.TIERS, np.append(state.tier, np.full(total - n, -1))),
            "country": name_of(geography.COUNTRIES, country),
            "region": [place.region for place in places],
            "city": [place.name for place in places],
            "territories": territories(state, number),
            "industries": joined(cast.industries, list(vocabulary.INDUSTRIES)),
            "languages": languages,
            "employees": cast.employees,
            "annual_revenue": cast.revenue,
            "founded_on": dates(state, -cast.founded),
            "recruited_at": instants(state, recruited),
            "ended_at": instants(state, np.append(state.ended_at, padding)),
            "website": [f"https://p{j + 1}.example" for j in number],
            "description": [vocabulary.profile(p, v) for p, v in zip(cast.pair, cast.profile_variant, strict=True)],
            "account_manager": np.append(manager_names(state.manager), np.full(total - n, None)),
            "max_open_leads": np.append(cast.capacity[:n].astype(object), np.full(total - n, None)),
            "latitude": cast.latitude,
            "longitude": cast.longitude,
            "certified_staff": np.append(staff_now(state), cast.certified_staff[n:]),
            "cloud_practice": np.where(cast.cloud_practice, "true", "false"),
            "sales_model": name_of(SALES_MODELS, cast.sales_model),
            "customer_rating": cast.customer_rating,
            "owner_group": name_of(OWNER_GROUPS, cast.owner_group),
            "booth_number": cast.booth_number,
        }
    )


def _languages(country: str, international: bool) -> str:
    own = geography.LANGUAGES[country]
    return f"{own};en" if international and own != "en" else own


def manager_names(numbers: Array) -> Array:
    """Return account managers' names."""
    return np.array([vocabulary.person_name(int(j)) for j in numbers], dtype=object)


def territories(state: State, companies: Array) -> list[str]:
    """Return where companies may sell: a country, or regions of it."""
    cast = state.cast
    names = [f"{country}-{region}" for country, region in geography.REGIONS]
    country = name_of(geography.COUNTRIES, geography.CITY_COUNTRY[cast.city[companies]])
    parts = joined(cast.territory[companies], names)
    return [c if whole else p for c, whole, p in zip(country, cast.whole_country[companies], parts, strict=True)]


def _statuses(state: State, rng: np.random.Generator) -> Array:
    names = np.where(state.status_active, "active", "inactive")
    names = np.where(state.stage == ENDED, "ended", names)
    names = np.where((state.stage == ONBOARDING) | (state.stage == AWAY), "onboarding", names)
    chance = rng.random(state.spec.prospects) - 0.1 * (state.p_fit[state.n :] - 0.5)
    prospects = np.select([chance < 0.07, chance > 0.98], ["applied", "rejected"], "prospect")
    return np.concatenate([names, prospects])


def staff_steps(state: State) -> tuple[Array, Array, Array]:
    """Return how certified staff grew after recruitment: partners, instants, new values."""
    rng = np.random.default_rng([state.spec.seed, 11])
    joined_at = np.maximum(state.recruited, 0.0)
    value = state.cast.certified_staff[: state.n].astype(int)
    rows: list[tuple[Array, Array, Array]] = []
    for year in range(1, state.spec.years + 1):
        at = joined_at + 365 * year - rng.uniform(0, 120, state.n)
        grown = value + rng.poisson(0.7, state.n)
        moved = np.flatnonzero((grown > value) & (at < np.fmin(state.ended_at, state.spec.days)))
        value[moved] = grown[moved]
        rows.append((moved, at[moved], value[moved].copy()))
    partner, at, values = (np.concatenate(column) for column in zip(*rows, strict=True))
    return partner, at, values


def staff_now(state: State) -> Array:
    """Return certified staff at the end."""
    partner, _, values = staff_steps(state)
    now = state.cast.certified_staff[: state.n].astype(int)
    np.maximum.at(now, partner, values)
    return now


def contacts(state: State, rng: np.random.Generator) -> pd.DataFrame:
    """Return one or two people a partner."""
    partner = np.repeat(np.arange(state.n), rng.integers(1, 3, state.n))
    number = np.arange(len(partner))
    return pd.DataFrame(
        {
            "external_id": ids("C", number),
            "partner": ids("P", partner),
            "name": [vocabulary.person_name(int(j)) for j in rng.integers(0, 120, len(number))],
            "email": [f"contact{j + 1}@p{p + 1}.example" for j, p in zip(number, partner, strict=True)],
            "phone": [f"+00 555 {j:05d}" for j in number],
            "role": name_of(_ROLES, rng.integers(0, len(_ROLES), len(number))),
        }
    )


def agreements(state: State, rng: np.random.Generator) -> pd.DataFrame:
    """Return two-year terms, renewed as long as the relation stands; the last is cut where it ended."""
    begin = np.floor(np.where(state.established, -rng.uniform(1, 700, state.n), state.recruited))
    stop = np.where(np.isnan(state.ended_at), np.inf, np.floor(state.ended_at))
    terms = -(-(state.spec.days + 700) // AGREEMENT_DAYS)
    partner = np.tile(np.arange(state.n), terms)
    first = np.concatenate([begin + AGREEMENT_DAYS * j for j in range(terms)])
    stands = first < np.minimum(stop[partner], state.spec.days)
    partner, first = partner[stands], first[stands]
    last = np.minimum(first + AGREEMENT_DAYS - 1, stop[partner])
    codes = list(ids("PR", np.arange(state.spec.products), 3))
    return pd.DataFrame(
        {
            "external_id": ids("AG", np.arange(len(partner))),
            "partner": ids("P", partner),
            "status": np.where(last < state.spec.days, "ended", "active"),
            "signed_on": dates(state, first),
            "valid_from": dates(state, first),
            "valid_to": dates(state, last),
            "territories": territories(state, partner),
            "products": np.where(state.cast.covers_all[partner], "", joined(state.cast.offered[partner], codes)),
            "commission_rate": np.round(0.1 + 0.02 * (state.cast.employees[partner] > 40), 3),
            "exclusive": "false",
        }
    )


def certifications(state: State) -> pd.DataFrame:
    """Return passed courses of those who were there on the day."""
    held = state.certificates
    inside = np.flatnonzero(
        held.passed < np.fmin(np.nan_to_num(state.ended_at[held.partner], nan=np.inf), state.spec.days)
    )
    period = np.searchsorted(state.borders, np.maximum(held.passed[inside], 0.0), side="right") - 1
    there = np.array(state.books.alive)[period, held.partner[inside]] | (
        held.passed[inside] < state.recruited[held.partner[inside]] + 8
    )
    keep = inside[there]
    order = keep[np.lexsort((held.course[keep], held.passed[keep]))]
    frame = pd.DataFrame(
        {
            "partner": ids("P", held.partner[order]),
            "course": [course_name(int(c)) for c in held.course[order]],
            "passed_on": dates(state, held.passed[order]),
            "expires_on": dates(state, held.expires[order]),
        }
    )
    return frame.drop_duplicates(["partner", "course", "passed_on"])


def feedback(state: State, rng: np.random.Generator) -> pd.DataFrame:
    """Return survey answers, some with a comment."""
    if not state.books.surveys:
        return pd.DataFrame(columns=["partner", "submitted_at", "kind", "score", "comment"])
    partner, at, score = (np.concatenate(column) for column in zip(*state.books.surveys, strict=True))
    mood = np.select([score <= 5, score >= 8], ["low", "high"], "mid")
    said = [
        vocabulary.COMMENTS[m][int(u * len(vocabulary.COMMENTS[m]))] if v < 0.4 else None
        for m, u, v in zip(mood, rng.random(len(mood)), rng.random(len(mood)), strict=True)
    ]
    columns = {"partner": ids("P", partner), "submitted_at": instants(state, at), "kind": "survey", "score": score}
    return pd.DataFrame({**columns, "comment": said})


def goals(state: State) -> pd.DataFrame:
    """Return yearly revenue goals of partners that were active when the year began."""
    frames = []
    for year in range(state.spec.years):
        k = int(np.searchsorted(state.borders, 365.0 * year, side="right") - 1)
        there = np.flatnonzero((state.books.stage[k] != AWAY) & (state.books.stage[k] != ENDED))
        target = np.round(20_000 * np.exp(0.4 * state.books.tier[k][there]), -3)
        period = {"period_start": dates(state, np.full(len(there), 365.0 * year))}
        period["period_end"] = dates(state, np.full(len(there), 365.0 * year + 364))
        frames.append(pd.DataFrame({"partner": ids("P", there), "metric": "won_revenue", **period, "target": target}))
    return pd.concat(frames, ignore_index=True)
