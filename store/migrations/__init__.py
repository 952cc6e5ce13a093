"""Schema history of the store: Alembic revisions, run by ``store.migrate``."""
