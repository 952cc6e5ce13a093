"""What a figure is: a definition in words, the facts it is counted from, and how facts become a number."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.stats import binom

from intelligence.analytics.book import Book
from intelligence.analytics.period import Window

Z80 = 1.2815515655446004
"""Half the width of an 80 % interval, in standard deviations."""

COLUMNS = ("partner_id", "at", "num", "den", "product_id", "program_id", "currency", "row_id", "source")


class Shape(StrEnum):
    """How facts become a number."""

    SUM = "sum"
    RATIO = "ratio"
    QUANTILE = "quantile"
    TOP = "top"
    GINI = "gini"


@dataclass(frozen=True)
class Figure:
    """One figure of the programme, defined once.

    Parameters
    ----------
    name : str
        What it is asked for by.
    unit : str
        ``money``, ``count``, ``share`` (0 to 1), ``days``, ``hours``, ``ratio`` or ``points``.
    formula : str
        In words.
    empty : str
        What null, or zero, means.
    facts : callable
        ``facts(book, window)``: a frame with `COLUMNS`, one row per fact.
    shape : Shape
        SUM adds ``num``; RATIO divides the sum of ``num`` by that of ``den``; QUANTILE takes one of ``num``; TOP is the
        share that the largest partners have of the sum; GINI how unevenly the sum is spread over the partners.
    quantile : float
        Which, of QUANTILE.
    better : int
        1: more is better; -1: less is; 0: neither.
    stock : bool
        Whether it is a state at the end of a period, not what happened within it.
    internal : bool
        Whether partners are not told it, of themselves neither.
    by_product : bool
        Whether its facts belong to products.
    """

    name: str
    unit: str
    formula: str
    empty: str
    facts: Callable[[Book, Window], pd.DataFrame]
    shape: Shape = Shape.SUM
    quantile: float = 0.5
    better: int = 1
    stock: bool = False
    internal: bool = False
    by_product: bool = False


class Number(NamedTuple):
    """A figure's value; `variance` is of the value if facts come by themselves (NaN: not known)."""

    value: float | None
    n: int
    numerator: float
    denominator: float
    variance: float


def facts_frame(
    rows: pd.DataFrame,
    at: str | None = None,
    num: Any = 1.0,
    den: Any = 1.0,
    source: str = "partners",
) -> pd.DataFrame:
    """Return `rows` as facts.

    Parameters
    ----------
    rows : DataFrame
        With partner_id, and of product_id, program_id and currency what there is.
    at : str, optional
        Column with the time of the fact.
    num, den : float or array-like, shape (n,)
        What the fact counts, above and below the line.
    source : str, default="partners"
        Resource whose rows these are, by their ``id``; without that column, or of partners, the partner's own row.
    """
    empty = np.full(len(rows), "NaT", dtype="datetime64[us]")
    columns: dict[str, Any] = {
        "partner_id": rows["partner_id"].to_numpy(),
        "at": rows[at].to_numpy() if at else empty,
        "num": np.broadcast_to(np.asarray(num, dtype=np.float64), len(rows)),
        "den": np.broadcast_to(np.asarray(den, dtype=np.float64), len(rows)),
    }
    for name in ("product_id", "program_id"):
        columns[name] = rows[name].to_numpy() if name in rows else np.full(len(rows), -1, dtype=np.int64)
    columns["currency"] = rows["currency"].array if "currency" in rows else _same("", len(rows))
    own = "id" if source != "partners" and "id" in rows else "partner_id"
    columns["row_id"] = rows[own].to_numpy()
    columns["source"] = _same(source, len(rows))
    return pd.DataFrame(columns)


def _same(word: str, n: int) -> Any:
    """Return a text column that says the same in each row: several times faster than one made of Python strings."""
    return pd.array([word], dtype="str").take(np.zeros(n, dtype=np.intp))


def number(figure: Figure, facts: pd.DataFrame) -> Number:
    """Return a figure of facts.

    Notes
    -----
    Variances take facts as a compound Poisson process: of a sum the sum of squares, of a ratio by the delta method
    with squared residuals, of a quantile by the binomial interval of order statistics.
    """
    num, den = facts["num"].to_numpy(dtype=np.float64), facts["den"].to_numpy(dtype=np.float64)
    above, below, n = float(num.sum()), float(den.sum()), len(num)
    match figure.shape:
        case Shape.SUM:
            return Number(_tidy(above), n, above, below, np.nan if figure.stock else float((num**2).sum()))
        case Shape.RATIO:
            if below <= 0:
                return Number(None, n, above, below, np.nan)
            value = above / below
            spread = float(((num - value * den) ** 2).sum()) / below**2
            return Number(_tidy(value), n, above, below, np.nan if n < 2 else spread)
        case Shape.QUANTILE:
            return _quantile(num, figure.quantile)
        case Shape.GINI:
            return _gini(facts, above)
        case _:
            return _top(facts, above)


def grouped(figure: Figure, facts: pd.DataFrame, keys: pd.Series) -> dict[Any, Number]:
    """Return the figure of each group of facts; facts whose key is missing are the group None."""
    codes, names = pd.factorize(keys, use_na_sentinel=False)
    if figure.shape in (Shape.SUM, Shape.RATIO):
        return _grouped_sums(figure, facts, codes, names)
    order = np.argsort(codes, kind="stable")
    ends = np.cumsum(np.bincount(codes, minlength=len(names)))
    pieces = zip(names, np.split(order, ends[:-1]), strict=True) if len(names) else ()
    if figure.shape is Shape.QUANTILE:
        num = facts["num"].to_numpy(dtype=np.float64)
        return {_plain(name): _quantile(num[rows], figure.quantile) for name, rows in pieces}
    return {_plain(name): number(figure, facts.iloc[rows]) for name, rows in pieces}


def _grouped_sums(figure: Figure, facts: pd.DataFrame, codes: Any, names: Any) -> dict[Any, Number]:
    """Return sums and ratios of all groups at once: one pass, however many groups."""
    size = len(names)
    num, den = facts["num"].to_numpy(dtype=np.float64), facts["den"].to_numpy(dtype=np.float64)
    above, below = np.bincount(codes, num, size), np.bincount(codes, den, size)
    counts = np.bincount(codes, minlength=size)
    is_sum = figure.shape is Shape.SUM
    with np.errstate(divide="ignore", invalid="ignore"):
        values = above if is_sum else np.where(below > 0, above / below, np.nan)
        rest = num if is_sum else num - values[codes] * den
        spread = np.bincount(codes, rest**2, size) / (1.0 if is_sum else below**2)
    unknown = (counts < 2) & (not is_sum) | (is_sum and figure.stock)
    spread = np.where(unknown, np.nan, spread)
    return {
        _plain(name): Number(_tidy(values[i]), int(counts[i]), float(above[i]), float(below[i]), float(spread[i]))
        for i, name in enumerate(names)
    }


def _quantile(num: np.ndarray[Any, Any], q: float) -> Number:
    n = len(num)
    if n == 0:
        return Number(None, 0, 0.0, 0.0, np.nan)
    ordered = np.sort(num)
    value = _tidy(float(np.quantile(ordered, q)))
    if n < 5:
        return Number(value, n, float(num.sum()), n, np.nan)
    low, high = _ranks(n, q)
    spread = float(((ordered[high] - ordered[low]) / (2 * Z80)) ** 2)
    return Number(value, n, float(num.sum()), n, spread)


@lru_cache(maxsize=2**12)
def _ranks(n: int, q: float) -> tuple[int, int]:
    """Return which of n ordered values bound the 80 % interval of a quantile."""
    low, high = (int(np.clip(binom.ppf(p, n, q), 0, n - 1)) for p in (0.1, 0.9))
    return low, high


def _top(facts: pd.DataFrame, total: float, first: int = 10) -> Number:
    sums = facts.groupby("partner_id")["num"].sum().sort_values(ascending=False)
    above = float(sums.iloc[:first].sum())
    return Number(_tidy(above / total) if total > 0 else None, len(sums), above, total, np.nan)


def _gini(facts: pd.DataFrame, total: float) -> Number:
    """Return the Gini coefficient of the partners' sums, each partner with a fact counting (one of 0, too)."""
    sums = np.sort(facts.groupby("partner_id")["num"].sum().to_numpy(dtype=np.float64))
    n = len(sums)
    if total <= 0:
        return Number(None, n, 0.0, total, np.nan)
    above = float((2 * np.arange(1, n + 1) - n - 1) @ sums) / n
    return Number(_tidy(above / total), n, above, total, np.nan)


def _tidy(value: float) -> float | None:
    """Round away what adding binary fractions leaves; NaN is None."""
    return None if np.isnan(value) else round(float(value), 9)


def _plain(name: Any) -> Any:
    if pd.isna(name):
        return None
    return name.item() if isinstance(name, np.generic) else name
