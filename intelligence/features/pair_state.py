"""Pair features at an instant: one walk forward through the events, asked about leads on the way.

An answer for (lead, instant) rests on events strictly before the instant, and is the same whether one pair is asked
about or a million, and whether or not later rows exist.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from intelligence.features.pair_activity import NAMES as _ACTIVITY
from intelligence.features.pair_activity import PartnerActivity
from intelligence.features.pair_events import FAILURES, PairEvent
from intelligence.features.pair_profiles import PartnerProfiles, distance_km
from intelligence.features.pair_wins import NAMES as _STAGE
from intelligence.features.pair_wins import STAGE_TERM, WinRecord
from intelligence.features.pair_world import DAY_US, LeadQuery, PairWorld, held
from models.affinity import (
    EVERYONE,
    AffinityParameters,
    AffinityState,
    AffinityView,
    Selection,
    logit,
    rate_terms,
    volume_terms,
)

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Singles = npt.NDArray[np.float32]

_IS_OUTCOME = np.isin(np.arange(len(PairEvent)), [PairEvent.WIN, *FAILURES])
_CROWDED_CUSTOMER = 100
_UNKNOWN_KM = 500.0
_PSEUDO_WINS = 5.0
_PSEUDO_ANSWERS = 2.0
_PSEUDO_OUTCOMES = 4.0
_IS_ANSWER = np.isin(np.arange(len(PairEvent)), [PairEvent.ACCEPT, PairEvent.DECLINE, PairEvent.EXPIRE])
_RELATION = ("customer_wins", "customer_deals", "co_customer", "text_like", "text_fit")
_PROFILE = ("industry_match", "country_match", "region_match", "city_match", "nearness", "language_match", "certified")
_RECORD = (
    "tries",
    "wins",
    "accept_rate",
    "close_rate",
    "response_days",
    "open_leads",
    "load",
    "open_deals",
    "days_since_win",
    "days_since_offer",
    "days_since_deal",
    "amount_gap",
    "usual_amount",
)
_OF_OUTCOMES = ("distance_root", "size_gap", *_ACTIVITY)
"""Features of pairs where failures are on record too."""
_CONTEST = ("affinity", "affinity_gap", "affinity_share", "affinity_rank")


@dataclass(eq=False)
class _Customers:
    """Who dealt with which customer, and which partners share customers."""

    wins: dict[int, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    deals: dict[int, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))
    shared: dict[int, Counter[int]] = field(default_factory=lambda: defaultdict(Counter))

    def add_win(self, customer: int, partner: int) -> None:
        known = self.wins[customer]
        if partner not in known and len(known) < _CROWDED_CUSTOMER:
            for other in known:
                self.shared[other][partner] += 1
                self.shared[partner][other] += 1
        known[partner] += 1

    def company_of(self, customer: int) -> Counter[int]:
        """Partners by how many customers they share with those who won this one."""
        total: Counter[int] = Counter()
        for partner in self.wins.get(customer, ()):
            total.update(self.shared.get(partner, {}))
        return total


class PairState:
    """Walks through the events of a world and gives features of pairs.

    Parameters
    ----------
    world : PairWorld
        Events, leads and partners.
    parameters : AffinityParameters
        Of stage 1.

    Attributes
    ----------
    names : tuple of str
        Columns of `features`.
    term_names : tuple of str
        The columns that stage 1 scores with.
    """

    def __init__(self, world: PairWorld, parameters: AffinityParameters) -> None:
        self.world = world
        self.parameters = parameters
        self.profiles = PartnerProfiles(world.history)
        n = len(world.partner_ids)
        self.n_partners = n
        self._affinity = AffinityState(n, world.sizes, parameters)
        self._counts = np.zeros((len(PairEvent), n))
        self._values = np.zeros((2, len(PairEvent), n))
        self._last = np.full((len(PairEvent), n), np.nan)
        self._customers = _Customers()
        self._activity = PartnerActivity(world.history, world.partner_ids) if parameters.contrast else None
        vectors = world.batch.vectors
        self._texts = None if vectors is None else np.zeros((n, vectors.shape[1]), dtype=np.float32)
        self._text_fit = world.text_fit()
        self._wins = None if parameters.contrast else WinRecord(world, parameters)
        self._done = 0
        self.names, self.term_names = self._columns()
        self._terms = np.array([self.names.index(name) for name in self.term_names], dtype=np.int64)

    def _columns(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        attributes = [attribute.name for attribute in self.world.spec.attributes]
        volume = [*(f"wins_{days:g}" for days in self.parameters.popularity_days), *(f"lift.{a}" for a in attributes)]
        rate = ["rate", *(f"rate.{a}" for a in attributes)] if self.parameters.contrast else []
        everybody = [f"all_rate.{a}" for a in attributes] if self.parameters.contrast else []
        wins = () if self._wins is None else _STAGE
        if self._wins is not None:
            volume.append(STAGE_TERM)
        terms = (*(rate or volume), *_RELATION, *_PROFILE)
        more = _OF_OUTCOMES if self.parameters.contrast else ()
        return (*volume, *rate, *_RELATION, *_PROFILE, *_RECORD, *everybody, *more, *wins, *_CONTEST), terms

    def advance(self, at_us: int) -> None:
        """Take in events strictly before `at_us`, profiles as they are then. Only forward."""
        events = self.world.events
        stop = int(np.searchsorted(events.at, at_us, "left"))
        if stop > self._done:
            self._take(slice(self._done, stop))
            self._done = stop
        self.profiles.advance(at_us)
        if self._activity is not None:
            self._activity.advance(at_us)

    def _take(self, rows: slice) -> None:
        events, batch = self.world.events, self.world.batch
        at, kind, partner, lead = events.at[rows], events.kind[rows], events.partner[rows], events.lead[rows]
        valued = np.isfinite(events.value[rows])
        np.add.at(self._counts, (kind, partner), 1.0)
        np.add.at(self._values[0], (kind[valued], partner[valued]), 1.0)
        value = events.value[rows][valued]
        value = np.where(_IS_ANSWER[kind[valued]], np.log1p(np.maximum(value, 0.0)), value)
        np.add.at(self._values[1], (kind[valued], partner[valued]), value)
        self._last[kind, partner] = at  # in order of time: the latest stays
        outcome = _IS_OUTCOME[kind]
        if outcome.any():
            won = kind[outcome] == PairEvent.WIN
            self._affinity.add(partner[outcome], batch.codes[lead[outcome]], won, at[outcome])
        self._relate(kind, partner, lead)

    def _relate(self, kind: Ints, partner: Ints, lead: Ints) -> None:
        customers = self.world.batch.customers[lead]
        for name, which in ((self._customers.add_win, PairEvent.WIN), (self._add_deal, PairEvent.REGISTER)):
            chosen = (kind == which) & (customers >= 0)
            for customer, who in zip(customers[chosen].tolist(), partner[chosen].tolist(), strict=True):
                name(customer, who)
        if self._texts is not None and self.world.batch.vectors is not None:
            won = kind == PairEvent.WIN
            np.add.at(self._texts, partner[won], self.world.batch.vectors[lead[won]])

    def _add_deal(self, customer: int, partner: int) -> None:
        self._customers.deals[customer][partner] += 1

    def scores(self, lead: LeadQuery, at_us: int) -> Floats:
        """Stage-1 scores of all partners, shape (p,)."""
        return self.parameters.score(self.terms(lead, at_us))

    def terms(self, lead: LeadQuery, at_us: int, partners: Selection = EVERYONE) -> Singles:
        """Stage-1 terms of partners at an instant to which the state was advanced, shape (n, k)."""
        view = self._affinity.view(lead.codes, at_us, partners)
        side = self._side(lead, at_us, partners)
        if self.parameters.contrast:
            return np.concatenate([rate_terms(view, self.parameters.smoothing), side], axis=1)
        return np.concatenate([*self._volumes(view, lead, at_us, partners), side], axis=1)

    def _volumes(self, view: AffinityView, lead: LeadQuery, at_us: int, partners: Selection) -> list[Singles]:
        parts = [volume_terms(view, self.parameters.smoothing)]
        if self._wins is not None:
            parts.append(self._wins.lift(lead, at_us, partners)[:, None])
        return parts

    def features(
        self, lead: LeadQuery, at_us: int, partners: Selection = EVERYONE, scores: Floats | None = None
    ) -> Singles:
        """Features of partners for a lead at an instant to which the state was advanced, shape (n, k).

        `scores`, if at hand, are those of all partners (wins alone: the share among all is a feature).
        """
        view = self._affinity.view(lead.codes, at_us, partners)
        smoothing = self.parameters.smoothing
        parts = self._volumes(view, lead, at_us, partners)
        if self.parameters.contrast:
            parts.append(rate_terms(view, smoothing))
        parts += [self._side(lead, at_us, partners), self._record(lead, at_us, partners)]
        if self.parameters.contrast:
            parts.append(np.broadcast_to(_everybodys_rates(view), (len(parts[0]), len(lead.codes))))
        if self._activity is not None:
            more = [*self._differences(lead, partners), *self._activity.features(at_us, partners)]
            parts.append(np.stack(more, axis=1).astype(np.float32))
        if self._wins is not None:
            parts.append(self._wins.features(lead, at_us, len(parts[0])))
        found = np.concatenate(parts, axis=1)
        own = self.parameters.score(found[:, self._terms])
        return np.concatenate([found, self._contest(lead, at_us, partners, own, scores)], axis=1)

    def _contest(self, lead: LeadQuery, at_us: int, partners: Selection, own: Floats, scores: Floats | None) -> Singles:
        """Score, distance to the best, log share and rank among all partners (the latter three: wins alone)."""
        contest = np.full((len(own), len(_CONTEST)), np.nan, dtype=np.float32)
        contest[:, 0] = own
        if not self.parameters.contrast and len(own):
            everyone = self.scores(lead, at_us) if scores is None else scores
            best = float(everyone.max())
            mine = everyone[partners]
            contest[:, 1] = mine - best
            contest[:, 2] = mine - best - np.log(np.exp(everyone - best).sum())
            contest[:, 3] = len(everyone) - np.searchsorted(np.sort(everyone), mine, "right")
        return contest

    def _side(self, lead: LeadQuery, at_us: int, partners: Selection) -> Singles:
        """Relation to the customer and match of the profiles, shape (n, k)."""
        relation = [
            self._counted(self._customers.wins.get(lead.customer)),
            self._counted(self._customers.deals.get(lead.customer)),
            self._counted(self._customers.company_of(lead.customer) if lead.customer >= 0 else None),
        ]
        columns = [None if column is None else np.log1p(column[partners]) for column in relation]
        columns += [
            self._text_like(lead, partners),
            self._fit_of_text(lead, partners),
            *self._profile(lead, at_us, partners),
        ]
        n = len(self._counts[0, partners])
        return np.stack([np.zeros(n, np.float32) if c is None else c.astype(np.float32) for c in columns], axis=1)

    def _counted(self, counts: Counter[int] | None) -> Floats | None:
        if not counts:
            return None
        column = np.zeros(self.n_partners)
        column[list(counts.keys())] = list(counts.values())
        return column

    def _text_like(self, lead: LeadQuery, partners: Selection) -> Floats | None:
        if self._texts is None or lead.vector is None:
            return None
        texts, n = self._texts[partners], self._counts[PairEvent.WIN, partners]
        length = np.sqrt(np.einsum("ij,ij->i", texts, texts))
        return np.asarray(texts @ lead.vector / np.maximum(length, 1e-6) * (n / (n + 2.0)))

    def _fit_of_text(self, lead: LeadQuery, partners: Selection) -> Singles | None:
        if self._text_fit is None or lead.vector is None:
            return None
        self._text_fit.set_texts(self.profiles.values["description"], self.profiles.versions["description"])
        return self._text_fit.to(lead.vector, partners)

    def _profile(self, lead: LeadQuery, at_us: int, partners: Selection) -> list[Any]:
        profiles = self.profiles
        matches = (
            None if lead.industry is None else profiles.lists("industries", lead.industry),
            None if lead.country is None else profiles.equals("country", lead.country),
            None if lead.region is None else profiles.equals("region", lead.region),
            None if lead.city is None else profiles.equals("city", lead.city),
        )
        columns: list[Any] = [None if match is None else match[partners] for match in matches]
        columns.append(self._nearness(lead, partners))
        columns.append(None if lead.language is None else profiles.lists("languages", lead.language)[partners])
        courses = self.world.required.get(lead.product or "", ())
        have = [held(self.world.courses.get(course), at_us, self.n_partners)[0] for course in courses]
        columns.append(np.mean(have, axis=0)[partners] if have else None)
        return columns

    def _distance(self, lead: LeadQuery, partners: Selection) -> Floats | None:
        """Kilometres, 500 where a partner's place is unknown; None where the lead's is, or everybody's."""
        if np.isnan(lead.latitude) or np.isnan(lead.longitude):
            return None
        values = self.profiles.values
        places = values["latitude"], values["longitude"]
        if np.isnan(places[0] + places[1]).all():
            return None
        distance = distance_km(places[0][partners], places[1][partners], lead.latitude, lead.longitude)
        return np.where(np.isnan(distance), _UNKNOWN_KM, distance)

    def _nearness(self, lead: LeadQuery, partners: Selection) -> Floats | None:
        """Minus log of the distance in tens of kilometres, 0 at the door."""
        distance = self._distance(lead, partners)
        return None if distance is None else -np.log1p(distance / 10.0)

    def _differences(self, lead: LeadQuery, partners: Selection) -> tuple[Floats, Floats]:
        """Root of the distance (it goes on growing where the logarithm hardly does), and how unlike the sizes are."""
        sizes = self.profiles.values["employees"][partners]
        distance = self._distance(lead, partners)
        gap = np.abs(np.log1p(np.maximum(lead.employees, 0.0)) - np.log1p(np.maximum(sizes, 0.0)))
        return np.zeros(len(sizes)) if distance is None else np.sqrt(distance), gap

    def _record(self, lead: LeadQuery, at_us: int, partners: Selection) -> Singles:
        """Return the partner's own record: outcomes, answers, load, recency, usual amount; shape (n, k)."""
        c = self._counts[:, partners]
        wins, accepts = c[PairEvent.WIN], c[PairEvent.ACCEPT]
        refusals = c[PairEvent.DECLINE] + c[PairEvent.EXPIRE]
        tries = wins + c[list(FAILURES)].sum(axis=0)
        everybody = self._counts.sum(axis=1)
        turned_down = everybody[PairEvent.DECLINE] + everybody[PairEvent.EXPIRE]
        open_leads = c[PairEvent.OFFER] - c[PairEvent.CLEAR]
        with np.errstate(divide="ignore", invalid="ignore"):
            load = open_leads / self.profiles.values["max_open_leads"][partners]
            usual = np.log1p(self._values[1, PairEvent.WIN, partners] / self._values[0, PairEvent.WIN, partners])
        since = (at_us - self._last[[PairEvent.WIN, PairEvent.OFFER, PairEvent.REGISTER]][:, partners]) / DAY_US
        columns = [
            np.log1p(tries),
            np.log1p(wins),
            _pooled(accepts, refusals, everybody[PairEvent.ACCEPT], turned_down),
            _pooled(wins, c[PairEvent.LOSS], everybody[PairEvent.WIN], everybody[PairEvent.LOSS]),
            self._response_days(partners),
            open_leads,
            np.where(np.isfinite(load), load, np.nan),
            c[PairEvent.REGISTER] - c[PairEvent.SETTLE],
            *since,
            np.log1p(lead.amount) - usual,
            self._usual_amount(partners),
        ]
        return np.stack(columns, axis=1).astype(np.float32)

    def _response_days(self, partners: Selection) -> Floats:
        """Typical days until an answer (geometric mean of days + 1), shrunk to everybody's; NaN without any answer."""
        count, logs = self._values[:, [PairEvent.ACCEPT, PairEvent.DECLINE]].sum(axis=1)
        everybody = logs.sum() / max(float(count.sum()), 1.0)
        typical = (logs[partners] + _PSEUDO_ANSWERS * everybody) / (count[partners] + _PSEUDO_ANSWERS)
        return np.where(count[partners] > 0, np.expm1(typical), np.nan)

    def _usual_amount(self, partners: Selection) -> Floats:
        """Log of the mean amount of the partner's wins, shrunk to everybody's; NaN while nobody's amount is known."""
        count, total = self._values[:, PairEvent.WIN]
        if not count.sum():
            return np.full(len(count[partners]), np.nan)
        everybody = total.sum() / count.sum()
        shrunk = (total[partners] + _PSEUDO_WINS * everybody) / (count[partners] + _PSEUDO_WINS)
        return np.asarray(np.log1p(np.maximum(shrunk, 0.0)))

    def outcomes(self, partners: Selection = EVERYONE) -> tuple[Ints, Ints]:
        """Wins and outcomes (wins and failures) of partners so far."""
        wins = self._counts[PairEvent.WIN, partners]
        tries = wins + self._counts[list(FAILURES)][:, partners].sum(axis=0)
        return wins.astype(np.int64), tries.astype(np.int64)


def _pooled(good: Floats, bad: Floats, all_good: float, all_bad: float) -> Floats:
    """Share of good outcomes, shrunk to everybody's."""
    rate = (all_good + 1.0) / (all_good + all_bad + 2.0)
    return np.asarray((good + _PSEUDO_OUTCOMES * rate) / (good + bad + _PSEUDO_OUTCOMES))


def _everybodys_rates(view: AffinityView) -> Singles:
    all_wins, all_fails = view.everyone
    base = (all_wins + 1.0) / (all_wins + all_fails + 4.0)
    return logit((view.rate_wins + 10.0 * base) / (view.rate_tries + 10.0)).astype(np.float32)
