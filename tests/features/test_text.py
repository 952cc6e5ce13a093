"""Vectors of texts through the store's cache, on both engines."""

import threading
from collections.abc import Sequence

import numpy as np
import pytest
from sqlalchemy import Engine, func, select, text

from domain.errors import ArtefactInvalid
from domain.settings import Settings
from intelligence.features import text as module
from intelligence.features.text import TextEncoder, as_learned, kind_of
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
    vectors = encoder.encode(["cloud  shop", None, " cloud\n shop\t", "", float("nan"), "bread"])
    assert (vectors.shape, vectors.dtype) == ((6, 384), np.float32)
    assert (vectors[[1, 3, 4]] == 0).all()
    np.testing.assert_array_equal(vectors[0], vectors[2])
    assert sorted(embedder.asked) == ["bread", "cloud shop"]


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


def test_what_a_locked_store_did_not_take_is_kept_with_the_next(sqlite_engine: Engine) -> None:
    encoder, embedder = make_encoder(sqlite_engine)
    with sqlite_engine.connect() as other:
        other.execute(text("INSERT INTO embeddings VALUES ('x', x'00', x'00')"))
        encoder.encode(["cloud"])
        other.rollback()
    encoder.encode(["cloud", "bread"])
    assert embedder.asked == ["cloud", "bread"]
    second, asked = make_encoder(sqlite_engine)
    second.encode(["cloud", "bread"])
    assert asked.asked == []


def test_threads_do_not_compute_the_same_text(sqlite_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_COMPUTED_AT_ONCE", 3)
    encoder, embedder = make_encoder(sqlite_engine)
    texts = [f"shop number {n}" for n in range(20)]
    threads = [threading.Thread(target=encoder.encode, args=(texts,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(embedder.asked) == sorted(texts)


def test_what_another_process_stored_meanwhile_is_read(sqlite_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_COMPUTED_AT_ONCE", 3)
    encoder, embedder = make_encoder(sqlite_engine)
    other, by_other = make_encoder(sqlite_engine)
    texts = [f"shop number {n}" for n in range(20)]
    first = embedder.encode

    def slow(asked: Sequence[str]) -> np.ndarray:
        if len(embedder.asked) == 3:  # as the second part is to be computed, the other process has done the rest
            other.encode(texts)
        return first(asked)

    monkeypatch.setattr(embedder, "encode", slow)
    encoder.encode(texts)
    assert len(embedder.asked) + len(by_other.asked) <= 20 + 3


def test_many_texts_are_read_in_parts(sqlite_engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_AT_ONCE", 4)
    monkeypatch.setattr(module, "_KEPT", 3)
    encoder, embedder = make_encoder(sqlite_engine)
    texts = [f"shop number {n}" for n in range(10)]
    vectors = encoder.encode([*texts, *texts, None])
    np.testing.assert_array_equal(vectors[:10], vectors[10:20])
    np.testing.assert_array_equal(encoder.encode(texts[::-1]), vectors[:10][::-1])
    assert len(embedder.asked) == 10


def test_a_model_gets_the_vectors_it_learned_from(sqlite_engine: Engine) -> None:
    encoder = TextEncoder(sqlite_engine, Settings(embedding_engine="bfloat16"))
    assert encoder.of_kind("all-MiniLM-L6-v2+bf16") is encoder
    older = encoder.of_kind(None)
    assert older.key == "all-MiniLM-L6-v2"
    assert encoder.of_kind("all-MiniLM-L6-v2").key == older.key
    assert encoder.of_kind(None) is older
    plain = TextEncoder(sqlite_engine, Settings(embedding_engine="float32"))
    assert plain.of_kind(None) is plain
    assert plain.of_kind("all-MiniLM-L6-v2+bf16").key == encoder.key
    with pytest.raises(ArtefactInvalid, match="learned from vectors of other@0123"):
        plain.of_kind("other@0123").encode(["cloud"])
    assert as_learned(plain, kind_of(encoder)).key == encoder.key
    assert as_learned(encoder, {}).key == plain.key
    assert (as_learned(None, {}), kind_of(None)) == (None, {})
