"""A small generated programme, imported, trained and scored once for all tests that look at answers."""

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
    """Where the trained programme lies, and where a copy of it that no test has written to."""

    settings: Settings
    folder: Path
    truth: Path
    untouched: Path

    def copy_to(self, home: Path) -> Settings:
        """Copy the programme as it was after training and return the settings of the copy."""
        shutil.copytree(self.untouched, home)
        return self.settings.model_copy(update={"home": home})


def build_programme(home: Path) -> Programme:
    """Generate, import and train under `home`; a second process that comes later finds it there."""
    settings = Settings(home=home / "home", training_threads=1, churn_horizons_days=(30, 90))
    programme = Programme(settings, home / "files", home / "truth", home / "untouched")
    generate(programme.folder, programme.truth, SPEC)
    engine = create_store_engine(programme.settings.store_url)
    upgrade(engine)
    report = import_folder(engine, programme.folder, settings=programme.settings)
    assert report.problems == []
    train(engine, programme.settings, list(ModelName), as_of=END)
    engine.dispose()
    shutil.copytree(settings.home, programme.untouched)
    return programme
