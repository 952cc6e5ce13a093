"""Training of fit: recruited partners as of their recruitment, and whether they became productive."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from domain.errors import TrainingImpossible
from intelligence.features.build import learn_feature_set
from intelligence.features.partner_outcomes import Outcomes
from intelligence.features.partner_waiting import WAITING, days_to_win
from intelligence.features.partner_words import LISTED, TERM
from intelligence.features.profile import PROFILE_FEATURES
from intelligence.features.registry import FeatureSet
from models.amount import AmountModel
from models.fit import FitModel, LookAlikes
from models.segments import SegmentRates
from training.dataset import Dataset, Floats
from training.evaluation import Evaluation
from training.fit_running import running_recruits, with_running
from training.labels import fit_outcomes, varying
from training.rows import feature_rows
from training.tabular import Baseline, back_test_binary, fit_model, golden_rows, train_binary
from training.task import TrainingContext, TrainingResult

if TYPE_CHECKING:
    from models.probability import ProbabilityModel
    from store.history import History

_LOOK = frozenset(feature.name for feature in PROFILE_FEATURES)
_LOOK_PREFIXES = ("text_", "attributes.")
_WORDS = ("text_", TERM, LISTED)
_NAMED = 12


class FitTask:
    """P(productive within the horizon after recruitment)."""

    name = "fit"

    def train(self, history: "History", context: TrainingContext) -> TrainingResult:
        """Fit probability, amount and look-alikes; see `training.task.TrainingTask`."""
        feature_set, dataset, outcomes = fit_dataset(history, context)
        champion = context.champion
        part = str(dataset.horizon_days)
        result = train_binary(
            dataset,
            BASELINES,
            context,
            part=part,
            champion=None if champion is None else partial(self.predict, champion.folder, part),
        )
        probability, whole = _with_running(history, context, feature_set, dataset, outcomes, result.model)
        if probability is not result.model:
            golden = golden_rows(probability, dataset.features)
            result = replace(
                result, model=probability, part=replace(result.part, golden=golden, choice=probability.choice_)
            )
        settings = context.settings
        return TrainingResult(
            model=_whole(result.model, feature_set, dataset, outcomes, context, _delays(history, context, outcomes)),
            parts=(result.part,),
            feature_set=feature_set.name,
            fingerprint=feature_set.fingerprint,
            columns=feature_set.columns,
            label_rule=label_rule(settings.fit_outcome, settings.fit_horizon_days),
            settings={
                "fit_outcome": settings.fit_outcome,
                "fit_horizon_days": settings.fit_horizon_days,
                "protected_attributes": list(settings.protected_attributes),
            },
            counts={
                "partners": len(history.partners),
                "recruited_with_outcome": len(dataset),
                "recruited_lately": whole,
            },
        )

    def predict(self, folder: Path, part: str, features: pd.DataFrame) -> Floats:
        """Return p of feature rows by the artefact in `folder`, as serving computes it."""
        return np.asarray(FitModel.load(folder).part(part).predict(features).p, dtype=np.float64)

    def back_test(self, history: "History", context: TrainingContext, cutoffs: int) -> Sequence[Evaluation]:
        """Compare model and baselines at several instants."""
        dataset = fit_dataset(history, context)[1]
        return back_test_binary({str(dataset.horizon_days): dataset}, BASELINES, context, cutoffs)


def label_rule(outcome: str, horizon_days: int) -> str:
    """Return in a sentence what counts as productive."""
    if outcome:
        return f"{outcome} above zero, for partners where it is filled in"
    return f"a first deal won within {horizon_days} days after recruited_at"


def fit_dataset(history: "History", context: TrainingContext) -> tuple[FeatureSet, Dataset, Outcomes]:
    """Return feature set, labelled data set and outcomes, row by row.

    Raises
    ------
    TrainingImpossible
        If no partner has a known outcome.
    """
    outcomes, known_at = fit_outcomes(history, context.settings)
    if not len(outcomes.ids):
        raise TrainingImpossible(_nothing(history, context))
    feature_set = learn_feature_set("fit", history, context.settings, context.text)
    subjects = pd.DataFrame({"partner_id": outcomes.ids, "as_of": outcomes.recruited_at})
    context.report(f"fit: features of {len(subjects):,} recruited partners")
    features = feature_rows(feature_set, history, subjects, context)
    feature_set = feature_set.without(set(feature_set.columns) - set(varying(features, (WAITING,))))
    segment = features["kind"].astype(object).astype(str) + "/" + features["country"].astype(object).astype(str)
    dataset = Dataset(
        features=features[[name for name in feature_set.columns if name != WAITING]],
        label=outcomes.label,
        as_of=outcomes.recruited_at,
        known_at=known_at,
        group=outcomes.ids,
        horizon_days=context.settings.fit_horizon_days,
        extra=pd.DataFrame({"segment": segment}),
        feature_set=feature_set.name,
        fingerprint=feature_set.fingerprint,
        linear_only=tuple(name for name in feature_set.columns if name.startswith(_WORDS)),
    )
    return feature_set, dataset, outcomes


def _with_running(
    history: "History",
    context: TrainingContext,
    feature_set: FeatureSet,
    dataset: Dataset,
    outcomes: Outcomes,
    model: "ProbabilityModel",
) -> "tuple[ProbabilityModel, int]":
    """Fit once more with recruits whose horizon still runs; return that model and how many there were."""
    settings = context.settings
    if settings.fit_outcome:
        return model, 0
    running = running_recruits(history, outcomes, settings.fit_horizon_days)
    if not len(running) or model.choice_ == "prior":
        return model, 0
    subjects = pd.DataFrame({"partner_id": running.ids, "as_of": running.recruited_at})
    features = feature_rows(feature_set, history, subjects, context)[list(dataset.features.columns)]
    p = np.asarray(model.predict(features).p, dtype=np.float64)
    context.report(f"fit: once more, with {len(running):,} recruits whose horizon still runs")
    return fit_model(with_running(dataset, running, features, p), context), len(running)


def _whole(
    probability: "ProbabilityModel",
    feature_set: FeatureSet,
    dataset: Dataset,
    outcomes: Outcomes,
    context: TrainingContext,
    delays: Floats,
) -> FitModel:
    """Put amount and look-alikes, learned from the productive, beside the probability."""
    productive = outcomes.label > 0
    amount = AmountModel(seed=context.seed, threads=context.threads)
    profile = [name for name in feature_set.columns if name in _LOOK or name.startswith(_LOOK_PREFIXES)]
    return FitModel(
        probability,
        amount.fit(dataset.features[productive], outcomes.value[productive]),
        _lookalikes(dataset.features[profile], outcomes, productive),
        profile,
        feature_set.to_json(),
        horizon_days=dataset.horizon_days,
        base_rate=float(dataset.label.mean()),
        delays=delays,
    )


def _delays(history: "History", context: TrainingContext, outcomes: Outcomes) -> Floats:
    """Return how soon the productive won; nothing where the outcome is the user's own, which has no day."""
    if context.settings.fit_outcome:
        return np.zeros(0)
    productive = outcomes.label > 0
    return days_to_win(history, outcomes.ids[productive], outcomes.recruited_at[productive])


def _nothing(history: "History", context: TrainingContext) -> str:
    settings = context.settings
    if settings.fit_outcome:
        return (
            f"No partner with recruited_at has a number in {settings.fit_outcome} by {context.as_of:%Y-%m-%d}: "
            f"fill it in for partners whose outcome is known.{_others(history, settings.fit_outcome)}"
        )
    return (
        f"No partner was recruited {settings.fit_horizon_days} days before {context.as_of:%Y-%m-%d} or earlier: "
        "who becomes productive cannot be learned yet. Give recruited_at, or shorten fit_horizon_days."
    )


def _others(history: "History", outcome: str) -> str:
    """Return a sentence on what the setting could name instead; empty when it names something that there is."""
    if outcome.startswith("goals."):
        found = sorted({f"goals.{metric}" for metric in history.goals["metric"].dropna()})
    else:
        found = [str(name) for name in history.partners.columns if str(name).startswith("attributes.")]
    if outcome in found:
        words = not outcome.startswith("goals.") and history.partners[outcome].dtype.kind != "f"
        return " It holds words; numbers, or true and false, are needed." if words else ""
    named = ", ".join(found[:_NAMED]) + (", ..." if len(found) > _NAMED else "")
    return f" There is no such field; partners have {named}." if found else " Partners have no such field."


def _lookalikes(profile: pd.DataFrame, outcomes: Outcomes, productive: np.ndarray) -> LookAlikes | None:
    if not productive.any() or not profile.shape[1]:
        return None
    return LookAlikes().fit(profile[productive].reset_index(drop=True), outcomes.ids[productive])


def _segment_rate(train: Dataset, test: Dataset) -> Floats:
    rates = SegmentRates().fit(train.extra["segment"], train.label)
    return np.asarray(rates.predict(test.extra["segment"]).p)


def _base_rate(train: Dataset, test: Dataset) -> Floats:
    return np.full(len(test), (train.n_positive + 0.5) / (len(train) + 1.0))


BASELINES: Mapping[str, Baseline] = {"segment rate": _segment_rate, "base rate": _base_rate}

TASK = FitTask()
