"""DeskDrop: which content will this person engage with, on daily as-of dates. ``python -m benchmarks deskdrop``."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from benchmarks.protocol import list_figures
from benchmarks.workspace import PUBLIC_DATA, Workspace, beside_reference, just_before, workspace, write_programme

NAME = "deskdrop"
_FIRST_DAY, _LAST_DAY = "2016-12-21", "2017-02-28"
_WEIGHTS = {"VIEW": 1, "LIKE": 2, "BOOKMARK": 2.5, "FOLLOW": 3, "COMMENT CREATED": 4}


def read_interactions() -> pd.DataFrame:
    """Return the interactions: person, item, kind, at; ids as text."""
    rows = pd.read_csv(
        PUBLIC_DATA / NAME / "users_interactions.csv.gz", dtype={"contentId": str, "personId": str}, low_memory=False
    )
    return pd.DataFrame(
        {
            "person": rows["personId"],
            "item": rows["contentId"],
            "kind": rows["eventType"],
            "at": pd.to_datetime(rows["timestamp"], unit="s"),
        }
    ).sort_values("at", ignore_index=True)


def convert(folder: Path, rows: pd.DataFrame) -> Path:
    """Write persons, items and interactions in the import format."""
    persons, items = pd.unique(rows["person"]), pd.unique(rows["item"])
    partners = pd.DataFrame({"external_id": persons, "name": persons, "status": "active"})
    assets = pd.DataFrame({"external_id": items, "title": items})
    activities = pd.DataFrame(
        {
            "partner": rows["person"],
            "occurred_at": rows["at"].dt.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "kind": rows["kind"],
            "asset": rows["item"],
        }
    )
    return write_programme(folder, {"partners": partners, "assets": assets, "activities": activities})


def daily_truth(rows: pd.DataFrame) -> Iterator[tuple[pd.Timestamp, dict[str, set[str]]]]:
    """Yield each as-of date with the new items that each known person touches on that day."""
    first = rows.drop_duplicates(["person", "item"])
    born = rows.groupby("item")["at"].min()
    joined = rows.groupby("person")["at"].min()
    for day in pd.date_range(_FIRST_DAY, _LAST_DAY):
        today = first[(first["at"] >= day) & (first["at"] < day + pd.Timedelta(days=1))]
        known = today[(today["item"].map(born) < day) & (today["person"].map(joined) < day)]
        yield day, {str(person): set(items) for person, items in known.groupby("person")["item"]}


def recommend_daily(work: Workspace, rows: pd.DataFrame) -> Iterator[tuple[list[str], set[str]]]:
    """Run ``allywise recommend`` as of every day, in this process to keep the programme in memory."""
    from cli.main import run

    os.environ.update({f"ALLYWISE_{name}": value for name, value in work.settings.items()})
    os.environ["ALLYWISE_HOME"] = str(work.home)
    wanted, out = work.home / "partners.csv", work.home / "recommend.parquet"
    for day, truth in daily_truth(rows):
        pd.DataFrame({"partner": list(truth)}).to_csv(wanted, index=False)
        as_of = just_before(str(day.date()))
        arguments = ["--kind", "asset", "--partners", str(wanted), "--top", "10", "--as-of", as_of, "--out", str(out)]
        if run(["recommend", *arguments]) != 0:
            raise RuntimeError(f"recommend failed as of {as_of}")
        lists = pd.read_parquet(out).sort_values("rank").groupby("partner")["item"].agg(list)
        for person, items in truth.items():
            yield lists.get(person, []), items


def main() -> str:
    """Run protocol 3 and return its table as Markdown."""
    rows = read_interactions()
    with workspace({"ENGAGEMENT_WEIGHTS": json.dumps(_WEIGHTS)}) as work:
        work.run("import", convert(work.home.parent / "programme", rows))
        work.run("train", "recommend", "--as-of", just_before(_FIRST_DAY))
        lists = list(recommend_daily(work, rows))
        times = work.times
    ours = list_figures(lists)
    ours["pooled Recall@10"] = sum(len(set(ranked) & truth) for ranked, truth in lists) / sum(len(t) for _, t in lists)
    known = rows.loc[rows["at"] < _LAST_DAY, "item"].nunique()
    ours["coverage"] = len({item for ranked, _ in lists for item in ranked}) / known
    return f"({times}; {len(lists):,} lists)\n\n" + beside_reference(NAME, "## PROTOCOL 3", ours)
