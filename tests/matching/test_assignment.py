"""Lists given under capacity and limits: exact against other solvers and against trying everything."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy.optimize import linear_sum_assignment

from intelligence.matching.assignment import allocate

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
