"""Models trained in two processes are those trained in one."""

from datetime import UTC, datetime

import pandas as pd

from demo.generator import generate
from demo.spec import WorldSpec
from domain.settings import Settings
from models.registry import Registry
from store.engine import create_store_engine
from store.migrate import upgrade
from store.transfer import import_folder
from training.service import train

END = datetime(2026, 1, 1, tzinfo=UTC)


def test_two_processes_train_what_one_does(tmp_path):
    spec = WorldSpec(
        seed=2, end=END, partners=25, prospects=5, leads=120, deals=90, activities=2000, assets=10, offers=3
    )
    generate(tmp_path / "programme", tmp_path / "truth", spec)
    seen = []
    for processes in (1, 2):
        settings = Settings(home=tmp_path / str(processes), training_threads=1, churn_horizons_days=(60,))
        engine = create_store_engine(settings.store_url)
        upgrade(engine)
        assert import_folder(engine, tmp_path / "programme", settings=settings).ok
        reports = train(engine, settings, ["churn", "fit"], as_of=END, processes=processes)
        engine.dispose()
        versions = {name: Registry.of(settings).versions(name)[0] for name in ("churn", "fit")}
        manifests = [versions[name].manifest for name in ("churn", "fit")]
        seen.append(([report.name for report in reports], [(found.rows, found.choice) for found in manifests]))
        tables = [report.table() for report in reports]
        seen.append(pd.concat(tables, ignore_index=True) if all(len(table) for table in tables) else None)
    assert seen[0] == seen[2]
    if seen[1] is not None:
        pd.testing.assert_frame_equal(seen[1], seen[3])
