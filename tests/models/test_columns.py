"""Features as arrays answer for the frame of the same columns."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import FeatureSetMismatch
from models.columns import Columns, coded, joined
from models.frame import Schema

numbers = st.sampled_from([np.nan, np.inf, -np.inf, 0.0, 1.5, -3.0])
words = st.sampled_from([None, "a", "b", "ç", "unseen"])
rows = st.lists(st.tuples(numbers, words, numbers, words), min_size=1, max_size=20)


def columns(given: list[tuple]) -> Columns:
    first, one, second, two = zip(*given, strict=True)
    codes = [coded(list(texts)) for texts in (one, two)]
    matrix = np.array([first, second], dtype=np.float64).T
    places = np.stack([places for places, _ in codes], axis=1)
    return Columns(matrix, ("x", "y"), places, ("u", "v"), [levels for _, levels in codes], ("x", "u", "y", "v"))


def frame(given: list[tuple]) -> pd.DataFrame:
    first, one, second, two = (list(each) for each in zip(*given, strict=True))
    return pd.DataFrame({"x": first, "u": pd.Categorical(one), "y": second, "v": pd.Categorical(two)})


@given(rows, rows)
@settings(max_examples=40, deadline=None)
def test_a_model_sees_the_same_in_both(fitted, asked):
    schema = Schema.learn(frame(fitted * 3))
    by_array, by_frame = schema.table(columns(asked)), schema.table(frame(asked))
    np.testing.assert_array_equal(by_array.numbers, by_frame.numbers)
    np.testing.assert_array_equal(by_array.codes, by_frame.codes)
    pd.testing.assert_frame_equal(columns(asked).frame().astype(object), frame(asked).astype(object))


@given(rows, rows)
@settings(max_examples=20, deadline=None)
def test_parts_are_joined_whatever_their_levels(one, two):
    whole = list(joined([columns(one), columns(two)]).rows(missing=None))
    assert whole == list(columns(one + two).rows(missing=None))


def test_a_column_that_is_missing_or_of_another_kind_is_told():
    schema = Schema.learn(frame([(1.0, "a", 2.0, "b")] * 3))
    few = columns([(1.0, "a", 2.0, "b")])
    lacking = Columns(few.numbers[:, :1], ("x",), few.codes, few.word_names, few.levels, ("x", "u", "v"))
    with pytest.raises(FeatureSetMismatch, match="y"):
        schema.table(lacking)
    other = Columns(few.numbers, ("x", "u"), few.codes, ("y", "v"), few.levels, ("x", "y", "u", "v"))
    with pytest.raises(FeatureSetMismatch, match="numeric in the fit"):
        schema.table(other)
