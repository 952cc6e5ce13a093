"""The served recommender: a ranker of candidates and the probability that a partner engages with one."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from domain.errors import ArtefactInvalid, FeatureSetMismatch
from models.intervals import Prediction
from models.probability import ProbabilityModel
from models.recommenders_rank import Doubles, Floats, Ranker

_FILE = "recommend.json"
_ENGAGE = "engage"


def stretch(p: npt.NDArray[np.float64], factor: float) -> npt.NDArray[np.float64]:
    """Carry a probability over to a horizon `factor` times as long, at an even pace.

    Examples
    --------
    >>> stretch(np.array([0.0, 0.5]), 2.0).tolist()
    [0.0, 0.75]
    """
    return 1.0 - (1.0 - p) ** factor


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
    """

    ranker: Ranker
    engage: ProbabilityModel
    pace: Mapping[str, Any]
    horizon_days: int
    label_days: float
    fingerprint: str

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
        found = self.engage.predict(features[list(self.columns)])
        factor = max(self.horizon_days / self.label_days, 1.0)
        return Prediction(stretch(found.p, factor), stretch(found.low, factor), stretch(found.high, factor))

    def save(self, folder: Path) -> None:
        """Write JSON and LightGBM text files into the existing `folder`."""
        data = {
            "columns": list(self.columns),
            "ranker": self.ranker.save(folder),
            "pace": dict(self.pace),
            "horizon_days": self.horizon_days,
            "label_days": self.label_days,
            "fingerprint": self.fingerprint,
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
        )
