"""A manager's portfolio: asked for by a filter, or, by a setting, all that the manager sees."""

from api import answers
from domain.context import SYSTEM
from domain.terms import Role
from intelligence.scoring.fit import score_fit
from tests.api.people import add_partners, add_person, service, signed_in


def names(browser, **query):
    return [row["external_id"] for row in browser.get("/v1/partners", params=query).json()["items"]]


def test_a_manager_asks_for_the_own_portfolio(sqlite_engine, tmp_path, clock):
    with service(sqlite_engine, tmp_path, clock) as client:
        add_partners(sqlite_engine, clock, "p1", account_manager="Ann Ash")
        add_partners(sqlite_engine, clock, "p2", account_manager="ann@vendor.example")
        add_partners(sqlite_engine, clock, "p3", account_manager="Bob")
        add_person(client, "ann@vendor.example", Role.MANAGER, name="Ann Ash")
        ann = signed_in(client, "ann@vendor.example")
        assert names(ann) == ["p1", "p2", "p3"]
        assert names(ann, portfolio="mine") == ["p1", "p2"]


def test_a_setting_confines_managers_and_nobody_else(sqlite_engine, tmp_path, clock):
    with service(sqlite_engine, tmp_path, clock, managers_see_portfolio_only=True) as client:
        add_partners(sqlite_engine, clock, "p1", account_manager="ANN ash")
        add_partners(sqlite_engine, clock, "p2", account_manager="Bob")
        for name, role in (("ann", Role.MANAGER), ("ida", Role.ANALYST)):
            add_person(client, f"{name}@vendor.example", role, name=f"{name.title()} Ash")
        ann, ida = signed_in(client, "ann@vendor.example"), signed_in(client, "ida@vendor.example")
        assert (names(ann), names(ida)) == (["p1"], ["p1", "p2"])
        assert ann.get("/v1/partners/p2").status_code == 404
        assert ann.patch("/v1/partners/p2", json={"tier": "gold"}).status_code == 404
        assert ann.get("/v1/partners/p2/recommendations").status_code == 404
        deal = {"external_id": "d1", "partner": "p2", "registered_at": "2024-05-01T00:00:00Z"}
        assert ann.post("/v1/deals", json=deal).status_code == 404
        assert ann.post("/v1/deals", json=deal | {"partner": "p1"}).status_code == 201


def test_risks_outside_a_portfolio_are_not_listed(client):
    services = client.app.state.services
    found = answers.churn_risk(services, None, None, {}, 250).items
    managers = {row.partner: row.account_manager for row in found}
    manager = next(name for name in managers.values() if name)
    listed = answers.churn_risk(services, None, None, {}, 250, portfolio=frozenset({manager.upper()})).items
    assert [row.partner for row in listed] == [row.partner for row in found if managers[row.partner] == manager]
    assert 0 < len(listed) < len(found)


def test_a_confined_manager_ranks_own_prospects_that_still_are_some(sqlite_engine, tmp_path, clock):
    with service(sqlite_engine, tmp_path, clock, managers_see_portfolio_only=True) as client:
        add_partners(sqlite_engine, clock, "p1", "p3", status="prospect", account_manager="Ann Ash")
        add_partners(sqlite_engine, clock, "p2", status="prospect")
        for name, role in (("ann", Role.MANAGER), ("ida", Role.ANALYST)):
            add_person(client, f"{name}@vendor.example", role, name=f"{name.title()} Ash")
        ann, ida = signed_in(client, "ann@vendor.example"), signed_in(client, "ida@vendor.example")

        def ranked(browser):
            items = browser.get("/v1/prospects/ranking").json()["items"]
            return sorted(item["partner"] for item in items)

        assert (ranked(ann), ranked(ida)) == (["p1", "p3"], ["p1", "p2", "p3"])
        services = client.app.state.services
        score_fit(services.intelligence, services.clock(), store=True)
        with services.unit_of_work(SYSTEM) as work:
            work.repository("partners").patch("p3", {"status": "rejected"})
            work.repository("partners").patch("p1", {"status": "applied"})
        assert (ranked(ann), ranked(ida)) == (["p1"], ["p1", "p2"])
        page = ida.get("/prospects").text
        assert "/prospects/p1" in page
        assert "/prospects/p3" not in page
