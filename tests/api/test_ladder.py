"""Every route climbs the ladder: anonymous 401, wrong role 403."""

import pytest
from fastapi.routing import APIRoute

from api.app import create_app
from domain.settings import Settings
from domain.terms import Role

OPEN = {"/healthz", "/readyz", "/metrics"}


def api_routes() -> list[tuple[str, str, frozenset[Role]]]:
    """Return (method, path, roles) of each documented route."""
    found = []
    for route in create_app(Settings()).routes:
        if isinstance(route, APIRoute) and route.include_in_schema and route.path not in OPEN:
            checks = [dependency.dependency for dependency in route.dependencies]
            roles = next((check.roles for check in checks if hasattr(check, "roles")), None)
            assert roles is not None, f"{route.path} does not say who may call it"
            found += [(method, route.path, roles) for method in route.methods]
    return found


def concrete(path: str) -> str:
    return path.replace("{name}", "churn").replace("{", "").replace("}", "")


ROUTES = api_routes()


@pytest.mark.parametrize(("method", "path", "_roles"), ROUTES, ids=lambda value: str(value)[:40])
def test_anonymous_callers_are_refused(client, method, path, _roles):
    answer = client.request(method, concrete(path))
    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(("method", "path", "roles"), ROUTES, ids=lambda value: str(value)[:40])
def test_wrong_roles_are_refused(client, login, method, path, roles):
    for role in set(Role) - roles:
        headers = login(role, "P-00001") if role is Role.PARTNER else login(role)
        answer = client.request(method, concrete(path), headers=headers)
        assert (role, answer.status_code) == (role, 403)
        assert answer.json()["code"] == "not_allowed"


def test_a_revoked_key_is_unknown(client):
    answer = client.get("/v1/models", headers={"Authorization": "Bearer aw_0123456789ab_secret"})
    assert answer.status_code == 401


def test_every_failure_has_one_shape(client, admin):
    for answer in (
        client.get("/v1/nowhere", headers=admin),
        client.delete("/v1/models", headers=admin),
        client.get("/v1/partners/none", headers=admin),
        client.get("/v1/partners?limit=0", headers=admin),
        client.post("/v1/match", headers=admin, content=b"{"),
    ):
        assert answer.headers["content-type"] == "application/problem+json"
        assert {"type", "title", "status", "detail", "code", "request_id"} <= set(answer.json())
        assert answer.json()["status"] == answer.status_code
        assert answer.headers["x-request-id"] == answer.json()["request_id"]
