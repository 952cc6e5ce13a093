"""Training of a binary outcome from a frame: split, baselines, comparison, final fit."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np
import pandas as pd

from domain.errors import FeatureSetMismatch, TrainingImpossible
from models.artefact import StabilityRecord
from models.drift import reference
from models.stability import factor_agreement
from training.dataset import Dataset, Floats, Instants
from training.duel import duel
from training.evaluation import Evaluation, Method, MethodKind
from training.groups_measured import measure_groups, measure_segments, protected_gain
from training.leak_statistics import single_aucs
from training.learning_curve import learning_curve, with_segments
from training.measures import BinaryMeasures, log_losses, measure
from training.splits import MIN_TEST_ROWS, Split, rolling_cutoffs, split_at, time_split
from training.task import GoldenRows, PartResult, TrainingContext

if TYPE_CHECKING:
    from models.probability import ProbabilityModel
    from models.staged import Sooner

MODEL: Literal["model"] = "model"
CHAMPION: Literal["champion"] = "champion"
_GOLDEN_ROWS = 50
_STRONGEST = 5
_EXPLAINED = 200
_COMPARED_MEMBERS = 0  # members make intervals, which the comparison does not look at

Baseline = Callable[[Dataset, Dataset], Floats]
"""Fits on the first data set, gives p of the rows of the second."""

Predictor = Callable[[pd.DataFrame], Floats]
"""Gives p of a features frame."""


@dataclass(frozen=True, eq=False)
class BinaryResult:
    """The final model of one part, and what is to be known about it."""

    model: "ProbabilityModel"
    part: PartResult


def train_binary(
    dataset: Dataset,
    baselines: Mapping[str, Baseline],
    context: TrainingContext,
    *,
    part: str = "",
    champion: Predictor | None = None,
) -> BinaryResult:
    """Compare model and baselines on a later window, then fit the final model on every row.

    Parameters
    ----------
    dataset : Dataset
        Rows whose outcome is known by ``context.as_of`` (others are dropped).
    baselines : mapping of str to Baseline
        At least two by name; the first is the one that answers when no model serves.
    context : TrainingContext
        Seed, threads, champion version.
    part : str, optional
        Name of the part; default: the horizon in days.
    champion : callable, optional
        Gives p of a features frame by the serving champion, e.g.
        ``partial(TASK.predict, context.champion.folder, part)``. In the table it is shown on rows most of whose time
        from ``as_of`` until the outcome was known lies after its training; its gate judges a duel (ADR-0005).

    Returns
    -------
    BinaryResult

    Raises
    ------
    TrainingImpossible
        If no row has a known outcome.
    """
    known = dataset.known_by(context.until)
    name = part or str(dataset.horizon_days)
    if not len(known):
        raise TrainingImpossible(
            f"no outcome over {dataset.horizon_days} days is known yet by {context.as_of:%Y-%m-%d}"
        )
    split = time_split(known.as_of, known.known_at, label=known.label, group=known.group, seed=context.seed)
    context.report(f"{name}: {split.sentence}")
    evaluation, earlier = _compared(known, split, baselines, context, name, champion)
    model = fit_model(known, context)
    context.report(f"{name}: fitted on {len(known):,} rows, chose {model.choice_}")
    result = PartResult(
        part=name,
        horizon_days=dataset.horizon_days,
        evaluation=evaluation,
        golden=golden_rows(model, known.features),
        rows=len(known),
        positives=known.n_positive,
        train_window=_window(known.as_of),
        choice=model.choice_,
        reference=reference(known.features, _fresh(evaluation, model, known)),
        strongest=tuple(single_aucs(known.features, known.label, known.group).items())[:_STRONGEST],
        duel=_duel(known, context, name, champion),
        stability=_stability(earlier, model, known.features.iloc[split.test], context.seed),
        **_by_group(known, split, evaluation, context),
    )
    return BinaryResult(model, result)


def _duel(known: Dataset, context: TrainingContext, part: str, champion: Predictor | None) -> Evaluation | None:
    """Compare with the champion on rows after its time, the model fitted on what the champion could know."""
    if champion is None or context.champion is None:
        return None

    def recipe(train: Dataset, test: Dataset) -> Floats:
        return _answers(fit_model(train, context, members=_COMPARED_MEMBERS), test)

    found = duel(known, champion, _trained_at(context), recipe)
    if found is None:
        return None
    split, ours, theirs = found
    test = known.take(split.test)
    p: dict[str, Floats] = {MODEL: ours, CHAMPION: theirs}
    return _evaluation(test, split, p, {name: np.ones(len(test), dtype=bool) for name in p}, context.seed, part)


def _by_group(known: Dataset, split: Split, evaluation: Evaluation, context: TrainingContext) -> dict[str, Any]:
    """Measure segments and protected groups of the test rows, where the context can tell them."""
    if context.rows is None or evaluation.predictions is None:
        return {}
    test = known.take(split.test)
    found: dict[str, Any] = {"segments": measure_segments(evaluation, context.rows.segments(test))}
    protected = context.rows.features(known)
    if not protected.shape[1]:
        return found
    context.report(f"{evaluation.part}: what the protected attributes would add")
    wide = known.features.reset_index(drop=True).join(protected, rsuffix=" (protected)")
    widened = replace(known, features=wide, sooner=None)  # whose protected attributes are not at hand
    train = widened.take(split.train)
    using = _answers(fit_model(train, context, members=_COMPARED_MEMBERS), widened.take(split.test))
    label, without, weight = (evaluation.predictions[name].to_numpy(np.float64) for name in ("label", MODEL, "weight"))
    names = tuple(str(name).removeprefix("attributes.") for name in protected)
    gain = protected_gain(names, label, without, using, weight, evaluation.group)
    return found | {"groups": measure_groups(evaluation, context.rows.groups(test)), "protected_gain": gain}


def _answers(model: "ProbabilityModel", rows: Dataset) -> Floats:
    return np.asarray(model.predict(rows.features).p, dtype=np.float64)


def _fresh(evaluation: Evaluation, model: "ProbabilityModel", known: Dataset) -> Floats:
    """Return scores of later rows where there were some to compare on, else of the rows of the fit."""
    if evaluation.predictions is not None and len(evaluation.predictions):
        return evaluation.predictions[MODEL].to_numpy(np.float64)
    return np.asarray(model.predict(known.features).p, dtype=np.float64)


def fit_model(dataset: Dataset, context: TrainingContext, *, members: int = 5) -> "ProbabilityModel":
    """Fit the calibrated model on every row of `dataset`; `members` bootstrap members are for its intervals."""
    from models.probability import ProbabilityModel
    from models.staged import StagedModel, worth_staging

    if dataset.first_step is not None:
        first = dataset.extra[dataset.first_step].to_numpy(np.float64)
        if worth_staging(first, dataset.label):
            staged = StagedModel(seed=context.seed, threads=context.threads, members=members).fit(
                dataset.features,
                dataset.label,
                first,
                as_of=dataset.as_of,
                group=dataset.group,
                weight=dataset.weight,
                embargo_days=_embargo_days(dataset),
                sooner=_sooner(dataset),
            )
            return cast("ProbabilityModel", staged)  # answers the same questions; only a task that asks for it gets it
    return ProbabilityModel(seed=context.seed, threads=context.threads, members=members).fit(
        dataset.features,
        dataset.label,
        as_of=dataset.as_of,
        group=dataset.group,
        weight=dataset.weight,
        embargo_days=_embargo_days(dataset),
        offset=dataset.offset,
        linear_only=dataset.linear_only,
    )


def _sooner(dataset: Dataset) -> "Sooner | None":
    """Return later rows whose first step was known by the time the last outcome of `dataset` was."""
    from models.staged import Sooner

    if dataset.sooner is None or not len(dataset):
        return None
    later = dataset.sooner.known_by(dataset.known_at.max())
    later = later.take(later.as_of > dataset.as_of.max())
    return Sooner(later.features, later.label, later.as_of, later.group, later.weight, float(later.horizon_days))


def _embargo_days(dataset: Dataset) -> float:
    # Windows of one subject may overlap. Where each stands once nothing does, and an embargo would only take rows away.
    return float(dataset.horizon_days) if len(np.unique(dataset.group)) < len(dataset) else 0.0


def compare(
    dataset: Dataset,
    split: Split,
    baselines: Mapping[str, Baseline],
    context: TrainingContext,
    *,
    part: str,
    champion: Predictor | None = None,
) -> Evaluation:
    """Fit model and baselines on the train rows of a split and measure all on its test rows."""
    return _compared(dataset, split, baselines, context, part, champion)[0]


def _compared(
    dataset: Dataset,
    split: Split,
    baselines: Mapping[str, Baseline],
    context: TrainingContext,
    part: str,
    champion: Predictor | None,
) -> "tuple[Evaluation, ProbabilityModel | None]":
    """Do what `compare` does; return the model that was fitted for it, too."""
    train, test = dataset.take(split.train), dataset.take(split.test)
    if not len(test):
        return Evaluation(part, (), pd.DataFrame(), test.group, how=split.sentence, n_train=len(train)), None
    model = fit_model(train, context, members=_COMPARED_MEMBERS)
    p: dict[str, Floats] = {MODEL: _answers(model, test)}
    for name, baseline in baselines.items():
        p[name] = _bounded(baseline(train, test), train)
    judged = {name: np.ones(len(test), dtype=bool) for name in p}
    unseen = _unseen(test, context)
    theirs = _ask(champion, test.take(unseen)) if champion is not None and unseen.sum() >= MIN_TEST_ROWS else None
    if theirs is not None:
        p[CHAMPION] = np.full(len(test), np.nan)
        p[CHAMPION][unseen] = theirs
        judged[CHAMPION] = unseen
    return _evaluation(test, split, p, judged, context.seed, part), model


def _stability(
    earlier: "ProbabilityModel | None", final: "ProbabilityModel", features: pd.DataFrame, seed: int
) -> StabilityRecord | None:
    """Compare the factors of two fits of the same recipe on some rows; None where either has none."""
    if earlier is None:
        return None
    rows = np.sort(np.random.default_rng(seed).permutation(len(features))[:_EXPLAINED])
    asked = features.iloc[rows]
    found = factor_agreement(earlier.explain(asked).contributions, final.explain(asked).contributions)
    if np.isnan(found.features):
        return None
    return StabilityRecord(features=found.features, rows=None if np.isnan(found.rows) else found.rows, n=len(rows))


def _ask(champion: Predictor, test: Dataset) -> Floats | None:
    try:
        return np.asarray(champion(test.features), dtype=np.float64)
    except FeatureSetMismatch:  # a custom attribute came or went since: the two cannot be compared
        return None


def _evaluation(
    test: Dataset, split: Split, p: Mapping[str, Floats], judged: Mapping[str, np.ndarray], seed: int, part: str
) -> Evaluation:
    weight = np.ones(len(test)) if test.weight is None else test.weight
    share = weight / weight.mean() if weight.sum() > 0 else weight
    methods, losses = [], {}
    for name, values in p.items():
        rows = judged[name]
        metrics = measure(test.label[rows], values[rows], group=test.group[rows], weight=weight[rows], seed=seed)
        methods.append(Method(name, _kind(name), metrics))
        losses[name] = np.where(rows, share * log_losses(test.label, np.where(rows, values, 0.5)), np.nan)
    predictions = pd.DataFrame({"label": test.label, "as_of": test.as_of, "weight": weight, **p})
    return Evaluation(
        part=part,
        methods=tuple(methods),
        losses=pd.DataFrame(losses),
        group=test.group,
        predictions=predictions,
        calibration=tuple(BinaryMeasures(test.label, p[MODEL]).calibration(weight)),
        how=split.sentence + _champion_sentence(judged.get(CHAMPION)),
        window=_window(test.as_of),
        cutoff="" if split.cutoff is None else _day(split.cutoff),
        n_train=len(split.train),
        n_positive=test.n_positive,
    )


def _champion_sentence(judged: "np.ndarray | None") -> str:
    if judged is None or judged.all():
        return ""
    return f"; the champion on the {int(judged.sum()):,} of them that it has not seen"


def _kind(name: str) -> MethodKind:
    if name == MODEL:
        return MODEL
    return CHAMPION if name == CHAMPION else "baseline"


def _unseen(test: Dataset, context: TrainingContext) -> np.ndarray:
    # By the middle of a row's window: the champion may have learned from a window of the same subject that began a
    # little earlier and was known in time, and would be judged on what it knows already.
    if context.champion is None:
        return np.zeros(len(test), dtype=bool)
    return np.asarray(test.as_of + (test.known_at - test.as_of) / 2 >= _trained_at(context))


def _trained_at(context: TrainingContext) -> np.datetime64:
    """Return the champion's instant."""
    assert context.champion is not None  # noqa: S101 - only asked for where there is one
    return np.datetime64(context.champion.trained_as_of.astimezone(UTC).replace(tzinfo=None), "us")


def _bounded(p: Floats, train: Dataset) -> Floats:
    values = np.asarray(p, dtype=np.float64)
    rate = (train.n_positive + 0.5) / (len(train) + 1)
    return np.clip(np.where(np.isfinite(values), values, rate), 0.0, 1.0)


def golden_rows(model: "ProbabilityModel", features: pd.DataFrame) -> GoldenRows:
    """Choose up to 50 rows over the whole range of p and keep what the model says of them."""
    p = np.asarray(model.predict(features).p, dtype=np.float64)
    positions = np.unique(np.linspace(0, len(p) - 1, min(_GOLDEN_ROWS, len(p))).astype(int))
    chosen = np.sort(np.argsort(p, kind="stable")[positions])
    rows = features.iloc[chosen].reset_index(drop=True)
    return GoldenRows(rows, np.asarray(model.predict(rows).p, dtype=np.float64))


def _day(instant: np.datetime64) -> str:
    return str(np.datetime_as_string(instant, unit="D"))


def _window(as_of: Instants) -> tuple[str, str]:
    return (_day(as_of.min()), _day(as_of.max())) if len(as_of) else ("", "")


def back_test_binary(
    datasets: Mapping[str, Dataset],
    baselines: Mapping[str, Baseline],
    context: TrainingContext,
    cutoffs: int,
) -> list[Evaluation]:
    """Rolling-origin back-test of model and baselines over data sets by part.

    At each cutoff everything is fitted on rows whose outcome was known then, and compared on rows
    asked from then until the next cutoff (Tashman 2000).

    Returns
    -------
    list of Evaluation
        By part and cutoff, then those of the learning curve at the last; a part with too short a history has none.
    """
    evaluations: list[Evaluation] = []
    for part, dataset in datasets.items():
        known = dataset.known_by(context.until)
        origins = rolling_cutoffs(known.as_of, known.known_at, cutoffs, label=known.label)
        for position, origin in enumerate(origins):
            until = origins[position + 1] if position + 1 < len(origins) else None
            split = split_at(known.as_of, known.known_at, origin, until)
            context.report(f"{part}: {split.sentence}")
            found = compare(known, split, baselines, context, part=part, champion=_champion(context, part))
            evaluations.append(with_segments(found, known.take(split.test)))
        if len(origins):  # on the rows of the last origin
            # A share of the rows learns from that share alone, not from what was known sooner of all others.
            on = partial(compare, replace(known, sooner=None), baselines=baselines, context=context, part=part)
            evaluations += learning_curve(known, split, on)
    return evaluations


def _champion(context: TrainingContext, part: str) -> Predictor | None:
    """Return the champion's answers, if there is one."""
    if context.champion is None:
        return None
    from training.make import load_task  # not above: it imports the tasks, which import this

    return partial(load_task(context.champion.name).predict, context.champion.folder, part)
