"""A partner notes that it has been in contact with the customer of a lead that it accepted."""

from enum import StrEnum

from domain.errors import Conflict
from domain.terms import AssignmentResponse, NoteKind
from programme import records
from programme.rule import Row
from store.unit_of_work import UnitOfWork


class Contacted(StrEnum):
    """How the customer was reached."""

    CALL = "call"
    EMAIL = "email"
    MEETING = "meeting"


_SAID = {
    Contacted.CALL: "Called the customer.",
    Contacted.EMAIL: "Wrote to the customer.",
    Contacted.MEETING: "Met the customer.",
}


def log_contact(work: UnitOfWork, assignment: int, how: Contacted, more: str = "") -> Row:
    """Write a note on the lead of an accepted offer that both sides read, and return it.

    Raises
    ------
    NotFound
        If the actor sees no such offer.
    Conflict
        If the lead is not in the partner's hands.
    """
    offer = work.repository("assignments").get(assignment)
    if offer["response"] != AssignmentResponse.ACCEPTED:
        raise Conflict("Accept the lead first; then note what was said.")
    body = f"{_SAID[how]} {more.strip()}".strip()
    named = {"partner": offer["partner"], "lead": offer["lead"], "kind": str(NoteKind.NOTE), "shared": True}
    return records.create(work, "notes", {**named, "body": body})
