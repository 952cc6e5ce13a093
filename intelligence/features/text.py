"""Vectors of texts, each computed once: cached in this process and in the store by content hash."""

import hashlib
import random
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from domain.errors import ArtefactInvalid
from domain.settings import Settings
from models.embedder import BFLOAT16, FLOAT32, Embedder
from store.embeddings import cache_vectors, read_vectors
from store.engine import Engine

Vectors = npt.NDArray[np.float32]

EMBEDDING = "embedding"
"""Under which manifests and feature sets name the vectors that a model learned from."""

_KEPT = 20_000
_AT_ONCE = 20_000
_COMPUTED_AT_ONCE = 500


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
    Two threads never compute the same text; two processes do only what both began within the same second or so.
    """

    def __init__(self, engine: Engine, settings: Settings) -> None:
        self._engine = engine
        self._settings = settings
        self._embedder = Embedder(
            settings.embedding_model, threads=settings.training_threads, engine=settings.embedding_engine
        )
        self._kept: OrderedDict[bytes, Vectors] = OrderedDict()
        self._unsaved: dict[bytes, Vectors] = {}
        self._others: dict[str, TextEncoder] = {}
        self._lock = threading.Lock()
        self._computing = threading.Lock()

    @property
    def key(self) -> str:
        """Name of weights and computation."""
        return self._embedder.key

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        return self._embedder.dimension

    def of_kind(self, key: str | None) -> "TextEncoder":
        """Return the encoder of the vectors that a model learned from, by the key it had then.

        Parameters
        ----------
        key : str, optional
            None for models that are older than the choice of a computation: 32-bit numbers.

        Returns
        -------
        TextEncoder
            One that raises ``ArtefactInvalid`` when asked for a text, if those weights are not there any more.
        """
        if key == self.key:
            return self
        with self._lock:
            if str(key) not in self._others:
                self._others[str(key)] = self._other(key)
            return self._others[str(key)]

    def _other(self, key: str | None) -> "TextEncoder":
        for engine in (FLOAT32, BFLOAT16):
            other = TextEncoder(self._engine, self._settings.model_copy(update={"embedding_engine": engine}))
            if key in (None, other.key):
                return self if other.key == self.key else other
        return _Lost(self._engine, self._settings, str(key))

    def encode(self, texts: Sequence[str | float | None]) -> Vectors:
        """Return the vector of each text.

        Parameters
        ----------
        texts : sequence of str
            Missing ones (None, NaN, blank) get zeros. Equal texts are computed once; any white space is one space.

        Returns
        -------
        float32 array of shape (n, dimension)
            Unit length, or zero.
        """
        words = [" ".join(text.split()) if isinstance(text, str) else "" for text in texts]
        place = {word: row for row, word in enumerate(dict.fromkeys(words))}
        table = np.zeros((len(place), self.dimension), dtype=np.float32)
        for part in _parts([word for word in place if word], _AT_ONCE):
            hashes = [hash_text(word) for word in part]
            vectors = self._vectors(dict(zip(hashes, part, strict=True)))
            for key, word in zip(hashes, part, strict=True):
                table[place[word]] = vectors[key]
        return table if len(place) == len(words) else table[[place[word] for word in words]]

    def _vectors(self, by_hash: dict[bytes, str]) -> dict[bytes, Vectors]:
        found = self._remembered(by_hash)
        wanted = [key for key in by_hash if key not in found]
        if not wanted:
            return found
        stored = self._read(wanted)
        self._keep(stored)
        found |= stored
        unseen = sorted((key for key in wanted if key not in stored), key=lambda key: len(by_hash[key]))
        parts = list(_parts(unseen, _COMPUTED_AT_ONCE))
        random.SystemRandom().shuffle(parts)  # two processes with the same texts do not go side by side
        for number, part in enumerate(parts):
            found |= self._compute({key: by_hash[key] for key in part}, look_again=number > 0)
        return found

    def _compute(self, by_hash: dict[bytes, str], *, look_again: bool) -> dict[bytes, Vectors]:
        """Return vectors of new texts, kept at once: an interrupted run keeps what it has."""
        with self._computing:
            there = self._remembered(by_hash)  # by another thread in the meantime
            if look_again:
                there |= self._read([key for key in by_hash if key not in there])
            new = [key for key in by_hash if key not in there]
            if new:
                computed = dict(zip(new, self._embedder.encode([by_hash[key] for key in new]), strict=True))
                self._save(computed)
                self._keep(computed)
                there |= computed
        return there

    def _save(self, computed: dict[bytes, Vectors]) -> None:
        """Store vectors; those that a locked store did not take are tried again with the next ones."""
        self._unsaved |= computed
        if cache_vectors(self._engine, self.key, {key: row.tobytes() for key, row in self._unsaved.items()}):
            self._unsaved = {}
        elif len(self._unsaved) > _KEPT:
            self._unsaved = computed

    def _read(self, keys: Sequence[bytes]) -> dict[bytes, Vectors]:
        with self._engine.connect() as connection:
            rows = read_vectors(connection, self.key, keys)
        size = 4 * self.dimension
        return {key: np.frombuffer(row, dtype="<f4") for key, row in rows.items() if len(row) == size}

    def _remembered(self, keys: dict[bytes, str]) -> dict[bytes, Vectors]:
        with self._lock:
            return {key: self._kept[key] for key in keys if key in self._kept}

    def _keep(self, vectors: dict[bytes, Vectors]) -> None:
        with self._lock:
            self._kept.update(vectors)
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)


class _Lost(TextEncoder):
    """Stands for vectors that cannot be made any more."""

    def __init__(self, engine: Engine, settings: Settings, key: str) -> None:
        super().__init__(engine, settings)
        self._lost = key

    def encode(self, texts: Sequence[str | float | None]) -> Vectors:
        """Raise ``ArtefactInvalid``."""
        del texts
        raise ArtefactInvalid(
            f"The model learned from vectors of {self._lost}, but embedding_model gives {self._embedder.key}. "
            "Train it anew, or set embedding_model back.",
            embedding=self._lost,
        )


def as_learned(text: Any, learned: Mapping[str, Any]) -> Any:
    """Return `text`, with vectors of the kind that a model learned from: what ``learned[EMBEDDING]`` names."""
    return text.of_kind(learned.get(EMBEDDING)) if isinstance(text, TextEncoder) else text


def kind_of(text: Any) -> dict[str, str]:
    """Return what `as_learned` wants to know of the vectors of `text`."""
    return {EMBEDDING: text.key} if isinstance(text, TextEncoder) else {}


def _parts(items: Sequence[Any], size: int) -> Iterator[Sequence[Any]]:
    for start in range(0, len(items), size):
        yield items[start : start + size]


def hash_text(text: str) -> bytes:
    """Return the SHA-256 of a text; what UTF-8 cannot hold (lone surrogates) is replaced.

    Examples
    --------
    >>> hash_text("cloud").hex()[:8]
    '56681010'
    """
    return hashlib.sha256(text.encode("utf-8", errors="replace")).digest()
