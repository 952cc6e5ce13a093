"""Which segment and which protected group each labelled row belongs to: read from the whole history, as of each row."""

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from domain.settings import Settings
from domain.terms import ModelName, evidence_level
from intelligence.features.pair_leads import lead_table
from intelligence.features.partner_times import times_of
from training.dataset import Dataset

if TYPE_CHECKING:
    from store.history import History

Ints = npt.NDArray[np.int64]

_WORDS = ("program", "tier", "country", "kind")
_LEAD_WORDS = ("industry", "source", "product_category")
_PREFIX = "attributes."
_SIZES = (10.0, 50.0, 250.0)
_SIZE_NAMES = ("below 10", "10 to 49", "50 to 249", "250 or more")
_MOST_LEVELS, _BANDS = 12, 4
_NONE, _OTHER = "(none)", "(other)"


class RowWords:
    """Words for the rows of a data set, from a history that still holds everything.

    Parameters
    ----------
    name : str
        The model: says whom the rows are about.
    history : History
        With protected attributes.
    settings : Settings
        Names them.
    """

    def __init__(self, name: str, history: "History", settings: Settings) -> None:
        self._name, self._history, self._settings = name, history, settings
        self._leads = lead_table(history) if name == ModelName.MATCH else None

    def segments(self, dataset: Dataset) -> pd.DataFrame:
        """Return programme, tier, country, kind, size and evidence of each row's partner, and words of its lead."""
        partner, as_of = self._partners(dataset), dataset.as_of
        columns: dict[str, Any] = {name: self._of_partner(name, partner, as_of) for name in _WORDS}
        columns["size"] = _banded(self._of_partner("employees", partner, as_of))
        count = times_of(self._history).signs.at(partner, as_of).count().astype(np.int64)
        columns["evidence"] = pd.Series([str(evidence_level(int(n))) for n in count], dtype=object)
        if self._leads is not None:
            rows = self._leads.iloc[self._lead_rows(dataset)]
            columns |= {f"lead {name}": rows[name].reset_index(drop=True) for name in _LEAD_WORDS if name in rows}
        return pd.DataFrame({name: _words(values) for name, values in columns.items()}, index=range(len(dataset)))

    def protected(self, dataset: Dataset) -> pd.DataFrame:
        """Return the protected attributes of each row as they are, one column per attribute that somebody has."""
        partner = self._partners(dataset)
        found: dict[str, pd.Series] = {}
        for attribute in self._settings.protected_attributes:
            column = self._column(self._history.partners, attribute)
            if column:
                found[column] = self._of_partner(column, partner, dataset.as_of)
            elif self._leads is not None and (column := self._column(self._leads, attribute)):
                found[column] = self._leads[column].iloc[self._lead_rows(dataset)].reset_index(drop=True)
        return pd.DataFrame(found, index=range(len(dataset)))

    def features(self, dataset: Dataset) -> pd.DataFrame:
        """Return the protected attributes of each row as a model could use them: numbers, or words as categories."""
        raw, words = self.protected(dataset), self.groups(dataset)
        numeric = {name: pd.api.types.is_numeric_dtype(raw[name]) for name in raw}
        return pd.DataFrame({name: raw[name] if numeric[name] else words[name].astype("category") for name in raw})

    def groups(self, dataset: Dataset) -> pd.DataFrame:
        """Return the protected groups of each row as words: numbers and dates in bands, rare values together."""
        columns = self.protected(dataset)
        return pd.DataFrame({name: _levels(columns[name]) for name in columns}, index=columns.index)

    def _partners(self, dataset: Dataset) -> Ints:
        if self._name == ModelName.MATCH and "partner" in dataset.extra:
            return _taken(np.sort(self._ids), dataset.extra["partner"].to_numpy(np.int64))
        return _taken(self._ids, dataset.group) if self._name == ModelName.RECOMMEND else dataset.group

    @property
    def _ids(self) -> Ints:
        return self._history.partners["id"].to_numpy(np.int64)

    def _lead_rows(self, dataset: Dataset) -> Ints:
        assert self._leads is not None  # noqa: S101 - only asked for where there are leads
        return np.clip(dataset.group, 0, len(self._leads) - 1)

    def _of_partner(self, name: str, partner: Ints, as_of: Any) -> pd.Series:
        values = self._history.value_as_of("partners", name, partner, as_of)
        if name == "program":
            programs = self._history.programs
            return values.map(dict(zip(programs["id"], programs["external_id"], strict=True)))
        return values

    @staticmethod
    def _column(frame: pd.DataFrame, attribute: str) -> str:
        wanted = (_PREFIX + attribute.removeprefix(_PREFIX)).casefold()
        return next((str(name) for name in frame.columns if str(name).casefold() == wanted), "")


def _taken(ids: Ints, positions: Ints) -> Ints:
    inside = (positions >= 0) & (positions < len(ids))
    return np.where(inside, np.append(ids, -1)[np.where(inside, positions, -1)], -1)


def _banded(employees: pd.Series) -> pd.Series:
    place = np.searchsorted(_SIZES, employees.to_numpy(np.float64), side="right")
    return pd.Series([_SIZE_NAMES[k] for k in place], dtype=object).where(employees.notna().to_numpy())


def _words(values: pd.Series) -> pd.Series:
    plain = values.reset_index(drop=True).astype(object)
    return plain.where(plain.notna(), _NONE).astype(str)


def _levels(values: pd.Series) -> pd.Series:
    """Words of an attribute; numbers and dates of many values in bands of equal size."""
    numeric = values if pd.api.types.is_numeric_dtype(values) else _dates(values)
    if numeric is not None and numeric.nunique() > _MOST_LEVELS:
        bands = pd.qcut(numeric, _BANDS, duplicates="drop")
        return _words(bands.astype(object).map(lambda band: _band_name(band, values), na_action="ignore"))
    words = _words(values)
    kept = words.value_counts().index[:_MOST_LEVELS]
    return words.where(words.isin(kept), _OTHER)


def _dates(values: pd.Series) -> pd.Series | None:
    sample = values.dropna().astype(str)
    if not len(sample) or not sample.str.fullmatch(r"\d{1,4}[-./]\d{1,2}[-./]\d{1,4}").all():
        return None
    return pd.to_numeric(values.astype("str").str.extract(r"(\d{4})")[0], errors="coerce")


def _band_name(band: pd.Interval, values: pd.Series) -> str:
    if pd.api.types.is_numeric_dtype(values):
        return f"{band.left:g} to {band.right:g}"
    return f"{np.ceil(band.left):.0f} to {np.floor(band.right):.0f}"
