"""The baseline of churn: bands of silence that never fall."""

import numpy as np
import pytest

from models.recency import RecencyBands

SILENCE = np.array([0.0, 1.0, 5.0, 20.0, 40.0, 100.0, 300.0, 1000.0])


@pytest.mark.parametrize("seed", range(5))
def test_more_silence_is_never_less_risk(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(0, 60))
    found = RecencyBands().fit(rng.uniform(0, 400, n), rng.integers(0, 2, n).astype(float)).predict(SILENCE)
    assert (np.diff(found.p) >= -1e-12).all()
    assert ((found.low <= found.p) & (found.p <= found.high)).all()


def test_bands_without_rows_follow_the_curve():
    found = RecencyBands().fit([1, 2, 3, 40, 50], [0, 0, 0, 1, 1]).predict([1.0, 10.0, 45.0, 200.0]).p
    assert (np.diff(found) > 0.05).all()


def test_many_rows_decide_themselves():
    days, event = np.repeat([2.5, 35.0], 5_000), np.tile([1.0, 0.0, 0.0, 0.0, 0.0], 2_000)
    event[5_000:] = np.tile([1.0, 1.0, 1.0, 0.0, 0.0], 1_000)
    np.testing.assert_allclose(RecencyBands().fit(days, event).predict([2.5, 35.0]).p, [0.2, 0.6], atol=0.01)


def test_falling_rates_are_pooled():
    days, event = (
        np.repeat([2.5, 35.0], 1_000),
        np.concatenate([np.tile([1.0, 0.0], 500), np.tile([1.0, 0, 0, 0], 250)]),
    )
    p = RecencyBands().fit(days, event).predict([2.5, 35.0]).p
    assert p[0] == pytest.approx(p[1])
    assert p[0] == pytest.approx(0.375, abs=0.02)


def test_nobody_at_all():
    found = RecencyBands().fit([], []).predict([1.0, 400.0, np.nan])
    assert found.p[0] < 0.5 < found.p[1]
    assert found.p[2] == pytest.approx(0.5)
