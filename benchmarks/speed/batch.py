"""Batch scoring beside a query of raw aggregates (churn) and the bare boosters (fit), with time and memory by size."""

import argparse
import shutil
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.speed.batch_store import FILE, grow
from benchmarks.speed.harness import Cost, apart, exponent
from benchmarks.workspace import Workspace
from demo.generator import generate
from demo.spec import WorldSpec
from domain.settings import Settings
from intelligence.context import Intelligence, open_intelligence
from intelligence.features.build import build
from intelligence.features.registry import FeatureSet
from intelligence.scoring.churn import score_churn
from intelligence.scoring.fit import recruitable, score_fit
from intelligence.scoring.served import naive
from store.engine import create_store_engine, reading
from store.slices import load_others, load_slice, possible_prospects

END = datetime(2026, 11, 20, tzinfo=UTC)
_SIZES = (0.25, 0.5, 1.0)
_SAMPLE = 5_000
_SUMMED = ("amount", "quantity")


def main(arguments: list[str]) -> str:
    """Return the tables."""
    options = _options(arguments)
    with tempfile.TemporaryDirectory(dir=options.folder, prefix="batch-") as name:
        home = options.home or _small(Path(name))
        found = [_measured(home, Path(name) / "large", options, share * options.scale) for share in _SIZES]
    return "\n".join([*_table("churn", "activities", found), "", *_table("fit", "prospects", found)])


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks speed-batch", description=__doc__)
    parser.add_argument("--partners", type=int, default=200_000)
    parser.add_argument("--activities", type=int, default=20_000_000)
    parser.add_argument("--prospects", type=int, default=1_000_000)
    parser.add_argument("--scale", type=float, default=0.1, help="share of these sizes; 1 for all")
    parser.add_argument("--runs", type=int, default=1, help="of each at each size")
    parser.add_argument("--reasons", type=int, default=0, help="rows of each list that are explained")
    parser.add_argument("--home", type=Path, help="with a SQLite store and trained models; default: made for it")
    parser.add_argument("--folder", type=Path, help="where temporary files may lie")
    return parser.parse_args(arguments)


def _small(folder: Path) -> Path:
    """Return a home with a small programme and models trained on it, which serve all sizes."""
    spec = WorldSpec(end=END, seed=31, partners=1_200, prospects=1_500, leads=3_000, deals=6_000, activities=120_000)
    generate(folder / "programme", folder / "truth", spec)
    home = Workspace(folder / "home")
    home.run("import", folder / "programme")
    home.run("train", "churn", "fit", "--as-of", END.isoformat())
    return home.home


def _measured(home: Path, large: Path, options: argparse.Namespace, scale: float) -> dict[str, Any]:
    """Measure ours and the others in turns at one size, each in a process of its own."""
    sizes = {name: round(getattr(options, name) * scale) for name in ("partners", "activities", "prospects")}
    grow(home, large, **sizes)
    took: dict[str, list[Cost]] = {}
    for _ in range(options.runs):
        for name, work, *rest in (
            ("churn", _ours, "churn", options.reasons),
            ("churn peer", _aggregates),
            ("fit", _ours, "fit", options.reasons),
            ("fit peer", _boosters),
        ):
            took.setdefault(name, []).append(apart(work, large, *rest))
    shutil.rmtree(large)
    return sizes | took


def _opened(home: Path, reasons: int = 0) -> Intelligence:
    settings = Settings(home=home, explained_scores=reasons)
    return open_intelligence(create_store_engine(settings.store_url), settings)


def _ours(home: Path, model: str, reasons: int) -> tuple[int, float]:
    context = _opened(home, reasons)
    began = time.perf_counter()
    frame = score_churn(context, END) if model == "churn" else score_fit(context, END)
    return len(frame), time.perf_counter() - began


def _aggregates(home: Path) -> tuple[int, float]:
    """Read the activities and add them up as the features do, by Polars over connectorx."""
    import connectorx
    import polars as pl

    began = time.perf_counter()
    columns = "partner_id, occurred_at, kind, quantity, amount"
    rows: Any = connectorx.read_sql(
        f"sqlite://{home / FILE}",
        f"SELECT {columns} FROM activities",  # noqa: S608
        return_type="polars",
    )
    now = int(naive(END).astype("datetime64[us]").astype(np.int64))
    age = ((now - pl.col("occurred_at")) / 86_400_000_000).alias("age")
    rows = rows.lazy().filter(pl.col("occurred_at") <= now).with_columns(age)
    days = rows.group_by("partner_id", pl.col("age").floor().alias("day")).agg(pl.len().alias("n"))
    active = days.group_by("partner_id").agg(
        *(pl.col("day").filter(pl.col("day") < w).len().alias(f"active_{w}") for w in (7, 14, 30, 60, 90, 180, 365)),
        *(pl.col("n").filter(pl.col("day") < w).sum().alias(f"signs_{w}") for w in (30, 90, 365)),
        pl.col("day").bottom_k(11).sort().alias("latest"),
        pl.col("day").max().alias("first"),
    )
    kinds = rows.group_by("partner_id", "kind").agg(
        *((pl.col("age") < w).sum().alias(f"n_{w}") for w in (90, 365)), pl.col("age").min().alias("since")
    )
    sums = rows.group_by("partner_id").agg(
        *(
            pl.col(c).filter(pl.col("age") < w).sum().alias(f"{c}_{w}")
            for c in ("amount", "quantity")
            for w in (90, 365)
        )
    )
    found = pl.collect_all([active.join(sums, on="partner_id"), kinds])
    return len(found[0]), time.perf_counter() - began


def _boosters(home: Path) -> tuple[int, float]:
    """Ask the bare boosters of the fit model about a ready matrix of all prospects."""
    context = _opened(home)
    loaded = context.load_model("fit", END)
    if loaded is None:
        raise RuntimeError("no fit model serves")
    with context.engine.connect() as connection:
        snapshot = reading(connection)
        every = possible_prospects(snapshot, END)
        history = load_slice(snapshot, END, every[:_SAMPLE], resources=("deals",)).beside(load_others(snapshot, END))
    ids = recruitable(history, END)
    subjects = pd.DataFrame({"partner_id": ids, "as_of": np.full(len(ids), naive(END))})
    features = build(FeatureSet.from_json(loaded.model.feature_set), history, subjects, context.text)
    part = loaded.model.probability
    trees = part._trees
    ready = part._schema.table(features).matrix
    rows = np.resize(ready, (len(every), ready.shape[1]))
    began = time.perf_counter()
    for booster in () if trees is None else (trees.booster, *trees.members):
        booster.predict(rows, raw_score=True, num_threads=context.settings.training_threads)
    return len(every), time.perf_counter() - began


def _table(model: str, measure: str, found: list[dict[str, Any]]) -> list[str]:
    peer = "Polars, raw aggregates" if model == "churn" else "bare boosters"
    lines = [
        f"| {measure} | {model} scored | seconds | {peer}, seconds | ratio | peak, MiB | of the other |",
        "|--:|--:|--:|--:|--:|--:|--:|",
    ]
    seconds = []
    for each in found:
        ours, others = each[model], each[f"{model} peer"]
        mine, theirs = (float(np.median([cost.result[1] for cost in costs])) for costs in (ours, others))
        seconds.append(mine)
        ratio = f"{mine / theirs:.1f}" if theirs > 0 else "no trees"
        peaks = [max(cost.peak_mib for cost in costs) for costs in (ours, others)]
        lines.append(
            f"| {each[measure]:,} | {ours[0].result[0]:,} | {mine:.1f} | {theirs:.1f} | {ratio} "
            f"| {peaks[0]:,.0f} | {peaks[1]:,.0f} |"
        )
    grows = exponent([each[measure] for each in found], seconds)
    return [*lines, "", f"Time grows with the {measure} to the power of {grows:.2f}."]
