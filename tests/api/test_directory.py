"""The public directory: closed by default, only who wants it and was published, the best performers first."""

from datetime import UTC, datetime, timedelta

import pytest
from fastapi.testclient import TestClient

from api.routes import directory
from api.throttle import Throttle
from domain.context import SYSTEM
from domain.errors import TooManyRequests
from domain.terms import PartnerRole, Role
from programme import records
from tests.api.people import add_partners, add_person, admin_key, service, signed_in
from tests.api.test_console import csrf_of, sign_in


@pytest.fixture
def unhurried(monkeypatch):
    monkeypatch.setattr(directory, "_THROTTLE", Throttle(120))


@pytest.fixture
def town(sqlite_engine, tmp_path, clock, unhurried):
    """Return a client of a service whose directory is open, with two active partners and one that is inactive."""
    with service(sqlite_engine, tmp_path, clock, directory="on") as client:
        add_partners(sqlite_engine, clock, "p1", "p2", status="active", country="DE", city="Łódź", kind="msp")
        add_partners(sqlite_engine, clock, "p3", status="inactive")
        yield client


def work_of(client):
    return client.app.state.services.unit_of_work(SYSTEM)


def listed(client, **more):
    answer = client.get("/v1/directory", params=more)
    assert answer.status_code == 200, answer.text
    return [one["partner"] for one in answer.json()["items"]]


def put(client, partner, **more):
    with work_of(client) as work:
        records.create(work, "listings", {"partner": partner, "wanted": True, "published": True, **more})


def test_it_is_closed_unless_opened(client):
    nobody = TestClient(client.app, follow_redirects=False)
    assert nobody.get("/directory").status_code == 404
    assert nobody.get("/v1/directory").status_code == 404
    assert nobody.get("/portal/listing").headers["location"].startswith("/login")


def test_a_partner_writes_the_staff_publishes_anybody_finds(town, sqlite_engine, clock):
    add_person(town, "ann@p1.example", Role.PARTNER, "p1", PartnerRole.PARTNER_ADMIN)
    ann, nobody = signed_in(town, "ann@p1.example"), TestClient(town.app, follow_redirects=False)
    csrf = {"csrf": csrf_of(ann, "/portal/listing")}
    form = {"wanted": "1", "headline": "Ledgers <b>fast", "website": "javascript:alert(1)", "languages": "pl, en"}
    refused = ann.post("/portal/listing", data=csrf | form)
    assert refused.status_code == 422
    assert "javascript:alert(1)" in refused.text
    assert "Ledgers &lt;b&gt;fast" in refused.text
    form |= {"website": "https://p1.example", "phone": "+48 1"}
    assert ann.post("/portal/listing", data=csrf | form).headers["location"] == "/portal/listing?told=listed"
    assert listed(town) == []
    key = admin_key(sqlite_engine, clock)
    staff, _ = sign_in(town, lambda *_: key, Role.ADMIN)
    page = staff.get("/listings").text
    assert "Ledgers &lt;b&gt;fast" in page
    with work_of(town) as work:
        id_ = work.repository("listings").list().rows[0]["id"]
    given = {"csrf": csrf_of(staff, "/listings")}
    assert staff.post(f"/listings/{id_}/publish", data=given).status_code == 303
    shown = nobody.get("/directory?place=łódź&language=pl&kind=msp&country=DE&name=p")
    assert "P1" in nobody.get("/directory").text
    assert "public" in shown.headers["cache-control"]
    assert 'content="noindex, follow"' in shown.text
    assert "Why this order" in nobody.get("/directory").text
    assert "p1" in listed(town, language="pl", place="Łód")
    assert ann.post("/portal/listing", data=csrf | form | {"headline": "Now faster"}).status_code == 303
    assert listed(town) == []  # what is new waits again
    assert ann.post("/v1/listings", json={"partner": "p1", "published": True}).status_code in (409, 422)
    assert staff.post(f"/listings/{id_}/publish", data=given).status_code == 303
    assert staff.post(f"/listings/{id_}/withdraw", data=given).status_code == 303
    assert listed(town) == []


def test_who_does_not_want_it_or_is_not_active_is_not_found(town, sqlite_engine, clock):
    put(town, "p1")
    put(town, "p3")
    with work_of(town) as work:
        records.create(work, "listings", {"partner": "p2", "wanted": False})
    assert listed(town) == ["p1"]
    key = admin_key(sqlite_engine, clock)
    id_ = town.get("/v1/listings?partner=p2", headers=key).json()["items"][0]["id"]
    assert town.patch(f"/v1/listings/id:{id_}", headers=key, json={"published": True}).status_code in (404, 409)
    staff, _ = sign_in(town, lambda *_: key, Role.ADMIN)
    refused = staff.post(f"/listings/{id_}/publish", data={"csrf": csrf_of(staff, "/listings")})
    assert refused.status_code == 422
    assert "does not want to be listed" in refused.text


def test_the_best_come_first_and_no_figure_is_told(town, clock):
    for name in ("p1", "p2"):
        put(town, name, products=[])
    with work_of(town) as work:
        for at in range(12):
            deal = {"partner": "p2" if at % 2 else "p1", "registered_at": clock() - timedelta(days=40),
                    "outcome": "won" if at % 2 else "lost", "closed_at": clock() - timedelta(days=at)}  # fmt: skip
            records.create(work, "deals", {"external_id": f"d{at}", "status": "approved", **deal})
        records.create(work, "certifications", {"partner": "p2", "course": "Basics", "passed_on": "2024-01-01"})
    answer = town.get("/v1/directory").json()
    assert [one["partner"] for one in answer["items"]] == ["p2", "p1"]
    assert set(answer["items"][0]) == set(directory.DirectoryEntry.model_fields)
    assert answer["items"][0]["certifications"] == ["Basics"]
    assert listed(town, certification="Basics") == ["p2"]
    assert town.get("/v1/directory?start=5000").status_code == 422
    assert town.get("/directory?start=5000").status_code == 422


def test_who_asks_too_often_waits():
    throttle, now = Throttle(2), datetime(2024, 1, 1, 0, 0, 15, tzinfo=UTC)
    for _ in range(2):
        throttle.check("a", now)
    throttle.check("b", now)
    with pytest.raises(TooManyRequests) as refused:
        throttle.check("a", now)
    assert refused.value.details["retry_after"] == 45
    throttle.check("a", now + timedelta(minutes=1))
