"""The vector index: exact cosines, ids of the caller's."""

from pathlib import Path

import numpy as np
import pytest

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
