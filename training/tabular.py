"""Training of a binary outcome from a frame: split, baselines, comparison, final fit."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from training.dataset import Dataset, Floats
from training.evaluation import Evaluation
from training.task import PartResult, TrainingContext

if TYPE_CHECKING:
    from models.probability import ProbabilityModel

Baseline = Callable[[Dataset, Dataset], Floats]
"""Fits on the first data set, gives p of the rows of the second."""


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
    champion: Callable[[Any], Floats] | None = None,
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
        ``partial(TASK.predict, context.champion.folder, part)``. It is judged only on rows whose
        outcome became known after ``context.champion.manifest.trained_as_of``.

    Returns
    -------
    BinaryResult

    Raises
    ------
    TrainingImpossible
        If no row has a known outcome.
    """
    raise NotImplementedError


def back_test_binary(
    datasets: Mapping[str, Dataset],
    baselines: Mapping[str, Baseline],
    context: TrainingContext,
    cutoffs: int,
) -> list[Evaluation]:
    """Rolling-origin back-test of model and baselines over data sets by part.

    At each cutoff everything is fitted on rows whose outcome was known then, and compared on rows
    asked from then until the next cutoff.
    """
    raise NotImplementedError
