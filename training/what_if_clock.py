"""How long offers take to be answered, and so when a lead has found a partner that works on it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from domain.routing import RoutingPolicy
from intelligence.features.pair_events import NEVER, Pairs
from training.what_if_load import taken_up

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_HOUR_US = 3_600_000_000
_DRAWS = 48
_PSEUDO_ANSWERS = 4.0
_STEP_HOURS = 0.5
_MOST_STEPS = 2 * 24 * 365
_SEED = 11
_USUAL_ACCEPTANCE = 0.5


class AnswerTimes:
    """Hours until an offer is accepted or turned down, as on record; some partners are faster than others.

    Parameters
    ----------
    pairs : Pairs
        Offers with their answers.
    n_partners : int
        Partners.

    Attributes
    ----------
    known : bool
        Whether any answer has a time; else nothing can be said of clocks.
    p_accept : float
        Share of answered offers that were accepted, one half shrunk by the record.
    pace : float64 array of shape (p,)
        Each partner's usual hours as a multiple of everybody's, shrunk to 1 where few answers are on record.
    """

    def __init__(self, pairs: Pairs, n_partners: int) -> None:
        offers = pairs.offers
        taken = taken_up(offers)
        silent = taken & (offers["responded"] == NEVER).to_numpy(bool)
        answered = np.where(silent, offers["begun"], offers["responded"]).astype(np.int64)
        refused = offers["response"].isin(["declined", "expired"]).to_numpy(bool)
        hours = np.maximum((answered - offers["offered"].to_numpy(np.int64)) / _HOUR_US, 0.0)
        there = (answered != NEVER) & (taken | refused)
        self.known = bool((there & taken).any())
        self.p_accept = float(((there & taken).sum() + 2 * _USUAL_ACCEPTANCE) / (there.sum() + 2))
        self.pace = _paces(offers["partner"].to_numpy(np.int64)[there], hours[there], n_partners)
        rng = np.random.default_rng(_SEED)
        self._accepted_hours = hours[there & taken]
        relative = hours / self.pace[offers["partner"].to_numpy(np.int64)]
        self._accepted = _quantiles(relative[there & taken], rng)
        self._refused = _quantiles(relative[there & refused], rng)
        self._orders = [rng.permuted(np.tile(np.arange(_DRAWS), (2, 1)), axis=1) for _ in range(8)]

    def draws(self, hop: int) -> tuple[Floats, Floats]:
        """Return hours until acceptance and until refusal for the hop-th partner asked, shape (draws,) each."""
        accepted, refused = self._orders[hop % len(self._orders)]
        return self._accepted[accepted], self._refused[refused]

    def late_share(self, hours: float) -> float:
        """Return the share of acceptances on record that came later than `hours` after the offer."""
        return float((self._accepted_hours > hours).mean()) if len(self._accepted_hours) else 0.0

    def usual_refusal_us(self, policy: RoutingPolicy) -> int:
        """Return microseconds until a partner that refuses has done so, at the middle."""
        return int(min(float(np.median(self._refused)), policy.answer_hours or np.inf) * _HOUR_US)


def _paces(partner: Ints, hours: Floats, n_partners: int) -> Floats:
    """Geometric mean of hours (plus one) relative to everybody's, with some of everybody's answers added."""
    logs = np.log1p(hours)
    everybody = float(logs.mean()) if len(logs) else 0.0
    count = np.bincount(partner, minlength=n_partners)
    total = np.bincount(partner, weights=logs - everybody, minlength=n_partners)
    return np.asarray(np.exp(total / (count + _PSEUDO_ANSWERS)))


def _quantiles(hours: Floats, rng: np.random.Generator) -> Floats:
    if not len(hours):
        return np.zeros(_DRAWS)
    found = np.quantile(hours, (np.arange(_DRAWS) + 0.5) / _DRAWS)
    return np.asarray(rng.permutation(found))


@dataclass(frozen=True)
class Chain:
    """Partners that a lead would be offered to in turn.

    Parameters
    ----------
    partners : int64 array of shape (k,)
        Positions, the first first; at most as many as there may be hops.
    p_accept, p_win : float64 arrays of shape (k,)
        Of each, if it is asked.
    """

    partners: Ints
    p_accept: Floats
    p_win: Floats


@dataclass(eq=False)
class Clocked:
    """What is expected of leads on their way to a partner that works on them; sums over leads.

    Parameters
    ----------
    leads, accepted, hops, wins, within, judged : float
        Leads; expected numbers of those accepted by anybody, of offers, of leads won by whoever accepts, of leads
        accepted within the customer's clock, and of leads that have such a clock.
    """

    leads: float = 0.0
    accepted: float = 0.0
    hops: float = 0.0
    wins: float = 0.0
    within: float = 0.0
    judged: float = 0.0
    _hours: Floats = field(default_factory=lambda: np.zeros(_MOST_STEPS + 1))

    def add(self, times: AnswerTimes, chain: Chain, policy: RoutingPolicy, wait: float, weight: float = 1.0) -> Floats:
        """Follow a lead along a chain, `wait` hours after its arrival.

        Returns
        -------
        float64 array of shape (k,)
            Probability that each partner of the chain is asked.
        """
        most, clock = policy.answer_hours or np.inf, policy.first_contact_hours
        asked = np.zeros(len(chain.partners))
        left, spent = 1.0, np.full(_DRAWS, wait)
        self.leads += weight
        self.judged += weight * (clock is not None)
        for hop, partner in enumerate(chain.partners.tolist()):
            to_accept, to_refuse = (hours * times.pace[partner] for hours in times.draws(hop))
            in_time = to_accept <= most
            accepted = left * chain.p_accept[hop] * in_time / _DRAWS
            asked[hop] = left
            self.hops += weight * left
            self.accepted += weight * accepted.sum()
            self.wins += weight * left * chain.p_win[hop] * in_time.mean()
            self.within += weight * accepted[spent + to_accept <= (clock or 0.0)].sum()
            steps = np.minimum((spent + to_accept) / _STEP_HOURS, _MOST_STEPS).astype(np.int64)
            self._hours += np.bincount(steps, weights=weight * accepted, minlength=len(self._hours))
            left -= float(accepted.sum())
            spent = spent + np.minimum(to_refuse, most)
        return asked

    def add_nobody(self, policy: RoutingPolicy) -> None:
        """Count a lead for which there was nobody to ask."""
        self.leads += 1.0
        self.judged += float(policy.first_contact_hours is not None)

    def figures(self, times: AnswerTimes) -> dict[str, float | None]:
        """Return shares and times, None where nothing can be said."""
        total = np.cumsum(self._hours)
        known = times.known and self.accepted > 0
        middle = float(np.searchsorted(total, total[-1] / 2.0) * _STEP_HOURS) if known else None
        return {
            "wins_in_the_end": self.wins,
            "accepted_share": self.accepted / self.leads if self.leads else None,
            "person_share": 1.0 - self.accepted / self.leads if self.leads else None,
            "offers_per_lead": self.hops / self.leads if self.leads else None,
            "median_hours": middle,
            "within_clock_share": self.within / self.judged if known and self.judged else None,
        }


def happened(log: pd.DataFrame, clocks: Sequence[float | None], until: np.datetime64) -> dict[str, float | None]:
    """Return the same figures of what really happened, of leads of which it is known.

    Parameters
    ----------
    log : DataFrame
        Of `intelligence.matching.log.decisions`.
    clocks : sequence of float, optional
        Hours of the customer's clock of each lead.
    until : datetime64
        Until when things are known.
    """
    done = log[(log["hops"] > 0) & ~log["open"]]
    taken = done["accepted_by"] >= 0
    hours = np.array([np.nan if clock is None else clock for clock in clocks])
    age = (until - log["created_at"].to_numpy()).astype("timedelta64[us]").astype(np.int64) / _HOUR_US
    judged = (age >= hours) & (log["hops"] > 0).to_numpy(bool)
    within = (log["accepted_hours"].to_numpy(np.float64) <= hours)[judged]
    waited = done.loc[taken, "accepted_hours"]
    return {
        "wins_in_the_end": float((log["winner_id"] >= 0).sum()),
        "accepted_share": float(taken.mean()) if len(done) else None,
        "person_share": float(1.0 - taken.mean()) if len(done) else None,
        "offers_per_lead": float(done["hops"].mean()) if len(done) else None,
        "median_hours": float(waited.median()) if len(waited) else None,
        "within_clock_share": float(within.mean()) if len(within) else None,
    }
