"""The world in the words of the import format: leads, assignments, deals, content, activities, changes."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from demo import calendar, content, geography, tables, vocabulary
from demo.state import State
from demo.tables import dates, ids, instants, name_of

Array = npt.NDArray[Any]

_RESPONSES = ("accepted", "declined", "expired")
_REASONS = ("no capacity", "outside our field", "too small", "too far away")
_STAGES = ("qualified", "proposal", "negotiation")
_OFFER_KINDS = ("bonus", "marketing fund", "training", "commission")


@dataclass(frozen=True)
class DealBook:
    """Deals registered within the history, by time of registration; ``won`` is final, also beyond the end."""

    partner: Array
    registered: Array
    lead: Array
    closes: Array
    amount: Array
    product: Array
    industry: Array
    topic: Array
    variant: Array
    won: Array


def deal_book(state: State) -> DealBook:
    """Collect deals out of the books."""
    if not state.books.deals:
        return DealBook(*[np.zeros(0, dtype=int)] * 10)
    columns = [np.concatenate(column) for column in zip(*state.books.deals, strict=True)]
    won = np.zeros(len(columns[0]), dtype=bool)
    won[np.concatenate(state.won).astype(int) if state.won else []] = True
    order = np.argsort(columns[1], kind="stable")
    order = order[columns[1][order] < state.spec.days]
    return DealBook(*[column[order] for column in [*columns, won]])


def leads(state: State) -> pd.DataFrame:
    """Return all leads."""
    market = state.market
    number = np.arange(len(market))
    places = [geography.CITIES[c] for c in market.city]
    return pd.DataFrame(
        {
            "external_id": ids("L", number, 6),
            "created_at": instants(state, market.created),
            "company": [f"{vocabulary.company_name(5 * j + 1)} Ltd" for j in range(len(number))],
            "domain": [f"customer{j + 1}.example" for j in range(len(number))],
            "country": [place.country for place in places],
            "region": [place.region for place in places],
            "city": [place.name for place in places],
            "industry": name_of(vocabulary.INDUSTRIES, market.industry),
            "employees": market.employees,
            "source": name_of(vocabulary.SOURCES, market.source),
            "product": ids("PR", market.product, 3),
            "estimated_amount": market.amount,
            "description": [vocabulary.ask(t, v) for t, v in zip(market.topic, market.ask_variant, strict=True)],
            "program": ids("PG", np.zeros(len(market), dtype=int), 2),
            "latitude": market.latitude,
            "longitude": market.longitude,
            "budget_confirmed": np.where(market.budget_confirmed, "true", "false"),
            "urgency": market.urgency,
            "campaign_code": np.char.add("K", market.campaign_code.astype(str)),
        }
    )


def assignment_book(state: State) -> list[Array]:
    """Return the columns of the books' assignments that were offered within the history."""
    if not state.books.assignments:
        return [np.zeros(0, dtype=int) for _ in range(10)]
    columns = [np.concatenate(column) for column in zip(*state.books.assignments, strict=True)]
    order = np.lexsort((columns[0], columns[2]))
    order = order[columns[2][order] < state.spec.days]
    return [column[order] for column in columns]


def assignments(state: State, rng: np.random.Generator) -> pd.DataFrame:
    """Return offers of leads with their answers; those answered after the end wait."""
    lead, partner, offered, response, responded, *_, propensity, _, hop = assignment_book(state)
    answered = responded < state.spec.days
    names = name_of(_RESPONSES, np.where(answered, response, -1))
    reason = name_of(_REASONS, rng.integers(0, len(_REASONS), len(lead)))
    return pd.DataFrame(
        {
            "lead": ids("L", lead, 6),
            "partner": ids("P", partner),
            "offered_at": instants(state, offered),
            "response": names,
            "responded_at": instants(state, np.where(answered, responded, np.nan)),
            "decline_reason": tables.some(names == "declined", reason),
            "propensity": np.where(hop == 0, propensity, np.nan),
        }
    )


def deals(state: State, book: DealBook) -> pd.DataFrame:
    """Return deals; those that close after the end are open."""
    end, n = state.spec.days, len(book.partner)
    closed = book.closes < end
    country = geography.CITY_COUNTRY[state.cast.city[book.partner]]
    from_lead = book.lead >= 0
    customer = np.where(from_lead, book.lead, 0)
    if len(state.market):
        country = np.where(from_lead, geography.CITY_COUNTRY[state.market.city[customer]], country)
    progress = np.clip((end - book.registered) / np.maximum(book.closes - book.registered, 1e-6) * 3, 0, 2.9)
    outcome = tables.some(closed, np.where(book.won, "won", "lost"))
    wording = zip(book.topic, book.variant, from_lead, strict=True)
    names = [5 * int(lead) + 1 if lead >= 0 else 5 * (j + len(state.market)) + 2 for j, lead in enumerate(book.lead)]
    return pd.DataFrame(
        {
            "external_id": ids("D", np.arange(n), 6),
            "partner": ids("P", book.partner),
            "registered_at": instants(state, book.registered),
            "lead": ids("L", book.lead, 6),
            "company": [f"{vocabulary.company_name(name)} Ltd" for name in names],
            "country": name_of(geography.COUNTRIES, country),
            "industry": name_of(vocabulary.INDUSTRIES, book.industry),
            "product": ids("PR", book.product, 3),
            "status": np.where(book.registered > end - 2, "submitted", "approved"),
            "stage": np.where(closed, "closed", name_of(_STAGES, progress.astype(int))),
            "outcome": outcome,
            "amount": np.round(book.amount.astype(float), 2),
            "closed_at": instants(state, np.where(closed, book.closes, np.nan)),
            "description": [None if lead else vocabulary.ask(t, v) for t, v, lead in wording],
        }
    )


def assets(state: State, items: content.Catalogue) -> pd.DataFrame:
    """Return assets."""
    return pd.DataFrame(
        {
            "external_id": ids("A", np.arange(len(items)), 4),
            "title": [vocabulary.asset_title(*row) for row in zip(items.topic, items.kind, items.variant, strict=True)],
            "kind": name_of(vocabulary.ASSET_KINDS, items.kind),
            "body": [vocabulary.asset_body(t, v // 3) for t, v in zip(items.topic, items.variant, strict=True)],
            "language": [content.language_name(code) for code in items.language],
            "topics": _topics(items),
            "products": ids("PR", np.where(items.variant % 2 == 0, items.product, -1), 3),
            "countries": name_of(geography.COUNTRIES, items.country),
            "min_tier": name_of(vocabulary.TIERS, np.where(items.min_tier > 0, items.min_tier, -1)),
            "published_at": instants(state, items.published),
            "expires_at": instants(state, items.expires),
        }
    )


def _topics(items: content.Catalogue) -> list[str]:
    names = [topic.name for topic in vocabulary.TOPICS]
    pairs = zip(items.topic, items.second_topic, strict=True)
    return [names[a] if a == b else f"{names[a]};{names[b]}" for a, b in pairs]


def offers(state: State, items: content.Catalogue) -> pd.DataFrame:
    """Return offers."""
    n = len(items)
    return pd.DataFrame(
        {
            "external_id": ids("O", np.arange(n), 3),
            "title": [vocabulary.offer_title(t, v) for t, v in zip(items.topic, items.variant, strict=True)],
            "kind": name_of(_OFFER_KINDS, items.variant % 4),
            "body": [vocabulary.asset_body(t, 0) for t in items.topic],
            "valid_from": dates(state, items.published),
            "valid_to": dates(state, items.expires - 1),
            "countries": name_of(geography.COUNTRIES, items.country),
            "min_tier": name_of(vocabulary.TIERS, np.where(items.min_tier > 0, items.min_tier, -1)),
            "amount": np.round(200 + 50.0 * (np.arange(n) % 9), 2),
            "budget": np.round(20_000 + 1000.0 * (np.arange(n) % 13), 2),
        }
    )


def activities(
    state: State, drawn: content.Activities, book: DealBook, people: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    """Return activities in order of time, with the deal or person they concern where there is one."""
    order = np.argsort(drawn.at, kind="stable")
    partner, at, kind = drawn.partner[order], drawn.at[order], drawn.kind[order]
    deal = np.where(kind == content.DEAL, _latest_deal(book, partner, at, state.spec.days), -1)
    owner = people["partner"].to_numpy()
    first = np.flatnonzero(owner != np.roll(owner, 1)) if len(owner) > 1 else np.zeros(1, dtype=int)
    personal = np.isin(kind, (content.CALL, content.TRAINING)) & (rng.random(len(kind)) < 0.6)
    contact = np.where(personal, first[np.minimum(partner, len(first) - 1)], -1)
    frame = pd.DataFrame(
        {
            "partner": ids("P", partner),
            "occurred_at": _stamps(state, at),
            "kind": name_of(content.KINDS, kind),
            "asset": ids("A", drawn.asset[order], 4),
            "offer": ids("O", drawn.offer[order], 3),
            "deal": ids("D", deal, 6),
            "contact": ids("C", contact),
            "quantity": np.where(kind == content.CALL, np.round(rng.gamma(2, 7, len(kind)) + 1), np.nan),
            "recorded_at": _stamps(state, drawn.recorded[order]),
        }
    )
    return frame.drop_duplicates()


def _stamps(state: State, days: Array) -> Array:
    return calendar.instants(state.spec, days).astype("datetime64[us]")


def _latest_deal(book: DealBook, partner: Array, at: Array, days: int) -> Array:
    """Return each event's newest earlier deal of the same partner, -1 for none."""
    if not len(book.partner):
        return np.full(len(partner), -1)
    scale = 4.0 * days
    key = book.partner * scale + book.registered
    order = np.argsort(key, kind="stable")
    place = np.searchsorted(key[order], partner * scale + at, side="right") - 1
    found = order[np.maximum(place, 0)]
    return np.where((place >= 0) & (book.partner[found] == partner), found, -1)


def changes(state: State, partners: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Return the history of statuses, tiers, account managers and certified staff."""
    since = np.maximum(state.recruited, 0.0)
    everyone = np.arange(state.n)
    first_tier = np.where(state.established, state.books.tier[0], 0)
    parts = [
        ("tier", everyone, since, name_of(vocabulary.TIERS, first_tier)),
        ("account_manager", everyone, since, tables.manager_names(state.first_manager)),
        ("certified_staff", everyone, since, state.cast.certified_staff[: state.n]),
        ("certified_staff", *tables.staff_steps(state)),
        *_status_changes(state, partners, rng),
    ]
    for name, rows in state.books.changes.items():
        for who, at, values in rows:
            named = {"tier": lambda v: name_of(vocabulary.TIERS, v), "account_manager": tables.manager_names}
            parts.append((name, who, at, named.get(name, np.asarray)(values)))
    frames = [
        pd.DataFrame({"partner": who, "field": name, "at": at, "value": np.asarray(values).astype(str)})
        for name, who, at, values in parts
    ]
    frame = pd.concat([frame for frame in frames if len(frame)], ignore_index=True)
    frame = frame.sort_values(["field", "partner", "at"], kind="stable")
    return pd.DataFrame(
        {
            "resource": "partners",
            "external_id": ids("P", frame["partner"].to_numpy()),
            "field": frame["field"].to_numpy(),
            "changed_at": instants(state, frame["at"].to_numpy(dtype=float)),
            "value": frame["value"].to_numpy(),
        }
    ).drop_duplicates(["resource", "external_id", "field", "changed_at"], keep="last")


def _status_changes(
    state: State, partners: pd.DataFrame, rng: np.random.Generator
) -> list[tuple[str, Array, Array, Array]]:
    """Return how companies came: seen, applied, onboarding; those there at the start were active."""
    there = np.flatnonzero(state.established)
    came = np.flatnonzero(~state.established)
    met = state.recruited[came] - rng.uniform(30, 200, len(came))
    applied = state.recruited[came] - rng.uniform(3, 25, len(came))
    status = partners["status"].to_numpy()
    waiting = np.flatnonzero((status == "applied") | (status == "rejected"))
    asked = state.spec.days - rng.uniform(5, 40, len(waiting))
    return [
        ("status", there, np.zeros(len(there)), np.full(len(there), "active")),
        ("status", came, met, np.full(len(came), "prospect")),
        ("status", came, applied, np.full(len(came), "applied")),
        ("status", came, state.recruited[came], np.full(len(came), "onboarding")),
        ("status", waiting, asked - rng.uniform(20, 200, len(waiting)), np.full(len(waiting), "prospect")),
        ("status", waiting, asked, status[waiting]),
    ]
