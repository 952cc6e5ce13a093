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

    def before(connection: Connection, *_statement: Any) -> None:
        tick(connection)

    listeners = {"before_execute": before, "commit": tick}
    for name, listener in listeners.items():
        event.listen(engine, name, listener)
    try:
        yield
    except Crash:
        pass
    finally:
        for name, listener in listeners.items():
            event.remove(engine, name, listener)
