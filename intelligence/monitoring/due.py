"""Whether a model is due for training: by age, by new outcomes, by drift; and why, in a sentence."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from domain.settings import Settings
from domain.terms import ModelName
from intelligence.context import Intelligence
from intelligence.features.partner_outcomes import partner_outcomes
from intelligence.features.partner_times import times_of
from models.artefact import as_utc
from store.history import History

Instants = npt.NDArray[np.datetime64]

REST = timedelta(days=7)
"""Shortest time between two trainings for drift, or after one in which nothing could be learned."""


def due_for_training(
    context: Intelligence, name: str, now: datetime, report: Mapping[str, Any] | None, last_try: datetime | None = None
) -> str:
    """Return why a model should be trained now, empty if it need not.

    Parameters
    ----------
    context : Intelligence
        Store, registry, settings.
    name : str
        The model.
    now : datetime
        The present.
    report : mapping, optional
        The drift report of the champion, if there is one.
    last_try : datetime, optional
        When it was last set to be trained on schedule, whatever came of it.

    Notes
    -----
    Age counts from the newest version, whether it serves or was refused: what was refused yesterday is not
    tried again today on the same data.
    """
    settings = context.settings
    versions = context.registry.versions(name)
    if last_try is not None and now - last_try < REST:
        return ""
    if not versions:
        wanted = settings.retrain_every_days > 0 and len(context.history(now).partners) > 0
        return "No version was ever trained." if wanted else ""
    newest = versions[0]
    age = now - as_utc(newest.manifest.created_at)
    if settings.retrain_every_days and age >= timedelta(days=settings.retrain_every_days):
        return f"The newest version, {newest.label}, is {age.days} days old."
    if settings.retrain_on_drift and report is not None and report["drifted"] and age >= REST:
        return f"Drift: {report['sentence']}"
    share = new_outcomes(context.history(now), settings, name, newest.trained_as_of)
    if settings.retrain_new_outcomes and share >= settings.retrain_new_outcomes:
        return f"{share:.0%} new outcomes since {newest.label} was trained."
    return ""


def new_outcomes(history: History, settings: Settings, name: str, trained_as_of: datetime) -> float:
    """Return outcomes that became known after an instant, as a share of those known by then; at least one counts."""
    known = _OUTCOMES[ModelName(name)](history, settings)
    trained = np.datetime64(as_utc(trained_as_of).replace(tzinfo=None), "us")
    before = int((known <= trained).sum())
    later = int(((known > trained) & (known <= history.until)).sum())
    return later / max(before, 1)


def _signs_of_life(history: History, settings: Settings) -> Instants:
    return np.asarray(times_of(history, settings.life_signs).signs.occurred)


def _recruits(history: History, settings: Settings) -> Instants:
    return np.asarray(partner_outcomes(history, settings.fit_outcome, settings.fit_horizon_days).known_at)


def _answers_and_endings(history: History, _settings: Settings) -> Instants:
    ended = pd.concat([history.deals["closed_at"], history.assignments["responded_at"]]).dropna()
    return np.asarray(ended, dtype="datetime64[us]")


def _engagements(history: History, _settings: Settings) -> Instants:
    log = history.activities
    return np.asarray(log.loc[(log["asset_id"] >= 0) | (log["offer_id"] >= 0), "recorded_at"], dtype="datetime64[us]")


_OUTCOMES: Mapping[ModelName, Callable[[History, Settings], Instants]] = {
    ModelName.CHURN: _signs_of_life,
    ModelName.FIT: _recruits,
    ModelName.MATCH: _answers_and_endings,
    ModelName.RECOMMEND: _engagements,
}
"""Instants at which what each model's labels are made of became known."""
