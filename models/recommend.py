"""The served recommender: a ranker of candidates and the probability that a partner engages with one."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from domain.errors import ArtefactInvalid, FeatureSetMismatch
from models.intervals import Prediction
from models.probability import Factors, ProbabilityModel
from models.recommenders_lists import Doubles, Floats
from models.recommenders_rank import Ranker

_FILE = "recommend.json"
_ENGAGE = "engage"
SCORE = "ranking_score"
"""Column of the ranking score beside the features, where later rows than the ranker's tell what it is worth."""
_CLEAR = 0.05
_JUDGE = "judge"
# Found on a generated world so that about 80 % of the true probabilities lie inside, at each level of evidence.
UNSEEN_PAIR = 0.4  # variance of single pairs, on the log-odds scale, which no sum of outcomes over a group can show
UNSEEN_NEW = 2.0  # so many times the variance between partners more for one without engagements ...
UNSEEN_HALF = 5.0  # ... half of that after so many of them


def stretch(p: npt.NDArray[np.float64], factor: float) -> npt.NDArray[np.float64]:
    """Carry a probability over to a horizon `factor` times as long, at an even pace.

    Examples
    --------
    >>> stretch(np.array([0.0, 0.5]), 2.0).tolist()
    [0.0, 0.75]
    """
    return 1.0 - (1.0 - p) ** factor


def with_score(features: pd.DataFrame, ranker: Ranker, beside: Sequence[str]) -> pd.DataFrame:
    """Return some of the features and, beside them, the score by which a ranker would order the rows."""
    return features[list(beside)].assign(**{SCORE: ranker.score(features.to_numpy(np.float32))})


def unseen_variance(label: Doubles, p: Doubles, group: npt.NDArray[np.int64]) -> float:
    """Return the variance between groups, on the log-odds scale, that probabilities miss.

    Parameters
    ----------
    label, p : ndarray of float64, shape (n,)
        Outcomes and their probabilities.
    group : ndarray of int64, shape (n,)
        Whom or what each row is about.

    Notes
    -----
    To first order a group's sum of residuals has the variance ``v + s v**2`` with ``v`` the sum of ``p (1 - p)`` and
    ``s`` the variance looked for (as in the score test for a random effect); solved for ``s`` over all groups.

    Examples
    --------
    >>> unseen_variance(np.array([1.0, 1, 0, 0]), np.full(4, 0.5), np.array([0, 0, 1, 1]))
    2.0
    >>> unseen_variance(np.array([1.0, 0, 1, 0]), np.full(4, 0.5), np.array([0, 0, 1, 1]))
    0.0
    """
    places = np.unique(group, return_inverse=True)[1]
    chance = np.bincount(places, p * (1 - p))
    residual = np.bincount(places, label - p)
    return float(max(((residual**2 - chance).sum()) / max((chance**2).sum(), 1e-12), 0.0))


def unseen_of(variance: float, n_read: Doubles) -> Doubles:
    """Return the variance that features do not see for partners with so many engagements: most for those with none.

    Examples
    --------
    >>> unseen_of(1.0, np.array([0.0, 5.0, 1e9])).round(2).tolist()
    [3.4, 2.4, 1.4]
    """
    return np.asarray(UNSEEN_PAIR + variance * (1.0 + UNSEEN_NEW * UNSEEN_HALF / (UNSEEN_HALF + n_read)))


@dataclass(frozen=True, eq=False)
class RecommendModel:
    """Ranks items for partners, and says how probable an engagement is.

    Parameters
    ----------
    ranker : Ranker
        Orders the candidates of one partner.
    engage : ProbabilityModel
        P(the partner engages with the item within ``label_days``).
    pace : mapping
        The data's time scale, as the features need it.
    horizon_days : int
        Horizon of the probabilities.
    label_days : float
        Horizon that the history allowed to learn from; shorter than `horizon_days` only in a young programme.
    fingerprint : str
        Of the feature set that it was fitted on.
    unseen : float
        Variance on the log-odds scale, between items and between partners, that features do not see; widens intervals.
    judge : Ranker, optional
        The ranker whose score is a feature of ``engage``: one that has seen no outcome of the rows that this was fitted
        on, and that stays as it is, so that its score means the same then and now.
    """

    ranker: Ranker
    engage: ProbabilityModel
    pace: Mapping[str, Any]
    horizon_days: int
    label_days: float
    fingerprint: str
    unseen: float = 0.0
    judge: Ranker | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """Feature columns, in order."""
        return self.ranker.columns

    def score(self, features: Floats, threads: int = 2) -> Doubles:
        """Return the ranking score of each row of the feature matrix; higher first."""
        return self.ranker.score(features, threads)

    def predict(self, features: pd.DataFrame) -> Prediction:
        """Return the probability of an engagement within the horizon, with its interval, of each row.

        Raises
        ------
        FeatureSetMismatch
            If a column is missing.
        """
        missing = [name for name in self.columns if name not in features.columns]
        if missing:
            raise FeatureSetMismatch(f"features lack {', '.join(missing[:5])}", columns=missing)
        n_read = np.expm1(features["partner_log_read"].fillna(0.0).to_numpy(np.float64))
        found = self.engage.believe(self.scored(features)).widened(unseen_of(self.unseen, n_read)).prediction()
        factor = max(self.horizon_days / self.label_days, 1.0)
        return Prediction(stretch(found.p, factor), stretch(found.low, factor), stretch(found.high, factor))

    def explain(self, features: pd.DataFrame) -> Factors:
        """Return what moved each row's probability before it was carried over to the horizon, on the log-odds scale.

        Notes
        -----
        The part of the ranking score is handed on to the features behind the score, by their SHAP values there.
        """
        found = self.engage.explain(self.scored(features))
        if SCORE not in found.contributions:
            return found
        parts = found.contributions.reindex(columns=list(self.columns), fill_value=0.0)
        moved = found.contributions[SCORE].to_numpy(np.float64)
        judge = self.judge or self.ranker
        behind = judge.contributions(features[list(self.columns)].to_numpy(np.float32))
        total = behind.sum(axis=1)
        clear = np.abs(total) > _CLEAR
        share = np.where(clear, moved / np.where(clear, total, 1.0), 0.0)
        parts = parts + share[:, None] * behind
        return Factors(found.base + np.where(clear, 0.0, moved), parts)

    def scored(self, features: pd.DataFrame) -> pd.DataFrame:
        """Return the columns that the probabilities rest on: the features, or some of them and the ranking score."""
        rows = features[list(self.columns)]
        if self.judge is None:
            return rows
        return with_score(rows, self.judge, [name for name in self.engage.feature_names_ if name != SCORE])

    def save(self, folder: Path) -> None:
        """Write JSON and LightGBM text files into the existing `folder`."""
        data = {
            "columns": list(self.columns),
            "ranker": self.ranker.save(folder),
            "judge": None if self.judge is None else self.judge.save(folder, _JUDGE),
            "pace": dict(self.pace),
            "horizon_days": self.horizon_days,
            "label_days": self.label_days,
            "fingerprint": self.fingerprint,
            "unseen": self.unseen,
        }
        self.engage.save(folder / _ENGAGE)
        (folder / _FILE).write_text(json.dumps(data, indent=1), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote.

        Raises
        ------
        ArtefactInvalid
            If a file is missing.
        """
        path = folder / _FILE
        if not path.is_file():
            raise ArtefactInvalid(f"{_FILE} is missing in {folder}")
        data = json.loads(path.read_text(encoding="utf-8"))
        return cls(
            Ranker.load(folder, data["columns"], data["ranker"]),
            ProbabilityModel.load(folder / _ENGAGE),
            data["pace"],
            data["horizon_days"],
            data["label_days"],
            data["fingerprint"],
            data["unseen"],
            None if data["judge"] is None else Ranker.load(folder, data["columns"], data["judge"], _JUDGE),
        )
