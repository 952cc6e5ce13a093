"""The timeline against its definition, row by row."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from intelligence.features import late, timeline
from intelligence.features.timeline import DAY_US, Timeline

EPOCH = np.datetime64("2024-01-01", "us")


def instants(days):
    return EPOCH + np.round(np.asarray(days, float) * DAY_US).astype("m8[us]")


event = st.tuples(
    st.integers(-1, 3), st.integers(0, 20), st.integers(-3, 12), st.floats(-1e6, 1e6, allow_nan=False, width=32)
)
query = st.tuples(st.integers(-1, 4), st.integers(-2, 34))


PATHS = {"as it chooses": {}, "bisect": {"worth": 0}, "count": {"worth": 1_000}, "matrix": {"room": -1_000}}


@pytest.mark.parametrize("path", PATHS)
@settings(max_examples=120, deadline=None)
@given(st.lists(event, max_size=25), st.lists(query, min_size=1, max_size=12), st.integers(0, 12), st.integers(1, 4))
def test_every_answer_equals_the_definition(path, events, queries, days, nth):
    with pytest.MonkeyPatch.context() as patch:
        chosen = PATHS[path]
        patch.setattr(timeline, "_WORTH", chosen.get("worth", timeline._WORTH))
        patch.setattr(late, "ROOM_A_ROW", chosen.get("room", late.ROOM_A_ROW))
        agree_with_the_definition(events, queries, days, nth)


def agree_with_the_definition(events, queries, days, nth):
    entity, occurred, lag, value = (np.array(column) for column in zip(*events, strict=True)) if events else ([],) * 4
    occurred_at = instants(occurred)
    known_at = occurred_at + np.asarray(lag, float).astype("m8[D]").astype("m8[us]")
    line = Timeline(entity, occurred_at, known_at, {"v": value})
    view = line.at([who for who, _ in queries], instants([when for _, when in queries]))
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
    line = Timeline([1, 1], instants([0, 10]))
    assert line.at([1], instants([10])).count(10).tolist() == [1.0]
    assert line.at([1], instants([10])).count(10.001).tolist() == [2.0]


def test_sums_do_not_depend_on_other_rows():
    small = Timeline([1, 1], instants([0, 1]), values={"eur": [0.1, 0.2]})
    large = Timeline([0, 1, 1, 1], instants([0, 0, 1, 9]), values={"eur": [1e15 / 3, 0.1, 0.2, 1e12 / 7]})
    query = ([1], instants([5]))
    assert small.at(*query).sum("eur")[0] == large.at(*query).sum("eur")[0]


def test_an_event_without_time_or_entity_is_left_out():
    line = Timeline([-1, 2, 2], np.array(["2024-01-01", "NaT", "2024-01-03"], "M8[us]"))
    assert len(line) == 1
    assert line.at([2, -1], instants([30, 30])).count().tolist() == [1.0, 0.0]


def test_counting_since_an_instant_of_each_row():
    line = Timeline([1, 1, 1], instants([0, 5, 9]))
    assert line.at([1, 1], instants([10, 10])).count(since=instants([0, 5])).tolist() == [2.0, 1.0]


def test_many_rows_of_few_instants_answer_as_each_alone():
    draw = np.random.default_rng(3)
    occurred = draw.integers(0, 400, 3_000)
    line = Timeline(
        draw.integers(0, 40, 3_000) * 1_000_003,
        instants(occurred),
        instants(occurred + draw.choice([0, 0, 3, 90], 3_000)),
        {"eur": draw.normal(size=3_000).round(2)},
    )
    entity, as_of = np.tile(np.arange(-1, 42) * 1_000_003, 12), np.repeat(instants(30 * np.arange(12)), 43)
    together = line.at(entity, as_of)
    mixed = draw.permutation(len(entity))
    apart = line.at(entity[mixed], as_of[mixed])
    for answer in (
        lambda view: view.count(),
        lambda view: view.count(90),
        lambda view: view.sum("eur", 365),
        lambda view: view.instant(3),
        lambda view: view.value("eur"),
        lambda view: view.first(),
    ):
        np.testing.assert_array_equal(answer(together)[mixed], answer(apart))


def test_an_end_that_is_not_known_means_without_end():
    line = Timeline([1, 1], instants([0, 5]), instants([0, 9]))
    view = line.at([1, 1], np.array(["NaT", "2024-01-07"], "M8[us]"))
    assert view.count().tolist() == [2.0, 1.0]
    assert view.count(since=np.array(["NaT", "NaT"], "M8[us]")).tolist() == [0.0, 0.0]
