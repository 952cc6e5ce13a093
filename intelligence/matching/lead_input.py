"""Leads that somebody asks about, in whichever form: rows of the store, columns of a file, a request's fields."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from domain.errors import InvalidInput, UnknownReference
from domain.resources import RESOURCES
from store.transfer.codes import country_codes

if TYPE_CHECKING:
    from store.history import History

_KNOWN = {column.name for column in RESOURCES["leads"].columns}
_OWN = {"id", "lead_id", "product_id", "program_id", "row_version"}
_PREFIX = "attributes."


def read_leads(leads: Any, history: "History") -> pd.DataFrame:
    """Return leads as one frame with columns of leads, a row each.

    Parameters
    ----------
    leads : DataFrame, sequence of mappings, or sequence of external ids
        Columns (or keys) of the leads resource; others are custom attributes, also inside ``attributes``.
    history : History
        To look up leads given by id.

    Returns
    -------
    DataFrame
        ``lead`` (the caller's id, or a running number), ``lead_id`` (ours, -1 if not in the store), ``created_at``
        (naive UTC, NaT for none), and what is known of the leads.

    Raises
    ------
    UnknownReference
        If a lead given by id is not in the store, or a lead given by fields names a product or programme that is not.
    InvalidInput
        If `leads` is none of these, or ``created_at`` is no instant.
    """
    frame = _as_frame(leads, history).reset_index(drop=True)
    if not isinstance(leads, pd.DataFrame):
        _refuse_unknown(frame, history)
    frame = _with_attributes(frame)
    for name in ("product", "program"):
        if name in frame:
            frame = frame.drop(columns=f"{name}_id", errors="ignore")
    numbers = pd.Series([str(row + 1) for row in range(len(frame))], dtype=object)
    given = (
        frame["external_id"].astype(object) if "external_id" in frame else pd.Series(None, frame.index, dtype=object)
    )
    frame["lead"] = given.where(given.notna() & (given.astype(str) != ""), numbers).astype(str).astype("str")
    known = pd.Series(history.leads["id"].to_numpy(), index=history.leads["external_id"].to_numpy())
    frame["lead_id"] = frame["lead"].map(known).fillna(-1).astype(np.int64) if "external_id" in frame else -1
    frame["created_at"] = _instants(frame)
    return frame


def _refuse_unknown(frame: pd.DataFrame, history: "History") -> None:
    """Refuse what is surely a slip in a single request; a file may name what the store does not have yet."""
    for name, resource in (("product", history.products), ("program", history.programs)):
        for value in _given(frame, name):
            if value not in set(resource["external_id"]):
                raise UnknownReference(
                    f"There is no {name} {value!r}. Give the external id of one of {name}s, or leave it out.",
                    field=name,
                    value=value,
                )
    for value in _given(frame, "country"):
        if value.upper() not in country_codes():
            raise InvalidInput(
                f"country: {value!r} is no country that ISO 3166-1 assigns; use its two letters, such as BR.",
                field="country",
                value=value,
            )


def _given(frame: pd.DataFrame, name: str) -> list[str]:
    """Distinct texts in a column, if there is one."""
    return sorted(set(frame[name].dropna().astype(str)) - {""}) if name in frame else []


def _as_frame(leads: Any, history: "History") -> pd.DataFrame:
    if isinstance(leads, pd.DataFrame):
        return leads.copy()
    if isinstance(leads, str | Mapping):
        return _as_frame([leads], history)
    if not isinstance(leads, Sequence):
        raise InvalidInput(f"leads must be a frame, a list of leads or a list of ids, not {type(leads).__name__}.")
    if all(isinstance(lead, str) for lead in leads):
        return _by_id(list(leads), history)
    if all(isinstance(lead, Mapping) for lead in leads):
        return pd.DataFrame([dict(lead) for lead in leads], index=range(len(leads)))
    raise InvalidInput("leads must be all ids or all leads with their fields.")


def _by_id(names: list[str], history: "History") -> pd.DataFrame:
    frame = history.leads
    position = pd.Series(np.arange(len(frame)), index=frame["external_id"].to_numpy())
    unknown = [name for name in names if name not in position.index]
    if unknown:
        raise unknown_lead(unknown[0], history)
    return frame.iloc[position[names].to_numpy(np.int64)].copy()


def unknown_lead(name: str, history: "History") -> UnknownReference:
    """Return what is raised of a lead that is not in the store, or was not yet."""
    return UnknownReference(f"There is no lead {name!r} as of {history.until}.", field="lead", value=name)


def _with_attributes(frame: pd.DataFrame) -> pd.DataFrame:
    """Bring custom attributes into columns ``attributes.<name>``, numbers as numbers."""
    if "attributes" in frame:
        nested = pd.DataFrame([dict(value) if isinstance(value, Mapping) else {} for value in frame["attributes"]])
        nested.index = frame.index
        frame = pd.concat([frame.drop(columns="attributes"), nested.add_prefix(_PREFIX)], axis=1)
    names = {name: _PREFIX + name for name in frame.columns if _is_custom(str(name))}
    frame = frame.rename(columns=names)
    for name in frame.columns:
        if str(name).startswith(_PREFIX) and not pd.api.types.is_numeric_dtype(frame[name]):
            frame[name] = _typed(frame[name])
    return frame.copy()  # whole again: set one by one, hundreds of columns lie scattered


def _is_custom(name: str) -> bool:
    return name not in _KNOWN and name not in _OWN and not name.startswith(_PREFIX)


def _typed(column: pd.Series) -> pd.Series:
    texts = column.astype(object).where(column.notna(), None)
    texts = texts.map(lambda value: None if value is None or value == "" else value)
    numbers = pd.to_numeric(texts, errors="coerce")
    if numbers.notna().sum() == texts.notna().sum():
        return numbers.astype(np.float64)
    return texts.map(lambda value: None if value is None else str(value)).astype("str")


def _instants(frame: pd.DataFrame) -> pd.Series:
    if "created_at" not in frame:
        return pd.Series(np.full(len(frame), "NaT", dtype="datetime64[us]"), index=frame.index)
    given = frame["created_at"]
    given = given.where(given.astype(str).str.strip() != "")
    try:
        stamps = pd.to_datetime(given, utc=True, format="ISO8601")
    except (ValueError, TypeError) as error:
        raise InvalidInput(f"created_at of a lead is no instant: {error}.", field="created_at") from error
    return stamps.dt.tz_convert(None).astype("datetime64[us]")
