"""Nearest neighbours by cosine, on faiss: exact among few vectors, by inverted lists among many."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from domain.errors import ArtefactInvalid, InvalidInput

Vectors = npt.NDArray[np.float32]
Ids = npt.NDArray[np.int64]
Places = npt.NDArray[np.intp]

EXACT_UP_TO = 100_000
"""Vectors up to which every one is compared; beyond, those in the lists near a query."""

_INDEX_FILE = "vectors.faiss"
_META_FILE = "vectors.json"
_AT_ONCE = 50_000
_PER_LIST = 40
_ROUNDS = 8
_SEED = 7
_REGROW = 4
_ASKED, _NEIGHBOURS, _RECALL = 100, 200, 0.99


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
    they are near nothing. Above `exact_up_to` vectors lie in lists around centres (Jégou et al. 2011, without the
    compression; seeded k-means), and only the lists nearest to a query are compared: as many as were needed, when the
    lists were made, to find 99 % of the 200 nearest of vectors that were drawn at random. The lists are made again
    once four times as many vectors are there; in between, vectors come and go in place.

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
        self._made_for = 0
        self._probes = 0

    def __len__(self) -> int:
        return int(self._index.ntotal)

    @property
    def is_exact(self) -> bool:
        """Whether all vectors are compared."""
        return self._made_for == 0

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
        size = len(self) + len(filled)
        grown = size > max(self._exact_up_to, _REGROW * self._made_for)
        if grown:
            self._index, self._made_for = self._lists(rows, filled), size
        for part in _parts(filled):
            self._index.add_with_ids(_unit(rows[part]), keys[part])
        if grown:
            self._probes = self._needed_probes()

    def remove(self, ids: npt.ArrayLike) -> int:
        """Remove vectors by id; unknown ids are ignored. Returns how many were removed."""
        keys = np.asarray(ids, dtype=np.int64).reshape(-1)
        return int(self._index.remove_ids(keys)) if len(keys) and len(self) else 0

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
        if self.is_exact:
            scores, ids = self._index.search(queries, k)
            return ids, scores
        ids, scores = self._probed(queries, k, self._probes * max(1, -(-k // _NEIGHBOURS)))
        short = np.flatnonzero(ids[:, -1] < 0)  # the lists looked into held fewer than k
        if len(short):
            ids[short], scores[short] = self._probed(queries[short], k, self._index.nlist)
        return ids, scores

    def _probed(self, queries: Vectors, k: int, probes: int) -> tuple[Ids, Vectors]:
        import faiss

        limits = faiss.SearchParametersIVF()
        limits.nprobe = min(probes, int(self._index.nlist))
        scores, ids = self._index.search(queries, k, params=limits)
        return ids, scores

    def _lists(self, rows: Vectors, filled: Places) -> Any:
        """Return inverted lists made for the vectors that are here and those to come, holding the former."""
        import faiss

        size = len(self) + len(filled)
        count = max(1, min(int(4 * size**0.5), size // _PER_LIST))
        index = faiss.IndexIVFFlat(faiss.IndexFlatIP(self.dimension), self.dimension, count, faiss.METRIC_INNER_PRODUCT)
        index.cp.seed, index.cp.niter = _SEED, _ROUNDS
        drawn = _drawn(size, count * _PER_LIST)
        new = filled[drawn[drawn >= len(self)] - len(self)]
        index.train(np.concatenate([self._at(drawn[drawn < len(self)]), _unit(rows[new])]))
        for ids, vectors in self._blocks():
            index.add_with_ids(vectors, ids)
        return index

    def _needed_probes(self) -> int:
        """Return into how many lists one must look to find the neighbours of vectors drawn at random."""
        queries, k, most = self._at(_drawn(len(self), _ASKED)), min(_NEIGHBOURS, len(self)), int(self._index.nlist)
        nearest = self._probed(queries, k, most)[0]
        low, high = 0, 1
        while high < most and _share(nearest, self._probed(queries, k, high)[0]) < _RECALL:
            low, high = high, min(2 * high, most)
        while high - low > max(1, high // 16):
            middle = (low + high) // 2
            enough = _share(nearest, self._probed(queries, k, middle)[0]) >= _RECALL
            low, high = (low, middle) if enough else (middle, high)
        return high

    def _at(self, places: Places) -> Vectors:
        """Return vectors by their place in `_blocks`, ascending."""
        found, start = [np.zeros((0, self.dimension), dtype=np.float32)], 0
        for ids, vectors in self._blocks():
            first, last = np.searchsorted(places, [start, start + len(ids)])
            found.append(vectors[places[first:last] - start])
            start += len(ids)
        return np.concatenate(found)

    def _blocks(self) -> Iterator[tuple[Ids, Vectors]]:
        """Yield ids and vectors of everything that is here."""
        import faiss

        if self.is_exact:
            ids = faiss.vector_to_array(self._index.id_map)
            for start in range(0, len(ids), _AT_ONCE):
                part = ids[start : start + _AT_ONCE]
                yield part, self._index.index.reconstruct_n(start, len(part))
            return
        lists, width = self._index.invlists, int(self._index.code_size)
        for number in range(int(self._index.nlist)):
            size = int(lists.list_size(number))
            if size:
                codes = faiss.rev_swig_ptr(lists.get_codes(number), size * width)
                vectors = codes.view(np.float32).reshape(size, self.dimension)
                yield faiss.rev_swig_ptr(lists.get_ids(number), size).copy(), vectors.copy()

    def save(self, folder: Path) -> None:
        """Write the index into the existing `folder`."""
        import faiss

        faiss.write_index(self._index, str(folder / _INDEX_FILE))
        meta = {
            "dimension": self.dimension,
            "n": len(self),
            "exact_up_to": self._exact_up_to,
            "made_for": self._made_for,
            "probes": self._probes,
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
            loaded: Any = faiss.read_index(str(folder / _INDEX_FILE))
            index = cls(int(meta["dimension"]), exact_up_to=int(meta.get("exact_up_to", EXACT_UP_TO)))
            index._made_for, index._probes = int(meta.get("made_for", 0)), int(meta.get("probes", 0))
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RuntimeError) as error:
            raise ArtefactInvalid(f"The vector index in {folder} cannot be read: {error}") from None
        kind = faiss.IndexIDMap2 if index.is_exact else faiss.IndexIVFFlat
        if not isinstance(loaded, kind) or loaded.d != index.dimension or loaded.ntotal != meta["n"]:
            raise ArtefactInvalid(f"{_INDEX_FILE} and {_META_FILE} in {folder} do not belong together.")
        index._index = loaded
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


def _parts(places: Places) -> Iterator[Places]:
    for start in range(0, len(places), _AT_ONCE):
        yield places[start : start + _AT_ONCE]


def _flat_index(dimension: int) -> Any:
    import faiss

    return faiss.IndexIDMap2(faiss.IndexFlatIP(dimension))
