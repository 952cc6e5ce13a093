"""Agreements: statuses, exclusive rights, versions of terms, renewal, expiry."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest

from domain.errors import AllywiseError, Conflict, InvalidInput
from domain.terms import AgreementStatus
from programme import records
from programme.agreements import (
    add_terms,
    agreement_history,
    change_status,
    expiring_agreements,
    renew_agreement,
    tell_expiring,
)
from tests.programme.money_worlds import build, unit


@pytest.fixture
def work(engine, clock):
    build(engine, clock)
    with unit(engine, clock) as work:
        yield work


@pytest.fixture
def plain(sqlite_engine, clock):
    build(sqlite_engine, clock)
    with unit(sqlite_engine, clock) as work:
        yield work


def sign(work, key: str = "A1", partner: str = "P1", **values):
    given = {"external_id": key, "partner": partner, "valid_from": "2024-01-01", "valid_to": "2024-12-31"}
    return records.create(work, "agreements", {**given, "status": "active", **values})


@pytest.mark.parametrize(
    ("before", "after", "allowed"),
    [
        ("draft", "active", True),
        ("draft", "suspended", False),
        ("active", "draft", False),
        ("active", "suspended", True),
        ("suspended", "active", True),
        ("suspended", "ended", True),
        ("ended", "active", False),
    ],
)
def test_a_status_changes_along_the_table(plain, before, after, allowed):
    sign(plain, status=before)
    if allowed:
        assert records.change(plain, "agreements", "A1", {"status": after})["status"] == after
    else:
        with pytest.raises(Conflict, match=f"cannot become {after}"):
            records.change(plain, "agreements", "A1", {"status": after})


@pytest.mark.parametrize(
    ("mine", "theirs", "told"),
    [
        ({}, {}, ("everywhere", "all products", "2024-01-01 to 2024-12-31")),
        ({"territories": ["BR"]}, {"territories": ["BR-SP", "AR"]}, ("BR-SP", "all products")),
        ({"territories": ["*"], "products": ["crm"]}, {"territories": ["DE"]}, ("DE", "crm")),
        ({"valid_to": None}, {"valid_from": "2024-06-01"}, ("2024-06-01 to 2024-12-31",)),
        ({"products": ["crm", "erp"]}, {"products": ["erp"]}, ("erp",)),
        ({"territories": ["BR-SP"]}, {"territories": ["BR-RJ"]}, None),
        ({"products": ["crm"]}, {"products": ["erp"]}, None),
        ({"valid_to": "2024-05-31"}, {"valid_from": "2024-06-01"}, None),
        ({}, {"partner": "P1"}, None),
        ({}, {"status": "draft"}, None),
        ({}, {"exclusive": False}, None),
        ({"status": "suspended"}, {}, None),
    ],
)
def test_two_partners_never_have_the_same_exclusive_rights(plain, mine, theirs, told):
    sign(plain, "A1", **{"exclusive": True, **mine})
    second = {"key": "A2", "partner": "P2", "exclusive": True, **theirs}
    if told is None:
        sign(plain, **second)
        return
    with pytest.raises(Conflict) as refused:
        sign(plain, **second)
    assert all(word in refused.value.message for word in ("'A1'", "'P1'", *told))
    sign(plain, **{**second, "status": "draft"})
    with pytest.raises(Conflict):
        change_status(plain, "A2", AgreementStatus.ACTIVE, "signed")


def test_exclusive_rights_are_given_once_also_at_once(engine, clock):
    build(engine, clock)

    def try_to(number: int) -> bool:
        try:
            with unit(engine, clock) as work:
                sign(work, f"A{number}", f"P{number % 3 + 1}", exclusive=True, territories=["DE"])
        except AllywiseError:
            return False
        return True

    with ThreadPoolExecutor(3) as pool:
        assert sum(pool.map(try_to, range(3))) == 1


def test_what_came_by_import_may_be_changed_where_it_does_no_harm(work):
    rows = work.repository("agreements")
    for key, partner in (("A1", "P1"), ("A2", "P2")):
        given = {"external_id": key, "partner": partner, "valid_from": "2024-01-01", "status": "active"}
        rows.create({**given, "exclusive": True, "commission_rate": 12})
    assert records.change(work, "agreements", "A1", {"signed_on": "2024-01-01"})["signed_on"] == date(2024, 1, 1)
    with pytest.raises(Conflict):
        records.change(work, "agreements", "A1", {"territories": ["DE"]})
    assert records.change(work, "agreements", "A1", {"exclusive": False})["exclusive"] is False


@pytest.mark.parametrize("values", [{"commission_rate": 15}, {"commission_rate": -0.1}, {"valid_to": "2023-01-01"}])
def test_agreements_that_cannot_be(plain, values):
    with pytest.raises(InvalidInput):
        sign(plain, **values)


def test_terms_are_counted_and_never_changed_once_agreed(work):
    sign(work)
    first = add_terms(work, "A1", {"body": "30 days", "notice_days": 30})
    assert first["version"] == 1
    assert records.change(work, "terms", first["id"], {"body": "45 days"})["body"] == "45 days"
    agreed = records.change(work, "terms", first["id"], {"agreed_on": "2024-02-01"})
    assert agreed["agreed_by"] == "mia"
    with pytest.raises(Conflict, match="never changed"):
        records.change(work, "terms", first["id"], {"body": "60 days"})
    with pytest.raises(Conflict, match="never deleted"):
        records.remove(work, "terms", first["id"])
    with pytest.raises(Conflict, match="is 2"):
        records.create(work, "terms", {"agreement": "A1", "version": 3})
    assert add_terms(work, "A1", {})["version"] == 2
    assert add_terms(work, "A1", {})["version"] == 3
    with pytest.raises(Conflict, match="later versions"):
        records.remove(work, "terms", work.repository("terms").find(("A1", 2))["id"])


def test_actions_keep_their_reasons(work, clock):
    sign(work, status="draft", valid_to=None)
    for status, reason in (("active", "signed"), ("suspended", "not paid"), ("ended", "left")):
        clock.advance(days=1)
        change_status(work, "A1", AgreementStatus(status), reason)
    ended = work.repository("agreements").get("A1")
    assert (ended["valid_to"], ended["signed_on"]) == (clock().date(), date(2024, 6, 2))
    told = [(event.status, event.reason) for event in agreement_history(work, "A1") if event.status]
    assert told == [("ended", "left"), ("suspended", "not paid"), ("active", "signed"), ("draft", None)]
    with pytest.raises(Conflict, match="nothing"):
        change_status(work, "A1", AgreementStatus.ACTIVE, "again")
    with pytest.raises(InvalidInput, match="reason"):
        change_status(work, "A1", AgreementStatus.ACTIVE, " ")


def test_an_agreement_is_renewed_with_its_scope_and_terms(work):
    sign(work, territories=["DE"], products=["crm"], commission_rate=0.1, exclusive=True)
    add_terms(work, "A1", {"body": "one"})
    add_terms(work, "A1", {"body": "two", "agreed_on": "2024-01-01"})
    add_terms(work, "A1", {"body": "three, not agreed"})
    new = renew_agreement(work, "A1")
    assert (new["external_id"], new["valid_from"], new["valid_to"]) == ("A1-R1", date(2025, 1, 1), date(2025, 12, 31))
    kept = ("partner", "territories", "products", "commission_rate", "exclusive", "status")
    old = work.repository("agreements").get("A1")
    assert {name: new[name] for name in kept} == {name: old[name] for name in kept}
    assert (old["attributes"]["renewed_by"], new["attributes"]["renews"]) == ("A1-R1", "A1")
    (terms,) = work.repository("terms").list({"agreement": "A1-R1"}).rows
    assert (terms["version"], terms["body"]) == (2, "two")
    with pytest.raises(Conflict, match="renewed already"):
        renew_agreement(work, "A1")
    last = renew_agreement(work, "A1-R1", valid_to=date(2026, 3, 31))
    assert (last["external_id"], last["valid_to"]) == ("A1-R2", date(2026, 3, 31))


@pytest.mark.parametrize(
    ("values", "word"), [({"valid_to": None}, "no last day"), ({"status": "draft"}, "is draft"), ({}, None)]
)
def test_what_is_not_renewed(plain, values, word):
    sign(plain, **values)
    if word:
        with pytest.raises(Conflict, match=word):
            renew_agreement(plain, "A1")
    else:
        with pytest.raises(InvalidInput):
            renew_agreement(plain, "A1", valid_to=date(2024, 12, 31))


def test_what_expires_is_listed_and_told_once_per_threshold(work, clock):
    for key, last in (("A1", "2024-06-25"), ("A2", "2024-08-01"), ("A3", "2024-12-31"), ("A4", "2024-06-20")):
        sign(work, key, valid_to=last, status="draft" if key == "A4" else "active")
    add_terms(work, "A1", {"agreed_on": "2024-01-01", "notice_days": 10, "renews": True})
    page, cursor = expiring_agreements(work, 90, limit=1)
    assert page[0]._asdict() == {
        "agreement": "A1",
        "partner": "P1",
        "valid_to": date(2024, 6, 25),
        "days_left": 24,
        "renews": True,
        "notice_by": date(2024, 6, 15),
        "renewed_by": None,
    }
    assert [item.agreement for item in expiring_agreements(work, 90, cursor=cursor)[0]] == ["A2"]
    assert (tell_expiring(work), tell_expiring(work)) == (2, 0)
    clock.advance(days=18)
    assert (tell_expiring(work), tell_expiring(work)) == (2, 0)  # A1: 7 days, A2: 60 days
    renew_agreement(work, "A2")
    clock.advance(days=20)
    assert tell_expiring(work) == 0
