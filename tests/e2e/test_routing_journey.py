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
