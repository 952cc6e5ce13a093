"""A programme over HTTP in which everything that can hold a text about one partner holds a mark."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from domain.columns import Column, ColumnType
from domain.context import SYSTEM
from domain.settings import Settings
from domain.terms import Role
from store.unit_of_work import UnitOfWork
from tests.conftest import FixedClock

MARK = "Zyxomark"
"""Stands in every text about the partner that is to be forgotten."""


class Desk:
    """Asks the service as an admin, and fails when the answer is not the expected one."""

    def __init__(self, client: TestClient, secret: str) -> None:
        self.client = client
        self.secret = secret

    @property
    def services(self) -> Any:
        return self.client.app.state.services  # type: ignore[attr-defined]

    def ask(self, method: str, path: str, body: Any = None, status: int = 200, **headers: str) -> Any:
        sent = {"Authorization": f"Bearer {self.secret}", **headers}
        answer = self.client.request(method, f"/v1/{path}", json=body, headers=sent)
        assert answer.status_code == status, (method, path, answer.status_code, answer.text)
        return answer.json() if answer.content else None

    def create(self, path: str, **body: Any) -> Any:
        return self.ask("POST", path, body, 201, **{"Idempotency-Key": f"{path} {body.get('external_id', body)}"[:200]})


@pytest.fixture
def home(tmp_path):
    return tmp_path


@pytest.fixture
def desk(engine, home, clock: FixedClock) -> Iterator[Desk]:
    url = engine.url.render_as_string(hide_password=False)
    settings = Settings(home=home, database_url=url, check_every_days=0, score_every_days=0)
    with UnitOfWork(engine, SYSTEM, clock) as work:
        secret = work.keys.create("office", Role.ADMIN).secret
    with TestClient(create_app(settings, clock)) as client:
        yield Desk(client, secret)


def marked(column: Column) -> Any:
    """Return a value of a text-like column that holds the mark; None of others."""
    if column.type is ColumnType.TEXT:
        return f"{MARK} {column.name}"
    if column.type is ColumnType.LIST and column.target is None and column.of is ColumnType.TEXT:
        return [f"{MARK} {column.name}"]
    return None
