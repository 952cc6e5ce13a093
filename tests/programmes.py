"""A small generated programme, imported and trained once for all tests that look at answers."""

import fcntl
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from demo.generator import generate
from demo.spec import WorldSpec
from domain.settings import Settings
from domain.terms import ModelName
from store.engine import create_store_engine
from store.migrate import upgrade
from store.transfer import import_folder
from training.service import train

END = datetime(2026, 3, 1, tzinfo=UTC)
SPEC = WorldSpec(
    seed=3, end=END, partners=40, prospects=40, leads=500, deals=400, activities=6_000, assets=30, offers=6
)


@dataclass(frozen=True)
class Programme:
    """A trained programme that tests may write to, and the one it was copied from, to which none writes."""

    settings: Settings
    built: Path

    @property
    def folder(self) -> Path:
        """What was imported."""
        return self.built / "files"

    @property
    def truth(self) -> Path:
        """What generated it."""
        return self.built / "truth"

    def copy_to(self, home: Path) -> Settings:
        """Copy the programme as it was after training and return the settings of the copy."""
        shutil.copytree(self.built / "home", home)
        return _settings(home)


def open_programme(shared: Path, home: Path) -> Programme:
    """Return a copy under `home` of the programme under `shared`, built there by the process that comes first."""
    built = shared / "programme"
    with (shared / "programme.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not built.exists():
            _build(shared / "unfinished")
            (shared / "unfinished").rename(built)
    programme = Programme(_settings(home), built)
    programme.copy_to(home)
    return programme


def _settings(home: Path) -> Settings:
    return Settings(home=home, training_threads=1, churn_horizons_days=(30, 90))


def _build(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)  # of a process that failed
    settings = _settings(folder / "home")
    generate(folder / "files", folder / "truth", SPEC)
    engine = create_store_engine(settings.store_url)
    upgrade(engine)
    report = import_folder(engine, folder / "files", settings=settings)
    assert report.problems == []
    train(engine, settings, list(ModelName), as_of=END)
    engine.dispose()
