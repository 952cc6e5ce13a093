"""Content and offers: what there is, whom it suits, and what partners do on their visits."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from demo import geography, vocabulary
from demo.spec import WorldSpec
from demo.state import ONBOARDING, State

Array = npt.NDArray[Any]

KINDS = (
    "login",
    "portal_visit",
    "call",
    "email",
    "training_completed",
    "deal_update",
    "asset_viewed",
    "asset_downloaded",
    "offer_opened",
    "offer_used",
)
LOGIN, VISIT, CALL, EMAIL, TRAINING, DEAL, VIEW, DOWNLOAD, OPEN, USE = range(10)
_SHARES = np.array([0.0, 0.37, 0.12, 0.14, 0.06, 0.08, 0.18, 0.0, 0.05, 0.0])
VIEW_SHARE, OPEN_SHARE = float(_SHARES[VIEW]), float(_SHARES[OPEN])
DOWNLOAD_SHARE, USE_SHARE, LATE_SHARE = 0.3, 0.25, 0.03
SEEN_PENALTY, FRESH_DAYS = 1.6, 45.0
_EARLY_KINDS = (0, 5)
_LANGUAGES = ("en", "pt", "de", "es", "pl")


@dataclass(frozen=True)
class Catalogue:
    """Assets or offers; arrays over items, times in days since the start, ``topics`` (items, topics) weights."""

    topic: Array
    second_topic: Array
    topics: Array
    kind: Array
    variant: Array
    language: Array
    product: Array
    country: Array
    min_tier: Array
    published: Array
    expires: Array
    popularity: Array

    def __len__(self) -> int:
        return len(self.topic)


def draw_assets(rng: np.random.Generator, spec: WorldSpec) -> Catalogue:
    """Draw assets published steadily over the history, a fifth before it, each living about a year and a half."""
    n = spec.assets
    before = rng.random(n) < 0.2
    published = np.where(before, -rng.uniform(0, 200, n), rng.uniform(0, spec.days - 2, n))
    return _draw_items(rng, spec, n, np.sort(published), rng.uniform(300, 900, n))


def draw_offers(rng: np.random.Generator, spec: WorldSpec) -> Catalogue:
    """Draw offers, each valid from a whole day on for one to four months."""
    n = spec.offers
    published = np.sort(np.floor(rng.uniform(-30, spec.days - 5, n)))
    return _draw_items(rng, spec, n, published, np.floor(rng.uniform(60, 240, n)))


def _draw_items(rng: np.random.Generator, spec: WorldSpec, n: int, published: Array, life: Array) -> Catalogue:
    n_topics = len(vocabulary.TOPICS)
    topic = rng.integers(0, n_topics, n)
    second = np.where(rng.random(n) < 0.4, (topic + rng.integers(1, n_topics, n)) % n_topics, topic)
    topics = np.zeros((n, n_topics))
    topics[np.arange(n), second] = 0.5
    topics[np.arange(n), topic] = 1.0
    some_country = rng.integers(0, len(geography.COUNTRIES), n)
    return Catalogue(
        topic=topic,
        second_topic=second,
        topics=topics,
        kind=rng.integers(0, len(vocabulary.ASSET_KINDS), n),
        variant=np.arange(n),
        language=rng.choice(len(_LANGUAGES), n, p=(0.6, 0.14, 0.1, 0.1, 0.06)),
        product=rng.integers(0, spec.products, n),
        country=np.where(rng.random(n) < 0.08, some_country, -1),
        min_tier=np.where(rng.random(n) < 0.08, rng.integers(1, 3, n), 0),
        published=published,
        expires=published + life,
        popularity=rng.normal(0, 0.6, n),
    )


@dataclass(frozen=True)
class Taste:
    """Log-affinity of every partner for every item that does not change with time; shape (partners, items)."""

    items: Catalogue
    lasting: Array
    early: Array
    allowed_country: Array


def taste_of(state: State, items: Catalogue) -> Taste:
    """Work out what suits whom: topics, kind of content, language, popularity."""
    cast, n = state.cast, state.n
    country = geography.CITY_COUNTRY[cast.city[:n]]
    home_language = np.array([geography.LANGUAGES[name] for name in geography.COUNTRIES])[country]
    same = np.array(_LANGUAGES)[items.language][None, :] == home_language[:, None]
    understood = np.where(same, 0.7, np.where((items.language == 0)[None, :], 0.0, -2.0))
    liking = 2.3 * cast.interest[:n] @ items.topics.T + cast.stage_taste[:n][:, items.kind]
    lasting = state.spec.taste_effect * liking + items.popularity[None, :] + understood
    early = np.isin(items.kind, _EARLY_KINDS) * 0.9
    allowed = (items.country[None, :] < 0) | (items.country[None, :] == country[:, None])
    return Taste(items, lasting, early, allowed)


def available(taste: Taste, rows: Array, tier: Array, at: float) -> Array:
    """Return which items the partners `rows` may use at `at`; shape (rows, items)."""
    items = taste.items
    live = (items.published <= at) & (items.expires > at)
    return np.asarray(live[None, :] & taste.allowed_country[rows] & (tier[:, None] >= items.min_tier[None, :]))


def weights(taste: Taste, rows: Array, tier: Array, newcomer: Array, seen: Array, at: float) -> Array:
    """Return unnormalised odds with which partners `rows` pick each item at `at`; shape (rows, items)."""
    age = np.maximum(at - taste.items.published, 0)
    score = taste.lasting[rows] + 1.1 * np.exp(-age / FRESH_DAYS)[None, :] - SEEN_PENALTY * seen
    score = score + newcomer[:, None] * taste.early[None, :]
    return np.where(available(taste, rows, tier, at), np.exp(score), 0.0)


@dataclass(frozen=True)
class Activities:
    """All activities in order of drawing; arrays over events, -1 for no item."""

    partner: Array
    at: Array
    kind: Array
    asset: Array
    offer: Array
    recorded: Array


def newcomers(state: State, stage: Array, at: float) -> Array:
    """Return who is new: onboarding, or recruited within 180 days."""
    return np.asarray((stage == ONBOARDING) | (state.recruited > at - 180)).astype(float)


def draw_activities(state: State, assets: Taste, offers: Taste, rng: np.random.Generator) -> Activities:
    """Turn visits into activities, and let content be picked period by period."""
    partner, period, at, kind = _events(state, rng)
    asset = _pick(state, assets, partner, period, kind == VIEW, rng)
    offer = _pick(state, offers, partner, period, kind == OPEN, rng)
    real = ~((kind == VIEW) & (asset < 0)) & ~((kind == OPEN) & (offer < 0))
    more = _follow_ups(partner, at, kind, asset, offer, rng)
    columns = [np.concatenate([a[real], b]) for a, b in zip((partner, at, kind, asset, offer), more, strict=True)]
    inside = columns[1] < state.spec.days - 1e-4
    partner, at, kind, asset, offer = (column[inside] for column in columns)
    late = rng.random(len(at)) < LATE_SHARE
    recorded = np.where(late, at + rng.exponential(4.0, len(at)) + 0.1, np.nan)
    known = ~(recorded >= state.spec.days)
    return Activities(partner[known], at[known], kind[known], asset[known], offer[known], recorded[known])


def _events(state: State, rng: np.random.Generator) -> tuple[Array, Array, Array, Array]:
    who, when, sessions = (np.concatenate(column) for column in zip(*state.books.visits, strict=True))
    partner, period = np.repeat(who, sessions), np.repeat(when, sessions)
    t0, t1 = state.borders[period], state.borders[period + 1]
    day = np.floor(np.maximum(rng.uniform(t0, t1), state.recruited[partner] + 0.02))
    start = np.maximum(day + rng.uniform(8, 18, len(day)) / 24, state.recruited[partner] + 0.02)
    extra = rng.poisson(state.cast.session_size[partner])
    of = np.repeat(np.arange(len(partner)), extra)
    kind = rng.choice(len(KINDS), len(of), p=_SHARES / _SHARES.sum())
    at = np.concatenate([start, start[of] + rng.uniform(0.001, 0.06, len(of))])
    kinds = np.concatenate([np.full(len(partner), LOGIN), kind])
    return np.concatenate([partner, partner[of]]), np.concatenate([period, period[of]]), at, kinds


def _pick(state: State, taste: Taste, partner: Array, period: Array, wanted: Array, rng: np.random.Generator) -> Array:
    """Pick an item for each wanted event, -1 where none is on offer; seen items are picked less."""
    picked = np.full(len(partner), -1)
    if not len(taste.items):
        return picked
    seen = np.zeros((state.n, len(taste.items)))
    events = np.flatnonzero(wanted)
    events = events[np.argsort(period[events], kind="stable")]
    limits = np.searchsorted(period[events], np.arange(len(state.borders)))
    for k in range(len(state.borders) - 1):
        now = events[limits[k] : limits[k + 1]]
        if not len(now):
            continue
        rows, which = np.unique(partner[now], return_inverse=True)
        at = float(state.borders[k])
        new = newcomers(state, state.books.stage[k], at)[rows]
        odds = weights(taste, rows, state.books.tier[k][rows], new, seen[rows], at)
        summed = np.cumsum(odds, axis=1)
        u = rng.random(len(now)) * summed[which, -1]
        item = (summed[which] <= u[:, None]).sum(axis=1)
        found = summed[which, -1] > 0
        picked[now[found]] = item[found]
        seen[partner[now[found]], item[found]] = 1.0
    return picked


def _follow_ups(
    partner: Array, at: Array, kind: Array, asset: Array, offer: Array, rng: np.random.Generator
) -> list[Array]:
    """Let some views become downloads, some opened offers be used, minutes later."""
    loads = (kind == VIEW) & (asset >= 0) & (rng.random(len(kind)) < DOWNLOAD_SHARE)
    uses = (kind == OPEN) & (offer >= 0) & (rng.random(len(kind)) < USE_SHARE)
    of = np.flatnonzero(loads | uses)
    later = at[of] + rng.uniform(0.0005, 0.008, len(of))
    return [partner[of], later, np.where(loads[of], DOWNLOAD, USE), asset[of], offer[of]]


def picks(events: Array, share: float) -> Array:
    """Return the expected number of picks among visits' further `events`, of a kind with that share of them."""
    return np.asarray(events * share / float(_SHARES.sum()))


def language_name(code: int) -> str:
    """Return the ISO 639-1 code of a language."""
    return _LANGUAGES[code]
