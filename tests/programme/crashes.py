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

    def is_over() -> bool:
        nonlocal left
        left = None if left is None else left - 1
        over = left is not None and left < 0
        left = None if over else left  # what tidies up is not the service's
        return over

    def before(_connection: Connection, *_statement: Any) -> None:
        if is_over():
            raise Crash

    def committing(connection: Connection) -> None:
        if is_over():
            connection.connection.rollback()  # as the database does when a client is gone
            raise Crash

    listeners = {"before_execute": before, "commit": committing}
    for name, listener in listeners.items():
        event.listen(engine, name, listener)
    try:
        yield
    except Crash:
        pass
    finally:
        for name, listener in listeners.items():
            event.remove(engine, name, listener)
