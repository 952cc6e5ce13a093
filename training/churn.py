"""Training of churn: partners at snapshot instants, one model per horizon."""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from domain.errors import TrainingImpossible
from intelligence.features.build import build, learn_feature_set
from intelligence.features.partner_times import times_of
from intelligence.features.registry import FeatureSet
from intelligence.scoring.inactivity import ChurnLabels, churn_labels, days
from models.churn import ChurnModel
from models.recency import RecencyBands
from training.dataset import Dataset, Floats
from training.evaluation import Evaluation
from training.labels import snapshot_instants, varying
from training.tabular import Baseline, back_test_binary, train_binary
from training.task import TrainingContext, TrainingResult

if TYPE_CHECKING:
    from store.history import History

MAX_ROWS = 40_000
_MIN_ROWS = 2


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
        model = ChurnModel({int(part): result.model for part, result in results.items()}, feature_set.to_json())
        return TrainingResult(
            model=model,
            parts=tuple(result.part for result in results.values()),
            feature_set=feature_set.name,
            fingerprint=feature_set.fingerprint,
            columns=feature_set.columns,
            label_rule=label_rule(context.settings.life_signs),
            settings={
                "churn_horizons_days": list(context.settings.churn_horizons_days),
                "life_signs": list(context.settings.life_signs),
                "protected_attributes": list(context.settings.protected_attributes),
            },
            counts={name: len(history.frame(name)) for name in ("partners", "deals", "activities")},
        )

    def predict(self, folder: Path, part: str, features: pd.DataFrame) -> Floats:
        """Return p of feature rows by the artefact in `folder`, as serving computes it."""
        model = ChurnModel.load(folder).part(part)
        return np.asarray(model.predict(features).p, dtype=np.float64)

    def back_test(self, history: "History", context: TrainingContext, cutoffs: int) -> Sequence[Evaluation]:
        """Compare model and baselines at several instants."""
        return back_test_binary(churn_datasets(history, context)[1], BASELINES, context, cutoffs)


def label_rule(life_signs: Sequence[str]) -> str:
    """Return in a sentence what counts as inactive."""
    signs = ", ".join(life_signs) if life_signs else "deal registered or won, or activity"
    return f"no sign of life ({signs}) in (as_of, as_of + horizon]"


def churn_datasets(history: "History", context: TrainingContext) -> tuple[FeatureSet, dict[str, Dataset]]:
    """Return the feature set and a labelled data set per horizon.

    Raises
    ------
    TrainingImpossible
        If no partner showed a sign of life early enough for any horizon.
    """
    labels = _labels(history, context)
    if not labels:
        shortest = min(context.settings.churn_horizons_days)
        raise TrainingImpossible(
            f"No partner showed a sign of life (deal or activity) more than {shortest} days before "
            f"{context.as_of:%Y-%m-%d}: whether one falls silent within {shortest} days cannot be learned yet."
        )
    feature_set = learn_feature_set("churn", history, context.settings, context.text)
    subjects = pd.concat(
        [pd.DataFrame({"partner_id": item.partner_id, "as_of": item.as_of}) for item in labels.values()]
    ).drop_duplicates(ignore_index=True)
    context.report(f"churn: features of {len(subjects):,} partner snapshots")
    features = build(feature_set, history, subjects, context.text)
    constant = set(feature_set.columns) - set(varying(features, _KEPT))
    feature_set = feature_set.without(constant)
    place = pd.MultiIndex.from_frame(subjects)
    return feature_set, {
        str(horizon): _dataset(item, features.take(place.get_indexer(_pairs(item))), feature_set, horizon)
        for horizon, item in labels.items()
    }


_KEPT = ("days_since_sign", "alive_p", "alive_rate", "alive_shape")


def _pairs(labels: ChurnLabels) -> pd.MultiIndex:
    return pd.MultiIndex.from_arrays([labels.partner_id, labels.as_of])


def _labels(history: "History", context: TrainingContext) -> dict[int, ChurnLabels]:
    times = times_of(history, context.settings.life_signs)
    labels = {}
    for horizon in sorted(set(context.settings.churn_horizons_days)):
        instants = snapshot_instants(times, context.until, horizon)
        if len(instants):
            found = _sampled(churn_labels(history, context.settings, instants, horizon), context.seed)
            if len(found.partner_id) >= _MIN_ROWS:
                labels[horizon] = found
    return labels


def _sampled(labels: ChurnLabels, seed: int) -> ChurnLabels:
    """Keep whole partners, as many as fit into ``MAX_ROWS``."""
    if len(labels.partner_id) <= MAX_ROWS:
        return labels
    partners = np.unique(labels.partner_id)
    share = MAX_ROWS / len(labels.partner_id)
    chosen = np.random.default_rng(seed).permutation(partners)[: max(int(share * len(partners)), 1)]
    rows = np.isin(labels.partner_id, chosen)
    return ChurnLabels(labels.partner_id[rows], labels.as_of[rows], labels.inactive[rows])


def _dataset(labels: ChurnLabels, features: pd.DataFrame, feature_set: FeatureSet, horizon: int) -> Dataset:
    quiet = features[f"quiet_{horizon}"] if f"quiet_{horizon}" in features else np.full(len(features), np.nan)
    extra = pd.DataFrame({"days_since_sign": features["days_since_sign"].to_numpy(), "quiet": np.asarray(quiet)})
    return Dataset(
        features=features[list(feature_set.columns)],
        label=labels.inactive,
        as_of=labels.as_of,
        known_at=labels.as_of + days(horizon),
        group=labels.partner_id,
        horizon_days=horizon,
        extra=extra,
        feature_set=feature_set.name,
        fingerprint=feature_set.fingerprint,
    )


def _recency_bands(train: Dataset, test: Dataset) -> Floats:
    bands = RecencyBands().fit(train.extra["days_since_sign"], train.label)
    return np.asarray(bands.predict(test.extra["days_since_sign"]).p)


def _recency_logistic(train: Dataset, test: Dataset) -> Floats:
    from sklearn.linear_model import LogisticRegression

    if train.n_positive in (0, len(train)):
        return _base_rate(train, test)
    x, x_test = (np.log1p(data.extra[["days_since_sign"]].to_numpy(float)) for data in (train, test))
    fitted = LogisticRegression().fit(np.nan_to_num(x), train.label)
    return np.asarray(fitted.predict_proba(np.nan_to_num(x_test))[:, 1])


def _mbg_nbd(train: Dataset, test: Dataset) -> Floats:
    """P(no active day) of MBG/NBD fitted on what each row's as_of knew; the base rate where that was too little."""
    quiet = test.extra["quiet"].to_numpy(float)
    return np.where(np.isnan(quiet), _base_rate(train, test), quiet)


def _base_rate(train: Dataset, test: Dataset) -> Floats:
    return np.full(len(test), (train.n_positive + 0.5) / (len(train) + 1.0))


BASELINES: Mapping[str, Baseline] = {
    "recency bands": _recency_bands,
    "recency logistic": _recency_logistic,
    "MBG/NBD": _mbg_nbd,
    "base rate": _base_rate,
}

TASK = ChurnTask()
