"""What was known at an instant: leaves out of full frames everything that became known later."""

from collections.abc import Iterable, Mapping, Set
from typing import Any

import numpy as np
import pandas as pd

from domain.resources import LEARNED, Resource
from store import frames
from store.status import partner_status
from store.timelines import timelines

Texts = Set[str]
_NO_NUMBER = "text"

KNOWN_FROM: Mapping[str, tuple[str, ...]] = {
    "leads": ("created_at",),
    "deals": ("registered_at",),
    "activities": ("recorded_at",),
    "assignments": ("offered_at",),
    "feedback": ("submitted_at",),
    "certifications": ("passed_on",),
    "agreements": ("signed_on", "valid_from"),
    "goals": ("period_start",),
    "assets": ("published_at",),
    "changes": ("changed_at",),
}
"""Since when a row is known: the first of these that is given; always, when none is."""

OUTCOMES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "deals": ("closed_at", ("outcome",)),
    "assignments": ("responded_at", ("response", "decline_reason")),
}
"""When a row's outcome came, and the columns that say it."""


def known_by(
    every: Mapping[str, pd.DataFrame], until: np.datetime64, texts: Texts = frozenset()
) -> dict[str, pd.DataFrame]:
    """Return what was known at `until`, sorted, with custom attributes typed.

    Parameters
    ----------
    every : mapping
        All frames, conforming to the conventions; ``changes`` may reach beyond `until`.
    until : datetime64[us]
        Naive UTC.
    texts : set of str, optional
        Custom attributes of partners that hold other than numbers in rows that are not among `every`.
    """
    known = {
        name: _known(every, resource, until, texts if name == "partners" else frozenset())
        for name, resource in LEARNED.items()
    }
    return {name: _sorted(name, frame) for name, frame in known.items()}


def _known(every: Mapping[str, pd.DataFrame], resource: Resource, until: np.datetime64, texts: Texts) -> pd.DataFrame:
    frame = _with_past_values(every, resource, until)
    if resource.name == "activities":
        frame["recorded_at"] = frame["recorded_at"].fillna(frame["occurred_at"])
    if resource.name in OUTCOMES:
        time, columns = OUTCOMES[resource.name]
        later = frame[time] > until
        for column in (time, *columns):
            frame[column] = frame[column].mask(later)
    if resource.name in KNOWN_FROM:
        frame = frame[~_later(frame, KNOWN_FROM[resource.name], until)].reset_index(drop=True)
    earlier: dict[str, Iterable[Any]] = dict(_earlier_values(every, resource, until))
    elsewhere = {name: [*earlier.get(name, ()), _NO_NUMBER] for name in texts}
    return _with_typed_attributes(frame, earlier | elsewhere)


def _later(frame: pd.DataFrame, columns: tuple[str, ...], until: np.datetime64) -> pd.Series:
    since = frame[columns[0]]
    for column in columns[1:]:
        since = since.fillna(frame[column])
    return since > until


def _with_past_values(every: Mapping[str, pd.DataFrame], resource: Resource, until: np.datetime64) -> pd.DataFrame:
    """Return a copy of the resource's frame in which fields with a history have the value they had."""
    frame = every[resource.name].copy(deep=False)
    lines = timelines(every, resource.name) if resource.has_external_id else {}
    instants = np.full(len(frame), until)
    status = partner_status(frame, lines, np.arange(len(frame)), instants) if resource.name == "partners" else None
    for name, line in lines.items():
        values = frame[name] if name in frame.columns else pd.Series([None] * len(frame), dtype=object)
        ids = frame["id"].to_numpy()
        if name.startswith(frames.ATTRIBUTE):
            # Typed again when all later rows are gone: until then any Python values.
            frame[name] = line.as_objects().override(values.astype(object), ids, instants)
        else:
            frame[name] = line.override(values, ids, instants)
    if status is not None:
        frame["status"] = status
        for name in ("recruited_at", "ended_at"):
            frame[name] = frame[name].mask(frame[name] > until)
    return frame


def _earlier_values(
    every: Mapping[str, pd.DataFrame], resource: Resource, until: np.datetime64
) -> dict[str, pd.Series]:
    """Return all texts that custom attributes had by `until`, by column."""
    changes = every["changes"]
    rows = changes[(changes["resource"] == resource.name) & (changes["changed_at"] <= until)]
    names = {field: frames.resolve_field(resource.name, field)[0] for field in rows["field"].unique()}
    grouped = rows["value"].groupby(rows["field"].map(names))
    return {str(name): texts for name, texts in grouped if str(name).startswith(frames.ATTRIBUTE)}


def _with_typed_attributes(frame: pd.DataFrame, earlier: Mapping[str, Iterable[Any]]) -> pd.DataFrame:
    attributes = [name for name in frame.columns if name.startswith(frames.ATTRIBUTE)]
    for name in attributes:
        frame[name] = frames.attribute_column(frame[name], also=earlier.get(name, ()))
    # One that nobody had yet was not known at all; not even its name may be there to learn from.
    unheard = [name for name in attributes if name not in earlier and frame[name].isna().all()]
    return frame.drop(columns=unheard).copy()  # whole again: set one by one, hundreds of columns lie scattered


def _sorted(name: str, frame: pd.DataFrame) -> pd.DataFrame:
    time = frames.TIME_OF.get(name)
    by = ["id"] if time is None else [time, "id"]
    return frame.sort_values(by, kind="stable", na_position="first", ignore_index=True)
