"""Small worlds in which the true probabilities are known."""

import numpy as np
import pandas as pd
from scipy.special import expit


def world(rows: int, *, seed: int = 0, kind: str = "linear"):
    """A frame with known probabilities: y ~ Bernoulli(p), days ascending over two years."""
    random = np.random.default_rng(seed)
    X = pd.DataFrame(random.standard_normal((rows, 5)), columns=list("abcde"))
    level = random.integers(0, 5, rows)
    z = -1 + 0.8 * X["a"] - 0.5 * X["b"] + 0.6 * (level == 2)
    if kind == "steps":
        z = -1.5 + 1.8 * (X["a"] > 0.3) * (X["b"] > 0) + 0.9 * np.abs(X["c"])
    X["d"] = np.exp(2 * X["d"])
    X.loc[random.random(rows) < 0.1, "c"] = np.nan
    X["segment"] = pd.Categorical([f"s{i}" for i in level])
    p = expit(z.to_numpy())
    days = np.sort(random.integers(0, 720, rows))
    as_of = pd.Series(np.datetime64("2023-01-01", "us") + days.astype("timedelta64[D]"))
    return X, (random.random(rows) < p).astype(float), p, as_of
