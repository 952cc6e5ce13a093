"""Scores of the version in shadow, beside the champion's: stored, compared, never served."""

from datetime import datetime
from typing import Any

from domain.terms import ModelName
from intelligence.context import Intelligence, LoadedModel
from intelligence.scoring.churn import churn_scores
from intelligence.scoring.fit import fit_scores
from models.registry import ModelVersion
from store.history import History
from store.unit_of_work import UnitOfWork


class AsVersion:
    """The shared context as if one version answered for every instant."""

    def __init__(self, context: Intelligence, version: ModelVersion) -> None:
        self._context = context
        self._version = version
        self.engine = context.engine
        self.settings = context.settings
        self.text = context.text

    def instant(self, as_of: datetime | None = None) -> datetime:
        """Return `as_of` as aware UTC; the present when it is None."""
        return self._context.instant(as_of)

    def history(self, as_of: datetime | None = None) -> History:
        """Return everything known at `as_of`."""
        return self._context.history(as_of)

    def load_model(self, name: str, as_of: datetime | None = None) -> LoadedModel | None:
        """Return the version, whatever the instant; None for any other model."""
        del as_of
        return self._context.load_version(self._version) if name == self._version.name else None


def score_shadow(context: Intelligence, name: str, as_of: datetime, horizon_days: int | None = None) -> int:
    """Score all partners or prospects by the version in shadow, store that, and return how many.

    Nothing is scored when no version is in shadow, or when it was trained later than `as_of`.
    """
    version = context.registry.shadow(name)
    if version is None or version.trained_as_of > as_of:
        return 0
    beside = AsVersion(context, version)
    if name == ModelName.CHURN:
        found: Any = churn_scores(beside, as_of, horizon_days)
    elif name == ModelName.FIT:
        found = fit_scores(beside, as_of)
    else:
        return 0
    frame = found.frame
    p = next((column for column in frame.columns if str(column).startswith("p_")), "p")
    rows = [
        {
            "partner_id": int(id_),
            "model": name,
            "horizon_days": int(row["horizon_days"]),
            "as_of": as_of,
            "p": float(row[p]),
            "low": float(row["low"]),
            "high": float(row["high"]),
            "model_version": version.label,
        }
        for id_, row in zip(found.partner_id, frame.to_dict("records"), strict=True)
    ]
    with UnitOfWork(context.engine, clock=context.clock) as work:
        return work.scores.put_shadow(rows)
