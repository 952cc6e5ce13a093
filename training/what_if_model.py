"""Which match model judges a replay: one that has not seen what became of the leads."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from domain.terms import ModelName
from intelligence.context import BASELINE
from intelligence.features.pair_build import PairSpec
from intelligence.features.pair_world import PairWorld
from intelligence.matching.baseline import BaselineRanker, baseline_world
from models.match import MatchModel, Ranker
from store.absences import Absences
from store.history import History, load_history
from store.privacy import without_erased
from training.task import TrainingContext
from training.what_if_kept import kept_model

if TYPE_CHECKING:
    from intelligence.context import Intelligence

Report = Callable[[str], None]
_ROUGH = (
    "The baseline tells partners apart by their record alone: its opinion of a policy that follows it is far too good. "
    "What it says of load, clocks and shares can be read, its wins cannot."
)


@dataclass(frozen=True, eq=False)
class Judge:
    """A match model with the history as it wants to see it.

    Parameters
    ----------
    world : PairWorld
        The whole history.
    spec : PairSpec
        Features that the model expects.
    ranker : Ranker
        The model, or the baseline.
    label : str
        Its version; ``trained for this replay``, ``baseline``.
    text : str
        A sentence on where it comes from.
    warning : str
        What speaks against trusting it; empty if nothing does.
    absences : Absences
        When partners were away.
    """

    world: PairWorld
    spec: PairSpec
    ranker: Ranker
    label: str
    text: str
    warning: str = ""
    absences: Absences = field(default_factory=Absences.none)


def find_judge(context: "Intelligence", history: History, since: datetime, number: int | None, report: Report) -> Judge:
    """Return the model that answers for leads from `since` on.

    The version `number` if one is given; else the one that served at `since`; else one trained as of then for the
    purpose and not registered, if it passes the gates that a version has to pass; else the baseline.

    Raises
    ------
    NotFound
        If there is no version of that number.
    """
    if number is not None:
        version = context.registry.version(ModelName.MATCH, number)
        late = version.trained_as_of > since
        warning = (
            f"{version.label} was trained as of {version.trained_as_of:%Y-%m-%d}, after {since:%Y-%m-%d}: it has seen "
            "outcomes of these leads, and its opinion of them is too good."
        )
        text = f"{version.label} answers, as asked for."
        return _learned(context, history, context.load_version(version).model, version.label, text, warning * late)
    loaded = context.load_model(ModelName.MATCH, since)
    if loaded is not None:
        day = f"{loaded.version.trained_as_of:%Y-%m-%d}"
        text = f"{loaded.label} answers: it was trained as of {day}, before the first of these leads arrived."
        return _learned(context, history, loaded.model, loaded.label, text)
    return _trained_for_it(context, history, since, report)


def _trained_for_it(context: "Intelligence", history: History, since: datetime, report: Report) -> Judge:
    with context.engine.connect() as connection:
        then = without_erased(connection, load_history(connection, since))
    kept = kept_model(then, TrainingContext(context.settings, context.text, since, report=report), report)
    none = f"No version was trained by {since:%Y-%m-%d}"
    if kept.problem:
        return baseline_judge(context, history, f"{none}, and the baseline answers. {kept.problem}")
    text = f"{none}: one was trained as of then for this replay only."
    return _learned(context, history, MatchModel.load(kept.folder), "trained for this replay", text)


def _learned(
    context: "Intelligence", history: History, model: MatchModel, label: str, text: str, warning: str = ""
) -> Judge:
    spec = PairSpec.from_json(model.spec)
    world = PairWorld(history, spec.leads, spec.horizon_days, context.text)
    return Judge(world, spec, model, label, text, warning, context.absences())


def baseline_judge(context: "Intelligence", history: History, text: str) -> Judge:
    """Return the baseline, which answers where no model does."""
    settings = context.settings
    world, spec = baseline_world(history, settings.match_horizon_days, settings.protected_attributes, context.text)
    return Judge(world, spec, BaselineRanker(), BASELINE, text, _ROUGH, context.absences())
