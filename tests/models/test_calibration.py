"""Platt scaling: finds what is wrong when there are rows, leaves alone when there are few."""

import numpy as np
import pytest
from scipy.special import expit

from models.calibration import Platt, fit_platt


def held_out(rows: int, *, slope: float, shift: float, seed: int = 0):
    random = np.random.default_rng(seed)
    z = random.normal(-1, 1.2, rows)
    return z, (random.random(rows) < expit(-1 + shift + slope * (z + 1))).astype(float), np.ones(rows)


@pytest.mark.parametrize(("slope", "shift"), [(0.6, 0.3), (1.5, -0.4)])
def test_finds_slope_and_shift(slope: float, shift: float):
    platt = fit_platt(*held_out(20_000, slope=slope, shift=shift))
    assert platt.slope == pytest.approx(slope, rel=0.05)
    assert platt.shift == pytest.approx(shift, abs=0.05)


def test_few_rows_stay_near_the_identity_and_say_so():
    few = fit_platt(*held_out(8, slope=0.5, shift=1.0))
    many = fit_platt(*held_out(8_000, slope=0.5, shift=1.0))
    assert abs(np.log(few.slope)) < 0.35
    assert few.log_slope_variance > 10 * many.log_slope_variance
    none = fit_platt(np.empty(0), np.empty(0), np.empty(0))
    assert (none.slope, none.shift) == (1.0, 0.0)


def test_never_turns_the_order_around():
    z, y, weight = held_out(3_000, slope=-1.0, shift=0.0)
    assert fit_platt(z, y, weight).slope > 0


def test_only_part_of_the_shift_is_kept_when_asked():
    rows = held_out(5_000, slope=1.0, shift=0.8)
    assert fit_platt(*rows, keep_shift=0.25).shift == pytest.approx(0.25 * fit_platt(*rows).shift)


def test_variance_grows_away_from_the_centre_and_json_returns():
    platt = fit_platt(*held_out(300, slope=1.0, shift=0.0))
    near, far = platt.variance(np.array([platt.centre, platt.centre + 3]))
    assert far > near > 0
    assert Platt.from_json(platt.to_json()) == platt
