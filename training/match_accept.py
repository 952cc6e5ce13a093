"""Whether an offered lead is accepted: the part of P(win) that is known first, measured and gated by itself."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from models.staged import StagedModel
from training.dataset import Dataset
from training.evaluation import Evaluation, Method
from training.gates import baseline_gate, calibration_gate
from training.match_baselines import base_rate, partner_rate
from training.splits import time_split
from training.tabular import compare, fit_model
from training.task import GoldenRows, PartResult, TrainingContext

if TYPE_CHECKING:
    from models.probability import ProbabilityModel
    from models.staged import AnyProbability

_PART = "acceptance"
_FEW = 5
_METRICS = ("auc", "brier", "ece")


@dataclass(frozen=True, eq=False)
class Acceptance:
    """A model of acceptance, None where there is none to show, and what to say of it."""

    model: "ProbabilityModel | None"
    note: str


def learn_acceptance(dataset: Dataset, served: "AnyProbability", context: TrainingContext) -> Acceptance:
    """Fit P(accept) beside P(win), or take it from the first step of `served`; measure it on later offers.

    Parameters
    ----------
    dataset : Dataset
        Of pairs; ``sooner`` holds the answered offers.
    served : ProbabilityModel or StagedModel
        The model of P(win).
    context : TrainingContext
        Seed, threads.

    Notes
    -----
    The gates are those of other models: better than the partner's own rate and the base rate, and calibrated.
    """
    offers = dataset.sooner
    if offers is None or min(offers.n_positive, len(offers) - offers.n_positive) < _FEW:
        return Acceptance(None, "Too few offers were accepted, or turned down, to tell P(accept) apart from P(win).")
    split = time_split(offers.as_of, offers.known_at, label=offers.label, group=offers.group, seed=context.seed)
    baselines = {"partner's acceptance rate": partner_rate, "base rate": base_rate}
    evaluation = compare(offers, split, baselines, context, part=_PART)
    failed = _failed(offers, evaluation)
    if failed:
        return Acceptance(None, f"P(accept) is not shown. {failed}")
    model = served.first if isinstance(served, StagedModel) else fit_model(offers, context, members=0)
    return Acceptance(model, _sentence(evaluation))


def _failed(offers: Dataset, evaluation: Evaluation) -> str:
    """Return what the first gate that fails says; empty if none does."""
    gates = [baseline_gate([evaluation])]
    if evaluation.methods:
        nothing = GoldenRows(offers.features.iloc[:0], np.zeros(0))
        part = PartResult(_PART, offers.horizon_days, evaluation, nothing, len(offers), offers.n_positive, ("", ""), "")
        gates.append(calibration_gate(part))
    return next((gate.sentence for gate in gates if not gate.passed), "")


def _sentence(evaluation: Evaluation) -> str:
    model, rival = evaluation.methods[0], evaluation.methods[1]
    return f"P(accept), {evaluation.how}: {_numbers(model)}; the partner's acceptance rate alone: {_numbers(rival)}."


def _numbers(method: Method) -> str:
    return ", ".join(
        f"{name.upper() if name != 'brier' else 'Brier'} {method.metrics[name].value:.3f}" for name in _METRICS
    )
