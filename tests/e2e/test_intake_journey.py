"""A recruiter brings companies in by a file, sees what is wrong with it, and moves one through the pipeline."""

from pathlib import Path

import pytest

from domain.context import SYSTEM
from domain.terms import Role
from tests.e2e.browser import Desk, House, Look
from worker.handlers import WorkerContext
from worker.loop import run_one

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning"),
]

FAULTY = "external_id,name,status,country,employees\n{id}-1,Nova {id},prospect,XX,120\n{id}-2,Bruma {id},,PT,many\n"


def status_of(house: House, key: str) -> object:
    with house.services.unit_of_work(SYSTEM, read_only=True) as work:
        row = work.repository("partners").find((key,))
    return None if row is None else row["status"]


def do_jobs(house: House) -> None:
    """Do what waits for the worker, and only that: what is planned for the night stays."""
    services = house.services
    context = WorkerContext(services.settings, services.intelligence, services.clock)
    while run_one(context):
        pass


def test_a_recruiter_uploads_mends_imports_and_finds_a_company(house: House, look: Look, tmp_path: Path) -> None:
    name = f"up-{look.theme}"
    file = tmp_path / "candidates.csv"
    file.write_text(FAULTY.format(id=name), encoding="utf-8")
    with house.desk(Role.RECRUITER, look=look) as desk:
        page = desk.open("/uploads")
        page.get_by_label("CSV, JSON Lines or Parquet").set_input_files(file)
        page.get_by_role("button", name="Look it through").click()
        page.get_by_text("is no country").wait_for()
        assert page.get_by_text("must be a whole number").is_visible()
        desk.check()
        assert status_of(house, f"{name}-1") is None
        file.write_text(FAULTY.format(id=name).replace("XX", "ES").replace("many", "40"), encoding="utf-8")
        page.get_by_role("link", name="Upload a mended file").click()
        page.get_by_label("CSV, JSON Lines or Parquet").set_input_files(file)
        page.get_by_role("button", name="Look it through").click()
        page.get_by_role("button", name="Import", exact=True).click()
        page.get_by_role("status").filter(has_text="Waits for the worker.").wait_for()
        desk.check()
        do_jobs(house)
        page.get_by_role("heading", name="What was imported").wait_for()
        desk.check()
        assert status_of(house, f"{name}-2") == "prospect"
        page.get_by_role("link", name=f"Nova {name}").click()
        page.get_by_role("heading", name=f"Nova {name}").wait_for()
        desk.check()
        move_through(house, desk, f"{name}-1", f"Nova {name}")


def move_through(house: House, desk: Desk, key: str, name: str) -> None:
    """Bring a company from prospect to onboarding on the board, do a task of its own, and look at all on the way."""
    page = desk.open("/pipeline?stage=prospect&country=ES&order=waiting")
    desk.check()
    page.get_by_role("button", name=f"Move {name} to applied").click()
    page.get_by_text("Moved to the next stage.").wait_for()
    page = desk.open("/pipeline?stage=applied&country=ES")
    page.get_by_role("button", name=f"Move {name} to onboarding").click()
    page.get_by_text("Moved to the next stage.").wait_for()
    assert status_of(house, key) == "onboarding"
    page = desk.open(f"/onboarding?partner={key}")
    page.get_by_text("Add a task").click()
    page.get_by_label("What is to be done").fill("Call the founder")
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_role("button", name="Done: Call the founder").click()
    page.get_by_text("Ticked off.").wait_for()
    desk.check()
    page = desk.open("/pipeline?stage=onboarding&country=ES")
    page.get_by_role("link", name=f"Reject {name}").click()
    page.get_by_label("Reason").fill("Sells for a rival")
    desk.check()
    page.get_by_role("button", name="Move", exact=True).click()
    page.get_by_text("Moved to the next stage.").wait_for()
    assert status_of(house, key) == "rejected"


def test_criteria_are_made_and_a_company_is_rated(house: House, look: Look) -> None:
    criterion = f"Knows the {look.theme} market"
    with house.desk(Role.RECRUITER, look=look) as desk:
        page = desk.open("/qualification/criteria")
        new = page.locator("section").filter(has_text="Another criterion")
        new.get_by_label("Name").fill(criterion)
        new.get_by_role("button", name="Add", exact=True).click()
        page.get_by_text("Saved.").wait_for()
        desk.check()
        page = desk.open("/qualification")
        page.get_by_role("link", name="Rate ").first.click()
        page.get_by_role("group", name=criterion).get_by_label("4", exact=True).check()
        page.get_by_label(f"Comment on {criterion}").fill("Many references")
        page.get_by_role("button", name="Save", exact=True).click()
        page.get_by_text("Saved.").wait_for()
        desk.check()
        for path in ("/pipeline", "/onboarding", "/qualification?rated=yes", "/uploads"):
            desk.open(path)
    with house.work() as work:
        ratings = work.repository("ratings").list({"comment": "Many references"}, limit=10).rows
    assert {row["score"] for row in ratings} == {4.0}
