"""Who a partner or prospect is: kind, place, size, age, field; the profile as of each row."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from intelligence.features.partner_times import instants
from intelligence.features.registry import Feature, Group, register, static
from intelligence.features.timeline import FloatArray, IntArray, TimeArray, days_between
from store.history import History

YEAR_DAYS = 365.25

_WORDS = {
    "kind": Feature("kind", "How the partner does business", "Kind: {kind:text}", "category"),
    "country": Feature("country", "Country of the partner", "Country: {country:text}", "category"),
    "region": Feature("region", "Region within the country", "Region: {region:text}", "category", "country"),
    "program": Feature("program", "Programme the partner belongs to", "Programme: {program:text}", "category"),
    "industry": Feature("industry", "First industry named", "Industry: {industry:text}", "category"),
}
_STANDING = {
    "tier": Feature("tier", "Tier within the programme", "Tier: {tier:text}", "category"),
    "account_manager": Feature(
        "account_manager", "Who looks after the partner", "Account manager: {account_manager:text}", "category"
    ),
}
_NUMBERS = (
    Feature("employees", "Number of employees", "{employees:n} employees", topic="size"),
    Feature("annual_revenue", "Annual revenue", "Annual revenue {annual_revenue:amount}", topic="size"),
    Feature("company_age_years", "Years since the company was founded", "Company {company_age_years:n} years old"),
    Feature("n_industries", "Industries named", "{n_industries:n} industries named", topic="breadth"),
    Feature("n_territories", "Territories named", "{n_territories:n} territories named", topic="breadth"),
    Feature("n_languages", "Languages named", "{n_languages:n} languages named", topic="breadth"),
    Feature("has_website", "Whether a website is given", "Website given: {has_website:n}", topic="contact"),
)

PROFILE_FEATURES: tuple[Feature, ...] = (*_WORDS.values(), *_NUMBERS)
STANDING_FEATURES: tuple[Feature, ...] = tuple(_STANDING.values())


def words_as_of(history: History, field: str, ids: IntArray, as_of: TimeArray) -> npt.NDArray[np.object_]:
    """Return a text field of partners as of each row, ``None`` for missing."""
    value = history.value_as_of("partners", field, ids, as_of)
    return np.asarray(value.astype(object).where(value.notna(), None), dtype=object)


def numbers_as_of(history: History, field: str, ids: IntArray, as_of: TimeArray) -> FloatArray:
    """Return a numeric field of partners as of each row, NaN for missing."""
    value = history.value_as_of("partners", field, ids, as_of)
    return pd.to_numeric(value, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)


def lists_as_of(history: History, field: str, ids: IntArray, as_of: TimeArray) -> list[tuple[str, ...]]:
    """Return a list field of partners as of each row, ``()`` for none."""
    value = history.value_as_of("partners", field, ids, as_of)
    return [item if isinstance(item, tuple) else () for item in value]


def program_names(history: History, ids: IntArray, as_of: TimeArray) -> npt.NDArray[np.object_]:
    """Return the external id of each row's programme, ``None`` for none."""
    value = history.value_as_of("partners", "program", ids, as_of)
    names = dict(zip(history.programs["id"].tolist(), history.programs["external_id"], strict=True))
    return np.array([names.get(item) for item in value], dtype=object)


def profile_frame(history: History, ids: Sequence[int] | IntArray, as_of: npt.ArrayLike) -> pd.DataFrame:
    """Return the profile of partners, each as of its own instant.

    Parameters
    ----------
    history : History
        Everything known at its ``until``.
    ids : array-like of int, shape (n,)
        Our partner ids; unknown ones give missing values.
    as_of : array-like of datetime64, shape (n,) or one instant
        Naive UTC.

    Returns
    -------
    DataFrame, shape (n, profile features)
        ``category`` and ``float64`` columns, named as in ``PROFILE_FEATURES`` and ``STANDING_FEATURES``.
    """
    wanted = np.asarray(ids, dtype=np.int64)
    when = np.broadcast_to(np.asarray(as_of, dtype="datetime64[us]"), wanted.shape)
    columns = _profile_columns(history, wanted, when) | _standing_columns(history, wanted, when)
    return pd.DataFrame({name: as_column(values) for name, values in columns.items()})


def as_column(values: Any) -> pd.Series:
    """Return an array of a group as a feature column: ``category`` for words, else ``float64``."""
    array = np.asarray(values)
    if array.dtype == object or array.dtype.kind in "UT":
        # Sorted levels, so that a row's value does not depend on the order of others.
        return pd.Series(pd.Categorical(pd.array(array.astype(object), dtype="str")))
    return pd.Series(array.astype(np.float64))


def _profile_columns(history: History, ids: IntArray, as_of: TimeArray) -> dict[str, Any]:
    founded = _instants_as_of(history, "founded_on", ids, as_of)
    industries = lists_as_of(history, "industries", ids, as_of)
    lists = {name: lists_as_of(history, name, ids, as_of) for name in ("territories", "languages")}
    website = words_as_of(history, "website", ids, as_of)
    return {
        **{name: words_as_of(history, name, ids, as_of) for name in ("kind", "country", "region")},
        "program": program_names(history, ids, as_of),
        "industry": np.array([item[0] if item else None for item in industries], dtype=object),
        "employees": numbers_as_of(history, "employees", ids, as_of),
        "annual_revenue": numbers_as_of(history, "annual_revenue", ids, as_of),
        "company_age_years": days_between(founded, as_of) / YEAR_DAYS,
        "n_industries": np.array([len(item) for item in industries], dtype=np.float64),
        **{f"n_{name}": np.array([len(item) for item in value], dtype=np.float64) for name, value in lists.items()},
        "has_website": np.array([item is not None for item in website], dtype=np.float64),
    }


def _standing_columns(history: History, ids: IntArray, as_of: TimeArray) -> dict[str, Any]:
    return {name: words_as_of(history, name, ids, as_of) for name in _STANDING}


def _instants_as_of(history: History, field: str, ids: IntArray, as_of: TimeArray) -> TimeArray:
    frame = pd.DataFrame({field: history.value_as_of("partners", field, ids, as_of).to_numpy()})
    return instants(frame, field)


register(
    Group(
        "profile",
        static(*PROFILE_FEATURES),
        lambda work: _profile_columns(work.history, work.ids, work.as_of),
    )
)
register(
    Group(
        "standing",
        static(*STANDING_FEATURES),
        lambda work: _standing_columns(work.history, work.ids, work.as_of),
    )
)
