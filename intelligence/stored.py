"""Stored predictions in the terms of the version that gave them: the version loaded, feature values as its frame."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from domain.errors import InvalidInput
from intelligence.context import BASELINE

if TYPE_CHECKING:
    from intelligence.context import Intelligence
    from models.registry import ModelVersion


def stored_version(context: "Intelligence", label: str) -> "tuple[ModelVersion, Any]":
    """Return the version that answered, and its model loaded.

    Raises
    ------
    InvalidInput
        If the baseline answered.
    NotFound
        If the version is gone.
    """
    if label == BASELINE:
        raise InvalidInput("The baseline answered: it is counted from the store and has no version to ask again.")
    name, number = label.rsplit("/", 1)
    version = context.registry.version(name, int(number))
    return version, context.load_version(version).model


def stored_frame(records: Sequence[Mapping[str, Any]], folder: Path) -> pd.DataFrame:
    """Return stored feature values as a frame with the kinds of column that the version was fitted with."""
    golden = pd.read_parquet(next(iter(sorted((folder / "golden").glob("*.parquet")))))
    words = {str(name) for name in golden if isinstance(golden[name].dtype, pd.CategoricalDtype)}
    columns = {}
    for name in records[0]:
        values = [record.get(name) for record in records]
        text = name in words or any(isinstance(value, str) for value in values)
        columns[name] = pd.Categorical(values) if text else np.array(values, dtype=np.float64)
    return pd.DataFrame(columns)
