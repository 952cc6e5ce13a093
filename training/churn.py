"""Training of churn: partners at snapshot instants, one model per horizon."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.special import expit

from domain.errors import TrainingImpossible
from domain.settings import Settings
from intelligence.features.build import learn_feature_set
from intelligence.features.partner_times import DEAL_SIGN, times_of
from intelligence.features.registry import FeatureSet
from intelligence.scoring.inactivity import ChurnLabels, churn_labels, days
from models.churn import CURVE, ChurnModel
from models.metrics import bootstrap_interval
from models.recency import RecencyBands
from training.churn_list import with_list_precision
from training.churn_pool import fit_pool
from training.dataset import Dataset, Floats
from training.evaluation import Evaluation
from training.kinds import unknown_kinds
from training.labels import snapshot_instants, varying
from training.measures import log_losses
from training.rows import feature_rows
from training.splits import Split, time_split
from training.tabular import Baseline, back_test_binary, fit_model, train_binary
from training.task import PartResult, TrainingContext, TrainingResult

if TYPE_CHECKING:
    from store.history import History

MAX_ROWS = 40_000
_MIN_ROWS = 2
_MIN_SNAPSHOTS = 8
_FALLBACK_DAYS = (7, 14, 30, 60, 90, 180, 365)
_ROOM, _LEAST_ROOM = 6, 4
_FEW_OUTCOMES = 100  # of the rarer kind: with fewer the curve is a help in every generated programme
_SILENT, _QUIET = "silent_days", "silent_by_models"


class ChurnTask:
    """P(no sign of life in the next h days) for partners that showed one before."""

    name = "churn"

    def train(self, history: "History", context: TrainingContext) -> TrainingResult:
        """Fit a model per horizon; see `training.task.TrainingTask`."""
        feature_set, datasets = churn_datasets(history, context)
        champion = context.champion
        results = {
            part: train_binary(
                dataset,
                BASELINES,
                context,
                part=part,
                champion=None if champion is None else partial(self.predict, champion.folder, part),
            )
            for part, dataset in datasets.items()
        }
        parts = {int(part): result.model for part, result in results.items()}
        model = ChurnModel(parts, feature_set.to_json(), fit_pool(history, context, feature_set))
        return TrainingResult(
            model=model,
            parts=tuple(_with_list(result.part, context) for result in results.values()),
            feature_set=feature_set.name,
            fingerprint=feature_set.fingerprint,
            columns=feature_set.columns,
            label_rule=label_rule(context.settings.life_signs),
            settings={
                "churn_horizons_days": list(context.settings.churn_horizons_days),
                "churn_list_length": context.settings.churn_list_length,
                "life_signs": list(context.settings.life_signs),
                "protected_attributes": list(context.settings.protected_attributes),
            },
            counts={name: len(history.frame(name)) for name in ("partners", "deals", "activities")},
            notes=tuple(
                unknown_kinds("life_signs", context.settings.life_signs, history.activities, known=[DEAL_SIGN])
            ),
        )

    def predict(self, folder: Path, part: str, features: pd.DataFrame) -> Floats:
        """Return p of feature rows by the artefact in `folder`, as serving computes it."""
        model = ChurnModel.load(folder).part(part)
        return np.asarray(model.predict(features).p, dtype=np.float64)

    def back_test(self, history: "History", context: TrainingContext, cutoffs: int) -> Sequence[Evaluation]:
        """Compare model and baselines at several instants."""
        found = back_test_binary(churn_datasets(history, context)[1], BASELINES, context, cutoffs)
        return [with_list_precision(item, context.settings.churn_list_length, seed=context.seed) for item in found]


def _with_list(part: PartResult, context: TrainingContext) -> PartResult:
    length = context.settings.churn_list_length
    return replace(part, evaluation=with_list_precision(part.evaluation, length, seed=context.seed))


def label_rule(life_signs: Sequence[str]) -> str:
    """Return in a sentence what counts as inactive."""
    signs = ", ".join(life_signs) if life_signs else "deal registered or won, or activity"
    return f"no sign of life ({signs}) in (as_of, as_of + horizon]"


def churn_datasets(history: "History", context: TrainingContext) -> tuple[FeatureSet, dict[str, Dataset]]:
    """Return the feature set and a labelled data set per horizon, with what its model starts from.

    Raises
    ------
    TrainingImpossible
        If no partner showed a sign of life early enough for any horizon.
    """
    feature_set, made = labelled_features(history, context)
    return feature_set, _started(made, context)


def labelled_features(history: "History", context: TrainingContext) -> tuple[FeatureSet, dict[str, Dataset]]:
    """Return the feature set and a labelled data set per horizon; raises as `churn_datasets`."""
    labels = _labels(history, context)
    if not labels:
        shortest = min(context.settings.churn_horizons_days)
        raise TrainingImpossible(
            f"No partner showed a sign of life (deal or activity) more than {shortest} days before "
            f"{context.as_of:%Y-%m-%d}: whether one falls silent within {shortest} days cannot be learned yet."
        )
    feature_set = learn_feature_set("churn", history, _with_horizons(context.settings, labels), context.text)
    subjects = pd.concat(
        [pd.DataFrame({"partner_id": item.partner_id, "as_of": item.as_of}) for item in labels.values()]
    ).drop_duplicates(ignore_index=True)
    context.report(f"churn: features of {len(subjects):,} partner snapshots")
    features = feature_rows(feature_set, history, subjects, context)
    constant = set(feature_set.columns) - set(varying(features, _kept(features)))
    feature_set = feature_set.without(constant)
    place = pd.MultiIndex.from_frame(subjects)
    made = {
        str(horizon): _dataset(item, features.take(place.get_indexer(_pairs(item))), feature_set, horizon)
        for horizon, item in labels.items()
    }
    return feature_set, made


def _kept(features: pd.DataFrame) -> list[str]:
    return ["days_since_sign", "alive_p", "alive_rate", *(str(name) for name in features if _is_curve(name))]


def _is_curve(name: object) -> bool:
    return str(name).startswith(CURVE)


def _pairs(labels: ChurnLabels) -> pd.MultiIndex:
    return pd.MultiIndex.from_arrays([labels.partner_id, labels.as_of])


def _labels(history: "History", context: TrainingContext) -> dict[int, ChurnLabels]:
    """Return what is known of the horizons that the settings name and the history has room for.

    A horizon must go six times into the history: labels of a programme's first weeks say little of later ones, and
    the curve of silence from a shorter horizon says more. Where no named horizon fits, a shorter one is taken.
    """
    named, span = sorted(set(context.settings.churn_horizons_days)), _span_days(history, context)
    roomy = [horizon for horizon in named if span >= _ROOM * horizon]
    if not roomy and span >= _LEAST_ROOM * named[0]:
        roomy = named[:1]
    shorter = [horizon for horizon in _FALLBACK_DAYS if horizon < named[0] and span >= _ROOM * horizon]
    return (
        _known_labels(history, context, roomy)
        or _known_labels(history, context, shorter[-1:])
        or _known_labels(history, context, named)
    )


def _known_labels(history: "History", context: TrainingContext, horizons: Sequence[int]) -> dict[int, ChurnLabels]:
    times = times_of(history, context.settings.life_signs)
    labels = {}
    for horizon in horizons:
        instants = snapshot_instants(times, context.until, horizon)
        if len(instants):
            found = _sampled(churn_labels(history, context.settings, instants, horizon), context.seed)
            if len(found.partner_id) >= _MIN_ROWS:
                labels[horizon] = found
    return labels


def _with_horizons(settings: Settings, horizons: Iterable[int]) -> Settings:
    """Return settings whose horizons include all that are fitted: the curve has a column for each."""
    wanted = tuple(sorted({*settings.churn_horizons_days, *horizons}))
    return settings.model_copy(update={"churn_horizons_days": wanted})


def _span_days(history: "History", context: TrainingContext) -> float:
    signs = times_of(history, context.settings.life_signs).signs.occurred
    return float((context.until - signs.min()) / days(1)) if len(signs) else 0.0


def _sampled(labels: ChurnLabels, seed: int) -> ChurnLabels:
    """Keep as many rows as fit into ``MAX_ROWS``: fewer snapshots first, then fewer partners, each of those whole."""
    if len(labels.partner_id) <= MAX_ROWS:
        return labels
    instants = np.unique(labels.as_of)
    step = min(-(-len(labels.partner_id) // MAX_ROWS), max(len(instants) // _MIN_SNAPSHOTS, 1))
    labels = labels.take(np.isin(labels.as_of, instants[::-1][::step]))
    partners = np.unique(labels.partner_id)
    share = min(MAX_ROWS / len(labels.partner_id), 1.0)
    chosen = np.random.default_rng(seed).permutation(partners)[: max(int(share * len(partners)), 1)]
    return labels.take(np.isin(labels.partner_id, chosen))


def _dataset(labels: ChurnLabels, features: pd.DataFrame, feature_set: FeatureSet, horizon: int) -> Dataset:
    """Return the rows of a horizon. Its model sees the curve of silence at that horizon only; the rest is ``extra``."""
    own = {f"{CURVE}{horizon}", f"{CURVE}apart_{horizon}"}
    seen = [name for name in feature_set.columns if not _is_curve(name) or name in own]
    beside = [str(name) for name in features if _is_curve(name) and name not in own]
    extra = features[beside].assign(
        **{_SILENT: features["days_since_sign"].to_numpy(), _QUIET: expit(features[f"{CURVE}{horizon}"].to_numpy())}
    )
    return Dataset(
        features=features[seen],
        label=labels.inactive,
        as_of=labels.as_of,
        known_at=labels.as_of + days(horizon),
        group=labels.partner_id,
        horizon_days=horizon,
        extra=extra,
        feature_set=feature_set.name,
        fingerprint=feature_set.fingerprint,
        offset=f"{CURVE}{horizon}" if features[f"{CURVE}{horizon}"].notna().any() else None,
    )


def _started(datasets: Mapping[str, Dataset], context: TrainingContext) -> dict[str, Dataset]:
    """Let the models start from the curve of silence where that is better beyond noise at the shortest horizon.

    Judged on the later rows of those that the comparison with baselines fits on, so that its test rows stay unseen.
    With few outcomes the curve is always the start.
    """
    shortest = next(iter(datasets.values())).known_by(context.until)
    if min(shortest.n_positive, len(shortest) - shortest.n_positive) < _FEW_OUTCOMES:
        return dict(datasets)
    earlier = shortest.take(_split(shortest, context).train)
    inner = _split(earlier, context)
    train, later = earlier.take(inner.train), earlier.take(inner.test)
    if min(train.n_positive, len(train) - train.n_positive) < _FEW_OUTCOMES or not len(later):
        return dict(datasets)
    losses = [
        log_losses(later.label, fit_model(replace(train, offset=start), context, members=0).predict(later.features).p)
        for start in (train.offset, None)
    ]
    low, _ = bootstrap_interval(np.mean, losses[1] - losses[0], group=later.group, seed=context.seed, level=0.8)
    if low > 0:
        context.report("churn: starts from the curve of silence")
        return dict(datasets)
    return {part: replace(dataset, offset=None) for part, dataset in datasets.items()}


def _split(dataset: Dataset, context: TrainingContext) -> Split:
    return time_split(dataset.as_of, dataset.known_at, label=dataset.label, group=dataset.group, seed=context.seed)


def _recency_bands(train: Dataset, test: Dataset) -> Floats:
    bands = RecencyBands().fit(train.extra[_SILENT], train.label)
    return np.asarray(bands.predict(test.extra[_SILENT]).p)


def _recency_logistic(train: Dataset, test: Dataset) -> Floats:
    from sklearn.linear_model import LogisticRegression

    if train.n_positive in (0, len(train)):
        return _base_rate(train, test)
    x, x_test = (np.log1p(data.extra[[_SILENT]].to_numpy(float)) for data in (train, test))
    fitted = LogisticRegression().fit(np.nan_to_num(x), train.label)
    return np.asarray(fitted.predict_proba(np.nan_to_num(x_test))[:, 1])


def _till_you_die(train: Dataset, test: Dataset) -> Floats:
    """P(no active day) of Pareto/NBD and MBG/NBD as of each row; the base rate where that was too little to fit."""
    quiet = test.extra[_QUIET].to_numpy(float)
    return np.where(np.isnan(quiet), _base_rate(train, test), quiet)


def _base_rate(train: Dataset, test: Dataset) -> Floats:
    return np.full(len(test), (train.n_positive + 0.5) / (len(train) + 1.0))


BASELINES: Mapping[str, Baseline] = {
    "recency bands": _recency_bands,
    "recency logistic": _recency_logistic,
    "buy till you die": _till_you_die,
    "base rate": _base_rate,
}

TASK = ChurnTask()
