"""Pages of whoever looks after the service: people, keys, trail, jobs, webhooks, data protection, approvals."""

import re
from datetime import timedelta

import pytest
from fastapi.testclient import TestClient

from domain.context import SYSTEM
from domain.terms import Role
from store.jobs import Job
from tests.api.people import PASSWORD, add_partners, add_person, service, signed_in
from tests.api.test_console import csrf_of, hidden, open_form

EVIL = 'Eve <script>alert("x")</script>'
PAGES = (
    *("/people", "/people/new", "/keys", "/keys/new", "/audit", "/audit/verification", "/jobs", "/webhooks"),
    *("/webhooks/new", "/privacy", "/programs", "/approvals", "/approvals?what=claims", "/approvals?what=tiers"),
)


class Office:
    """A service with browsers in which keys of roles are signed in."""

    def __init__(self, client: TestClient) -> None:
        self.client, self.services = client, client.app.state.services

    def sign_in(self, role: Role, partner: str | None = None, scopes: tuple[str, ...] = ()) -> TestClient:
        with self.services.unit_of_work(SYSTEM) as work:
            id_ = work.repository("partners").get(partner)["id"] if partner else None
            secret = work.keys.create(f"{role} {partner}", role, id_, scopes=scopes).secret
        browser, form = open_form(self.client.app)
        browser.post("/login", data={"key": secret, "form": form})
        return browser

    def work(self):
        return self.services.unit_of_work(SYSTEM)


@pytest.fixture
def office(engine, clock, tmp_path):
    with service(engine, tmp_path, clock) as client:
        yield Office(client)


@pytest.fixture
def boss(office):
    return office.sign_in(Role.ADMIN)


def send(browser, path, **values):
    return browser.post(path, data={"csrf": csrf_of(browser, "/people/new")} | values)


def test_each_page_stands_over_an_empty_store_and_is_for_admins(office, boss):
    for page in PAGES:
        answer = boss.get(page)
        assert answer.status_code == 200, (page, answer.text)
        assert answer.headers["cache-control"] == "no-store"
    manager = office.sign_in(Role.MANAGER)
    for page in PAGES:
        assert manager.get(page).status_code == (200 if page.startswith(("/approvals", "/programs")) else 403), page
    assert office.sign_in(Role.RECRUITER).get("/approvals").status_code == 403


def test_a_narrowed_key_sees_no_page(office):
    narrowed = office.sign_in(Role.ADMIN, scopes=("read",))
    assert [narrowed.get(page).status_code for page in ("/people", "/keys", "/")] == [403, 403, 403]


def test_a_person_of_a_partner_is_invited_by_a_link_shown_once(office, boss, engine, clock):
    add_partners(engine, clock, "p1")
    typed = {"name": EVIL, "email": "eve@acme.example", "role": "partner", "partner_role": "learner"}
    refused = send(boss, "/people/new", **typed, partner="nobody")
    assert refused.status_code == 422
    assert "there is no partner" in refused.text
    assert "eve@acme.example" in refused.text
    assert "<script>alert" not in refused.text
    done = send(boss, "/people/new", **typed, partner="p1")
    token = re.search(r"/invitation\?token=([\w-]+)", done.text)[1]
    assert done.headers["cache-control"] == "no-store"
    page = boss.get("/people?q=eve").text
    assert "P1" in page
    assert "<script>alert" not in page
    person = re.search(r"/people/(\d+)", page)[0]
    assert token not in boss.get(person).text
    browser = TestClient(office.client.app, follow_redirects=False)
    form = browser.get("/invitation", params={"token": token}).text
    chosen = {"token": token, "form": hidden(form, "form"), "password": PASSWORD, "again": PASSWORD}
    assert browser.post("/invitation", data=chosen).headers["location"] == "/login"


def test_a_person_gets_another_role_is_signed_out_and_shut_out(office, boss):
    id_ = add_person(office.client, "ann@vendor.example", Role.MANAGER, name="Ann Ash")
    browser, page = signed_in(office.client, "ann@vendor.example"), f"/people/{id_}"
    assert "Sign out everywhere" in boss.get(page).text
    assert send(boss, f"{page}/sessions").status_code == 303
    assert browser.get("/risk").headers["location"].startswith("/login")
    typed = {"name": "Ann Ash", "email": "ann@vendor.example"}
    assert send(boss, page, **typed, role="analyst", partner="left over").status_code == 303
    assert send(boss, page, **typed, role="king").status_code == 422
    with office.work() as work:
        assert work.users.get(id_).role is Role.ANALYST
    assert send(boss, f"{page}/access", status="deactivated").status_code == 303
    assert send(boss, f"{page}/invitation").status_code == 422
    assert send(boss, f"{page}/access", status="active").status_code == 303
    assert "shown this once" in send(boss, f"{page}/invitation").text
    assert send(boss, "/people/99999/access", status="active").status_code == 404


def test_a_key_is_made_narrowed_rotated_and_revoked(office, boss):
    typed = {"name": "crm <sync>", "role": "router", "reach": "areas_read"}
    refused = send(boss, "/keys/new", **typed)
    assert refused.status_code == 422
    assert "crm &lt;sync&gt;" in refused.text
    assert send(boss, "/keys/new", **typed | {"reach": "all"}, expires="2001-01-01").status_code == 422
    made = send(boss, "/keys/new", **typed, area="leads", expires="2999-12-31")
    secret = _secret(made.text)
    prefix = secret.split("_")[1]
    assert made.headers["cache-control"] == "no-store"
    assert "leads:read" in made.text
    assert secret not in boss.get(f"/keys/{prefix}").text
    assert prefix in boss.get("/keys?q=crm").text
    rotated = send(boss, f"/keys/{prefix}/rotate", grace="24")
    assert _secret(rotated.text) != secret
    reads = [office.client.get("/v1/leads", headers={"Authorization": f"Bearer {one}"}).status_code
             for one in (secret, _secret(rotated.text))]  # fmt: skip
    assert reads == [200, 200]
    assert send(boss, f"/keys/{prefix}/rotate", grace="5").status_code == 422
    assert send(boss, f"/keys/{prefix}/revoke").status_code == 303
    assert send(boss, f"/keys/{prefix}/rotate", grace="24").status_code == 422
    assert prefix not in boss.get("/keys?q=crm").text
    assert prefix in boss.get("/keys?state=all").text
    trail = boss.get(f"/audit?resource=keys&key={prefix}").text
    assert trail.count("rotated") == 1
    assert secret not in trail


def _secret(text):
    return re.search(r'value="(aw_\w{12}_[\w-]+)"', text)[1]


def test_the_trail_is_filtered_paged_verified_and_given_as_a_file(office, boss, engine, clock):
    add_partners(engine, clock, *(f"p{n}" for n in range(60)))
    page = boss.get("/audit").text
    following = re.search(r'href="(/audit\?[^"]*before=\d+)"', page)[1]
    assert "p5" in boss.get(following.replace("&amp;", "&")).text
    assert "Nothing in the trail" in boss.get("/audit?actor=nobody").text
    assert "P7" in boss.get("/audit?partner=p7").text
    assert boss.get("/audit?partner=none").status_code == 422
    assert boss.get("/audit?since=someday").status_code == 422
    file = boss.get("/audit/file.csv?resource=partners")
    assert len(file.text.strip().splitlines()) == 61
    assert "exported" in boss.get("/audit").text
    seen = boss.get("/audit/verification").text
    assert "The trail holds" in seen
    seq, digest = re.search(r"<dd>(\d+)</dd>\s*<dt>Its hash</dt><dd class=\"code\">(\w{64})", seen).groups()
    assert "The trail holds" in boss.get("/audit/verification", params={"seq": seq, "hash": digest}).text
    wrong = boss.get("/audit/verification", params={"seq": seq, "hash": "0" * 64}).text
    assert "does not hold" in wrong
    assert boss.get("/audit/verification?seq=1&hash=x").status_code == 422


def _failed(office, kind, message) -> Job:
    with office.work() as work:
        work.jobs.enqueue(kind, {"models": ["fit"], "as_of": None}, created_by="ann")
    with office.work() as work:
        job = work.jobs.claim(timedelta(minutes=1))
        work.jobs.fail(job, {"code": "error", "message": message, "details": {"problems": [EVIL]}}, retry=False)
    return job


def test_a_failed_job_says_why_and_runs_again(office, boss):
    job = _failed(office, "train", "too few <outcomes>")
    listed = boss.get("/jobs?status=dead").text
    assert "too few &lt;outcomes&gt;" in listed
    assert "<script>alert" not in boss.get(f"/jobs/{job.id}").text
    again = send(boss, f"/jobs/{job.id}/retry").headers["location"]
    assert "waits" in boss.get(again).text
    assert send(boss, again.replace("?told=done", "/retry")).status_code == 422
    with office.work() as work:
        work.jobs.finish(work.jobs.claim(timedelta(minutes=1)), {"ok": True})
    gone = _failed(office, "import", "3 problems")
    assert "upload them again" in boss.get(f"/jobs/{gone.id}").text
    assert send(boss, f"/jobs/{gone.id}/retry").status_code == 422
    assert boss.get(f"/jobs/{'0' * 32}").status_code == 404


def test_a_webhook_is_made_tested_switched_off_and_removed(office, boss):
    typed = {
        "url": "https://hooks.example.com/hooks/secret-path",
        "events": "deal.* lead.offered",
        "description": "CRM",
    }
    refused = send(boss, "/webhooks/new", **typed | {"events": "no event!"})
    assert refused.status_code == 422
    assert "secret-path" in refused.text
    made = send(boss, "/webhooks/new", **typed)
    secret = re.search(r'value="(whsec_[\w-]+)"', made.text)[1]
    page = re.search(r'action="(/webhooks/\d+)"', made.text)[1]
    assert secret not in boss.get(page).text
    assert "secret-path" not in boss.get("/webhooks").text
    assert send(boss, f"{page}/test").status_code == 303
    shown = boss.get(page).text
    replay = re.search(rf'action="({page}/deliveries/\w+/replay)"', shown)[1]
    assert send(boss, replay).status_code == 303
    assert "again" in boss.get(f"{page}?status=waiting").text
    assert send(boss, page, **typed | {"events": "goal.*"}).status_code == 303
    assert send(boss, page, **typed | {"url": "http://127.0.0.1/"}).status_code == 422
    assert _other(send(boss, f"{page}/secret").text, secret)
    assert send(boss, f"{page}/active", active="off").status_code == 303
    assert send(boss, f"{page}/test").status_code == 422
    assert send(boss, f"{page}/active", active="on").status_code == 303
    assert send(boss, f"{page}/remove").headers["location"].startswith("/webhooks")
    assert boss.get(page).status_code == 404


def _other(page, secret):
    return re.search(r'value="(whsec_[\w-]+)"', page)[1] != secret


def test_a_partner_is_given_its_data_and_erased_after_typing_its_id(office, boss, engine, clock):
    add_partners(engine, clock, "p/1", status="ended")
    add_partners(engine, clock, "runs", status="active")
    page = boss.get("/privacy", params={"partner": "p/1"}).text
    assert boss.get(re.search(r'href="(/v1/partners/[^"]+/export)"', page)[1]).status_code == 200
    assert boss.get("/privacy?partner=none").status_code == 422
    wrong = send(boss, "/privacy/erase", partner="p/1", confirm="p1", reason="asked <for>")
    assert wrong.status_code == 422
    assert "asked &lt;for&gt;" in wrong.text
    running = send(boss, "/privacy/erase", partner="runs", confirm="runs", reason="asked for")
    assert running.status_code == 422
    done = send(boss, "/privacy/erase", partner="p/1", confirm="p/1", reason="asked for")
    assert "certificate" in done.text
    assert "asked for" in boss.get("/privacy").text
    assert boss.get("/privacy", params={"partner": "p/1"}).status_code == 422


def test_a_manager_approves_declines_and_pays(office, engine, clock):
    add_partners(engine, clock, "p1", "p2", status="active")
    manager, asked = office.sign_in(Role.MANAGER), []
    with office.work() as work:
        for partner in ("p1", "p2"):
            values = {"partner": partner, "purpose": EVIL, "amount": 100, "currency": "EUR", "status": "requested"}
            values |= {"requested_at": clock(), "external_id": f"F-{partner}"}
            asked.append(work.repository("fund_requests").create(values)["id"])
    csrf = csrf_of(manager, "/approvals")

    def decide(path, **values):
        return manager.post(f"/approvals/{path}", data={"csrf": csrf} | values)

    assert "<script>alert" not in manager.get("/approvals").text
    much = decide(f"funds/{asked[0]}/approve", amount="900")
    assert much.status_code == 422
    assert 'value="900"' in much.text
    assert decide(f"funds/{asked[0]}/approve", amount="lots").status_code == 422
    assert decide(f"funds/{asked[0]}/approve", amount="80").status_code == 303
    assert decide(f"funds/{asked[1]}/reject").status_code == 422
    assert decide(f"funds/{asked[1]}/reject", reason="no budget").status_code == 303
    assert decide(f"funds/{asked[1]}/approve").status_code == 422
    assert decide("funds/99999/approve").status_code == 404
    with office.work() as work:
        found = [work.repository("fund_requests").get(id_) for id_ in asked]
    assert [(row["status"], row["approved_amount"]) for row in found] == [("approved", 80), ("rejected", None)]


def test_a_manager_changes_the_rules_of_a_programme(office):
    with office.work() as work:
        id_ = work.repository("programs").create({"external_id": "PG", "name": EVIL})["id"]
        tier = {
            "external_id": "T",
            "program": "PG",
            "name": "gold",
            "position": 1,
            "min_revenue": 5000,
            "currency": "EUR",
        }
        work.repository("tiers").create(tier)
    manager = office.sign_in(Role.MANAGER)
    page = manager.get("/programs").text
    assert "gold" in page
    assert "<script>alert" not in page
    typed = {"csrf": csrf_of(manager, "/programs"), "protection_days": "60", "auto_approve": "yes"}
    refused = manager.post(f"/programs/{id_}/rules", data=typed | {"answer_hours": "soon"})
    assert refused.status_code == 422
    assert 'value="soon"' in refused.text
    assert manager.post(f"/programs/{id_}/rules", data=typed).status_code == 303
    assert manager.post(f"/programs/{id_}/rules", data=typed | {"protection_days": "45"}).status_code == 303
    with office.work() as work:
        (rules,) = work.repository("program_rules").list().rows
    assert (rules["protection_days"], rules["auto_approve"], rules["answer_hours"]) == (45, True, None)
    assert manager.post("/programs/99/rules", data=typed).status_code == 422
