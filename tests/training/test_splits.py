"""Splits: nothing of the later part is known to the earlier one, and any size gets an answer."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.splits import MIN_TEST_ROWS, MIN_TRAIN_ROWS, rolling_cutoffs, split_at, time_split

START = np.datetime64("2024-01-01", "us")
DAY = np.timedelta64(1, "D")


def instants(days: list[int] | np.ndarray) -> np.ndarray:
    return START + np.asarray(days) * DAY


def test_time_split_leaves_out_one_horizon() -> None:
    as_of = instants(np.arange(200))
    split = time_split(as_of, as_of + 30 * DAY)
    assert (split.how, len(split.train) + len(split.test)) == ("time", 200 - 29)
    assert (as_of + 30 * DAY)[split.train].max() <= as_of[split.test].min() == split.cutoff
    assert len(split.test) / (len(split.train) + len(split.test)) == pytest.approx(0.25, abs=0.01)


def test_equal_dates_are_split_by_groups() -> None:
    as_of = instants(np.zeros(200, dtype=int))
    group = np.repeat(np.arange(40), 5)
    split = time_split(as_of, as_of + 30 * DAY, label=np.arange(200) % 2, group=group)
    assert (split.how, split.cutoff) == ("group", None)
    assert not set(group[split.train]) & set(group[split.test])
    assert len(split.test) == 50


def test_a_horizon_longer_than_the_history_is_split_by_groups() -> None:
    as_of = instants(np.arange(100))
    assert time_split(as_of, as_of + 365 * DAY).how == "group"


def test_few_rows_have_no_test_part() -> None:
    split = time_split(instants([1, 2, 3]), instants([2, 3, 4]))
    assert (split.how, split.train.tolist(), split.test.tolist()) == ("none", [0, 1, 2], [])
    assert split.sentence == "3 rows are too few to set some aside for a comparison"


def test_cutoffs_that_leave_one_class_are_avoided() -> None:
    as_of = instants(np.arange(400))
    label = (np.arange(400) < 250).astype(float)
    label[::7] = 1 - label[::7]
    label[280:] = 0.0
    split = time_split(as_of, as_of + DAY, label=label)
    assert split.how == "time"
    assert 0 < label[split.test].sum() < len(split.test)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 120), st.integers(1, 400), st.integers(1, 60), st.integers(0, 2**31))
def test_never_fails_and_never_leaks(n: int, span: int, horizon: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    as_of = instants(rng.integers(0, span, n))
    known_at = as_of + horizon * DAY
    group = rng.integers(0, 12, n)
    split = time_split(as_of, known_at, label=rng.integers(0, 2, n), group=group)
    assert not set(split.train) & set(split.test)
    if split.how == "time":
        assert known_at[split.train].max() <= as_of[split.test].min()
    if split.how == "group":
        assert not set(group[split.train]) & set(group[split.test])
    if split.how != "none":
        assert len(split.train) >= MIN_TRAIN_ROWS
        assert len(split.test) >= MIN_TEST_ROWS


def test_rolling_cutoffs_are_usable_and_ascending() -> None:
    as_of = instants(np.arange(300))
    known_at = as_of + 30 * DAY
    cutoffs = rolling_cutoffs(as_of, known_at, 4)
    assert len(cutoffs) == 4
    assert (np.diff(cutoffs) > np.timedelta64(0)).all()
    split = split_at(as_of, known_at, cutoffs[1], cutoffs[2])
    assert known_at[split.train].max() <= cutoffs[1]
    assert as_of[split.test].min() == cutoffs[1]
    assert as_of[split.test].max() < cutoffs[2]


def test_no_rolling_cutoffs_without_time() -> None:
    as_of = instants(np.zeros(100, dtype=int))
    assert len(rolling_cutoffs(as_of, as_of + DAY, 3)) == 0
    assert len(rolling_cutoffs(as_of[:0], as_of[:0], 3)) == 0
