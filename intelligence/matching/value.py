"""What a pair is worth: chance x expected amount x margin, each part shown; and over the next-best alternative."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from domain.routing import Objective
from domain.terms import AgreementStatus
from intelligence.features.pair_events import NEVER, micros, positions
from intelligence.features.pair_world import DAY_US, LeadQuery
from intelligence.matching.eligibility import covers

if TYPE_CHECKING:
    from store.history import History

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

PARTS = ("p_accept", "p_win_if_accepted", "margin", "value", "lift")
"""Columns that a ranking has beyond p_win, its interval and the expected amount."""


class CommissionRates:
    """What partners would be paid for a lead by their agreements, as of any instant.

    Parameters
    ----------
    history : History
        Agreements, as they were known at its ``until``.
    partner_ids : int64 array of shape (p,)
        Ours, ascending.

    Notes
    -----
    The agreement is chosen as for a commission: in force, covering place and product, naming a rate; the narrower
    one, then the later one first.
    """

    def __init__(self, history: "History", partner_ids: Ints) -> None:
        frame = history.agreements
        frame = frame[frame["partner_id"].isin(partner_ids)]
        dull = frame["products"].map(len).eq(0), frame["territories"].map(len).eq(0)
        order = np.lexsort((frame["external_id"], -micros(frame["valid_from"]), dull[1], dull[0]))[::-1]
        frame = frame.iloc[order]  # the one that counts comes last
        self._history, self._n = history, len(partner_ids)
        self._ids = frame["id"].to_numpy(np.int64)
        self._partner = positions(frame["partner_id"], partner_ids)
        to = micros(frame["valid_to"])
        self._since = micros(frame["valid_from"])
        self._until = np.where(to == NEVER, NEVER, np.minimum(to, NEVER - DAY_US) + DAY_US)
        self._territories, self._products = list(frame["territories"]), list(frame["products"])
        self._has_end = to != NEVER
        changes = history.changes
        told = changes.loc[changes["resource"] == "agreements", "field"]
        self._moving = bool(told.isin(["status", "commission_rate"]).any())
        self._as_known = self._read(int(history.until.astype(np.int64)))
        self._covering: dict[tuple[str | None, str | None, str | None], Bools] = {}

    def of(self, lead: LeadQuery, at_us: int) -> Floats:
        """Return the share of the amount that each partner would be paid, shape (p,); 0 where no agreement says."""
        rate, signed = self._read(at_us) if self._moving else self._as_known
        rows = np.flatnonzero((self._since <= at_us) & (at_us < self._until) & signed & self._covers(lead))
        found = np.zeros(self._n)
        found[self._partner[rows]] = rate[rows]
        return found

    def _read(self, at_us: int) -> tuple[Floats, Bools]:
        """Rates at an instant, and which agreements hold and name one; an ended one held until its last day."""
        at = np.datetime64(at_us, "us")
        status = self._history.value_as_of("agreements", "status", self._ids, at)
        rate = self._history.value_as_of("agreements", "commission_rate", self._ids, at).to_numpy(np.float64)
        signed = (status == AgreementStatus.ACTIVE) | status.isna()
        ended = (status == AgreementStatus.ENDED).to_numpy(bool) & self._has_end
        return rate, (signed.to_numpy(bool) | ended) & np.isfinite(rate)

    def _covers(self, lead: LeadQuery) -> Bools:
        key = (lead.country, lead.region, lead.product)
        if key not in self._covering:
            found = (
                (not products or lead.product is None or lead.product in products)
                and covers(territories, lead.country, lead.region)
                for territories, products in zip(self._territories, self._products, strict=True)
            )
            self._covering[key] = np.fromiter(found, dtype=bool, count=len(self._ids))
        return self._covering[key]


def margin_of(before_commission: float, rate: Floats) -> Floats:
    """Return the share of the amount that is left after the partner's commission, never below 0; shape as `rate`.

    Examples
    --------
    >>> margin_of(0.3, np.array([0.1, 0.5])).round(3).tolist()
    [0.2, 0.0]
    """
    return np.maximum(before_commission - rate, 0.0)


def with_value(pairs: pd.DataFrame) -> pd.DataFrame:
    """Add what each pair is worth, and how much more than its lead's best other candidate.

    Parameters
    ----------
    pairs : DataFrame
        ``question`` (the lead), ``p_win``, ``p_accept`` (NaN where not told apart), ``expected_amount``, ``margin``;
        every candidate of a lead.

    Returns
    -------
    DataFrame
        With ``p_win_if_accepted``, ``value`` (NaN where no amount is known) and ``lift``: in units of `value`, or of
        p_win for leads with a candidate whose value is not known. A lone candidate's lift is all it is worth.

    Examples
    --------
    >>> pairs = pd.DataFrame({"question": 0, "p_win": [0.2, 0.4], "p_accept": [0.4, 0.5]})
    >>> with_value(pairs.assign(expected_amount=[300.0, 100.0], margin=0.5))[["value", "lift"]].to_numpy().tolist()
    [[30.0, 10.0], [20.0, -10.0]]
    """
    return pairs.assign(**values_of({str(name): pairs[name].to_numpy() for name in pairs}))


def values_of(pairs: Mapping[str, npt.NDArray[Any]]) -> dict[str, Floats]:
    """Return what `with_value` adds, of columns as arrays."""
    p_win = pairs["p_win"]
    value = p_win * pairs["expected_amount"] * pairs["margin"]
    found = {"p_win_if_accepted": p_win / pairs["p_accept"], "value": value}
    return found | {"lift": _over_the_next(worth({**pairs, **found}), pairs["question"])}


def worth(pairs: pd.DataFrame | Mapping[str, npt.NDArray[Any]], by: str = Objective.VALUE) -> Floats:
    """Return what pairs count for by an objective, shape (n,).

    Parameters
    ----------
    pairs : DataFrame or mapping of arrays
        ``question``, ``p_win``, ``value``.
    by : {"p_win", "value"}
        Of leads with a candidate whose value is not known, p_win counts, too: amounts cannot be compared with none.
    """
    p_win: Floats = np.asarray(pairs["p_win"], dtype=np.float64)
    if by == Objective.P_WIN:
        return p_win
    value, lead = np.asarray(pairs["value"], dtype=np.float64), np.asarray(pairs["question"], dtype=np.int64)
    return np.where(np.isin(lead, lead[np.isnan(value)]), p_win, value)


def _over_the_next(worth: Floats, lead: Ints) -> Floats:
    """Worth of each row less that of the best other row of its lead; of a lone row all it is worth."""
    order = np.lexsort((-worth, lead))
    _, first, size = np.unique(lead[order], return_index=True, return_counts=True)
    ranked = worth[order]
    best = np.repeat(ranked[first], size)
    best[first] = np.where(size > 1, ranked[np.minimum(first + 1, len(ranked) - 1)], 0.0)
    lift = np.empty(len(worth))
    lift[order] = ranked - best
    return lift
