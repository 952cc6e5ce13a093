"""Brings the store's schema up to date, and says what to do when it is not."""

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, inspect, text

from domain.errors import StoreNotReady
from store.engine import writing

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0007"
"""Revision that this version of the service works with; a test holds it to the newest migration."""

_MIGRATIONS = Path(__file__).parent / "migrations"
_ADVISORY_LOCK = 5_817_043_201
_REMEDY = "Any allywise command that writes brings it up to date, e.g. `allywise import FOLDER`"

log = logging.getLogger(__name__)


def upgrade(engine: Engine) -> None:
    """Bring the schema to this version, in one transaction; several processes may try at once.

    Raises
    ------
    StoreNotReady
        If the schema belongs to a newer version of the service.
    """
    with engine.connect() as connection:
        if _revision(connection) == HEAD:
            return
    with writing(engine.connect()) as connection, connection.begin():
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _ADVISORY_LOCK})
        found = _revision(connection)
        if found == HEAD:
            return
        log.info("upgrading the store's schema from %s to %s", found or "nothing", HEAD)
        _run(connection, found)


def check_schema(engine: Engine) -> None:
    """Make sure that the schema is the one this version works with.

    Raises
    ------
    StoreNotReady
        If there is none or another; the message says what to do.
    """
    with engine.connect() as connection:
        found = _revision(connection)
    if found is None:
        raise StoreNotReady(f"The store has no tables yet. {_REMEDY}.", found=None, expected=HEAD)
    if found != HEAD:
        raise StoreNotReady(
            f"The store's schema is {found}, this version of allywise works with {HEAD}. {_REMEDY}; "
            "if the schema is the newer one, update allywise.",
            found=found,
            expected=HEAD,
        )


def alembic_config(connection: Connection) -> "Config":
    """Return Alembic's configuration, bound to `connection`."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def _run(connection: Connection, found: str | None) -> None:
    from alembic import command
    from alembic.util import CommandError

    try:
        command.upgrade(alembic_config(connection), HEAD)
    except CommandError as error:
        raise StoreNotReady(
            f"The store's schema is {found}, which this version of allywise does not know: update allywise.",
            found=found,
            expected=HEAD,
        ) from error


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
