"""How a large programme is parted for scoring, and the activities of each part laid ready."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from intelligence.features.timeline import IntArray
from intelligence.scoring.reasons import in_columns
from intelligence.scoring.served import ScoringContext, keep_scores
from store.activity_rows import Spill
from store.engine import reading

if TYPE_CHECKING:
    from intelligence.engine import Engine
    from store.engine import Engine as Store

MOST_PARTNERS = 20_000
"""Up to so many partners a programme is scored in one piece, as ever; larger pieces hold no more either."""
_PIECES_PER_WORKER = 2
_STORED_AT_ONCE = 20_000


@dataclass(frozen=True)
class Share:
    """The partners of a piece, and where their activities were laid ready.

    Parameters
    ----------
    ids : tuple of int
        Ours.
    number : int
        Of the piece.
    folder : Path, optional
        With the files of `store.activity_rows.Spill`; whoever does not see it asks the store.
    """

    ids: IntArray
    number: int
    folder: Path | None = None

    def activities(self) -> pd.DataFrame | None:
        """Return the activities laid ready, None if they are not to be seen from here."""
        if self.folder is None or not (self.folder / f"{self.number}.rows").is_file():
            return None
        return Spill(self.folder).read(self.number)


def parted(ids: IntArray, engine: "Engine | None") -> list[IntArray]:
    """Part partners into pieces, at least two for each worker where somebody brought an engine."""
    least = 1 if engine is None else _PIECES_PER_WORKER * engine.workers
    return np.array_split(ids, min(max(-(-len(ids) // MOST_PARTNERS), least), max(len(ids), 1)))


@contextmanager
def laid_ready(store: "Store", as_of: datetime, groups: Sequence[IntArray]) -> Iterator[list[Share]]:
    """Give the shares of pieces, with their activities in files for as long as the block lasts."""
    with TemporaryDirectory(prefix="allywise-scoring-") as name:
        folder = Path(name)
        with store.connect() as connection:
            Spill(folder).write(reading(connection), as_of, groups)
        yield [Share(ids, number, folder) for number, ids in enumerate(groups)]


@dataclass(frozen=True, eq=False)
class Reasons:
    """Why some partners got their scores.

    Attributes
    ----------
    said : list of list of str
        Sentences.
    details : list of mapping
        What is stored.
    features : DataFrame
        What the scores rest on.
    """

    said: list[list[str]]
    details: Sequence[Mapping[str, Any]]
    features: pd.DataFrame


@dataclass(frozen=True, eq=False)
class Keeping:
    """Where the rows of a scored frame are stored."""

    context: ScoringContext
    model: str
    as_of: datetime
    partner_id: IntArray

    def keep(self, frame: pd.DataFrame, start: int, why: Reasons | None = None) -> None:
        """Store a part of the frame that begins at the row `start`."""
        ids = self.partner_id[start : start + len(frame)].tolist()
        details: Sequence[Mapping[str, Any]] = [{}] * len(frame) if why is None else why.details
        features = None if why is None else why.features
        keep_scores(self.context, self.model, frame, ids, details, self.as_of, features)


def with_reasons(frame: pd.DataFrame, explained: Iterable[Reasons], keeping: Keeping | None) -> pd.DataFrame:
    """Put the reasons of the first rows, which come in parts, into a frame; all rows are stored on the way."""
    said: list[list[str]] = []
    for why in explained:
        start = len(said)
        said += why.said
        if keeping is not None:
            part = frame.iloc[start : len(said)].assign(**in_columns(why.said))
            keeping.keep(part, start, why)
    if keeping is not None:
        for start in range(len(said), len(frame), _STORED_AT_ONCE):
            keeping.keep(frame.iloc[start : start + _STORED_AT_ONCE], start)
    return frame.assign(**in_columns(said + [[]] * (len(frame) - len(said))))
