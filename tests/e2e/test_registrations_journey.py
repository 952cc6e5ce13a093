"""Who decides registrations: from the queue to the claim, with what others claim."""

import pytest

from domain.terms import Role
from programme.registrations import submit_registration
from tests.e2e.browser import House, Look

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning"),
]


def test_a_manager_decides_a_claim(house: House, look: Look) -> None:
    name = f"Contoso {look.theme}"
    with house.work() as work:
        one, other = work.repository("partners").list({"status": "active"}, limit=2).rows
        customer = {"company": name, "domain": f"contoso-{look.theme}.example", "country": "US"}
        deals = [submit_registration(work, customer | {"partner": partner["external_id"]}) for partner in (one, other)]
    with house.desk(Role.MANAGER, look=look) as desk:
        page = desk.open("/registrations")
        page.get_by_role("link", name=name).first.click()
        desk.check()
        page.get_by_label("Reason").fill("came first")
        page.get_by_role("button", name="Approve", exact=True).click()
        assert "approved" in page.locator("h1").inner_text()
        desk.check()
        page = desk.open(f"/registrations/{deals[1]['id']}")
        page.get_by_label("Reason").fill("another was first")
        page.get_by_role("button", name="Reject").click()
        assert "rejected" in page.locator("h1").inner_text()
        desk.open("/registrations?status=approved")
    with house.work() as work:
        statuses = [work.repository("deals").get(deal["id"])["status"] for deal in deals]
    assert statuses == ["approved", "rejected"]
