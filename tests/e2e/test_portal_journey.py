"""A partner's people at a desk and on a phone: a lead is answered, a deal registered and kept up to date."""

from typing import Any

import pytest

from domain.terms import Role
from programme.offers import offer_lead
from programme.registrations import submit_registration
from tests.e2e.browser import Desk, House, Look
from tests.programmes import END

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning"),
]

RIVAL = {"company": "Quartz Harbour Mining", "domain": "quartz-harbour.example", "country": "DE"}


def offered(house: House, partner: str, name: str) -> int:
    """Offer a new lead to a partner and return our id of the offer."""
    with house.work() as work:
        told = {"external_id": name, "created_at": END, "company": f"{name} Ltd", "industry": "retail", "country": "DE"}
        work.repository("leads").create(told | {"attributes": {"contact_phone": "+49 30 1"}})
        return int(offer_lead(work, {"lead": name, "partner": partner})["id"])


def set_up(house: House, look: Look) -> tuple[str, str, list[int]]:
    """Return two partners, the second with a claim of its own, and the offers to the first, who has a task."""
    with house.work() as work:
        one, other = (
            row["external_id"] for row in work.repository("partners").list({"status": "active"}, limit=2).rows
        )
        if look.theme == "light":  # once for both looks
            submit_registration(work, {**RIVAL, "partner": other})
        work.repository("tasks").create({"partner": one, "title": f"Plan {look.theme}", "due_on": END.date()})
    return one, other, [offered(house, one, f"{word} {look.theme}") for word in ("Kept", "Left")]


def test_a_lead_becomes_a_deal_that_nobody_else_sees(house: House, look: Look) -> None:
    partner, rival, (kept, left) = set_up(house, look)
    with house.desk(Role.PARTNER, partner, look) as desk:
        accept_and_call(house, desk, kept)
        deal = register(desk, look)
        keep_up_to_date(house, desk, deal)
        decline(house, desk, left)
        tick_off(house, desk, look)
        go_away(house, desk, partner, look)
    with house.desk(Role.PARTNER, rival, look) as desk:
        for path in (f"/offers/{kept}", f"/portal/deals/{deal}"):
            desk.open(path, 404)
        for path in ("/portal/deals", "/portal/leads", "/portal/tasks"):
            assert f"Kept {look.theme}" not in desk.open(path).content()


def row_of(house: House, resource: str, key: int | str) -> dict[str, Any]:
    with house.work() as work:
        return work.repository(resource).get(key)


def accept_and_call(house: House, desk: Desk, offer: int) -> None:
    page = desk.open("/")
    page.get_by_text("Recommended to you").wait_for()  # fetched after the page
    desk.check()
    page.locator(f"form[action='/offers/{offer}/accept'] button").click()
    page.get_by_text("Accepted: the lead is yours").wait_for()
    desk.check()
    assert page.get_by_text("+49 30 1").is_visible()  # whom to call shows now
    page.get_by_label("What was said").fill("wants a demo")
    page.get_by_role("button", name="Called").click()
    assert page.get_by_text("Called the customer. wants a demo").is_visible()
    with house.work() as work:
        lead = work.repository("assignments").get(offer)["lead"]
        (note,) = work.repository("notes").list({"lead": lead}).rows
    assert (note["body"], note["shared"]) == ("Called the customer. wants a demo", True)


def register(desk: Desk, look: Look) -> int:
    page = desk.page
    page.get_by_role("link", name="Register the deal").click()
    page.locator("#check").get_by_text("Free").wait_for()
    company, website = page.get_by_label("Company"), page.get_by_label("Website")
    assert company.input_value() == f"Kept {look.theme} Ltd"
    company.fill("")
    company.press_sequentially(RIVAL["company"], delay=5)
    website.fill(RIVAL["domain"])
    website.press("Tab")
    page.get_by_text("There is a claim on this customer").wait_for()
    assert page.get_by_text("Another partner has").is_visible()
    desk.check()
    company.fill(f"Kept {look.theme} Ltd")
    website.fill(f"kept-{look.theme}.example")
    website.press("Tab")
    page.locator("#check").get_by_text("Free").wait_for()
    page.get_by_label("Amount").fill("12 500")
    page.get_by_role("button", name="Register").click()
    page.get_by_text("How it stands is told below").wait_for()
    desk.check()
    return int(page.url.rpartition("/")[2].partition("?")[0])


def keep_up_to_date(house: House, desk: Desk, deal: int) -> None:
    assert row_of(house, "deals", deal)["amount"] == 12500
    page = desk.open("/portal/deals")
    page.locator(f"#stage-{deal}").select_option("proposal")  # one tap opens it, one chooses; it is sent by itself
    page.get_by_text("Saved.").wait_for()
    assert row_of(house, "deals", deal)["stage"] == "proposal"
    page = desk.open(f"/portal/deals/{deal}")
    page.get_by_label("Amount").fill("much")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("alert").wait_for()
    assert page.get_by_label("Amount").input_value() == "much"  # what was typed stays
    desk.said = [one for one in desk.said if "status of 422" not in one]  # the browser itself complains of it
    page.get_by_label("Amount").fill("13000")
    page.get_by_label("Decision expected on").fill("2026-05-01")
    page.get_by_role("button", name="Save").click()
    page.get_by_text("Saved.").wait_for()
    row = row_of(house, "deals", deal)
    assert (row["amount"], row["attributes"]["expected_close_on"]) == (13000, "2026-05-01")
    page.get_by_role("button", name="We won it").click()
    page.get_by_text("Reported. Your partner team confirms the win.").wait_for()
    desk.check()
    row = row_of(house, "deals", deal)
    assert (row["stage"], row["outcome"]) == ("won, to be confirmed", None)  # commission waits for a person's word


def decline(house: House, desk: Desk, offer: int) -> None:
    page = desk.open(f"/offers/{offer}")
    page.get_by_label("too far away").check()
    page.get_by_label("In your own words").fill("500 km")
    page.get_by_role("button", name="Decline").click()
    page.get_by_text("You are not asked for it again").wait_for()
    desk.check()
    row = row_of(house, "assignments", offer)
    assert (row["response"], row["decline_reason"]) == ("declined", "too far away: 500 km")
    desk.open("/portal/leads?state=over")


def tick_off(house: House, desk: Desk, look: Look) -> None:
    page = desk.open("/portal/tasks")
    page.get_by_role("button", name=f"Done: Plan {look.theme}").click()
    page.get_by_text("Ticked off.").wait_for()
    with house.work() as work:
        (task,) = work.repository("tasks").list({"title": f"Plan {look.theme}"}).rows
    assert task["done_at"] == END
    desk.open("/portal/suggestions")


def go_away(house: House, desk: Desk, partner: str, look: Look) -> None:
    page = desk.open("/portal/company")
    if not page.get_by_label("First day").is_visible():
        page.get_by_text("Announce an absence").click()
    month = {"light": "06", "dark": "07"}[look.theme]
    page.get_by_label("First day").fill(f"2026-{month}-01")
    page.get_by_label("Last day").fill(f"2026-{month}-14")
    page.get_by_role("button", name="Take no leads then").click()
    page.get_by_text("From then on no leads").wait_for()
    desk.check()
    with house.work() as work:
        absences = work.repository("absences").list({"partner": partner}).rows
    assert f"2026-{month}-15" in {str(row["until"].date()) for row in absences}  # the last day counts
    desk.open("/portal/company/people")
