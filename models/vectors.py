"""Nearest neighbours by cosine, on faiss: all compared where there are few, short codes first where there are many."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from domain.errors import ArtefactInvalid, InvalidInput

Vectors = npt.NDArray[np.float32]
Ids = npt.NDArray[np.int64]
Places = npt.NDArray[np.intp]

EXACT_UP_TO = 100_000
"""Vectors up to which every one is compared; beyond, those whose codes are nearest to a query."""

_INDEX_FILE = "vectors.faiss"
_CODES_FILE = "codes.faiss"
_META_FILE = "vectors.json"
_AT_ONCE = 50_000
_COUNTED_AT_ONCE = 256
_LEVELS = 16
_LEARNED_FROM = 50_000
_SEED = 7
_REGROW, _REMEASURE = 4, 1.2
_FEW_NUMBERS = 128
_ASKED, _NEIGHBOURS, _RECALL = 100, 200, 0.99
_WIDENINGS = (2, 3, 5, 8, 13, 21, 34)


class VectorIndex:
    """Nearest neighbours of normalised vectors by inner product, with ids of the caller's.

    Parameters
    ----------
    dimension : int
        Length of the vectors.
    exact_up_to : int, default=100_000
        Size up to which all vectors are compared.

    Notes
    -----
    Vectors are normalised when added and when searched, so scores are cosines. Zero vectors (no text) are not added:
    they are near nothing. Above `exact_up_to`, every vector has a code of two bits a number (four where
    there are few) beside it (product quantisation, Jégou et al. 2011; compared 32 at a time, André et al. 2015), and
    exact cosines are computed of those with the nearest codes only: as many as it takes to find 99 % of the 200
    nearest of vectors drawn at random. That is measured again with every fifth more vectors; codes are learned again
    with four times as many. In between, vectors come and go in place.

    Examples
    --------
    >>> index = VectorIndex(2)
    >>> index.add([10, 11, 12], [[1, 0], [0, 1], [1, 1]])
    >>> ids, scores = index.search([[2, 0.1]], 2)
    >>> ids.tolist(), [f"{score:.2f}" for score in scores[0]]
    ([[10, 12]], ['1.00', '0.74'])
    """

    def __init__(self, dimension: int, *, exact_up_to: int = EXACT_UP_TO) -> None:
        if dimension < 1:
            raise InvalidInput(f"A vector index needs at least one dimension, not {dimension}.")
        self.dimension = dimension
        self._exact_up_to = exact_up_to
        self._index = _flat_index(dimension)
        self._codes: Any = None
        self._learned_at = self._measured_at = 0
        self._widening = 1

    def __len__(self) -> int:
        return int(self._index.ntotal)

    @property
    def is_exact(self) -> bool:
        """Whether all vectors are compared."""
        return self._codes is None

    def add(self, ids: npt.ArrayLike, vectors: npt.ArrayLike) -> None:
        """Add vectors under `ids`; an id that is there already is replaced.

        Parameters
        ----------
        ids : int array of shape (n,)
            Distinct.
        vectors : float array of shape (n, dimension)
            Zero rows are left out.
        """
        keys = np.asarray(ids, dtype=np.int64).reshape(-1)
        rows = self._rows(vectors)
        if len(keys) != len(rows) or len(np.unique(keys)) != len(keys):
            raise InvalidInput(f"{len(keys)} ids do not fit {len(rows)} vectors, or an id comes twice.")
        self.remove(keys)
        filled = np.flatnonzero(rows.any(axis=1))
        for start in range(0, len(filled), _AT_ONCE):
            part = filled[start : start + _AT_ONCE]
            unit = _unit(rows[part])
            self._index.add_with_ids(unit, keys[part])
            if self._codes is not None:
                self._codes.add_with_ids(unit, keys[part])
        if len(self) > max(self._exact_up_to, _LEVELS, _REGROW * self._learned_at):
            self._learn_codes()
        elif self._codes is not None and len(self) > _REMEASURE * self._measured_at:
            self._measure()

    def remove(self, ids: npt.ArrayLike) -> int:
        """Remove vectors by id; unknown ids are ignored. Returns how many were removed."""
        keys = np.asarray(ids, dtype=np.int64).reshape(-1)
        if not len(keys) or not len(self):
            return 0
        if self._codes is not None:
            self._codes.remove_ids(keys)
            _clear_end(self._codes)
        return int(self._index.remove_ids(keys))

    def search(self, vectors: npt.ArrayLike, k: int) -> tuple[Ids, Vectors]:
        """Find the `k` nearest vectors of each query.

        Returns
        -------
        ids : int64 array of shape (n, k)
            Nearest first; -1 where there are fewer than `k`, or the query is zero.
        scores : float32 array of shape (n, k)
            Cosines; NaN where the id is -1.
        """
        queries = self._rows(vectors)
        if k < 1:
            raise InvalidInput(f"At least one neighbour must be asked for, not {k}.")
        ids = np.full((len(queries), k), -1, dtype=np.int64)
        scores = np.full((len(queries), k), np.nan, dtype=np.float32)
        asked = np.flatnonzero(queries.any(axis=1))
        if len(asked) and len(self):
            found_ids, found_scores = self._nearest(_unit(queries[asked]), min(k, len(self)))
            ids[asked, : found_ids.shape[1]] = found_ids
            scores[asked, : found_ids.shape[1]] = found_scores
        return ids, scores

    def _nearest(self, queries: Vectors, k: int) -> tuple[Ids, Vectors]:
        wanted = self._widening * max(k, _NEIGHBOURS)
        if self._codes is None or 2 * wanted > len(self):
            scores, ids = self._index.search(queries, k)
            return ids, scores
        return self._recounted(queries, k, wanted)

    def _recounted(self, queries: Vectors, k: int, wanted: int) -> tuple[Ids, Vectors]:
        """Return the nearest, by exact cosines, among so many with the nearest codes."""
        ids = np.empty((len(queries), k), dtype=np.int64)
        scores = np.empty((len(queries), k), dtype=np.float32)
        buffer = np.empty((_COUNTED_AT_ONCE, self.dimension), dtype=np.float32)
        for row, found in enumerate(self._codes.search(queries, wanted)[1]):
            near = found[found >= 0]
            if len(near) < k:  # codes beyond the range of their sums are not returned
                best, everything = self._index.search(queries[row : row + 1], k)
                ids[row], scores[row] = everything[0], best[0]
                continue
            cosines = self._cosines(near, queries[row], buffer)
            first = np.argpartition(-cosines, k - 1)[:k]
            first = first[np.argsort(-cosines[first], kind="stable")]
            ids[row], scores[row] = near[first], cosines[first]
        return ids, scores

    def _cosines(self, ids: Ids, query: Vectors, buffer: Vectors) -> Vectors:
        """Return exact cosines; part by part, because fresh memory for all their vectors costs more than they do."""
        cosines = np.empty(len(ids), dtype=np.float32)
        for start in range(0, len(ids), len(buffer)):
            part = ids[start : start + len(buffer)]
            cosines[start : start + len(part)] = self._index.reconstruct_batch(part, buffer[: len(part)]) @ query
        return cosines

    def _learn_codes(self) -> None:
        """Learn codes for what is here, and how many of the nearest codes must be looked at."""
        import faiss

        pairs = self.dimension > _FEW_NUMBERS and self.dimension % 2 == 0
        parts = self.dimension // 2 if pairs else self.dimension
        codes = faiss.IndexIVFPQFastScan(
            faiss.IndexFlatIP(self.dimension), self.dimension, 1, parts, 4, faiss.METRIC_INNER_PRODUCT
        )
        codes.pq.cp.seed = codes.cp.seed = _SEED
        codes.pq.cp.min_points_per_centroid = codes.cp.min_points_per_centroid = 1
        codes.train(self._at(_drawn(len(self), _LEARNED_FROM)))
        ids = _ids_of(self._index)
        for start in range(0, len(ids), _AT_ONCE):
            part = ids[start : start + _AT_ONCE]
            codes.add_with_ids(self._index.index.reconstruct_n(start, len(part)), part)
        self._codes, self._learned_at = codes, len(self)
        self._measure()

    def _measure(self) -> None:
        """Find by how much more codes than neighbours must be looked at, for vectors drawn at random."""
        self._measured_at = len(self)
        queries, k = self._at(_drawn(len(self), _ASKED)), min(_NEIGHBOURS, len(self))
        nearest = self._index.search(queries, k)[1]
        for widening in _WIDENINGS:
            wanted = min(widening * k, len(self))
            if _share(nearest, self._recounted(queries, k, wanted)[0]) >= _RECALL:
                self._widening = widening
                return
        self._widening = len(self)  # codes do not help: all are compared

    def _at(self, places: Places) -> Vectors:
        found: Vectors = self._index.reconstruct_batch(_ids_of(self._index)[places])
        return found

    def save(self, folder: Path) -> None:
        """Write the index into the existing `folder`."""
        import faiss

        faiss.write_index(self._index, str(folder / _INDEX_FILE))
        if self._codes is not None:
            faiss.write_index(self._codes, str(folder / _CODES_FILE))
        meta = {
            "dimension": self.dimension,
            "n": len(self),
            "exact_up_to": self._exact_up_to,
            "learned_at": self._learned_at,
            "measured_at": self._measured_at,
            "widening": self._widening,
        }
        (folder / _META_FILE).write_text(json.dumps(meta), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read an index that `save` wrote.

        Raises
        ------
        ArtefactInvalid
            If files are missing, unreadable, or do not belong together.
        """
        import faiss

        try:
            meta = json.loads((folder / _META_FILE).read_text(encoding="utf-8"))
            index = cls(int(meta["dimension"]), exact_up_to=int(meta.get("exact_up_to", EXACT_UP_TO)))
            index._index = faiss.read_index(str(folder / _INDEX_FILE))
            index._learned_at, index._widening = int(meta.get("learned_at", 0)), int(meta.get("widening", 1))
            index._measured_at = int(meta.get("measured_at", 0))
            if index._learned_at:
                index._codes = faiss.read_index(str(folder / _CODES_FILE))
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError) as error:
            raise ArtefactInvalid(f"The vector index in {folder} cannot be read: {error}") from None
        parts: list[tuple[Any, Any]] = [
            (faiss.IndexIDMap2, index._index),
            (faiss.IndexIVFPQFastScan, index._codes),
        ]
        for kind, part in parts:
            fits = isinstance(part, kind) and part.d == index.dimension and part.ntotal == meta["n"]
            if part is not None and not fits:
                raise ArtefactInvalid(f"The files of the vector index in {folder} do not belong together.")
        return index

    def _rows(self, vectors: npt.ArrayLike | Sequence[Sequence[float]]) -> Vectors:
        rows = np.atleast_2d(np.asarray(vectors, dtype=np.float32, order="C"))
        if rows.size == 0:
            return np.zeros((0, self.dimension), dtype=np.float32)
        if rows.ndim != 2 or rows.shape[1] != self.dimension:
            raise InvalidInput(f"Vectors of shape {rows.shape} do not fit an index of dimension {self.dimension}.")
        if not all(np.isfinite(rows[start : start + _AT_ONCE]).all() for start in range(0, len(rows), _AT_ONCE)):
            raise InvalidInput("Vectors must be finite.")
        return rows


def _unit(rows: Vectors) -> Vectors:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


def _drawn(size: int, wanted: int) -> Places:
    """Return so many different places below `size`, ascending; the same ones each time."""
    return np.sort(np.random.default_rng(_SEED).choice(size, min(size, wanted), replace=False))


def _share(nearest: Ids, found: Ids) -> float:
    """Return how much of the nearest was found."""
    rows = zip(nearest, found, strict=True)
    return float(np.mean([np.isin(right, row).mean() for right, row in rows]))


def _flat_index(dimension: int) -> Any:
    import faiss

    return faiss.IndexIDMap2(faiss.IndexFlatIP(dimension))


def _ids_of(index: Any) -> Ids:
    import faiss

    return np.asarray(faiss.vector_to_array(index.id_map), dtype=np.int64)


def _clear_end(codes: Any) -> None:
    """Set what is behind the last code to zero.

    Removed codes stay there, and faiss (1.15) sets the bits of new ones without clearing the old.
    """
    import faiss

    lists: Any = faiss.downcast_InvertedLists(codes.invlists)
    size, each = int(lists.block_size), int(lists.n_per_block)
    full, used = divmod(int(lists.list_size(0)), each)
    if not used:
        return
    last = faiss.rev_swig_ptr(lists.get_codes(0), (full + 1) * size)[full * size :].reshape(1, size)
    nothing = np.zeros(int(lists.packer.code_size), dtype=np.uint8)
    for place in range(used, each):
        lists.packer.pack_1(nothing, place, last)
