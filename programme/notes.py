"""Notes and messages: who wrote them and when is the service's word; messages go to the other side."""

from collections.abc import Mapping
from typing import Any

from domain.context import Actor
from domain.errors import InvalidInput, NotAllowed
from domain.terms import NoteKind, Role
from programme.rule import Row, Rule
from store.unit_of_work import UnitOfWork

MESSAGE_SENT = "message.sent"

_SET_BY_US = ("author", "written_at")


class NoteRule(Rule):
    """What is written is signed; a message is shared, and so is all that a partner writes.

    A partner writes notes and messages on itself, which both sides read; it changes and removes only what its own
    people wrote. Staff may keep notes to themselves (the default) or share them, and may say who wrote one elsewhere
    and when; the audit trail knows who wrote it here.
    """

    def values(self, work: UnitOfWork, before: Row | None, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the values signed and complete, or refuse them."""
        _refuse_given(work, values, before)
        if before is not None:
            return self._changed(work, before, values)
        kind = values.get("kind") or NoteKind.NOTE
        is_partner = work.actor.role is Role.PARTNER
        if is_partner and kind not in (NoteKind.NOTE, NoteKind.MESSAGE):
            raise NotAllowed(f"a partner writes notes and messages, no {kind}; leave kind out or write message")
        is_open = is_partner or kind == NoteKind.MESSAGE
        if is_open and values.get("shared") is False:
            raise InvalidInput("messages, and what a partner writes, are shared; leave shared out", field="shared")
        shared = is_open or bool(values.get("shared"))
        author, written_at = values.get("author") or _author(work.actor), values.get("written_at") or work.clock()
        return {**values, "kind": str(kind), "shared": shared, "author": author, "written_at": written_at}

    def _changed(self, work: UnitOfWork, before: Row, values: Mapping[str, Any]) -> Mapping[str, Any]:
        _refuse_others(work, before)
        if before["kind"] == NoteKind.MESSAGE:
            raise NotAllowed("a message that was sent does not change; write another one")
        is_partner = work.actor.role is Role.PARTNER
        if values.get("kind") == NoteKind.MESSAGE or ("partner" in values and values["partner"] != before["partner"]):
            raise InvalidInput("a note stays a note on its partner; create a message instead", field="kind")
        if is_partner and "shared" in values and not values["shared"]:
            raise InvalidInput("what a partner writes is shared; leave shared out", field="shared")
        return values

    def written(self, work: UnitOfWork, before: Row | None, after: Row) -> None:
        """Tell the other side that there is a message: not what it says, which it reads here."""
        if before is not None or after["kind"] != NoteKind.MESSAGE:
            return
        side = "partner" if work.actor.role is Role.PARTNER else "staff"
        told = {"note": after["external_id"], "partner": after["partner"], "from": side}
        told |= {"lead": after["lead"], "deal": after["deal"]}
        work.journal.announce(MESSAGE_SENT, told, work.repository("partners").get(after["partner"])["id"])

    def removing(self, work: UnitOfWork, before: Row) -> None:
        """Refuse a partner what others wrote."""
        _refuse_others(work, before)


def _refuse_given(work: UnitOfWork, values: Mapping[str, Any], before: Row | None) -> None:
    if work.actor.role is not Role.PARTNER:
        return
    for name in _SET_BY_US:
        if values.get(name) is not None and (before is None or values[name] != before[name]):
            raise InvalidInput(f"{name} is set by the service; leave it out", field=name)


def _refuse_others(work: UnitOfWork, before: Row) -> None:
    if work.actor.role is Role.PARTNER and before["author"] != _author(work.actor):
        raise NotAllowed("what others wrote is theirs to change")


def _author(actor: Actor) -> str:
    return actor.full_name or actor.name
