"""The schema: made by migrations, equal to the tables, safe to bring up to date from everywhere at once."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect, text

from domain.errors import StoreNotReady
from store.engine import create_store_engine
from store.migrate import HEAD, alembic_config, check_schema, upgrade
from store.schema import all_tables


@pytest.fixture(params=["sqlite", "postgresql"])
def bare_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the URL of a store without any table."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/deep/er/store.db"
    create: Callable[[str], str] = request.getfixturevalue("create_database")
    return create("bare")


@pytest.fixture
def bare(bare_url: str) -> Iterator[Engine]:
    engine = create_store_engine(bare_url)
    yield engine
    engine.dispose()


def test_migrated_schema_is_the_one_of_the_tables(engine: Engine) -> None:
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, all_tables()) == []


def test_head_is_the_newest_migration(sqlite_engine: Engine) -> None:
    with sqlite_engine.connect() as connection:
        assert ScriptDirectory.from_config(alembic_config(connection)).get_current_head() == HEAD


def test_store_without_tables_is_refused_with_the_remedy(bare: Engine) -> None:
    with pytest.raises(StoreNotReady, match="allywise import"):
        check_schema(bare)


def test_upgrade_makes_all_tables_and_is_quick_when_there_is_nothing_to_do(bare: Engine) -> None:
    upgrade(bare)
    check_schema(bare)
    assert set(all_tables().tables) <= set(inspect(bare).get_table_names())
    started = time.perf_counter()
    upgrade(bare)
    assert time.perf_counter() - started < 0.5


def test_unknown_newer_schema_is_refused(bare: Engine) -> None:
    upgrade(bare)
    with bare.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'ffff'"))
    with pytest.raises(StoreNotReady, match="update allywise"):
        upgrade(bare)
    with pytest.raises(StoreNotReady, match="ffff"):
        check_schema(bare)


def test_several_upgrades_at_once_all_succeed(bare_url: str) -> None:
    def start(_: int) -> None:
        engine = create_store_engine(bare_url)
        upgrade(engine)
        check_schema(engine)
        engine.dispose()

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(start, range(6))) == [None] * 6
