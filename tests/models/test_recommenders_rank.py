"""The blend of rankers by lists and by rows, with trees of two sizes."""

from pathlib import Path

import numpy as np

from models.recommenders_lists import RankedLists, list_quality
from models.recommenders_rank import BLEND, Ranker, choose_ranker, refit

COLUMNS = ("taste", "newest")


def lists(n_lists: int, seed: int, size: int = 8) -> RankedLists:
    """One right item a list: the one that is to the taste, and the newer (lower) the better."""
    random = np.random.default_rng(seed)
    features = random.normal(size=(n_lists * size, 2)).astype(np.float32)
    noisy = features[:, 0] - features[:, 1] + 0.5 * random.normal(size=len(features))
    label = np.zeros((n_lists, size), dtype=np.float32)
    label[np.arange(n_lists), noisy.reshape(n_lists, size).argmax(axis=1)] = 1.0
    ones = np.ones(n_lists, dtype=np.int64)
    return RankedLists(features, label.ravel(), size * ones, ones)


def fitted() -> Ranker:
    chosen = choose_ranker(lists(150, 1), lists(60, 2), COLUMNS, ("taste", "-newest"), seed=3, threads=1)
    return refit(chosen, lists(210, 4), seed=3, threads=1)


def test_all_members_are_blended_whichever_did_best_on_the_later_lists() -> None:
    ranker = fitted()
    assert ranker.choice == BLEND
    assert set(ranker.trees) == {"lambdarank", "binary"}
    late = lists(100, 5)
    by_taste = float(list_quality(late.features[:, 0].astype(np.float64), late)[1].mean())
    assert float(list_quality(ranker.score(late.features, 1), late)[1].mean()) > by_taste + 0.05


def test_saved_members_score_the_same(tmp_path: Path) -> None:
    ranker, late = fitted(), lists(20, 6)
    loaded = Ranker.load(tmp_path, COLUMNS, ranker.save(tmp_path))
    assert np.array_equal(loaded.score(late.features, 1), ranker.score(late.features, 1))
    assert np.allclose(
        ranker.contributions(late.features).sum(axis=1) - ranker.score(late.features, 1),
        (ranker.contributions(late.features).sum(axis=1) - ranker.score(late.features, 1))[0],
    )


def test_a_column_that_is_surely_better_ranks_alone() -> None:
    early, late = lists(60, 7), lists(60, 2)
    # What was engaged with has turned: trees know the opposite of what holds now.
    turned, told = (
        RankedLists(np.column_stack([side * of.label, of.features[:, 1]]), of.label, of.sizes, of.relevant)
        for side, of in ((np.float32(-1), early), (np.float32(1), late))
    )
    chosen = choose_ranker(turned, told, COLUMNS, ("taste",), seed=3, threads=1)
    assert chosen.choice == "taste"
    assert not refit(chosen, told, seed=3, threads=1).trees
