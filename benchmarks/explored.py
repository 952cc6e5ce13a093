"""What exploration teaches, and what it costs. ``python -m benchmarks explored``.

The same programme is generated with a router that, during the last year, asks an allowed partner drawn evenly first on
a share of the leads. Match is trained on each log as of the newest routed leads, and routes these again.
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from benchmarks.expected import coverage_rows
from benchmarks.worlds import Rerouted, default_words, gap_closed, imported, rerouted

SHARES = (0.0, 0.05, 0.1)
SEED = 211
DEMO = "--partners 800"
"""The sizes of `allywise demo`."""
_HEAD = (
    "| explored | leads learned from | historical router | it costs, of that | allywise | oracle | gap closed "
    "| standard error | calibration error |\n|---:|" + "---:|" * 8
)


@dataclass(frozen=True)
class Explored:
    """What one world shows; probabilities are true means over the newest routed leads."""

    share: float
    learned: int
    logged: float
    router: float
    ours: float
    oracle: float
    closed: float
    error: float
    calibration: str

    @property
    def row(self) -> str:
        """The row of the table."""
        cost = f"{1 - self.logged / self.router:.1%}" if self.share else "–"
        return (
            f"| {self.share:.0%} | {self.learned:,} | {self.logged:.4f} | {cost} | {self.ours:.4f} | {self.oracle:.4f} "
            f"| {self.closed:.1%} | {self.error:.1%} | {self.calibration} |"
        )


def figures(again: Rerouted, leads: int, share: float) -> Explored:
    """Return the figures of a world whose log was explored with probability `share`.

    The gap begins at the router's own choice, without what exploration costs: v_own = (v_logged - share v_even) /
    (1 - share), where v_even is the mean over those it might have asked.
    """
    eligible = again.known[again.known["eligible"]]
    possible = eligible[eligible["propensity"] > 0]
    own, logged = own_choice(possible, share)
    oracle = possible.groupby("lead")["p_win"].max()
    best = again.ranked[again.ranked["rank"] == 1][["lead", "partner"]].merge(eligible, on=["lead", "partner"])
    ours = best.set_index("lead")["p_win"].reindex(oracle.index).fillna(0.0)
    closed, error = gap_closed(ours, own, oracle)
    both = again.ranked.merge(again.known, on=["lead", "partner"], suffixes=("_ours", ""))
    calibration = next(coverage_rows("", both, "p_win_ours", "p_win")).split(" | ")[4]
    learned = leads - again.known["lead"].nunique()
    means = [float(each.mean()) for each in (logged, own, ours, oracle)]
    return Explored(share, learned, means[0], means[1], means[2], means[3], closed, error, calibration)


def own_choice(possible: pd.DataFrame, share: float) -> tuple[pd.Series, pd.Series]:
    """Return, by lead, the true P(win) of the router's own choice, and of what it did while exploring.

    Parameters
    ----------
    possible : DataFrame
        ``lead``, ``p_win``, ``propensity``: pairs that the router might have asked.
    share : float
        Probability with which it asked one of them evenly instead of its choice.
    """
    groups = possible.groupby("lead")
    total = groups["propensity"].sum()
    logged = (possible["propensity"] * possible["p_win"]).groupby(possible["lead"]).sum() / total
    return (logged - share * groups["p_win"].mean()) / (1 - share), logged


def one(share: float, seed: int, sizes: Sequence[str]) -> tuple[Explored, str]:
    """Generate, import, train and match in one world; return its figures and what the commands took."""
    words = [*default_words("demo", seed, list(sizes)), "--explored-share", str(share)]
    with imported("demo", words) as world:
        routed = len(pd.read_parquet(world.truth_folder / "offers_made.parquet", columns=["lead"])["lead"].unique())
        with rerouted(world) as again:
            found = figures(again, routed, share)
        return found, f"| {share:.0%} | {seed} | " + " | ".join(_seconds(row) for row in world.costs[:4])


def _seconds(row: str) -> str:
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    return f"{cells[0].split()[0].strip('`')} {cells[1]} s"


def table(found: Sequence[Explored]) -> str:
    """Return the Markdown table; with several seeds a share, their means stand below."""
    rows = [_HEAD, *(each.row for each in found)]
    for share in sorted({each.share for each in found}):
        mine = [each.closed for each in found if each.share == share]
        if len(mine) > 1:
            spread = f"{np.min(mine):.1%}–{np.max(mine):.1%}"
            rows.append(f"| {share:.0%} | mean of {len(mine)} seeds | | | | | {np.mean(mine):.1%} | {spread} | |")
    return "\n".join(rows)


def main(arguments: list[str] | None = None) -> str:
    """Measure the worlds that the command line names; return the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks explored", allow_abbrev=False, description=__doc__)
    parser.add_argument("--seed", type=int, nargs="+", default=[SEED], help="seeds of the world")
    parser.add_argument("--shares", type=float, nargs="+", default=SHARES, help="shares explored")
    options, sizes = parser.parse_known_args(arguments or [])
    sizes = sizes or DEMO.split()
    found, costs = [], []
    for seed in options.seed:
        for share in options.shares:
            each, cost = one(share, seed, sizes)
            found.append(each)
            costs.append(cost)
    head = ["| explored | seed | took | | | |", "|---:|---:|---|---|---|---|"]
    taken = "\n".join([*head, *(f"{cost} |" for cost in costs)])
    return f"`{' '.join(sizes)}`, seed {', '.join(map(str, options.seed))}\n\n{table(found)}\n\n{taken}"
