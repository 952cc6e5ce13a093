"""The application over a small trained programme, and a key for each role."""

from collections.abc import Callable, Iterator

import pytest
from argon2 import PasswordHasher
from fastapi.testclient import TestClient

from api.app import create_app
from domain.context import SYSTEM
from domain.terms import Role
from programme import passwords
from store.unit_of_work import UnitOfWork
from tests.programmes import END, Programme


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hash passwords at the lowest cost: what they really cost is tested with them."""
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    monkeypatch.setattr(passwords, "_NOBODY", passwords.hash_password("nobody's"))


Login = Callable[..., dict[str, str]]


@pytest.fixture(scope="session")
def client(programme: Programme) -> Iterator[TestClient]:
    with TestClient(create_app(programme.settings, lambda: END), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture(scope="session")
def login(client: TestClient) -> Login:
    """Return a function that gives the headers of a caller with a role."""
    made: dict[tuple[Role, str | None], dict[str, str]] = {}

    def headers(role: Role, partner: str | None = None) -> dict[str, str]:
        if (role, partner) not in made:
            with UnitOfWork(client.app.state.services.intelligence.engine, SYSTEM) as work:
                partner_id = work.repository("partners").get(partner)["id"] if partner else None
                secret = work.keys.create(f"{role} {partner or ''}".strip(), role, partner_id).secret
            made[role, partner] = {"Authorization": f"Bearer {secret}"}
        return made[role, partner]

    return headers


@pytest.fixture
def admin(login: Login) -> dict[str, str]:
    return login(Role.ADMIN)
