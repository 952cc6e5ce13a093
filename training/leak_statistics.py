"""How much a field says of an outcome: alone, by being filled at all, and beyond what timed facts say already."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from training.measures import BinaryMeasures, log_losses

if TYPE_CHECKING:
    import lightgbm

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

_FOLDS = 4
_BINS = 16
_SHRINKAGE = 4.0
_Z = 1.645
_TREES = 40
_LEAST_OF_LEVEL = 20
_MOST_WORDS = 400
_LONG_TEXT = 25
_WORTH_A_LOOK = 0.04
"""Distance of an AUC from one half from which on it is worth looking for what a field says beyond facts."""


@dataclass(frozen=True, eq=False)
class Ground:
    """Labelled rows, and what timed facts say of them: a field is judged against that.

    Parameters
    ----------
    label : float64 array of shape (n,)
        0 or 1.
    facts : float64 array of shape (n, k)
        Known at each row's instant beyond doubt: counts and recencies of dated events; k may be 0.
    fold : int64 array of shape (n,)
        Rows of one entity stand in one fold.
    logit : float64 array of shape (n,)
        Out-of-fold log-odds by `facts`.
    """

    label: Floats
    facts: Floats
    fold: Ints
    logit: Floats

    @property
    def rate(self) -> float:
        """Share of events."""
        return float(self.label.mean())

    @property
    def auc(self) -> float:
        """Discrimination of the timed facts."""
        return auc(self.label, self.logit)

    @property
    def p(self) -> Floats:
        """Out-of-fold probability by the timed facts."""
        return np.asarray(1 / (1 + np.exp(-self.logit)), dtype=np.float64)


@dataclass(frozen=True)
class Power:
    """What a field says of an outcome; `low` are one-sided 95 % bounds.

    Parameters
    ----------
    auc, auc_low : float
        Of the field alone, out of fold.
    gain, gain_low : float
        Share of the log loss of the timed facts that the field takes away.
    pure : str
        A value whose rows nearly all share one outcome although timed facts do not say so; empty for none.
    pure_share : float
        Share of all rows of that outcome that have this value.
    """

    auc: float
    auc_low: float
    gain: float
    gain_low: float
    pure: str = ""
    pure_share: float = 0.0


def ground(label: Floats, facts: Floats, entity: Ints) -> Ground:
    """Fit the timed facts out of fold."""
    fold = np.random.default_rng(0).permutation(int(entity.max(initial=0)) + 1)[entity] % _FOLDS
    return Ground(label, facts, fold, _out_of_fold(facts, label, fold))


def power(ground_: Ground, values: pd.Series) -> Power:
    """Measure a field: `values` has one entry per row of the ground, missing where it is empty."""
    codes, names = levels(values)
    alone = _rates(codes, ground_) if not _is_long(values) else _word_score(values, ground_)
    value, gain = auc(ground_.label, alone), (0.0, 0.0)
    error = _auc_error(value, ground_.label)
    if abs(value - 0.5) > max(_WORTH_A_LOOK, 2 * error):
        gain = _gain(ground_, _stacked(np.column_stack([ground_.logit, alone]), ground_))
        if pd.api.types.is_numeric_dtype(values):
            number = values.to_numpy(np.float64)[:, None]
            # Differences: a count over everything tells what is still to come.
            columns = [ground_.facts, alone, number, number - ground_.facts]
            beside = _out_of_fold(np.column_stack(columns), ground_.label, ground_.fold)
            gain = max(gain, _gain(ground_, beside), key=lambda pair: pair[1])
    pure, share = _pure(ground_, codes, names)
    return Power(value, value - _Z * error, *gain, pure, share)


def single_aucs(features: pd.DataFrame, label: Floats, group: Ints, most_rows: int = 4_000) -> dict[str, float]:
    """Return the AUC of each feature alone, at least 0.5, highest first; categories by their out-of-fold rate.

    Parameters
    ----------
    features : DataFrame of n rows
        Numbers or categories.
    label, group : arrays of shape (n,)
        Outcomes; rows of one group stand in one fold.
    most_rows : int
        Drawn evenly from longer frames.
    """
    rows = np.arange(len(label))
    if len(rows) > most_rows:
        rows = np.sort(np.random.default_rng(0).choice(rows, most_rows, replace=False))
    y, chosen = label[rows], features.iloc[rows]
    if not 0 < y.sum() < len(y):
        return {}
    codes = pd.factorize(group[rows])[0]
    base = Ground(y, np.zeros((len(y), 0)), codes % _FOLDS, np.full(len(y), _logit(y.mean())))
    found = {}
    for name in chosen:
        column = chosen[name].reset_index(drop=True)
        number = pd.api.types.is_numeric_dtype(column)
        score = column.to_numpy(np.float64) if number else _rates(levels(column.astype(object))[0], base)
        value = auc(y, np.where(np.isnan(score), np.nanmin(score, initial=0.0) - 1, score))
        found[str(name)] = max(value, 1 - value) if number else value
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def filled(values: pd.Series) -> pd.Series:
    """Return whether each value is there, as words."""
    return values.notna().map({True: "filled", False: "empty"})


def levels(values: pd.Series) -> tuple[Ints, list[str]]:
    """Return a code per row and the name of each code: words as they are, numbers in bands, empty as its own."""
    if pd.api.types.is_numeric_dtype(values) and values.nunique() > _BINS:
        edges = np.unique(np.nanquantile(values.to_numpy(np.float64), np.linspace(0, 1, _BINS + 1)[1:-1]))
        bands = np.searchsorted(edges, values.to_numpy(np.float64), side="left")
        named = pd.Series(bands.astype(str)).radd("band ").where(values.notna().to_numpy())
    else:
        named = values.reset_index(drop=True)
    codes, names = pd.factorize(named, use_na_sentinel=True)
    return np.where(codes < 0, len(names), codes).astype(np.int64), [*(_spoken(name) for name in names), "empty"]


def auc(label: Floats, score: Floats) -> float:
    """Area under the ROC curve; 0.5 with one class."""
    value = BinaryMeasures(label, score)(np.ones(len(label)))["auc"]
    return value if np.isfinite(value) else 0.5


def _spoken(name: object) -> str:
    if isinstance(name, float) and name.is_integer():
        return str(int(name))
    text = str(name)
    return text if len(text) <= 40 else text[:39] + "…"


def _is_long(values: pd.Series) -> bool:
    if pd.api.types.is_numeric_dtype(values):
        return False
    words = values.dropna().astype(str)
    return bool(len(words)) and words.nunique() > 0.3 * len(words) and float(words.str.len().mean()) >= _LONG_TEXT


def _rates(codes: Ints, ground_: Ground) -> Floats:
    """Log-odds of each row's level in the other folds, shrunk to the rate there."""
    size = int(codes.max(initial=0)) + 1
    score = np.zeros(len(codes))
    for train, test in _splits(ground_.fold):
        yes, n = (np.bincount(codes[train], w, size) for w in (ground_.label[train], np.ones(len(train))))
        rate = (yes.sum() + 0.5) / (n.sum() + 1)
        p = (yes + _SHRINKAGE * rate) / (n + _SHRINKAGE)
        score[test] = _logit(p[codes[test]]) - _logit(rate)
    return score


def _word_score(values: pd.Series, ground_: Ground) -> Floats:
    """Naive Bayes over the words of texts, out of fold."""
    texts = [set(str(text).casefold().split()) if isinstance(text, str) else set() for text in values]
    counts = pd.Series([word for words in texts for word in words], dtype=object).value_counts()
    kept = {word: k for k, word in enumerate(counts[counts >= _LEAST_OF_LEVEL].index[:_MOST_WORDS])}
    present = np.zeros((len(texts), len(kept)))
    for row, words in enumerate(texts):
        present[row, [kept[word] for word in words if word in kept]] = 1.0
    score = np.zeros(len(texts))
    for train, test in _splits(ground_.fold):
        y = ground_.label[train]
        yes, no = (present[train][y == side].sum(axis=0) + 1 for side in (1, 0))
        ratio = np.log(yes / (y.sum() + 2)) - np.log(no / (len(y) - y.sum() + 2))
        score[test] = present[test] @ ratio
    return score


def _pure(ground_: Ground, codes: Ints, names: list[str]) -> tuple[str, float]:
    """Find the level that is one outcome nearly always where timed facts leave it open."""
    best, best_share = "", 0.0
    size = int(codes.max(initial=0)) + 1
    n = np.bincount(codes, minlength=size).astype(np.float64)
    for label, p in ((ground_.label, ground_.p), (1 - ground_.label, 1 - ground_.p)):
        hits, expected = (np.bincount(codes, weights, size).astype(np.float64) for weights in (label, p))
        low = _wilson_low(hits, n)
        share = hits / max(label.sum(), 1.0)
        suspicious = (n >= _LEAST_OF_LEVEL) & (low >= 0.9) & (expected <= 0.75 * n) & (share >= 0.05)
        for code in np.flatnonzero(suspicious):
            if share[code] > best_share:
                best, best_share = names[code], float(share[code])
    return best, best_share


def _wilson_low(hits: Floats, n: Floats) -> Floats:
    n = np.maximum(n, 1.0)
    rate, z2 = hits / n, _Z * _Z
    middle = rate + z2 / (2 * n)
    spread = _Z * np.sqrt(rate * (1 - rate) / n + z2 / (4 * n * n))
    return np.asarray((middle - spread) / (1 + z2 / n), dtype=np.float64)


def _gain(ground_: Ground, logit: Floats) -> tuple[float, float]:
    before = log_losses(ground_.label, ground_.p)
    saved = before - log_losses(ground_.label, 1 / (1 + np.exp(-logit)))
    total = max(float(before.sum()), 1e-9)
    error = float(saved.std() * np.sqrt(len(saved)))
    return float(saved.sum()) / total, (float(saved.sum()) - _Z * error) / total


def _stacked(x: Floats, ground_: Ground) -> Floats:
    from sklearn.linear_model import LogisticRegression

    logit = np.zeros(len(x))
    for train, test in _splits(ground_.fold):
        if 0 < ground_.label[train].sum() < len(train):
            fitted = LogisticRegression(C=10.0).fit(x[train], ground_.label[train])
            logit[test] = fitted.decision_function(x[test])
    return logit


def _out_of_fold(x: Floats, label: Floats, fold: Ints) -> Floats:
    """Log-odds by small trees fitted on the other folds; the rate where there is nothing to fit on."""
    logit = np.zeros(len(label))
    for train, test in _splits(fold):
        rate = (label[train].sum() + 0.5) / (len(train) + 1)
        logit[test] = _logit(rate)
        if x.shape[1] and 0 < label[train].sum() < len(train):
            logit[test] = np.asarray(_trees(x[train], label[train]).predict(x[test], raw_score=True), dtype=float)
    return np.clip(logit, -12, 12)


def _trees(x: Floats, label: Floats) -> "lightgbm.Booster":
    import lightgbm

    parameters = {
        "objective": "binary",
        "learning_rate": 0.15,
        "num_leaves": 8,
        "min_data_in_leaf": 10,
        "max_bin": 63,
        "lambda_l2": 5.0,
        "verbosity": -1,
        "num_threads": 1,
        "seed": 0,
        "deterministic": True,
    }
    return lightgbm.train(parameters, lightgbm.Dataset(x, label), num_boost_round=_TREES)


def _splits(fold: Ints) -> Iterator[tuple[Ints, Ints]]:
    for number in np.unique(fold):
        train, test = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        if len(train):
            yield train, test


def _logit(p: npt.ArrayLike) -> Floats:
    bounded = np.clip(np.asarray(p, dtype=np.float64), 1e-6, 1 - 1e-6)
    return np.asarray(np.log(bounded) - np.log1p(-bounded))


def _auc_error(value: float, label: Floats) -> float:
    """Return the standard error of an AUC (Hanley & McNeil 1982)."""
    yes, no = float(label.sum()), float(len(label) - label.sum())
    q1, q2 = value / (2 - value), 2 * value * value / (1 + value)
    variance = value * (1 - value) + (yes - 1) * (q1 - value**2) + (no - 1) * (q2 - value**2)
    return float(np.sqrt(max(variance, 0.0) / max(yes * no, 1.0)))
