"""Vectors of texts, each computed once: cached in this process and in the store by content hash."""

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from domain.settings import Settings
from models.embedder import Embedder
from store.embeddings import cache_vectors, read_vectors
from store.engine import Engine

Vectors = npt.NDArray[np.float32]

_KEPT = 20_000
_AT_ONCE = 2_000


class TextEncoder:
    """Sentence vectors of texts, through the store's cache.

    Parameters
    ----------
    engine : Engine
        Of the store; its ``embeddings`` table is the cache.
    settings : Settings
        Names the model and the threads.

    Attributes
    ----------
    key : str
        Identifies the weights.
    dimension : int
        Length of a vector.

    Notes
    -----
    The model is loaded only when a text was never seen before. Vectors of 20,000 texts are kept in the process.
    """

    def __init__(self, engine: Engine, settings: Settings) -> None:
        self._engine = engine
        self._embedder = Embedder(settings.embedding_model, threads=settings.training_threads)
        self._kept: OrderedDict[bytes, Vectors] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def key(self) -> str:
        """Name of the weights."""
        return self._embedder.key

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        return self._embedder.dimension

    def encode(self, texts: Sequence[str | float | None]) -> Vectors:
        """Return the vector of each text.

        Parameters
        ----------
        texts : sequence of str
            Missing ones (None, NaN, blank) get zeros. Equal texts are computed once.

        Returns
        -------
        float32 array of shape (n, dimension)
            Unit length, or zero.
        """
        words = [text.strip() if isinstance(text, str) else "" for text in texts]
        result = np.zeros((len(words), self.dimension), dtype=np.float32)
        by_hash = {hash_text(word): word for word in set(words) if word}
        places = [hash_text(word) if word else b"" for word in words]
        vectors = self._vectors(by_hash)
        for row, place in enumerate(places):
            if place:
                result[row] = vectors[place]
        return result

    def _vectors(self, by_hash: dict[bytes, str]) -> dict[bytes, Vectors]:
        with self._lock:
            found = {key: self._kept[key] for key in by_hash if key in self._kept}
        wanted = [key for key in by_hash if key not in found]
        stored = self._read(wanted) if wanted else {}
        unseen = sorted((key for key in wanted if key not in stored), key=lambda key: len(by_hash[key]))
        for start in range(0, len(unseen), _AT_ONCE):  # written in parts: an interrupted run keeps what it has
            part = unseen[start : start + _AT_ONCE]
            computed = dict(zip(part, self._embedder.encode([by_hash[key] for key in part]), strict=True))
            cache_vectors(self._engine, self.key, {key: vector.tobytes() for key, vector in computed.items()})
            stored |= computed
        self._keep(stored)
        return found | stored

    def _read(self, keys: Sequence[bytes]) -> dict[bytes, Vectors]:
        with self._engine.connect() as connection:
            rows = read_vectors(connection, self.key, keys)
        size = 4 * self.dimension
        return {key: np.frombuffer(row, dtype="<f4") for key, row in rows.items() if len(row) == size}

    def _keep(self, vectors: dict[bytes, Vectors]) -> None:
        with self._lock:
            self._kept.update(vectors)
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)


def hash_text(text: str) -> bytes:
    """Return the SHA-256 of a text; what UTF-8 cannot hold (lone surrogates) is replaced.

    Examples
    --------
    >>> hash_text("cloud").hex()[:8]
    '56681010'
    """
    return hashlib.sha256(text.encode("utf-8", errors="replace")).digest()
