"""A manager's week: who is at risk, what to do, what came of it; alerts; the digest."""

import shutil
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from domain.terms import ModelName, Role
from intelligence.scoring.churn import score_churn
from programme import records
from programme.alert_kinds import KINDS
from programme.alerts import raise_alert
from store.alerts import Draft
from tests.e2e.browser import House, Look
from tests.programmes import END

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning"),
]


@pytest.fixture(scope="module")
def scored(house: House) -> House:
    """Return the house with scores, and those of a week before beside them."""
    for horizon in (30, 90):
        score_churn(house.services.intelligence, END, horizon, store=True)
    with house.work() as work:
        newest = work.scores.latest(ModelName.CHURN, 90).values()
        work.scores.put_many(one._asdict() | {"as_of": END - timedelta(days=7)} for one in newest)
    return house


def test_from_the_risk_list_to_what_came_of_it(scored: House, look: Look) -> None:
    title = f"Call about the spring offer, {look.theme}"
    with scored.desk(Role.MANAGER, look=look) as desk:
        page = desk.open("/risk")
        manager = page.get_by_label("Account manager").locator("option").nth(1).get_attribute("value")
        page.get_by_label("Account manager").select_option(manager)
        page.wait_for_url("**account_manager=**")
        desk.check()
        assert page.locator("#results").get_by_text(manager).count() > 0
        page.get_by_text("Dates and factors").first.click()
        desk.check()
        page.get_by_role("link", name="Plan an action for").first.click()
        desk.check()
        page.get_by_label("What is to be done").fill(title)
        page.get_by_label("Due").fill("2026-03-09")
        page.get_by_role("button", name="Save").click()
        assert page.get_by_role("status").inner_text() == "The action is planned."
        assert "account_manager=" in page.url
        assert page.get_by_role("link", name=title).count() == 1
        desk.check()
        desk.open("/interventions")
        page.get_by_role("button", name=f"Done: {title}").click()
        desk.check()
        page.get_by_role("link", name="What came of them").click()
        desk.check()
        assert page.get_by_text("Too few to tell").count() == 2
        page.get_by_role("link", name=title).click()
        desk.check()
    with scored.work() as work:
        (row,) = [one for one in work.repository("interventions").list().rows if one["title"] == title]
        partner = work.repository("partners").get(row["partner"])
        newest = work.scores.latest(ModelName.CHURN, 90, partner_ids=[partner["id"]])[partner["id"]]
    assert (row["done_at"], row["planned_at"], partner["account_manager"]) == (END, END, manager)
    assert row["p_inactive_before"] == pytest.approx(newest.p)
    assert row["owner"] == "browser of manager"


def test_what_is_refused_is_said_and_what_was_typed_stays(scored: House, look: Look) -> None:
    with scored.desk(Role.MANAGER, look=look) as desk:
        page = desk.open("/interventions/new")
        page.get_by_label("Partner's id").fill("nobody")
        page.get_by_label("What is to be done").fill("Visit <b>")
        page.get_by_role("button", name="Save").click()
        page.get_by_role("alert").or_(page.locator("p.problem")).first.wait_for()
        assert page.get_by_label("What is to be done").input_value() == "Visit <b>"
        desk.said.clear()  # the browser itself complains of a page with status 422
        desk.check()


def test_alerts_are_read_and_resolved(scored: House, look: Look) -> None:
    with scored.work() as work:
        partner = work.repository("partners").list({"status": "active"}, limit=1).rows[0]
        ids = [
            raise_alert(work, Draft("message", "info", f"{what} of {look.theme}", f"{what}/{look.theme}", "notes",
                                    partner_id=partner["id"]), scored.services.settings)
            for what in ("News", "More")
        ]  # fmt: skip
    with scored.desk(Role.MANAGER, look=look) as desk:
        page = desk.open("/alerts")
        assert page.get_by_role("link", name="Alerts").first.inner_text().split()[1].isdigit()
        page.get_by_label(f"News of {look.theme}").check()
        page.get_by_role("button", name="Mark as read").click()
        assert page.get_by_role("status").inner_text() == "Marked as read."
        for what in ("News", "More"):
            page.get_by_label(f"{what} of {look.theme}").check()
        page.get_by_role("button", name="Resolve").click()
        desk.check()
        assert page.get_by_text(f"News of {look.theme}").count() == 0
        page.get_by_label("State").select_option("resolved")
        page.wait_for_url("**state=resolved**")
        assert page.get_by_text(f"News of {look.theme}").count() == 1
        desk.check()
        page.get_by_role("link", name="How you are told").click()
        page.get_by_label("Message by webhook").select_option("daily")
        page.get_by_role("button", name="Save").click()
        assert page.get_by_label("Message by webhook").input_value() == "daily"
        desk.check()
    with scored.work() as work:
        assert all(work.alerts.get(id_, set(KINDS)).resolved_at == END for id_ in ids if id_)


def test_the_digest_is_read_and_taken_away(scored: House, look: Look, tmp_path: Path) -> None:
    with scored.work() as work:
        partner = work.repository("partners").list({"status": "active"}, limit=1).rows[0]
        values = {"partner": partner["external_id"], "title": f"Renewal of {look.theme}", "due_on": "2026-03-03"}
        records.create(work, "interventions", values)
    with scored.desk(Role.MANAGER, look=look) as desk:
        page = desk.open("/digest")
        assert page.get_by_text(f"Renewal of {look.theme}").count() == 1
        with page.expect_download() as download:
            page.get_by_role("link", name="Download as PDF").click()
        file = tmp_path / "digest.pdf"
        download.value.save_as(file)
        page.get_by_role("link", name="Week of").first.click()
        desk.check()
        page.get_by_role("link", name="Next week").click()
        page.get_by_label("Only my partners").check()
        page.wait_for_url("**mine=1**")
        desk.check()
    assert download.value.suggested_filename == "digest-2026-02-23.pdf"
    body = file.read_bytes()
    assert body.startswith(b"%PDF-")
    assert b"%%EOF" in body[-16:]
    if shutil.which("pdftotext"):
        text = subprocess.run(["pdftotext", "-layout", file, "-"], capture_output=True, check=True).stdout.decode()
        assert f"Renewal of {look.theme}" in text
        assert partner["name"] in text
