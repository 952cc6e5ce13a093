"""Which backend speaks with a database."""

from sqlalchemy import Connection

from store.transfer.backend import Backend
from store.transfer.postgres_backend import PostgresBackend
from store.transfer.sqlite_backend import SqliteBackend


def backend_for(connection: Connection) -> Backend:
    """Return the backend of the database behind `connection`."""
    return PostgresBackend(connection) if connection.dialect.name == "postgresql" else SqliteBackend(connection)
