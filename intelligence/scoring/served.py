"""What scoring needs of its surroundings, the model that serves an instant, and keeping of scores."""

import logging
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from domain.errors import CannotAnswer, FeatureSetMismatch
from domain.settings import Settings
from domain.terms import evidence_level
from intelligence.features.partner_times import per_history
from intelligence.features.registry import FeatureSet
from intelligence.features.timeline import FloatArray, IntArray
from intelligence.features.work import Encoder
from store.history import History
from store.unit_of_work import UnitOfWork

BASELINE = "baseline"
FEATURES = "features"
"""Under this name the details of a score hold the values of the version's feature columns, in their order."""
_STEADY = 0.05

logger = logging.getLogger(__name__)


class Loaded(Protocol):
    """A served model in memory with its version: `intelligence.context.LoadedModel`."""

    @property
    def model(self) -> Any:
        """Instance of the class in ``models/<name>.py``."""

    @property
    def label(self) -> str:
        """``model_version`` of its predictions."""


class ScoringContext(Protocol):
    """Part of `intelligence.context.Intelligence` that scoring uses."""

    @property
    def engine(self) -> Any:
        """Engine of the store, for the unit of work."""

    @property
    def settings(self) -> Settings:
        """Settings of the service."""

    @property
    def text(self) -> Encoder | None:
        """Encoder of texts."""

    def instant(self, as_of: datetime | None = None) -> datetime:
        """Return `as_of` as aware UTC; the present when it is None."""

    def history(self, as_of: datetime | None = None) -> History:
        """Return everything known at `as_of`."""

    def load_model(self, name: str, as_of: datetime | None = None) -> Loaded | None:
        """Return the model that serves an instant, None if the baseline does."""


def naive(as_of: datetime) -> np.datetime64:
    """Return an aware instant as frames hold it."""
    return np.datetime64(as_of.astimezone(UTC).replace(tzinfo=None), "us")


def serving_model(context: ScoringContext, name: str, as_of: datetime) -> tuple[Any, FeatureSet, str] | None:
    """Return the model that serves an instant, its features and its version; None when the baseline must answer."""
    loaded = context.load_model(name, as_of)
    if loaded is None:
        return None
    try:
        return loaded.model, FeatureSet.from_json(loaded.model.feature_set), loaded.label
    except FeatureSetMismatch as error:
        logger.warning("%s cannot serve, the baseline answers: %s", loaded.label, error.message)
        return None


def still_serving(context: ScoringContext, name: str, as_of: datetime, version: str) -> tuple[Any, FeatureSet, str]:
    """Return what `serving_model` does, if it is the version that is expected.

    Raises
    ------
    CannotAnswer
        If another one has come to serve since.
    """
    served = serving_model(context, name, as_of)
    if served is None or served[2] != version:
        raise CannotAnswer(f"{version} does not serve any more; nothing was kept, try again.")
    return served


def external_ids(history: History, partner_id: IntArray) -> list[str]:
    """Return the caller's ids of our partner ids."""
    names = history.partners.set_index("id")["external_id"]
    return [str(name) for name in names.reindex(partner_id)]


@per_history
def names_of(history: History) -> dict[int, str]:
    """Return the caller's ids by ours."""
    return dict(zip(history.partners["id"].tolist(), history.partners["external_id"].tolist(), strict=True))


def previous_chances(
    context: ScoringContext, model: str, horizon_days: int, as_of: datetime, partner_id: IntArray
) -> FloatArray:
    """Return the probability of each partner's newest earlier score, NaN for none."""
    with UnitOfWork(context.engine, read_only=True) as uow:
        ids, p = uow.scores.previous_chances(model, horizon_days, as_of)
    place = np.minimum(np.searchsorted(ids, partner_id), max(len(ids) - 1, 0))
    return np.where(ids[place] == partner_id, p[place], np.nan) if len(ids) else np.full(len(partner_id), np.nan)


def trends(p: FloatArray, before: FloatArray) -> npt.NDArray[np.str_]:
    """Name the way probabilities went since the last stored scores: new, rising, falling or steady."""
    return np.select(
        [np.isnan(before), np.abs(p - before) < _STEADY, p > before], ["new", "steady", "rising"], "falling"
    )


def evidence_levels(n: IntArray) -> npt.NDArray[np.str_]:
    """Return `domain.terms.evidence_level` of each number of active days."""
    different, place = np.unique(n, return_inverse=True)
    return np.array([str(evidence_level(int(one))) for one in different], dtype=str)[place]


def keep_scores(
    context: ScoringContext,
    model: str,
    frame: pd.DataFrame,
    partner_id: Sequence[int],
    details: Sequence[Mapping[str, Any]],
    as_of: datetime,
    features: pd.DataFrame | None = None,
) -> None:
    """Store a scored frame, one row per partner, replacing those of the same instant.

    Parameters
    ----------
    context : ScoringContext
        With the engine.
    model : str
        ``churn`` or ``fit``.
    frame : DataFrame
        With ``horizon_days``, the probability as third value column, ``low``, ``high``, ``model_version``.
    partner_id : sequence of int
        Ours, row by row.
    details : sequence of mapping
        What else to keep, row by row: the factors.
    as_of : datetime
        Aware.
    features : DataFrame, optional
        Feature values, row by row, so that the scores can be computed again (`intelligence.replay`).
    """
    if features is not None and not (frame["model_version"] == BASELINE).any():
        kept = feature_rows(features)
        details = [{**more, FEATURES: values} for more, values in zip(details, kept, strict=True)]
    p_column = next(name for name in frame.columns if name.startswith("p_"))
    plain = plain_rows(frame)
    rows = [
        {
            "partner_id": id_,
            "model": model,
            "horizon_days": row["horizon_days"],
            "as_of": as_of,
            "p": row[p_column],
            "low": row["low"],
            "high": row["high"],
            "model_version": row["model_version"],
            "details": {key: value for key, value in row.items() if key != "as_of"} | dict(more),
        }
        for id_, row, more in zip(partner_id, plain, details, strict=True)
    ]
    with UnitOfWork(context.engine) as uow:
        uow.scores.put_many(rows)


def feature_rows(features: pd.DataFrame) -> list[list[Any]]:
    """Return feature rows as they are stored, in the order of the version's columns; None for missing."""
    plain = features.astype(object).where(features.notna(), None)
    return [list(row) for row in plain.itertuples(index=False, name=None)]


def plain_rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return a frame as rows by column name; None for missing."""
    plain = frame.astype(object).where(frame.notna(), None)
    return [{str(name): value for name, value in row.items()} for row in plain.to_dict("records")]
