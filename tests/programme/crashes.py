"""Workers that die at a chosen moment: in the middle of a transaction, or just as it commits."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, event


class Crash(BaseException):
    """The process is gone; nothing in the service may catch it."""


@contextmanager
def crashing(engine: Engine, after: int | None) -> Iterator[None]:
    """Let what is done with `engine` inside the block die before its statement number `after`, commits counted."""
    left = after

    def tick(connection: Connection) -> None:
        nonlocal left
        if left is not None:
            left -= 1
            if left < 0:
                left = None  # what tidies up is not the service's
                connection.connection.rollback()  # as the database does when a client is gone
                raise Crash

    def before(connection: Connection, _cursor: Any, statement: str, *_more: Any) -> None:
        if not statement.startswith(("BEGIN", "SAVEPOINT", "ROLLBACK", "RELEASE")):
            tick(connection)

    def committing(connection: Connection) -> None:
        tick(connection)

    event.listen(engine, "before_cursor_execute", before)
    event.listen(engine, "commit", committing)
    try:
        yield
    except Crash:
        pass
    finally:
        event.remove(engine, "before_cursor_execute", before)
        event.remove(engine, "commit", committing)
