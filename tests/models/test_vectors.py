"""The vector index: exact cosines, ids of the caller's."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import ArtefactInvalid, InvalidInput
from models.vectors import VectorIndex


def make_vectors(n: int, seed: int = 3) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, 8)).astype(np.float32)


def make_index(n: int) -> VectorIndex:
    index = VectorIndex(8)
    index.add(np.arange(n) * 10, make_vectors(n))
    return index


def test_finds_what_brute_force_finds() -> None:
    vectors, queries = make_vectors(200), make_vectors(7, seed=4)
    ids, scores = make_index(200).search(queries, 5)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    cosines = (queries / np.linalg.norm(queries, axis=1, keepdims=True)) @ unit.T
    nearest = np.argsort(-cosines, axis=1)[:, :5]
    np.testing.assert_array_equal(ids, nearest * 10)
    np.testing.assert_allclose(scores, np.take_along_axis(cosines, nearest, 1), atol=1e-6)


def test_adding_an_id_again_replaces_it() -> None:
    index = make_index(3)
    index.add([10], [np.ones(8)])
    assert len(index) == 3
    assert index.search([np.ones(8)], 1)[0].tolist() == [[10]]


def test_removed_ids_are_not_found() -> None:
    index = make_index(4)
    assert index.remove([0, 20, 999]) == 2
    assert sorted(index.search(make_vectors(1), 4)[0][0].tolist()) == [-1, -1, 10, 30]


def test_zero_vectors_are_near_nothing() -> None:
    index = VectorIndex(2)
    index.add([1, 2], [[0, 0], [1, 0]])
    ids, scores = index.search([[0, 0], [1, 0]], 2)
    assert ids.tolist() == [[-1, -1], [2, -1]]
    assert np.isnan(scores[0]).all()


def test_an_empty_index_answers() -> None:
    assert VectorIndex(8).search(make_vectors(2), 3)[0].tolist() == [[-1] * 3] * 2
    assert VectorIndex(8).search(np.zeros((0, 8)), 3)[0].shape == (0, 3)


def test_saved_and_loaded_is_the_same(tmp_path: Path) -> None:
    index = make_index(20)
    index.save(tmp_path)
    loaded = VectorIndex.load(tmp_path)
    for before, after in zip(index.search(make_vectors(3), 4), loaded.search(make_vectors(3), 4), strict=True):
        np.testing.assert_array_equal(before, after)
    loaded.add([5], make_vectors(1))
    assert len(loaded) == 21


def test_damaged_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ArtefactInvalid, match="cannot be read"):
        VectorIndex.load(tmp_path)
    make_index(3).save(tmp_path)
    (tmp_path / "vectors.faiss").write_bytes(b"junk")
    with pytest.raises(ArtefactInvalid, match="cannot be read"):
        VectorIndex.load(tmp_path)


@pytest.mark.parametrize("bad", [np.ones((2, 3)), np.full((1, 8), np.nan)])
def test_bad_vectors_are_refused(bad: np.ndarray) -> None:
    with pytest.raises(InvalidInput):
        make_index(2).search(bad, 1)


def brute(stored: dict[int, np.ndarray], query: np.ndarray, k: int) -> np.ndarray:
    """Cosines of the nearest, the largest first."""
    vectors = np.array(list(stored.values())) if stored else np.zeros((0, 8))
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.sort(unit @ (query / np.linalg.norm(query)))[::-1][:k]


STEPS = st.lists(
    st.tuples(st.sampled_from(["add", "remove", "search"]), st.integers(0, 9), st.integers(1, 60)), max_size=12
)


@settings(max_examples=40, deadline=None)
@given(STEPS, st.sampled_from([10, 50, 10_000]))
def test_whatever_comes_and_goes_is_found(steps: list[tuple[str, int, int]], exact_up_to: int) -> None:
    index, stored = VectorIndex(8, exact_up_to=exact_up_to), {}
    for what, seed, n in steps:
        ids = np.arange(n) * 3 + seed * 20
        if what == "add":
            new = make_vectors(n, seed)
            index.add(ids, new)
            stored |= dict(zip(ids.tolist(), new, strict=True))
        elif what == "remove":
            assert index.remove(ids) == sum(stored.pop(int(id_), None) is not None for id_ in ids)
        assert len(index) == len(stored)
        query, k = make_vectors(1, seed + 50)[0], len(stored) + 2
        found, scores = index.search([query], k)  # all of them, so that lists may hide none
        assert sorted(found[0, : len(stored)].tolist()) == sorted(stored)
        assert (found[0, len(stored) :] == -1).all()
        assert np.isnan(scores[0, len(stored) :]).all()
        np.testing.assert_allclose(scores[0, : len(stored)], brute(stored, query, k), atol=1e-5)


def make_clusters(n: int, seed: int = 5) -> np.ndarray:
    rng = np.random.default_rng(seed)
    centres = np.random.default_rng(1).normal(size=(40, 8))
    return (centres[rng.integers(0, 40, n)] + rng.normal(size=(n, 8)) * 0.3).astype(np.float32)


def recall(index: VectorIndex, vectors: np.ndarray, k: int) -> float:
    exact = VectorIndex(8)
    exact.add(np.arange(len(vectors)), vectors)
    queries = make_clusters(50, 9)
    pairs = zip(index.search(queries, k)[0], exact.search(queries, k)[0], strict=True)
    return float(np.mean([np.isin(right, found).mean() for found, right in pairs]))


@pytest.mark.parametrize("make", [make_clusters, make_vectors])
def test_many_vectors_have_codes_and_are_found_all_the_same(make: Callable[..., np.ndarray]) -> None:
    vectors = make(12000)
    index = VectorIndex(8, exact_up_to=2000)
    index.add(np.arange(2000), vectors[:2000])
    assert index.is_exact
    index.add(np.arange(2000, 3000), vectors[2000:3000])
    assert (index.is_exact, index._learned_at) == (False, 3000)
    index.add(np.arange(3000, 12000), vectors[3000:])
    assert (len(index), index._codes.ntotal, index._learned_at) == (12000, 12000, 3000)
    assert recall(index, vectors, 200) >= 0.98
    more = make(1000, 6)
    index.add(np.arange(12000, 13000), more)
    assert index._learned_at == 13000
    assert recall(index, np.concatenate([vectors, more]), 20) >= 0.98


@pytest.mark.parametrize("dimension", [1, 2, 5, 8])
def test_codes_are_saved_loaded_and_learned_the_same_again(dimension: int, tmp_path: Path) -> None:
    def some(n: int, seed: int) -> np.ndarray:
        return np.random.default_rng(seed).normal(size=(n, dimension)).astype(np.float32)

    def made() -> VectorIndex:
        index = VectorIndex(dimension, exact_up_to=1000)
        index.add(np.arange(9000), some(9000, 1))
        index.remove(np.arange(0, 9000, 7))
        return index

    index, queries = made(), some(20, 2)
    index.save(tmp_path)
    loaded = VectorIndex.load(tmp_path)
    assert (loaded._widening, loaded._learned_at, loaded.is_exact) == (index._widening, 9000, False)
    for other in (loaded, made()):
        for before, after in zip(index.search(queries, 30), other.search(queries, 30), strict=True):
            np.testing.assert_array_equal(before, after)
            assert not np.isin(np.arange(0, 9000, 7), after).any()
    loaded.add([0], queries[:1])
    assert len(loaded) == len(index) + 1
    assert loaded.search(queries[:1], 1)[1][0, 0] == pytest.approx(1)
    good, meta = (tmp_path / "vectors.json").read_text(), tmp_path / "vectors.json"
    for damage in ("[]", "{}", good.replace(f'"n": {len(index)}', '"n": 3'), good.replace(": 9000", ': "many"')):
        meta.write_text(damage)
        with pytest.raises(ArtefactInvalid):
            VectorIndex.load(tmp_path)
    meta.write_text(good)
    (tmp_path / "codes.faiss").unlink()
    with pytest.raises(ArtefactInvalid, match="cannot be read"):
        VectorIndex.load(tmp_path)


def test_codes_of_another_index_are_refused(tmp_path: Path) -> None:
    for folder, n in (("one", 3000), ("other", 3100)):
        (tmp_path / folder).mkdir()
        index = VectorIndex(8, exact_up_to=1000)
        index.add(np.arange(n), make_clusters(n))
        index.save(tmp_path / folder)
    (tmp_path / "other" / "codes.faiss").replace(tmp_path / "one" / "codes.faiss")
    with pytest.raises(ArtefactInvalid, match="belong together"):
        VectorIndex.load(tmp_path / "one")


def test_an_index_of_an_earlier_version_is_read(tmp_path: Path) -> None:
    make_index(5).save(tmp_path)
    (tmp_path / "vectors.json").write_text('{"dimension": 8, "n": 5}')
    assert VectorIndex.load(tmp_path).is_exact


def test_codes_of_equal_vectors_do_no_harm() -> None:
    index = VectorIndex(2, exact_up_to=50)
    index.add(np.arange(3000), np.tile([[1.0, 2.0]], (3000, 1)))
    ids, scores = index.search([[1, 2]], 3000)
    assert sorted(ids[0].tolist()) == list(range(3000))
    np.testing.assert_allclose(index.search([[1, 2]], 5)[1], 1, atol=1e-6)
    np.testing.assert_allclose(scores, 1, atol=1e-6)


def test_codes_stay_right_while_vectors_come_and_go() -> None:
    index, vectors = VectorIndex(8, exact_up_to=1000), make_vectors(4000)
    index.add(np.arange(4000), vectors)
    stored, rng = dict(enumerate(vectors)), np.random.default_rng(4)
    for step in range(30):
        gone = rng.choice(np.array(list(stored)), 37, replace=False)
        assert index.remove(gone) == 37
        for id_ in gone.tolist():
            del stored[id_]
        new = make_vectors(11, 100 + step)
        index.add(5000 + 11 * step + np.arange(11), new)
        stored |= dict(enumerate(new, 5000 + 11 * step))
        ids, scores = index.search(new, 1)
        assert ids[:, 0].tolist() == list(range(5000 + 11 * step, 5011 + 11 * step))
        np.testing.assert_allclose(scores, 1, atol=1e-5)
    assert not index.is_exact
    found = [index.search([query], 50)[1][0] for query in make_vectors(20, 999)]
    right = [brute(stored, query, 50) for query in make_vectors(20, 999)]
    assert (
        np.mean([np.isin(one.round(5), other.round(5)).mean() for one, other in zip(found, right, strict=True)]) > 0.97
    )
