"""The timeline against its definition, row by row."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intelligence.features.timeline import DAY_US, Timeline

EPOCH = np.datetime64("2024-01-01", "us")


def instants(days):
    return EPOCH + np.round(np.asarray(days, float) * DAY_US).astype("m8[us]")


event = st.tuples(
    st.integers(-1, 3), st.integers(0, 20), st.integers(-3, 12), st.floats(-1e6, 1e6, allow_nan=False, width=32)
)
query = st.tuples(st.integers(-1, 4), st.integers(-2, 34))


@settings(max_examples=150, deadline=None)
@given(st.lists(event, max_size=25), st.lists(query, min_size=1, max_size=12), st.integers(0, 12), st.integers(1, 4))
def test_every_answer_equals_the_definition(events, queries, days, nth):
    entity, occurred, lag, value = (np.array(column) for column in zip(*events, strict=True)) if events else ([],) * 4
    occurred_at = instants(occurred)
    known_at = occurred_at + np.asarray(lag, float).astype("m8[D]").astype("m8[us]")
    timeline = Timeline(entity, occurred_at, known_at, {"v": value})
    view = timeline.at([who for who, _ in queries], instants([when for _, when in queries]))
    got = view.count(days), view.count(), view.sum("v", days), view.instant(nth), view.value("v", nth), view.first()
    for row, (who, when) in enumerate(queries):
        own = sorted(
            ((o, order, v) for order, (e, o, g, v) in enumerate(events) if e == who >= 0 and max(o, o + g) <= when),
            key=lambda item: item[:2],
        )
        window = [v for o, _, v in own if when - days < o]
        latest = own[-nth] if len(own) >= nth else None
        assert got[0][row] == len(window)
        assert got[1][row] == len(own)
        assert got[2][row] == pytest.approx(sum(window), abs=1e-6)
        assert np.isnat(got[3][row]) if latest is None else got[3][row] == instants([latest[0]])[0]
        assert np.isnan(got[4][row]) if latest is None else got[4][row] == latest[2]
        assert np.isnat(got[5][row]) if not own else got[5][row] == instants([own[0][0]])[0]


def test_as_of_itself_counts_and_the_window_start_does_not():
    timeline = Timeline([1, 1], instants([0, 10]))
    assert timeline.at([1], instants([10])).count(10).tolist() == [1.0]
    assert timeline.at([1], instants([10])).count(10.001).tolist() == [2.0]


def test_sums_do_not_depend_on_other_rows():
    small = Timeline([1, 1], instants([0, 1]), values={"eur": [0.1, 0.2]})
    large = Timeline([0, 1, 1, 1], instants([0, 0, 1, 9]), values={"eur": [1e15 / 3, 0.1, 0.2, 1e12 / 7]})
    query = ([1], instants([5]))
    assert small.at(*query).sum("eur")[0] == large.at(*query).sum("eur")[0]


def test_an_event_without_time_or_entity_is_left_out():
    timeline = Timeline([-1, 2, 2], np.array(["2024-01-01", "NaT", "2024-01-03"], "M8[us]"))
    assert len(timeline) == 1
    assert timeline.at([2, -1], instants([30, 30])).count().tolist() == [1.0, 0.0]


def test_counting_since_an_instant_of_each_row():
    timeline = Timeline([1, 1, 1], instants([0, 5, 9]))
    assert timeline.at([1, 1], instants([10, 10])).count(since=instants([0, 5])).tolist() == [2.0, 1.0]
