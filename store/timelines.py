"""The history of fields: what each was at any instant, from the rows of ``changes``, vectorised."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from store import frames


@dataclass(frozen=True, eq=False)
class Timeline:
    """All changes of one field of one resource.

    Parameters
    ----------
    ids : ndarray of int64, shape (n_rows,)
        Rows whose field has any change, sorted, unique.
    instants : ndarray of datetime64[us], shape (n_instants,)
        When anything changed, sorted, unique.
    keys : ndarray of int64, shape (n_changes,)
        Position of the row times ``n_instants + 1`` plus rank of the instant (from 1), sorted: one number
        orders the changes by row and time, so that one binary search answers many questions.
    values : Series, shape (n_changes,)
        What the field became, in the dtype of the frame's column.
    """

    ids: frames.Ints
    instants: frames.Instants
    keys: frames.Ints
    values: pd.Series

    @classmethod
    def of(cls, ids: frames.Ints, changed_at: frames.Instants, values: pd.Series) -> Self:
        """Return the timeline of changes in any order."""
        unique_ids, code = np.unique(ids, return_inverse=True)
        unique_instants, rank = np.unique(changed_at, return_inverse=True)
        keys = code.astype(np.int64) * (len(unique_instants) + 1) + rank + 1
        order = np.argsort(keys, kind="stable")
        return cls(unique_ids, unique_instants, keys[order], values.iloc[order].reset_index(drop=True))

    def positions(self, ids: frames.Ints, as_of: frames.Instants) -> tuple[NDArray[np.bool_], frames.Ints]:
        """Tell for each (id, instant) whether the field has a history, and where in `values` it stood (-1: before)."""
        code = np.searchsorted(self.ids, ids)
        has = self.ids[np.minimum(code, len(self.ids) - 1)] == ids
        first = code * (len(self.instants) + 1)
        asked = first + np.searchsorted(self.instants, as_of, side="right")
        found = np.searchsorted(self.keys, asked, side="right") - 1
        stands = has & (found >= 0) & (self.keys[np.maximum(found, 0)] > first)
        return has, np.where(stands, found, -1).astype(np.int64)

    def override(self, value: pd.Series, ids: frames.Ints, as_of: frames.Instants) -> pd.Series:
        """Return `value` with what the field was at `as_of` where it has a history; none before the first change."""
        has, position = self.positions(ids, as_of)
        then = take(self.values, position)
        return value.reset_index(drop=True).where(~has, then)

    def as_objects(self) -> Self:
        """Return the same timeline with values that fit into a column of any Python values."""
        return replace(self, values=self.values.astype(object))

    def since(self, ids: frames.Ints, as_of: frames.Instants) -> frames.Instants:
        """Return when the change came that holds at `as_of`; NaT for none."""
        _, position = self.positions(ids, as_of)
        rank = self.keys[np.maximum(position, 0)] % (len(self.instants) + 1) - 1
        return np.where(position >= 0, self.instants[rank], np.datetime64("NaT", "us"))


def take(values: pd.Series, positions: frames.Ints) -> pd.Series:
    """Return the `values` at `positions`, and what stands for none at -1."""
    if values.dtype == np.int64:
        padded = np.append(values.to_numpy(), -1)
        return pd.Series(padded[positions])
    taken = values.reset_index(drop=True).reindex(positions).reset_index(drop=True)
    if values.dtype == object and any(isinstance(value, tuple) for value in values):
        cells = np.empty(len(taken), dtype=object)
        cells[:] = [value if isinstance(value, tuple) else () for value in taken]
        return pd.Series(cells)
    return taken


def timelines(every: Mapping[str, pd.DataFrame], resource: str) -> dict[str, Timeline]:
    """Return the timelines of a resource's fields by frame column, from ``every["changes"]``.

    A custom attribute's values have the dtype of its column: numbers, texts, or (object) texts as kept.
    """
    changes = every["changes"]
    changes = changes[changes["resource"] == resource]
    if changes.empty or "external_id" not in every[resource].columns:
        return {}
    ids = pd.Index(every[resource]["external_id"]).get_indexer(changes["external_id"])
    changes = changes[ids >= 0].assign(row=every[resource]["id"].to_numpy()[ids[ids >= 0]])
    names = {field: frames.resolve_field(resource, field)[0] for field in changes["field"].unique()}
    return {
        str(name): _timeline(every, resource, str(name), rows)
        for name, rows in changes.groupby(changes["field"].map(names), sort=False)
    }


def _timeline(every: Mapping[str, pd.DataFrame], resource: str, name: str, rows: pd.DataFrame) -> Timeline:
    _, column = frames.resolve_field(resource, name)
    if column is not None:
        values = frames.from_text(column, rows["value"], _ids_by_external_id(every, column.target))
    else:
        values = _attribute_values(every[resource], name, rows["value"])
    return Timeline.of(rows["row"].to_numpy(), rows["changed_at"].to_numpy(), values)


def _attribute_values(frame: pd.DataFrame, name: str, texts: pd.Series) -> pd.Series:
    dtype: Any = frame[name].dtype if name in frame.columns else np.dtype(object)
    cells = [None if pd.isna(text) else text for text in texts]
    if dtype == np.float64:
        numbers = [None if cell is None else frames.attribute_number(cell) for cell in cells]
        return pd.Series(np.array(numbers, dtype=np.float64), index=texts.index)
    return pd.Series(cells, index=texts.index, dtype=dtype)


def _ids_by_external_id(every: Mapping[str, pd.DataFrame], target: str | None) -> Mapping[str, int]:
    if target is None:
        return {}
    frame = every[target]
    return dict(zip(frame["external_id"], frame["id"], strict=True))
