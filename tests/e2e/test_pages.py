"""Every page in a real browser: whole at a desk's and a phone's width, light and dark, without a finding of axe.

Pages that a journey of this folder walks through are checked there.
"""

import pytest

from domain.terms import Role
from programme.offers import offer_lead
from tests.e2e.browser import House, Look, findings
from tests.programmes import END

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning"),
]
PAGES = ("/", "/prospects", "/risk", "/leads", "/models", "/models/churn", "/models/churn/1")


def test_pages_of_the_staff_are_whole(house: House, look: Look) -> None:
    with house.desk(Role.ADMIN, look=look) as desk:
        for path in PAGES:
            desk.open(path)
        desk.open("/no-such-page", 404)


def test_who_is_not_signed_in_sees_a_whole_page(house: House, look: Look) -> None:
    page = house.browser.new_page(viewport={"width": look.width, "height": look.height}, color_scheme=look.theme)
    page.goto(house.address)
    assert page.url.endswith("/login")
    assert findings(page) == []
    page.close()


def test_an_offered_lead_is_whole_for_both_sides(house: House, look: Look) -> None:
    with house.work() as work:
        lead = work.repository("leads").create({"external_id": f"of the {look.theme} pages", "created_at": END})
        partner = work.repository("partners").list({"status": "active"}, limit=1).rows[0]
        offer = offer_lead(work, {"lead": lead["external_id"], "partner": partner["external_id"]})
    with house.desk(Role.MANAGER, look=look) as desk:
        desk.open(f"/leads/{lead['id']}")
    with house.desk(Role.PARTNER, partner["external_id"], look) as desk:
        desk.open("/")
        desk.open(f"/offers/{offer['id']}")
        desk.open("/leads", 403)
