"""The benchmark of pages: addresses, what stands for their places, and what is over a bar."""

from benchmarks import page_cases, pages
from benchmarks.page_cases import CASES, Case, Names
from domain.terms import Role

NAMES = Names({"partner": "P-1", "lead": "L-1"}, {"partner": 7, "lead": 8}, "2 partners")


def test_places_are_filled_by_either_id():
    assert NAMES.fill("/leads/{lead_id}?partner={partner}") == "/leads/8?partner=P-1"
    assert NAMES.has_all("/leads/{lead_id}", "", "/risk")
    assert not NAMES.has_all("/offers/{offer_id}")


def test_no_page_is_measured_twice():
    assert len({(case.path, case.role) for case in CASES}) == len(CASES)


def test_a_route_with_places_is_known_by_a_case():
    assert pages._same("/partners/{key:path}/deals", "/partners/{partner}/deals")
    assert not pages._same("/partners/{key:path}/deals", "/partners/{partner}")


def test_what_is_over_a_bar_is_marked():
    case = Case("/risk", Role.MANAGER, "/v1/churn-risk", True)
    line = pages._line(case, pages.Times(900.0, 120.0, 320.0, 20.0), (43.2, 2))
    assert line.count("**over**") == 2
    fine = pages._line(case, pages.Times(900.0, 60.0, 70.0, 20.0), None)
    assert "**over**" not in fine
    assert "| 3.0 |" in fine


def test_names_come_from_the_store(sqlite_engine):
    from store.unit_of_work import UnitOfWork

    with UnitOfWork(sqlite_engine) as work:
        partner = work.repository("partners").create({"external_id": "p", "name": "P", "status": "active"})
        deal = {"external_id": "d", "partner": "p", "registered_at": "2024-01-01T00:00:00Z"}
        work.repository("deals").create(deal)
        names = page_cases.names_of(work)
    assert names.ours("partner") == partner["id"]
    assert names.sizes.startswith("1 partners, 0 prospects")
