"""What signed agreements allow: which hold at an instant, where, for what, and for whom alone."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from domain.context import system_clock
from domain.terms import AgreementStatus
from intelligence.features.pair_events import NEVER, micros, positions
from intelligence.features.pair_world import DAY_US, LeadQuery

if TYPE_CHECKING:
    from store.history import History

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

EVERYWHERE = "*"
_KEPT_MASKS = 2_000


def covers(territories: tuple[str, ...], country: str | None, region: str | None, *, surely: bool = False) -> bool:
    """Whether a place lies in the territories.

    Parameters
    ----------
    territories : tuple of str
        A country (``BR``), country and region (``BR-SP``), ``*`` for everywhere; none covers all.
    country, region : str, optional
        Of the lead; the region with or without its country. What is not known may be anything.
    surely : bool, default=False
        Whether it must lie there whatever is not known turns out to be.

    Examples
    --------
    >>> covers(("BR-SP", "AR"), "BR", "SP"), covers(("BR-SP",), "BR", None), covers(("BR-SP",), "BR", None, surely=True)
    (True, True, False)
    """
    if not territories:
        return True
    land, part = (country or "").casefold(), (region or "").casefold()
    part = part.removeprefix(f"{land}-") if land else part
    return any(_covers(token.strip().casefold(), land, part, surely) for token in territories)


def _covers(token: str, land: str, part: str, surely: bool) -> bool:
    if token == EVERYWHERE:
        return True
    token_land, _, token_part = token.partition("-")
    if not land and part.startswith(f"{token_land}-"):
        land, part = token_land, part.removeprefix(f"{token_land}-")
    same_land = token_land == land or (not land and not surely)
    return same_land and (not token_part or token_part == part or (not part and not surely))


@dataclass(frozen=True, eq=False)
class Standing:
    """How partners stand at an instant by their agreements; arrays of shape (p,).

    Parameters
    ----------
    valid : bool array
        Some agreement holds.
    in_place : bool array
        One that holds covers the lead's place.
    covered : bool array
        One that holds covers place and product (the place wherever it is not asked for).
    owner : bool array
        It has exclusive rights to leads like this one.
    """

    valid: Bools
    in_place: Bools
    covered: Bools
    owner: Bools


class Agreements:
    """Agreements of all partners; valid from `since` until before `until`.

    Parameters
    ----------
    history : History
        Agreements, and the changes of their status.
    partner_ids : int64 array of shape (p,)
        Our ids, ascending.
    """

    def __init__(self, history: "History", partner_ids: Ints) -> None:
        frame = history.agreements
        since, to = micros(frame["valid_from"]), micros(frame["valid_to"])
        changes = history.changes
        told = changes[(changes["resource"] == "agreements") & (changes["field"] == "status")]
        exclusive: Any = frame["exclusive"].fillna(0.0).to_numpy(np.float64) > 0
        self._history = history
        self._n = len(partner_ids)
        self._partner = positions(frame["partner_id"], partner_ids)
        self._known = np.minimum(since, micros(frame["signed_on"]))
        self._since = since
        self._until: Ints = np.where(to == NEVER, NEVER, np.minimum(to, NEVER - DAY_US) + DAY_US)
        self._territories: list[tuple[str, ...]] = list(frame["territories"])
        self._products: list[tuple[str, ...]] = list(frame["products"])
        self._exclusive: Bools = exclusive
        self._ran_out = (to < system_clock().timestamp() * 1e6) & ~frame["external_id"].isin(
            told["external_id"]
        ).to_numpy(bool)
        self._ids = frame["id"].to_numpy(np.int64)
        self._turns = np.unique(micros(told["changed_at"]))
        self._held: tuple[int, Bools] | None = None
        self._masks: dict[tuple[Any, ...], Bools] = {}

    def any_known(self, at_us: int) -> bool:
        """Whether the programme had signed any agreement by then: if not, it does not go by agreements."""
        return bool((self._known <= at_us).any())

    def standing(self, lead: LeadQuery, at_us: int, *, by_place: bool) -> Standing:
        """Return how partners stand to a lead.

        Parameters
        ----------
        lead : LeadQuery
            Its place and product count.
        at_us : int
            Instant, microseconds since 1970.
        by_place : bool
            Whether an agreement must cover the lead's place to cover its product.
        """
        rows = self._in_force(at_us)
        place, product = self._places(lead)[rows], self._products_named(lead)[rows]
        covering = place & product if by_place else product
        valid, in_place, covered = (self._holders(chosen) for chosen in (rows, rows[place], rows[covering]))
        return Standing(valid, in_place, covered, self._owners(lead, rows))

    def ended(self, at_us: int) -> Ints:
        """Return until when each partner's last signed agreement ran that is over by then; `NEVER`: none did."""
        last = np.full(self._n, -1, dtype=np.int64)
        over = (self._until <= at_us) & self._signed(at_us) & (self._partner >= 0)
        np.maximum.at(last, self._partner[over], self._until[over])
        return np.where(last < 0, NEVER, last)

    def _in_force(self, at_us: int) -> Ints:
        here = (self._since <= at_us) & (at_us < self._until) & self._signed(at_us)
        return np.flatnonzero(here & (self._partner >= 0))

    def _holders(self, rows: Ints) -> Bools:
        held = np.zeros(self._n, dtype=bool)
        held[self._partner[rows]] = True
        return held

    def _signed(self, at_us: int) -> Bools:
        """Agreements whose status lets them hold; one without status counts as active.

        An agreement that has run out is marked as ended today without having been so then: where no history of its
        status says more, and its last day is past today, its dates rule.
        """
        turn = int(np.searchsorted(self._turns, at_us, side="right"))
        if self._held is None or self._held[0] != turn:
            status = self._history.value_as_of("agreements", "status", self._ids, np.datetime64(at_us, "us"))
            ran_out = self._ran_out & (status == AgreementStatus.ENDED).to_numpy(bool)
            self._held = turn, ((status == AgreementStatus.ACTIVE) | status.isna()).to_numpy(bool) | ran_out
        return self._held[1]

    def _owners(self, lead: LeadQuery, rows: Ints) -> Bools:
        rows = rows[self._exclusive[rows]]
        if len(rows):
            surely = self._places(lead, surely=True) & self._products_named(lead, surely=True)
            rows = rows[surely[rows]]
        return self._holders(rows)

    def _places(self, lead: LeadQuery, *, surely: bool = False) -> Bools:
        return self._mask(
            ("place", lead.country, lead.region, surely),
            lambda row: covers(self._territories[row], lead.country, lead.region, surely=surely),
        )

    def _products_named(self, lead: LeadQuery, *, surely: bool = False) -> Bools:
        return self._mask(
            ("product", lead.product, surely),
            lambda row: _names(self._products[row], lead.product, surely=surely),
        )

    def _mask(self, key: tuple[Any, ...], test: Callable[[int], bool]) -> Bools:
        """Which agreements pass a test; remembered, as leads come from few places and want few products."""
        found = self._masks.get(key)
        if found is None:
            if len(self._masks) >= _KEPT_MASKS:
                self._masks.clear()
            found = np.fromiter(map(test, range(len(self._ids))), dtype=bool, count=len(self._ids))
            self._masks[key] = found
        return found


def _names(products: tuple[str, ...], wanted: str | None, *, surely: bool = False) -> bool:
    """Whether a list of products (none: all) holds the wanted one (none: any may be meant)."""
    return not products or wanted in products or (wanted is None and not surely)
