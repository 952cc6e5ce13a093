"""What happens in the rival programme: careers, signs of life, leads and who wins them, and what is known of it."""

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import pandas as pd

from benchmarks.rival.cast import Array, Companies, RivalSpec, Shelf, Trade, logistic
from benchmarks.rival.words import INDUSTRIES, KINDS, PLACES, SOURCES

AHEAD = 180
_CLOSING_DAYS = 40.0
_ENDING = 1 / 200
_BASE = 0.9


class Careers:
    """When whom was recruited, graduated (first win, or a year), fell silent for good and was ended; rates a day.

    A recruit gets no leads and does not leave before it graduates. Days count from the start; arrays reach AHEAD
    days beyond the end.
    """

    def __init__(self, companies: Companies, spec: RivalSpec, rng: np.random.Generator) -> None:
        n, days = spec.partners, spec.days
        early = rng.random(n) < 0.5
        self.recruited = np.where(early, rng.uniform(0, min(120, days / 4), n), rng.uniform(0, days - 1, n))
        self.productive = rng.random(n) < companies.p_fit[:n]
        self.first_win = np.where(self.productive, self.recruited + rng.uniform(15, 360, n), np.inf)
        self.graduated = np.minimum(self.first_win, self.recruited + 365)
        span = np.arange(days + AHEAD)
        season = 1 + 1.2 * np.isin(span % 365 // 30, (1, 7))
        kinds = np.array(KINDS)[companies.kind[:n]]
        frailty = rng.gamma(1.5, 1 / 1.5, n) * np.exp(0.6 * (kinds == "referral") - 0.35 * companies.size[:n])
        self.hazard = spec.dropout / 520 * frailty[:, None] * season * (span >= self.graduated[:, None])
        gone = np.cumsum(self.hazard, axis=1) > rng.standard_exponential(n)[:, None]
        self.dropped = np.where(gone.any(axis=1), gone.argmax(axis=1), 10**6).astype(float)
        self.ended = self.dropped + rng.exponential(1 / _ENDING, n)
        self.own = 0.004 * rng.gamma(1.0, 1.0, n) * np.exp(0.3 * companies.size[:n])
        fading = rng.random(n) < 0.25
        onset = self.recruited + rng.exponential(300, n)
        decline = np.where(fading[:, None], np.exp(-np.maximum(span - onset[:, None], 0) / 120.0), 1.0)
        tide = 1 + 0.3 * np.sin(2 * np.pi * span / 365)
        level = rng.gamma(0.8, 1 / 0.8, n) * np.exp(0.35 * companies.size[:n])
        self.level = level[:, None] * decline * tide * (span >= self.recruited[:, None])

    def alive(self) -> Array:
        """Return whether each partner still takes part, (n, days)."""
        return np.arange(self.level.shape[1]) < self.dropped[:, None]


class Engagement:
    """Poisson signs of life: plain ones, and one process a partner and item of the shelves."""

    def __init__(
        self, careers: Careers, shelves: list[Shelf], tastes: list[Array], spec: RivalSpec, rng: np.random.Generator
    ) -> None:
        self.careers, self.shelves, self.tastes = careers, shelves, tastes
        span = careers.level.shape[1]
        self.profiles = [shelf.profile(span) for shelf in shelves]
        self.profiles = [each / max(each.sum(axis=0).mean(), 1e-9) * 0.6 for each in self.profiles]
        self.profiles[1] = self.profiles[1] * 0.15
        drawn = sum(taste @ profile for taste, profile in zip(tastes, self.profiles, strict=True))
        raw = careers.level * (_BASE + drawn)
        wanted = spec.activities / max((raw * careers.alive())[:, : spec.days].sum(), 1e-9)
        careers.level *= wanted
        self.rate = raw * wanted
        self.events = self._draw(rng)

    def _draw(self, rng: np.random.Generator) -> pd.DataFrame:
        """Return partner, day, shelf (-1 for none) and item of all events, also of those beyond the end."""
        counts = rng.poisson(self.rate * self.careers.alive())
        partner, day = np.nonzero(counts)
        repeat = counts[partner, day]
        partner, day = np.repeat(partner, repeat), np.repeat(day, repeat)
        order = np.argsort(day, kind="stable")
        partner, day = partner[order], day[order]
        shelf, item = np.full(len(day), -1), np.full(len(day), -1)
        borders = np.searchsorted(day, np.arange(counts.shape[1] + 1))
        for today, (a, b) in enumerate(pairwise(borders.tolist())):
            if a < b:
                shelf[a:b], item[a:b] = self._choose(partner[a:b], today, rng)
        at = day + rng.random(len(day))
        keep = at >= self.careers.recruited[partner]
        return pd.DataFrame({"partner": partner, "day": at, "shelf": shelf, "item": item})[keep]

    def _choose(self, partner: Array, today: int, rng: np.random.Generator) -> tuple[Array, Array]:
        parts = [np.full((len(partner), 1), _BASE)]
        parts += [taste[partner] * p[:, today] for taste, p in zip(self.tastes, self.profiles, strict=True)]
        cumulative = np.cumsum(np.hstack(parts), axis=1)
        pick = (cumulative < rng.random(len(partner))[:, None] * cumulative[:, -1:]).sum(axis=1) - 1
        first = self.shelves[0].n
        shelf = np.where(pick < 0, -1, np.where(pick < first, 0, 1))
        return shelf, np.where(shelf == 1, pick - first, pick)


@dataclass
class Leads:
    """Leads by arrival, and the laws of who accepts and wins them."""

    spec: RivalSpec
    companies: Companies
    trade: Trade
    rng: np.random.Generator
    offers: list[tuple[int, int, float, int, float, str, float]] = field(default_factory=list)
    deals: list[tuple[int, int, float, float, bool, bool]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Draw the leads."""
        n, rng = self.spec.leads, self.rng
        self.day = np.sort(rng.triangular(90, self.spec.days, self.spec.days, n))
        share = np.bincount(self.companies.place[: self.spec.partners], minlength=len(PLACES)) + 0.5
        self.place = rng.choice(len(PLACES), n, p=share / share.sum())
        lean = rng.dirichlet(np.full(len(INDUSTRIES), 1.5), len(PLACES))
        self.industry = np.array([rng.choice(len(INDUSTRIES), p=lean[k]) for k in self.place], dtype=int)
        self.product = rng.integers(self.spec.products, size=n)
        self.source = rng.choice(len(SOURCES), n, p=(0.15, 0.2, 0.3, 0.15, 0.2))
        self.difficulty = rng.standard_normal(n)
        self.ready = rng.random(n) < logistic(-self.difficulty)
        self.size = rng.standard_normal(n) * 1.1
        self.latitude = np.array([PLACES[k][3] for k in self.place]) + rng.normal(0, 0.8, n)
        self.longitude = np.array([PLACES[k][4] for k in self.place]) + rng.normal(0, 0.8, n)
        self.fame = np.exp(rng.normal(0, 1.2, self.spec.partners))
        self.by_source = rng.normal(0, 0.4, len(SOURCES))
        self.backlog = self.day > self.day[max(n - max(100, n // 30), 0)] if n else np.zeros(0, dtype=bool)
        self.covered = np.array([self.companies.covers(k)[: self.spec.partners] for k in range(len(PLACES))])

    def affinity(self, lead: int, who: Array) -> Array:
        """Return how well the skills of `who` suit the lead."""
        need = 0.8 * self.trade.industries[self.industry[lead]] + 0.8 * self.trade.products[self.product[lead]]
        return np.asarray(self.companies.skill[who] @ need)

    def kilometres(self, lead: int, who: Array) -> Array:
        """Return the great-circle distance from the lead to `who`."""
        a, b = np.radians(self.latitude[lead]), np.radians(self.companies.latitude[who])
        along = np.radians(self.companies.longitude[who] - self.longitude[lead])
        chord = np.sin((a - b) / 2) ** 2 + np.cos(a) * np.cos(b) * np.sin(along / 2) ** 2
        return np.asarray(2 * 6371 * np.arcsin(np.sqrt(np.clip(chord, 0, 1))))

    def p_accept(self, lead: int, who: Array, load: Array) -> Array:
        """Return the probability that each of `who`, taking part, accepts."""
        pull = 1.5 - 0.35 * load - self.kilometres(lead, who) / 900 + 0.4 * self.affinity(lead, who)
        return logistic(pull)

    def p_close(self, lead: int, who: Array) -> Array:
        """Return the probability that each of `who` wins the accepted lead."""
        strength = self.spec.skill_effect * (self.affinity(lead, who) + 0.45 * self.companies.general[who])
        return logistic(strength - 1.0 - 0.8 * self.difficulty[lead] + self.by_source[self.source[lead]])

    def pool(self, lead: int, careers: Careers, day: float) -> Array:
        """Return who may be offered the lead."""
        there = (careers.graduated <= day) & (day < careers.ended)
        return np.flatnonzero(there & self.covered[self.place[lead]])

    def chances(self, pool: Array) -> Array:
        """Return the router's draw: evenly in turn, or among its favourites."""
        favoured = self.fame[pool] / self.fame[pool].sum()
        return np.asarray((1 - self.spec.favourites) / len(pool) + self.spec.favourites * favoured)

    def route(self, careers: Careers) -> None:
        """Offer each lead to up to three partners, and let them answer, win and lose."""
        closing: list[list[float]] = [[] for _ in range(self.spec.partners)]
        for lead in np.flatnonzero(~self.backlog).tolist():
            day, pool = float(self.day[lead]) + 0.02, self.pool(lead, careers, float(self.day[lead]))
            for hop in range(3):
                if not len(pool) or day >= self.spec.days:
                    break
                chances = self.chances(pool)
                at = int(self.rng.choice(len(pool), p=chances))
                who = int(pool[at])
                closing[who] = [until for until in closing[who] if until > day]
                answered = self._offer(lead, who, day, hop, float(chances[at]), careers, closing[who])
                if answered < 0:
                    break
                day, pool = answered, np.delete(pool, at)

    def _offer(
        self, lead: int, who: int, day: float, hop: int, chance: float, careers: Careers, closing: list[float]
    ) -> float:
        """Return when the next may be asked, -1 if accepted."""
        rng, one = self.rng, np.array([who])
        there, p = day < careers.dropped[who], float(self.p_accept(lead, one, np.array([len(closing)]))[0])
        accepts, answers = there and rng.random() < p, there and rng.random() < 0.7
        until = day + (rng.exponential(1.0) if accepts or answers else 5.0)
        response = "accepted" if accepts else "declined" if answers else "expired"
        self.offers.append((lead, who, day, hop, chance, response, until))
        if not accepts:
            return until
        close = until + 1 + rng.exponential(_CLOSING_DAYS)
        won = rng.random() < float(self.p_close(lead, one)[0]) and close < careers.dropped[who]
        self.deals.append((lead, who, until, close, won, True))
        closing.append(close)
        return -1.0


def own_deals(careers: Careers, companies: Companies, spec: RivalSpec, rng: np.random.Generator) -> pd.DataFrame:
    """Return deals that partners bring themselves: partner, day, close and won."""
    n = spec.partners
    lasts = np.clip(np.minimum(careers.dropped, spec.days) - careers.recruited, 0, None)
    who = np.repeat(np.arange(n), rng.poisson(careers.own * lasts))
    day = careers.recruited[who] + rng.random(len(who)) * lasts[who]
    close = day + 1 + rng.exponential(_CLOSING_DAYS, len(who))
    able = (close > careers.graduated[who]) & (close < careers.dropped[who])
    won = able & (rng.random(len(who)) < logistic(0.4 * companies.general[who] - 0.4))
    first = np.flatnonzero(careers.first_win < spec.days)
    began = np.maximum(careers.first_win[first] - 1 - rng.exponential(20, len(first)), careers.recruited[first])
    frames = [
        pd.DataFrame({"partner": who, "day": day, "close": close, "won": won}),
        pd.DataFrame({"partner": first, "day": began, "close": careers.first_win[first], "won": True}),
    ]
    return pd.concat(frames, ignore_index=True)


def still_there(careers: Careers, rate: Array, signs: Array, unanswered: Array, days: int) -> Array:
    """Return P(still taking part) after each day, given the rates and everything seen so far, (n, days).

    A hidden Markov filter: a sign of life proves it; silence, unanswered offers and not being ended speak by
    their likelihoods.
    """
    belief, out = np.ones(len(rate)), np.ones((len(rate), days))
    for day in range(days):
        stays = belief * (1 - careers.hazard[:, day]) * np.exp(-rate[:, day]) * unanswered[:, day]
        leaves = (1 - belief) * np.exp(-_ENDING) + belief * careers.hazard[:, day]
        belief = np.where(signs[:, day] | (day < careers.graduated), 1.0, stays / (stays + leaves))
        out[:, day] = belief
    return out
