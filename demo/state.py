"""The programme at one instant of the simulation, and the books that it writes."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from demo import calendar, laws
from demo.cast import Cast
from demo.market import Market
from demo.spec import WorldSpec

Array = npt.NDArray[Any]

AWAY, ONBOARDING, ACTIVATED, ENDED = range(4)
ACCEPTED, DECLINED, EXPIRED = range(3)


@dataclass(frozen=True)
class Certificates:
    """Passed courses: partner, course (= product), days of passing and expiry."""

    partner: Array
    course: Array
    passed: Array
    expires: Array


def draw_certificates(rng: np.random.Generator, cast: Cast, spec: WorldSpec) -> Certificates:
    """Draw chains of yearly certificates: each is renewed with probability 0.78, mostly about its expiry."""
    n = cast.n_partners
    partner, course = np.nonzero(cast.courses[:n])
    joined = cast.recruited[partner]
    established = np.isneginf(joined)
    passed = np.where(established, -rng.uniform(0, 365, len(partner)), joined + rng.uniform(15, 200, len(partner)))
    chains = []
    renewed = np.ones(len(partner), dtype=bool)
    for _ in range(spec.years + 2):
        chains.append((partner[renewed], course[renewed], passed[renewed]))
        passed = passed + 345 + rng.exponential(25, len(partner))
        renewed &= rng.random(len(partner)) < 0.78
    who, what, when = (np.concatenate(column) for column in zip(*chains, strict=True))
    held = when < spec.days
    return Certificates(who[held], what[held], when[held], when[held] + 365)


@dataclass
class Books:
    """Everything that happened, as lists of arrays, in the order of happening.

    ``assignments``: lead, partner, offered, response, responded, p_accept, p_win, propensity, distance, hop.
    ``deals``: partner, registered, lead (-1 none), closes, would win, amount, product, industry, topic, variant.
    ``changes``: field > list of (partners, instants, values). ``visits``: partner, period, sessions.
    """

    assignments: list[tuple[Array, ...]] = field(default_factory=list)
    deals: list[tuple[Array, ...]] = field(default_factory=list)
    changes: dict[str, list[tuple[Array, Array, Array]]] = field(default_factory=lambda: defaultdict(list))
    surveys: list[tuple[Array, Array, Array]] = field(default_factory=list)
    visits: list[tuple[Array, Array, Array]] = field(default_factory=list)
    alive: list[Array] = field(default_factory=list)
    stage: list[Array] = field(default_factory=list)
    tier: list[Array] = field(default_factory=list)
    snapshots: dict[float, "Snapshot"] = field(default_factory=dict)
    pairs: list[dict[str, Array]] = field(default_factory=list)

    def change(self, name: str, partners: Array, at: Array | float, values: Array) -> None:
        """Note that a field of some partners became `values`."""
        if len(partners):
            self.changes[name].append((partners, np.broadcast_to(at, partners.shape).astype(float), values))


@dataclass(frozen=True)
class Snapshot:
    """What the world knows of its partners at an instant, short of who has really fallen silent.

    Arrays over all partners: ``p_alive`` is the probability that the partner is not silent, given everything seen;
    ``causes`` the log-rate of dropout without mood; rates are a day while alive, without mood and season.
    """

    at: float
    stage: Array
    tier: Array
    status_active: Array
    p_alive: Array
    mood: Array
    causes: Array
    load: Array
    certified: Array
    lead_rate: Array
    seen: Array
    last_sign: Array


@dataclass
class State:
    """Arrays over partners that the simulation moves from period to period."""

    spec: WorldSpec
    cast: Cast
    market: Market
    p_fit: Array
    borders: Array
    rng: np.random.Generator
    books: Books = field(default_factory=Books)

    def __post_init__(self) -> None:
        """Start with nobody there."""
        n = self.n = self.cast.n_partners
        self.recruited = self.cast.recruited[:n]
        self.established = np.isneginf(self.recruited)
        self.stage = np.full(n, AWAY)
        self.tier = np.zeros(n, dtype=int)
        self.alive, self.status_active, self.seen = (np.zeros(n, dtype=bool) for _ in range(3))
        self.p_alive, self.mood, self.satisfaction, self.unanswered = (np.zeros(n) for _ in range(4))
        self.open_leads, self.assigned, self.accept_rate, self.win_rate = (np.zeros(n) for _ in range(4))
        self.last_sign = np.full(n, np.nan)
        self.activated_at = np.full(n, np.nan)
        self.ended_at = np.full(n, np.nan)
        self.n_managers = max(2, n // 40)
        self.manager = self.rng.integers(0, self.n_managers, n)
        self.first_manager = self.manager.copy()
        self.manager_since = np.full(n, -1000.0)
        self.certificates = draw_certificates(self.rng, self.cast, self.spec)
        self.revenue: list[tuple[float, Array, Array]] = []
        self.closing: dict[int, list[tuple[Array, Array, Array, Array, Array]]] = defaultdict(list)
        self.signed, self.heard = np.zeros(n, dtype=bool), np.zeros(n, dtype=bool)
        self.silence_odds = np.ones(n)
        self.dropout = np.zeros(n)
        self.certified = np.zeros((n, self.spec.products))
        self.lapsed = np.zeros(n, dtype=bool)
        self.n_deals, self.truth_from = 0, 0
        self.won: list[Array] = []

    @property
    def living(self) -> Array:
        """Whose relation stands: recruited and not ended."""
        return np.asarray((self.stage == ONBOARDING) | (self.stage == ACTIVATED))

    @property
    def load(self) -> Array:
        """Open leads as a share of capacity."""
        return np.asarray(self.open_leads / self.cast.capacity[: self.n])

    def season_at(self, days: float) -> float:
        """Return the programme's relative activity at an instant."""
        return float(laws.season_of_visits(calendar.day_of_year(self.spec, days)))

    def snapshot(self, at: float) -> None:
        """Note what the world knows at `at`."""
        self.books.snapshots[round(at, 6)] = Snapshot(
            at=at,
            stage=self.stage.copy(),
            tier=self.tier.copy(),
            status_active=self.status_active.copy(),
            p_alive=self.p_alive.copy(),
            mood=self.mood.copy(),
            causes=self.causes(at),
            load=self.load,
            certified=self.certified.copy(),
            lead_rate=self.accept_rate + self.win_rate,
            seen=self.seen.copy(),
            last_sign=self.last_sign.copy(),
        )

    def causes(self, at: float) -> Array:
        """Return the log-rate of falling silent that follows from what can be seen, and frailty."""
        effects = (
            0.7 * self.lapsed
            + 0.4 * np.minimum(self.unanswered, 3)
            + np.array([0.35, 0.0, -0.3, -0.5])[self.tier]
            - 0.45 * self.satisfaction
            + 0.6 * (self.manager_since > at - 90)
            + 0.6 * (self.stage == ONBOARDING)
        )
        return np.asarray(self.spec.churn_effect * effects + self.cast.frailty[: self.n])
