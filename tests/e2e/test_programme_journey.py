"""An analyst looks at the programme and follows a figure to its rows; a manager sets a goal and agrees to a plan."""

import re
from datetime import timedelta

import pytest

from domain.terms import Role
from tests.e2e.browser import DESK, House, Look
from tests.programmes import END

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning"),
]


def test_an_analyst_follows_a_figure_from_the_dashboard_to_its_rows(house: House, look: Look) -> None:
    with house.desk(Role.ANALYST, look=look) as desk:
        page = desk.open("/programme")
        before = page.locator(".kpi strong").first.inner_text()
        page.get_by_label("Period").select_option(label="All time")
        page.wait_for_url("**/programme?*period=all*")
        page.wait_for_function("was => document.querySelector('.kpi strong').innerText !== was", arg=before)
        total = page.locator(".kpi strong").first.inner_text()
        desk.check()
        page.locator(".kpis").get_by_role("link", name="Revenue", exact=True).click()
        page.wait_for_url("**/figures/revenue?period=all*")
        assert page.locator(".figure-value strong").inner_text() == total
        assert f"add up to {total}" in page.locator("#rows").inner_text()
        desk.check()
        page.get_by_role("link", name="Country", exact=True).click()
        page.wait_for_url("**by=country*")
        page.get_by_role("link", name="Next").click()
        assert "51 to 100" in page.locator("#rows").inner_text()
        with page.expect_download() as told:
            page.get_by_role("link", name="Download as CSV").click()
        lines = told.value.path().read_text("utf-8-sig").splitlines()
        counts = lines[0].split(",").index("counts")
        assert len(lines) > 50
        assert all(re.match(r"^[\d.]+$", line.rsplit(",", len(lines[0].split(",")) - counts)[1]) for line in lines[1:])
        desk.check()


def test_an_analyst_sees_funnel_cohorts_and_ranking(house: House, look: Look) -> None:
    with house.desk(Role.ANALYST, look=look) as desk:
        page = desk.open("/programme")
        page.get_by_role("navigation", name="Pages").get_by_role("link", name="Funnel").click()
        assert "From offered lead to won deal" in page.locator("main").inner_text()
        desk.check()
        page.get_by_role("navigation", name="Pages").get_by_role("link", name="Cohorts").click()
        page.get_by_label("Show", exact=True).select_option(label="Share still active")
        page.wait_for_url("**show=active*")
        page.get_by_text("%").first.wait_for()
        desk.check()
        page.get_by_role("navigation", name="Pages").get_by_role("link", name="Ranking").click()
        page.get_by_label("By", exact=True).select_option(label="Deals won")
        page.wait_for_url("**figure=deals_won*")
        page.locator("#results a[href^='/figures/deals_won']").first.wait_for()
        desk.check()
        for path in ("/roi", "/figures", "/figures/active_partners?by=tier", "/figures/roi", "/plans", "/goals"):
            desk.open(path)
        assert page.get_by_role("link", name="Set a goal").count() == 0


def test_a_manager_sets_a_goal_and_agrees_to_a_plan(house: House, look: Look) -> None:
    with house.work() as work:
        partner = work.repository("partners").list({"status": "active"}, limit=1).rows[0]
        plan = work.repository("plans").create(
            {
                "external_id": f"plan of {look.theme}",
                "partner": partner["external_id"],
                "title": f"Together in {look.theme}",
                "period_start": END.date(),
                "period_end": (END + timedelta(days=300)).date(),
                "status": "draft",
            }
        )
    with house.desk(Role.MANAGER, look=look) as desk:
        page = desk.open("/goals")
        page.get_by_role("link", name="Set a goal").first.click()
        page.get_by_label("Partner").press_sequentially(partner["name"][:6])
        page.locator(f"#partners-found option[value='{partner['external_id']}']").wait_for(state="attached")
        page.get_by_label("Partner").fill(partner["external_id"])
        page.get_by_label("Figure").select_option(label="New customers")
        page.get_by_label("First day").fill("2026-01-01" if look is DESK else "2026-02-01")
        page.get_by_label("Last day").fill("2026-06-30")
        page.get_by_label("Target").fill("a lot")
        page.get_by_role("button", name="Save").click()
        assert "is no number" in page.locator("main").inner_text()
        assert page.get_by_label("Partner").input_value() == partner["external_id"]
        # The browser itself notes each refused form.
        desk.said = [one for one in desk.said if "status of 422" not in one]
        desk.check()
        page.get_by_label("Target").fill("12")
        page.get_by_role("button", name="Save").click()
        page.get_by_text("The goal is set.").wait_for()
        desk.check()
        with house.work() as work:
            goals = work.repository("goals").list({"partner": partner["external_id"], "metric": "new_customers"}).rows
        assert 12 in [goal["target"] for goal in goals]
        page = desk.open("/plans")
        page.get_by_role("button", name=f"Agree to Together in {look.theme}").click()
        page.get_by_text("The plan is agreed.").wait_for()
        desk.check()
        with house.work() as work:
            assert work.repository("plans").get(plan["id"])["status"] == "agreed"
