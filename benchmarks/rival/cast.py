"""Who and what there is in the rival programme: companies, products, assets, offers, and how productive whom."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.rival.words import FRAMES, INDUSTRIES, KINDS, PLACES, THEMES

Array = npt.NDArray[Any]
RANK = 3
_THEMES = tuple(THEMES)


@dataclass(frozen=True)
class RivalSpec:
    """Sizes and strengths of a world; the strengths are 1 (or a share) by default, 0 switches an effect off."""

    end: datetime
    seed: int = 5
    years: float = 3.0
    partners: int = 600
    prospects: int = 800
    leads: int = 6_000
    activities: int = 100_000
    assets: int = 150
    offers: int = 20
    products: int = 8
    skill_effect: float = 1.0
    fit_effect: float = 1.0
    dropout: float = 1.0
    taste_effect: float = 1.0
    text_signal: float = 0.8
    favourites: float = 0.5

    @property
    def days(self) -> int:
        """Days of history."""
        return round(365 * self.years)


def logistic(x: Array) -> Array:
    """Return 1 / (1 + exp(-x))."""
    return np.asarray(1.0 / (1.0 + np.exp(-x)))


def themed(rng: np.random.Generator, theme: int, language: str, signal: float, frame: int) -> str:
    """Return a sentence of two phrases, each of `theme` with probability `signal`, else of any theme."""
    picked = [theme if rng.random() < signal else int(rng.integers(len(_THEMES))) for _ in range(2)]
    phrases = [str(rng.choice(THEMES[_THEMES[each]][language])) for each in picked]
    return FRAMES[language][frame].format(*phrases)


class Companies:
    """All companies, recruited ones first; ids are shuffled so that they tell nothing.

    Attributes
    ----------
    p_fit : ndarray
        True probability of a first won deal within 365 days of recruitment.
    skill : ndarray, shape (n, RANK)
        Latent skill; industries and products load on it.
    """

    def __init__(self, spec: RivalSpec, rng: np.random.Generator) -> None:
        n = self.n = spec.partners + spec.prospects
        self.ids = np.array([f"Q{k:06d}" for k in rng.permutation(n) + 1])
        self.place = rng.choice(len(PLACES), n, p=_falling(len(PLACES)))
        self.kind = rng.choice(len(KINDS), n, p=(0.28, 0.2, 0.16, 0.14, 0.12, 0.1))
        self.size = rng.standard_normal(n) + 0.4 * rng.standard_exponential(n) - 0.4
        self.general = rng.standard_normal(n)
        self.skill = rng.standard_normal((n, RANK))
        self.themes = rng.integers(len(_THEMES), size=(n, 2))
        self.engineers = 0.75 * self.general + 0.65 * rng.standard_normal(n)
        self.group = rng.choice(3, n, p=(0.5, 0.3, 0.2))
        self.wide = rng.random(n) < 0.7
        self.latitude = np.array([PLACES[k][3] for k in self.place]) + rng.normal(0, 0.6, n)
        self.longitude = np.array([PLACES[k][4] for k in self.place]) + rng.normal(0, 0.6, n)
        self.languages = [_spoken(PLACES[k][5], rng) for k in self.place]
        self.texts = [self._text(row, spec.text_signal, rng) for row in range(n)]
        self.p_fit = self._fit(spec, rng)

    def _text(self, row: int, signal: float, rng: np.random.Generator) -> str:
        if rng.random() < 0.1:
            return ""
        language = PLACES[self.place[row]][5]
        return " ".join(themed(rng, self.themes[row, k], language, signal, k) for k in range(2))

    def _fit(self, spec: RivalSpec, rng: np.random.Generator) -> Array:
        by_kind, by_place = rng.normal(0, 0.7, len(KINDS)), rng.normal(0, 0.4, len(PLACES))
        by_theme, slope = rng.normal(0, 0.8, len(_THEMES)), rng.normal(0, 0.7, len(KINDS))
        told = by_theme[self.themes].mean(axis=1)
        pull = by_kind[self.kind] + by_place[self.place] + told + slope[self.kind] * self.size
        pull += 0.5 * self.engineers + 0.3 * np.cos(2 * self.size) - 0.4 * (self.group == 1)
        return logistic(spec.fit_effect * (pull - pull.mean()) - 0.2)

    def covers(self, place: int) -> Array:
        """Return which companies may sell at `place`: country-wide ones in their country, others in their region."""
        countries = np.array([each[0] for each in PLACES])
        return np.asarray(np.where(self.wide, countries[self.place] == countries[place], self.place == place))


class Shelf:
    """Assets or offers: topic, language, popularity, and the days between which each is there."""

    def __init__(self, n: int, spec: RivalSpec, rng: np.random.Generator, *, passing: bool) -> None:
        self.n, self.passing = n, passing
        self.ids = np.array([f"{'B' if passing else 'M'}{k:04d}" for k in range(1, n + 1)])
        self.topic = rng.integers(len(_THEMES), size=n)
        self.language = rng.choice(("en", "pt", "es"), n, p=(0.4, 0.3, 0.3))
        self.start = np.sort(rng.uniform(-60, spec.days - 1, n))
        length = rng.uniform(90, 500, n) if passing else np.where(rng.random(n) < 0.3, rng.uniform(200, 600, n), 9e4)
        self.stop = np.floor(self.start + length)
        self.appeal = np.exp(rng.normal(0, 0.7, n))
        self.texts = [self._texts(row, spec.text_signal, rng) for row in range(n)]

    def _texts(self, row: int, signal: float, rng: np.random.Generator) -> tuple[str, str]:
        theme, language = int(self.topic[row]), str(self.language[row])
        return themed(rng, theme, language, signal, 2), " ".join(
            themed(rng, theme, language, signal, 1) for _ in range(3)
        )

    def profile(self, days: int) -> Array:
        """Return how strongly each draws on each day, (n, days): fresh things draw most, what is gone not at all."""
        age = np.arange(days)[None, :] - np.ceil(self.start)[:, None]
        there = (age >= 0) & (np.arange(days)[None, :] < self.stop[:, None])
        fresh = 0.25 + 0.75 * np.exp(-np.maximum(age, 0) / 40.0)
        return np.asarray(there * (1.0 if self.passing else fresh) * self.appeal[:, None])

    def taste(self, companies: Companies, spec: RivalSpec, rng: np.random.Generator, rows: int) -> Array:
        """Return how much each of the first `rows` companies likes each, (rows, n)."""
        liking = rng.normal(0, 0.8, (rows, len(_THEMES)))
        for k, lift in ((0, 1.6), (1, 1.0)):
            liking[np.arange(rows), companies.themes[:rows, k]] += lift
        weight = np.exp(spec.taste_effect * (liking[:, self.topic] - 1.0))
        speaks = np.array([[each in spoken for each in self.language] for spoken in companies.languages[:rows]])
        return np.asarray(weight * np.where(speaks, 1.0, 0.12))


class Trade:
    """How industries and products load on skill, and which industry each company names."""

    def __init__(self, companies: Companies, spec: RivalSpec, rng: np.random.Generator) -> None:
        self.industries = rng.normal(0, 1 / np.sqrt(RANK), (len(INDUSTRIES), RANK))
        self.products = rng.normal(0, 1 / np.sqrt(RANK), (spec.products, RANK))
        shown = companies.skill @ self.industries.T + rng.normal(0, 0.7, (companies.n, len(INDUSTRIES)))
        self.named = np.argsort(-shown, axis=1)[:, :2]


def _falling(n: int) -> Array:
    weight = 1.0 / (np.arange(n) + 3.0)
    return np.asarray(weight / weight.sum())


def _spoken(own: str, rng: np.random.Generator) -> tuple[str, ...]:
    return (own, "en") if own != "en" and rng.random() < 0.35 else (own,)
