"""Models that are taught true probabilities find what the features tell, and no more."""

import numpy as np
import pandas as pd
from scipy.special import expit

from benchmarks.ceiling import taught
from benchmarks.expected import expected_auc


def test_what_features_tell_is_found_and_what_they_do_not_is_not():
    rng = np.random.default_rng(1)
    seen, hidden = rng.normal(size=600), rng.normal(size=600)
    frame = pd.DataFrame({"seen": seen, "word": pd.Categorical(np.where(seen > 0, "a", "b"))})
    group = np.arange(600) // 2
    told, half = (taught(frame, p, group) for p in (expit(seen), expit(seen + 2 * np.repeat(hidden[:300], 2))))
    assert expected_auc(told["both"], expit(seen)) > expected_auc(seen, seen * 0 + expit(seen)) - 0.01
    p = expit(seen + 2 * np.repeat(hidden[:300], 2))
    assert expected_auc(half["both"], p) < expected_auc(p, p) - 0.05
