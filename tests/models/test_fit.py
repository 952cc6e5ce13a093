"""Look-alikes: who is nearest, whatever the numbers are."""

import numpy as np
import pandas as pd
import pytest

from models.amount import AmountModel
from models.fit import WAITING, FitModel, LookAlikes, Waiting
from models.probability import ProbabilityModel


def companies(n: int = 60) -> pd.DataFrame:
    random = np.random.default_rng(1)
    return pd.DataFrame(
        {
            "employees": np.exp(random.normal(3, 1.2, n)),
            "kind": pd.Categorical(random.choice(["msp", "agency", "isv"], n)),
            **{f"text_{k}": random.normal(0, 1 / k, n) for k in range(1, 13)},
        }
    )


def test_the_nearest_of_a_company_is_itself_also_after_loading(tmp_path):
    frame = companies()
    index = LookAlikes().fit(frame, np.arange(100, 160))
    index.save(tmp_path)
    for found in (index, LookAlikes.load(tmp_path)):
        assert [row[0] for row in found.nearest(frame, 3)] == list(range(100, 160))


def test_numbers_beyond_reason_stay_one_number_among_others():
    frame = companies()
    frame.loc[0, "employees"] = 1e300
    frame["balance"] = np.where(np.arange(60) % 2, -1e300, 1e200)
    found = LookAlikes().fit(frame, np.arange(60)).nearest(frame, 1)
    assert [row[0] for row in found] == list(range(60))


def test_sizes_are_compared_by_their_ratio():
    frame = pd.DataFrame({"employees": [10.0, 12.0, 40.0, 60.0, 90.0, 130.0, 2_000.0, 9_000.0]})
    near = LookAlikes().fit(frame, np.arange(8)).nearest(pd.DataFrame({"employees": [300.0]}), 2)
    assert near == [[5, 4]]


def test_a_long_text_does_not_drown_the_other_columns():
    frame = companies()
    index = LookAlikes().fit(frame, np.arange(60))
    assert (index._vectors(frame)[:, 1:13].var(axis=0).sum()) == pytest.approx(6, rel=0.1)


def fitted(delays: np.ndarray) -> tuple[FitModel, pd.DataFrame]:
    random = np.random.default_rng(5)
    frame = pd.DataFrame({"staff": random.normal(size=400)})
    y = (random.random(400) < 1 / (1 + np.exp(-frame["staff"]))).astype(float)
    days = pd.Series(pd.date_range("2024-01-01", periods=400, freq="D"))
    p = ProbabilityModel(threads=1, members=1).fit(frame, y, as_of=days)
    amount = AmountModel(threads=1).fit(frame, np.full(400, 10.0))
    return FitModel(p, amount, None, [], {}, horizon_days=365, base_rate=0.5, delays=delays), frame.head(5)


def test_the_longer_without_a_win_the_less_likely_one_within_the_horizon(tmp_path):
    model, frame = fitted(np.arange(1.0, 301.0))
    start = model.predict(frame)
    found = [model.predict(frame.assign(**{WAITING: days})) for days in (np.nan, 10.0, 150.0, 290.0, 365.0, 900.0)]
    assert np.array_equal(found[0].p, start.p)
    p = np.array([prediction.p for prediction in found])
    assert (np.diff(p[1:5], axis=0) < 0).all()
    assert (p[-1] < 0.01).all()
    share = (150 + 10 * (1 - 150 / 365)) / 310
    assert p[2] == pytest.approx(start.p * share / (1 - start.p + start.p * share))
    for prediction in found:
        assert ((prediction.low <= prediction.p) & (prediction.p <= prediction.high)).all()
    model.save(tmp_path)
    waited = frame.assign(**{WAITING: 150.0})
    assert np.array_equal(FitModel.load(tmp_path).predict(waited).p, p[2])
    assert (model.expected_revenue(waited) < model.expected_revenue(frame)).all()


def test_a_wait_is_a_factor_of_its_own():
    model, frame = fitted(np.arange(1.0, 301.0))
    waited = frame.assign(**{WAITING: [np.nan, 30.0, 200.0, 364.0, 500.0]})
    factors = model.explain(waited)
    z = factors.base + factors.contributions.sum(axis=1)
    p = model.predict(waited).p
    assert z.to_numpy() == pytest.approx(np.log(p / (1 - p)), abs=1e-6)
    assert factors.contributions[WAITING].tolist() == pytest.approx(model.waiting.shift(waited[WAITING]).tolist())


def test_few_delays_count_beside_evenly_spread_ones_and_none_means_no_knowledge_but_the_horizon():
    assert np.exp(Waiting([], 100).shift([0.0, 50.0, 100.0])).tolist() == pytest.approx([1.0, 0.5, 0.001])
    early = np.exp(Waiting(np.full(10, 5.0), 100).shift([50.0]))[0]
    assert early == pytest.approx(0.25)
