"""A copy of the small trained programme that tests may change, with churn's version serving."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.settings import Settings
from intelligence.context import Intelligence
from models.registry import ModelVersion
from store.engine import create_store_engine
from tests.programmes import END, Programme


@pytest.fixture
def settings(programme: Programme, tmp_path: Path) -> Settings:
    return programme.copy_to(tmp_path / "home")


@pytest.fixture
def context(settings: Settings) -> Iterator[Intelligence]:
    engine = create_store_engine(settings.store_url)
    context = Intelligence.open(engine, settings, clock=lambda: END)
    context.registry.promote("churn", context.registry.versions("churn")[0].version, "for the test")
    yield context
    engine.dispose()


def again(context: Intelligence, name: str = "churn") -> ModelVersion:
    """Register the newest version's files as a newer, approved version."""
    newest = context.registry.versions(name)[0]
    return context.registry.approve(context.registry.register(name, newest.folder, newest.manifest, {}, {}))
