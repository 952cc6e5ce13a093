"""Every route climbs the ladder: anonymous 401, wrong role 403."""

import pytest

from api.app import VERSIONED, create_app
from domain.settings import Settings
from domain.terms import Role

OPEN = {"/healthz", "/readyz", "/metrics"}


def api_routes() -> list[tuple[str, str, frozenset[Role]]]:
    """Return (method, path, roles) of each route under /v1."""
    found = []
    for route in [route for module in VERSIONED for route in module.router.routes]:
        checks = [dependency.dependency for dependency in route.dependencies]
        said = [check.roles for check in checks if hasattr(check, "roles")]
        assert said, f"{route.path} does not say who may call it"
        roles = said[0] or frozenset()  # of those open to anyone: nobody is refused
        found += [(method, f"/v1{route.path}", roles) for method in route.methods]
    return found


def concrete(path: str) -> str:
    return path.replace("{name}", "churn").replace("{", "").replace("}", "")


ROUTES = sorted(api_routes(), key=lambda rung: rung[:2])
NAMES = [f"{method} {path}" for method, path, _ in ROUTES]


def test_the_ladder_has_a_rung_for_every_documented_route():
    paths = create_app(Settings()).openapi()["paths"]
    documented = {(method.upper(), path) for path, methods in paths.items() for method in methods}
    assert {(method, path) for method, path, _ in ROUTES} == {rung for rung in documented if rung[1] not in OPEN}


@pytest.mark.parametrize(("method", "path", "roles"), ROUTES, ids=NAMES)
def test_anonymous_callers_are_refused(client, method, path, roles):
    if not roles:
        return
    answer = client.request(method, concrete(path))
    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(("method", "path", "roles"), ROUTES, ids=NAMES)
def test_wrong_roles_are_refused(client, login, method, path, roles):
    for role in set(Role) - roles if roles else ():
        headers = login(role, "P-00001") if role is Role.PARTNER else login(role)
        answer = client.request(method, concrete(path), headers=headers)
        assert (role, answer.status_code) == (role, 403)
        assert answer.json()["code"] == "not_allowed"


def test_a_revoked_key_is_unknown(client):
    answer = client.get("/v1/models", headers={"Authorization": "Bearer aw_0123456789ab_secret"})
    assert answer.status_code == 401


def test_what_nobody_foresaw_has_the_same_shape(client, admin, monkeypatch):
    def fail(*_: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("api.routes.model_registry.make_card", fail)
    answer = client.get("/v1/models/churn/card", headers=admin)
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert "secret" not in answer.text
    assert answer.json()["request_id"]


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
