"""Crunchbase 2013: leads to partners from wins alone. ``python -m benchmarks crunchbase-2013``."""

from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.protocol import list_figures
from benchmarks.workspace import PUBLIC_DATA, beside_reference, just_before, workspace, write_programme

NAME = "crunchbase-2013"
_CUT = "2012-01-01"
_BANDS = [0, 0.25e6, 0.5e6, 1e6, 2e6, 5e6, 10e6, 20e6, 50e6, float("inf")]
_UPPER_EDGES = np.array([0.25e6, 0.5e6, 1e6, 2e6, 5e6, 10e6, 20e6, 50e6, 100e6])


def read_investments() -> pd.DataFrame:
    """Return the investments with the id of their round in ``lead`` and its instant in ``at``."""
    path = PUBLIC_DATA / NAME / "investments_us_joined.csv.gz"
    rows = pd.read_csv(path, keep_default_na=False, dtype=str)
    rows["at"] = pd.to_datetime(rows["funded_at"])
    rows["lead"] = rows["company_permalink"] + "|" + rows["funded_at"] + "|" + rows["funding_round_type"]
    rows["amount"] = pd.to_numeric(rows["raised_amount_usd"], errors="coerce")
    return rows


def leads_of(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row per round with the columns of leads; the amount as the upper edge of its band."""
    rounds = rows.groupby("lead", sort=False)
    first, amount = rounds.first(), rounds["amount"].max()
    band = pd.cut(amount.where(amount > 0), _BANDS, labels=False, right=True)
    edge = band.map(lambda number: _UPPER_EDGES[int(number)], na_action="ignore")
    return pd.DataFrame(
        {
            "external_id": first.index,
            "created_at": first["at"].dt.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "company": first["company_permalink"],
            "country": "US",
            "region": first["company_state_code"],
            "metro": first["company_region"],
            "city": first["company_city"],
            "industry": first["company_category_code"],
            "source": first["funding_round_type"],
            "estimated_amount": edge,
        }
    ).reset_index(drop=True)


def convert(folder: Path, rows: pd.DataFrame) -> Path:
    """Write investors, rounds and investments in the import format."""
    investors = rows["investor_name"].unique()
    pairs = rows.drop_duplicates(["lead", "investor_name"])
    instant = pairs["at"].dt.strftime("%Y-%m-%dT%H:%M:%SZ")
    deals = pd.DataFrame(
        {
            "external_id": pairs["lead"] + "|" + pairs["investor_name"],
            "partner": pairs["investor_name"],
            "lead": pairs["lead"],
            "registered_at": instant,
            "closed_at": instant,
            "outcome": "won",
        }
    )
    partners = pd.DataFrame({"external_id": investors, "name": investors, "status": "active"})
    return write_programme(folder, {"partners": partners, "leads": leads_of(rows), "deals": deals})


def rank(rows: pd.DataFrame) -> tuple[pd.Series, str]:
    """Train as of the cut and rank partners for each later round as of its own date; also the times."""
    later = leads_of(rows[rows["at"] >= _CUT])
    later["created_at"] = [just_before(instant[:10]) for instant in later["created_at"]]
    with workspace() as work:
        work.run("import", convert(work.home.parent / "programme", rows))
        work.run("train", "match", "--as-of", just_before(_CUT))
        leads, out = work.home / "leads.csv", work.home / "match.parquet"
        later.to_csv(leads, index=False)
        work.run("match", "--leads", leads, "--top", "200", "--as-of", "created_at", "--out", out)
        ranked = pd.read_parquet(out, columns=["lead", "rank", "partner"]).sort_values("rank")
        return ranked.groupby("lead")["partner"].agg(list), work.times


def protocol_lists(rows: pd.DataFrame, ranked: pd.Series, *, new_only: bool) -> list[tuple[list[str], set[str]]]:
    """Return (ranking, truth) per test round; `new_only` leaves out investors who know the company already."""
    debut = rows.groupby("investor_name")["at"].min()
    known = rows.groupby(["company_permalink", "investor_name"])["at"].min().reset_index()
    earlier: dict[str, dict[str, pd.Timestamp]] = {}
    for company, investor, at in known.itertuples(index=False, name=None):
        earlier.setdefault(company, {})[investor] = at
    lists = []
    for lead, group in rows[rows["at"] >= _CUT].groupby("lead"):
        at, company = group["at"].iloc[0], group["company_permalink"].iloc[0]
        friends = {name for name, since in earlier[company].items() if since < at} if new_only else set()
        truth = {name for name in group["investor_name"] if debut[name] < at} - friends
        if truth:
            lists.append(([name for name in ranked.get(lead, []) if name not in friends], truth))
    return lists


def main() -> str:
    """Run both variants and return their tables as Markdown."""
    rows = read_investments()
    ranked, times = rank(rows)
    parts = [f"({times})", ""]
    for heading, new_only in (("**Variant `new` (main)**", True), ("**Variant `all`**", False)):
        lists = protocol_lists(rows, ranked, new_only=new_only)
        ours = list_figures(lists, cutoffs=(10, 50))
        parts += [f"{heading}, {len(lists):,} leads", "", beside_reference(NAME, heading, ours), ""]
    return "\n".join(parts)
