"""Who looks after the service: invites somebody, makes and rotates a key, and finds both in the trail."""

import pytest

from domain.terms import Role
from tests.api.people import PASSWORD
from tests.e2e.browser import House, Look, findings

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning"),
]


def _accept(house: House, look: Look, link: str, email: str) -> None:
    """In a window of her own somebody follows a link, chooses a password, and signs in with it."""
    size = {"width": look.width, "height": look.height}
    context = house.browser.new_context(viewport=size, color_scheme=look.theme, locale="en")
    page = context.new_page()
    page.goto(link)
    assert findings(page) == []
    page.get_by_label("Password, ").fill(PASSWORD)
    page.get_by_label("The same again").fill(PASSWORD)
    page.get_by_role("button", name="Set password").click()
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    assert "Mia Meyer" in page.locator(".person").inner_text()
    context.close()


def test_an_admin_invites_makes_a_key_and_reads_the_trail(house: House, look: Look) -> None:
    email = f"mia.{look.theme}@vendor.example"
    with house.desk(Role.ADMIN, look=look) as desk:
        page = desk.open("/people")
        page.get_by_role("link", name="Invite somebody").click()
        desk.check()
        page.get_by_label("Name").fill("Mia Meyer")
        page.get_by_label("E-mail address").fill(email)
        page.get_by_label("Role", exact=True).select_option("manager")
        page.get_by_role("button", name="Invite").click()
        link = page.get_by_label("Link", exact=True).input_value()
        assert link.rpartition("=")[2] not in page.url
        desk.check()
        _accept(house, look, link, email)
        page = desk.open(f"/people?q={email}")
        page.get_by_role("link", name="Mia Meyer").click()
        desk.check()
        page.on("dialog", lambda dialog: dialog.accept())
        page.get_by_role("button", name="Sign out everywhere").click()
        page.get_by_text("Nowhere.").wait_for()

        page = desk.open("/keys")
        page.get_by_role("link", name="New key").click()
        page.get_by_label("What or whom it is for").fill(f"crm {look.theme}")
        page.get_by_label("What it may").select_option("areas_read")
        page.get_by_label("leads", exact=True).check()
        desk.check()
        page.get_by_role("button", name="Make the key").click()
        first = page.get_by_label("API key").input_value()
        desk.check()
        page.get_by_role("button", name="Rotate").click()
        page.get_by_text("Former secret works until").wait_for()
        assert page.get_by_label("API key").input_value() != first
        page.get_by_role("link", name="what was done to it").click()
        desk.check()
        assert page.locator("tbody tr").count() == 2
        assert first not in page.content()
        page.get_by_role("link", name="Verify the trail").click()
        page.get_by_text("The trail holds").wait_for()
        desk.check()
    with house.work() as work:
        assert work.users.by_email(email).status == "active"


def test_jobs_webhooks_and_what_else_an_admin_opens(house: House, look: Look) -> None:
    with house.work() as work:
        work.jobs.enqueue("train", {"models": ["fit"], "as_of": None}, created_by=look.theme)
    with house.desk(Role.ADMIN, look=look) as desk:
        page = desk.open("/jobs")
        page.locator("tbody").get_by_role("link").first.click()
        desk.check()
        page = desk.open("/webhooks/new")
        page.get_by_label("Address").fill("https://hooks.example.com/in")
        page.get_by_label("What it is for").fill(f"CRM {look.theme}")
        page.get_by_role("button", name="Make the webhook").click()
        assert page.get_by_label("Signing secret").input_value().startswith("whsec_")
        page.get_by_role("button", name="Send a test").click()
        page.get_by_role("button", name="Send again test").wait_for()
        desk.check()
        for path in (
            "/webhooks",
            "/programs",
            "/approvals",
            "/approvals?what=claims",
            "/approvals?what=tiers",
            "/audit",
        ):
            desk.open(path)
        page = desk.open("/privacy")
        with house.work() as work:
            partner = work.repository("partners").list({"status": "active"}, limit=1).rows[0]["external_id"]
        page.get_by_label("Partner", exact=True).fill(partner)
        page.get_by_role("button", name="Look").click()
        page.get_by_role("link", name="Download").wait_for()
        desk.check()
