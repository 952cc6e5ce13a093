"""Repositories: rows in and out, checked, paged, scoped, with history."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine

from domain.context import SYSTEM, Actor
from domain.errors import BadCursor, Conflict, InvalidInput, NotFound, StaleVersion, UnknownReference
from domain.terms import Role
from store.history import load_history
from store.unit_of_work import UnitOfWork
from tests.conftest import NOW, FixedClock


@pytest.fixture
def work(engine: Engine, clock: FixedClock) -> Iterator[UnitOfWork]:
    with UnitOfWork(engine, clock=clock) as work:
        yield work


def partner(work: UnitOfWork, external_id: str, **values: Any) -> dict[str, Any]:
    return work.repository("partners").create({"external_id": external_id, "name": external_id.upper(), **values})


def test_row_comes_out_as_it_went_in(work: UnitOfWork) -> None:
    work.repository("programs").create({"external_id": "prog", "name": "Programme", "tiers": ["silver", "gold"]})
    row = partner(
        work,
        "p1",
        program="prog",
        country="BR",
        territories=["BR-SP", "*"],
        employees=12,
        annual_revenue="1234.5",
        founded_on="2001-02-03",
        recruited_at="2024-01-01T02:00:00+02:00",
        latitude=-23.5,
        attributes={"segment": "smb", "score": 7, "vip": True},
    )
    expected = {
        "external_id": "p1",
        "name": "P1",
        "status": "active",
        "program": "prog",
        "territories": ["BR-SP", "*"],
        "industries": [],
        "employees": 12,
        "annual_revenue": Decimal("1234.5"),
        "founded_on": date(2001, 2, 3),
        "recruited_at": datetime(2024, 1, 1, tzinfo=UTC),
        "ended_at": None,
        "attributes": {"segment": "smb", "score": 7, "vip": True},
        "row_version": 1,
        "row_created_at": NOW,
        "row_updated_at": NOW,
    }
    assert {name: row[name] for name in expected} == expected
    assert work.repository("partners").get(row["id"]) == work.repository("partners").get("p1") == row


@pytest.mark.parametrize(
    ("values", "field", "told"),
    [
        ({"status": "gone"}, "status", "prospect, applied"),
        ({"country": "XX"}, "country", "ISO 3166-1"),
        ({"employees": "many"}, "employees", "whole number"),
        ({"founded_on": "2024-02-30"}, "founded_on", "calendar"),
        ({"annual_revenue": -1}, "annual_revenue", "negative"),
        ({"latitude": 91}, "latitude", "-90 and 90"),
        ({"name": ""}, "name", "required"),
        ({"color": "red"}, "color", "attributes"),
        ({"attributes": {"x": [1]}}, "attributes.x", "number"),
        ({"row_version": 3}, "row_version", "service"),
    ],
)
def test_bad_value_is_refused_with_what_would_be_right(
    work: UnitOfWork, values: dict[str, Any], field: str, told: str
) -> None:
    with pytest.raises(InvalidInput, match=told) as caught:
        partner(work, "p1", **values)
    assert caught.value.details["field"] == field


def test_reference_to_nothing_is_refused(work: UnitOfWork) -> None:
    with pytest.raises(UnknownReference, match="'nowhere' in programs"):
        partner(work, "p1", program="nowhere")
    partner(work, "p1")
    agreement = {"external_id": "a", "partner": "p1", "valid_from": "2024-01-01", "products": ["none"]}
    with pytest.raises(UnknownReference, match="products"):
        work.repository("agreements").create(agreement)


def test_missing_required_and_wrong_order_are_refused(work: UnitOfWork) -> None:
    with pytest.raises(InvalidInput, match="name is required"):
        work.repository("partners").create({"external_id": "p"})
    partner(work, "p1")
    agreement = {"external_id": "a", "partner": "p1", "valid_from": "2024-02-01", "valid_to": "2024-01-01"}
    with pytest.raises(InvalidInput, match="before valid_from"):
        work.repository("agreements").create(agreement)


def test_same_key_twice_is_a_conflict_and_the_transaction_goes_on(work: UnitOfWork) -> None:
    partner(work, "p1")
    with pytest.raises(Conflict, match="p1"):
        partner(work, "p1")
    assert [row["external_id"] for row in work.repository("partners").list().rows] == ["p1"]


def test_equal_events_are_one(work: UnitOfWork) -> None:
    partner(work, "p1")
    activities = work.repository("activities")
    event = {"partner": "p1", "occurred_at": "2024-01-01T00:00:00Z", "kind": "login", "attributes": {"x": 1}}
    first = activities.create(event)
    assert activities.create(event) == first
    assert activities.create({**event, "quantity": 2})["id"] != first["id"]
    with pytest.raises(Conflict, match="do not change"):
        activities.patch(first["id"], {"kind": "visit"})


def test_patch_merges(work: UnitOfWork, clock: FixedClock) -> None:
    partner(work, "p1", tier="silver", city="Recife", attributes={"a": 1, "b": 2})
    later = clock.advance(days=1)
    row = work.repository("partners").patch("p1", {"tier": "gold", "city": None, "attributes": {"b": None, "c": "x"}})
    assert (row["tier"], row["city"], row["name"]) == ("gold", None, "P1")
    assert row["attributes"] == {"a": 1, "c": "x"}
    assert (row["row_version"], row["row_updated_at"]) == (2, later)


def test_patch_that_changes_nothing_leaves_version_and_history_alone(work: UnitOfWork) -> None:
    partner(work, "p1", tier="silver", annual_revenue=5)
    assert work.repository("partners").patch("p1", {"tier": "silver", "annual_revenue": "5.0"})["row_version"] == 1
    assert work.repository("changes").list().rows == []


def test_patch_of_a_stale_version_is_refused(work: UnitOfWork) -> None:
    partner(work, "p1")
    work.repository("partners").patch("p1", {"tier": "gold"}, if_version=1)
    with pytest.raises(StaleVersion, match="version is 2"):
        work.repository("partners").patch("p1", {"tier": "silver"}, if_version=1)


def test_key_cannot_be_changed(work: UnitOfWork) -> None:
    partner(work, "p1")
    with pytest.raises(InvalidInput, match="cannot be changed"):
        work.repository("partners").patch("p1", {"external_id": "p2"})


def test_patch_keeps_history_from_the_record_s_start(work: UnitOfWork, clock: FixedClock) -> None:
    recruited = datetime(2023, 1, 1, tzinfo=UTC)
    partner(work, "p1", tier="silver", recruited_at=recruited, attributes={"size": 3})
    first = clock.advance(days=1)
    work.repository("partners").patch("p1", {"tier": "gold", "industries": ["retail"], "attributes": {"size": None}})
    second = clock.advance(days=1)
    work.repository("partners").patch("p1", {"tier": None})
    kept = work.repository("changes").list(limit=100).rows
    assert sorted((row["field"], row["changed_at"], row["value"] or "") for row in kept) == [
        ("attributes.size", recruited, "3"),
        ("attributes.size", first, ""),
        ("industries", recruited, "[]"),
        ("industries", first, '["retail"]'),
        ("tier", recruited, "silver"),
        ("tier", first, "gold"),
        ("tier", second, ""),
    ]
    history = load_history(work.connection, clock())
    id_ = history.partners["id"].iloc[0]
    instants = [recruited, first, second]
    tiers = [history.value_as_of("partners", "tier", [id_], at).tolist()[0] for at in instants]
    assert tiers[:2] == ["silver", "gold"]
    assert tiers[2] != tiers[2]
    assert history.value_as_of("partners", "size", [id_, id_], instants[0]).tolist() == [3.0, 3.0]


def test_delete_is_refused_while_others_refer(work: UnitOfWork) -> None:
    partner(work, "p1")
    work.repository("products").create({"external_id": "x", "name": "X"})
    agreement = {"external_id": "a", "partner": "p1", "valid_from": "2024-01-01", "products": ["x"]}
    work.repository("agreements").create(agreement)
    for resource, key in (("partners", "p1"), ("products", "x")):
        with pytest.raises(Conflict, match="agreements"):
            work.repository(resource).delete(key)
    work.repository("agreements").delete("a")
    work.repository("products").delete("x")
    work.repository("partners").patch("p1", {"tier": "gold"})
    work.repository("partners").delete("p1")
    with pytest.raises(NotFound, match="p1"):
        work.repository("partners").get("p1")
    assert work.repository("partners").list().rows == []


def test_filters(work: UnitOfWork) -> None:
    partner(work, "p1", tier="gold", territories=["BR"], attributes={"seg": "a", "n": 5})
    partner(work, "p2", tier="gold", attributes={"seg": "b", "n": 5.5, "vip": True})
    partner(work, "p3", employees=7)
    work.repository("contacts").create({"external_id": "c", "partner": "p2", "name": "C"})

    def found(filters: dict[str, Any], resource: str = "partners") -> list[str]:
        return [row["external_id"] for row in work.repository(resource).list(filters).rows]

    assert found({"tier": "gold"}) == ["p1", "p2"]
    assert found({"tier": None}) == ["p3"]
    assert found({"employees": "7"}) == ["p3"]
    assert found({"territories": "BR"}) == ["p1"]
    assert found({"attributes.seg": "b", "tier": "gold"}) == ["p2"]
    assert found({"attributes.n": "5"}) == ["p1"]
    assert found({"attributes.vip": "true"}) == ["p2"]
    assert found({"attributes.seg": None}) == ["p3"]
    assert found({"partner": "p2"}, "contacts") == ["c"]
    with pytest.raises(InvalidInput, match="cannot be filtered"):
        found({"shoe_size": "1"})


SORTS: list[tuple[str | None, Callable[[int], Any]]] = [
    (None, lambda n: n),
    ("-id", lambda n: -n),
    ("employees", lambda n: (n % 3 == 0, n % 4, n)),
    ("-employees", lambda n: (n % 3 == 0, -(n % 4), -n)),
    ("annual_revenue", lambda n: (n % 5, n)),
    ("recruited_at", lambda n: (n % 2, n)),
    ("-row_created_at", lambda n: -n),
]


@pytest.mark.parametrize(("sort", "key"), SORTS)
def test_pages_in_any_order_give_every_row_once(work: UnitOfWork, sort: str | None, key: Callable[[int], Any]) -> None:
    for n in range(11):
        revenue, recruited = n % 5 + 0.1, f"2024-01-0{n % 2 + 1}T00:00:00.000001Z"
        employees = None if n % 3 == 0 else n % 4
        partner(work, f"p{n}", employees=employees, annual_revenue=revenue, recruited_at=recruited)
    order = sorted(range(11), key=lambda n: (n % 3 == 0, -n) if sort == "-employees" and n % 3 == 0 else key(n))
    if sort in ("employees", "-employees"):
        full = [n for n in order if n % 3]
        empty = [n for n in range(11) if n % 3 == 0]
        order = full + (empty if sort == "employees" else empty[::-1])
    seen: list[str] = []
    cursor = None
    while True:
        page = work.repository("partners").list(sort=sort, cursor=cursor, limit=3)
        seen += [row["external_id"] for row in page.rows]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == [f"p{n}" for n in order]


def test_rows_added_meanwhile_do_not_shift_the_next_page(work: UnitOfWork) -> None:
    for name in "bdfh":
        partner(work, name)
    page = work.repository("partners").list(sort="external_id", limit=2)
    partner(work, "a")
    partner(work, "e")
    following = work.repository("partners").list(sort="external_id", cursor=page.next_cursor, limit=10)
    assert [row["external_id"] for row in page.rows + following.rows] == ["b", "d", "e", "f", "h"]


def test_cursor_of_another_list_is_refused(work: UnitOfWork) -> None:
    for name in "abc":
        partner(work, name)
    partners = work.repository("partners")
    cursor = partners.list(sort="name", limit=1).next_cursor
    for bad, sort, filters in ((cursor, "-name", {}), (cursor, "name", {"tier": "x"}), ("nonsense", "name", {})):
        with pytest.raises(BadCursor):
            partners.list(filters, sort=sort, cursor=bad)
    with pytest.raises(InvalidInput, match="sorted"):
        partners.list(sort="territories")
    with pytest.raises(InvalidInput, match="limit"):
        partners.list(limit=0)


def test_partner_sees_its_own_rows_only(engine: Engine, clock: FixedClock) -> None:
    with UnitOfWork(engine, SYSTEM, clock) as work:
        mine, _ = partner(work, "mine", tier="gold"), partner(work, "other")
        for name in ("mine", "other"):
            work.repository("leads").create({"external_id": f"lead-{name}", "created_at": NOW})
            offer = {"lead": f"lead-{name}", "partner": name, "offered_at": NOW}
            work.repository("assignments").create(offer)
            work.repository("deals").create({"external_id": f"deal-{name}", "partner": name, "registered_at": NOW})
        work.repository("partners").patch("mine", {"tier": "x"})
        work.repository("assets").create({"external_id": "asset", "title": "For all"})
    with UnitOfWork(engine, Actor("them", Role.PARTNER, mine["id"]), clock) as work:
        for resource, wanted in (("partners", "mine"), ("leads", "lead-mine"), ("deals", "deal-mine")):
            assert [row["external_id"] for row in work.repository(resource).list().rows] == [wanted]
            with pytest.raises(NotFound):
                work.repository(resource).get(wanted.replace("mine", "other"))
        assert len(work.repository("assignments").list().rows) == 1
        assert len(work.repository("assets").list().rows) == 1
        assert work.repository("changes").list().rows == []
        with pytest.raises(NotFound):
            work.repository("deals").create({"external_id": "d", "partner": "other", "registered_at": NOW})
        with pytest.raises(NotFound):
            work.repository("deals").patch("deal-mine", {"partner": "other"})


def test_defaults_are_those_of_the_import_format(engine: Engine, clock: FixedClock) -> None:
    with UnitOfWork(engine, clock=clock, currency="EUR") as work:
        assert partner(work, "p1")["status"] == "prospect"
        deal = work.repository("deals").create({"external_id": "d", "partner": "p1", "registered_at": NOW})
    assert (deal["status"], deal["currency"], deal["outcome"]) == ("approved", "EUR", None)


def test_nothing_is_kept_after_an_exception(engine: Engine) -> None:
    def fail_after_writing() -> None:
        with UnitOfWork(engine) as work:
            partner(work, "p1")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_after_writing()
    with UnitOfWork(engine, read_only=True) as work:
        assert work.repository("partners").list().rows == []
    with pytest.raises(RuntimeError, match="'with' block"):
        UnitOfWork(engine).repository("deals")


def test_reader_sees_one_snapshot_while_another_writes(engine: Engine) -> None:
    with UnitOfWork(engine, read_only=True) as reader:
        assert reader.repository("partners").list().rows == []
        with UnitOfWork(engine) as writer:
            partner(writer, "p1")
        assert reader.repository("partners").list().rows == []
    with UnitOfWork(engine, read_only=True) as reader:
        assert len(reader.repository("partners").list().rows) == 1
