"""What moved p_engage, by group of features: few factors that a person understands and that add up."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import logit

from intelligence.features.item_columns import ITEM_FEATURES, PARTNER_FEATURES
from intelligence.features.item_features import FEATURES
from intelligence.features.item_pairs import PAIR_FEATURES

Doubles = npt.NDArray[np.float64]

SENTENCES = {
    "demand": "How many partners engaged with it, and how lately",
    "age": "How long it is out, against what you usually choose",
    "taste": "How close it is to what you engaged with and to what you do",
    "peers": "What partners like you choose",
    "activity": "How active you are",
    "kind": "What kind of item it is, and for whom",
    "place": "Its place in the list, and the length of the horizon",
}
"""One sentence for each group of factors."""

_AGE = ("item_log_age", "item_rank_newest", "age_gap", "age_fit", "order_gap", "passed_over", "item_log_days_left")
_TASTE = ("own_", "text_", "taste_own", "taste_recent", "taste_both", "author_read", "product_deals")
_PEERS = ("knn_", "follow_", "factor_", "reader_gap", "item_knn", "ease", "segment_", "author_likeness", "taste_peers")
_KIND = ("is_offer", "same_language")


def group_of(feature: str) -> str:
    """Return the group of a feature.

    Examples
    --------
    >>> group_of("taste_own"), group_of("knn_short"), group_of("item_readers_1"), group_of("partner_depth")
    ('taste', 'peers', 'demand', 'activity')
    """
    for group, prefixes in (("age", _AGE), ("kind", _KIND), ("taste", _TASTE), ("peers", _PEERS)):
        if feature.startswith(prefixes):
            return group
    return "activity" if feature in PARTNER_FEATURES else "demand"


_VALUES = {
    "demand": "item_log_readers",
    "age": "item_log_age",
    "taste": "taste_both",
    "peers": "knn_all",
    "activity": "partner_log_read",
    "kind": "is_offer",
}
assert {*ITEM_FEATURES, *PARTNER_FEATURES, *PAIR_FEATURES} == set(FEATURES)  # noqa: S101


def factor_lists(base: Doubles, contributions: pd.DataFrame, features: pd.DataFrame, p: Doubles) -> list[list[Any]]:
    """Return the factors of each row, the weightiest first.

    Parameters
    ----------
    base : ndarray of float64, shape (n,)
        Log-odds before any feature is looked at.
    contributions : DataFrame, shape (n, n_features)
        Signed, on the log-odds scale.
    features : DataFrame, shape (n, n_features)
        What the rows are like.
    p : ndarray of float64, shape (n,)
        The probability as it is told; what it differs by from the features' is the factor ``place``.

    Returns
    -------
    list of list of dict
        ``name, value, contribution, sentence``; with the base they add up to ``logit(p)``.
    """
    groups = contributions.T.groupby([group_of(str(name)) for name in contributions.columns]).sum().T
    groups["place"] = logit(p) - base - groups.sum(axis=1).to_numpy()
    moved, names = groups.to_numpy(np.float64), list(groups.columns)
    return [_row(names, values, features.iloc[row]) for row, values in enumerate(moved)]


def _row(names: Sequence[str], moved: Doubles, features: pd.Series) -> list[dict[str, Any]]:
    return [
        {
            "name": names[place],
            "value": _value(names[place], features),
            "contribution": float(moved[place]),
            "sentence": SENTENCES[names[place]],
        }
        for place in np.argsort(-np.abs(moved), kind="stable")
    ]


def _value(group: str, features: pd.Series) -> float | None:
    value = float(features[_VALUES[group]]) if group in _VALUES else np.nan
    return round(value, 4) if np.isfinite(value) else None
