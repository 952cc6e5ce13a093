"""Stored predictions computed again from what was stored with them: by the same version, to the same numbers."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from domain.errors import InvalidInput, NotFound
from domain.terms import ModelName
from intelligence.context import BASELINE
from intelligence.matching.decision import Decision
from intelligence.scoring.served import FEATURES
from intelligence.stored import stored_frame, stored_version
from store.match_runs import MatchRun
from store.scores import Score
from store.unit_of_work import UnitOfWork

if TYPE_CHECKING:
    from intelligence.context import Intelligence

_MATCH_NUMBERS = ("p_win", "low", "high", "expected_amount")
_SCORE_NUMBERS = ("p", "low", "high")

Numbers = tuple[float | None, ...]


@dataclass(frozen=True)
class Replayed:
    """One stored number set beside the one that the same version gives now.

    Parameters
    ----------
    subject : str
        The partner.
    stored, again : tuple of float
        In the order of `Replay.names`; None for not known.
    """

    subject: str
    stored: Numbers
    again: Numbers

    @property
    def same(self) -> bool:
        """Whether both are written with the same bytes."""
        return json.dumps(self.stored) == json.dumps(self.again)


@dataclass(frozen=True)
class Replay:
    """A stored prediction, computed again.

    Parameters
    ----------
    what : str
        Which prediction.
    model_version : str
        That gave it, and gave it again.
    as_of : datetime
        Its instant.
    names : tuple of str
        The numbers compared.
    rows : tuple of Replayed
        One per partner.
    left_out : int
        Rows that rest on counted rates and not on the model: partners without any sign of life.
    order_same : bool or None
        Whether policy and key give the same propensities and the same order again; None where that was not stored.
    """

    what: str
    model_version: str
    as_of: datetime
    names: tuple[str, ...]
    rows: tuple[Replayed, ...]
    left_out: int = 0
    order_same: bool | None = None

    @property
    def same(self) -> bool:
        """Whether every number is the same, byte for byte, and so is the order."""
        return all(row.same for row in self.rows) and self.order_same is not False

    @property
    def sentence(self) -> str:
        """What came of it, for a person."""
        different = sum(not row.same for row in self.rows)
        verdict = "the same numbers byte for byte" if not different else f"{different} of them differ"
        rest = f"; {self.left_out} rest on counted rates, not on the model" if self.left_out else ""
        order = {None: "", True: ", the same order", False: ", another order"}[self.order_same]
        again = f"{len(self.rows)} predictions computed again by {self.model_version}"
        return f"{self.what}: {again}, {verdict}{order}{rest}."


def replay_match(context: "Intelligence", match_id: str) -> Replay:
    """Compute the candidates of a stored match again, from the stored feature values by the version that answered.

    Who was to be shown first is decided again, by the stored policy and key from the numbers as they are now.

    Raises
    ------
    NotFound
        If there is no such match, or its version is gone.
    InvalidInput
        If the baseline answered: it is counted from the store and has no version.
    """
    with UnitOfWork(context.engine, read_only=True) as work:
        run = work.match_runs.get(match_id)
    stored = None if run.decision is None else Decision.from_json(run.decision)
    candidates = [*run.response["candidates"], *_not_shown(run, stored)]
    version, model = stored_version(context, run.model_version)
    rows: tuple[Replayed, ...] = ()
    if candidates:
        features = stored_frame(run.features, version.folder)
        prediction, amount = model.predict(features), model.amount(features)
        again = zip(prediction.p, prediction.low, prediction.high, amount, strict=True)
        rows = tuple(
            Replayed(str(candidate["partner"]), tuple(candidate[name] for name in _MATCH_NUMBERS), _plain(numbers))
            for candidate, numbers in zip(candidates, again, strict=True)
        )
    order_same = None if stored is None else _ordered_again(run, stored, rows)
    return Replay(f"match {match_id}", run.model_version, run.as_of, _MATCH_NUMBERS, rows, order_same=order_same)


def _not_shown(run: MatchRun, stored: Decision | None) -> list[dict[str, Any]]:
    """Return what is stored of options that the answer did not show."""
    shown = {candidate["partner"] for candidate in run.response["candidates"]}
    options = () if stored is None else stored.options
    return [option.as_json() for option in options if option.partner not in shown]


def _ordered_again(run: MatchRun, stored: Decision, rows: Sequence[Replayed]) -> bool:
    """Whether policy and key give the stored propensities and the answer's order, from the numbers as they are now."""
    again = stored.again({row.subject: row.again[:3] for row in rows})
    shown = [(str(one["partner"]), one["propensity"]) for one in run.response["candidates"]]
    order = [(option.partner, option.propensity) for option in again.order]
    return again.as_json() == stored.as_json() and order[: len(shown)] == shown


def replay_scores(
    context: "Intelligence", name: str, as_of: datetime, horizon_days: int, partners: Sequence[str] | None = None
) -> Replay:
    """Compute stored scores of one instant again.

    Parameters
    ----------
    context : Intelligence
        Store and registry.
    name : {"churn", "fit"}
        The model.
    as_of : datetime
        Instant of the scores.
    horizon_days : int
        Their horizon.
    partners : sequence of str, optional
        External ids; default: all.

    Raises
    ------
    NotFound
        If there is no such score, or its version is gone.
    InvalidInput
        If the baseline answered, or the scores were stored without their feature values.
    """
    with UnitOfWork(context.engine, read_only=True) as work:
        found = [one for one in work.scores.latest(name, horizon_days, until=as_of).values() if one.as_of == as_of]
    wanted = None if partners is None else set(partners)
    found = [one for one in found if wanted is None or one.details.get("partner") in wanted]
    if not found:
        raise NotFound(f"There is no {name} score over {horizon_days} days as of {as_of.isoformat()}.")
    if not all(FEATURES in one.details or one.model_version == BASELINE for one in found):
        raise InvalidInput(f"The {name} scores as of {as_of.isoformat()} were stored without feature values.")
    resting = [one for one in found if name != ModelName.CHURN or one.details.get("n", 1) > 0]
    rows: list[Replayed] = []
    for version in dict.fromkeys(one.model_version for one in resting):
        rows += _scored_again(context, version, horizon_days, [one for one in resting if one.model_version == version])
    versions = ", ".join(dict.fromkeys(one.model_version for one in found))
    what, left_out = f"{name} over {horizon_days} days", len(found) - len(resting)
    return Replay(what, versions, as_of, _SCORE_NUMBERS, tuple(rows), left_out)


def replay_newest(context: "Intelligence", name: str, horizon_days: int) -> Replay:
    """Compute the newest stored scores again; parameters and errors as for `replay_scores`."""
    with UnitOfWork(context.engine, read_only=True) as work:
        newest = max((one.as_of for one in work.scores.latest(name, horizon_days).values()), default=None)
    if newest is None:
        raise NotFound(f"There is no {name} score over {horizon_days} days.")
    return replay_scores(context, name, newest, horizon_days)


def _scored_again(context: "Intelligence", label: str, horizon_days: int, scores: Sequence[Score]) -> list[Replayed]:
    version, model = stored_version(context, label)
    values = [dict(zip(version.manifest.columns, one.details[FEATURES], strict=True)) for one in scores]
    features = stored_frame(values, version.folder)
    churn = scores[0].model == ModelName.CHURN
    prediction = model.predict(features, horizon_days) if churn else model.predict(features)
    again = zip(prediction.p, prediction.low, prediction.high, strict=True)
    return [
        Replayed(str(one.details.get("partner", one.partner_id)), (one.p, one.low, one.high), _plain(numbers))
        for one, numbers in zip(scores, again, strict=True)
    ]


def _plain(numbers: Sequence[float]) -> Numbers:
    return tuple(float(number) if np.isfinite(number) else None for number in numbers)
