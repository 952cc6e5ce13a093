"""What stands before and around a served application: readiness, what is loaded before a fork, places in line."""

import asyncio
import gc
import threading

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.testclient import TestClient as PlainClient

from api import app as application
from api.admission import Admission
from api.app import create_app, open_services
from api.dependencies import Services
from api.middleware import add_middleware
from api.problems import add_problem_handlers
from api.serving import forked_processes, load_shared
from domain.context import system_clock
from domain.errors import CannotAnswer
from domain.settings import Settings
from domain.terms import ModelName
from store.engine import create_store_engine


def test_models_are_loaded_before_the_fork_and_nothing_is_open(programme, tmp_path, monkeypatch):
    settings = programme.copy_to(tmp_path / "home")
    monkeypatch.setenv("ALLYWISE_HOME", str(settings.home))
    opened = []
    monkeypatch.setattr(application, "open_services", lambda *given: opened.append(open_services(*given)) or opened[0])
    threads = threading.active_count()
    app = load_shared()
    gc.unfreeze()
    services = opened[0]
    assert (threading.active_count(), services.intelligence.engine.pool.checkedin()) == (threads, 0)
    with TestClient(app) as client:
        assert client.app.state.services is services
        names = {label.partition("/")[0] for label in services.intelligence._models}
        assert names == {name for name in ModelName if services.intelligence.registry.champion(name)}
        assert client.get("/readyz").json() == {"status": "ready"}


def test_a_store_without_models_is_ready(tmp_path):
    with TestClient(create_app(Settings(home=tmp_path), warm=True)) as client:
        assert client.get("/readyz").json() == {"status": "ready"}


def test_a_damaged_model_is_not_ready(programme, tmp_path):
    settings = programme.copy_to(tmp_path / "home")
    with TestClient(create_app(settings)) as client:
        version = client.app.state.services.intelligence.registry.champion("churn")
        next(path for path in version.folder.rglob("*.txt")).write_text("damaged")
        answer = client.get("/readyz")
        assert (answer.status_code, answer.json()["code"]) == (503, "artefact_invalid")
        assert client.get("/healthz").status_code == 200


def test_a_process_alone_counts_itself():
    assert len(forked_processes()) == 1


class Crowd:
    """A small application that answers when told, and knows how many requests are inside at once."""

    def __init__(self, settings: Settings) -> None:
        self.app = FastAPI()
        add_middleware(self.app)
        add_problem_handlers(self.app)
        self.app.state.services = Services(settings, None, system_clock)  # type: ignore[arg-type]
        self.go = threading.Event()
        self.inside = self.most = 0
        self.app.get("/wait")(self.wait)
        self.app.get("/healthz")(lambda: "fine")

    async def wait(self) -> str:
        """Answer when told."""
        self.inside += 1
        self.most = max(self.most, self.inside)
        while not self.go.is_set():
            await asyncio.sleep(0.01)
        self.inside -= 1
        return "done"


def ask(client: PlainClient, times: int) -> tuple[list[threading.Thread], list[int]]:
    statuses: list[int] = []
    threads = [threading.Thread(target=lambda: statuses.append(client.get("/wait").status_code)) for _ in range(times)]
    for thread in threads:
        thread.start()
    return threads, statuses


def test_no_more_requests_work_at_once_than_there_are_places():
    crowd = Crowd(Settings(serving_threads=2))
    with PlainClient(crowd.app) as client:
        threads, statuses = ask(client, 5)
        threading.Event().wait(0.3)
        assert client.get("/healthz").status_code == 200
        crowd.go.set()
        for thread in threads:
            thread.join(20)
    assert (crowd.most, statuses) == (2, [200] * 5)


def test_who_waits_too_long_is_told_when_to_come_again():
    crowd = Crowd(Settings(serving_threads=1, serving_wait_seconds=0.1))
    with PlainClient(crowd.app) as client:
        threads, statuses = ask(client, 1)
        threading.Event().wait(0.2)
        answer = client.get("/wait")
        crowd.go.set()
        threads[0].join(20)
    assert (answer.status_code, answer.headers["Retry-After"], answer.json()["code"]) == (503, "5", "cannot_answer")
    assert statuses == [200]


def test_a_place_is_free_again_after_a_failure():
    async def fail(*_: object) -> None:
        raise RuntimeError("broken")

    admission = Admission(fail)
    app = FastAPI()
    app.state.services = Services(Settings(serving_threads=1, serving_wait_seconds=1), None, system_clock)  # type: ignore[arg-type]
    scope = {"type": "http", "path": "/", "app": app, "method": "GET", "headers": [], "query_string": b""}

    async def twice() -> None:
        for _ in range(2):
            with pytest.raises(RuntimeError, match="broken"):
                await admission(scope, None, None)  # type: ignore[arg-type]

    asyncio.run(twice())


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_an_engine_has_connections_for_its_threads(kind, tmp_path):
    url = f"sqlite:///{tmp_path / 'store.db'}" if kind == "sqlite" else "postgresql://nobody@localhost/nothing"
    engine = create_store_engine(url, threads=7)
    assert (engine.pool.size(), engine.pool._max_overflow) == (7, 14)


def test_no_free_connection_is_told_in_the_service_s_words(tmp_path):
    engine = create_store_engine(f"sqlite:///{tmp_path / 'store.db'}", threads=1)
    engine.pool._timeout = 0.1
    held = [engine.connect() for _ in range(3)]
    with pytest.raises(CannotAnswer, match="in use"):
        engine.connect()
    for connection in held:
        connection.close()
    engine.dispose()
