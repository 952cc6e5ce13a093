"""Match decisions, stored so that they can be explained and replayed."""

import uuid
from datetime import datetime
from typing import Any, NamedTuple, NotRequired, TypedDict, Unpack

from sqlalchemy import Connection, Text, cast, literal, select

from domain.context import Clock, system_clock
from domain.errors import NotFound
from store.sql import json_ready
from store.tables import match_runs

_JSON = ("request", "response", "features", "decision")
EXCLUDED = "excluded"


class JsonText(str):
    """JSON that is written already: kept as it stands."""


def as_answered(response: dict[str, Any]) -> dict[str, Any]:
    """Return a stored answer as it was given: a row for each partner that was kept out.

    Those of the same codes and texts are stored together.

    Examples
    --------
    >>> as_answered({"excluded": [{"partners": ["A", "B"], "codes": ["away"], "texts": ["Is away"]}]})["excluded"][1]
    {'partner': 'B', 'codes': ['away'], 'texts': ['Is away']}
    """
    rows: list[Any] = []
    for one in response.get(EXCLUDED) or []:
        if "partners" in one:
            said = {"codes": one["codes"], "texts": one["texts"]}
            rows += [{"partner": partner} | said for partner in one["partners"]]
        else:  # kept one by one: of before, or of a list
            rows.append(one)
    return {**response, EXCLUDED: rows} if EXCLUDED in response else response


class MatchRun(NamedTuple):
    """One match: what was asked and answered, the feature values that it rests on, and how the first was chosen.

    ``response`` is read by `as_answered`. ``features`` has a row for each candidate of the answer, then for each other
    option of ``decision``, which is None where nothing was to be acted on.
    """

    id: str
    as_of: datetime
    created_at: datetime
    created_by: str
    lead_id: int | None
    model_version: str
    request: Any
    response: Any
    features: Any
    decision: Any = None


class Kept(TypedDict):
    """What is stored of a match."""

    as_of: datetime
    created_by: str
    model_version: str
    request: Any
    response: Any
    features: Any
    decision: NotRequired[Any]
    lead_id: NotRequired[int | None]
    id: NotRequired[str | None]


class MatchRunRepository:
    """Keeps match decisions; they are never changed."""

    def __init__(self, connection: Connection, clock: Clock = system_clock) -> None:
        self._connection = connection
        self._clock = clock

    def put(self, **run: Unpack[Kept]) -> str:
        """Store a decision and return its id (a new one unless given)."""
        run_id = run.pop("id", None) or uuid.uuid4().hex
        values = {name: self._ready(value) if name in _JSON else value for name, value in run.items()}
        self._connection.execute(match_runs.insert().values(id=run_id, created_at=self._clock(), **values))
        return run_id

    def _ready(self, value: Any) -> Any:
        if not isinstance(value, JsonText):
            return json_ready(value)
        text = literal(str(value), Text)
        return cast(text, match_runs.c.response.type) if self._connection.dialect.name == "postgresql" else text

    def get(self, run_id: str) -> MatchRun:
        """Return a decision.

        Raises
        ------
        NotFound
            If there is none.
        """
        row = self._connection.execute(select(match_runs).where(match_runs.c.id == run_id)).mappings().first()
        if row is None:
            raise NotFound(f"There is no match {run_id!r}.", match_id=run_id)
        return MatchRun(**row)

    def between(self, since: datetime, until: datetime, limit: int = 2_000) -> list[MatchRun]:
        """Return the newest decisions as of an instant in ``(since, until]``, oldest first."""
        columns = [match_runs.c[name] for name in MatchRun._fields]
        wanted = select(*columns).where(match_runs.c.as_of > since, match_runs.c.as_of <= until)
        rows = self._connection.execute(wanted.order_by(match_runs.c.as_of.desc(), match_runs.c.id).limit(limit))
        return [MatchRun(*row) for row in rows][::-1]
