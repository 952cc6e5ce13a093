"""Small helpers for tests in which people sign in."""

from typing import Any

from fastapi.testclient import TestClient

from api.app import create_app
from api.authentication import CSRF_HEADER
from domain.context import SYSTEM
from domain.settings import Settings
from domain.terms import PartnerRole, Role
from store.unit_of_work import UnitOfWork

PASSWORD = "a long enough secret"


def service(engine: Any, home: Any, clock: Any, **settings: Any) -> TestClient:
    """Return a client of a service over a store; used with ``with``, it sends nothing to be known by."""
    url = engine.url.render_as_string(hide_password=False)
    chosen = Settings(home=home, database_url=url, **settings)
    return TestClient(create_app(chosen, clock), follow_redirects=False, raise_server_exceptions=False)


def admin_key(engine: Any, clock: Any) -> dict[str, str]:
    with UnitOfWork(engine, SYSTEM, clock) as work:
        return {"Authorization": f"Bearer {work.keys.create('admin', Role.ADMIN).secret}"}


def add_partners(engine: Any, clock: Any, *names: str, **values: Any) -> None:
    with UnitOfWork(engine, SYSTEM, clock) as work:
        for name in names:
            work.repository("partners").create({"external_id": name, "name": name.upper(), **values})


def add_person(
    client: TestClient,
    email: str,
    role: Role,
    partner: str | None = None,
    partner_role: PartnerRole | None = None,
    name: str = "",
) -> int:
    """Invite a person through the service and set the password; return our id."""
    from programme import people, sign_in

    services = client.app.state.services
    with services.unit_of_work(SYSTEM) as work:
        made = people.invite_user(
            work, services.settings, email, name or email, role, partner=partner, partner_role=partner_role
        )
    sign_in.accept_invitation(services.unit_of_work, services.settings, made.token, PASSWORD)
    return made.user.id


def signed_in(client: TestClient, email: str, password: str = PASSWORD) -> TestClient:
    """Return a browser in which a person is signed in, and which sends the CSRF token."""
    browser = TestClient(client.app, follow_redirects=False, raise_server_exceptions=False)
    answer = browser.post("/v1/session", json={"email": email, "password": password})
    assert answer.status_code == 200, answer.text
    browser.headers[CSRF_HEADER] = answer.json()["csrf_token"]
    return browser
