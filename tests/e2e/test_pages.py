"""Every page in a real browser: whole at a desk's and a phone's width, light and dark, without a finding of axe.

The pages are those of the benchmark's list; what people do on them is walked through by the journeys of this folder.
"""

import pytest

from benchmarks.page_cases import CASES, names_of
from domain.terms import Role
from programme.offers import offer_lead
from tests.e2e.browser import House, Look, findings
from tests.programmes import END

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning"),
]


@pytest.mark.parametrize("role", dict.fromkeys(case.role for case in CASES))
def test_pages_of_a_role_are_whole(house: House, look: Look, role: Role) -> None:
    with house.work() as work:
        names = names_of(work)
    partner = names.external["partner"] if role is Role.PARTNER else None
    wrong: dict[str, list[str]] = {}
    with house.desk(role, partner, look) as desk:
        for path in dict.fromkeys(case.path for case in CASES if case.role is role and names.has_all(case.path)):
            answer = desk.page.goto(desk.address + names.fill(path))
            desk.page.wait_for_load_state("load")
            wrong[path] = desk.faults() + ([] if answer.status == 200 else [f"status {answer.status}"])
            desk.said.clear()
    assert {path: found for path, found in wrong.items() if found} == {}


def test_what_is_not_there_is_said_so(house: House, look: Look) -> None:
    with house.desk(Role.ADMIN, look=look) as desk:
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
