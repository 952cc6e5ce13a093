"""The application over the programme that fits on a page: nothing is trained."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from fastapi.testclient import TestClient

from api.app import create_app
from domain.context import SYSTEM
from domain.settings import Settings
from domain.terms import Role
from store.unit_of_work import UnitOfWork
from tests.analytics.programme import AS_OF, fill

Login = Callable[..., dict[str, str]]


@contextmanager
def small_app(home: Path) -> Iterator[tuple[TestClient, Login]]:
    """Yield a client, and a function that gives the headers of a caller with a role."""
    with TestClient(create_app(Settings(home=home), lambda: AS_OF), raise_server_exceptions=False) as client:
        engine = client.app.state.services.intelligence.engine
        with UnitOfWork(engine, SYSTEM, lambda: AS_OF, currency="USD") as work:
            fill(work)

        def login(role: Role, partner: str | None = None) -> dict[str, str]:
            with UnitOfWork(engine, SYSTEM, lambda: AS_OF) as work:
                partner_id = work.repository("partners").get(partner)["id"] if partner else None
                secret = work.keys.create(f"{role} {partner or ''}".strip(), role, partner_id).secret
            return {"Authorization": f"Bearer {secret}"}

        yield client, login
