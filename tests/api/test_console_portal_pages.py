"""The portal's pages of training, money, goals, standing, library, messages and listing, over HTTP."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

import pytest
from fastapi.testclient import TestClient

from domain.context import SYSTEM
from domain.terms import PartnerRole, Role
from programme import records
from programme.alerts import raise_alert
from programme.funds import approve_request
from programme.ledger import adjust
from programme.statements import close_statements
from store.alerts import Draft
from tests.api.people import add_partners, add_person, admin_key, service, signed_in
from tests.api.test_console import csrf_of, sign_in

DAY = date(2024, 5, 1)
HOSTILE = "<script>alert(1)</script>"
PAGES = (
    "/portal/training", "/portal/money", "/portal/money/lines", "/portal/money/statements", "/portal/money/funds",
    "/portal/money/terms", "/portal/goals", "/portal/standing", "/portal/standing?days=365",
    "/portal/standing/journey", "/portal/standing/scorecard", "/portal/standing/scorecard?period=quarter",
    "/portal/library", "/portal/library/content", "/portal/library/content?q=x&kind=guide&language=en",
    "/portal/library/offers", "/portal/messages", "/portal/messages?about=x", "/portal/messages/alerts",
    "/portal/messages/alerts?state=all", "/portal/messages/surveys", "/portal/listing",
)  # fmt: skip


class World(NamedTuple):
    """A store with two partners, and somebody of the first one in a browser."""

    client: TestClient
    browser: TestClient
    other: TestClient

    def work(self, **more: Any) -> Any:
        return self.client.app.state.services.unit_of_work(SYSTEM, **more)

    def post(self, path: str, csrf: str = "/portal/training", **data: Any) -> Any:
        return self.browser.post(path, data={"csrf": csrf_of(self.browser, csrf), **data})


@pytest.fixture
def world(sqlite_engine, tmp_path, clock):
    with service(sqlite_engine, tmp_path, clock) as client:
        add_partners(sqlite_engine, clock, "p1", "p2", status="active", country="DE")
        keys = {}
        for name in ("p1", "p2"):
            add_person(client, f"ann@{name}.example", Role.PARTNER, name, PartnerRole.PARTNER_ADMIN)
            keys[name] = signed_in(client, f"ann@{name}.example")
        yield World(client, keys["p1"], keys["p2"])


@pytest.mark.parametrize("path", PAGES)
def test_every_page_shows_with_nothing_in_the_store(world, path):
    page = world.browser.get(path)
    assert page.status_code == 200, page.text


def test_a_course_is_taken_and_not_twice(world):
    with world.work() as work:
        for name in ("p1", "p2"):
            records.create(work, "contacts", {"external_id": f"{name}-c", "partner": name, "name": f"Bo of {name}"})
        course = records.create(
            work, "courses", {"external_id": "C-1", "name": HOSTILE, "website": "https://learn.example/1"}
        )
        records.create(work, "products", {"external_id": "X", "name": "Cloud", "required_certifications": [HOSTILE]})
        records.create(work, "certifications", {"partner": "p1", "course": "Basics", "passed_on": DAY.isoformat()})
    there = f"/portal/training/{course['id']}"
    page = world.browser.get("/portal/training").text
    assert "leads and deals of Cloud" in page
    assert "&lt;script&gt;" in page
    assert HOSTILE not in page
    assert "Basics" in page
    form = world.browser.get(there).text
    assert "https://learn.example/1" in form
    assert "Bo of p1" in form
    assert "Bo of p2" not in form
    refused = world.post(f"{there}/enrol", contact="p1-c", due_on="soon")
    assert refused.status_code == 422
    assert 'value="soon"' in refused.text
    foreign = world.post(f"{there}/enrol", contact="p2-c")
    assert foreign.status_code == 422
    assert world.post(f"{there}/enrol", contact="p1-c", due_on="2030-01-31").headers["location"].endswith("enrolled")
    assert "Bo of p1" in world.browser.get("/portal/training").text
    again = world.post(f"{there}/enrol", contact="p1-c")
    assert again.status_code == 422
    assert "open enrolment" in again.text
    assert "Bo of p1" not in world.other.get(there).text + world.other.get("/portal/training").text


def test_money_in_words_as_pdf_and_as_csv(world):
    with world.work() as work:
        adjust(work, "p1", reason=f"=A bonus {HOSTILE}", currency="EUR", credit=Decimal("120.50"), earned_on=DAY)
        (statement,) = close_statements(work, "p1", DAY, DAY + timedelta(days=30))
        adjust(work, "p1", reason="later", currency="EUR", debit=Decimal(20), earned_on=DAY + timedelta(days=40))
    there = f"/portal/money/statements/{statement['id']}"
    assert "€100.50" in world.browser.get("/portal/money").text
    for path in ("/portal/money/lines", "/portal/money/lines?kind=adjustment", there):
        page = world.browser.get(path).text
        assert "€120.50" in page
        assert "A bonus &lt;script&gt;" in page
    assert "€120.50" not in world.browser.get("/portal/money/lines?kind=payout").text
    pdf, csv = world.browser.get(f"{there}/pdf"), world.browser.get(f"{there}/csv")
    assert pdf.headers["content-type"] == "application/pdf"
    assert pdf.content.startswith(b"%PDF-")
    assert "'=A bonus" in csv.text
    assert "attachment" in csv.headers["content-disposition"]
    for path in (there, f"{there}/pdf", f"{there}/csv"):
        assert world.other.get(path).status_code == 404
    assert "€120.50" not in world.other.get("/portal/money").text


def test_terms_tiers_and_rewards_in_plain_words(world):
    with world.work() as work:
        records.create(work, "programs", {"external_id": "G", "name": "Growth"})
        work.repository("partners").patch("p1", {"program": "G", "tier": "silver"})
        for at, (name, least) in enumerate((("silver", None), ("gold", 1000))):
            asked = {"position": at, "min_revenue": least, "currency": "EUR", "benefits": f"what {name} brings"}
            records.create(work, "tiers", {"external_id": name, "program": "G", "name": name, **asked})
        plan = {"external_id": "A", "name": "Steps", "marginal": True, "volume_days": 90}
        records.create(work, "commission_plans", plan)
        records.create(work, "commission_bands", {"plan": "A", "from_amount": 500, "rate": 0.125})
        records.create(
            work, "commission_plans", {"external_id": "B", "name": "Foreign", "rate": 0.3, "tiers": ["gold"]}
        )
        records.create(work, "incentives", {"external_id": "I", "name": "Push", "kind": "spiff", "rate": 0.02})
        records.create(work, "incentives", {"external_id": "J", "name": "Past", "valid_to": "2020-01-01"})
        agreement = {"external_id": "AG", "partner": "p1", "valid_from": "2020-01-01", "commission_rate": 0.07}
        records.create(work, "agreements", agreement)
    page = world.browser.get("/portal/money/terms").text
    for told in ("from 500 on: 12.5%", "Your agreement AG", "7% of the amount", "what gold brings", "Push", "1,000.00"):
        assert told in page
    assert "Foreign" not in page
    assert "Past" not in page


def test_funds_are_asked_for_claimed_and_withdrawn(world):
    refused = world.post("/portal/money/funds", purpose="A fair", amount="lots", currency="EUR")
    assert refused.status_code == 422
    assert 'value="A fair"' in refused.text
    assert 'value="lots"' in refused.text
    there = world.post("/portal/money/funds", purpose="A fair", amount="1 500,50", currency="eur").headers["location"]
    there = there.partition("?")[0]
    with world.work() as work:
        row = work.repository("fund_requests").list().rows[0]
        assert (row["partner"], row["amount"], row["currency"]) == ("p1", Decimal("1500.50"), "EUR")
        approve_request(work, row["id"], Decimal(1000))
    assert "€1,000.00" in world.browser.get(there).text
    assert world.other.get(there).status_code == 404
    empty = world.post(f"{there}/claim", evidence=" ", claimed_amount="900")
    assert empty.status_code == 422
    assert 'value="900"' in empty.text
    assert world.post(f"{there}/claim", evidence="invoice 7", claimed_amount="900").status_code == 303
    assert "claimed" in world.browser.get("/portal/money").text
    late = world.post(f"{there}/withdraw")
    assert late.status_code == 422
    assert "cannot become" in late.text


def test_a_plan_is_proposed_changed_and_then_agreed(world):
    values = {"title": "Grow", "objective": "north", "period_start": "2024-01-01", "period_end": "2024-12-31"}
    refused = world.post("/portal/goals/plan", **values | {"title": " "})
    assert refused.status_code == 422
    assert "north" in refused.text
    assert world.post("/portal/goals/plan", **values).status_code == 303
    with world.work() as work:
        (plan,) = work.repository("plans").list().rows
        records.create(work, "goals", {"partner": "p1", "metric": "revenue", "target": 1000,
                                       "period_start": "2024-01-01", "period_end": "2024-12-31"})  # fmt: skip
        assert (plan["partner"], plan["status"]) == ("p1", "draft")
    assert world.post("/portal/goals/plan", **values | {"plan": plan["id"], "title": "Grow more"}).status_code == 303
    page = world.browser.get("/portal/goals").text
    assert "Grow more" in page
    assert "Chance to reach it" in page
    with world.work() as work:
        records.change(work, "plans", plan["id"], {"status": "agreed"})
    assert world.post("/portal/goals/plan", **values | {"plan": plan["id"]}).status_code == 422
    assert "Grow more" not in world.other.get("/portal/goals").text


def test_messages_alerts_and_surveys(world):
    refused = world.post("/portal/messages", body="  ")
    assert refused.status_code == 422
    assert world.post("/portal/messages", body=f"Hello {HOSTILE}").status_code == 303
    with world.work() as work:
        records.create(work, "notes", {"partner": "p1", "body": "kept to us"})
        records.create(work, "notes", {"partner": "p1", "body": "meet in May", "shared": True})
        records.create(work, "surveys", {"external_id": "S", "title": "How are we?", "kind": "nps"})
        asked = work.repository("surveys").get("S")["id"]
        partner = work.repository("partners").get("p1")["id"]
        settings = world.client.app.state.services.settings
        drafts = [Draft("registration_decided", "info", "approved", "a", "deals", None, partner, False, True),
                  Draft("goal_off_track", "warning", "behind", "b", "goals", None, partner, True, True)]  # fmt: skip
        own, shared = (raise_alert(work, draft, settings) for draft in drafts)
    page = world.browser.get("/portal/messages").text
    assert "meet in May" in page
    assert "Hello &lt;script&gt;" in page
    assert "kept to us" not in page
    alerts = "/portal/messages/alerts"
    assert world.post(f"{alerts}/{own}/resolve").status_code == 303
    assert world.post(f"{alerts}/{shared}/read").status_code == 303
    assert world.post(f"{alerts}/{shared}/resolve").status_code == 422
    assert "approved" not in world.browser.get(alerts).text
    assert "approved" in world.browser.get(f"{alerts}?state=resolved").text
    assert "approved" not in world.other.get(f"{alerts}?state=all").text
    nothing = world.post(f"/portal/messages/surveys/{asked}", comment="my words")
    assert nothing.status_code == 422
    assert "my words" in nothing.text
    assert world.post(f"/portal/messages/surveys/{asked}", score=9, comment="fine").status_code == 303
    assert "You answered it" in world.browser.get("/portal/messages/surveys").text
    assert world.post(f"/portal/messages/surveys/{asked}", score=9).status_code == 422
    assert "You answered it" not in world.other.get("/portal/messages/surveys").text


def test_content_is_found_by_words_and_place(world):
    with world.work() as work:
        for at in range(60):
            records.create(work, "assets", {"external_id": f"a{at}", "title": f"Guide {at:02}", "kind": "guide",
                                            "language": "en", "body": "50% off_"})  # fmt: skip
        records.create(work, "assets", {"external_id": "fr", "title": "For France", "countries": ["FR"]})
        records.create(
            work, "assets", {"external_id": "old", "title": "Outdated", "expires_at": "2020-01-01T00:00:00Z"}
        )
        link = {"attributes": {"url": "https://docs.example/x"}}
        de = records.create(work, "assets", {"external_id": "de", "title": "For Germany", "countries": ["DE"], **link})
        records.create(work, "offers", {"external_id": "o", "title": "Two for one", "valid_to": "2030-01-01"})
    first = world.browser.get("/portal/library/content").text
    assert "start=50" in first
    assert "For France" not in first + world.browser.get("/portal/library/content?start=50").text
    assert "Outdated" not in first
    assert "Guide 07" in world.browser.get("/portal/library/content?q=guide+07").text
    assert "Nothing fits" in world.browser.get("/portal/library/content?q=50%25+x").text
    assert "Guide" in world.browser.get("/portal/library/content?q=50%25+off_&kind=guide&language=en").text
    assert "For Germany" in world.browser.get("/portal/library/content?q=germany").text
    assert "https://docs.example/x" in world.browser.get(f"/portal/library/asset/{de['id']}").text
    assert "Two for one" in world.browser.get("/portal/library/offers").text
    assert world.browser.get("/portal/library/asset/999999").status_code == 404
    assert world.browser.get("/portal/library/thing/1").status_code == 404


def test_recommendations_are_opened_and_put_away(client, login, programme):
    partner = client.get("/v1/churn-risk?limit=1", headers=login(Role.ADMIN)).json()["items"][0]["partner"]
    browser, _ = sign_in(client, login, Role.PARTNER, partner)
    asked = client.get(f"/v1/partners/{partner}/recommendations", headers=login(Role.ADMIN)).json()["items"]
    first = asked[0]
    assert first["title"] in browser.get("/portal/library").text
    given = {"csrf": csrf_of(browser, "/portal/library"), "kind": first["kind"], "item": first["item"]}
    opened = browser.post("/portal/library/open", data=given)
    assert first["title"] in browser.get(opened.headers["location"]).text
    assert browser.post("/portal/library/dismiss", data=given).headers["location"].endswith("told=dismissed")
    left = client.get(f"/v1/partners/{partner}/recommendations", headers=login(Role.ADMIN)).json()["items"]
    assert (first["kind"], first["item"]) not in [(one["kind"], one["item"]) for one in left]
    assert browser.post("/portal/library/open", data=given | {"item": "no such"}).status_code == 422


def test_standing_tells_of_the_own_rank_and_of_no_rival(client, login, admin):
    lead = client.get("/v1/leads?limit=1&sort=-created_at", headers=admin).json()["items"][0]
    match = client.post("/v1/match", headers=admin, json={"lead_id": lead["external_id"]}).json()
    one, *rivals = [row["partner"] for row in match["candidates"]]
    browser, _ = sign_in(client, login, Role.PARTNER, one)
    page = browser.get("/portal/standing?days=365").text
    assert "You came first" in page
    names = [client.get(f"/v1/partners/{key}", headers=admin).json()["name"] for key in rivals]
    for path in ("/portal/standing?days=365", "/portal/standing/scorecard", "/portal/standing/journey"):
        text = browser.get(path).text
        assert [name for name in names if name in text] == []


def test_people_of_a_partner_see_what_their_part_in_it_allows(world):
    for role in (PartnerRole.LEARNER, PartnerRole.SELLER):
        add_person(world.client, f"{role}@p1.example", Role.PARTNER, "p1", role)
    learner, seller = (signed_in(world.client, f"{role}@p1.example") for role in ("learner", "seller"))
    open_to_learner = {path for path in PAGES if learner.get(path).status_code == 200}
    assert {path.split("/")[2].partition("?")[0] for path in open_to_learner} == {"training", "library"}
    assert "/portal/money" not in learner.get("/portal/training").text
    assert seller.get("/portal/money").headers["location"] == "/portal/money/terms"
    terms = seller.get("/portal/money/terms").text
    assert "By what you earn" not in terms
    assert [seller.get(path).status_code for path in ("/portal/money/lines", "/portal/listing")] == [403, 403]
    assert seller.get("/portal/goals").status_code == 200


def test_the_staff_sees_no_page_of_partners(client, login):
    browser, _ = sign_in(client, login, Role.MANAGER)
    assert {browser.get(path).status_code for path in PAGES} == {403}


def test_admin_key_is_no_partner(sqlite_engine, tmp_path, clock):
    with service(sqlite_engine, tmp_path, clock) as client:
        key = admin_key(sqlite_engine, clock)
        browser, _ = sign_in(client, lambda *_: key, Role.ADMIN)
        assert browser.get("/portal/money").status_code == 403
