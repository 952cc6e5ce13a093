"""What a model's training must offer to the training service: one task per model.

A module ``training/<model>.py`` exposes ``TASK``, an instance of a class that follows `TrainingTask`.
The service calls ``train`` and does the rest: MLflow, manifest, hashes, registry, gates, promotion.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pandas as pd

from domain.settings import Settings
from models.artefact import GroupRecord, ProtectedGain, SegmentRecord, StabilityRecord
from training.dataset import Floats
from training.evaluation import Evaluation

if TYPE_CHECKING:
    from intelligence.features.text import TextEncoder
    from models.registry import ModelVersion
    from store.history import History
    from training.groups import RowWords
    from training.rows import Workers


def _silent(_message: str) -> None:
    """Report nothing."""


@dataclass(frozen=True)
class TrainingContext:
    """What a task works with, besides the history.

    Parameters
    ----------
    settings : Settings
        Horizons, seeds, threads, protected attributes.
    text : TextEncoder
        For ``features.build``.
    as_of : datetime
        Training's instant, aware UTC; the history was loaded until then.
    champion : ModelVersion, optional
        What serves today, for a comparison on rows that it has not seen.
    report : callable
        Takes a sentence about the progress.
    rows : RowWords, optional
        Tells segments and protected groups of labelled rows.
    hidden : frozenset of (str, str)
        Fields, as (resource, column), that were taken out of the history.
    workers : Workers, optional
        Build features elsewhere, from the same history.
    """

    settings: Settings
    text: "TextEncoder"
    as_of: datetime
    champion: "ModelVersion | None" = None
    report: Callable[[str], None] = _silent
    rows: "RowWords | None" = None
    hidden: frozenset[tuple[str, str]] = frozenset()
    workers: "Workers | None" = None

    @property
    def until(self) -> np.datetime64:
        """`as_of` as frames hold it: naive UTC, microseconds."""
        return np.datetime64(self.as_of.astimezone(UTC).replace(tzinfo=None), "us")

    @property
    def seed(self) -> int:
        """Seed of everything random."""
        return self.settings.training_seed

    @property
    def threads(self) -> int:
        """Threads to use."""
        return self.settings.training_threads


class Savable(Protocol):
    """A served thing: writes itself into a folder (``load`` of its class reads it)."""

    def save(self, folder: Path) -> None:
        """Write files into the existing `folder`; LightGBM text and JSON, no pickles."""


@dataclass(frozen=True, eq=False)
class GoldenRows:
    """Feature rows with the probabilities that the fitted model gave them.

    Replayed through the saved and loaded artefact, they must give the same numbers.
    """

    features: pd.DataFrame
    p: Floats


@dataclass(frozen=True, eq=False)
class PartResult:
    """One part (horizon or kind) of a trained model.

    Parameters
    ----------
    part : str
        ``"90"``, ``"asset"``; as in ``evaluation.part``.
    horizon_days : int
        Label window.
    evaluation : Evaluation
        Model, baselines and champion on the same window.
    golden : GoldenRows
        At most 50 rows.
    rows, positives : int
        That the final model was fitted on.
    train_window : tuple of str
        First and last as_of of those rows (ISO dates).
    choice : str
        What the validation inside the model chose.
    calibrated : bool, default=True
        Whether its numbers are probabilities that the calibration gate must judge.
    reference : mapping, optional
        Distributions of features and scores (`models.drift.reference`), which drift is measured against.
    strongest : tuple of (str, float)
        Features with the highest AUC alone.
    segments : tuple of SegmentRecord
        Model and answering baseline by programme, tier, country and the like.
    groups : tuple of GroupRecord
        Quality by protected group.
    protected_gain : ProtectedGain, optional
        What using the protected attributes would gain.
    duel : Evaluation, optional
        Champion and the candidate's recipe with the same knowledge.
    stability : StabilityRecord, optional
        Agreement of the factors of the final fit with those of the fit that was compared on later rows.
    """

    part: str
    horizon_days: int
    evaluation: Evaluation
    golden: GoldenRows
    rows: int
    positives: int
    train_window: tuple[str, str]
    choice: str
    calibrated: bool = True
    reference: Mapping[str, Any] | None = None
    strongest: tuple[tuple[str, float], ...] = ()
    segments: tuple[SegmentRecord, ...] = ()
    groups: tuple[GroupRecord, ...] = ()
    protected_gain: ProtectedGain | None = None
    duel: Evaluation | None = None
    stability: StabilityRecord | None = None


@dataclass(frozen=True, eq=False)
class TrainingResult:
    """What a task hands back.

    Parameters
    ----------
    model : Savable
        The served thing of ``models/<name>.py``, fitted on everything whose outcome is known.
    parts : tuple of PartResult
        At least one.
    feature_set, fingerprint : str
        Of the features that the model expects.
    columns : tuple of str
        Their names, in order.
    label_rule : str
        One sentence: what counts as the event.
    settings : mapping, optional
        Settings that changed the outcome (horizons, life signs ...); JSON-serialisable.
    counts : mapping of str to int, optional
        Data counts for the card (partners, deals, activities ...).
    notes : tuple of str, optional
        What a reader of the card should know (a field that predicts suspiciously well ...).
    """

    model: Savable
    parts: tuple[PartResult, ...]
    feature_set: str
    fingerprint: str
    columns: tuple[str, ...]
    label_rule: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


class TrainingTask(Protocol):
    """Trains one model of the service."""

    @property
    def name(self) -> str:
        """``fit``, ``churn``, ``match`` or ``recommend``."""

    def train(self, history: "History", context: TrainingContext) -> TrainingResult:
        """Build the data set, compare with at least two baselines, fit the final model.

        Raises
        ------
        TrainingImpossible
            If nothing can be learned; the message says what is missing, in a sentence for a person.
        """

    def predict(self, folder: Path, part: str, features: pd.DataFrame) -> Floats:
        """Return p of feature rows through an artefact loaded from `folder`, as serving computes it.

        The service uses it for golden rows; the task for its champion. A `part` that the artefact
        does not have, or features that do not fit, raise ``FeatureSetMismatch``.
        """

    def back_test(self, history: "History", context: TrainingContext, cutoffs: int) -> Sequence[Evaluation]:
        """Compare model and baselines at up to `cutoffs` instants, training afresh at each.

        For binary outcomes `training.tabular.back_test_binary` does it on the task's data sets.
        May return fewer, or none, when the history is short.
        """
