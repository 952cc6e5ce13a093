"""White space: where there is demand and too few partners; which prospects would fill it, and how far each reaches."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from weakref import WeakKeyDictionary

import numpy as np
import pandas as pd

from domain.terms import RECRUITABLE, PartnerStatus
from intelligence.features.partner_times import numbers
from intelligence.features.timeline import FloatArray, IntArray
from intelligence.scoring.coverage import Company, Demand, addressable, companies, coverage, demand_of, described
from intelligence.scoring.served import ScoringContext
from store.history import History

Dimension = Literal["country", "region", "industry", "product"]
DIMENSIONS: tuple[Dimension, ...] = ("country", "region", "industry", "product")
COLUMNS = (
    "dimension",
    "value",
    "name",
    "demand",
    "won",
    "lost",
    "unrouted",
    "partners",
    "capacity",
    "expected",
    "missing_partners",
    "unserved",
    "severity",
    "gap",
    "prospects",
)
WINDOW_DAYS = 365.0
_SURE = 1.64
"""Standard deviations by which demand must exceed what is usual, so that chance alone does not make a gap."""
_LEAST_MISSING = 0.5


@dataclass(frozen=True)
class Gap:
    """One value of a dimension that too few partners cover."""

    dimension: Dimension
    value: str


@dataclass(frozen=True)
class Standing:
    """What a prospect would add, beside its probability to become productive.

    Attributes
    ----------
    reach : float, optional
        Share of prospects that can address less demand (half of those with as much), 0 to 1; None: nothing is known.
    gaps : tuple of Gap
        That it would help to fill, the worst first.
    """

    reach: float | None
    gaps: tuple[Gap, ...]

    def as_json(self) -> dict[str, Any]:
        """Return reach, and the gaps as ``fills``."""
        return {"reach": self.reach, "fills": [{"dimension": gap.dimension, "value": gap.value} for gap in self.gaps]}


def white_space(
    context: ScoringContext,
    as_of: datetime | None = None,
    *,
    dimension: Dimension | None = None,
    gaps_only: bool = False,
) -> pd.DataFrame:
    """Return demand and coverage of each country, region, industry and product, the worst gap first.

    Parameters
    ----------
    context : ScoringContext
        An ``Intelligence``.
    as_of : datetime, optional
        Nothing known later is used; default: now.
    dimension : str, optional
        Only ``country``, ``region``, ``industry`` or ``product``.
    gaps_only : bool, default=False
        Only values with too few partners.

    Returns
    -------
    DataFrame
        Columns ``COLUMNS``. ``demand``: leads of the last 365 days, and deals that came without one; ``won``,
        ``lost``, ``unrouted`` (never offered) of them. ``partners``: active ones that cover the value; ``capacity``:
        partners, each divided over what it covers in proportion to demand. ``expected``: demand that this capacity
        meets at the load usual in the dimension; ``missing_partners``: how many more would bring the load there.
        ``unserved``: demand beyond what is expected, or never offered, whichever is more; ``severity``: its share of
        all demand. ``gap``: whether the value misses at least half a partner, and more than by chance. ``prospects``:
        how many would cover it; NaN for products, of which prospects say nothing.

    Notes
    -----
    A partner that names no territory counts where it is. Agreements in force rule over places and products, and a
    product that asks for certifications is covered by those who hold them.
    """
    table = _table(context.history(context.instant(as_of)))
    rows = np.ones(len(table), dtype=bool) if dimension is None else (table["dimension"] == dimension).to_numpy(bool)
    if gaps_only:
        rows = rows & table["gap"].to_numpy(dtype=bool)
    return table[rows].reset_index(drop=True)


def standings(context: ScoringContext, partners: Sequence[str], as_of: datetime | None = None) -> list[Standing]:
    """Return reach and filled gaps of prospects, row by row.

    Parameters
    ----------
    context : ScoringContext
        An ``Intelligence``.
    partners : sequence of str
        External ids; unknown ones get no reach and no gaps.
    as_of : datetime, optional
        Default: now.
    """
    history = context.history(context.instant(as_of))
    ids = history.partners.set_index("external_id")["id"].reindex(list(partners)).fillna(-1).to_numpy(np.int64)
    return _standings(history, companies(history, ids, signed=False), _sizes(history, ids))


def prospects_covering(context: ScoringContext, dimension: Dimension, value: str) -> list[str]:
    """Return the external ids of prospects that would cover a value: those that ``prospects`` of its row counts.

    Parameters
    ----------
    context : ScoringContext
        An ``Intelligence``.
    dimension : str
        ``country``, ``region`` or ``industry``; of products prospects say nothing.
    value : str
        As in the table of `white_space`.
    """
    history = context.history(context.instant())
    ids = _with_status(history, RECRUITABLE)
    known = companies(history, ids, signed=False)
    names = history.partners.set_index("id")["external_id"]
    willing = [dimension != "product" and company.covers(dimension, value) for company in known]
    return [str(names[id_]) for id_, covers in zip(ids.tolist(), willing, strict=True) if covers]


def company_standing(context: ScoringContext, company: Mapping[str, Any], as_of: datetime | None = None) -> Standing:
    """Return reach and filled gaps of a company that is not in the store.

    Parameters
    ----------
    context : ScoringContext
        An ``Intelligence``.
    company : mapping
        Columns of partners; ``territories``, ``country``, ``region``, ``industries``, ``employees`` count here.
    as_of : datetime, optional
        Default: now.
    """
    history = context.history(context.instant(as_of))
    size = pd.to_numeric(pd.Series([company.get("employees")]), errors="coerce").to_numpy(np.float64)
    return _standings(history, [described(company)], size)[0]


def _standings(history: History, known: Sequence[Company], size: FloatArray) -> list[Standing]:
    table = _table(history)
    open_ = table[table["gap"].to_numpy(dtype=bool) & (table["dimension"] != "product").to_numpy(dtype=bool)]
    gaps = [Gap(name, value) for name, value in open_[["dimension", "value"]].to_numpy().tolist()]
    reach = _reach(history, known, size)
    return [
        Standing(
            None if np.isnan(reach[place]) else round(float(reach[place]), 4),
            tuple(gap for gap in gaps if company.covers(gap.dimension, gap.value)),
        )
        for place, company in enumerate(known)
    ]


def _reach(history: History, known: Sequence[Company], size: FloatArray) -> FloatArray:
    """Percentile of addressable demand among all prospects; by size where the programme has seen no demand yet."""
    everyone, demand = _with_status(history, RECRUITABLE), _demand(history)
    if len(demand):
        own = addressable(known, demand)
        peers = addressable(companies(history, everyone, signed=False), demand)
        own = np.where([bool(company.places or company.industries) for company in known], own, np.nan)
    else:
        own, peers = size, _sizes(history, everyone)
    peers = np.sort(peers[~np.isnan(peers)])
    if not len(peers):
        return np.full(len(known), np.nan)
    below, upto = np.searchsorted(peers, own, side="left"), np.searchsorted(peers, own, side="right")
    return np.asarray(np.where(np.isnan(own), np.nan, (below + upto) / (2.0 * len(peers))))


def _sizes(history: History, ids: IntArray) -> FloatArray:
    employees = pd.Series(numbers(history.partners, "employees"), index=history.partners["id"].to_numpy(np.int64))
    return np.asarray(employees.reindex(ids), dtype=np.float64)


def _with_status(history: History, statuses: Sequence[PartnerStatus]) -> IntArray:
    ids = history.partners["id"].to_numpy(np.int64)
    status = history.status_as_of(ids, np.full(len(ids), history.until))
    return ids[status.isin(list(statuses)).to_numpy(dtype=bool)]


def _demand(history: History) -> Demand:
    kept = _KEPT.setdefault(history, {})
    if "demand" not in kept:
        kept["demand"] = demand_of(history, WINDOW_DAYS)
    found = kept["demand"]
    return found if isinstance(found, Demand) else Demand(found)


def _table(history: History) -> pd.DataFrame:
    kept = _KEPT.setdefault(history, {})
    table = kept.get("table")
    if not isinstance(table, pd.DataFrame):
        table = _build(history)
        kept["table"] = table
    return table


def _build(history: History) -> pd.DataFrame:
    demand = _demand(history).frame
    partners = companies(history, _with_status(history, (PartnerStatus.ACTIVE,)), signed=True)
    prospects = companies(history, _with_status(history, RECRUITABLE), signed=False)
    parts = [_dimension(demand, name, partners, prospects) for name in DIMENSIONS]
    table = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    names = dict(zip(history.products["external_id"], history.products["name"], strict=True))
    pairs = zip(table["dimension"], table["value"], strict=True)
    table["name"] = [names.get(value, value) if dimension == "product" else value for dimension, value in pairs]
    order = table.sort_values(["gap", "severity", "demand", "value"], ascending=[False, False, False, True]).index
    return table.loc[order, list(COLUMNS)].reset_index(drop=True)


def _dimension(
    demand: pd.DataFrame, name: Dimension, partners: Sequence[Company], prospects: Sequence[Company]
) -> pd.DataFrame:
    counts = demand[demand[name].notna()].groupby(name, sort=True)[["won", "lost", "unrouted"]]
    sums, asked = counts.sum().astype(np.float64), np.asarray(counts.size(), dtype=np.float64)
    values = [str(value) for value in sums.index]
    covered = coverage(partners, name, values).astype(np.float64)
    capacity = _divided(covered, asked)
    load = asked.sum() / capacity.sum() if capacity.sum() > 0 else np.inf
    expected = np.where(capacity > 0, capacity * load, 0.0) if np.isfinite(load) else np.zeros(len(asked))
    over = np.maximum(asked - expected, 0.0)
    missing = over / load if np.isfinite(load) else np.full(len(asked), np.nan)
    unserved = np.maximum(over, sums["unrouted"].to_numpy())
    alone = covered.sum(axis=0) == 0
    gap = alone | ((missing >= _LEAST_MISSING) & (over >= _SURE * np.sqrt(np.maximum(expected, 1.0))))
    willing = coverage(prospects, name, values).sum(axis=0).astype(np.float64)
    return pd.DataFrame(
        {
            "dimension": name,
            "value": values,
            "demand": asked,
            **{column: sums[column].to_numpy() for column in ("won", "lost", "unrouted")},
            "partners": covered.sum(axis=0),
            "capacity": capacity.round(2),
            "expected": expected.round(1),
            "missing_partners": np.round(missing, 1),
            "unserved": unserved.round(1),
            "severity": (unserved / max(len(demand), 1)).round(4),
            "gap": gap,
            "prospects": np.nan if name == "product" else willing,
        }
    )


def _divided(covered: FloatArray, demand: FloatArray) -> FloatArray:
    """Divide each partner over the values that it covers, in proportion to their demand; shape (values,)."""
    weight = covered * demand
    total = weight.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(weight, total, out=np.zeros_like(weight), where=total > 0).sum(axis=0))


_KEPT: "WeakKeyDictionary[History, dict[str, Demand | pd.DataFrame]]" = WeakKeyDictionary()
