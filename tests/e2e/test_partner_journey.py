"""A manager finds a partner by name, walks through its page, writes a note, changes a field, and sees both."""

import re

import pytest

from api.console.partner_page import PARTS
from domain.terms import Role
from tests.e2e.browser import House, Look

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning"),
]


def test_a_manager_walks_through_a_partners_page(house: House, look: Look) -> None:
    with house.work() as work:
        row = work.repository("partners").list({"status": "active"}, limit=1).rows[0]
    with house.desk(Role.MANAGER, look=look) as desk:
        page = desk.open("/partners")
        page.get_by_label("Name, id or website").fill(row["name"].lower())
        page.get_by_role("button", name="Show").click()
        page.wait_for_url(re.compile("q="))
        desk.check()
        page.get_by_role("link", name=row["name"], exact=True).first.click()
        page.wait_for_url(re.compile("/partners/[^?]+$"))
        for _, label in PARTS:
            page.get_by_role("navigation", name="Parts of this partner's page").get_by_role(
                "link", name=label, exact=True
            ).click()
            page.wait_for_load_state()
            assert page.get_by_role("heading", name=row["name"]).is_visible()
            desk.check()

        said = f"They plan a branch in Faro ({look.theme})."
        page.get_by_label("Text").fill(said)
        page.get_by_role("button", name="Save").click()
        page.get_by_role("status").wait_for()
        assert page.get_by_text(said).is_visible()
        desk.check()

        page.get_by_role("link", name="Change", exact=True).click()
        desk.check()
        page.get_by_label("Account manager").fill(f"Rita {look.theme}")
        page.get_by_label("Employees").fill("a dozen")
        page.get_by_role("button", name="Save").click()
        page.get_by_role("alert").wait_for()
        assert page.get_by_label("Account manager").input_value() == f"Rita {look.theme}"
        desk.said = [one for one in desk.said if "status of 422" not in one]  # the browser itself complains of it
        desk.check()
        page.get_by_label("Employees").fill("12")
        page.get_by_role("button", name="Save").click()
        page.get_by_role("status").wait_for()
        assert page.get_by_text(f"Rita {look.theme}").first.is_visible()
        desk.check()
    with house.work() as work:
        after = work.repository("partners").get(row["id"])
        (note,) = work.repository("notes").list({"partner": row["external_id"], "body": said}).rows
    assert (after["account_manager"], after["employees"]) == (f"Rita {look.theme}", 12)
    assert not note["shared"]
