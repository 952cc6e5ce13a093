"""What items are about and what partners are like: sparse indicator matrices and text vectors."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from intelligence.features.item_log import Floats, Ints, ItemLog, column, is_text

FAMILIES = ("topics", "form", "other")
"""Families of item tags; each gives its own affinity feature."""
_MOST_VALUES = 60
_ITEM_FAMILY = {"topics": "topics", "form": "form", "language": "other", "products": "other"}
_PARTNER_WORDS = ("kind", "tier", "country", "region", "program_id")
_PARTNER_LISTS = ("industries", "languages", "territories")


class Encoder(Protocol):
    """What turns texts into vectors."""

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Return one vector a text, shape (n, d)."""
        ...


@dataclass(frozen=True)
class Indicators:
    """Which entity (row) has which trait (column).

    Parameters
    ----------
    matrix : csr_array of float32, shape (n_entities, n_traits)
        1 where the entity has the trait.
    names : tuple of str
        ``family:value`` of each column.
    families : ndarray of str, shape (n_traits,)
        Family of each column.
    """

    matrix: sparse.csr_array
    names: tuple[str, ...]
    families: npt.NDArray[np.str_]


def _values(value: object) -> Iterable[str]:
    if isinstance(value, (tuple, list)):
        return (str(element) for element in value)
    if value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value)) or value in {"", -1}:
        return ()
    return (str(value),)


def _indicators(columns: list[tuple[str, str, Sequence[object]]], n: int) -> Indicators:
    rows: list[int] = []
    places: list[int] = []
    index: dict[str, int] = {}
    families: list[str] = []
    for family, name, values in columns:
        for row, value in enumerate(values):
            for word in _values(value):
                key = f"{name}:{word}"
                if key not in index:
                    index[key] = len(index)
                    families.append(family)
                rows.append(row)
                places.append(index[key])
    cells = (np.array(rows, dtype=np.int64), np.array(places, dtype=np.int64))
    matrix = sparse.csr_array(sparse.coo_array((np.ones(len(rows), dtype=np.float32), cells), shape=(n, len(index))))
    matrix.data[:] = 1.0
    return Indicators(matrix, tuple(index), np.array(families, dtype=np.str_))


def _is_categorical(values: pd.Series) -> bool:
    words = values.dropna()
    return bool(len(words)) and all(isinstance(word, str) for word in words) and words.nunique() <= _MOST_VALUES


def _custom(frame: pd.DataFrame, protected: Sequence[str]) -> list[str]:
    names = [str(name) for name in frame.columns if str(name).startswith("attributes.")]
    closed = {name.removeprefix("attributes.").casefold() for name in protected}
    open_names = [name for name in names if name.removeprefix("attributes.").casefold() not in closed]
    return [name for name in open_names if _is_categorical(frame[name])]


def item_tags(log: ItemLog, protected: Sequence[str] = ()) -> Indicators:
    """Return topics, form, language, products and few-valued custom attributes of every item."""
    items = log.items
    columns: list[tuple[str, str, Sequence[object]]] = [
        (family, name, items[name].tolist()) for name, family in _ITEM_FAMILY.items()
    ]
    columns += [("other", name, items[name].tolist()) for name in _custom(items, protected)]
    return _indicators(columns, log.n_items)


def partner_marks(profile: pd.DataFrame, protected: Sequence[str] = ()) -> Indicators:
    """Return kind, tier, place, industries, languages and few-valued custom attributes of every partner."""
    names = [*_PARTNER_WORDS, *_PARTNER_LISTS, *_custom(profile, protected)]
    columns: list[tuple[str, str, Sequence[object]]] = [
        (name, name, column(profile, name).tolist()) for name in names if name in profile.columns
    ]
    return _indicators(columns, len(profile))


def _encode(texts: list[str], encoder: Encoder | None) -> Floats:
    filled = [position for position, text in enumerate(texts) if text]
    if encoder is None or not filled:
        return np.zeros((len(texts), 0), dtype=np.float32)
    vectors = np.asarray(encoder.encode([texts[position] for position in filled]), dtype=np.float32)
    result = np.zeros((len(texts), vectors.shape[1]), dtype=np.float32)
    result[filled] = unit_rows(vectors)
    return result


def unit_rows(matrix: Floats) -> Floats:
    """Scale each row to length 1; a row of zeros stays one.

    Examples
    --------
    >>> unit_rows(np.array([[3.0, 4.0], [0.0, 0.0]], dtype=np.float32)).tolist()
    [[0.6000000238418579, 0.800000011920929], [0.0, 0.0]]
    """
    length = np.linalg.norm(matrix, axis=1, keepdims=True)
    return (matrix / np.where(length > 0, length, 1.0)).astype(np.float32)


def item_texts(log: ItemLog) -> list[str]:
    """Return title, topics and body of each item; empty where the title only repeats the id."""
    texts = []
    for row in log.items.to_dict("records"):
        title = row["title"] if is_text(row["title"]) and row["title"] != row["external_id"] else ""
        body = row["body"] if is_text(row["body"]) else ""
        parts = [title, ", ".join(_values(row["topics"])), body]
        texts.append(". ".join(part for part in parts if part) if title or body else "")
    return texts


def item_vectors(log: ItemLog, encoder: Encoder | None) -> Floats:
    """Return unit text vectors of the items, shape (n_items, d); zeros for one without text, d = 0 without any."""
    return _encode(item_texts(log), encoder)


def partner_vectors(profile: pd.DataFrame, encoder: Encoder | None) -> Floats:
    """Return unit vectors of the partners' descriptions and industries, shape (n_partners, d)."""
    texts = []
    for description, industries in zip(
        column(profile, "description").tolist(), column(profile, "industries", ()).tolist(), strict=True
    ):
        words = ", ".join(_values(industries))
        texts.append(". ".join(part for part in (str(description) if is_text(description) else "", words) if part))
    return _encode(texts, encoder)


def row_means(matrix: sparse.csr_array) -> sparse.csr_array:
    """Divide each row by its sum; an empty row stays empty."""
    sums = np.asarray(matrix.sum(axis=1)).ravel()
    scale = np.divide(1.0, sums, out=np.zeros_like(sums), where=sums > 0)
    return sparse.csr_array(sparse.diags_array(scale.astype(np.float32)) @ matrix)


def select(indicators: Indicators, family: str) -> Ints:
    """Return the columns of one family."""
    return np.flatnonzero(indicators.families == family)
