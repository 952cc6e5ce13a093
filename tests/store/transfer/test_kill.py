"""An import that is killed leaves the store as it was before, or complete."""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from store.engine import create_store_engine
from store.transfer import Counts
from tests.store.transfer.helpers import bring_in, rows, write

ROWS = 60_000
SCRIPT = """
import os, sys
from pathlib import Path
from domain.settings import Settings
from store.engine import create_store_engine
from store.transfer import import_folder
for line in sys.stdin:  # one child per import, so that the libraries are loaded once
    child = os.fork()
    if not child:
        folder = Path(sys.argv[1])
        import_folder(create_store_engine(line.strip()), folder, settings=Settings(home=folder))
        os._exit(0)
    print(child, flush=True)
    os.waitpid(child, 0)
    print("ended", flush=True)
"""


@contextmanager
def importer(folder: Path) -> Iterator[Callable[[str, float], None]]:
    """Return a function that imports `folder` into a URL and kills the import after some seconds."""
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdin is not None
    assert process.stdout is not None

    def run(url: str, seconds: float) -> None:
        print(url, file=process.stdin, flush=True)
        child = int(process.stdout.readline())
        time.sleep(seconds)
        with suppress(ProcessLookupError):  # it may be done already
            os.kill(child, signal.SIGKILL)
        assert process.stdout.readline() == "ended\n"

    try:
        yield run
    finally:
        process.stdin.close()
        process.stdout.close()
        process.wait(timeout=60)


def test_a_kill_leaves_the_store_before_or_complete(sqlite_template: Path, tmp_path: Path) -> None:
    activities = "".join(f"P{i % 50},2024-01-01T00:00:{i % 60:02},view,{i}\n" for i in range(ROWS))
    folder = write(tmp_path / "in", {
        "partners.csv": "external_id,name\n" + "".join(f"P{i},A\n" for i in range(50)),
        "activities.csv": f"partner,occurred_at,kind,quantity\n{activities}",
    })  # fmt: skip
    draw = random.Random(11)  # noqa: S311
    seen = set()
    with importer(folder) as kill:
        for attempt in range(10):
            path = tmp_path / f"{attempt}.db"
            shutil.copyfile(sqlite_template, path)
            url = f"sqlite:///{path}"
            kill(url, draw.uniform(0, 0.9))
            engine = create_store_engine(url)
            state = rows(engine, "SELECT (SELECT count(*) FROM partners), (SELECT count(*) FROM activities)")[0]
            assert state in ((0, 0), (50, ROWS))
            seen.add(state)
            if attempt == 0:  # and what was killed can simply be run again
                assert bring_in(engine, folder).counts["activities"] in (Counts(inserted=ROWS), Counts(unchanged=ROWS))
            engine.dispose()
    assert (0, 0) in seen
