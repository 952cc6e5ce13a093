"""Every route, called as everybody: the table of docs/roles.md is what the service does.

A new route is not in the table: the suite fails until ``python -m api.permissions docs/roles.md`` has been run and the
new row has been looked at. A route whose path names a row that these tests cannot make fails too: see `other_rows`.
"""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.authentication import CSRF_HEADER, SESSION_COOKIE, csrf_token
from api.permissions import ANYONE, CALLERS, NO, OWN, SAFE, STAFF, Route, read_matrix, routes, with_matrix
from domain.columns import Column, ColumnType, Resource
from domain.context import SYSTEM
from domain.resources import RESOURCES
from domain.settings import Settings
from domain.terms import PartnerRole, Role, UserStatus
from store.alerts import Draft
from store.engine import create_store_engine
from store.migrate import upgrade
from store.unit_of_work import UnitOfWork

PAGE = Path(__file__).resolve().parents[2] / "docs" / "roles.md"
MATRIX = read_matrix(PAGE.read_text())
NOW = datetime(2024, 6, 1, 12, tzinfo=UTC)

OURS, THEIRS, VEILED = "ours-q7", "theirs-x9", "veiled-z3"
"""Stand in every text of the rows of the caller's partner, of another one, and of a lead not yet accepted."""

PARAMETER = re.compile(r"{(\w+)}")
OPEN = {"/healthz", "/readyz", "/metrics"}


def sample(column: Column, mark: str, rows: dict[str, dict[str, Any]]) -> Any:
    """Return a value of a column that can be told to be of `mark`; None for what may be left out."""
    if column.type is ColumnType.REFERENCE:
        row = rows[str(column.target)]
        return row["external_id"] if "external_id" in row else None
    values = {
        ColumnType.TEXT: f"{mark} {column.name}",
        ColumnType.NUMBER: 0.5,
        ColumnType.INTEGER: 1,
        ColumnType.AMOUNT: 1,
        ColumnType.COUNTRY: "DE",
        ColumnType.CURRENCY: "EUR",
        ColumnType.BOOLEAN: True,
        ColumnType.DATE: "2024-05-01",
        ColumnType.INSTANT: "2024-05-01T00:00:00Z",
        ColumnType.LATITUDE: 50,
        ColumnType.LONGITUDE: 8,
        ColumnType.WORD: next(iter(column.words), None),
    }
    if column.type is ColumnType.LIST:
        return [rows[column.target]["external_id"]] if column.target else None
    return values[column.type]


def values_of(resource: Resource, mark: str, rows: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return a full row of `resource`, its texts marked."""
    found = {column.name: sample(column, mark, rows) for column in resource.columns}
    if "external_id" in found:
        found["external_id"] = f"{mark}-{resource.name}"
    kept = {"shared": True, "status": found.get("status"), "account_manager": None}
    left_out = ("ended_at", "response", "responded_at", "decline_reason", "closed_at", "outcome")
    return {name: kept.get(name, value) for name, value in found.items() if value is not None and name not in left_out}


def fill(work: UnitOfWork) -> dict[str, dict[str, dict[str, Any]]]:
    """Make a row of every resource for each of two partners; what belongs to no partner is common."""
    rows: dict[str, dict[str, dict[str, Any]]] = {OURS: {}, THEIRS: {}}
    for resource in RESOURCES.values():
        if resource.name == "changes":
            continue
        owned = resource.name in ("partners", "leads", "terms") or "partner" in resource.by_name
        for mark, own in rows.items():
            if owned or mark == OURS:
                values = values_of(resource, mark if owned else "common", own)
                own[resource.name] = work.repository(resource.name).create(values)
            else:
                own[resource.name] = rows[OURS][resource.name]
    lead = {"external_id": "offered", "created_at": NOW - timedelta(days=9), "company": VEILED, "description": VEILED}
    work.repository("leads").create(lead)
    work.repository("assignments").create({"lead": "offered", "partner": f"{OURS}-partners", "offered_at": NOW})
    offer = rows[OURS]["assignments"]
    work.repository("assignments").patch(offer["id"], {"response": "accepted", "responded_at": NOW})
    return rows


class World(NamedTuple):
    """The service over a store with rows of two partners, and what each caller sends to be known by."""

    client: TestClient
    headers: dict[str, dict[str, str]]
    spare: dict[str, dict[str, str]]
    keys: dict[str, Callable[[str], str]]

    def call(self, route: Route, caller: str, key: str = "none", **more: Any) -> Any:
        path = PARAMETER.sub(lambda found: parameter(route, found[1], key), route.path)
        leaves = (route.method, route.path) == ("DELETE", "/v1/session") and "headers" not in more
        known = self.spare if leaves and caller in self.spare else self.headers
        headers = known[caller] | more.pop("headers", {})
        return self.client.request(route.method, path, headers=headers, **more)


def parameter(route: Route, name: str, key: str) -> str:
    """Return what to write for a parameter of a path."""
    if route.path.startswith("/v1/models/"):
        return "churn"
    return {"user_id": "999999", "webhook_id": "999999"}.get(name, "none") if key == "none" else key


def person(work: UnitOfWork, name: str, role: Role, partner_id: int | None = None) -> int:
    partner_role = PartnerRole(name) if role is Role.PARTNER else None
    values = {"email": f"{name}{uuid4().hex}@p.example", "name": name, "role": role, "partner_id": partner_id}
    return work.users.add(values | {"partner_role": partner_role, "status": UserStatus.ACTIVE}).id


def session(work: UnitOfWork, user_id: int) -> dict[str, str]:
    token = work.sessions.begin(timedelta(hours=1), user_id=user_id)
    return {"Cookie": f"{SESSION_COOKIE}={token}", CSRF_HEADER: csrf_token(token)}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    settings = Settings(home=tmp_path_factory.mktemp("permissions"))
    engine = create_store_engine(settings.store_url)
    upgrade(engine)
    headers: dict[str, dict[str, str]] = {ANYONE: {}}
    with UnitOfWork(engine, SYSTEM, lambda: NOW) as work:
        rows = fill(work)
        ours = rows[OURS]["partners"]["id"]
        people = {role: person(work, role, role) for role in STAFF}
        people |= {role: person(work, role, Role.PARTNER, ours) for role in PartnerRole}
        headers |= {name: session(work, id_) for name, id_ in people.items()}
        spare = {name: session(work, id_) for name, id_ in people.items()}
        for mark, own in rows.items():
            own.update(other_rows(work, mark, own["partners"]["id"]))
        for scope in ("read", "deals"):
            secret = work.keys.create(scope, Role.ADMIN, scopes=[scope]).secret
            headers[scope] = {"Authorization": f"Bearer {secret}"}
    engine.dispose()
    keys = {mark: (lambda noun, mark=mark: key_of(rows[mark], noun)) for mark in rows}
    app = create_app(settings, lambda: NOW)
    with TestClient(app, follow_redirects=False, raise_server_exceptions=False) as client:
        yield World(client, headers, spare, keys)


def other_rows(work: UnitOfWork, mark: str, partner_id: int) -> dict[str, dict[str, Any]]:
    """Make what paths name that is no row of a resource, for one partner."""
    draft = Draft("message", "info", f"{mark} text", mark, "notes", partner_id=partner_id, for_partner=True)
    return {
        "users": {"id": person(work, PartnerRole.SELLER, Role.PARTNER, partner_id)},
        "alerts": {"id": work.alerts.put(draft)},
    }


def key_of(rows: dict[str, dict[str, Any]], noun: str) -> str:
    """Return the key of a row in a path that begins with a noun."""
    name = {"prospects": "partners", "deal": "deals"}.get(noun, noun)
    assert name in rows, f"a path names one of {noun!r}, and these tests make none: see other_rows"
    return str(rows[name].get("external_id", rows[name]["id"]))


def let_in(answer: Any) -> bool:
    return answer.status_code not in (401, 403)


def noun(route: Route) -> str:
    """Return what tells which rows the path's key names: registrations are named by their deal, too."""
    return "deal" if "{deal}" in route.path else route.resource


def named(route: Route) -> str:
    return f"{route.method} {route.path}"


def test_the_page_holds_the_table_of_today():
    page = PAGE.read_text()
    assert page == with_matrix(page), "run `python -m api.permissions docs/roles.md` and look at what it changed"


def test_every_documented_route_has_a_row():
    paths = create_app(Settings()).openapi()["paths"]
    documented = {(method.upper(), path) for path, methods in paths.items() for method in methods if path not in OPEN}
    assert documented == {(route.method, route.path) for route in routes()} == set(MATRIX)


@pytest.mark.parametrize("caller", CALLERS)
def test_every_route_lets_in_whom_the_table_says(world, caller):
    """Nothing is named that exists, and the queries are nonsense: 404 and 422 mean that the caller was let in."""
    wrong = {}
    for route in routes():
        query = {"limit": "x", "as_of": "x", "since": "x", "cursor": "x"}
        answer = world.call(route, caller, json={}, params=query if route.method in SAFE else {})
        expected = MATRIX[route.method, route.path][caller] != NO
        refusal = 401 if caller == ANYONE else 403
        is_right = let_in(answer) or is_sign_in(route) if expected else answer.status_code == refusal
        if not is_right or answer.status_code >= 500:
            wrong[named(route)] = (answer.status_code, answer.text[:200])
    assert wrong == {}


def is_sign_in(route: Route) -> bool:
    return route.roles is None


@pytest.mark.parametrize("scope", ["read", "deals"])
def test_a_narrowed_key_is_let_in_within_its_scopes_only(world, scope):
    wrong = {}
    for route in routes():
        query = {"limit": "x", "as_of": "x", "since": "x", "cursor": "x"}
        answer = world.call(route, scope, json={}, params=query if route.method in SAFE else {})
        if not is_sign_in(route) and let_in(answer) != route.within(scope):
            wrong[named(route)] = answer.status_code
    assert wrong == {}


def test_a_cookie_alone_changes_nothing(world):
    for route in routes():
        if route.method not in SAFE and not is_sign_in(route):
            answer = world.call(route, Role.ADMIN, json={}, headers={CSRF_HEADER: "forged"})
            assert (named(route), answer.status_code) == (named(route), 403)


def keyed(caller: str) -> list[Route]:
    return [
        route
        for route in routes()
        if MATRIX.get((route.method, route.path), {}).get(caller, NO) != NO and PARAMETER.search(route.path)
    ]


def test_a_partner_reaches_its_own_rows_and_no_other(world):
    """GET, PATCH and the like of each row: own ones are found, those of another partner are not."""
    wrong = {}
    order = ["GET", "PATCH", "PUT", "POST", "DELETE"]
    for route in sorted(keyed(PartnerRole.PARTNER_ADMIN), key=lambda route: order.index(route.method)):
        for mark in (THEIRS, OURS):
            answer = world.call(route, PartnerRole.PARTNER_ADMIN, world.keys[mark](noun(route)), json={})
            other = mark == THEIRS and not route.is_shared
            bad_body = answer.status_code == 422 and route.method not in SAFE
            is_right = answer.status_code in (404, 422) if other else answer.status_code != 404
            if not is_right or (other and not bad_body and answer.status_code != 404) or answer.status_code >= 500:
                wrong[named(route), mark] = (answer.status_code, answer.text[:200])
            assert mark == OURS or THEIRS not in answer.text.replace(world.keys[THEIRS](noun(route)), "")
    assert wrong == {}


@pytest.mark.parametrize("caller", list(PartnerRole))
def test_no_list_tells_a_partner_of_another_or_of_what_it_has_not_accepted(world, caller):
    wrong = {}
    for route in routes():
        if route.method not in SAFE or route.allows(caller) == NO:
            continue
        answer = world.call(route, caller, world.keys[OURS](noun(route)) if "{" in route.path else "none")
        if answer.status_code >= 500 or THEIRS in answer.text or VEILED in answer.text:
            wrong[named(route)] = (answer.status_code, answer.text[:300])
    assert wrong == {}


def test_what_is_marked_as_own_is_there(world):
    """The rows that the test above looks for are in the store: staff sees both."""
    for resource in ("deals", "leads", "notes", "ledger", "terms", "registrations"):
        text = world.client.get(f"/v1/{resource}", headers=world.headers[Role.ADMIN]).text
        assert (resource, OURS in text, THEIRS in text) == (resource, True, True)
    assert VEILED in world.client.get("/v1/leads", headers=world.headers[Role.ADMIN]).text
    assert MATRIX["GET", "/v1/deals"][PartnerRole.SELLER] == OWN
