"""Gates: the better model passes, noise does not decide, a changed artefact is caught."""

from dataclasses import replace

import numpy as np
import pandas as pd

from models.artefact import GateRecord
from training.evaluation import Evaluation, Method, Metric
from training.gates import baseline_gate, calibration_gate, champion_gate, golden_gate, judge
from training.task import GoldenRows, PartResult


def make_evaluation(n: int = 400, *, ece: float = 0.02, seed: int = 2, **mean_losses: float) -> Evaluation:
    """Return an evaluation whose methods have the given mean losses, with shared noise and a little of their own."""
    rng = np.random.default_rng(seed)
    shared = rng.exponential(0.3, n)
    losses = pd.DataFrame(
        {name: shared - shared.mean() + mean + _centred(rng.normal(0, 0.1, n)) for name, mean in mean_losses.items()}
    )
    metric = {"ece": Metric(ece, ece, ece)}
    kinds = {"model": "model", "champion": "champion"}
    methods = tuple(Method(name, kinds.get(name, "baseline"), metric) for name in mean_losses)  # type: ignore[arg-type]
    return Evaluation("90", methods, losses, np.arange(n) % max(n // 4, 1), n_positive=n // 3)


def _centred(values: np.ndarray) -> np.ndarray:
    return values - values.mean()


def make_part(evaluation: Evaluation, p: list[float] | None = None) -> PartResult:
    golden = GoldenRows(pd.DataFrame({"a": [1.0, 2.0]}), np.array(p or [0.1, 0.2]))
    return PartResult("90", 90, evaluation, golden, 400, 100, ("2024-01-01", "2024-06-01"), "linear")


def test_a_better_model_passes() -> None:
    gate = baseline_gate([make_evaluation(model=0.40, rate=0.60, rules=0.50)])
    assert gate.passed
    assert gate.sentence == "Better than every baseline: loss per row -0.1000 against the best baseline (rules)."


def test_a_clearly_worse_model_fails() -> None:
    gate = baseline_gate([make_evaluation(model=0.60, rate=0.65, rules=0.50)])
    assert not gate.passed
    assert gate.sentence.startswith("Not better than the baselines: loss per row +0.1000")


def test_within_noise_of_the_best_and_better_than_what_answers_otherwise_passes() -> None:
    assert baseline_gate([make_evaluation(model=0.502, rate=0.65, rules=0.50)]).passed


def test_within_noise_but_worse_than_what_answers_otherwise_fails() -> None:
    assert not baseline_gate([make_evaluation(model=0.502, rate=0.501, rules=0.50)]).passed


def test_within_noise_of_the_best_the_better_order_decides() -> None:
    evaluation = make_evaluation(model=0.502, rate=0.501, rules=0.50)
    order = {"model": 0.70, "rate": 0.50, "rules": 0.65}

    def ordered(order: dict[str, float]) -> Evaluation:
        methods = [
            replace(method, metrics={**method.metrics, "auc": Metric(order[method.name], 0.0, 1.0)})
            for method in evaluation.methods
        ]
        return replace(evaluation, methods=tuple(methods))

    gate = baseline_gate([ordered(order)])
    assert gate.passed
    assert "orders better by 0.050 AUC than each" in gate.sentence
    assert not baseline_gate([ordered(order | {"rules": 0.71})]).passed


def test_one_thin_horizon_does_not_decide() -> None:
    thin = make_evaluation(12, model=0.62, rate=0.60, rules=0.61, seed=3)
    assert baseline_gate([thin, make_evaluation(model=0.40, rate=0.60, rules=0.50)]).passed


def test_nothing_to_compare_on_fails() -> None:
    empty = Evaluation("90", (), pd.DataFrame(), np.zeros(0, dtype=np.int64))
    gates = judge([make_part(empty)], [np.array([0.1, 0.2])])
    assert [(gate.name, gate.passed) for gate in gates] == [("baseline", False), ("golden", True)]


def test_champion_is_replaced_unless_it_is_better_beyond_noise() -> None:
    assert champion_gate([make_evaluation(model=0.502, rate=0.6, champion=0.50)]).passed
    assert not champion_gate([make_evaluation(model=0.60, rate=0.7, champion=0.50)]).passed


def test_rows_that_the_champion_has_seen_do_not_count() -> None:
    evaluation = make_evaluation(model=0.50, rate=0.7, champion=0.50)
    evaluation.losses.loc[:199, "champion"] = np.nan
    evaluation.losses.loc[200:, "model"] -= 0.2
    evaluation.losses.loc[:199, "model"] += 5.0
    assert champion_gate([evaluation]).passed


def test_calibration_allows_what_few_rows_cannot_show() -> None:
    many = make_evaluation(5000, ece=0.12, model=0.5, rate=0.6)
    few = make_evaluation(60, ece=0.12, model=0.5, rate=0.6)
    worse = Method("rate", "baseline", {"ece": Metric(0.01, 0.01, 0.01)})
    verdicts = [calibration_gate(make_part(_with(one, worse))).passed for one in (many, few)]
    assert verdicts == [False, True]


def test_calibration_better_than_what_answers_otherwise_passes() -> None:
    worse = Method("rate", "baseline", {"ece": Metric(0.3, 0.3, 0.3)})
    gate = calibration_gate(make_part(_with(make_evaluation(5000, ece=0.2, model=0.5, rate=0.6), worse)))
    assert gate == GateRecord(
        name="calibrated", part="90", passed=True, sentence="Calibration error 0.200 on 5,000 rows, allowed 0.300."
    )


def _with(evaluation: Evaluation, baseline: Method) -> Evaluation:
    methods = (evaluation.methods[0], baseline)
    return Evaluation("90", methods, evaluation.losses, evaluation.group, n_positive=evaluation.n_positive)


def test_golden_rows_must_be_equal() -> None:
    part = make_part(make_evaluation(model=0.5, rate=0.6))
    assert golden_gate(part, np.array([0.1, 0.2])).passed
    assert not golden_gate(part, np.array([0.1, 0.2001])).passed
    assert not golden_gate(part, np.array([0.1])).passed
    assert not golden_gate(part, np.array([0.1, np.nan])).passed
