"""Figures against known probabilities: no outcome is drawn, so they carry no luck."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks.protocol import calibration_error

Floats = npt.NDArray[np.float64]
CLASSES = ("none", "thin", "adequate", "strong")


def expected_auc(score: npt.ArrayLike, p: npt.ArrayLike) -> float:
    """Return the AUC of `score` when each outcome is an independent draw with its true probability `p`.

    The chance that a pair of one event and one non-event is ordered rightly (ties count half): expected rightly
    ordered pairs over expected pairs. With `score` = `p` it is the oracle's.

    Examples
    --------
    >>> round(expected_auc([0.1, 0.9], [0.0, 1.0]), 3), round(expected_auc([0.5, 0.5], [0.2, 0.8]), 3)
    (1.0, 0.5)
    """
    frame = pd.DataFrame({"s": np.asarray(score, dtype=float), "p": np.asarray(p, dtype=float)})
    frame["q"] = 1 - frame["p"]
    frame["both"] = frame["p"] * frame["q"]
    tied = frame.groupby("s")[["p", "q", "both"]].sum()
    below = tied["q"].cumsum() - tied["q"]
    right = (tied["p"] * below + 0.5 * (tied["p"] * tied["q"] - tied["both"])).sum()
    pairs = tied["p"].sum() * tied["q"].sum() - tied["both"].sum()
    return float(right / pairs) if pairs > 0 else float("nan")


def expected_ndcg(ranked_gain: Floats, all_gain: Floats, k: int = 10) -> float:
    """Return NDCG@k with true probabilities as gains; NaN if nothing can be gained.

    Examples
    --------
    >>> expected_ndcg(np.array([0.4, 0.2]), np.array([0.2, 0.4]))
    1.0
    """
    discount = 1 / np.log2(np.arange(2, k + 2))
    best = np.sort(all_gain)[::-1][:k]
    ideal = float(best @ discount[: len(best)])
    top = ranked_gain[:k]
    return float(top @ discount[: len(top)]) / ideal if ideal > 0 else float("nan")


def coverage_rows(title: str, both: pd.DataFrame, p: str, true: str) -> Iterator[str]:
    """Yield a table row for all rows and one for each evidence class: calibration, ranks, intervals.

    Parameters
    ----------
    title : str
        First cell.
    both : DataFrame
        Predictions beside the truth; ``low``, ``high`` and ``evidence`` where there are any.
    p, true : str
        Columns of the prediction and of the true probability.
    """
    yield _figures(title, both, p, true)
    if "evidence" in both.columns:
        for name in CLASSES:
            part = both[both["evidence"] == name]
            if len(part):
                yield _figures(f"– evidence {name}", part, p, true)


COVERAGE_HEAD = (
    "| prediction | n | mean predicted | mean true | calibration error | rank correlation "
    "| 80 % intervals that hold the truth | mean width |\n|---|" + "---:|" * 7
)


def _figures(title: str, both: pd.DataFrame, p: str, true: str) -> str:
    given, known = both[p].to_numpy(float), both[true].to_numpy(float)
    held = width = "–"
    if {"low", "high"} <= set(both.columns):
        low, high = both["low"].to_numpy(float), both["high"].to_numpy(float)
        held, width = f"{np.mean((low <= known) & (known <= high)):.0%}", f"{np.mean(high - low):.3f}"
    alike = pd.Series(given).corr(pd.Series(known), method="spearman") if len(given) > 2 else float("nan")
    error = calibration_error(known, given)
    return (
        f"| {title} | {len(given):,} | {given.mean():.3f} | {known.mean():.3f} | {error:.4f} "
        f"| {alike:.3f} | {held} | {width} |"
    )
