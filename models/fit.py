"""The served fit model: probability to become productive, expected revenue, look-alikes among those who did."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import expit, logit

from domain.errors import ArtefactInvalid, FeatureSetMismatch
from models.amount import AmountModel
from models.frame import Schema
from models.probability import Factors, Prediction, ProbabilityModel
from models.vectors import VectorIndex

FILE = "fit.json"
PART = "productive"
TEXT = "text_"
TEXT_WEIGHT = 6
LARGEST = 1e100
WAITING = "waiting_days"
PRIOR_DELAYS = 10.0
LEAST_SHARE = 1e-3

Floats = npt.NDArray[np.float64]


class LookAlikes:
    """Nearest known companies by standardised profile, on faiss.

    Numbers count as standard deviations (those with a long tail by their logarithm; missing: the mean), words as one
    indicator per level. Every column weighs the same, so many levels do not drown the rest; the components of a text
    keep their proportions and weigh like a few columns together.
    """

    def fit(self, X: pd.DataFrame, ids: npt.ArrayLike) -> Self:
        """Index the rows of `X` under `ids` (distinct int64)."""
        self._schema = Schema.learn(X)
        raw = self._schema.table(X).numbers
        self._logged = np.array([_long_tailed(column) for column in raw.T], dtype=bool)
        numbers = self._tamed(raw)
        there = ~np.isnan(numbers)
        n = np.maximum(there.sum(axis=0), 1)
        self._mean = np.where(there, numbers, 0.0).sum(axis=0) / n
        deviation = np.where(there, numbers - self._mean, 0.0)
        self._scale = np.maximum(np.sqrt((deviation**2).sum(axis=0) / n), 1e-9)
        names = [self._schema.names[i] for i in self._schema.numeric_positions]
        text = np.array([name.startswith(TEXT) for name in names], dtype=bool)
        if text.any():
            self._scale[text] = np.sqrt((self._scale[text] ** 2).sum() / min(TEXT_WEIGHT, int(text.sum())))
        vectors = self._vectors(X)
        self._index = VectorIndex(vectors.shape[1])
        self._index.add(ids, vectors)
        return self

    def nearest(self, X: pd.DataFrame, k: int) -> list[list[int]]:
        """Return up to `k` ids per row, the nearest first."""
        if not len(X) or not len(self._index):
            return [[] for _ in range(len(X))]
        ids, _ = self._index.search(self._vectors(X), min(k, len(self._index)))
        return [[int(id_) for id_ in row if id_ >= 0] for row in ids]

    def save(self, folder: Path) -> None:
        """Write the index and how to make its vectors."""
        folder.mkdir(parents=True, exist_ok=True)
        data = {
            "schema": self._schema.to_json(),
            "mean": self._mean.tolist(),
            "scale": self._scale.tolist(),
            "logged": self._logged.tolist(),
        }
        (folder / "lookalikes.json").write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
        self._index.save(folder)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what ``save`` wrote."""
        data = json.loads((folder / "lookalikes.json").read_text(encoding="utf-8"))
        loaded = cls()
        loaded._schema = Schema.from_json(data["schema"])
        loaded._mean, loaded._scale = np.array(data["mean"]), np.array(data["scale"])
        loaded._logged = np.array(data["logged"], dtype=bool)
        loaded._index = VectorIndex.load(folder)
        return loaded

    def _vectors(self, X: pd.DataFrame) -> npt.NDArray[np.float32]:
        table = self._schema.table(X)
        scaled = np.clip(np.nan_to_num((self._tamed(table.numbers) - self._mean) / self._scale), -4, 4)
        blocks = [scaled, np.ones((len(X), 1))]  # the constant keeps a row of nothing but means from being zero
        for column, levels in enumerate(self._schema.level_counts):
            blocks.append((table.codes[:, [column]] == np.arange(levels)).astype(np.float64))
        return np.concatenate(blocks, axis=1).astype(np.float32)

    def _tamed(self, numbers: Floats) -> Floats:
        bounded = np.clip(numbers, -LARGEST, LARGEST)  # squares of anything beyond would overflow
        return np.where(self._logged, np.sign(bounded) * np.log1p(np.abs(bounded)), bounded)


def after_waiting(prediction: Prediction, shift: Floats) -> Prediction:
    """Return probabilities and their intervals moved by so much on the log-odds scale; the same where it is 0."""
    ends = (prediction.p, prediction.low, prediction.high)
    return Prediction(*(np.where(shift == 0, end, expit(logit(end) + shift)) for end in ends))


def _long_tailed(values: Floats) -> bool:
    """Tell whether the largest of non-negative numbers lie many times above the middle one."""
    known = values[~np.isnan(values)]
    if not len(known) or known.min() < 0:
        return False
    middle, high = np.quantile(known, [0.5, 0.95])
    return bool(high > 4 * middle + 4)


class Waiting:
    """What a wait without the outcome says: the share of the productive who had none by then either.

    Parameters
    ----------
    delays : array-like, shape (n,)
        Days until the outcome of those who had it within the horizon; missing ones are left out.
    horizon_days : float
        Of the outcome.

    Notes
    -----
    A mixture cure model (Farewell 1982): of companies with probability ``p`` at the start, those without the outcome
    after a time by which a share ``s`` of the productive had none either have ``p s / (1 - p + p s)``: ``log s`` more
    on the log-odds scale, whatever ``p`` is. The shares are counted, with a few delays spread evenly over the horizon
    beside them. From the horizon on nobody can become productive within it any more; what is left is a residue.

    Examples
    --------
    >>> waiting = Waiting(np.arange(1.0, 101.0), 100)
    >>> [round(float(s), 2) for s in np.exp(waiting.shift([np.nan, 0.0, 50.0, 100.0]))]
    [1.0, 1.0, 0.5, 0.0]
    """

    def __init__(self, delays: npt.ArrayLike, horizon_days: float) -> None:
        given = np.asarray(delays, dtype=np.float64)
        self.delays = np.sort(given[~np.isnan(given)])
        self.horizon_days = float(horizon_days)

    def shift(self, days: npt.ArrayLike) -> Floats:
        """Return what is to be added to the log-odds after so many days, shape (n,); 0 where they are missing."""
        waited = np.asarray(days, dtype=np.float64)
        n = len(self.delays)
        later = n - np.searchsorted(self.delays, np.nan_to_num(waited), side="right")
        even = np.clip(1.0 - waited / self.horizon_days, 0.0, 1.0)
        share = np.maximum((later + PRIOR_DELAYS * even) / (n + PRIOR_DELAYS), LEAST_SHARE)
        return np.where(np.isnan(waited), 0.0, np.log(share))


class FitModel:
    """Probability that a company becomes a productive partner, and what it would bring.

    Parameters
    ----------
    probability : ProbabilityModel
        Of a first won deal, or the user's outcome, within the horizon.
    amount : AmountModel
        What a productive one brings within the horizon.
    lookalikes : LookAlikes, optional
        Productive partners by profile; None when there are none.
    profile : sequence of str
        Columns that look-alikes are found by.
    feature_set : mapping
        Description of the features; kept as it is.
    horizon_days : int
        Label window after recruitment.
    base_rate : float
        Share of productive ones in training.
    delays : array-like, optional
        Days until the outcome of the productive ones, for companies that have waited (column ``waiting_days``).

    Notes
    -----
    The probability is that as of recruitment. Where a row has ``waiting_days``, it is that of a company without the
    outcome so long after; see `Waiting`. The shift stands among the contributions under that name.
    """

    def __init__(
        self,
        probability: ProbabilityModel,
        amount: AmountModel,
        lookalikes: LookAlikes | None,
        profile: Sequence[str],
        feature_set: Mapping[str, Any],
        *,
        horizon_days: int,
        base_rate: float,
        delays: npt.ArrayLike = (),
    ) -> None:
        self.probability = probability
        self.amount = amount
        self.lookalikes = lookalikes
        self.profile = list(profile)
        self.feature_set = dict(feature_set)
        self.horizon_days = horizon_days
        self.base_rate = base_rate
        self.waiting = Waiting(delays, horizon_days)

    def predict(self, X: pd.DataFrame) -> Prediction:
        """Return P(productive) with 80 % intervals, shape (n,)."""
        return after_waiting(self.probability.predict(X), self._shift(X))

    def explain(self, X: pd.DataFrame) -> Factors:
        """Return contributions; with the base they add up to ``logit(p)``."""
        factors, shift = self.probability.explain(X), self._shift(X)
        if not shift.any():
            return factors
        start = self.probability.predict(X)
        moved = logit(after_waiting(start, shift).p) - logit(start.p)
        return Factors(factors.base, factors.contributions.assign(**{WAITING: moved}))

    def expected_revenue(self, X: pd.DataFrame) -> Floats:
        """Return P(productive) times the expected revenue of a productive partner, shape (n,)."""
        return np.asarray(self.predict(X).p * np.maximum(self.amount.predict(X), 0.0))

    def _shift(self, X: pd.DataFrame) -> Floats:
        return self.waiting.shift(X[WAITING]) if WAITING in X else np.zeros(len(X))

    def similar(self, X: pd.DataFrame, k: int = 3) -> list[list[int]]:
        """Return our ids of up to `k` productive partners most like each row."""
        if self.lookalikes is None:
            return [[] for _ in range(len(X))]
        return self.lookalikes.nearest(X[self.profile], k)

    def part(self, name: str) -> ProbabilityModel:
        """Return the probability model of a part; there is one.

        Raises
        ------
        FeatureSetMismatch
            If another is asked for.
        """
        if name != str(self.horizon_days):
            raise FeatureSetMismatch(f"The fit model was trained for {self.horizon_days} days, not {name}.", part=name)
        return self.probability

    def save(self, folder: Path) -> None:
        """Write ``fit.json`` and the parts into folders of their own."""
        folder.mkdir(parents=True, exist_ok=True)
        data = {
            "feature_set": self.feature_set,
            "profile": self.profile,
            "horizon_days": self.horizon_days,
            "base_rate": self.base_rate,
            "delays": self.waiting.delays.tolist(),
            "lookalikes": self.lookalikes is not None,
        }
        (folder / FILE).write_text(json.dumps(data, ensure_ascii=False), encoding="utf-8")
        self.probability.save(folder / PART)
        (folder / "amount").mkdir(exist_ok=True)
        self.amount.save(folder / "amount")
        if self.lookalikes is not None:
            self.lookalikes.save(folder / "lookalikes")

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what ``save`` wrote; predictions are the same.

        Raises
        ------
        ArtefactInvalid
            If a file is missing.
        """
        try:
            data = json.loads((folder / FILE).read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise ArtefactInvalid(f"{folder} holds no fit model: {FILE} is missing.") from error
        return cls(
            ProbabilityModel.load(folder / PART),
            AmountModel.load(folder / "amount"),
            LookAlikes.load(folder / "lookalikes") if data["lookalikes"] else None,
            data["profile"],
            data["feature_set"],
            horizon_days=data["horizon_days"],
            base_rate=data["base_rate"],
            delays=data["delays"],
        )
