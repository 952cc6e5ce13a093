"""Leaking attributes planted in all six public sets: are they named and left out? ``python -m benchmarks leaks``."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks import cdnow, crunchbase, deskdrop, fintro, ibm, olist
from benchmarks.workspace import just_before, workspace

NAME = "leaks"
_SHIFT = 2.326  # AUC .95 between two normals of unit variance
_FLIPPED, _FILLED = 0.05, 0.7
_LATE = "2016-12-21"


@dataclass(frozen=True, eq=False)
class Case:
    """A public set as it is trained on, and what its plants are made of.

    Parameters
    ----------
    model, as_of : str
        What is trained, and when.
    convert : callable
        Writes the import files into a folder.
    outcome : mapping of str to Series
        By resource, the outcome of its rows by ``external_id``, 0 or 1; rows without are not in it.
    hindsight : mapping of str to Series
        By resource, a count of what happened after `as_of`, or in all.
    names : Series, optional
        By lead, a partner that won it.
    """

    model: str
    as_of: str
    convert: Callable[[Path], Path]
    settings: Mapping[str, str] = field(default_factory=dict)
    outcome: Mapping[str, pd.Series] = field(default_factory=dict)
    hindsight: Mapping[str, pd.Series] = field(default_factory=dict)
    names: pd.Series | None = None


def plants(case: Case, seed: int = 1) -> dict[str, pd.DataFrame]:
    """Return leaking columns by resource, indexed by ``external_id``; the column says the kind of plant."""
    rng = np.random.default_rng(seed)
    found: dict[str, pd.DataFrame] = {}
    for resource, label in case.outcome.items():
        y = label.to_numpy(np.float64)
        flipped = np.where(rng.random(len(y)) < _FLIPPED, 1 - y, y).astype(int)
        filled = pd.Series("noted", label.index).where((y > 0) & (rng.random(len(y)) < _FILLED))
        numeric = rng.normal(size=len(y)) + _SHIFT * y
        columns = {"plant copy with 5 % noise": flipped, "plant filled for positives": filled}
        found[resource] = pd.DataFrame({**columns, "plant numeric of AUC .95": numeric}, index=label.index)
    for resource, later in case.hindsight.items():
        frame = found.get(resource, pd.DataFrame(index=later.index))
        found[resource] = frame.join(later.rename("plant hindsight"), how="outer")
    if case.names is not None:
        name = case.names.copy()
        swapped = rng.random(len(name)) < _FLIPPED
        name[swapped] = rng.permutation(name.to_numpy())[swapped]
        codes = pd.Series(pd.factorize(name)[0] * 7 % 100_003, index=name.index)
        found["leads"] = pd.DataFrame({"plant winner named": name, "plant winner encoded": codes})
    return found


def planted(folder: Path, columns: Mapping[str, pd.DataFrame]) -> Path:
    """Add the columns to the files in `folder`."""
    for resource, extra in columns.items():
        path = folder / f"{resource}.csv"
        rows = pd.read_csv(path, dtype=str, keep_default_na=False)
        rows.join(extra, on="external_id").to_csv(path, index=False)
    return folder


def check(case: Case) -> tuple[list[tuple[str, str, bool, bool]], list[str]]:
    """Import with plants and train; return (resource, plant, named, left out) of each, and what else was named."""
    columns = plants(case)
    with workspace(case.settings) as work:
        work.run("import", planted(case.convert(work.home.parent / "programme"), columns))
        work.run("train", case.model, "--as-of", case.as_of)
        path = _newest_manifest(work.home / "models")
        manifest, used = json.loads(path.read_text()), _used(path)
    named = {leak["field"].removeprefix("attributes."): leak for leak in manifest["leaks"]}
    rows = [
        (resource, plant, plant in named, plant in named and named[plant]["left_out"] and plant not in used)
        for resource, frame in columns.items()
        for plant in frame.columns
    ]
    return rows, sorted(set(named) - {plant for _, plant, _, _ in rows})


def _used(manifest: Path) -> str:
    """Return every text of an artefact, and the columns of its golden rows."""
    paths = [path for path in manifest.parent.rglob("*") if path.is_file() and path != manifest]
    texts = [path.read_text(errors="replace") for path in paths if path.suffix in (".json", ".txt")]
    golden = [" ".join(map(str, pd.read_parquet(path).columns)) for path in paths if path.suffix == ".parquet"]
    return " ".join([*texts, *golden])


def _newest_manifest(folder: Path) -> Path:
    return max(folder.rglob("manifest.json"), key=lambda path: path.stat().st_mtime)


def _active(events: pd.DataFrame, who: str, start: pd.Timestamp, end: pd.Timestamp) -> pd.Series:
    inside = events[(events["at"] > start) & (events["at"] <= end)]
    return inside.groupby(who).size()


def _silence(events: pd.DataFrame, who: str, as_of: str, days: int) -> tuple[pd.Series, pd.Series]:
    """Return who was inactive in the window that ended at `as_of`, and how often each showed up after it."""
    end = pd.Timestamp(as_of)
    start = end - pd.Timedelta(days=days)
    known = pd.Index(events.loc[events["at"] <= start, who].unique())
    inactive = (~known.isin(_active(events, who, start, end).index)).astype(int)
    later = _active(events, who, end, end + pd.Timedelta(days=days))
    everyone = pd.Index(events.loc[events["at"] <= end, who].unique())
    return pd.Series(inactive, index=known), later.reindex(everyone).fillna(0)


def _cdnow() -> Case:
    rows = cdnow.read_transactions()
    rows = rows[rows["customer"].isin(cdnow.sample_customers())]
    as_of = just_before("1997-10-01")
    label, later = _silence(rows.assign(at=rows["day"]), "customer", as_of, 182)
    settings = {"CHURN_HORIZONS_DAYS": "[91, 182]"}
    return Case("churn", as_of, lambda to: cdnow.convert(to, rows), settings, {"partners": label}, {"partners": later})


def _olist() -> Case:
    orders = olist.read_orders()
    as_of = just_before("2018-05-01")
    label, later = _silence(orders, "seller_id", as_of, 90)
    settings = {"CHURN_HORIZONS_DAYS": "[60, 90]"}
    return Case(
        "churn", as_of, lambda to: olist.convert(to, orders), settings, {"partners": label}, {"partners": later}
    )


def _deskdrop() -> Case:
    rows = deskdrop.read_interactions()
    as_of = just_before(_LATE)
    read, seen = (_silence(rows, who, as_of, 30)[0] for who in ("item", "person"))
    readers, visits = (rows.groupby(who).size() for who in ("item", "person"))
    return Case(
        "recommend",
        as_of,
        lambda to: deskdrop.convert(to, rows),
        outcome={"assets": 1 - read, "partners": 1 - seen},
        hindsight={"assets": readers, "partners": visits},
    )


def _fintro() -> Case:
    rows = fintro.read_applications()
    cut = rows["at"].iloc[int(0.75 * len(rows))]
    label = rows.set_index("external_id")["Business_Sourced"]
    settings = {"FIT_OUTCOME": "attributes.business_sourced", "FIT_HORIZON_DAYS": "92"}
    as_of = just_before(str(cut.date()))
    return Case("fit", as_of, lambda to: fintro.convert(to, rows, cut), settings, {"partners": label})


def _ibm() -> Case:
    rows = ibm.read_opportunities()
    rows = rows[rows["fold"] != 0]
    label = rows.set_index("row")["won"]
    return Case("match", "2015-01-02", lambda to: ibm.convert(to, rows, with_amount=False), outcome={"leads": label})


def _crunchbase() -> Case:
    rows = crunchbase.read_investments()
    as_of = just_before("2012-01-01")
    winner = rows.drop_duplicates("lead").set_index("lead")["investor_name"]
    label, later = _silence(rows, "investor_name", as_of, 330)
    return Case(
        "match",
        as_of,
        lambda to: crunchbase.convert(to, rows),
        outcome={"partners": 1 - label},
        hindsight={"partners": later},
        names=winner,
    )


CASES: Mapping[str, Callable[[], Case]] = {
    cdnow.NAME: _cdnow,
    olist.NAME: _olist,
    deskdrop.NAME: _deskdrop,
    fintro.NAME: _fintro,
    ibm.NAME: _ibm,
    crunchbase.NAME: _crunchbase,
}


def main() -> str:
    """Plant, train and look, set by set; return the table as Markdown."""
    lines = ["| set | model | planted in | kind of plant | named | left out |", "|---|---|---|---|---|---|"]
    others = []
    for name, make in CASES.items():
        case = make()
        rows, extra = check(case)
        for resource, plant, named, out in rows:
            verdicts = " | ".join("yes" if verdict else "**no**" for verdict in (named, out))
            lines.append(f"| {name} | {case.model} | {resource} | {plant.removeprefix('plant ')} | {verdicts} |")
        others.append(f"{name}: {', '.join(extra) or 'none'}")
    return "\n".join([*lines, "", f"Honest fields named by mistake: {'; '.join(others)}."])
