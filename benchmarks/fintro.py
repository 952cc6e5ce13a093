"""Fintro: which applicants will bring business. ``python -m benchmarks fintro``."""

import hashlib
import json
from pathlib import Path

import pandas as pd

from benchmarks.protocol import binary_figures, top_share
from benchmarks.workspace import PUBLIC_DATA, beside_reference, just_before, workspace, write_programme

NAME = "fintro"
_PROTECTED = (
    "Applicant_Gender",
    "Applicant_Marital_Status",
    "Applicant_BirthDate",
    "Manager_Gender",
    "Manager_DoB",
)
_EMBARGO = pd.Timedelta(days=92)


def read_applications() -> pd.DataFrame:
    """Return the applications in the protocol's order, with ``at`` and the hashed ``external_id``."""
    rows = pd.read_csv(PUBLIC_DATA / NAME / "train.csv.gz", dtype={"ID": str, "Office_PIN": str})
    rows["at"] = pd.to_datetime(rows["Application_Receipt_Date"], format="%m/%d/%Y")
    rows["external_id"] = [hashlib.md5(id_.encode(), usedforsecurity=False).hexdigest() for id_ in rows["ID"]]
    return rows.sort_values(["at", "external_id"], ignore_index=True)


def convert(folder: Path, rows: pd.DataFrame, cut: pd.Timestamp) -> Path:
    """Write applications in the import format; outcomes not known at `cut` are left empty."""
    attributes = rows.drop(columns=["ID", "Application_Receipt_Date", "at", "external_id", "Business_Sourced"])
    pins = attributes["Applicant_City_PIN"]
    partners = pd.DataFrame(
        {
            "external_id": rows["external_id"],
            "name": rows["external_id"],
            "status": "applied",
            "recruited_at": rows["at"].dt.date,
        }
    ).join(attributes.assign(Applicant_City_PIN=pins.map(lambda pin: f"P{pin:.0f}", na_action="ignore")))
    known = rows["at"] < cut - _EMBARGO
    partners["business_sourced"] = rows["Business_Sourced"].where(known).astype("Int64")
    return write_programme(folder, {"partners": partners})


def main() -> str:
    """Run the protocol's main rows and return its table as Markdown."""
    rows = read_applications()
    cut = rows["at"].iloc[int(0.75 * len(rows))]
    settings = {
        "FIT_OUTCOME": "attributes.business_sourced",
        "FIT_HORIZON_DAYS": str(_EMBARGO.days),
        "PROTECTED_ATTRIBUTES": json.dumps(_PROTECTED),
    }
    with workspace(settings) as work:
        work.run("import", convert(work.home.parent / "programme", rows, cut))
        work.run("train", "fit", "--as-of", just_before(str(cut.date())))
        out = work.home / "fit.csv"
        work.run("score", "fit", "--as-of", str((rows["at"].max() + pd.Timedelta(days=1)).date()), "--out", out)
        p = pd.read_csv(out, dtype={"partner": str}).set_index("partner")["p_productive"]
        times = work.times
    test = rows[rows["at"] >= cut]
    label, score = test["Business_Sourced"], p.loc[test["external_id"]]
    ours = binary_figures(label, score)
    ours |= {f"lift@{k}%": top_share(label, score, k / 100) / label.mean() for k in (10, 20)}
    return f"({times})\n\n" + beside_reference(NAME, "**Main: 92-day embargo**", ours)
