"""Point-in-time reads: what was known at an instant, and nothing that became known later."""

import math
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal, assert_series_equal
from sqlalchemy import Engine

from domain.resources import LEARNED
from store.frames import frame_name
from store.history import History, load_history
from store.unit_of_work import UnitOfWork
from tests.conftest import FixedClock

T = datetime(2024, 6, 1, tzinfo=UTC)
BEFORE, AFTER = T - timedelta(days=1), T + timedelta(days=1)
MICROSECOND = timedelta(microseconds=1)


def day(text: str) -> pd.Timestamp:
    return pd.Timestamp(text)


def add(work: UnitOfWork, resource: str, *rows: dict[str, Any]) -> None:
    for row in rows:
        work.repository(resource).create(row)


def programme(engine: Engine, clock: FixedClock) -> None:
    """Fill a store with rows known before, at, and after T."""
    with UnitOfWork(engine, clock=clock) as work:
        add(work, "programs", {"external_id": "prog", "name": "Programme", "tiers": ["silver", "gold"]})
        add(work, "products", {"external_id": "x", "name": "X"})
        add(
            work,
            "partners",
            {"external_id": "old", "name": "Old", "recruited_at": BEFORE, "ended_at": AFTER, "status": "ended"},
            {"external_id": "future", "name": "Zukünftig 🙂", "recruited_at": AFTER, "program": "prog"},
            {"external_id": "prospect", "name": "P", "territories": ["BR", "AR"], "annual_revenue": "12.34"},
        )
        for name, instant in (("early", BEFORE), ("now", T), ("late", AFTER)):
            on = instant.date().isoformat()
            add(work, "leads", {"external_id": f"lead-{name}", "created_at": instant, "product": "x"})
            deal = {"partner": "old", "outcome": "won", "amount": "10.5", "closed_at": AFTER, "stage": "s"}
            add(work, "deals", {"external_id": f"deal-{name}", "registered_at": instant, **deal})
            answer = {"response": "accepted", "responded_at": AFTER if name == "early" else T}
            offer = {"lead": "lead-early", "partner": "old", "offered_at": instant, **answer}
            add(work, "assignments", offer)
            event = {"partner": "old", "occurred_at": BEFORE, "kind": "login", "recorded_at": instant}
            add(work, "activities", event)
            add(work, "activities", {"partner": "old", "occurred_at": instant, "kind": "visit"})
            agreement = {"external_id": f"a-{name}", "partner": "old", "valid_from": on, "products": ["x"]}
            add(work, "agreements", {**agreement, "exclusive": name == "now"})
            add(work, "certifications", {"partner": "old", "course": "c", "passed_on": on})
            add(work, "feedback", {"partner": "old", "submitted_at": instant, "kind": "nps", "score": 9})
            goal = {"partner": "old", "metric": "m", "period_start": on, "period_end": "2025-01-01", "target": 1}
            add(work, "goals", goal)
            add(work, "assets", {"external_id": f"asset-{name}", "title": "A", "published_at": instant})
        signed = {"external_id": "a-signed", "partner": "old", "signed_on": "2024-05-01", "valid_from": "2024-07-01"}
        add(work, "agreements", signed)
        add(work, "assets", {"external_id": "asset-undated", "title": "A"})
        add(work, "contacts", {"external_id": "c", "partner": "old", "name": "C"})
        add(work, "offers", {"external_id": "o", "title": "O", "countries": ["BR"], "valid_from": "2025-01-01"})


def loaded(engine: Engine, until: datetime) -> History:
    with UnitOfWork(engine, read_only=True) as work:
        return load_history(work.connection, until)


def test_only_what_was_known_is_there(engine: Engine, clock: FixedClock) -> None:
    programme(engine, clock)
    history = loaded(engine, T)
    assert history.until == np.datetime64("2024-06-01T00:00:00.000000")
    ids = {name: history.frame(name)["external_id"].tolist() for name in ("leads", "deals", "agreements", "assets")}
    assert ids == {
        "leads": ["lead-early", "lead-now"],
        "deals": ["deal-early", "deal-now"],
        "agreements": ["a-early", "a-now", "a-signed"],
        "assets": ["asset-undated", "asset-early", "asset-now"],
    }
    counts = {name: len(history.frame(name)) for name in ("assignments", "certifications", "feedback", "goals")}
    assert counts == {"assignments": 2, "certifications": 2, "feedback": 2, "goals": 2}
    assert history.activities["kind"].tolist() == ["login", "visit", "login", "visit"]
    assert sorted(history.activities["recorded_at"]) == [day("2024-05-31")] * 2 + [day("2024-06-01")] * 2
    assert (len(history.contacts), len(history.offers), len(history.products)) == (1, 1, 1)


def test_later_outcomes_are_empty(engine: Engine, clock: FixedClock) -> None:
    programme(engine, clock)
    history = loaded(engine, T)
    assert history.deals[["outcome", "closed_at"]].isna().all(axis=None)
    assert history.deals["amount"].tolist() == [10.5, 10.5]
    assert history.assignments["response"].tolist()[1:] == ["accepted"]
    assert history.assignments[["response", "responded_at"]].isna().all(axis=1).tolist() == [True, False]
    later = loaded(engine, AFTER)
    assert later.deals["outcome"].tolist() == ["won"] * 3
    assert later.assignments["responded_at"].tolist() == [day("2024-06-02"), day("2024-06-01"), day("2024-06-01")]


def test_partners_are_as_they_were(engine: Engine, clock: FixedClock) -> None:
    programme(engine, clock)
    partners = loaded(engine, T).partners.set_index("external_id")
    assert partners["status"].to_dict() == {"old": "active", "future": "prospect", "prospect": "prospect"}
    assert partners["recruited_at"].isna().to_dict() == {"old": False, "future": True, "prospect": True}
    assert partners["ended_at"].isna().all()
    partners = loaded(engine, AFTER).partners.set_index("external_id")
    assert partners["status"].to_dict() == {"old": "ended", "future": "active", "prospect": "prospect"}


def test_frames_follow_the_conventions(engine: Engine, clock: FixedClock) -> None:
    programme(engine, clock)
    history = loaded(engine, T)
    partners = history.partners.set_index("external_id")
    assert partners.loc["prospect", "territories"] == ("BR", "AR")
    assert partners.loc["old", "territories"] == ()
    assert partners.loc["future", "name"] == "Zukünftig 🙂"
    assert partners.loc["future", "program_id"] == history.programs["id"].iloc[0]
    assert partners.loc["prospect", "program_id"] == -1
    assert partners["annual_revenue"].tolist()[2] == 12.34
    assert history.agreements["products"].tolist() == [("x",), ("x",), ()]
    assert history.agreements["exclusive"].tolist()[:2] == [0.0, 1.0]
    for name, empty in ((name, History.of(T).frame(name)) for name in LEARNED):
        frame = history.frame(name)
        assert frame.dtypes.to_dict() == empty.dtypes.to_dict()
        assert list(frame.columns) == ["id", *(frame_name(column) for column in LEARNED[name].columns)]


def test_instants_are_exact_to_the_microsecond(engine: Engine, clock: FixedClock) -> None:
    instants = [
        datetime(1901, 1, 1, 0, 0, 0, 1, tzinfo=UTC),
        datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
        datetime(2024, 2, 29, 12, 0, 0, 123_457, tzinfo=UTC),
    ]
    with UnitOfWork(engine, clock=clock) as work:
        for n, instant in enumerate(instants):
            add(work, "leads", {"external_id": str(n), "created_at": instant})
        founded = {"external_id": "p", "name": "P", "founded_on": date(1850, 3, 1)}
        add(work, "partners", founded)
    history = loaded(engine, T)
    assert history.leads["created_at"].dt.tz_localize("UTC").tolist() == [pd.Timestamp(at) for at in instants]
    assert history.partners["founded_on"].tolist() == [day("1850-03-01")]
    assert len(loaded(engine, instants[2] - MICROSECOND).leads) == 2
    assert len(loaded(engine, instants[2]).leads) == 3


def test_attributes_are_typed_over_what_was_known(engine: Engine, clock: FixedClock) -> None:
    with UnitOfWork(engine, clock=clock) as work:
        for n, (instant, attributes) in enumerate(
            [
                (BEFORE, {"number": 1, "flag": True, "code": "007", "mixed": 5, "late": 1.5}),
                (BEFORE, {"number": 2.5, "flag": False, "code": 8, "mixed": "five"}),
                (AFTER, {"late": "text", "unheard": 1}),
            ]
        ):
            add(work, "leads", {"external_id": str(n), "created_at": instant, "attributes": attributes})
    leads = loaded(engine, T).leads.filter(like="attributes.")
    assert leads["attributes.number"].tolist() == [1.0, 2.5]
    assert leads["attributes.flag"].tolist() == [1.0, 0.0]
    assert leads["attributes.code"].tolist() == ["007", "8"]
    assert leads["attributes.mixed"].tolist() == ["5", "five"]
    assert leads["attributes.late"].dtype == np.float64
    assert "attributes.unheard" not in leads
    assert loaded(engine, AFTER).leads["attributes.late"].tolist()[::2] == ["1.5", "text"]


def test_only_wanted_resources_are_read(engine: Engine, clock: FixedClock) -> None:
    programme(engine, clock)
    with UnitOfWork(engine, read_only=True) as work:
        history = load_history(work.connection, T, resources=("partners",))
    assert (len(history.partners), len(history.leads)) == (3, 0)


def test_empty_store_is_an_empty_history(engine: Engine) -> None:
    history = loaded(engine, T)
    assert all(history.frame(name).empty for name in LEARNED)
    assert history.status_as_of([], T).tolist() == []
    assert history.status_as_of([1], T).isna().tolist() == [True]
    assert history.value_as_of("partners", "tier", [1], T).isna().tolist() == [True]


def test_load_until_then_is_load_until_later_cut_to_then(engine: Engine, clock: FixedClock) -> None:
    programme(engine, clock)
    with UnitOfWork(engine, clock=clock) as work:
        clock.now = T - timedelta(hours=1)
        for name in ("old", "prospect"):
            change = {"tier": "gold", "program": "prog", "attributes": {"size": 3, "vip": True}, "languages": ["pt"]}
            work.repository("partners").patch(name, change)
        clock.now = T + timedelta(hours=1)
        change = {"tier": None, "status": "inactive", "attributes": {"size": "large"}, "employees": 5}
        work.repository("partners").patch("old", change)
        work.repository("deals").patch("deal-early", {"stage": "later", "amount": 99})
    history, later = loaded(engine, T), loaded(engine, AFTER)
    cut = later.known_by(T)
    for name in LEARNED:
        assert_frame_equal(history.frame(name), cut.frame(name))
    ids = np.repeat(history.partners["id"].to_numpy(), 5)
    instants = np.tile(pd.date_range("2024-05-29", "2024-06-01", periods=5).to_numpy(), 3)
    assert_series_equal(history.status_as_of(ids, instants), later.status_as_of(ids, instants))
    for field in ("tier", "program", "languages", "employees", "attributes.vip"):
        then = history.value_as_of("partners", field, ids, instants)
        assert_series_equal(then, later.value_as_of("partners", field, ids, instants))
    assert history.value_as_of("partners", "attributes.size", ids[:1], T).tolist() == [3.0]
    assert later.value_as_of("partners", "attributes.size", ids[:1], T).tolist() == ["3"]
    assert later.value_as_of("partners", "attributes.size", ids[:1], AFTER).tolist() == ["large"]
    assert history.deals["stage"].tolist()[0] == "s"
    assert later.deals["amount"].tolist()[0] == 99.0


def changes(*rows: tuple[str, str, str, str | None], resource: str = "partners") -> pd.DataFrame:
    columns = ["external_id", "field", "changed_at", "value"]
    return pd.DataFrame(list(rows), columns=columns).assign(resource=resource)


def test_value_as_of_follows_changes_row_by_row() -> None:
    history = History.of(
        "2024-12-31",
        partners=pd.DataFrame({"external_id": ["a", "b"], "tier": ["gold", "silver"], "employees": [9, 5]}),
        changes=changes(
            ("a", "tier", "2024-03-01", "gold"),
            ("a", "tier", "2024-01-01", "bronze"),
            ("a", "tier", "2024-02-01", None),
            ("a", "employees", "2024-05-01", "7"),
            ("a", "segment", "2024-01-01", "smb"),
            ("b", "attributes.segment", "2024-02-01", "enterprise"),
            ("a", "territories", "2024-01-01", "BR;AR"),
            ("a", "territories", "2024-02-01", '["CL"]'),
            ("nobody", "tier", "2024-01-01", "x"),
        ),
    )
    instants = np.array(["2023-12-31", "2024-01-01", "2024-02-15", "2024-03-01"], dtype="datetime64[us]")
    tiers = history.value_as_of("partners", "tier", [1, 1, 1, 1], instants)
    assert tiers.fillna("-").tolist() == ["-", "bronze", "-", "gold"]
    assert history.value_as_of("partners", "tier", [2, 9], instants[:2]).fillna("-").tolist() == ["silver", "-"]
    employees = history.value_as_of("partners", "employees", pd.Series([1, 1, 2], index=[7, 8, 9]), "2024-06-01")
    assert_series_equal(employees, pd.Series([7.0, 7.0, 5.0], index=[7, 8, 9]), check_names=False)
    assert math.isnan(history.value_as_of("partners", "employees", [1], "2024-04-30").iloc[0])
    for name in ("segment", "attributes.segment"):
        assert history.value_as_of("partners", name, [1, 2], "2024-02-01").tolist() == ["smb", "enterprise"]
    assert history.partners["attributes.segment"].tolist() == ["smb", "enterprise"]
    lists = history.value_as_of("partners", "territories", [1, 1, 1, 2], instants)
    assert lists.tolist() == [(), ("BR", "AR"), ("CL",), ()]
    assert history.value_as_of("partners", "nothing", [1], "2024-06-01").isna().all()


STATUSES = [
    # row, changes of status, as of, expected
    ({}, [], "2024-06-01", "prospect"),
    ({"recruited_at": "2024-01-01"}, [], "2023-12-31", "prospect"),
    ({"recruited_at": "2024-01-01"}, [], "2024-01-01", "active"),
    ({"recruited_at": "2024-01-01", "ended_at": "2024-05-01"}, [], "2024-04-30", "active"),
    ({"recruited_at": "2024-01-01", "ended_at": "2024-05-01"}, [], "2024-05-01", "ended"),
    ({"recruited_at": "2024-01-01", "ended_at": "2024-05-01", "status": "ended"}, [], "2024-04-30", "active"),
    ({"recruited_at": "2024-01-01", "ended_at": "2024-05-01", "status": "inactive"}, [], "2024-04-30", "active"),
    ({"recruited_at": "2024-01-01", "status": "ended"}, [], "2024-04-30", "ended"),
    ({"status": "applied"}, [], "2024-04-30", "applied"),
    ({"recruited_at": "2024-01-01"}, [("2024-02-01", "inactive")], "2024-01-15", "active"),
    ({"recruited_at": "2024-01-01"}, [("2024-02-01", "inactive")], "2024-02-01", "inactive"),
    ({"status": "active"}, [("2024-02-01", "applied"), ("2024-03-01", "active")], "2024-01-01", "prospect"),
    ({"status": "active"}, [("2024-02-01", "applied"), ("2024-03-01", "active")], "2024-02-10", "applied"),
    ({"ended_at": "2024-04-01"}, [("2024-02-01", "active")], "2024-04-01", "ended"),
    ({"ended_at": "2024-04-01"}, [("2024-02-01", "active"), ("2024-05-01", "active")], "2024-05-01", "active"),
]


@pytest.mark.parametrize(("row", "steps", "as_of", "expected"), STATUSES)
def test_status_as_of(row: dict[str, str], steps: list[tuple[str, str]], as_of: str, expected: str) -> None:
    rows = [("1", "status", at, value) for at, value in steps]
    every = {"partners": pd.DataFrame({"external_id": ["1"], **{name: [value] for name, value in row.items()}})}
    every |= {"changes": changes(*rows)} if rows else {}
    history = History.of("2025-01-01", **every)
    assert history.status_as_of([1], as_of).tolist() == [expected]
    assert History.of(as_of, **every).partners["status"].tolist() == [expected]
    assert history.known_by(as_of).status_as_of([1], as_of).tolist() == [expected]


def test_history_of_partial_frames_fills_by_the_conventions() -> None:
    deals = pd.DataFrame({"partner_id": [2, 1], "registered_at": ["2024-02-01", "2024-01-01T10:00+02:00"]})
    history = History.of("2024-03-01", deals=deals, partners=pd.DataFrame({"name": ["A", "B"]}))
    assert history.deals["partner_id"].tolist() == [1, 2]
    assert history.deals["id"].tolist() == [2, 1]
    assert history.deals["registered_at"].tolist() == [day("2024-01-01T08:00"), day("2024-02-01")]
    assert history.deals["lead_id"].tolist() == [-1, -1]
    assert history.partners["external_id"].tolist() == ["1", "2"]
    with pytest.raises(ValueError, match="colour"):
        History.of("2024-03-01", partners=pd.DataFrame({"colour": ["red"]}))
    with pytest.raises(ValueError, match="no such"):
        History.of("2024-03-01", shoes=pd.DataFrame())
