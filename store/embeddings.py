"""The cache of text vectors."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import OperationalError

from store.engine import BUSY_TIMEOUT_SECONDS, writing
from store.sql import insert_into
from store.tables import embeddings

_AT_ONCE = 2_000
_SHORT_WAIT_MS = 1000


def read_vectors(connection: Connection, model: str, hashes: Sequence[bytes]) -> dict[bytes, bytes]:
    """Return the stored vectors (little-endian float32) of a model by SHA-256 of the text, those that are there."""
    found: dict[bytes, bytes] = {}
    for part in _parts(sorted(hashes)):  # in the order of the key, so that neighbours lie on the same page
        query = select(embeddings.c.content_hash, embeddings.c.vector).where(
            embeddings.c.model == model, embeddings.c.content_hash.in_(part)
        )
        found.update((key, vector) for key, vector in connection.execute(query))
    return found


def cache_vectors(engine: Engine, model: str, vectors: Mapping[bytes, bytes]) -> bool:
    """Store vectors in a transaction of its own; those that are there already stay as they are.

    It is only a cache: when another transaction, perhaps the caller's own, holds SQLite's write lock, or
    the store may only be read, nothing is kept, after a wait of at most a second.

    Returns
    -------
    bool
        Whether they were kept.
    """
    insert = postgresql.insert if engine.dialect.name == "postgresql" else sqlite.insert
    # In one order everywhere, so that two writers on PostgreSQL wait for each other only once.
    rows = [{"model": model, "content_hash": key, "vector": vectors[key]} for key in sorted(vectors)]
    if not rows:
        return True
    with engine.connect() as connection, _short_wait(connection):
        try:
            with writing(connection).begin():
                connection.execute(insert(embeddings).on_conflict_do_nothing(), rows)
        except OperationalError:
            return False
    return True


@contextmanager
def _short_wait(connection: Connection) -> Iterator[None]:
    if connection.dialect.name != "sqlite":
        yield
        return
    driver = connection.connection
    driver.cursor().execute(f"PRAGMA busy_timeout = {_SHORT_WAIT_MS}")
    try:
        yield
    finally:
        driver.cursor().execute(f"PRAGMA busy_timeout = {1000 * BUSY_TIMEOUT_SECONDS}")


def _parts(hashes: Sequence[bytes]) -> Iterator[Sequence[bytes]]:
    for start in range(0, len(hashes), _AT_ONCE):
        yield hashes[start : start + _AT_ONCE]


class EmbeddingRepository:
    """Text vectors inside the caller's transaction; `cache_vectors` is the one that never disturbs it."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get_many(self, model: str, hashes: Sequence[bytes]) -> dict[bytes, bytes]:
        """Return the stored vectors by SHA-256 of the text, those that are there."""
        return read_vectors(self._connection, model, hashes)

    def put_many(self, model: str, vectors: Mapping[bytes, bytes]) -> None:
        """Store vectors; those that are there already stay as they are."""
        rows = [{"model": model, "content_hash": key, "vector": vectors[key]} for key in sorted(vectors)]
        if rows:
            self._connection.execute(insert_into(self._connection, embeddings).on_conflict_do_nothing(), rows)
