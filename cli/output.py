"""Result frames to files: CSV, Parquet or JSONL by the ending, whole or not at all."""

import os
from pathlib import Path
from typing import Literal

import pandas as pd
import typer

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_SENTENCES = ("reason", "text")


def check_output(path: Path) -> Path:
    """Return `path` if results can be written there.

    Raises
    ------
    typer.BadParameter
        If its ending names no known format or its folder does not exist.
    """
    if not path.name.endswith((".csv", ".csv.gz", ".parquet", ".jsonl")):
        raise typer.BadParameter(f"{path} ends in no known format; use .csv, .csv.gz, .parquet or .jsonl")
    if not path.parent.is_dir():
        raise typer.BadParameter(f"folder {path.parent} does not exist")
    return path


def write_frame(frame: pd.DataFrame, path: Path) -> None:
    """Write `frame` to `path`, atomically: a reader sees the old file or the whole new one.

    Instants are written as ISO 8601 with Z. In CSV, sentences that a spreadsheet would run as a formula get a leading
    apostrophe; ids are kept as they are.
    """
    part = path.with_name(f".{os.getpid()}.{path.name}")
    frame = _with_text_instants(frame)
    try:
        if path.name.endswith(".parquet"):
            frame.to_parquet(part, index=False)
        elif path.name.endswith(".jsonl"):
            frame.to_json(part, orient="records", lines=True, force_ascii=False, double_precision=10)
        else:
            _neutralised(frame).to_csv(part, index=False, float_format="%.6f", compression=_compression(path))
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _compression(path: Path) -> Literal["gzip"] | None:
    return "gzip" if path.name.endswith(".gz") else None


def _with_text_instants(frame: pd.DataFrame) -> pd.DataFrame:
    instants = frame.select_dtypes(include=["datetime", "datetimetz"]).columns
    return frame.assign(**{name: frame[name].dt.strftime("%Y-%m-%dT%H:%M:%SZ") for name in instants})


def _neutralised(frame: pd.DataFrame) -> pd.DataFrame:
    sentences = [name for name in frame.columns if name.startswith(_SENTENCES)]
    return frame.assign(**{name: frame[name].map(_without_formula, na_action="ignore") for name in sentences})


def _without_formula(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text
