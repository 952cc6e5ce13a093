"""The served match model: stage-1 parameters, calibrated probability of a win, expected amount."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol, Self

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from models.amount import AmountModel
from models.columns import Columns, Features
from models.intervals import Belief, Untold
from models.probability import Factors, Prediction, ProbabilityModel
from models.staged import AnyProbability, StagedModel, load_probability

Floats = npt.NDArray[np.float64]

_FILE = "match.json"
_PROBABILITY = "probability"
_AMOUNT = "amount"
_ACCEPTANCE = "acceptance"
TRIES = "tries"
"""Feature: log of one plus the partner's outcomes so far, older ones counting less."""


class Ranker(Protocol):
    """What answers for pairs: a fitted model, or the baseline."""

    def predict(self, features: Features) -> Prediction:
        """Return p_win with its interval."""

    def explain(self, features: Features) -> Factors:
        """Return contributions on the log-odds scale."""

    def steps(self, features: Features) -> tuple[Prediction, Floats]:
        """Return p_win as `predict` does, and P(accept), never below it; NaN where it is not told apart."""

    def amount(self, features: Features) -> Floats:
        """Return the amount to expect if won."""


class MatchModel:
    """Probability that a partner wins a lead, and what the win would be worth.

    Parameters
    ----------
    spec : mapping
        JSON description of the pair features (with the stage-1 parameters); the caller's to read.
    probability : ProbabilityModel or StagedModel
        Fitted on pair features.
    amounts : AmountModel, optional
        Fitted on won pairs; without, amounts are unknown.
    columns : sequence of str
        Features that the amount looks at.
    untold : Untold, optional
        How much more partners differ of whom less is on record; widens intervals by feature ``tries``.
    acceptance : ProbabilityModel, optional
        P(accept) of pairs; the first step of `probability` itself where that has two.
    """

    def __init__(
        self,
        spec: Mapping[str, Any],
        probability: AnyProbability,
        amounts: AmountModel | None,
        columns: tuple[str, ...] = (),
        untold: Untold | None = None,
        acceptance: ProbabilityModel | None = None,
    ) -> None:
        self.spec = dict(spec)
        self.probability = probability
        self.amounts = amounts
        self.columns = columns
        self.untold = untold or Untold()
        self.acceptance = acceptance

    @staticmethod
    def record(features: Features) -> Floats:
        """Return how many outcomes of the pair's partner stand behind each row, as far as features tell; shape (n,)."""
        if TRIES not in features:
            return np.zeros(len(features))
        tries = features.number(TRIES) if isinstance(features, Columns) else features[TRIES].to_numpy(np.float64)
        return np.asarray(np.expm1(tries))

    def predict(self, features: Features) -> Prediction:
        """Return p_win of pairs with 80 % intervals."""
        return self._asked(features)[0]

    def steps(self, features: Features) -> tuple[Prediction, Floats]:
        """Return what `predict` does, and P(accept), shape (n,).

        P(accept) is never below p_win, so that their ratio is P(win | accept); NaN without a model of acceptance.
        """
        prediction, first = self._asked(features)
        if self.acceptance is None:
            return prediction, np.full(len(features), np.nan)
        accept = self.acceptance.predict(features).p if first is None else expit(first.z)
        return prediction, np.asarray(np.maximum(accept, prediction.p))

    def _asked(self, features: Features) -> tuple[Prediction, Belief | None]:
        """Return p_win, and what is thought of its first step if it has two."""
        first = None
        if isinstance(self.probability, StagedModel):
            whole, first = self.probability.believe_steps(features)
        elif not self.untold.most:
            return self.probability.predict(features), None
        else:
            whole = self.probability.believe(features)
        if self.untold.most:
            whole = whole.widened(self.untold.variance(self.record(features)))
        return whole.prediction(), first

    def explain(self, features: Features) -> Factors:
        """Return contributions of features; base and row sum give ``logit(p)``."""
        return self.probability.explain(features)

    def amount(self, features: Features) -> Floats:
        """Return the expected amount given a win, shape (n,); NaN where nothing is known of amounts."""
        if self.amounts is None:
            return np.full(len(features), np.nan)
        return np.asarray(self.amounts.predict(features), dtype=np.float64)

    def save(self, folder: Path) -> None:
        """Write the model into `folder`: JSON and LightGBM text."""
        (folder / _PROBABILITY).mkdir(parents=True, exist_ok=True)
        self.probability.save(folder / _PROBABILITY)
        if self.amounts is not None:
            (folder / _AMOUNT).mkdir(exist_ok=True)
            self.amounts.save(folder / _AMOUNT)
        content = {
            "spec": self.spec,
            "columns": list(self.columns),
            "amounts": self.amounts is not None,
            "untold": self.untold.most,
            "acceptance": self.acceptance is not None,
        }
        if self.acceptance is not None and not isinstance(self.probability, StagedModel):
            self.acceptance.save(folder / _ACCEPTANCE)
        (folder / _FILE).write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read what `save` wrote."""
        content = json.loads((folder / _FILE).read_text(encoding="utf-8"))
        amounts = AmountModel.load(folder / _AMOUNT) if content["amounts"] else None
        probability = load_probability(folder / _PROBABILITY)
        acceptance = None
        if content.get("acceptance"):  # versions from before say nothing
            first = probability.first if isinstance(probability, StagedModel) else None
            acceptance = first or ProbabilityModel.load(folder / _ACCEPTANCE)
        untold = Untold(content.get("untold", 0.0))
        return cls(content["spec"], probability, amounts, tuple(content["columns"]), untold, acceptance)
