"""Answers to creating requests, given again when the same key and body come again."""

import json
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from domain.context import Clock, system_clock
from domain.errors import Conflict
from store.at_rest import at_rest_of
from store.sql import insert_into
from store.tables import idempotency as table

_SEALED, _CONTEXT = "sealed", "idempotency.body"


class Answer(NamedTuple):
    """The answer that an idempotency key got."""

    body_hash: str
    status: int
    body: Any
    created_at: datetime


class IdempotencyRepository:
    """Remembers answers by actor and key."""

    def __init__(self, connection: Connection, clock: Clock = system_clock) -> None:
        self._connection = connection
        self._clock = clock
        self._rest = at_rest_of(connection.dialect)

    def get(self, actor: str, key: str) -> Answer | None:
        """Return the answer that `key` got; None when it is new."""
        query = select(*(table.c[name] for name in Answer._fields))
        row = self._connection.execute(query.where(table.c.actor == actor, table.c.key == key)).first()
        if row is None:
            return None
        found = Answer(*row)
        is_sealed = isinstance(found.body, dict) and set(found.body) == {_SEALED}
        return found._replace(body=json.loads(self._rest.open(_CONTEXT, found.body[_SEALED]))) if is_sealed else found

    def put(self, actor: str, key: str, body_hash: str, status: int, body: Any) -> None:
        """Remember an answer.

        Raises
        ------
        Conflict
            If another request with the same key was faster.
        """
        # An answer quotes what was sent; PostgreSQL's JSON takes all characters but this one.
        storable = json.loads(json.dumps(body).replace("\\u0000", "\\ufffd"))
        if self._rest.encrypts:  # it may hold contacts
            storable = {_SEALED: self._rest.seal(_CONTEXT, json.dumps(storable))}
        values = {"actor": actor, "key": key, "body_hash": body_hash, "status": status, "body": storable}
        insert = insert_into(self._connection, table).values(**values, created_at=self._clock())
        if self._connection.execute(insert.on_conflict_do_nothing().returning(table.c.key)).first() is None:
            raise Conflict("Another request with this Idempotency-Key is being answered; try again.", key=key)

    def forget(self, before: datetime) -> int:
        """Delete answers given before an instant and return how many."""
        return self._connection.execute(table.delete().where(table.c.created_at < before)).rowcount
