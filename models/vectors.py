"""Nearest neighbours by cosine, on faiss."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from domain.errors import ArtefactInvalid, InvalidInput

Vectors = npt.NDArray[np.float32]
Ids = npt.NDArray[np.int64]

_INDEX_FILE = "vectors.faiss"
_META_FILE = "vectors.json"


class VectorIndex:
    """Exact nearest neighbours of normalised vectors by inner product, with ids of the caller's.

    Parameters
    ----------
    dimension : int
        Length of the vectors.

    Notes
    -----
    Vectors are normalised when added and when searched, so scores are cosines. Zero vectors (no text)
    are not added: they are near nothing. A flat index is exact and fast enough for the hundreds of
    thousands of companies that a programme has: 100,000 x 384 are searched in some milliseconds.

    Examples
    --------
    >>> index = VectorIndex(2)
    >>> index.add([10, 11, 12], [[1, 0], [0, 1], [1, 1]])
    >>> ids, scores = index.search([[2, 0.1]], 2)
    >>> ids.tolist(), [f"{score:.2f}" for score in scores[0]]
    ([[10, 12]], ['1.00', '0.74'])
    """

    def __init__(self, dimension: int) -> None:
        if dimension < 1:
            raise InvalidInput(f"A vector index needs at least one dimension, not {dimension}.")
        self.dimension = dimension
        self._index = _new_index(dimension)

    def __len__(self) -> int:
        return int(self._index.ntotal)

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
        filled = np.flatnonzero(np.any(rows != 0, axis=1))
        if len(filled):
            self._index.add_with_ids(rows[filled], keys[filled])

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
        asked = np.flatnonzero(np.any(queries != 0, axis=1))
        if len(asked) and len(self):
            found_scores, found = self._index.search(queries[asked], min(k, len(self)))
            ids[asked, : found.shape[1]] = found
            scores[asked, : found.shape[1]] = found_scores
        return ids, scores

    def save(self, folder: Path) -> None:
        """Write the index into the existing `folder`."""
        import faiss

        faiss.write_index(self._index, str(folder / _INDEX_FILE))
        (folder / _META_FILE).write_text(json.dumps({"dimension": self.dimension, "n": len(self)}), encoding="utf-8")

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
            index = cls(int(meta["dimension"]))
        except (OSError, ValueError, KeyError, TypeError, RuntimeError) as error:
            raise ArtefactInvalid(f"The vector index in {folder} cannot be read: {error}") from None
        if loaded.d != index.dimension or loaded.ntotal != meta["n"]:
            raise ArtefactInvalid(f"{_INDEX_FILE} and {_META_FILE} in {folder} do not belong together.")
        index._index = loaded
        return index

    def _rows(self, vectors: npt.ArrayLike | Sequence[Sequence[float]]) -> Vectors:
        rows = np.array(vectors, dtype=np.float32, ndmin=2, order="C")
        if rows.size == 0:
            return np.zeros((0, self.dimension), dtype=np.float32)
        if rows.ndim != 2 or rows.shape[1] != self.dimension:
            raise InvalidInput(f"Vectors of shape {rows.shape} do not fit an index of dimension {self.dimension}.")
        if not np.isfinite(rows).all():
            raise InvalidInput("Vectors must be finite.")
        norms = np.linalg.norm(rows, axis=1, keepdims=True)
        return np.asarray(np.divide(rows, norms, out=rows, where=norms > 0), dtype=np.float32)


def _new_index(dimension: int) -> Any:
    import faiss

    return faiss.IndexIDMap2(faiss.IndexFlatIP(dimension))
