"""Vectors of texts through the store's cache, on both engines."""

from collections.abc import Sequence

import numpy as np
from sqlalchemy import Engine, func, select, text

from domain.settings import Settings
from intelligence.features.text import TextEncoder
from models.embedder import Embedder
from store.embeddings import read_vectors
from store.tables import embeddings

REAL = Embedder()


class CountingEmbedder(Embedder):
    """The real model, loaded once for all tests, which remembers what it was asked."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        self.asked += texts
        return REAL.encode(texts)


def make_encoder(engine: Engine) -> tuple[TextEncoder, CountingEmbedder]:
    encoder, embedder = TextEncoder(engine, Settings()), CountingEmbedder()
    encoder._embedder = embedder
    return encoder, embedder


def test_missing_texts_are_zero_and_equal_ones_computed_once(engine: Engine) -> None:
    encoder, embedder = make_encoder(engine)
    vectors = encoder.encode(["cloud", None, " cloud ", "", float("nan"), "bread"])
    assert (vectors.shape, vectors.dtype) == ((6, 384), np.float32)
    assert (vectors[[1, 3, 4]] == 0).all()
    np.testing.assert_array_equal(vectors[0], vectors[2])
    assert sorted(embedder.asked) == ["bread", "cloud"]


def test_another_process_reads_the_stored_vectors(engine: Engine) -> None:
    first, _ = make_encoder(engine)
    expected = first.encode(["cloud", "снег"])
    second, embedder = make_encoder(engine)
    np.testing.assert_array_equal(second.encode(["снег", "cloud"]), expected[::-1])
    assert embedder.asked == []
    second.encode(["cloud", "new"])
    assert embedder.asked == ["new"]


def test_nothing_to_encode(sqlite_engine: Engine) -> None:
    encoder, embedder = make_encoder(sqlite_engine)
    assert encoder.encode([]).shape == (0, 384)
    assert encoder.encode([None, ""]).tolist() == [[0.0] * 384] * 2
    assert embedder.asked == []


def test_a_locked_store_only_costs_the_cache(sqlite_engine: Engine) -> None:
    encoder, _ = make_encoder(sqlite_engine)
    with sqlite_engine.connect() as other:
        other.execute(text("INSERT INTO embeddings VALUES ('x', x'00', x'00')"))
        assert np.linalg.norm(encoder.encode(["cloud"])[0]) > 0.99
        other.rollback()
    with sqlite_engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(embeddings)).scalar_one() == 0
        assert read_vectors(connection, encoder.key, [b"\0" * 32] * 1200) == {}
