"""The only entrance to features, for training and serving alike."""

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from domain.settings import Settings
from intelligence.features import (  # noqa: F401 - importing a module registers its groups
    partner_alive,
    partner_deals,
    partner_outcomes,
    partner_programme,
    partner_relations,
    partner_signs,
    partner_terms,
    partner_texts,
    partner_waiting,
    partner_words,
)
from intelligence.features.attributes import learn_attributes
from intelligence.features.partner_times import instants
from intelligence.features.profile import as_column
from intelligence.features.registry import SETS, FeatureSet
from intelligence.features.text import as_learned, kind_of
from intelligence.features.work import Encoder, Work

if TYPE_CHECKING:
    from store.history import History

SETS["partner"] = ("profile", "standing", "attributes", "text")
SETS["churn"] = (
    "signs_recency",
    "signs_volume",
    "signs_rhythm",
    "signs_trend",
    "signs_kinds",
    "signs_amounts",
    "tenure",
    "alive",
    "deals",
    "leads_offered",
    "terms",
    "voice",
    "profile",
    "standing",
    "attributes",
)
SETS["fit"] = (
    "profile",
    "attributes",
    "text",
    "terms_named",
    "lists_named",
    "likeness",
    "outcome_rates",
    "intake",
    "white_space",
    "demand",
    "early_signs",
    "waiting",
)


def build(feature_set: FeatureSet, history: "History", subjects: pd.DataFrame, text: Encoder | None) -> pd.DataFrame:
    """Return the features of subjects, each as of its own instant.

    Nothing known after a row's ``as_of`` influences it, and no other row of `subjects` does.

    Parameters
    ----------
    feature_set : FeatureSet
        Of `learn_feature_set`, or as it was stored with a model.
    history : History
        Known at any instant not before the latest ``as_of``.
    subjects : DataFrame, shape (n, ...)
        Columns ``partner_id`` (ours) and ``as_of`` (naive UTC).
    text : Encoder, optional
        For features of texts; None leaves them missing.

    Returns
    -------
    DataFrame, shape (n, features)
        Index of `subjects`, columns in the order of the set: ``float64`` (NaN missing) or ``category`` (strings).

    Raises
    ------
    FeatureSetMismatch
        If there is no set of that name.
    """
    if feature_set.parameters.get("text"):
        text = as_learned(text, feature_set.parameters["text"])
    work = Work(history, subjects["partner_id"].to_numpy(np.int64), instants(subjects, "as_of"), feature_set, text)
    wanted = feature_set.columns
    columns: dict[str, pd.Series] = {}
    for group in feature_set.groups:
        names = [feature.name for feature in group.describe(feature_set)]
        if not any(name in wanted for name in names):
            continue
        computed = group.compute(work)
        columns.update({name: as_column(computed[name]) for name in names})
    frame = pd.DataFrame({name: columns[name] for name in wanted}, index=pd.RangeIndex(len(subjects)))
    return frame.set_axis(subjects.index)


def learn_feature_set(name: str, history: "History", settings: Settings, text: Encoder | None = None) -> FeatureSet:
    """Return a feature set with what it must remember: kinds of activity, custom attributes, projection of texts.

    Only what is in `history` enters; load it until the training's as_of.

    Parameters
    ----------
    name : str
        ``churn``, ``fit`` or ``partner``.
    history : History
        Everything known at the training's as_of.
    settings : Settings
        Signs of life, horizons, outcome, protected attributes.
    text : Encoder, optional
        None: no features of texts.
    """
    parameters = {
        "life_signs": sorted(settings.life_signs),
        "horizons": sorted(settings.churn_horizons_days),
        "outcome": settings.fit_outcome,
        "outcome_days": settings.fit_horizon_days,
        **learn_attributes(history.partners, settings),
    }
    everyone = history.partners["id"].to_numpy(np.int64)
    as_of = np.full(len(everyone), history.until)
    for group in FeatureSet(name, parameters).groups:
        if group.learn is not None:
            parameters |= group.learn(Work(history, everyone, as_of, FeatureSet(name, parameters), text))
    if parameters.get("text"):
        parameters["text"] = {**parameters["text"], **kind_of(text)}
    return FeatureSet(name, parameters)
