"""Programmes that matching is timed on: every partner active and under agreement, and the same with more partners."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd

from demo.generator import generate
from demo.spec import WorldSpec

END = datetime(2026, 11, 20, tzinfo=UTC)
_OF_PARTNERS = ("agreements", "certifications")
_ROOM = 1_000


def write(folder: Path, partners: int, seed: int = 31) -> None:
    """Write a generated programme whose partners are all active, with four leads each.

    Generated partners come and go; here all stay, none is full, and no agreement ends or excludes others: what is timed
    is the ranking of 200 candidates, not their exclusion.
    """
    spec = WorldSpec(
        end=END, seed=seed, partners=partners, prospects=partners // 20, leads=4 * partners,
        deals=7 * partners // 2, activities=40 * partners,
    )  # fmt: skip
    generate(folder, folder.with_name(f"{folder.name}-truth"), spec)
    shutil.rmtree(folder.with_name(f"{folder.name}-truth"))
    known = _read(folder, "partners")
    recruited = known["recruited_at"] != ""
    known.loc[recruited, ["status", "ended_at", "max_open_leads"]] = ["active", "", str(_ROOM)]
    _write(folder, "partners", known)
    signed = _read(folder, "agreements")
    _write(folder, "agreements", signed.assign(status="active", valid_to="", exclusive="false"))
    told = _read(folder, "changes")
    of_status = told["resource"].isin(["partners", "agreements"]) & told["field"].isin(["status", "max_open_leads"])
    _write(folder, "changes", told[~of_status])


def enlarge(source: Path, folder: Path, times: int) -> None:
    """Write a programme in which each partner of another one, with its agreements and certificates, stands so often.

    The history of leads, offers and deals stays with the first of each.
    """
    shutil.copytree(source, folder)
    for name, key in (("partners", "external_id"), *((name, "partner") for name in _OF_PARTNERS)):
        frame = _read(source, name)
        copies = [frame]
        for k in range(1, times):
            names = {column: frame[column] + f"-{k}" for column in {key, "external_id"} & set(frame.columns)}
            copies.append(frame.assign(**names))
        _write(folder, name, pd.concat(copies, ignore_index=True))


def _read(folder: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(folder / f"{name}.csv", dtype=str, keep_default_na=False)


def _write(folder: Path, name: str, frame: pd.DataFrame) -> None:
    frame.to_csv(folder / f"{name}.csv", index=False)
