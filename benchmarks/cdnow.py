"""CDNOW: inactivity of customers over 39 weeks. ``python -m benchmarks cdnow``."""

import gzip
from pathlib import Path

import pandas as pd

from benchmarks.protocol import binary_figures
from benchmarks.workspace import PUBLIC_DATA, beside_reference, just_before, workspace, write_programme

NAME = "cdnow"
_AS_OF, _END, _HORIZON = "1997-10-01", "1998-07-01", 273


def read_transactions() -> pd.DataFrame:
    """Return the customer days: customer, day, quantity, amount, all rows of a day added up."""
    with gzip.open(PUBLIC_DATA / NAME / "CDNOW_master.txt.gz", "rt") as file:
        lines = pd.read_csv(
            file, sep=r"\s+", skiprows=1, names=["customer", "day", "quantity", "amount"], dtype={"customer": str}
        )
    lines["day"] = pd.to_datetime(lines["day"].astype(str), format="%Y%m%d")
    return lines.groupby(["customer", "day"], as_index=False)[["quantity", "amount"]].sum()


def sample_customers() -> set[str]:
    """Return the ids of the published 1/10 sample."""
    with gzip.open(PUBLIC_DATA / NAME / "CDNOW_sample.txt.gz", "rt") as file:
        return {line.split()[0] for line in file if line.strip()}


def convert(folder: Path, transactions: pd.DataFrame) -> Path:
    """Write `transactions` in the import format."""
    first = transactions.groupby("customer")["day"].min()
    partners = pd.DataFrame({"external_id": first.index, "name": first.index, "recruited_at": first.dt.date})
    activities = pd.DataFrame(
        {
            "partner": transactions["customer"],
            "occurred_at": transactions["day"].dt.date,
            "kind": "purchase",
            "quantity": transactions["quantity"],
            "amount": transactions["amount"].round(2),
        }
    )
    return write_programme(folder, {"partners": partners, "activities": activities})


def figures(transactions: pd.DataFrame) -> tuple[dict[str, float], str]:
    """Import, train and score one set of customers, and evaluate on its hold-out; also says how long it took."""
    with workspace() as work:
        work.run("import", convert(work.home.parent / "programme", transactions))
        work.run("train", "churn", "--as-of", just_before(_AS_OF))
        out = work.home / "churn.csv"
        work.run("score", "churn", "--as-of", just_before(_AS_OF), "--horizon", str(_HORIZON), "--out", out)
        scores = pd.read_csv(out, dtype={"partner": str}).set_index("partner")["p_inactive"]
        times = work.times
    alive = transactions.loc[transactions["day"].between(_AS_OF, _END, inclusive="left"), "customer"]
    label = (~scores.index.isin(set(alive))).astype(float)
    return binary_figures(label, scores), times


def main() -> str:
    """Run both sets of the protocol and return their tables as Markdown."""
    transactions = read_transactions()
    sample = transactions[transactions["customer"].isin(sample_customers())]
    parts = []
    for title, rows in (("sample", sample), ("full", transactions)):
        ours, times = figures(rows)
        parts += [f"**{title}** ({times})", "", beside_reference(NAME, f"**{title}**", ours), ""]
    return "\n".join(parts)
