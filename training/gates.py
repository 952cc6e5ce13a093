"""Promotion gates: what a candidate must show before it may serve."""

from collections.abc import Sequence

import numpy as np

from models.artefact import GateRecord
from training.dataset import Floats
from training.evaluation import Evaluation, Method
from training.measures import group_draws
from training.task import PartResult

_DRAWS = 400
_GOLDEN_TOLERANCE = 1e-9
_ECE_ALLOWED = 0.05
_BINS = 10


def judge(
    parts: Sequence[PartResult], replayed: Sequence[Floats], *, champion: str = "", seed: int = 7
) -> tuple[GateRecord, ...]:
    """Apply every gate to a candidate.

    Parameters
    ----------
    parts : sequence of PartResult
        Of the candidate.
    replayed : sequence of float arrays
        For each part, p of its golden rows through the saved and loaded artefact.
    champion : str, optional
        Version that serves today.
    seed : int, default=7
        Of the bootstrap.

    Returns
    -------
    tuple of GateRecord
        ``baseline`` and ``champion`` judge all parts together, so that one thin horizon does not keep
        the others from serving; ``segments``, ``calibrated`` and ``golden`` judge each part.
    """
    compared = [part for part in parts if part.evaluation.methods]
    gates = [baseline_gate([part.evaluation for part in compared], seed=seed)]
    if champion:
        gates.append(champion_gate(_against_champion(compared), champion=champion, seed=seed))
    gates += [segments_gate(part) for part in compared if part.segments]
    gates += [calibration_gate(part) for part in compared if part.calibrated]
    gates += [golden_gate(part, p) for part, p in zip(parts, replayed, strict=True)]
    return tuple(gates)


def baseline_gate(evaluations: Sequence[Evaluation], *, seed: int = 7) -> GateRecord:
    """Better than the best baseline; or within its noise and better than what answers otherwise, or in its order.

    The first baseline of each evaluation is the one that answers when no model serves. A model that is
    better than it, and not measurably worse than the best of all baselines, makes every answer better. With few rows
    losses hardly differ; then the order decides, which is what lists are made of.
    """
    if not evaluations:
        return GateRecord(name="baseline", part="", passed=False, sentence="Too few rows to compare on.")
    best = [_best_baseline(evaluation) for evaluation in evaluations]
    to_best = _difference(evaluations, best, seed)
    names = ", ".join(dict.fromkeys(best))
    loss = f"loss per row {to_best.point:+.4f} against the best baseline ({names})"
    if to_best.point <= 0:
        return GateRecord(name="baseline", part="", passed=True, sentence=f"Better than every baseline: {loss}.")
    first = [evaluation.named("baseline")[0].name for evaluation in evaluations]
    to_first = _difference(evaluations, first, seed)
    if to_best.low <= 0 and to_first.point < 0:
        sentence = (
            f"Within the noise of the best baseline and {-to_first.point:.4f} better than {first[0]}, "
            f"which answers otherwise: {loss}."
        )
        return GateRecord(name="baseline", part="", passed=True, sentence=sentence)
    ahead = _ahead_in_order(evaluations)
    if to_best.low <= 0 and ahead > 0:
        sentence = f"Within the noise of the best baseline, and orders better by {ahead:.3f} AUC than each: {loss}."
        return GateRecord(name="baseline", part="", passed=True, sentence=sentence)
    return GateRecord(name="baseline", part="", passed=False, sentence=f"Not better than the baselines: {loss}.")


def _ahead_in_order(evaluations: Sequence[Evaluation]) -> float:
    """Return by how much the model's AUC exceeds that of the best baseline, on average; 0 for rankings."""
    return float(
        np.mean(
            [
                one.methods[0].metrics["auc"].value - max(base.metrics["auc"].value for base in one.named("baseline"))
                if "auc" in one.methods[0].metrics
                else 0.0
                for one in evaluations
            ]
        )
    )


def _against_champion(parts: Sequence[PartResult]) -> list[Evaluation]:
    """Return the duels; for rankings, which have none, the comparison on lists that the champion has not seen."""
    duels = [part.duel for part in parts if part.duel is not None]
    rankings = [part.evaluation for part in parts if part.evaluation.predictions is None]
    return duels or [evaluation for evaluation in rankings if evaluation.named("champion")]


def champion_gate(evaluations: Sequence[Evaluation], *, champion: str = "champion", seed: int = 7) -> GateRecord:
    """Not worse than the champion beyond noise, on rows that neither has seen (ADR-0005)."""
    if not evaluations:
        sentence = f"Too few outcomes since {champion} was trained, or it has other features: nothing to judge it by."
        return GateRecord(name="champion", part="", passed=True, sentence=sentence)
    difference = _difference(evaluations, [evaluation.named("champion")[0].name for evaluation in evaluations], seed)
    passed = difference.low <= 0
    verdict = "Not worse than the champion beyond noise" if passed else "Worse than the champion"
    rows = sum(int(np.isfinite(one.losses[one.named("champion")[0].name]).sum()) for one in evaluations)
    sentence = (
        f"{verdict}: loss per row {difference.point:+.4f} ({difference.low:+.4f} to {difference.high:+.4f}) "
        f"against {champion} on {rows:,} rows since it was trained."
    )
    return GateRecord(name="champion", part="", passed=passed, sentence=sentence)


def segments_gate(part: PartResult) -> GateRecord:
    """In no segment measurably worse than the baseline that answers otherwise."""
    broken = [segment for segment in part.segments if segment.broken]
    if not broken:
        sentence = f"In none of {len(part.segments)} segments worse than the answering baseline beyond noise."
        return GateRecord(name="segments", part=part.part, passed=True, sentence=sentence)
    named = ", ".join(f"{one.segment} {one.value} ({one.rows:,} rows)" for one in broken)
    sentence = f"Worse than the baseline that answers otherwise for {named}."
    return GateRecord(name="segments", part=part.part, passed=False, sentence=sentence)


def calibration_gate(part: PartResult) -> GateRecord:
    """Predicted and realised shares agree, up to what the number of rows can show.

    Allowed is 0.05 and twice the calibration error that perfect probabilities would show by chance in
    ten bins of so many rows; or the error of the baseline that answers otherwise, if that is larger.
    """
    evaluation = part.evaluation
    error = evaluation.methods[0].metrics["ece"].value
    otherwise = evaluation.named("baseline")[0].metrics["ece"].value
    rate = evaluation.n_positive / max(evaluation.n_test, 1)
    chance = np.sqrt(2 / np.pi) * np.sqrt(rate * (1 - rate) * _BINS / max(evaluation.n_test, 1))
    allowed = max(_ECE_ALLOWED + 2 * float(chance), otherwise)
    passed = bool(error <= allowed)
    sentence = f"Calibration error {error:.3f} on {evaluation.n_test:,} rows, allowed {allowed:.3f}."
    return GateRecord(name="calibrated", part=part.part, passed=passed, sentence=sentence)


def golden_gate(part: PartResult, replayed: Floats) -> GateRecord:
    """Replay golden rows: the saved and loaded artefact must give the numbers of the fitted model."""
    expected = part.golden.p
    same_length = len(replayed) == len(expected)
    gap = float(np.max(np.abs(replayed - expected), initial=0.0)) if same_length else float("inf")
    passed = same_length and gap <= _GOLDEN_TOLERANCE
    verdict = "gives the same numbers" if passed else f"differs by up to {gap:.2g}"
    sentence = f"{len(expected)} golden rows replayed through the loaded artefact: it {verdict}."
    return GateRecord(name="golden", part=part.part, passed=passed, sentence=sentence)


class _Difference:
    """Mean of paired loss differences, with the 90 % interval of a bootstrap over groups."""

    def __init__(self, differences: Floats, group: np.ndarray, seed: int) -> None:
        self.point = float(differences.mean()) if len(differences) else 0.0
        draws = [
            float(np.average(differences, weights=counts))
            for counts in group_draws(group, _DRAWS if len(differences) else 0, seed)
            if counts.sum() > 0
        ]
        self.low = float(np.quantile(draws, 0.05)) if draws else self.point
        self.high = float(np.quantile(draws, 0.95)) if draws else self.point


def _difference(evaluations: Sequence[Evaluation], against: Sequence[str], seed: int) -> _Difference:
    """Pair the model with a method in each evaluation; a group keeps its identity across evaluations."""
    differences, groups = [], []
    for evaluation, name in zip(evaluations, against, strict=True):
        model = evaluation.methods[0].name
        paired = (evaluation.losses[model] - evaluation.losses[name]).to_numpy(dtype=np.float64)
        judged = np.isfinite(paired)
        differences.append(paired[judged])
        groups.append(evaluation.group[judged])
    return _Difference(np.concatenate(differences), np.concatenate(groups), seed)


def _best_baseline(evaluation: Evaluation) -> str:
    def loss(method: Method) -> float:
        return float(evaluation.losses[method.name].mean())

    return min(evaluation.named("baseline"), key=loss).name
