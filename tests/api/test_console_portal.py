"""The portal over HTTP: what each of a partner's people sees and does, and nobody else's rows."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta

from fastapi.testclient import TestClient

from domain.context import SYSTEM
from domain.terms import PartnerRole, Role
from programme.offers import offer_lead
from programme.registrations import reject, submit_registration
from store.unit_of_work import UnitOfWork
from tests.api.people import add_partners, add_person, admin_key, service, signed_in
from tests.conftest import NOW

HOSTILE = '<script>alert("x")</script> 100% & "Söhne"'
PAGES = ("/", "/portal/suggestions", "/portal/leads", "/portal/leads?state=over", "/portal/deals", "/portal/tasks",
         "/portal/deals?state=over", "/portal/deals/new", "/portal/company", "/portal/company/people")  # fmt: skip


@contextmanager
def portal(engine, tmp_path, clock, **settings) -> Iterator[tuple[TestClient, TestClient]]:
    """Yield a browser of an admin of partner one and a browser of a seller of partner two, over a store of these."""
    with service(engine, tmp_path, clock, **settings) as client:
        add_partners(engine, clock, "one", "two", status="active", country="DE")
        add_person(client, "ann@one.example", Role.PARTNER, "one", PartnerRole.PARTNER_ADMIN, "Ann")
        add_person(client, "bob@two.example", Role.PARTNER, "two", PartnerRole.SELLER, "Bob")
        yield browser(client, "ann@one.example"), browser(client, "bob@two.example")


def browser(client: TestClient, email: str) -> TestClient:
    return signed_in(client, email)  # sends the CSRF token


def work_of(engine, clock) -> UnitOfWork:
    return UnitOfWork(engine, SYSTEM, clock, currency="EUR")


def deal_of(engine, clock, partner: str, name: str, **more) -> dict:
    with work_of(engine, clock) as work:
        return submit_registration(work, {"partner": partner, "company": name, "external_id": name, **more})


def test_pages_of_an_empty_programme_say_what_would_fill_them(sqlite_engine, tmp_path, clock):
    with portal(sqlite_engine, tmp_path, clock) as (ann, bob):
        for path in PAGES:
            assert ann.get(path).status_code == 200, path
        assert "No open deal" in ann.get("/portal/deals").text
        assert bob.get("/portal/company/people").status_code == 403  # a seller does not see to people
        assert "/portal/company/people" not in bob.get("/portal/company").text


def test_who_is_no_partner_sees_no_page_of_the_portal(sqlite_engine, tmp_path, clock):
    with service(sqlite_engine, tmp_path, clock) as client:
        add_person(client, "mia@vendor.example", Role.MANAGER)
        add_person(client, "ada@vendor.example", Role.ADMIN)
        for email in ("mia@vendor.example", "ada@vendor.example"):
            staff = browser(client, email)
            assert {staff.get(path).status_code for path in PAGES[2:]} == {403}


def test_learners_see_neither_leads_nor_deals(sqlite_engine, tmp_path, clock):
    with service(sqlite_engine, tmp_path, clock) as client:
        add_partners(sqlite_engine, clock, "one")
        add_person(client, "lea@one.example", Role.PARTNER, "one", PartnerRole.LEARNER)
        lea = browser(client, "lea@one.example")
        home = lea.get("/").text
        assert "Leads that wait" not in home
        assert "/portal/deals" not in home
        assert {lea.get(path).status_code for path in PAGES[2:]} == {403}
        assert lea.post("/portal/deals/new", data={"company": "Acme"}).status_code == 403


def test_hostile_names_are_text_and_another_partners_rows_do_not_exist(sqlite_engine, tmp_path, clock):
    with portal(sqlite_engine, tmp_path, clock) as (ann, bob):
        deal = deal_of(sqlite_engine, clock, "one", HOSTILE, stage=HOSTILE, description=HOSTILE)
        with work_of(sqlite_engine, clock) as work:
            lead = {"external_id": "L", "created_at": NOW, "industry": HOSTILE, "description": HOSTILE}
            work.repository("leads").create(lead)
            offer = offer_lead(work, {"lead": "L", "partner": "one"})["id"]
            task = work.repository("tasks").create({"partner": "one", "title": HOSTILE, "due_on": NOW.date()})
        own = [*PAGES, f"/portal/deals/{deal['id']}", f"/offers/{offer}"]
        for path in own:
            page = ann.get(path)
            assert page.status_code == 200, path
            assert "<script>alert" not in page.text
        assert "&lt;script&gt;alert" in ann.get("/").text
        posts = {
            f"/portal/deals/{deal['id']}/{what}" for what in ("stage", "update", "close", "note", "appeal", "withdraw")
        }
        posts |= {f"/offers/{offer}/{what}" for what in ("accept", "decline", "contact")}
        for path in posts:
            data = {"how": "call", "outcome": "lost", "reason": "x", "appeal": "x", "body": "x", "stage": "x"}
            assert bob.post(path, data=data).status_code == 404, path
        assert {bob.get(path).status_code for path in own[-2:]} == {404}
        assert bob.post("/portal/tasks/done", data={"task": task["external_id"]}).status_code == 404
        with work_of(sqlite_engine, clock) as work:
            assert work.repository("deals").get(deal["id"])["row_version"] == deal["row_version"]
            assert work.repository("tasks").get(task["id"])["done_at"] is None


def test_a_deal_is_changed_only_by_who_saw_how_it_stands(sqlite_engine, tmp_path, clock):
    with portal(sqlite_engine, tmp_path, clock) as (ann, _):
        deal = deal_of(sqlite_engine, clock, "one", "Acme")
        path, seen = f"/portal/deals/{deal['id']}", deal["row_version"]
        first = ann.post(f"{path}/update", data={"stage": "proposal", "amount": "10", "version": seen})
        assert first.headers["location"] == f"{path}?told=kept"
        late = ann.post(f"{path}/update", data={"stage": "qualified", "amount": "77", "version": seen})
        assert late.status_code == 422
        assert "has changed since" in late.text
        assert 'value="77"' in late.text
        for typed in ("much", "-1", "NaN", "1e400000"):
            assert ann.post(f"{path}/update", data={"amount": typed}).status_code == 422, typed
        assert ann.post(f"{path}/update", data={"close_on": "soon"}).status_code == 422
        assert ann.post(f"{path}/close", data={"outcome": "lost"}).status_code == 422  # takes a reason
        assert ann.post(f"{path}/close", data={"outcome": "lost", "reason": "price"}).status_code == 303
        assert "Lost: price" in ann.get(path).text
        again = ann.post(f"{path}/close", data={"outcome": "won"})
        assert again.status_code == 422
        assert "is lost" in again.text


def test_a_rejected_registration_is_appealed_once_and_more_time_is_asked_by_a_message(sqlite_engine, tmp_path, clock):
    with portal(sqlite_engine, tmp_path, clock) as (ann, _):
        deal = deal_of(sqlite_engine, clock, "one", "Acme")
        path = f"/portal/deals/{deal['id']}"
        assert ann.post(f"{path}/more-time", data={"why": " "}).status_code == 422
        assert ann.post(f"{path}/more-time", data={"why": "budget in May"}).status_code == 303
        assert "budget in May" in ann.get(path).text
        with work_of(sqlite_engine, clock) as work:
            (note,) = work.repository("notes").list({"deal": "Acme"}).rows
            assert note["kind"] == "message"
            reject(work, "Acme", "too early")
        assert "too early" in ann.get(path).text
        assert ann.post(f"{path}/appeal", data={"appeal": ""}).status_code == 422
        assert ann.post(f"{path}/appeal", data={"appeal": "it is not"}).headers["location"] == f"{path}?told=appealed"
        assert ann.post(f"{path}/appeal", data={"appeal": "again"}).status_code == 422
        assert "too early" in ann.get("/").text  # decided of late


def test_a_claim_is_told_before_it_is_registered_and_sent_twice_it_is_one(sqlite_engine, tmp_path, clock):
    with portal(sqlite_engine, tmp_path, clock) as (_, bob):
        deal_of(sqlite_engine, clock, "one", "Acme Rockets", domain="acme-rockets.example")
        claim = {"company": "ACME Rockets", "domain": "acme-rockets.example", "country": "DE", "key": "a" * 32}
        checked = bob.post("/portal/deals/check", data=claim)
        assert "Another partner has submitted a registration" in checked.text
        assert "<html" not in checked.text  # a part of the page
        without_script = bob.post("/portal/deals/new", data=claim | {"only_check": "1"})
        assert "Another partner has submitted" in without_script.text
        assert 'value="ACME Rockets"' in without_script.text
        assert "one" not in checked.text.replace("Alone", "").split()
        refused = bob.post("/portal/deals/new", data=claim | {"amount": "?"})
        assert refused.status_code == 422
        assert 'value="acme-rockets.example"' in refused.text
        first, second = (bob.post("/portal/deals/new", data=claim | {"amount": "5 000"}) for _ in range(2))
        assert first.headers["location"] == second.headers["location"]
        assert "Other claims on this customer" in bob.get(first.headers["location"]).text
        assert bob.post("/portal/deals/new", data={"company": ""}).status_code == 422


def test_a_partner_does_not_fish_for_customers(sqlite_engine, tmp_path, clock):
    with portal(sqlite_engine, tmp_path, clock, registration_checks_per_hour=3) as (ann, bob):
        told = [ann.post("/portal/deals/check", data={"company": f"Guess {n}"}).text for n in range(4)]
        assert ["Free" in one for one in told] == [True, True, True, False]
        assert "go on in 3600 seconds" in told[3]
        api = ann.post("/v1/registrations/check", json={"company": "Guess 5"})  # pages and API count together
        assert (api.status_code, api.json()["code"], api.headers["retry-after"]) == (429, "too_many_requests", "3600")
        page = ann.post("/portal/deals/new", data={"company": "Guess 6", "only_check": "1"})
        assert (page.status_code, page.headers["retry-after"]) == (429, "3600")
        assert 'value="Guess 6"' in page.text
        assert bob.post("/v1/registrations/check", json={"company": "Guess"}).status_code == 200
        admin = admin_key(sqlite_engine, clock)
        staff = {"company": "Guess", "partner": "one"}
        answers = [ann.post("/v1/registrations/check", json=staff, headers=admin | {"Cookie": ""}) for _ in range(5)]
        assert {one.status_code for one in answers} <= {200, 429}
        assert ann.post("/portal/deals/new", data={"company": "Registered all the same"}).status_code == 303
        clock.advance(hours=1)
        assert ann.post("/v1/registrations/check", json={"company": "Guess 5"}).status_code == 200


def test_tasks_are_ticked_off_but_those_of_certificates(sqlite_engine, tmp_path, clock):
    with portal(sqlite_engine, tmp_path, clock) as (ann, _):
        with work_of(sqlite_engine, clock) as work:
            step = {"external_id": "cert", "title": "Get certified", "course": "Sales", "position": 1}
            work.repository("onboarding_steps").create(step)
            late = {"partner": "one", "due_on": NOW.date() - timedelta(days=3)}
            work.repository("tasks").create(late | {"external_id": "t1", "title": "Sign"})
            work.repository("tasks").create(late | {"external_id": "t2", "title": "Get certified", "step": "cert"})
        home = ann.get("/").text
        assert "3 days late" in home
        assert home.count('value="t1"') == 1
        assert 'value="t2"' not in home  # the certificate does it
        assert ann.post("/portal/tasks/done", data={"task": "t2"}).status_code == 422
        done = ann.post("/portal/tasks/done", data={"task": "t1", "back": "//evil.example"})
        assert done.headers["location"] == "/?told=ticked"
        assert "t1" not in ann.get("/").text


def test_an_absence_is_announced_and_ended_and_contacts_are_kept(sqlite_engine, tmp_path, clock):
    with portal(sqlite_engine, tmp_path, clock) as (ann, bob):
        wrong = ann.post("/portal/company/absences", data={"since": "2024-08-14", "until": "2024-08-01", "why": "sea"})
        assert wrong.status_code == 422
        assert 'value="sea"' in wrong.text
        assert ann.post("/portal/company/absences", data={"since": "x"}).status_code == 422
        assert ann.post("/portal/company/absences", data={"until": "2024-06-10"}).status_code == 303
        with work_of(sqlite_engine, clock) as work:
            (row,) = work.repository("absences").list().rows
        assert (row["since"], row["until"].date()) == (NOW, date(2024, 6, 11))
        assert bob.post(f"/portal/company/absences/{row['id']}", data={}).status_code == 404
        clock.advance(minutes=30)
        assert ann.post(f"/portal/company/absences/{row['id']}", data={}).status_code == 303
        with work_of(sqlite_engine, clock) as work:
            assert work.repository("absences").get(row["id"])["until"] == clock()
        assert ann.post(f"/portal/company/absences/{row['id']}/call-off").status_code == 422  # it has begun
        assert ann.post("/portal/company/absences", data={"since": "2024-08-01"}).status_code == 303
        with work_of(sqlite_engine, clock) as work:
            ahead = work.repository("absences").list(sort="-since").rows[0]
        assert f"{ahead['id']}/call-off" in ann.get("/portal/company").text
        assert bob.post(f"/portal/company/absences/{ahead['id']}/call-off").status_code == 404
        assert ann.delete(f"/v1/absences/id:{row['id']}").status_code == 409
        told = ann.post(f"/portal/company/absences/{ahead['id']}/call-off")
        assert told.headers["location"] == "/portal/company?told=called_off"
        with work_of(sqlite_engine, clock) as work:
            assert [one["id"] for one in work.repository("absences").list().rows] == [row["id"]]
        contact = {"name": "Cid", "email": "cid@one.example", "phone": "", "role": "sales"}
        assert ann.post("/portal/company/contacts", data=contact).status_code == 303
        with work_of(sqlite_engine, clock) as work:
            (kept,) = work.repository("contacts").list().rows
        assert (kept["name"], kept["phone"], kept["partner"]) == ("Cid", None, "one")
        changed = ann.post(f"/portal/company/contacts/{kept['id']}", data=contact | {"phone": "+49"})
        assert changed.status_code == 303
        assert bob.post(f"/portal/company/contacts/{kept['id']}", data=contact).status_code == 404
        assert "+49" in ann.get("/portal/company").text
        assert "Cid" not in bob.get("/portal/company").text


def test_a_partners_admin_invites_people_and_ends_their_access(sqlite_engine, tmp_path, clock):
    with portal(sqlite_engine, tmp_path, clock) as (ann, bob):
        person = {"name": "Eve", "email": "eve@one.example", "partner_role": "learner"}
        invited = ann.post("/portal/company/people", data=person)
        assert "/invitation?token=" in invited.text
        assert "token=" not in ann.get("/portal/company/people").text  # shown once
        assert ann.post("/portal/company/people", data=person).status_code == 422
        assert 'value="Eve"' in ann.post("/portal/company/people", data=person | {"email": "eve"}).text
        assert ann.post("/portal/company/people", data=person | {"partner_role": "admin"}).status_code == 422
        with work_of(sqlite_engine, clock) as work:
            eve, other = (work.users.by_email(email) for email in ("eve@one.example", "bob@two.example"))
            own = work.users.by_email("ann@one.example")
        assert (str(eve.role), eve.partner, str(eve.partner_role)) == ("partner", "one", "learner")
        path = f"/portal/company/people/{eve.id}"
        assert ann.post(f"{path}/role", data={"partner_role": "seller"}).status_code == 303
        assert "/invitation?token=" in ann.post(f"{path}/invitation").text
        assert ann.post(f"{path}/access", data={"status": "deactivated"}).status_code == 303
        assert ann.post(f"{path}/invitation").status_code == 422  # no access, no link
        assert ann.post(f"/portal/company/people/{other.id}/access", data={}).status_code == 404
        assert ann.post(f"/portal/company/people/{own.id}/access", data={}).status_code == 422
        assert bob.post(f"{path}/access", data={}).status_code == 403
        chosen = ann.post("/portal/company/alerts", data={"kind": "lead_offered", "email": "daily"})
        assert chosen.status_code == 303
        assert ann.post("/portal/company/alerts", data={"kind": "risk_changed", "email": "daily"}).status_code == 422


def test_nonsense_in_an_address_is_told(sqlite_engine, tmp_path, clock):
    with portal(sqlite_engine, tmp_path, clock) as (ann, _):
        told = {"/portal/deals?cursor=x": 422, "/portal/leads?start=-1": 422, "/portal/deals/0": 404}
        for page, status in told.items():
            answer = ann.get(page)
            assert answer.status_code == status
            assert "<html" in answer.text
