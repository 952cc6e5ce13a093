import json
from pathlib import Path

import numpy as np

from models.recommenders_lists import RankedLists, column_score, list_quality
from models.recommenders_plain import Plain, choose_plain
from models.recommenders_rank import Ranker, choose_ranker, refit

COLUMNS = ("is_offer", "taste", "newest")


def lists(n_lists: int, *, offer: bool, seed: int = 1, size: int = 10) -> RankedLists:
    """One right item a list: of assets the one that is to the taste, of offers the newest (lowest) one, mostly."""
    random = np.random.default_rng(seed)
    features = random.normal(size=(n_lists * size, 3)).astype(np.float32)
    features[:, 0] = offer
    signal = -features[:, 2] if offer else features[:, 1]
    noisy = (signal + 0.3 * random.normal(size=len(signal))).reshape(n_lists, size)
    label = np.zeros((n_lists, size), dtype=np.float32)
    label[np.arange(n_lists), noisy.argmax(axis=1)] = 1.0
    ones = np.ones(n_lists, dtype=np.int64)
    return RankedLists(features, label.ravel(), size * ones, ones)


def joined(first: RankedLists, second: RankedLists) -> RankedLists:
    names = ("features", "label", "sizes", "relevant")
    return RankedLists(*(np.concatenate([getattr(first, name), getattr(second, name)]) for name in names))


def ndcg(score: np.ndarray, of: RankedLists) -> float:
    return float(list_quality(score, of)[1].mean())


def test_trees_that_are_clearly_better_stay_alone() -> None:
    offers = lists(80, offer=True)
    trees = -offers.features[:, 2].astype(np.float64)
    assert choose_plain(trees, offers, COLUMNS, ("taste",)) is None


def test_a_kind_that_trees_order_badly_goes_by_its_column() -> None:
    offers = lists(80, offer=True)
    wrong = offers.features[:, 1].astype(np.float64)
    found = choose_plain(wrong, offers, COLUMNS, ("taste", "-newest"))
    assert found is not None
    assert (found.column, found.share) == ("-newest", 1.0)
    alone = ndcg(column_score(offers.features, "-newest", COLUMNS), offers)
    assert ndcg(found.mixed(wrong, offers.features, COLUMNS), offers) == alone


def test_too_few_lists_change_nothing() -> None:
    offers = lists(10, offer=True)
    assert choose_plain(np.zeros(100), offers, COLUMNS, ("-newest",)) is None


def test_a_column_keeps_the_level_of_the_trees_and_puts_the_unknown_last() -> None:
    features = np.array([[1, 0, 3], [1, 0, 1], [1, 0, np.nan]], dtype=np.float32)
    plain = Plain("-newest", 1.0).fitted(np.array([4.0, 6.0, 5.0]), features, COLUMNS)
    assert plain.trees[0] == 5.0
    part = plain.part(features, COLUMNS)
    assert np.argsort(-part).tolist() == [1, 0, 2]
    assert abs(part[:2].mean() - 5.0) < 1e-9
    assert Plain.from_dict(json.loads(json.dumps(plain.as_dict()))) == plain


def test_only_the_kind_is_ordered_otherwise_and_saved_with_it(tmp_path: Path) -> None:
    early = joined(lists(150, offer=False), lists(1, offer=True, seed=2))
    late_assets, late_offers = lists(60, offer=False, seed=3), lists(60, offer=True, seed=4)
    chosen = choose_ranker(
        early,
        joined(late_assets, late_offers),
        COLUMNS,
        ("-newest",),
        kinds={"0": late_assets, "1": late_offers},
        seed=1,
        threads=1,
    )
    assert chosen.choice != "-newest"
    ranker = refit(chosen, early, seed=1, threads=1)
    assert ranker.plain["1"].column == "-newest"
    score = ranker.score(late_offers.features, 1)
    assert ndcg(score, late_offers) > 0.8
    data = json.loads(json.dumps(ranker.save(tmp_path)))
    loaded = Ranker.load(tmp_path, COLUMNS, data)
    assert np.array_equal(loaded.score(late_offers.features, 1), score)
    moved = ranker.contributions(late_offers.features)
    assert moved[:, 2].std() > moved[:, 1].std()
