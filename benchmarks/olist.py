"""Olist sellers: who goes inactive in the next 60 / 90 days. ``python -m benchmarks olist-sellers``."""

from pathlib import Path

import pandas as pd

from benchmarks.protocol import binary_figures, top_share
from benchmarks.workspace import (
    PUBLIC_DATA,
    Workspace,
    beside_reference,
    just_before,
    mean_of,
    workspace,
    write_programme,
)

NAME = "olist-sellers"
_CUTOFFS = {60: ("2018-05-01", "2018-06-01", "2018-07-01"), 90: ("2018-04-01", "2018-05-01", "2018-06-01")}


def read_orders() -> pd.DataFrame:
    """Return the order lines with their instant of activity."""
    orders = pd.read_csv(PUBLIC_DATA / NAME / "olist_order_items_dataset.csv.gz", dtype={"seller_id": str})
    orders["at"] = pd.to_datetime(orders["shipping_limit_date"])
    return orders[orders["at"] < "2020-01-01"]


def convert(folder: Path, orders: pd.DataFrame) -> Path:
    """Write sellers and order lines in the import format."""
    sellers = pd.read_csv(PUBLIC_DATA / NAME / "olist_sellers_dataset.csv.gz", dtype=str)
    first = orders.groupby("seller_id")["at"].min()
    partners = pd.DataFrame(
        {
            "external_id": sellers["seller_id"],
            "name": sellers["seller_id"],
            "country": "BR",
            "region": sellers["seller_state"],
            "city": sellers["seller_city"],
            "recruited_at": sellers["seller_id"].map(first).dt.strftime("%Y-%m-%dT%H:%M:%SZ"),
        }
    )
    activities = pd.DataFrame(
        {
            "partner": orders["seller_id"],
            "occurred_at": orders["at"].dt.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "kind": "order",
            "quantity": 1,
            "amount": orders["price"],
        }
    )
    return write_programme(folder, {"partners": partners, "activities": activities})


def evaluate(work: Workspace, orders: pd.DataFrame, cutoff: str, horizon: int) -> dict[str, dict[str, float]]:
    """Score at one cut-off and return the figures of both populations."""
    out = work.home / f"churn-{cutoff}-{horizon}.csv"
    work.run("score", "churn", "--as-of", just_before(cutoff), "--horizon", str(horizon), "--out", out)
    p = pd.read_csv(out, dtype={"partner": str}).set_index("partner")["p_inactive"]
    start, end = pd.Timestamp(cutoff), pd.Timestamp(cutoff) + pd.Timedelta(days=horizon)
    last = orders[orders["at"] < start].groupby("seller_id")["at"].max()
    later = set(orders.loc[(orders["at"] >= start) & (orders["at"] < end), "seller_id"])
    missing = last.index.difference(p.index)
    if len(missing):
        raise RuntimeError(f"{len(missing)} sellers got no score at {cutoff}, e.g. {missing[0]}")
    recent = last.index[last >= start - pd.Timedelta(days=90)]
    found = {}
    for population, sellers in (("all", last.index), ("recent", recent)):
        label, score = (~sellers.isin(later)).astype(float), p.loc[sellers]
        found[population] = binary_figures(label, score) | {"prec@20%": top_share(label, score, 0.2)}
    return found


def main() -> str:
    """Run the protocol at all cut-offs and return its four tables as Markdown."""
    orders = read_orders()
    parts = []
    with workspace({"CHURN_HORIZONS_DAYS": "[60, 90]"}) as work:
        work.run("import", convert(work.home.parent / "programme", orders))
        for cutoff in sorted({date for dates in _CUTOFFS.values() for date in dates}):
            work.run("train", "churn", "--as-of", just_before(cutoff))
        for horizon, dates in _CUTOFFS.items():
            runs = [evaluate(work, orders, cutoff, horizon) for cutoff in dates]
            for population in ("recent", "all"):
                heading = f"**{horizon} days, population `{population}`**"
                ours = mean_of([run[population] for run in runs])
                parts += [heading, "", beside_reference(NAME, heading, ours), ""]
        parts.insert(0, f"({work.times})\n")
    return "\n".join(parts)
