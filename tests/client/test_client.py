"""The typed client: made from the document, and it works against the service."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine

import allywise_client
from allywise_client import Allywise, ApiProblem, every_row
from api.app import create_app
from api.client import operations_module, types_module
from domain.context import SYSTEM
from domain.settings import Settings
from domain.terms import Role
from store.unit_of_work import UnitOfWork

FOLDER = Path(allywise_client.__file__).parent


class Through(httpx.BaseTransport):
    """Carries the client's requests to the application in this process, after some failures."""

    def __init__(self, app: TestClient) -> None:
        self._app = app
        self.failures: list[httpx.Response | httpx.TransportError] = []
        self.sent: list[httpx.Request] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.sent.append(request)
        if self.failures:
            failure = self.failures.pop(0)
            if isinstance(failure, httpx.TransportError):
                raise failure
            return failure
        answer = self._app.request(
            request.method, str(request.url.raw_path, "ascii"), content=request.read(), headers=dict(request.headers)
        )
        return httpx.Response(answer.status_code, headers=dict(answer.headers), content=answer.content)


@pytest.fixture
def through(sqlite_engine: Engine, tmp_path) -> Iterator[Through]:
    settings = Settings(home=tmp_path, database_url=str(sqlite_engine.url))
    with TestClient(create_app(settings)) as app:
        yield Through(app)


@pytest.fixture
def service(through: Through, sqlite_engine: Engine) -> Iterator[Allywise]:
    with UnitOfWork(sqlite_engine, SYSTEM) as work:
        secret = work.keys.create("client", Role.ADMIN).secret
    with Allywise("http://service", secret, transport=through) as service:
        yield service


def test_the_client_is_the_documents():
    document = create_app(Settings()).openapi()
    assert (FOLDER / "types.py").read_text() == types_module(document), "run `make openapi`"
    assert (FOLDER / "operations.py").read_text() == operations_module(document), "run `make openapi`"


def test_rows_are_made_read_changed_and_listed(service: Allywise):
    for number in range(5):
        service.create_partner({"external_id": f"p/{number}", "name": "Café", "country": "DE"})
    made = service.upsert_partners({"items": [{"external_id": "p/0", "tier": "gold"}, {"external_id": "q"}]})
    assert [result["status"] for result in made["results"]] == ["changed", "failed"]
    row = service.list_partners(external_id="p/0")["items"][0]
    assert (row["tier"], row["row_version"]) == ("gold", 2)
    names = [row["external_id"] for row in every_row(service.list_partners, limit=2, country="DE")]
    assert names == [f"p/{number}" for number in range(5)]
    changed = service.change_partner(f"id:{row['id']}", {"tier": None}, if_match='"2"')
    assert changed["tier"] is None
    with pytest.raises(ApiProblem, match="412 stale_version"):
        service.change_partner(f"id:{row['id']}", {"tier": "x"}, if_match='"2"')
    assert service.delete_partner(f"id:{row['id']}") is None


def test_an_answer_of_the_models_has_its_type(service: Allywise):
    service.create_partner({"external_id": "p", "name": "P", "status": "active"})
    answer = service.match_lead({"lead": {"country": "DE"}, "limit": 1})
    assert [candidate["partner"] for candidate in answer["candidates"]] == ["p"]


def test_a_request_that_got_lost_is_sent_again_with_its_key(service: Allywise, through: Through, monkeypatch):
    waited: list[float] = []
    monkeypatch.setattr("allywise_client.transport.time.sleep", waited.append)
    through.failures = [httpx.ConnectError("no way"), httpx.Response(503, headers={"Retry-After": "5"})]
    service.create_partner({"external_id": "p", "name": "P"})
    assert waited == [1.0, 5.0]
    assert len({request.headers["idempotency-key"] for request in through.sent}) == 1
    assert [row["external_id"] for row in every_row(service.list_partners)] == ["p"]


def test_a_problem_is_an_exception(service: Allywise):
    with pytest.raises(ApiProblem) as caught:
        service.get_partner("nobody")
    assert (caught.value.status, caught.value.code) == (404, "not_found")
