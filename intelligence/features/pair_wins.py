"""How often a customer was won before, and which partners win customers at that stage: where wins alone are known.

Some partners come first, others only once somebody else has sold to a customer. All values rest on wins strictly
before the instant asked about.
"""

import numpy as np
import numpy.typing as npt

from intelligence.features.pair_events import PairEvent
from intelligence.features.pair_world import DAY_US, LeadQuery, PairWorld
from models.affinity import EVERYONE, AffinityParameters, Selection

Singles = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

STAGE_TERM = "customer_stage"
NAMES = ("customer_win_times", "customer_win_days")
_LAST_STAGE = 3
_MOST_WINS = 200_000
"""The latest: older ones hardly count any more, and an answer must not take longer for ever."""


class WinRecord:
    """All wins of a world in order of time, asked about leads at any instant.

    Parameters
    ----------
    world : PairWorld
        Events, leads and partners.
    parameters : AffinityParameters
        Half-life and smoothing.
    """

    def __init__(self, world: PairWorld, parameters: AffinityParameters) -> None:
        events = world.events
        won = events.kind == PairEvent.WIN
        self._at, self._partner = events.at[won], events.partner[won]
        self._n_partners = len(world.partner_ids)
        self._parameters = parameters
        self._of_customer, self._stage = _customer_instants(world.batch.customers[events.lead[won]], self._at)

    def stage(self, lead: LeadQuery, at_us: int) -> int:
        """Return at how many instants the customer was won before, at most three; -1 for an unknown customer."""
        return -1 if lead.customer < 0 else min(self._customer_wins(lead, at_us)[0], _LAST_STAGE)

    def _customer_wins(self, lead: LeadQuery, at_us: int) -> tuple[int, float]:
        """Instants at which the customer was won, and days since the last; NaN without any."""
        instants = self._of_customer.get(lead.customer)
        times = 0 if instants is None else int(np.searchsorted(instants, at_us, "left"))
        return times, (at_us - int(instants[times - 1])) / DAY_US if instants is not None and times else np.nan

    def lift(self, lead: LeadQuery, at_us: int, partners: Selection = EVERYONE) -> Singles:
        """Log of how much more often the partner wins customers at this stage than everybody does, shape (n,)."""
        stop = int(np.searchsorted(self._at, at_us, "left"))
        rows = slice(max(stop - _MOST_WINS, 0), stop)
        stages, partner = self._stage[rows], self._partner[rows]
        weight = np.exp2((self._at[rows] - at_us) / (DAY_US * self._parameters.half_life_days)) * (stages >= 0)
        stage = self.stage(lead, at_us)
        hit = stages == stage
        share = weight[hit].sum() / max(float(weight.sum()), 1e-30)
        total = np.bincount(partner, weight, self._n_partners)[partners]
        if stage < 0 or not share > 0:
            return np.zeros(len(total), np.float32)
        mine = np.bincount(partner[hit], weight[hit], self._n_partners)[partners]
        k = self._parameters.smoothing
        found: Singles = np.log((mine / share + k) / (total + k)).astype(np.float32)
        return found

    def features(self, lead: LeadQuery, at_us: int, n: int) -> Singles:
        """Return at how many instants the customer was won, and how many days ago last, for `n` partners: (n, 2)."""
        times, days = self._customer_wins(lead, at_us)
        row = np.array([times if lead.customer >= 0 else np.nan, days], dtype=np.float32)
        return np.broadcast_to(row, (n, len(row)))


def _customer_instants(customers: Ints, at_us: Ints) -> tuple[dict[int, Ints], Ints]:
    """Instants of each customer's wins, distinct; and how many of them came before each win, at most three."""
    stage = np.full(len(customers), -1, dtype=np.int64)
    order = np.lexsort((at_us, customers))
    order = order[customers[order] >= 0]
    if not len(order):
        return {}, stage
    who, when = customers[order], at_us[order]
    begins = np.diff(who, prepend=-1) != 0
    fresh = begins | (np.diff(when, prepend=when[0]) != 0)
    count = np.cumsum(fresh)
    start = np.maximum.accumulate(np.where(begins, count, 0))
    stage[order] = np.minimum(count - start, _LAST_STAGE)
    bounds = np.flatnonzero(begins[fresh])
    return dict(zip(who[begins].tolist(), np.split(when[fresh], bounds[1:]), strict=True)), stage
