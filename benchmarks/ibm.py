"""IBM sales win/loss: P(win) of an opportunity, five folds. ``python -m benchmarks ibm-sales-win-loss``."""

import hashlib
from pathlib import Path

import pandas as pd

from benchmarks.protocol import binary_figures, top_share
from benchmarks.workspace import PUBLIC_DATA, beside_reference, workspace, write_programme

NAME = "ibm-sales-win-loss"
_DAY, _LATER = "2015-01-01", "2015-01-02"
_ATTRIBUTES = (
    "Supplies Group",
    "Competitor Type",
    "Client Size By Revenue",
    "Client Size By Employee Count",
    "Revenue From Client Past Two Years",
    "Deal Size Category",
)


def read_opportunities() -> pd.DataFrame:
    """Return the opportunities with a row id, the fold of the protocol, and the label."""
    path = PUBLIC_DATA / NAME / "WA_Fn-UseC_-Sales-Win-Loss.csv.gz"
    rows = pd.read_csv(path, keep_default_na=False, dtype={"Opportunity Number": str})
    digest = [hashlib.md5(id_.encode(), usedforsecurity=False).hexdigest() for id_ in rows["Opportunity Number"]]
    rows["fold"] = [int(text, 16) % 5 for text in digest]
    rows["row"] = [f"{id_}-{number}" for number, id_ in enumerate(rows["Opportunity Number"])]
    rows["won"] = (rows["Opportunity Result"] == "Won").astype(int)
    return rows


def leads_of(rows: pd.DataFrame, *, with_amount: bool) -> pd.DataFrame:
    """Return `rows` with the columns of leads."""
    leads = pd.DataFrame(
        {
            "external_id": rows["row"],
            "created_at": _DAY,
            "company": rows["Opportunity Number"],
            "region": rows["Region"],
            "product": rows["Supplies Subgroup"],
        }
    ).join(rows[list(_ATTRIBUTES)])
    return leads.assign(estimated_amount=rows["Opportunity Amount USD"]) if with_amount else leads


def convert(folder: Path, rows: pd.DataFrame, *, with_amount: bool) -> Path:
    """Write opportunities with their outcome in the import format: routes to market are the partners."""
    routes, products = rows["Route To Market"].unique(), rows["Supplies Subgroup"].unique()
    deals = pd.DataFrame(
        {
            "external_id": rows["row"],
            "partner": rows["Route To Market"],
            "registered_at": _DAY,
            "lead": rows["row"],
            "outcome": rows["won"].map({1: "won", 0: "lost"}),
            "closed_at": _DAY,
        }
    )
    return write_programme(
        folder,
        {
            "partners": pd.DataFrame({"external_id": routes, "name": routes, "status": "active"}),
            "products": pd.DataFrame({"external_id": products, "name": products}),
            "leads": leads_of(rows, with_amount=with_amount),
            "deals": deals,
        },
    )


def predict_fold(rows: pd.DataFrame, fold: int, *, with_amount: bool) -> tuple[pd.Series, str]:
    """Train on the other folds and return P(win) of each row of `fold` with its own route, and the times."""
    train, test = rows[rows["fold"] != fold], rows[rows["fold"] == fold]
    with workspace() as work:
        work.run("import", convert(work.home.parent / "programme", train, with_amount=with_amount))
        work.run("train", "match", "--as-of", _LATER)
        leads, out = work.home / "leads.csv", work.home / "match.parquet"
        leads_of(test, with_amount=with_amount).to_csv(leads, index=False)
        work.run("match", "--leads", leads, "--top", "10", "--as-of", _LATER, "--out", out)
        p = pd.read_parquet(out).set_index(["lead", "partner"])["p_win"]
        own = pd.MultiIndex.from_frame(test[["row", "Route To Market"]])
        return pd.Series(p.loc[own].to_numpy(), index=test.index), work.times


def main() -> str:
    """Run both variants, the main one first, and return their tables as Markdown."""
    rows = read_opportunities()
    parts = []
    variants = (("B (main: without the exact amount)", False), ("A (with the exact amount)", True))
    for variant, with_amount in variants:
        folds = [predict_fold(rows, fold, with_amount=with_amount) for fold in range(5)]
        p = pd.concat([prediction for prediction, _ in folds]).loc[rows.index]
        ours = binary_figures(rows["won"], p) | {"prec@10%": top_share(rows["won"], p, 0.1)}
        heading = f"**Variant {variant}**"
        parts += [f"{heading} (last fold: {folds[-1][1]})", "", beside_reference(NAME, heading, ours), ""]
    return "\n".join(parts)
