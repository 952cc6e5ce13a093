"""Lists given under capacity and limits: exact against other solvers and against trying everything."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy.optimize import linear_sum_assignment

from intelligence.matching.assignment import allocate
from intelligence.matching.limits import GroupLimit, bounds_of

WORTH = st.floats(0.01, 1.0) | st.just(np.nan) | st.sampled_from([0.25, 0.5])
ROOM = st.sampled_from([0.0, 1.0, 2.0, np.inf])
CODES = st.integers(-1, 1)


def total(value: np.ndarray, chosen: np.ndarray) -> float:
    rows = np.flatnonzero(chosen >= 0)
    return float(value[rows, chosen[rows]].sum())


def keeps(value: np.ndarray, room: np.ndarray, chosen: np.ndarray) -> bool:
    rows = np.flatnonzero(chosen >= 0)
    load = np.bincount(chosen[rows], minlength=len(room))
    return bool(np.isfinite(value[rows, chosen[rows]]).all() and (load <= room).all())


def by_copies(value: np.ndarray, room: np.ndarray) -> float:
    """Total by the rectangular assignment problem with a column per place."""
    copies = np.minimum(room, len(value)).astype(int)
    gain = np.nan_to_num(value, nan=0.0)[:, np.repeat(np.arange(len(room)), copies)]
    rows, columns = linear_sum_assignment(gain, maximize=True)
    return float(gain[rows, columns].sum())


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_it_equals_the_assignment_problem(data: st.DataObject) -> None:
    n, p = data.draw(st.integers(1, 8)), data.draw(st.integers(1, 8))
    value = data.draw(arrays.arrays(np.float64, (n, p), elements=WORTH))
    room = data.draw(arrays.arrays(np.float64, p, elements=ROOM))
    found = allocate(value, room)
    assert keeps(value, room, found.given)
    assert found.value == pytest.approx(total(value, found.given))
    assert found.value == pytest.approx(by_copies(value, room), abs=1e-6)
    assert found.report.bound == pytest.approx(found.value, abs=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_pairs_beyond_the_first_columns_are_found(seed: int) -> None:
    rng = np.random.default_rng(seed)
    value = rng.uniform(size=(80, 400)) ** 0.2 + rng.uniform(size=400) * 3
    found = allocate(value, np.ones(400))
    assert found.value == pytest.approx(by_copies(value, np.ones(400)), abs=1e-6)


def test_nothing_to_give_and_nobody_to_give_to() -> None:
    for shape in ((0, 0), (3, 0), (0, 3)):
        found = allocate(np.zeros(shape), np.ones(shape[1]))
        assert found.given.tolist() == [-1] * shape[0]
        assert found.value == 0.0
    assert allocate(np.full((2, 2), np.nan), np.ones(2)).given.tolist() == [-1, -1]


def test_a_lead_that_is_worth_nothing_is_given_all_the_same() -> None:
    assert (allocate(np.zeros((3, 2)), np.array([2.0, np.inf])).given >= 0).all()


def within(limits: list[GroupLimit], placed: np.ndarray, chosen: np.ndarray) -> tuple[bool, int]:
    """Whether maxima hold, and by how many leads minima are missed."""
    most, short = True, 0
    for limit in limits:
        bounds = bounds_of(limit, placed)
        counts = bounds.counts(chosen)
        most &= bool((counts <= bounds.most).all())
        short += int(np.maximum(bounds.least - counts, 0).sum())
    return most, short


def by_trying(value: np.ndarray, room: np.ndarray, limits: list[GroupLimit], placed: np.ndarray) -> tuple[int, float]:
    """Fewest leads missing, then largest total, over every way to give the leads."""
    best = (10**6, 0.0)
    for way in product(range(-1, value.shape[1]), repeat=len(value)):
        chosen = np.array(way)
        if keeps(value, room, chosen):
            most, short = within(limits, placed, chosen)
            if most:
                best = min(best, (short, -total(value, chosen)))
    return best[0], -best[1]


@st.composite
def limited(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray, list[GroupLimit]]:
    n, p = draw(st.integers(1, 5)), draw(st.integers(1, 4))
    share = st.sampled_from([0.0, 0.2, 0.4, 0.6, 1.0])
    limits = []
    for _ in range(draw(st.integers(1, 3))):
        codes = draw(arrays.arrays(np.int64, p, elements=CODES))
        leads = draw(st.none() | arrays.arrays(np.bool_, n))
        least, most = sorted([draw(share), draw(share)])
        kind = draw(st.sampled_from(["both", "least", "most"]))
        limits.append(
            GroupLimit(codes, ("a", "b"), None if kind == "most" else least, None if kind == "least" else most, leads)
        )
    value = draw(arrays.arrays(np.float64, (n, p), elements=WORTH))
    return value, draw(arrays.arrays(np.float64, p, elements=ROOM)), limits


@settings(max_examples=60, deadline=None)
@given(limited())
def test_limits_hold_and_nothing_within_them_is_worth_more(
    drawn: tuple[np.ndarray, np.ndarray, list[GroupLimit]],
) -> None:
    value, room, limits = drawn
    placed = allocate(value, room).given
    found = allocate(value, room, limits)
    assert keeps(value, room, found.given)
    most, short = within(limits, placed, found.given)
    assert most
    assert (short, pytest.approx(found.value, abs=1e-6)) == by_trying(value, room, limits, placed)
    assert sum(group.missing for told in found.report.limits for group in told.groups) == short
    assert found.report.capacity.value >= found.value - 1e-6


@settings(max_examples=20, deadline=None)
@given(limited(), st.data())
def test_a_limits_cost_is_what_the_rest_would_be_worth(
    drawn: tuple[np.ndarray, np.ndarray, list[GroupLimit]], data: st.DataObject
) -> None:
    value, room, limits = drawn
    placed = allocate(value, room).given
    k = data.draw(st.integers(0, len(limits) - 1))
    found = allocate(value, room, limits)
    if any(told.missed for told in found.report.limits):
        return  # with a minimum less, another may be met instead
    _, without = by_trying(value, room, limits[:k] + limits[k + 1 :], placed)
    assert found.report.limits[k].cost == pytest.approx(without - found.value, abs=1e-6)


def test_crossing_limits_that_leave_fractions_are_solved_in_whole_leads() -> None:
    # Three groups of two partners each, crossing: the relaxation gives half a lead to each of the three.
    value = np.array([[1.0, 1.0, 1.0, 0.1]] * 3)
    limits = [
        GroupLimit(np.array(codes), (name,), most=1 / 3)
        for codes, name in (([0, 0, -1, -1], "ab"), ([-1, 0, 0, -1], "bc"), ([0, -1, 0, -1], "ac"))
    ]
    found = allocate(value, np.full(4, np.inf), limits)
    assert found.value == pytest.approx(1.2)
    assert found.report.bound == pytest.approx(1.65)


def test_prices_are_what_a_place_more_would_add() -> None:
    rng = np.random.default_rng(4)
    value, room = rng.uniform(size=(40, 12)), np.full(12, 2.0)
    found = allocate(value, room)
    for partner in range(12):
        more = allocate(value, room + (np.arange(12) == partner)).value - found.value
        fewer = found.value - allocate(value, room - (np.arange(12) == partner)).value
        assert more - 1e-6 <= found.prices[partner] <= fewer + 1e-6
    assert not allocate(value, np.full(12, np.inf)).prices.any()


def test_prices_of_a_minimum_that_is_missed_stay_within_what_pairs_are_worth() -> None:
    value = np.random.default_rng(5).uniform(size=(10, 4)) * [0.1, 1.0, 1.0, 1.0]
    newcomer = GroupLimit(np.array([0, -1, -1, -1]), ("newcomer",), least=0.5)
    found = allocate(value, np.array([2.0, np.inf, np.inf, np.inf]), [newcomer])
    told = found.report.limits[0]
    assert (told.missed, told.groups[0].missing, told.groups[0].leads) == (True, 3, 2)
    assert told.cost > 0
    assert np.abs(found.prices).max() <= value.max() + 1e-9
    assert np.abs(found.limit_prices).max() <= value.max() + 1e-9


def test_leads_that_take_up_no_room_go_to_full_partners() -> None:
    value = np.array([[0.9, 0.1], [0.8, 0.1]])
    found = allocate(value, np.array([1.0, 1.0]), uncapped=np.array([True, False]))
    assert found.given.tolist() == [0, 0]


def test_short_lists_are_not_stopped_by_shares_of_less_than_a_lead() -> None:
    codes = np.arange(3)
    limit = GroupLimit(codes, ("a", "b", "c"), least=0.1, most=0.2)
    bounds = bounds_of(limit, np.array([0, 1, 2, 0]))
    assert (bounds.least.tolist(), bounds.most.tolist()) == ([0, 0, 0], [1, 1, 1])
    assert bounds_of(GroupLimit(codes, ("a", "b", "c"), most=0.0), np.zeros(4, np.int64)).most.tolist() == [0, 0, 0]
