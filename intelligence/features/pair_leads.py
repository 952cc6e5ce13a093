"""The lead's side of a pair: leads and leadless deals in one table, their attributes as codes.

A deal that names no lead is its own lead: what it says of the customer stands in the same columns. Amounts, stages and
everything else that the deal becomes later stay out; custom attributes of such deals are attributes of the lead.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from intelligence.features.pair_text import TextSpace

if TYPE_CHECKING:
    from store.history import History

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_TEXT_COLUMNS = ("company", "domain", "country", "region", "city", "industry", "source", "description")
_NUMBER_COLUMNS = ("employees", "estimated_amount", "latitude", "longitude")
_NAMED = ("product", "product_category", "industry", "country", "place", "city_place", "source", "program")
_BANDED = ("employees", "estimated_amount")
_MOST_VALUES = 2_000
_MOST_BANDS = 8
_MOST_ATTRIBUTES = 24
_LONG_TEXT = 60
_LARGEST_EXACT = 1e15
_MOST_ZEROS = 9
_FEW_NUMBERS = 100
_MOSTLY, _RARELY = 0.8, 0.02


@dataclass(frozen=True)
class LeadAttribute:
    """A lead attribute with few values, for which outcomes are counted.

    Parameters
    ----------
    name : str
        Column of the lead table.
    edges : tuple of float, optional
        For numbers: right-closed edges of their bands.
    """

    name: str
    edges: tuple[float, ...] | None = None


@dataclass(frozen=True)
class LeadSpec:
    """Which columns of leads a model uses, and how; JSON-serialisable.

    Parameters
    ----------
    attributes : tuple of LeadAttribute
        Counted by value.
    categories, numbers : tuple of str
        Columns that enter the ranker as they are.
    rounded : tuple of str
        Those of `numbers` whose roundness is a feature of its own: who estimates, and how, shows in it.
    texts : tuple of str
        Columns joined into the text of a lead.
    space : TextSpace, optional
        What texts have in common; where it is not given, a `PairWorld` with an encoder learns it.
    """

    attributes: tuple[LeadAttribute, ...] = ()
    categories: tuple[str, ...] = ()
    numbers: tuple[str, ...] = ()
    rounded: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    space: TextSpace | None = None

    def as_json(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Read what `as_json` returned."""
        attributes = tuple(
            LeadAttribute(item["name"], None if item["edges"] is None else tuple(item["edges"]))
            for item in values["attributes"]
        )
        rest = {key: tuple(values[key]) for key in ("categories", "numbers", "rounded", "texts")}
        space = values["space"]
        return cls(attributes, **rest, space=None if space is None else TextSpace.from_json(space))


def lead_table(history: "History") -> pd.DataFrame:
    """Return all leads and leadless deals in one frame, by time.

    Returns
    -------
    DataFrame
        ``lead_id``, ``deal_id`` (-1 for none), ``created_at``, the columns of leads, ``product``,
        ``product_category``, ``place``, ``city_place``, ``program``, ``customer`` and ``attributes.*``.
    """
    own = history.deals[history.deals["lead_id"] < 0]
    own = own.rename(columns={"registered_at": "created_at"}).drop(columns=["stage", "status"], errors="ignore")
    leads = history.leads.assign(lead_id=history.leads["id"], deal_id=-1)
    deals = own.assign(lead_id=-1, deal_id=own["id"])
    parts = [part for part in (leads, deals) if len(part)] or [leads]
    table = pd.concat([_same_kinds(part, parts) for part in parts], ignore_index=True)
    order = np.lexsort((table["deal_id"], table["lead_id"], table["created_at"]))
    return complete_leads(table.iloc[order].reset_index(drop=True), history)


def _same_kinds(part: pd.DataFrame, parts: list[pd.DataFrame]) -> pd.DataFrame:
    """Make a custom attribute text where leads and deals disagree on whether it is a number."""
    mixed = [
        name
        for name in part.columns
        if name.startswith("attributes.")
        and any(name in other and pd.api.types.is_numeric_dtype(other[name]) != _numeric(part, name) for other in parts)
    ]
    return part.assign(**{name: part[name].astype("str").where(part[name].notna()) for name in mixed})


def _numeric(frame: pd.DataFrame, name: str) -> bool:
    return bool(pd.api.types.is_numeric_dtype(frame[name]))


def complete_leads(leads: pd.DataFrame, history: "History") -> pd.DataFrame:
    """Add the derived columns of `lead_table` to frames with columns of leads, whichever of them are there.

    `product` and `program` may be given as external ids, or as ``product_id`` and ``program_id`` of ours.
    """
    frame = leads.copy()
    for name in _TEXT_COLUMNS:
        frame[name] = _texts(frame[name]) if name in frame else pd.Series(np.nan, frame.index, dtype="str")
    for name in _NUMBER_COLUMNS:
        frame[name] = pd.to_numeric(frame[name], errors="coerce").astype(np.float64) if name in frame else np.nan
    for name, resource in (("product", history.products), ("program", history.programs)):
        frame[name] = _reference(frame, name, resource)
    categories = history.products.set_index("external_id")["category"] if len(history.products) else None
    frame["product_category"] = _texts(frame["product"].map(categories)) if categories is not None else np.nan
    country = frame["country"].fillna("")
    frame["place"] = (country + "/" + frame["region"]).where(frame["region"].notna())
    frame["city_place"] = (country + "/" + frame["region"].fillna("") + "/" + frame["city"]).where(
        frame["city"].notna()
    )
    frame["customer"] = _customer(frame)
    return frame


def _texts(column: pd.Series) -> pd.Series:
    text = column.astype("str").where(column.notna())
    return text.where(text.str.strip() != "").astype("str")


def _reference(frame: pd.DataFrame, name: str, resource: pd.DataFrame) -> pd.Series:
    if f"{name}_id" not in frame:
        return _texts(frame[name]) if name in frame else pd.Series(np.nan, frame.index, dtype="str")
    names = pd.Series(resource["external_id"].to_numpy(), index=resource["id"].to_numpy(), dtype="str")
    return frame[f"{name}_id"].map(names).astype("str").where(frame[f"{name}_id"] >= 0)


def _customer(frame: pd.DataFrame) -> pd.Series:
    domain = frame["domain"].str.strip().str.casefold().str.removeprefix("www.")
    company = frame["company"].str.strip().str.casefold() + "|" + frame["country"].fillna("")
    return domain.where(domain.notna(), company).astype("str").where(domain.notna() | company.notna())


def describe_leads(table: pd.DataFrame, protected: Iterable[str] = ()) -> LeadSpec:
    """Find out which attributes of leads there are to learn from.

    Parameters
    ----------
    table : DataFrame
        Of `lead_table`, training's leads only.
    protected : iterable of str
        Custom attributes that must not be used, with or without ``attributes.``.
    """
    banned = {name.removeprefix("attributes.").casefold() for name in protected}
    custom = [
        name
        for name in table.columns
        if name.startswith("attributes.") and name.removeprefix("attributes.").casefold() not in banned
    ]
    counted, categories, numbers, texts = [], [], [], []
    for name in (*_NAMED, *custom):
        if not len(table) or (name in custom and _numeric(table, name)):
            continue
        kind = _text_kind(table[name])
        if kind == "few":
            counted.append(LeadAttribute(name))
            if table[name].nunique() <= 100:
                categories.append(name)
        elif kind == "long":
            texts.append(name)
    for name in (*_BANDED, *custom):
        if name in table and _numeric(table, name) and table[name].nunique() > 1:
            numbers.append(name)
            counted.append(LeadAttribute(name, band_edges(table[name].to_numpy(np.float64))))
    if _text_kind(table["description"]) in ("long", "many"):
        texts.append("description")
    rounded = tuple(name for name in numbers if _tells_by_roundness(table[name].to_numpy(np.float64)))
    return LeadSpec(tuple(counted[:_MOST_ATTRIBUTES]), tuple(categories), tuple(numbers), rounded, tuple(texts))


def _text_kind(column: pd.Series) -> str:
    values = column.dropna()
    distinct = values.nunique()
    if distinct < 2:
        return "none"
    if values.str.len().mean() > _LONG_TEXT and distinct > 20:
        return "long"
    return "few" if distinct <= max(20, min(_MOST_VALUES, len(values) // 4)) else "many"


def roundness(values: Floats) -> Floats:
    """How round numbers are: trailing zeros of whole ones (at most 9), minus one or two decimals of others.

    Examples
    --------
    >>> roundness(np.array([25_000.0, 7.0, 12.5, 32_427.41, 0.0, np.nan]))
    array([ 3.,  0., -1., -2., nan, nan])
    """
    cents = np.round(np.abs(values) * 100.0)
    cents = np.where(np.isfinite(cents) & (cents > 0) & (cents < _LARGEST_EXACT), cents, np.nan)
    zeros = np.full(len(cents), -2.0)
    for digits in range(1, _MOST_ZEROS + 3):
        zeros += np.mod(cents, 10.0**digits) == 0
    return np.where(np.isnan(cents), np.nan, zeros)


def _tells_by_roundness(values: Floats) -> bool:
    """Whether the column holds many different numbers, some rounder than others."""
    if len(np.unique(values[np.isfinite(values)])) <= _FEW_NUMBERS:
        return False
    found = roundness(values)
    _, counts = np.unique(found[np.isfinite(found)], return_counts=True)
    share = counts / max(int(counts.sum()), 1)
    return len(counts) > 1 and float(share.max()) < _MOSTLY and int((share > _RARELY).sum()) > 1


def band_edges(values: Floats) -> tuple[float, ...]:
    """Right-closed edges that part `values` into bands: each value its own where they are few, else by quantiles.

    Examples
    --------
    >>> band_edges(np.array([1.0, 2.0, 5.0, 2.0]))
    (1.0, 2.0)
    """
    present = values[np.isfinite(values)]
    distinct = np.unique(present)
    if len(distinct) > 2 * _MOST_BANDS:
        inner = np.linspace(0, 1, _MOST_BANDS + 1)[1:-1]
        distinct = np.append(np.unique(np.quantile(present, inner)), distinct[-1])
    return tuple(float(edge) for edge in distinct[:-1])


def labels(table: pd.DataFrame, attribute: LeadAttribute) -> npt.NDArray[np.object_]:
    """Values of `attribute` per row of `table` as objects (text or band number), None for none."""
    if attribute.name not in table:
        return np.full(len(table), None, dtype=object)
    column = table[attribute.name]
    if attribute.edges is None:
        return np.asarray(column.astype(object).where(column.notna(), None), dtype=object)
    values = pd.to_numeric(column, errors="coerce").to_numpy(np.float64)
    bands = np.searchsorted(np.asarray(attribute.edges), values, side="left").astype(object)
    bands[np.isnan(values)] = None
    return bands


class LeadCodes:
    """Codes of attribute values, in order of their first appearance, so that later leads change none.

    Parameters
    ----------
    table : DataFrame
        Of `lead_table`.
    attributes : tuple of LeadAttribute
        Columns of the code matrix.
    """

    def __init__(self, table: pd.DataFrame, attributes: tuple[LeadAttribute, ...]) -> None:
        self.attributes = attributes
        self._vocabulary: list[dict[Any, int]] = []
        columns = []
        for attribute in attributes:
            codes, values = pd.factorize(labels(table, attribute), use_na_sentinel=True)
            self._vocabulary.append({value: code for code, value in enumerate(values[:_MOST_VALUES])})
            columns.append(np.where(codes < _MOST_VALUES, codes, -1))
        self.codes: Ints = (
            np.stack(columns, axis=1).astype(np.int64) if columns else np.zeros((len(table), 0), np.int64)
        )

    @property
    def sizes(self) -> list[int]:
        """Number of values of each attribute."""
        return [len(values) for values in self._vocabulary]

    def encode(self, leads: pd.DataFrame) -> Ints:
        """Codes of other leads, shape (n, a); -1 for values never seen."""
        columns = [
            [vocabulary.get(value, -1) for value in labels(leads, attribute)]
            for attribute, vocabulary in zip(self.attributes, self._vocabulary, strict=True)
        ]
        return np.array(columns, dtype=np.int64).T.reshape(len(leads), len(self.attributes))


def lead_text(leads: pd.DataFrame, columns: tuple[str, ...]) -> list[str]:
    """Texts of leads, the `columns` joined; empty where there is none."""
    joined = pd.Series("", index=leads.index)
    for name in columns:
        if name in leads:
            joined = joined + " " + leads[name].astype(object).where(leads[name].notna(), "").astype(str)
    return [text.strip() for text in joined]
