"""Small worlds in which the true probabilities are known."""

import numpy as np
import pandas as pd
from scipy.special import expit

STORIES = ("linear", "steps", "groups", "drift", "noise", "weak")


def world(rows: int, *, seed: int = 0, kind: str = "linear", hidden: float = 0.0):
    """A frame with known probabilities: y ~ Bernoulli(p), days ascending over two years.

    ``hidden`` is the standard deviation of log-odds that no column carries; see ``STORIES`` for the kinds.
    """
    random = np.random.default_rng(seed)
    X = pd.DataFrame(random.standard_normal((rows, 5)), columns=list("abcde"))
    level = random.integers(0, 5, rows)
    z = -1 + 0.8 * X["a"] - 0.5 * X["b"] + 0.6 * (level == 2)
    if kind == "steps":
        z = -1.5 + 1.8 * (X["a"] > 0.3) * (X["b"] > 0) + 0.9 * np.abs(X["c"])
    if kind == "weak":
        z = -0.5 + 0.3 * X["a"] + 0.2 * X["b"]
    X["d"] = np.exp(2 * X["d"])
    X.loc[random.random(rows) < 0.1, "c"] = np.nan
    X["segment"] = pd.Categorical([f"s{i}" for i in level])
    days = np.sort(random.integers(0, 720, rows))
    if kind == "drift":
        z = z + 0.8 * days / 720
    if kind == "noise":
        X = pd.concat([X, pd.DataFrame(random.standard_normal((rows, 25))).add_prefix("noise_")], axis=1)
    extra = random.standard_normal(rows)
    if kind == "groups":
        extra = extra[random.integers(0, max(rows // 8, 1), rows)]
    p = expit((z + hidden * extra).to_numpy())
    as_of = pd.Series(np.datetime64("2023-01-01", "us") + days.astype("timedelta64[D]"))
    return X, (random.random(rows) < p).astype(float), p, as_of
