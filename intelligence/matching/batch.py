"""Many leads matched in pieces, each of which another process may do: the same answers as of all at once."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from domain.errors import CannotAnswer
from domain.routing import Policies
from domain.terms import ModelName
from intelligence.context import BASELINE
from intelligence.engine import Engine
from intelligence.matching.answers import Answer, exact_depth, exclusions, no_candidates, outputs
from intelligence.matching.decision import width
from intelligence.matching.matcher import Matcher, Question
from intelligence.matching.prices import pricing_of
from intelligence.matching.questions import Instant, ask, by_version, check, resolved
from intelligence.matching.service import MatchResult
from intelligence.place import Place

if TYPE_CHECKING:
    from intelligence.context import Intelligence

MOST_LEADS = 300
"""Leads of a piece: enough that reasons and features are worked out for many rows at a time."""
_PIECES_PER_WORKER = 4


@dataclass(frozen=True)
class Leads:
    """A piece: some leads, and all that is needed to match them as if they were among the others.

    Parameters
    ----------
    place : Place
        Store and settings.
    until : datetime
        The history of all leads reaches until then.
    policies : Policies
        In force when the run began.
    frame, instants : DataFrame, ndarray of datetime64[us]
        As `questions.resolved` gives them.
    positions : ndarray of int64
        Where each lead stands among those asked about.
    at : datetime, optional
        An instant at which the version serves that answers; None: the baseline.
    version : str
        That version: the same for all pieces, whatever is promoted meanwhile.
    """

    place: Place
    until: datetime
    policies: Policies = field(repr=False)
    frame: pd.DataFrame = field(repr=False)
    instants: npt.NDArray[Any] = field(repr=False)
    positions: npt.NDArray[np.int64] = field(repr=False)
    at: datetime | None
    version: str

    def asked(self, context: "Intelligence") -> tuple[Matcher, Question]:
        """Return the leads as a question whose names are their positions.

        Raises
        ------
        CannotAnswer
            If another version has come to serve since.
        """
        history = context.history(self.until)
        matcher, question = ask(context, history, self.frame, self.instants, self.at, self.policies)
        if matcher.label != self.version:
            raise CannotAnswer(f"{self.version} does not serve any more; nothing was kept, try again.")
        return matcher, replace(question, names=[str(position) for position in self.positions.tolist()])


@dataclass(frozen=True)
class _Ranked:
    """Leads, and what is wanted of them."""

    leads: Leads
    top: int
    by: str | None
    priced_at: datetime | None
    depth: int
    excluded: bool


@dataclass(frozen=True)
class _Valued:
    """Leads, and how many partners of each are to be valued."""

    leads: Leads
    most: int


def match_in_pieces(
    context: "Intelligence",
    engine: Engine,
    leads: Any,
    as_of: Instant = None,
    top: int = 10,
    by: str | None = "p_win",
    *,
    excluded: bool = False,
) -> MatchResult:
    """Return what `match_leads` does, worked out by an engine.

    Parameters
    ----------
    context : Intelligence
        Store, models, settings.
    engine : Engine
        Whose workers see that store.
    leads, as_of, top, by
        As for `match_leads`.
    excluded : bool, default=False
        Whether to work out the exclusions; otherwise there are none in the result.

    Notes
    -----
    Numbers are those of `match_leads`. Of more than 5,000 rows both explain the best ranks exactly and the rest by the
    coarse ranking; how deep is decided here by the number of leads, not of rows, so that each piece knows it.
    """
    check(top, by)
    instant = context.instant(None if as_of == "created_at" else as_of)
    asked = list(_asked(context, engine, leads, "created_at" if as_of == "created_at" else instant))
    depth = exact_depth(sum(len(one.positions) for one in asked), 1)
    priced_at = None if as_of == "created_at" else instant
    pieces = [_Ranked(one, top, by, priced_at, depth, excluded) for one in asked]
    found = list(engine.map(_match, pieces))
    names = _names(asked)
    candidates = _together([one for one, _ in found], names, asked) if found else no_candidates()
    kept_out = _together([one for _, one in found], names, asked) if excluded and found else exclusions(())
    return MatchResult(candidates, _exclude=lambda: kept_out)


def worths_in_pieces(
    context: "Intelligence", engine: Engine, leads: Any, as_of: Instant, matcher: Matcher, question: Question, most: int
) -> pd.DataFrame:
    """Return what `Matcher.worths` does for a question about all of `leads`, worked out by an engine."""
    pieces = [_Valued(one, most) for one in _asked(context, engine, leads, as_of, matcher.policies)]
    found = list(engine.map(_value, pieces))
    if not found:
        return matcher.worths(question, most)
    return pd.concat(found, ignore_index=True).sort_values("question", kind="stable", ignore_index=True)


def _asked(
    context: "Intelligence", engine: Engine, leads: Any, as_of: Instant, policies: Policies | None = None
) -> Iterator[Leads]:
    """Cut leads into pieces: by the version that answers, then by time, so that a worker walks through it once."""
    history, frame, instants = resolved(context, leads, as_of)
    if "description" in frame:
        context.text.encode(frame["description"].tolist())  # kept in the store: no worker embeds what another does
    place, until = Place.of(context), history.until.astype(datetime).replace(tzinfo=UTC)
    policies = context.policies() if policies is None else policies
    size = min(max(-(-len(frame) // (_PIECES_PER_WORKER * engine.workers)), 1), MOST_LEADS)
    for at, rows in by_version(context, instants) if len(frame) else ():
        version = None if at is None else context.registry.serving(ModelName.MATCH, at)
        label = BASELINE if version is None else version.label
        positions = np.flatnonzero(rows)
        positions = positions[np.argsort(instants[positions], kind="stable")]
        for start in range(0, len(positions), size):
            here = positions[start : start + size]
            yield Leads(place, until, policies, frame.iloc[here], instants[here], here, at, label)


def _match(piece: _Ranked) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return candidates and exclusions of a piece; the lead of a row is its position."""
    with piece.leads.place.opened() as context:
        matcher, question = piece.leads.asked(context)
        pricing = None if piece.priced_at is None else pricing_of(context, matcher.policies, piece.priced_at)
        ranking = matcher.rank(question, width(matcher, piece.top, None), piece.by, pricing=pricing)
        answer = Answer(matcher, question, ranking)
        frame = outputs(answer, details=False, depth=piece.depth)[0]
        return frame, exclusions([answer] if piece.excluded else ())


def _value(piece: _Valued) -> pd.DataFrame:
    with piece.leads.place.opened() as context:
        matcher, question = piece.leads.asked(context)
        table = matcher.worths(question, piece.most)
        return table.assign(question=piece.leads.positions[table["question"].to_numpy(np.int64)])


def _names(asked: Sequence[Leads]) -> "pd.Series[str]":
    """Return the caller's name of each position."""
    names = [one.frame["lead"].set_axis(one.positions) for one in asked]
    return pd.concat(names) if names else pd.Series(dtype="str")


def _together(frames: Sequence[pd.DataFrame], names: "pd.Series[str]", asked: Sequence[Leads]) -> pd.DataFrame:
    """Return rows of all pieces, leads in the order in which `match_leads` gives them, under their names."""
    filled = [frame for frame in frames if len(frame)]
    if not filled:
        return frames[0]
    whole = pd.concat(filled, ignore_index=True)
    versions = list(dict.fromkeys(one.at for one in asked))
    group = pd.concat([pd.Series(versions.index(one.at), index=one.positions) for one in asked])
    position = whole["lead"].astype(np.int64).to_numpy()
    order = np.lexsort((position, group.reindex(position).to_numpy()))
    ordered = whole.iloc[order].reset_index(drop=True)
    return ordered.assign(lead=names.reindex(position[order]).to_numpy())
