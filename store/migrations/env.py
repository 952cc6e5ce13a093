"""What Alembic runs: the revisions, on the connection and in the transaction that the caller opened."""

from alembic import context

from store.schema import all_tables

# SQLite can roll DDL back like PostgreSQL, since our engine begins its transactions itself.
context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=all_tables(),
    transactional_ddl=True,
    compare_type=True,
    render_as_batch=True,
    user_module_prefix="types.",
)
context.run_migrations()
