"""Whether policies are judged rightly by another's log. ``python -m benchmarks off-policy``.

The log is the historical router's of a generated world: for each of its newest routed leads the partner shown is drawn
by the router's own propensities, and whether the lead is won by the true probability. Each replication judges policies
by such a log alone; how often the 95 % interval holds the true value is the figure. The model that the doubly robust
estimates lean on is the service's, trained before the first of these leads.
"""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks.explored import DEMO
from benchmarks.worlds import default_words, imported, rerouted
from models.off_policy import OffPolicy, evaluate

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

REPLICATIONS, BAR = 100, 0.9
SEED = 109  # of a world that nobody looked at while the intervals were chosen
_ESTIMATES = ("ips", "snips", "dr", "sndr")
_LIKELY, _SEEN = 0.05, 0.02


@dataclass(frozen=True)
class Log:
    """Pairs that the log could have shown, leads one after the other.

    Parameters
    ----------
    start : int64 array of shape (leads + 1,)
        Where the pairs of each lead begin and end.
    logged : float64 array of shape (pairs,)
        The router's propensities.
    p_win, predicted : float64 arrays of shape (pairs,)
        True and predicted probability of a win.
    """

    start: Ints
    logged: Floats
    p_win: Floats
    predicted: Floats

    @classmethod
    def of(cls, known: pd.DataFrame, ranked: pd.DataFrame) -> "Log":
        """Read it from the truth about pairs and from answers of ``match``."""
        both = known[known["eligible"]].merge(ranked[["lead", "partner", "p_win"]], on=["lead", "partner"], how="left")
        both = both.rename(columns={"p_win_x": "p_win", "p_win_y": "predicted"})
        both = both[both.groupby("lead")["propensity"].transform("sum") > 1 - 1e-6].sort_values("lead", kind="stable")
        mean = both.groupby("lead")["predicted"].transform("mean").fillna(both["predicted"].mean())
        start = np.append(np.flatnonzero(~both["lead"].duplicated().to_numpy()), len(both))
        columns = (both["propensity"], both["p_win"], both["predicted"].fillna(mean))
        return cls(start.astype(np.int64), *(column.to_numpy(np.float64) for column in columns))

    def __len__(self) -> int:
        """Leads."""
        return len(self.start) - 1

    def sums(self, values: Floats) -> Floats:
        """Add up over the pairs of each lead."""
        return np.add.reduceat(values, self.start[:-1])

    def shares(self, weights: Floats) -> Floats:
        """Return weights as probabilities within each lead."""
        return weights / np.repeat(self.sums(weights), np.diff(self.start))

    def first(self, score: Floats, allowed: npt.NDArray[np.bool_]) -> Floats:
        """Return 1.0 for the best of each lead among those allowed (of all where none is), else 0.0."""
        lead = np.repeat(np.arange(len(self)), np.diff(self.start))
        order = np.lexsort((-score, ~allowed, lead))
        found = np.zeros(len(score))
        found[order[self.start[:-1]]] = 1.0
        return found


def policies(log: Log) -> dict[str, Floats]:
    """Return what each policy shows with what probability; the last one shows what the log hardly ever did."""
    likely = (log.logged >= _LIKELY) | (log.first(log.logged, log.logged > 0) > 0)
    ours = log.first(log.predicted, log.logged >= _SEEN)
    return {
        f"evenly among partners that the router shows with {_LIKELY:.0%} and more": log.shares(
            likely.astype(np.float64)
        ),
        "the router, flattened (root of its propensities)": log.shares(np.sqrt(log.logged)),
        f"half the router, half our choice among those with {_SEEN:.0%} and more": 0.5 * log.logged + 0.5 * ours,
        "our choice among all eligible": log.first(log.predicted, log.logged >= 0),
    }


def replicate(
    log: Log, chances: Mapping[str, Floats], seed: int, *, other_leads: bool
) -> Iterator[tuple[str, OffPolicy]]:
    """Draw a log and judge each policy by it; with `other_leads` the leads are drawn, too."""
    generator = np.random.default_rng(seed)
    leads = generator.integers(0, len(log), len(log)) if other_leads else np.arange(len(log))
    reached = np.append(0.0, np.cumsum(log.logged))
    start, stop = log.start[leads], log.start[leads + 1]
    wanted = reached[start] + generator.random(len(log)) * (reached[stop] - reached[start])
    drawn = np.clip(np.searchsorted(reached, wanted, "right") - 1, start, stop - 1)
    reward = (generator.random(len(log)) < log.p_win[drawn]).astype(np.float64)
    for name, chance in chances.items():
        expected = log.sums(chance * log.predicted)[leads]
        yield name, evaluate(reward, log.logged[drawn], chance[drawn], log.predicted[drawn], expected, seed=seed)


def tables(log: Log, replications: int) -> str:
    """Return the tables of coverage and of refusals, and the claim."""
    chances = policies(log)
    same, others = (
        [dict(replicate(log, chances, 1_000 + k, other_leads=other)) for k in range(replications)]
        for other in (False, True)
    )
    rows = [_COVERAGE_HEAD]
    held: list[int] = []
    for name, chance in list(chances.items())[:-1]:
        true = float(log.sums(chance * log.p_win).mean())
        for estimate in _ESTIMATES:
            found = Coverage.of([judged[name] for judged in same], estimate, true)
            again = Coverage.of([judged[name] for judged in others], estimate, true)
            rows.append(f"| {name} | {true:.4f} | {estimate} | {found.cells} | {again.held} of {again.judged} |")
            held.append(found.held)
    refusals = [_REFUSED_HEAD, *(_refusals(name, [judged[name] for judged in same]) for name in chances)]
    earned = float(log.sums(log.logged * log.p_win).mean())
    verdict = "holds" if min(held) >= BAR * replications else "does not hold"
    claim = f"At least {BAR:.0%} of the intervals of each policy and estimate hold the truth: {verdict} ({min(held)})."
    about = f"{len(log):,} leads; the router itself wins {earned:.4f} of each. {replications} replications. {claim}"
    return "\n\n".join([about, "\n".join(rows), "\n".join(refusals)])


_COVERAGE_HEAD = (
    "| policy | true value | estimate | truth in the interval | bias | mean width | other leads too |\n"
    "|---|---:|---|---:|---:|---:|---:|"
)
_REFUSED_HEAD = """| policy | refused | mean ESS | mean weight | largest weight | why, the first time |
|---|---:|---:|---:|---:|---|"""


@dataclass(frozen=True)
class Coverage:
    """How often an estimate's interval held the truth, of the replications in which it was given."""

    held: int
    judged: int
    bias: float
    width: float

    @classmethod
    def of(cls, found: Sequence[OffPolicy], estimate: str, true: float) -> "Coverage":
        """Count."""
        given = [one.estimates[estimate] for one in found if one.refused is None]
        held = sum(one.low <= true <= one.high for one in given)
        bias, width = ([one.value - true for one in given], [one.high - one.low for one in given])
        return cls(held, len(given), float(np.mean(bias)), float(np.mean(width)))

    @property
    def cells(self) -> str:
        """Three cells of the table."""
        return f"{self.held} of {self.judged} | {self.bias:+.4f} | {self.width:.4f}"


def _refusals(name: str, found: Sequence[OffPolicy]) -> str:
    reasons = [one.refused for one in found if one.refused is not None]
    means = (np.mean([getattr(one, part) for one in found]) for part in ("ess", "mean_weight", "largest_weight"))
    ess, weight, largest = means
    return (
        f"| {name} | {len(reasons)} of {len(found)} | {ess:.0f} | {weight:.2f} | {largest:.0f} "
        f"| {reasons[0] if reasons else ''} |"
    )


def _log(truth: Path | None, ranked: Path | None, words: list[str]) -> Log:
    """Return the log of a new world, or of one that was generated, trained and matched before."""
    if truth is not None and ranked is not None:
        known = pd.read_parquet(truth / "match.parquet")
        return Log.of(known[~known["open"]], pd.read_parquet(ranked))
    with imported("demo", words) as world, rerouted(world) as again:
        return Log.of(again.known, again.ranked)


def main(arguments: list[str] | None = None) -> str:
    """Judge policies by logs of the world that the command line names; return the tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks off-policy", allow_abbrev=False, description=__doc__)
    parser.add_argument("--seed", type=int, default=SEED, help="of the world")
    parser.add_argument("--replications", type=int, default=REPLICATIONS)
    parser.add_argument("--truth", type=Path, help="truth of a world generated before, in place of a new one")
    parser.add_argument("--ranked", type=Path, help="answers of `match` for its newest routed leads, --top 100000")
    options, sizes = parser.parse_known_args(arguments or [])
    sizes = sizes or DEMO.split()
    log = _log(options.truth, options.ranked, default_words("demo", options.seed, sizes))
    return f"World: `{' '.join(sizes)}`, seed {options.seed}. {tables(log, options.replications)}"
