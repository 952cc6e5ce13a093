"""Training sets over 24 monthly snapshots: the timelines beside ``merge_asof`` per snapshot, and how the cost grows.

``python -m benchmarks speed-snapshots [--partners N ...] [--runs N] [--folder FOLDER]``.
"""

import argparse
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from unittest.mock import patch

import numpy as np
import pandas as pd
import psutil
from scipy.stats import linregress

from benchmarks.speed.harness import Cost, Pairing, apart, exponent, in_turns, seconds_of
from domain.settings import Settings
from intelligence.features.timeline import Timeline
from store.history import History
from training import churn
from training.task import TrainingContext

if TYPE_CHECKING:
    from intelligence.features.text import TextEncoder

SNAPSHOTS, STEP_DAYS, HORIZON_DAYS = 24, 30, 90
WINDOWS = (30, 90, 365)
_PARTNERS = (10_000, 20_000, 40_000, 80_000)
_UNTIL = datetime(2026, 6, 1, tzinfo=UTC)
_SPAN_DAYS = 3 * 365
_EACH = 50
_LATE, _LATE_DAYS = 0.2, 5.0
_KINDS = ("login", "training", "deal_registration", "email", "portal", "support")
_DAY_US = 86_400_000_000
_EXACT = 1e-9


@dataclass(frozen=True, eq=False)
class Log:
    """Generated partners and activities, sorted by time as every history has them."""

    partners: pd.DataFrame
    activities: pd.DataFrame

    def history(self) -> History:
        """Return them as a history, nothing derived yet."""
        return History.of(_UNTIL, partners=self.partners, activities=self.activities)


def generated(partners: int, each: int = _EACH, seed: int = 1) -> Log:
    """Return a log: partners join over time, some fall silent, one activity in five is recorded late.

    Parameters
    ----------
    partners : int
        How many.
    each : int
        Activities per partner on average; their number is skewed.
    seed : int
        Of everything random.
    """
    draw = np.random.default_rng(seed)
    start = np.datetime64(_UNTIL.replace(tzinfo=None), "us") - _days(_SPAN_DAYS)
    joined = draw.uniform(0, _SPAN_DAYS * 0.7, partners)
    life = np.minimum(draw.exponential(1.5 * 365, partners), _SPAN_DAYS - joined)
    share = draw.gamma(1.5, size=partners)
    owner = draw.choice(partners, partners * each, p=share / share.sum())
    when = start + _days(joined[owner] + life[owner] * draw.random(len(owner)))
    late = np.where(draw.random(len(owner)) < _LATE, draw.exponential(_LATE_DAYS, len(owner)), 0.0)
    amount = np.where(draw.random(len(owner)) < 0.3, np.round(draw.lognormal(5, 1, len(owner)), 2), np.nan)
    activities = pd.DataFrame(
        {
            "partner_id": owner + 1,
            "kind": pd.Series(np.array(_KINDS)[draw.integers(0, len(_KINDS), len(owner))], dtype="str"),
            "occurred_at": when,
            "recorded_at": when + _days(late),
            "amount": amount,
        }
    )
    activities = activities.sort_values("occurred_at", kind="stable", ignore_index=True)
    recruited = pd.DataFrame({"id": np.arange(1, partners + 1), "recruited_at": start + _days(joined)})
    return Log(recruited, activities)


def _days(number: Any) -> Any:
    return np.round(np.asarray(number) * _DAY_US).astype("timedelta64[us]")


def snapshots() -> Any:
    """Return the instants at which the sets look, earliest first."""
    last = np.datetime64(_UNTIL.replace(tzinfo=None), "us") - _days(HORIZON_DAYS)
    return last - _days(STEP_DAYS * np.arange(SNAPSHOTS)[::-1])


def by_timeline(log: Log) -> dict[str, np.ndarray]:
    """Return the aggregates of every partner at every snapshot, by the timeline; rows by snapshot, then partner."""
    acts, everyone, instants = log.activities, log.partners["id"].to_numpy(), snapshots()
    line = Timeline(
        acts["partner_id"].to_numpy(),
        acts["occurred_at"].to_numpy(),
        acts["recorded_at"].to_numpy(),
        {"amount": acts["amount"].to_numpy()},
    )
    view = line.at(np.tile(everyone, len(instants)), np.repeat(instants, len(everyone)))
    return {
        **{f"count_{days}": view.count(days) for days in WINDOWS},
        **{f"amount_{days}": view.sum("amount", days) for days in WINDOWS},
        "count": view.count(),
        "last": view.instant(),
        "last_amount": view.value("amount"),
    }


def by_merge_asof(log: Log) -> dict[str, np.ndarray]:
    """Return the same by pandas: per snapshot what was known, running totals of it, ``merge_asof`` at each edge."""
    found = [_snapshot(log, instant) for instant in snapshots()]
    return {name: np.concatenate([part[name] for part in found]) for name in found[0]}


def _snapshot(log: Log, instant: np.datetime64) -> dict[str, np.ndarray]:
    acts = log.activities
    known = acts.loc[(acts["recorded_at"] <= instant) & (acts["occurred_at"] <= instant)]
    partner = known["partner_id"]
    running = pd.DataFrame(
        {
            "partner_id": partner,
            "at": known["occurred_at"],
            "occurred_at": known["occurred_at"],
            "n": known.groupby("partner_id").cumcount() + 1.0,
            "total": known["amount"].fillna(0.0).groupby(partner).cumsum(),
            "amount": known["amount"],
        }
    )
    now = _edge(log, running, instant)
    answer = {
        "count": now["n"].fillna(0.0).to_numpy(),
        "last": now["occurred_at"].to_numpy(),
        "last_amount": now["amount"].to_numpy(),
    }
    for days in WINDOWS:
        before = _edge(log, running[["partner_id", "at", "n", "total"]], instant - _days(days))
        for name, column in (("count", "n"), ("amount", "total")):
            answer[f"{name}_{days}"] = (now[column].fillna(0.0) - before[column].fillna(0.0)).to_numpy()
    return answer


def _edge(log: Log, running: pd.DataFrame, instant: np.datetime64) -> pd.DataFrame:
    asked = pd.DataFrame({"partner_id": log.partners["id"], "at": instant})
    return pd.merge_asof(asked, running, on="at", by="partner_id")


def by_groups(log: Log) -> dict[str, np.ndarray]:
    """Return the same without ``merge_asof``: per snapshot and window a filter and a ``groupby``."""
    acts, everyone, found = log.activities, pd.Index(log.partners["id"]), []
    for instant in snapshots():
        known = acts.loc[(acts["recorded_at"] <= instant) & (acts["occurred_at"] <= instant)]
        last = known.groupby("partner_id").tail(1).set_index("partner_id").reindex(everyone)
        answer = {
            "count": known.groupby("partner_id").size().reindex(everyone, fill_value=0).to_numpy(np.float64),
            "last": last["occurred_at"].to_numpy(),
            "last_amount": last["amount"].to_numpy(),
        }
        for days in WINDOWS:
            window = known.loc[known["occurred_at"] > instant - _days(days)].groupby("partner_id")["amount"]
            answer[f"count_{days}"] = window.size().reindex(everyone, fill_value=0).to_numpy(np.float64)
            answer[f"amount_{days}"] = window.sum().reindex(everyone, fill_value=0.0).to_numpy()
        found.append(answer)
    return {name: np.concatenate([part[name] for part in found]) for name in found[0]}


def assert_equal(ours: dict[str, np.ndarray], peer: dict[str, np.ndarray]) -> None:
    """Raise unless both say the same: counts and instants to the last bit, sums to rounding of running totals."""
    for name, values in ours.items():
        if name.startswith("amount"):
            np.testing.assert_allclose(values, peer[name], rtol=_EXACT, atol=1e-6, err_msg=name)
        else:
            np.testing.assert_array_equal(values, peer[name], err_msg=name)


def as_trained(log: Log, rows: int = churn.MAX_ROWS) -> Callable[[], int]:
    """Return what builds the labelled set of churn from a history with nothing derived yet, at most so many rows."""
    history = log.history()
    settings = Settings(churn_horizons_days=(HORIZON_DAYS,), _env_file=None)
    context = TrainingContext(settings, cast("TextEncoder", None), _UNTIL)  # no text is in these partners

    def build() -> int:
        with patch.object(churn, "MAX_ROWS", rows):
            return sum(len(part) for part in churn.labelled_features(replace(history), context)[1].values())

    return build


@dataclass(frozen=True, eq=False)
class Measured:
    """What one size took.

    Parameters
    ----------
    log : Log
        Of that size.
    asked, grouped : Pairing
        The timeline beside ``merge_asof`` and beside ``groupby``.
    trained, whole : ndarray of float64
        Seconds of the labelled set with the rows that training takes, and with every row.
    rows : int
        Every row.
    """

    partners: int
    activities: int
    asked: Pairing
    grouped: Pairing
    trained: np.ndarray
    whole: np.ndarray
    rows: int


def measured(partners: int, runs: int) -> Measured:
    """Measure one size, after both sides have shown the same numbers."""
    log = generated(partners)
    ours, few = partial(by_timeline, log), max(runs // 2, 1)
    first = ours()
    for peer in (by_merge_asof, by_groups):
        assert_equal(first, peer(log))
    del first
    trained, every = as_trained(log), as_trained(log, rows=10**12)
    rows: list[int] = []
    return Measured(
        partners,
        len(log.activities),
        in_turns(ours, partial(by_merge_asof, log), runs),
        in_turns(ours, partial(by_groups, log), few, warming=0),
        np.array([seconds_of(trained) for _ in range(few)]),
        np.array([seconds_of(lambda: rows.append(every()))]),
        rows[0],
    )


def beyond(folder: Path, partners: int, name: str) -> float:
    """Answer a stored log by the function called `name`; return how many MiB were resident before."""
    with np.load(folder / "activities.npz") as columns:
        log = Log(pd.DataFrame({"id": np.arange(1, partners + 1)}), pd.DataFrame(dict(columns)))
    resident = psutil.Process().memory_info().rss / 2**20
    globals()[name](log)
    return float(resident)


def _memory(partners: int, folder: Path) -> dict[str, Cost]:
    with tempfile.TemporaryDirectory(dir=folder) as place:
        activities = generated(partners).activities.drop(columns="kind")
        columns: Any = {name: activities[name].to_numpy() for name in activities}
        np.savez(Path(place) / "activities.npz", **columns)
        return {
            name: apart(beyond, Path(place), partners, name) for name in ("by_timeline", "by_merge_asof", "by_groups")
        }


def growth(sizes: list[int], seconds: list[np.ndarray], less: Callable[[np.ndarray], np.ndarray]) -> str:
    """Return the exponent of ``seconds / less(n)`` with twice its standard error, over all runs."""
    n = np.repeat(np.asarray(sizes, dtype=float), [len(each) for each in seconds])
    fit = linregress(np.log(n), np.log(np.concatenate(seconds) / less(n)))
    return f"{fit.slope:+.2f} ± {2 * fit.stderr:.2f}"


def main(arguments: list[str]) -> str:
    """Return the tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks speed-snapshots", description=__doc__)
    parser.add_argument("--partners", type=int, nargs="+", default=_PARTNERS, help="sizes; 50 activities each")
    parser.add_argument("--runs", type=int, default=5, help="pairs that count")
    parser.add_argument("--folder", type=Path, help="where temporary files may lie")
    options = parser.parse_args(arguments)
    sizes = [measured(partners, options.runs) for partners in options.partners]
    memory = _memory(max(options.partners), options.folder)
    return "\n".join([*_times(sizes), "", *_growths(sizes), "", *_peaks(memory, sizes[-1])])


def _times(sizes: list[Measured]) -> list[str]:
    lines = [
        "| partners | activities | rows asked | timeline, s | `merge_asof`, s | timeline / `merge_asof` "
        "| `groupby`, s | timeline / `groupby` | set as trained, s | set with every row, s |",
        "|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for size in sizes:
        ours, peer, grouped = (np.median(each) for each in (size.asked.ours, size.asked.peer, size.grouped.peer))
        lines.append(
            f"| {size.partners:,} | {size.activities:,} | {SNAPSHOTS * size.partners:,} | {ours:.3f} | {peer:.2f} "
            f"| {_told(size.asked)} | {grouped:.2f} | {_told(size.grouped)} "
            f"| {np.median(size.trained):.2f} | {np.median(size.whole):.2f} ({size.rows:,} rows) |"
        )
    return lines


def _told(pairing: Pairing) -> str:
    middle, low, high = pairing.ratio()
    return f"{middle:.3f} ({low:.3f}–{high:.3f})"


def _growths(sizes: list[Measured]) -> list[str]:
    n = [size.activities for size in sizes]
    costs = {
        "timeline": [size.asked.ours for size in sizes],
        "`merge_asof` per snapshot": [size.asked.peer for size in sizes],
        "`groupby` per snapshot": [size.grouped.peer for size in sizes],
        "set as trained": [size.trained for size in sizes],
        "set with every row": [size.whole for size in sizes],
    }
    lines = ["| cost | exponent in activities | exponent of cost / (n log n) |", "|---|---:|---:|"]
    for name, seconds in costs.items():
        whole, rest = exponent(n, [float(np.median(each)) for each in seconds]), growth(n, seconds, _n_log_n)
        lines.append(f"| {name} | {whole:.2f} | {rest} |")
    return lines


def _n_log_n(n: np.ndarray) -> np.ndarray:
    return np.asarray(n * np.log(n))


def _peaks(memory: dict[str, Cost], size: Measured) -> list[str]:
    lines = [f"| {size.activities:,} activities | peak memory beyond the frames, MiB |", "|---|---:|"]
    return lines + [f"| `{name}` | {cost.peak_mib - cost.result:,.0f} |" for name, cost in memory.items()]
