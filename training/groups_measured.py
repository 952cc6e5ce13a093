"""Quality by segment and by protected group, and what using protected attributes would have gained."""

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from models.artefact import GroupRecord, MetricRecord, ProtectedGain, SegmentRecord
from training.dataset import Floats, Rows
from training.evaluation import Evaluation, Metric
from training.measures import BinaryMeasures, group_draws, measure, with_interval

SELECTED_SHARE = 0.2
"""Of all rows, those with the highest probabilities: a list as long as that is what a manager works through."""

_LEAST_ROWS, _LEAST_OF_CLASS, _LEAST_GROUPS = 100, 10, 20
_LEAST_IN_GROUP = 10
_BEYOND_NOISE = 3.3
_WORTH_NAMING = 0.05
_DRAWS = 200


def measure_segments(evaluation: Evaluation, segments: pd.DataFrame) -> tuple[SegmentRecord, ...]:
    """Compare model and answering baseline within segments that have rows and outcomes enough.

    Parameters
    ----------
    evaluation : Evaluation
        With predictions.
    segments : DataFrame
        Words, rows as the predictions.

    Returns
    -------
    tuple of SegmentRecord
        ``broken`` where the model's loss is higher by a twentieth and by 3.3 standard errors clustered by group:
        with thirty segments that happens by chance once in seventy trainings.
    """
    if evaluation.predictions is None or not evaluation.methods or not evaluation.named("baseline"):
        return ()
    model, baseline = evaluation.methods[0].name, evaluation.named("baseline")[0].name
    label = evaluation.predictions["label"].to_numpy(np.float64)
    found = []
    for name in (name for name in segments if segments[name].nunique() > 1):
        for value, rows in _members(segments[name]):
            yes = label[rows].sum()
            if len(rows) < _LEAST_ROWS or min(yes, len(rows) - yes) < _LEAST_OF_CLASS:
                continue
            losses = evaluation.losses.iloc[rows]
            ours, theirs = (losses[method].to_numpy(np.float64) for method in (model, baseline))
            found.append(_segment(str(name), value, rows, evaluation, ours - theirs, float(theirs.mean())))
    return tuple(found)


def _segment(
    name: str, value: str, rows: Rows, evaluation: Evaluation, difference: Floats, baseline_loss: float
) -> SegmentRecord:
    assert evaluation.predictions is not None  # noqa: S101 - checked by the caller
    predictions = evaluation.predictions.iloc[rows]
    weight = predictions["weight"].to_numpy(np.float64)
    label, p = (predictions[column].to_numpy(np.float64) for column in ("label", evaluation.methods[0].name))
    mean, error, n_groups = _clustered(difference, evaluation.group[rows])
    broken = n_groups >= _LEAST_GROUPS and mean > max(_BEYOND_NOISE * error, _WORTH_NAMING * baseline_loss)
    return SegmentRecord(
        segment=name,
        value=value,
        rows=len(rows),
        rate=float(np.average(label, weights=weight)),
        mean_p=float(np.average(p, weights=weight)),
        auc=BinaryMeasures(label, p)(weight)["auc"],
        loss_difference=MetricRecord(value=mean, low=mean - 1.28 * error, high=mean + 1.28 * error),
        broken=bool(broken),
    )


def _clustered(difference: Floats, group: Rows) -> tuple[float, float, int]:
    """Mean, its standard error with groups as the units, and how many groups there are."""
    names, codes = np.unique(group, return_inverse=True)
    sums, sizes = np.bincount(codes, difference), np.bincount(codes)
    mean = float(difference.mean())
    error = float(np.sqrt(((sums - mean * sizes) ** 2).sum()) / len(difference))
    return mean, error, len(names)


def measure_groups(evaluation: Evaluation, groups: pd.DataFrame) -> tuple[GroupRecord, ...]:
    """Measure the model within each protected group of the test rows, with 80 % intervals.

    Parameters
    ----------
    evaluation : Evaluation
        With predictions.
    groups : DataFrame
        Words, one column per protected attribute, rows as the predictions.
    """
    if evaluation.predictions is None or not evaluation.methods:
        return ()
    frame = evaluation.predictions
    p = frame[evaluation.methods[0].name].to_numpy(np.float64)
    weight = frame["weight"].to_numpy(np.float64)
    frame = frame.assign(p=p, selected=_selected(p, weight))
    return tuple(
        GroupRecord(
            attribute=str(name).removeprefix("attributes."),
            value=value,
            rows=len(rows),
            metrics=_group_metrics(frame.iloc[rows], evaluation.group[rows]),
        )
        for name in groups
        for value, rows in _members(groups[name])
        if len(rows) >= _LEAST_IN_GROUP
    )


def _members(words: pd.Series) -> Iterator[tuple[str, Rows]]:
    codes, names = pd.factorize(words, sort=True)
    for code, name in enumerate(names):
        yield str(name), np.flatnonzero(codes == code)


def _selected(p: Floats, weight: Floats) -> Floats:
    """Whether each row is among the share with the highest p; rows at the edge count in part."""
    order = np.argsort(-p, kind="stable")
    above = np.cumsum(weight[order]) - weight[order]
    room = np.clip(SELECTED_SHARE * weight.sum() - above, 0, weight[order])
    chosen = np.zeros(len(p))
    chosen[order] = np.divide(room, weight[order], out=np.zeros(len(p)), where=weight[order] > 0)
    return chosen


def _group_metrics(frame: pd.DataFrame, group: Rows) -> Mapping[str, MetricRecord]:
    label, p, weight, chosen = (frame[name].to_numpy(np.float64) for name in ("label", "p", "weight", "selected"))
    found = measure(label, p, group=group, weight=weight)
    kept = {name: found[name] for name in ("auc", "brier", "ece")}
    for name, values in (("mean_p", p), ("rate", label), ("selected", chosen)):
        draws = [float(np.average(values, weights=w)) for w in _weights(weight, group)]
        kept[name] = with_interval(float(np.average(values, weights=weight)), np.array(draws))
    return {name: _record(metric) for name, metric in kept.items()}


def _weights(weight: Floats, group: Rows) -> Iterator[Floats]:
    return (weight * counts for counts in group_draws(group, _DRAWS, 7) if (weight * counts).sum() > 0)


def protected_gain(
    attributes: tuple[str, ...], label: Floats, without: Floats, using: Floats, weight: Floats, group: Rows
) -> ProtectedGain:
    """Compare a model that may use protected attributes with one that may not, on the same rows.

    Parameters
    ----------
    attributes : tuple of str
        Their names.
    label, without, using, weight : float64 arrays of shape (n,)
        Outcomes, both models' probabilities, weights.
    group : int64 array of shape (n,)
        Drawn whole for the intervals.
    """
    ours, theirs = BinaryMeasures(label, without), BinaryMeasures(label, using)
    names = ("auc", "log_loss")

    def differences(w: Floats) -> dict[str, float]:
        a, b = ours(w), theirs(w)
        return {name: b[name] - a[name] for name in names}

    value, draws = differences(weight), [differences(w) for w in _weights(weight, group)]
    records = {name: _record(with_interval(value[name], np.array([draw[name] for draw in draws]))) for name in names}
    return ProtectedGain(attributes=attributes, **records)


def _record(metric: Metric) -> MetricRecord:
    return MetricRecord(value=metric.value, low=metric.low, high=metric.high)
