"""Shortlists: companies that recruiters put aside under a name, with who did so, when and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from domain.errors import Conflict, InvalidInput
from programme import records
from programme.rule import Row, Rule
from store.shortlists import entry_count
from store.unit_of_work import UnitOfWork

LONGEST_NAME = 80
LONGEST_NOTE = 2000
MOST_ENTRIES = 200
"""Of one shortlist: what is longer is no short list."""

_SET_BY_US = ("added_by", "added_at")


class ShortlistRule(Rule):
    """Entries with a tidy name, signed and dated by the service."""

    def values(self, work: UnitOfWork, before: Row | None, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the values tidied, signed and dated, or refuse them."""
        for name in _SET_BY_US:
            if values.get(name) is not None and (before is None or values[name] != before[name]):
                raise InvalidInput(f"{name} is set by the service; leave it out", field=name)
        given = {name: value for name, value in values.items() if name not in _SET_BY_US}
        if "note" in given:
            given["note"] = _note(given["note"])
        if before is not None:
            return given
        given["shortlist"] = tidy_name(given.get("shortlist"))
        _refuse_overlong(work, given["shortlist"])
        return {**given, "added_by": work.actor.name, "added_at": work.clock()}


@dataclass(frozen=True)
class PutAside:
    """What came of putting companies on a shortlist: external ids of those added, and of those that stood there."""

    shortlist: str
    added: tuple[str, ...]
    there: tuple[str, ...]


def put_aside(work: UnitOfWork, shortlist: str, partners: Sequence[str], note: str | None = None) -> PutAside:
    """Put companies on a shortlist, which begins to be with its first one; who stands there stays as it is.

    Raises
    ------
    InvalidInput
        If no company or no name is given, or one of them does not fit.
    Conflict
        If the list would become too long.
    """
    name = tidy_name(shortlist)
    wanted = list(dict.fromkeys(partners))
    if not wanted:
        raise InvalidInput("Choose at least one company.", field="partner")
    added, there = [], []
    for partner in wanted:
        if work.repository("shortlist_entries").find((name, partner)) is not None:
            there.append(partner)
            continue
        records.create(work, "shortlist_entries", {"shortlist": name, "partner": partner, "note": note})
        added.append(partner)
    return PutAside(name, tuple(added), tuple(there))


def tidy_name(name: Any) -> str:
    """Return the name of a shortlist without blanks around and doubled ones inside.

    Raises
    ------
    InvalidInput
        If nothing is left, or it is too long.

    Examples
    --------
    >>> tidy_name("  Nordics   2027 ")
    'Nordics 2027'
    """
    if name is not None and not isinstance(name, str):
        raise InvalidInput("shortlist is a text", field="shortlist")
    tidy = " ".join((name or "").split())
    if not tidy:
        raise InvalidInput("A shortlist needs a name.", field="shortlist")
    if len(tidy) > LONGEST_NAME:
        raise InvalidInput(f"A shortlist's name has at most {LONGEST_NAME} characters.", field="shortlist")
    return tidy


def _note(note: Any) -> Any:
    if not isinstance(note, str):
        return note
    if len(note) > LONGEST_NOTE:
        raise InvalidInput(f"A note has at most {LONGEST_NOTE} characters.", field="note")
    return note.strip() or None


def _refuse_overlong(work: UnitOfWork, shortlist: str) -> None:
    if entry_count(work.connection, shortlist) >= MOST_ENTRIES:
        raise Conflict(
            f"Shortlist {shortlist!r} has {MOST_ENTRIES} entries already, and takes no more.", field="shortlist"
        )
