import numpy as np
import pytest
from scipy import sparse

from models.recommenders_content import tastes, whiten


def world(seed: int = 4) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Items about one of two themes under much common wording; partner n likes theme n % 2, its profile says which."""
    random = np.random.default_rng(seed)
    theme = np.arange(40) % 2
    vectors = 5.0 + 0.3 * random.normal(size=(40, 6))
    vectors[:, 0] += np.where(theme == 0, 0.5, -0.5)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    liked = np.arange(30) % 2
    chance = np.where(theme[None, :] == liked[:, None], 0.5, 0.1)
    chance[24:] = 0.0  # without history
    engaged = (random.random((30, 40)) < chance).astype(np.float32)
    profiles = np.stack([liked == 0, liked == 1], axis=1).astype(np.float64)
    return vectors.astype(np.float32), engaged, profiles


def test_own_taste_is_seen_through_common_wording() -> None:
    vectors, engaged, profiles = world()
    space = whiten(vectors, engaged.sum(axis=0))
    assert space is not None
    found = space.score(tastes(space, sparse.csr_array(engaged), profiles).own[:24])
    same = (np.arange(40) % 2)[None, :] == (np.arange(24) % 2)[:, None]
    assert found[same].mean() > 0.15
    assert found[~same].mean() < -0.15


def test_who_has_no_history_gets_the_taste_of_its_peers() -> None:
    vectors, engaged, profiles = world()
    space = whiten(vectors, engaged.sum(axis=0))
    assert space is not None
    learned = tastes(space, sparse.csr_array(engaged), profiles)
    assert not learned.own[24:].any()
    assert np.allclose(learned.both[24:], learned.peers[24:])
    found = space.score(learned.both[24:])
    same = (np.arange(40) % 2)[None, :] == (np.arange(24, 30) % 2)[:, None]
    assert found[same].mean() > found[~same].mean() + 0.3
    without = tastes(space, sparse.csr_array(engaged), profiles[:, :0])
    assert not without.peers.any()


def test_items_that_nobody_engaged_with_change_nothing() -> None:
    vectors, engaged, _ = world()
    wide = np.vstack([vectors, np.zeros((2, 6), np.float32)])
    wide = np.hstack([wide, np.zeros((42, 1), np.float32)])
    wide[41, 6] = 1.0  # a trait that only an unread item has
    narrow, broad = whiten(vectors, engaged.sum(axis=0)), whiten(wide, np.append(engaged.sum(axis=0), [0.0, 0.0]))
    assert narrow is not None
    assert broad is not None
    own = tastes(narrow, sparse.csr_array(engaged), np.zeros((30, 0))).own
    grown = tastes(broad, sparse.csr_array(np.hstack([engaged, np.zeros((30, 2))])), np.zeros((30, 0))).own
    assert np.allclose(narrow.score(own), broad.score(grown)[:, :40], rtol=1e-4, atol=1e-5)
    assert np.isnan(broad.score(grown)[:, 40]).all()


@pytest.mark.parametrize("vectors", [np.zeros((3, 0)), np.zeros((3, 4)), np.ones((3, 4))])
def test_no_content_is_no_space(vectors: np.ndarray) -> None:
    assert whiten(vectors.astype(np.float32), np.ones(3, np.float32)) is None
    assert whiten(np.eye(3, dtype=np.float32), np.zeros(3, np.float32)) is None
