"""Pages of recruiting that bring companies in and on: pipeline, onboarding, qualification, uploads."""

import html
import io
import json
import re
from datetime import timedelta

import pytest

from api.console import uploads as upload_pages
from domain.context import SYSTEM, Actor
from domain.errors import NotFound
from domain.terms import Role
from programme import uploads
from store.unit_of_work import UnitOfWork
from tests.api.people import PASSWORD, add_partners, add_person, service
from tests.api.test_console import hidden, open_form, sign_in

HOSTILE = "<script>alert(1)</script> & co"
HEAD = "external_id,name,status,country,employees\n"


@pytest.fixture
def recruiter(client, login):
    browser, _ = sign_in(client, login, Role.RECRUITER)
    return browser


@pytest.fixture
def office(sqlite_engine, tmp_path, clock):
    """Return a service over an empty store, and browsers by role."""
    with service(sqlite_engine, tmp_path, clock) as client:
        yield Office(client, sqlite_engine, clock)


class Office:
    """A service with people of each role."""

    def __init__(self, client, engine, clock):
        self.client, self.engine, self.clock = client, engine, clock
        self.services = client.app.state.services

    def browser(self, role, email=""):
        email = email or f"{role}@vendor.example"
        add_person(self.client, email, role)
        browser, form = open_form(self.client.app)
        answer = browser.post("/login", data={"email": email, "password": PASSWORD, "form": form})
        assert answer.status_code == 303, answer.text
        return browser

    def work(self):
        return UnitOfWork(self.engine, SYSTEM, self.clock)

    def rows(self, resource, **filters):
        with self.work() as work:
            return work.repository(resource).list(filters, limit=200).rows

    def run_jobs(self):
        from worker.handlers import WorkerContext
        from worker.loop import run_one

        context = WorkerContext(self.services.settings, self.services.intelligence, self.clock)
        while run_one(context):
            pass


def send(browser, content, name="companies.csv", path="/uploads", **data):
    page = browser.get("/uploads")
    files = {"files": (name, io.BytesIO(content if isinstance(content, bytes) else content.encode()))}
    return browser.post(path, data={"csrf": hidden(page.text, "csrf")} | data, files=files)


def press(browser, page, path, **data):
    return browser.post(path, data={"csrf": hidden(page.text, "csrf")} | data)


def text_of(page):
    return html.unescape(re.sub(r"<[^>]+>", " ", page.text))


# The pipeline


def test_the_board_shows_each_stage_and_one_alone_in_pages(client, recruiter, admin):
    figures = {one["stage"]: one for one in client.get("/v1/pipeline", headers=admin).json()["stages"]}
    page = recruiter.get("/pipeline")
    assert page.status_code == 200, page.text
    for stage in ("prospect", "applied", "onboarding", "active"):
        assert f'id="stage-{stage}"' in page.text
    assert f"prospect {figures['prospect']['count']}" in " ".join(text_of(page).split())
    assert page.text.count('<li class="card">') <= 24
    alone = recruiter.get("/pipeline", params={"stage": "prospect", "order": "waiting"})
    assert alone.text.count('<li class="card">') == min(50, figures["prospect"]["count"])
    assert recruiter.get("/pipeline", params={"stage": "gone"}).status_code == 422
    assert recruiter.get("/pipeline", params={"order": "luck"}).status_code == 422
    assert recruiter.get("/pipeline", params={"program": "none such"}).status_code == 404
    country = client.get("/v1/prospects", headers=admin).json()["items"][0]["country"]
    assert recruiter.get("/pipeline", params={"country": country}).status_code == 200


def test_a_company_is_moved_on_and_rejected_with_a_reason(office):
    add_partners(office.engine, office.clock, "p1", "p2", status="prospect")
    with office.work() as work:
        work.repository("partners").patch("p1", {"name": HOSTILE})
    recruiter = office.browser(Role.RECRUITER)
    page = recruiter.get("/pipeline")
    assert HOSTILE not in page.text
    moved = press(recruiter, page, "/pipeline/move", partner="p1", to="applied", back="/pipeline?stage=applied")
    assert moved.headers["location"] == "/pipeline?stage=applied&told=moved"
    asked = recruiter.get("/pipeline/move", params={"partner": "p2", "to": "rejected"})
    assert "Reason" in asked.text
    refused = press(recruiter, asked, "/pipeline/move", partner="p2", to="rejected", back="//evil.example")
    assert refused.status_code == 422
    assert "say why" in refused.text
    assert "evil" not in refused.text
    done = press(recruiter, asked, "/pipeline/move", partner="p2", to="rejected", reason="Competes with us")
    assert done.status_code == 303
    assert {row["external_id"]: row["status"] for row in office.rows("partners")} == {"p1": "applied", "p2": "rejected"}
    assert office.rows("stage_changes", partner="p2")[0]["reason"] == "Competes with us"
    jump = press(recruiter, asked, "/pipeline/move", partner="p1", to="active", reason="typed this")
    assert jump.status_code == 422
    assert "typed this" in jump.text
    assert press(recruiter, asked, "/pipeline/move", partner="nobody", to="applied").status_code == 404


def test_what_is_missing_is_told_and_a_manager_overrides_it(office):
    with office.work() as work:
        rows = {"external_id": "c1", "name": "Record", "weight": 1.0, "minimum": 3.0, "must_have": True}
        work.repository("criteria").create(rows)
    add_partners(office.engine, office.clock, "p1", status="onboarding")
    recruiter, manager = office.browser(Role.RECRUITER), office.browser(Role.MANAGER)
    assert "must-have: Record" in text_of(recruiter.get("/pipeline"))
    page = recruiter.get("/pipeline/move", params={"partner": "p1", "to": "active"})
    assert "A manager may move it all the same" in page.text
    assert "override" not in page.text
    refused = press(recruiter, page, "/pipeline/move", partner="p1", to="active", reason="trust me", override="1")
    assert refused.status_code == 422
    page = manager.get("/pipeline/move", params={"partner": "p1", "to": "active"})
    assert 'name="override"' in page.text
    assert press(manager, page, "/pipeline/move", partner="p1", to="active", override="1").status_code == 422
    done = press(manager, page, "/pipeline/move", partner="p1", to="active", reason="known for years", override="1")
    assert done.status_code == 303
    assert office.rows("partners")[0]["status"] == "active"
    assert office.rows("stage_changes", partner="p1")[0]["overridden"] is True


# Onboarding


def test_tasks_are_ticked_off_assigned_and_added(office):
    with office.work() as work:
        step = {"external_id": "s1", "title": "Sign", "position": 1, "due_days": 3, "required": True}
        work.repository("onboarding_steps").create(step)
    add_partners(office.engine, office.clock, "p1", "p2", status="applied")
    recruiter = office.browser(Role.RECRUITER)
    page = recruiter.get("/onboarding")
    assert "Nobody is being onboarded" in page.text
    press(recruiter, page, "/pipeline/move", partner="p1", to="onboarding")
    listed = recruiter.get("/onboarding")
    assert "0 of 1" in listed.text
    page = recruiter.get("/onboarding", params={"partner": "p1"})
    task = office.rows("tasks", partner="p1")[0]["external_id"]
    sent = {"partner": "p1", "task": task}
    assert press(recruiter, page, "/onboarding/assign", **sent, owner="Ann", due_on="2030-01-31").status_code == 303
    assert office.rows("tasks")[0]["owner"] == "Ann"
    assert press(recruiter, page, "/onboarding/assign", **sent, owner="Ann", due_on="soon").status_code == 422
    assert press(recruiter, page, "/onboarding/tick", **sent).headers["location"].endswith("told=ticked")
    assert office.rows("tasks")[0]["done_at"] is not None
    assert press(recruiter, page, "/onboarding/untick", **sent).status_code == 303
    assert office.rows("tasks")[0]["done_at"] is None
    assert press(recruiter, page, "/onboarding/tick", partner="p2", task=task).status_code == 404
    refused = press(recruiter, page, "/onboarding/add", partner="p1", title=HOSTILE, due_on="2024-02-30")
    assert refused.status_code == 422
    assert html.escape(HOSTILE) in refused.text
    assert press(recruiter, page, "/onboarding/add", partner="p1", title=HOSTILE).status_code == 303
    assert len(office.rows("tasks")) == 2
    assert HOSTILE not in recruiter.get("/onboarding", params={"partner": "p1"}).text
    assert press(recruiter, page, "/onboarding/start", partner="p2").status_code == 422


# Qualification


def test_criteria_are_made_changed_switched_off_and_rated_by(office):
    add_partners(office.engine, office.clock, "p1", status="prospect")
    recruiter = office.browser(Role.RECRUITER)
    page = recruiter.get("/qualification/criteria")
    refused = press(recruiter, page, "/qualification/criteria", name=HOSTILE, weight="-1")
    assert refused.status_code == 422
    assert html.escape(HOSTILE) in refused.text
    made = {"name": HOSTILE, "weight": "2,5", "minimum": "3", "must_have": "1", "kind": "record"}
    assert press(recruiter, page, "/qualification/criteria", **made).status_code == 303
    criterion = office.rows("criteria")[0]
    assert (criterion["weight"], criterion["must_have"]) == (2.5, True)
    rate = recruiter.get("/qualification/rate", params={"partner": "p1"})
    assert HOSTILE not in rate.text
    name = criterion["external_id"]
    refused = press(recruiter, rate, "/qualification/rate", **{"partner": "p1", f"comment:{name}": "only words"})
    assert refused.status_code == 422
    assert "only words" in refused.text
    sent = {"partner": "p1", f"score:{name}": "4", f"comment:{name}": "solid"}
    assert press(recruiter, rate, "/qualification/rate", **sent).status_code == 303
    assert press(recruiter, rate, "/qualification/rate", **sent).status_code == 303
    assert [row["score"] for row in office.rows("ratings")] == [4.0]
    listed = recruiter.get("/qualification", params={"rated": "yes", "qualified": "yes"})
    assert "80" in text_of(listed)
    assert "No company fits" in recruiter.get("/qualification", params={"rated": "no"}).text
    path = f"/qualification/criteria/{criterion['id']}"
    typed = press(recruiter, page, path, name="Kept as typed", weight="much")
    assert typed.status_code == 422
    assert "Kept as typed" in typed.text
    assert press(recruiter, page, path, do="off").status_code == 303
    assert (office.rows("criteria")[0]["weight"], office.rows("criteria")[0]["must_have"]) == (0.0, False)
    removed = press(recruiter, page, path, do="remove")
    assert removed.status_code in (303, 422)


# Uploads


def test_two_faults_are_seen_nothing_is_written_then_the_mended_file_is_imported(office):
    recruiter = office.browser(Role.RECRUITER)
    bad = HEAD + f'u1,"{HOSTILE}",prospect,DE,12\nu2,Two,prospect,XX,3\nu3,Three,applied,FR,many\n'
    page = recruiter.get(send(recruiter, bad).headers["location"])
    told = " ".join(text_of(page).split())
    assert "companies.csv 3 country XX is no country" in told
    assert "companies.csv 4 employees many must be a whole number" in told
    assert HOSTILE not in page.text
    assert office.rows("partners") == []
    path = page.url.path
    lines = recruiter.get(f"{path}/problems.csv").text.splitlines()
    assert len(lines) == 3
    answer = send(recruiter, bad.replace("XX", "PL").replace("many", "40"))
    path = answer.headers["location"]
    page = recruiter.get(path)
    assert press(recruiter, page, f"{path}/import").headers["location"] == path
    assert "Waits for the worker" in recruiter.get(path).text
    assert office.rows("partners") == []
    office.run_jobs()
    done = recruiter.get(path)
    assert "What was imported" in done.text
    assert sorted(row["external_id"] for row in office.rows("partners")) == ["u1", "u2", "u3"]
    assert press(recruiter, done, f"{path}/import").status_code == 404
    assert press(recruiter, done, f"{path}/score").status_code == 303
    assert press(recruiter, done, f"{path}/score").status_code == 303
    with office.work() as work:
        assert len(work.jobs.open("score")) == 1
    assert audited(office, "recruiter@vendor.example") == ["finished"]


def audited(office, actor):
    headers = {"Authorization": f"Bearer {key_of(office)}"}
    answer = office.client.get("/v1/audit", headers=headers, params={"resource": "import", "actor": actor})
    assert answer.status_code == 200, answer.text
    return [entry["action"] for entry in answer.json()["items"]]


def key_of(office):
    with office.work() as work:
        return work.keys.create("reader of the trail", Role.ADMIN).secret


def test_bad_rows_are_left_out_and_come_back_with_their_reasons(office):
    recruiter = office.browser(Role.RECRUITER)
    path = send(recruiter, HEAD + "u1,One,prospect,DE,12\nu2,Two,prospect,XX,3\n").headers["location"]
    press(recruiter, recruiter.get(path), f"{path}/import", on_error="skip")
    office.run_jobs()
    assert [row["external_id"] for row in office.rows("partners")] == ["u1"]
    rejects = recruiter.get(f"{path}/rejects")
    assert "attachment" in rejects.headers["content-disposition"]
    assert "u2" in rejects.text
    assert "country" in rejects.text
    again = send(recruiter, rejects.text.replace("XX", "PT"), name="left-out.csv").headers["location"]
    assert ">1<" in recruiter.get(again).text.replace(" ", "")


def test_all_or_nothing_where_the_store_has_changed_meanwhile(office):
    recruiter = office.browser(Role.RECRUITER)
    path = send(recruiter, HEAD + "u1,One,prospect,DE,12\nu2,Two,prospect,PL,3\n").headers["location"]
    add_partners(office.engine, office.clock, "u1", status="active")
    press(recruiter, recruiter.get(path), f"{path}/import")
    office.run_jobs()
    page = recruiter.get(path)
    assert "Nothing was imported" in page.text
    assert "active" in page.text
    assert [row["external_id"] for row in office.rows("partners")] == ["u1"]


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("u9,Nine,active,DE,1", "must be prospect or applied"),
        ("old,Old one,prospect,DE,1", "is &#39;active&#39; already"),
    ],
)
def test_recruiters_bring_candidates_only(office, row, message):
    add_partners(office.engine, office.clock, "old", status="active")
    recruiter = office.browser(Role.RECRUITER)
    page = recruiter.get(send(recruiter, HEAD + row + "\n").headers["location"])
    assert message in page.text
    dated = recruiter.get(send(recruiter, "external_id,name,recruited_at\nu9,N,2024-01-01\n").headers["location"])
    assert "must be empty" in dated.text
    refused = send(recruiter, "external_id,name\nx,X\n", resource="deals")
    assert refused.status_code == 422
    assert office.rows("partners")[0]["status"] == "active"


def test_a_manager_confined_to_a_portfolio_brings_its_own_only(office):
    for name, manager in (("mine", "Ann"), ("other", "Bob")):
        add_partners(office.engine, office.clock, name, status="prospect", account_manager=manager)
    confined = Actor("ann", Role.MANAGER, portfolio=frozenset({"Ann"}))
    text = "external_id,name,account_manager\nmine,M,Ann\nother,O,Ann\nnew,N,Bob\nfresh,F,ann\n"
    settings = office.services.settings
    given = [uploads.Given("companies.csv", "", io.BytesIO(text.encode()))]
    kept = uploads.keep(settings.home, confined, office.clock, given)
    found = uploads.check(office.engine, settings, office.clock, uploads.find(settings.home, kept.token))
    assert [(one["line"], one["column"]) for one in found["problems"]] == [(3, "external_id"), (4, "account_manager")]


def test_an_admin_brings_several_files_of_any_resource(office):
    admin = office.browser(Role.ADMIN)
    csrf = hidden(admin.get("/uploads").text, "csrf")
    line = json.dumps({"external_id": "PR-1", "name": "Suite"}) + "\n"
    files = [
        ("files", ("Products 2026.jsonl", io.BytesIO(line.encode()))),
        ("files", ("x.csv", io.BytesIO(b"external_id,partner,name\nc1,p1,Eve\n"))),
        ("files", ("partners.csv", io.BytesIO(b"external_id,name\np1,One\n"))),
    ]
    path = admin.post("/uploads", data={"csrf": csrf}, files=files).headers["location"]
    page = admin.get(path)
    for name in ("products", "contacts", "partners"):
        assert f'<th scope="row">{name}</th>' in page.text
    press(admin, page, f"{path}/import")
    office.run_jobs()
    assert len(office.rows("contacts")) == len(office.rows("products")) == 1
    files = [("files", (name, io.BytesIO(b"external_id,name\np1,One\n"))) for name in ("partners.csv", "prospects.csv")]
    refused = admin.post("/uploads", data={"csrf": csrf}, files=files)
    assert refused.status_code == 422
    assert "one after the other" in refused.text


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("companies.xlsx", "PK", "saved as CSV"),
        ("companies.csv", "external_id;name\nu1;One\n", "semicolons"),
        ("", "", "choose a file first"),
    ],
)
def test_what_is_no_file_of_rows_is_refused_and_leaves_nothing(office, name, content, message):
    recruiter = office.browser(Role.RECRUITER)
    refused = send(recruiter, content, name=name)
    assert refused.status_code == 422
    if name:
        assert message in refused.text
    assert not list((office.services.settings.home / "uploads" / "waiting").glob("*"))


def test_names_of_files_are_never_paths(office):
    recruiter = office.browser(Role.RECRUITER)
    path = send(recruiter, HEAD + "u1,One,prospect,DE,1\n", name="../../../<b>evil.csv").headers["location"]
    page = recruiter.get(path)
    assert "<b>evil" not in page.text
    assert "../" not in text_of(page)
    token = path.rpartition("/")[2]
    kept = office.services.settings.home / "uploads" / "waiting" / token
    assert sorted(one.name for one in (kept / "files").iterdir()) == ["partners.csv"]
    assert kept.stat().st_mode & 0o077 == 0


def test_uploads_belong_to_who_brought_them_and_need_the_token(office):
    ann, bob = (
        office.browser(Role.RECRUITER, "ann@vendor.example"),
        office.browser(Role.RECRUITER, "bob@vendor.example"),
    )
    path = send(ann, HEAD + "u1,One,prospect,DE,1\n").headers["location"]
    token = path.rpartition("/")[2]
    page = bob.get("/uploads")
    assert token not in page.text
    assert token in ann.get("/uploads").text
    for part in ("", "/problems.csv", "/rejects"):
        assert bob.get(path + part).status_code == 404
    for part in ("import", "discard", "score"):
        assert press(bob, page, f"{path}/{part}").status_code == 404
        assert ann.post(f"{path}/{part}").status_code == 403
    files = {"files": ("companies.csv", io.BytesIO(b"external_id,name\nu1,One\n"))}
    assert ann.post("/uploads", files=files).status_code == 403
    assert ann.get("/uploads/..%2F..%2Fdemo").status_code == 404
    assert ann.get(f"/uploads/{'0' * 32}").status_code == 404
    assert press(ann, ann.get(path), f"{path}/discard").headers["location"] == "/uploads?told=discarded"
    assert ann.get(path).status_code == 404


def test_what_is_forgotten_is_gone_after_a_day(office):
    recruiter = office.browser(Role.RECRUITER)
    path = send(recruiter, HEAD + "u1,One,prospect,DE,1\n").headers["location"]
    home = office.services.settings.home
    (home / "uploads" / "waiting" / ("f" * 32)).mkdir()
    assert uploads.forget(home, office.clock()) == 0
    far = office.clock() + timedelta(days=36_500)
    assert uploads.forget(home, far) == 2
    assert recruiter.get(path).status_code == 404
    with pytest.raises(NotFound):
        uploads.find(home, "../..")


def test_a_large_file_is_looked_through_by_the_worker(office, monkeypatch):
    monkeypatch.setattr(upload_pages, "_AT_ONCE", 10)
    recruiter = office.browser(Role.RECRUITER)
    path = send(recruiter, HEAD + "u1,One,prospect,DE,1\n").headers["location"]
    assert "Waits for the worker" in recruiter.get(path).text
    office.run_jobs()
    assert "What an import would do" in recruiter.get(path).text
    recruiter.headers["content-length"] = str(33 * 2**20)
    assert recruiter.post("/uploads", content=b"").status_code == 413


def test_templates_have_the_columns_of_the_format(office):
    recruiter, admin = office.browser(Role.RECRUITER), office.browser(Role.ADMIN)
    head = recruiter.get("/uploads/template/partners.csv").text.lstrip("\ufeff").strip().split(",")
    assert head[:3] == ["external_id", "name", "status"]
    assert "recruited_at" not in head
    assert recruiter.get("/uploads/template/deals.csv").status_code == 404
    assert "registered_at" in admin.get("/uploads/template/deals.csv").text
    assert "registered_at" in admin.get("/uploads", params={"resource": "deals"}).text


@pytest.mark.parametrize("path", ["/pipeline", "/onboarding", "/qualification", "/qualification/criteria", "/uploads"])
def test_pages_of_intake_are_whole_without_anything_and_not_for_others(office, client, login, path):
    assert office.browser(Role.RECRUITER).get(path).status_code == 200
    for role in (Role.ROUTER, Role.ANALYST):
        expected = 200 if role is Role.ANALYST and path != "/uploads" else 403
        assert office.browser(role).get(path).status_code == expected, (role, path)


def test_pages_of_one_company_that_is_not_there(office):
    recruiter = office.browser(Role.RECRUITER)
    for path in ("/onboarding", "/qualification/rate", "/pipeline/move"):
        assert recruiter.get(path, params={"partner": "nobody"}).status_code == 404, path


def test_analysts_read_and_do_not_write(office):
    add_partners(office.engine, office.clock, "p1", status="prospect")
    analyst = office.browser(Role.ANALYST)
    page = analyst.get("/pipeline")
    assert "/pipeline/move" not in page.text
    assert press(analyst, page, "/pipeline/move", partner="p1", to="applied").status_code == 403
    assert press(analyst, page, "/qualification/rate", partner="p1").status_code == 403
