"""A partner's people walk the portal on a phone and at a desk: learn, are paid, plan, read, write, are found."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from domain.terms import Role
from programme import records
from programme.ledger import adjust
from programme.statements import close_statements
from tests.e2e.browser import DESK, Desk, House, Look, findings, serving
from tests.programmes import END, Programme

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning"),
]
PAGES = (
    "/portal/money", "/portal/money/lines", "/portal/money/terms", "/portal/standing", "/portal/standing/journey",
    "/portal/standing/scorecard", "/portal/library/content", "/portal/library/offers", "/portal/messages/alerts",
    "/portal/messages/surveys",
)  # fmt: skip


@pytest.fixture(scope="module")
def house(programme: Programme, tmp_path_factory: pytest.TempPathFactory, chromium: Any) -> Any:
    """Return a served copy of the small programme whose directory is open to the public."""
    settings = programme.copy_to(tmp_path_factory.mktemp("town") / "home").model_copy(update={"directory": "on"})
    with serving(settings, lambda: END) as (address, services):
        yield House(address, services, chromium)


@pytest.fixture
def partner(house: House, look: Look) -> str:
    """Return an active partner for whom there is something on each page; another one at each window."""
    with house.work() as work:
        rows = work.repository("partners").list({"status": "active"}, sort="external_id", limit=2).rows
        own: str = rows[0 if look == DESK else 1]["external_id"]
        adjust(work, own, reason="a bonus", credit=Decimal(250), earned_on=END.date() - timedelta(days=40))
        close_statements(work, own, END.date() - timedelta(days=60), END.date() - timedelta(days=30))
        if work.repository("courses").find(("C-town",)) is None:
            records.create(work, "courses", {"external_id": "C-town", "name": "Selling in town", "hours": 4})
            records.create(work, "surveys", {"external_id": "S-town", "title": "How are we?", "kind": "nps"})
    return own


def learns(desk: Desk) -> None:
    page = desk.open("/portal/training")
    page.get_by_role("link", name="Selling in town").first.click()
    page.get_by_label("To be done by").fill("2026-05-01")
    page.get_by_role("button", name="Enrol").click()
    page.get_by_text("Enrolled.").wait_for()
    desk.check()


def is_paid(desk: Desk) -> None:
    page = desk.open("/portal/money/statements")
    page.get_by_role("link", name="Jan").first.click()
    with page.expect_download() as pdf:
        page.get_by_role("link", name="Download PDF").click()
    assert pdf.value.path().read_bytes().startswith(b"%PDF-")
    page = desk.open("/portal/money/funds")
    page.get_by_label("What for").fill("A stand at the fair")
    page.get_by_label("Amount").fill("1 200")
    page.get_by_role("button", name="Ask").click()
    page.get_by_role("heading", name="A stand at the fair").wait_for()
    desk.check()


def plans(desk: Desk) -> None:
    page = desk.open("/portal/goals")
    page.get_by_label("Title").fill("Grow in the north")
    page.get_by_label("From").fill("2026-01-01")
    page.get_by_label("Until").fill("2026-12-31")
    page.get_by_role("button", name="Propose").click()
    page.get_by_text("Proposed.").wait_for()
    desk.check()


def reads_and_writes(desk: Desk) -> None:
    page = desk.open("/portal/library")
    page.get_by_role("button", name="Not interested in").first.click()
    page.get_by_text("It is not shown to you again.").wait_for()
    page = desk.open("/portal/messages")
    page.get_by_role("textbox", name="Message").fill("Shall we meet in May?")
    page.get_by_role("button", name="Send").click()
    page.get_by_text("Sent.").wait_for()
    for path in PAGES:
        desk.open(path)
    page.get_by_label("9", exact=True).check()
    page.get_by_role("button", name="Answer").click()
    page.get_by_text("Thank you. Your answer is kept.").wait_for()


def asks_to_be_found(desk: Desk) -> None:
    page = desk.open("/portal/listing")
    page.get_by_label("We want to be found by the public").check()
    page.get_by_label("In one line").fill("We sell in town")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Saved.").wait_for()
    desk.check()


def test_a_partner_walks_its_pages_and_is_found_in_the_directory(house: House, look: Look, partner: str) -> None:
    with house.desk(Role.PARTNER, partner, look) as desk:
        for walk in (learns, is_paid, plans, reads_and_writes, asks_to_be_found):
            walk(desk)
    with house.work() as work:
        own = {"partner": partner}
        assert work.repository("enrolments").list(own | {"course": "C-town"}).rows[0]["due_on"].month == 5
        assert work.repository("fund_requests").list(own).rows[0]["amount"] == Decimal(1200)
        assert work.repository("plans").list(own).rows[0]["title"] == "Grow in the north"
        assert work.repository("notes").list(own, sort="-written_at").rows[0]["body"] == "Shall we meet in May?"
        name = work.repository("partners").get(partner)["name"]
        assert not work.repository("listings").list(own).rows[0]["published"]
    with house.desk(Role.MANAGER, look=look) as desk:
        page = desk.open("/listings")
        page.get_by_role("button", name=f"Publish {name}", exact=True).click()
        page.get_by_text("Done.").wait_for()
    window = house.browser.new_page(
        viewport={"width": look.width, "height": look.height}, color_scheme=look.theme, locale="en"
    )
    window.goto(f"{house.address}/directory")
    window.get_by_role("heading", name=name).wait_for()
    assert findings(window) == []
    assert window.evaluate("document.documentElement.scrollWidth") <= look.width
    window.close()
