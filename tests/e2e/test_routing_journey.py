"""Who runs the routing: looks at policies, changes one, tries it, looks at fairness; and the models' pages."""

import pytest

from domain.terms import Role
from tests.e2e.browser import House, Look
from worker.handlers import WorkerContext
from worker.loop import run_one

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning"),
]


def test_a_manager_changes_a_policy_and_tries_it_first(house: House, look: Look) -> None:
    with house.desk(Role.MANAGER, look=look) as desk:
        page = desk.open("/policies")
        page.get_by_role("link", name="Change or try").first.click()
        desk.check()
        page.get_by_label("Name").fill(f"patient {look.theme}")
        page.get_by_label("Hours to answer an offer").fill("much")
        page.get_by_role("button", name="Put in force").click()
        assert "is no number" in page.get_by_role("alert").inner_text()
        assert page.get_by_label("Name").input_value() == f"patient {look.theme}"
        desk.said = [one for one in desk.said if "status of 422" not in one]
        desk.check()
        page.get_by_label("Hours to answer an offer").fill("72")
        page.get_by_role("button", name="Try on past leads").click()
        page.get_by_text("Waits for the worker").wait_for()
        desk.check()
        services = house.services
        while run_one(WorkerContext(services.settings, services.intelligence, services.clock)):
            pass
        page.get_by_role("heading", name="Side by side").wait_for()  # the page asks again by itself
        desk.check()
        desk.open("/what-if")
        desk.open("/policies/edit")
        page.get_by_label("Name").fill(f"patient {look.theme}")
        page.get_by_role("button", name="Put in force").click()
        assert f"patient {look.theme}" in page.locator("main").inner_text()
        desk.check()
        page = desk.open("/fairness?days=730")
        page.get_by_label("Partners by").select_option("country")
        page.get_by_role("heading", name="By country").wait_for()
        desk.check()


def test_a_router_finds_a_lead_and_offers_it(house: House, look: Look) -> None:
    name = f"L {look.theme}"
    with house.work() as work:
        leads = work.repository("leads")
        known = leads.list(sort="-created_at", limit=1).rows[0]
        values = {field: known[field] for field in ("country", "product", "industry", "program")}
        lead = leads.create({"external_id": name, "company": f"Oak {look.theme}", "created_at": work.clock(), **values})
    with house.desk(Role.ROUTER, look=look) as desk:
        page = desk.open("/leads?state=unrouted")
        page.get_by_label("Waits for longer than").select_option("720")
        page.wait_for_url("**hours=720**")
        desk.check()
        page.get_by_label("Waits for longer than").select_option("")
        page.get_by_label("No partner yet").check()
        page.wait_for_url("**free=1**")
        page.get_by_role("link", name=f"Oak {look.theme}").click()
        page.get_by_role("heading", name="Who would close it").wait_for()
        desk.check()
        page.get_by_text("All factors").first.click()
        page.get_by_role("heading", name="For it").first.wait_for()
        desk.check()
        page.get_by_role("button", name="Offer to").first.click()
        page.get_by_text("Offered. The partner is told").wait_for()
        desk.check()
        with house.work() as work:
            (offer,) = work.repository("assignments").list({"lead": name}).rows
        assert offer["response"] is None
        page = desk.open("/leads")
        assert page.get_by_role("link", name=f"Oak {look.theme}").count() == 1
        page = desk.open(f"/leads/{lead['id']}")
        page.once("dialog", lambda asked: asked.accept())
        page.get_by_role("button", name="Stop").click()
        page.get_by_text("Done.").wait_for()
        with house.work() as work:
            assert work.repository("assignments").get(offer["id"])["response"] == "withdrawn"
        desk.check()
