"""Learning curves on a small data set with a known signal."""

from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.learning import BASELINES, Case, curve, picture, segment_rate, table
from training.dataset import Dataset


def data(n: int, seed: int) -> Dataset:
    rng = np.random.default_rng(seed)
    word = rng.choice(["x", "y"], n)
    number = rng.normal(size=n)
    label = (rng.random(n) < 1 / (1 + np.exp(-2.0 * (word == "x") - number))).astype(float)
    at = np.datetime64("2024-01-01", "us") + np.arange(n).astype("timedelta64[h]")
    features = pd.DataFrame({"word": pd.Categorical(word), "number": number, "gap": np.nan})
    return Dataset(features, label, at, at + np.timedelta64(30, "D"), np.arange(n), 30)


def test_curve_falls_with_outcomes_and_starts_from_nothing(tmp_path: Path) -> None:
    found = curve(Case("made", data(300, 1), data(400, 2)), (0, 10, 300, 10_000), draws=2)
    assert sorted(found["n"].unique()) == [0, 10, 300]
    assert set(found["method"]) == {"allywise", *BASELINES}
    ours = found[found["method"] == "allywise"].set_index("n")["loss"]
    assert abs(ours[0] - np.log(2)) < 1e-9
    assert ours[300] < 0.58
    picture(found, tmp_path / "curve.svg")
    assert (tmp_path / "curve.svg").read_text().startswith("<?xml")
    assert len(table(found).splitlines()) == 5


def test_segment_rate_picks_the_column_that_tells() -> None:
    train, test = data(400, 3), data(50, 4)
    p = segment_rate(train, test)
    word = test.features["word"].astype(str).to_numpy()
    assert p[word == "x"].min() > p[word == "y"].max() + 0.2
