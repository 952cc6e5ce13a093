"""How well a lead's text goes with what a partner says of itself.

A partner's text lists several things; the one nearest to the lead decides. Vectors of one kind of text share most of
their direction (how leads are phrased, how partners introduce themselves), which says nothing of the topic and is
taken off first (Mu & Viswanath 2018, All-but-the-Top).
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol, Self

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Singles = npt.NDArray[np.float32]

_PARTS = re.compile(r"[.;,:!?•\n]+|\s(?:and|or|y|e|o|i|oraz|lub|und|oder|et|ou)\s|\s[-–—/&+]\s")
_SHORTEST_PART = 4
_MOST_PARTS = 16
_MOST_DISTINCT_PARTS = 8_000
_DIRECTIONS = 2
_ENOUGH_TEXTS = 20
_DIGITS = 6


class Encoder(Protocol):
    """What turns texts into vectors of unit length."""

    def encode(self, texts: Any) -> Singles:
        """Return an array of shape (n, d)."""


@dataclass(frozen=True)
class CommonPart:
    """What texts of one kind have in common: their mean and the directions in which they differ most.

    Parameters
    ----------
    centre : tuple of float, length d
        Mean vector.
    directions : tuple of tuple of float
        Orthonormal.
    """

    centre: tuple[float, ...]
    directions: tuple[tuple[float, ...], ...]

    @classmethod
    def learn(cls, vectors: Singles) -> Self:
        """Learn from distinct texts; of few texts only the mean is taken."""
        centre = vectors.mean(axis=0)
        n = _DIRECTIONS if len(vectors) >= _ENOUGH_TEXTS else 0
        directions = np.linalg.svd(vectors - centre, full_matrices=False)[2][:n]
        return cls(_rounded(centre), tuple(_rounded(direction) for direction in directions))

    def remove(self, vectors: Singles) -> Singles:
        """Take it off; the rest has unit length, or is zero where there was no text."""
        rest = vectors - np.array(self.centre, dtype=np.float32)
        for direction in np.array(self.directions, dtype=np.float32):
            # Not `rest @ direction`: that adds up in an order which depends on how many rows there are, and a lead
            # alone would be answered a little differently than among others.
            rest = rest - np.outer(np.einsum("ij,j->i", rest, direction), direction)
        length = np.linalg.norm(rest, axis=1, keepdims=True)
        there = vectors.any(axis=1, keepdims=True)
        return np.where(there, rest / np.maximum(length, 1e-6), 0.0).astype(np.float32)


@dataclass(frozen=True)
class TextSpace:
    """What the texts of leads, and what those of partners have in common; JSON-serialisable."""

    leads: CommonPart
    partners: CommonPart

    def as_json(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Read what `as_json` returned."""
        parts = (
            CommonPart(tuple(values[name]["centre"]), tuple(tuple(row) for row in values[name]["directions"]))
            for name in ("leads", "partners")
        )
        return cls(*parts)


def parts_of(text: str) -> list[str]:
    """Things that a text lists, at most sixteen.

    Examples
    --------
    >>> parts_of("Specialists in payroll, time tracking and point of sale.")
    ['Specialists in payroll', 'time tracking', 'point of sale']
    """
    found = [part.strip() for part in _PARTS.split(text)]
    kept = [part for part in found if len(part) >= _SHORTEST_PART][:_MOST_PARTS]
    return kept or ([text.strip()] if text.strip() else [])


class PartnerTexts:
    """Vectors of what partners' texts list.

    Parameters
    ----------
    texts : sequence of str
        Distinct texts.
    encoder : Encoder
        Of parts.

    Attributes
    ----------
    vectors : float32 array of shape (m, d)
        Of the distinct parts.
    """

    def __init__(self, texts: Sequence[str], encoder: Encoder) -> None:
        parts = [parts_of(text) for text in texts]
        if len({part for listed in parts for part in listed}) > _MOST_DISTINCT_PARTS:
            parts = [[text] for text in texts]  # too many to compute: each text as a whole
        distinct = sorted({part for listed in parts for part in listed})
        place = {part: row for row, part in enumerate(distinct)}
        vectors = np.asarray(encoder.encode(distinct), dtype=np.float32) if distinct else np.zeros((0, 0), np.float32)
        self.vectors: Singles = vectors
        self._rows = {text: [place[part] for part in listed] for text, listed in zip(texts, parts, strict=True)}

    def rows(self, text: Any) -> list[int]:
        """Rows of `vectors` that belong to a text; none for an unknown one."""
        return self._rows.get(text, [])


class TextFit:
    """Likeness of leads to the nearest part of each partner's text.

    Parameters
    ----------
    vectors : float32 array of shape (m, d)
        Of parts, common part taken off.
    texts : PartnerTexts
        Which parts a text has.
    """

    def __init__(self, vectors: Singles, texts: PartnerTexts) -> None:
        self._vectors = vectors
        self._texts = texts
        self._version = -1
        self._part, self._start, self._has = np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0, bool)

    def set_texts(self, texts: Iterable[Any], version: int) -> None:
        """Tell the present text of each partner; the same `version` means the same texts as before."""
        if version == self._version:
            return
        rows = [self._texts.rows(text) for text in texts]
        counts = np.array([len(row) for row in rows], dtype=np.int64)
        self._part = np.array([part for row in rows for part in row], dtype=np.int64)
        self._start = np.cumsum(counts) - counts
        self._has = counts > 0
        self._version = version

    def to(self, vector: Singles, partners: Ints | slice) -> Singles:
        """Cosine of the nearest part, shape (n,); 0 for partners without a text."""
        has, start = self._has[partners], self._start[partners]
        fit = np.zeros(len(has), dtype=np.float32)
        if not has.any() or not vector.any():
            return fit  # nothing to compare
        if isinstance(partners, slice):
            likeness = (self._vectors @ vector)[self._part]
            fit[has] = np.maximum.reduceat(likeness, start[has])
            return fit
        stop = np.append(self._start, len(self._part))[partners + 1]
        rows = [self._part[first:last] for first, last in zip(start[has], stop[has], strict=True)]
        bounds = np.cumsum([0, *(len(row) for row in rows[:-1])])
        fit[has] = np.maximum.reduceat(self._vectors[np.concatenate(rows)] @ vector, bounds)
        return fit


def _rounded(values: npt.NDArray[Any]) -> tuple[float, ...]:
    return tuple(round(float(value), _DIGITS) for value in values)
