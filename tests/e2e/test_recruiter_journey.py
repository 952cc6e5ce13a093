"""A recruiter ranks, filters, opens, scores with an edit, puts aside, compares, moves one on and takes a file home."""

import csv

import pytest

from domain.context import SYSTEM
from domain.terms import Role
from tests.e2e.browser import Desk, House, Look

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning"),
]


def rows_of(house: House, resource: str, **filters: object) -> list[dict[str, object]]:
    with house.services.unit_of_work(SYSTEM, read_only=True) as work:
        found: list[dict[str, object]] = work.repository(resource).list(filters, limit=200).rows
    return found


def test_a_recruiter_finds_compares_and_moves_prospects(house: House, look: Look) -> None:
    shortlist = f"Calls of the {look.theme} week"
    with house.desk(Role.RECRUITER, look=look) as desk:
        page = desk.open("/prospects")
        # Filters are sent as soon as they change, and stand in the address.
        page.get_by_label("Status").select_option("prospect")
        page.wait_for_url("**status=prospect**", wait_until="commit")
        desk.check()
        names = page.locator("tbody th a").all_inner_texts()[:3]
        assert len(names) == 3
        page.get_by_role("link", name=names[0], exact=True).click()
        score_with_an_edit(house, desk, names[0])
        desk.open("/prospects?status=prospect")
        put_aside_and_compare(desk, names[:2], shortlist)
        assert len(rows_of(house, "shortlist_entries", shortlist=shortlist)) == 2
        page.locator("table a:visible", has_text=names[1]).first.click()
        move_on(desk)
        assert rows_of(house, "partners", name=names[1])[0]["status"] == "applied"
        desk.open("/prospects")
        with page.expect_download() as download:
            page.get_by_role("link", name="Download as CSV").click()
        with download.value.path().open(encoding="utf-8-sig", newline="") as file:
            assert names[0] in [row["name"] for row in csv.DictReader(file)]


def score_with_an_edit(house: House, desk: Desk, name: str) -> None:
    """Score a prospect as it is and as it might be, then save the change."""
    page = desk.page
    page.get_by_role("heading", name=name).wait_for()
    desk.check()
    page.get_by_role("link", name="Edit and score again").click()
    employees = page.get_by_label("Employees")
    before = employees.input_value()
    employees.fill("4321")
    desk.check()
    page.get_by_role("button", name="Score", exact=True).click()
    page.get_by_role("heading", name="What the changes do").wait_for()
    desk.check()
    assert employees.input_value() == "4321"
    assert str(rows_of(house, "partners", name=name)[0]["employees"] or "") == before
    page.get_by_role("button", name="Save these changes").click()
    page.get_by_text("Saved.").wait_for()
    assert rows_of(house, "partners", name=name)[0]["employees"] == 4321


def put_aside_and_compare(desk: Desk, names: list[str], shortlist: str) -> None:
    """Put prospects on a new shortlist, note something of the first, and compare them."""
    page = desk.page
    for name in names:
        page.get_by_label(f"Choose {name}", exact=True).check()
    page.get_by_role("combobox", name="Shortlist").fill(shortlist)
    page.get_by_role("button", name="Put aside").click()
    page.get_by_role("heading", name=shortlist).wait_for()
    desk.check()
    page.get_by_text("Add a note").first.click()
    page.get_by_label("Note on").first.fill("Call first")
    page.get_by_role("button", name="Save").first.click()
    page.get_by_text("Call first").first.wait_for()
    for name in names:
        page.get_by_label(f"Choose {name}", exact=True).check()
    page.get_by_role("button", name="Compare").click()
    page.get_by_role("heading", name="Compare prospects").wait_for()
    desk.check()


def move_on(desk: Desk) -> None:
    """Bring the prospect whose page is open to the next stage."""
    page = desk.page
    page.get_by_label("Move to").select_option("applied")
    page.get_by_label("Reason").fill("Good first talk")
    page.get_by_role("button", name="Move", exact=True).click()
    page.get_by_text("Moved to the next stage.").wait_for()
    desk.check()


def test_the_other_pages_of_recruiters_are_whole(house: House, look: Look) -> None:
    with house.desk(Role.RECRUITER, look=look) as desk:
        page = desk.open("/white-space")
        page.get_by_label("By", exact=True).select_option("country")
        page.wait_for_url("**dimension=country**", wait_until="commit")
        desk.check()
        page.locator("#results td a").first.click()
        page.get_by_label("Fills the gap").wait_for()
        desk.check()
        desk.open("/shortlists")
        desk.open("/prospects/compare")
        page = desk.open("/companies/new-score")
        page.get_by_label("Name").fill("Walked in & Sons")
        page.get_by_label("Country").fill("DE")
        page.get_by_role("button", name="Score", exact=True).click()
        page.get_by_role("heading", name="Walked in & Sons").wait_for()
        desk.check()
        page.get_by_label("Your id").fill(f"walked-in-{look.theme}")
        page.get_by_role("button", name="Add to the prospects").click()
        page.get_by_text("Added to the prospects.").wait_for()
        desk.check()
    assert rows_of(house, "partners", external_id=f"walked-in-{look.theme}")[0]["country"] == "DE"
