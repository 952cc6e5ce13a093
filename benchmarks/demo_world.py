"""The generated programme: predicted against true probabilities. ``python -m benchmarks demo``."""

import json
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.protocol import calibration_error
from benchmarks.workspace import Workspace, workspace

SEED = 11
_HEAD = (
    "| prediction | n | mean predicted | mean true | calibration error | rank correlation "
    "| 80 % intervals that hold the truth |"
)


def truth(work: Workspace, name: str) -> pd.DataFrame:
    """Return one table of the truth, at the world's end where it has several instants."""
    folder = work.home / "demo"
    frame = pd.read_parquet(folder / "truth" / f"{name}.parquet")
    if name in ("churn", "recommend"):
        end = pd.Timestamp(json.loads((folder / "world.json").read_text())["end"]).tz_localize(None)
        frame = frame[pd.to_datetime(frame["as_of"]).dt.tz_localize(None) == end]
    return frame


def row(title: str, predicted: pd.DataFrame, true: str, p: str) -> str:
    """Return a table row comparing column `p` with the true probabilities in column `true`."""
    known, given = predicted[true].to_numpy(), predicted[p].to_numpy()
    covered = "–"
    if {"low", "high"} <= set(predicted.columns):
        covered = f"{np.mean((predicted['low'] <= known) & (known <= predicted['high'])):.0%}"
    correlation = pd.Series(given).corr(pd.Series(known), method="spearman")
    error = calibration_error(known, given)
    return (
        f"| {title} | {len(known):,} | {given.mean():.3f} | {known.mean():.3f} | {error:.4f} "
        f"| {correlation:.3f} | {covered} |"
    )


def churn_rows(work: Workspace) -> list[str]:
    """Compare p_inactive at each horizon."""
    rows = []
    for horizon in (30, 60, 90):
        scores = pd.read_csv(work.home / "demo" / "results" / f"churn-{horizon}.csv", dtype={"partner": str})
        both = scores.merge(truth(work, "churn"), on="partner")
        rows.append(row(f"churn, p_inactive {horizon} days", both, f"p_inactive_{horizon}", "p_inactive"))
    return rows


def fit_row(work: Workspace) -> str:
    """Compare p_productive of prospects."""
    scores = pd.read_csv(work.home / "demo" / "results" / "fit.csv", dtype={"partner": str})
    both = scores.merge(truth(work, "fit"), on="partner", suffixes=("_ours", ""))
    return row("fit, p_productive", both, "p_productive", "p_productive_ours")


def match_pairs(work: Workspace) -> pd.DataFrame:
    """Return all ranked pairs of open leads with their true p_win."""
    out = work.home / "match.parquet"
    work.run("match", "--open", "--top", "1000", "--as-of", _end(work), "--out", out)
    ranked = pd.read_parquet(out)
    known = truth(work, "match")
    return ranked.merge(known[known["open"]], on=["lead", "partner"], suffixes=("_ours", ""))


def routing_table(pairs: pd.DataFrame, known: pd.DataFrame) -> str:
    """Return the mean true p_win of the first-ranked partner by policy, over the open leads."""
    eligible = known[known["open"] & known["eligible"]]
    leads = pairs["lead"].unique()
    eligible = eligible[eligible["lead"].isin(leads)]
    first = pairs.sort_values("rank").groupby("lead").first()["p_win"].mean()
    oracle, random = eligible.groupby("lead")["p_win"].max().mean(), eligible.groupby("lead")["p_win"].mean().mean()
    routed = known[~known["open"]]
    chosen = routed[routed["chosen"]]["p_win"].mean()
    best = routed[routed["eligible"]].groupby("lead")["p_win"].max().mean()
    return "\n".join(
        [
            "| who gets the lead | mean true p_win |",
            "|---|---:|",
            f"| any eligible partner | {random:.3f} |",
            f"| historical policy (newest routed leads; their oracle: {best:.3f}) | {chosen:.3f} |",
            f"| **allywise, first-ranked** ({len(leads)} open leads) | {first:.3f} |",
            f"| oracle | {oracle:.3f} |",
            "",
            f"Closed of the gap between history and oracle: {(first - chosen) / (oracle - chosen):.0%}.",
        ]
    )


def engagement_row(work: Workspace) -> str:
    """Compare p_engage of assets and offers."""
    out = work.home / "recommend.parquet"
    work.run("recommend", "--top", "400", "--as-of", _end(work), "--out", out)
    both = pd.read_parquet(out).merge(truth(work, "recommend"), on=["partner", "kind", "item"], suffixes=("_ours", ""))
    return row("recommend, p_engage", both, "p_engage", "p_engage_ours")


def _end(work: Workspace) -> str:
    return str(json.loads((work.home / "demo" / "world.json").read_text())["end"])


def main() -> str:
    """Build, train and score a world of another seed than the demo's, and compare with its truth."""
    with workspace() as work:
        Path(work.home).mkdir(parents=True)
        work.run("demo", "--no-serve", "--seed", str(SEED))
        pairs = match_pairs(work)
        rows = [*churn_rows(work), fit_row(work), row("match, p_win", pairs, "p_win", "p_win_ours")]
        rows.append(engagement_row(work))
        routing = routing_table(pairs, truth(work, "match"))
        times = work.times
    return "\n".join([f"(seed {SEED}; {times})", "", _HEAD, "|---|" + "---:|" * 6, *rows, "", routing])
