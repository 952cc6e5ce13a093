"""The duties of a generated programme: valid, connected, never after the end, and no change to what models learn."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import pytest

from demo.generator import generate
from demo.spec import WorldSpec, WorldSummary
from domain.resources import LEARNED, RESOURCES, Column, ColumnType
from domain.settings import Settings
from store.transfer import import_folder

END = datetime(2026, 3, 10, tzinfo=UTC)
SIZES = {"partners": 120, "prospects": 150, "leads": 1500, "deals": 1300, "activities": 20_000}
GIVEN = ("statements", "ledger", "commission_shares", "routing_overrides")
"""What the service computes, or a person has to decide."""
AHEAD = {"due_on", "valid_to", "period_end", "protected_until", "until", "since", "expires_on", "period_start"}


class Made(NamedTuple):
    folder: Path
    spec: WorldSpec
    summary: WorldSummary


def make(folder: Path, **options: Any) -> Made:
    spec = WorldSpec(**{"seed": 5, "end": END, "truth_draws": 20, **options})
    return Made(folder / "w", spec, generate(folder / "w", folder / "t", spec))


def read(made: Made, name: str) -> pd.DataFrame:
    return pd.read_csv(made.folder / f"{name}.csv", dtype=str, keep_default_na=False, na_values=[""])


def instants(values: pd.Series) -> pd.Series:
    return pd.to_datetime(values, utc=True, format="ISO8601")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return make(tmp_path_factory.mktemp("duties"), duties=True, **SIZES)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return make(tmp_path_factory.mktemp("plain"), **SIZES)


def test_what_models_learn_from_is_the_same_with_and_without(world: Made, plain: Made) -> None:
    for path in sorted(plain.folder.iterdir()):
        with_duties = (world.folder / path.name).read_bytes()
        if path.stem == "goals":
            assert with_duties.startswith(path.read_bytes())
        elif path.stem == "feedback":
            assert read(world, "feedback").drop(columns="survey").equals(read(plain, "feedback"))
        else:
            assert with_duties == path.read_bytes(), path.name
    assert {path.stem for path in plain.folder.iterdir()} == set(LEARNED)


def test_equal_specs_give_equal_bytes(tmp_path: Path, world: Made) -> None:
    again = make(tmp_path, duties=True, **SIZES)
    for path in sorted(world.folder.iterdir()):
        assert path.read_bytes() == (again.folder / path.name).read_bytes(), path.name


@pytest.mark.parametrize("name", [name for name in RESOURCES if name not in LEARNED and name not in GIVEN])
def test_every_duty_has_rows_as_the_format_wants_them(world: Made, name: str) -> None:
    frame, resource = read(world, name), RESOURCES[name]
    assert len(frame) == world.summary.rows[name] > 0
    assert not frame.duplicated([key for key in resource.key if key in frame]).any()
    assert set(frame) <= {column.name for column in resource.columns}
    for column in resource.columns:
        assert not column.required or frame[column.name].notna().all()
        if column.name in frame:
            _check_column(world, column, frame[column.name].dropna())


def _check_column(made: Made, column: Column, values: pd.Series) -> None:
    if column.type is ColumnType.LIST:
        values = values.str.split(";").explode()
    if column.target is not None:
        assert set(values) <= set(read(made, column.target)["external_id"]), column.name
    if column.words:
        assert set(values) <= set(column.words)
    if column.type in (ColumnType.AMOUNT, ColumnType.INTEGER):
        assert (values.astype(float) >= 0).all()
    if column.type in (ColumnType.INSTANT, ColumnType.DATE) and column.name not in AHEAD:
        assert (instants(values) < pd.Timestamp(END)).all(), column.name


def test_the_store_takes_all_of_it(tmp_path: Path, sqlite_engine: Any, world: Made) -> None:
    report = import_folder(sqlite_engine, world.folder, settings=Settings(home=tmp_path / "home"))
    assert list(report.problems) == []


def test_certificates_of_late_have_a_course_and_a_passed_enrolment(world: Made) -> None:
    courses = read(world, "courses").set_index("external_id")["name"]
    certificates = read(world, "certifications")
    recent = instants(certificates["passed_on"]) > pd.Timestamp(END) - pd.Timedelta(days=300)
    enrolments = read(world, "enrolments")
    passed = enrolments[enrolments["passed"] == "true"]
    pairs = {*zip(passed["partner"], passed["course"].map(courses), passed["completed_at"].str[:10], strict=True)}
    held = certificates[recent]
    assert len(held) > 50
    assert set(zip(held["partner"], held["course"], held["passed_on"], strict=True)) <= pairs
    done = enrolments.dropna(subset="completed_at")
    assert (instants(done["completed_at"]) > instants(done["enrolled_at"])).all()
    open_ = enrolments[enrolments["completed_at"].isna()]
    assert len(open_) > 10
    assert not open_.duplicated(["partner", "course", "contact"]).any()


def test_registrations_are_of_open_deals_and_protect_those_approved(world: Made) -> None:
    deals = read(world, "deals").set_index("external_id")
    found = read(world, "registrations")
    mine = deals.loc[found["deal"]]
    assert mine["outcome"].isna().all()
    assert (mine["partner"].to_numpy() == found["partner"].to_numpy()).all()
    assert ((mine["status"] == "approved").to_numpy() == found["protected_until"].notna().to_numpy()).all()
    protected = found.dropna(subset="protected_until")
    assert (instants(protected["protected_until"]) > pd.Timestamp(END)).all()


def test_some_whom_something_was_done_for_came_back_and_others_did_not(world: Made) -> None:
    activities = pd.read_parquet(world.folder / "activities.parquet")[["partner", "occurred_at"]]
    done = read(world, "interventions").dropna(subset="done_at")
    assert (instants(done["done_at"]) > instants(done["planned_at"])).all()
    done = done[instants(done["done_at"]) < pd.Timestamp(END) - pd.Timedelta(days=90)]
    assert len(done) > 10
    when = activities.groupby("partner")["occurred_at"].apply(list).to_dict()
    back = [
        any(at < other <= at + pd.Timedelta(days=60) for other in when.get(partner, []))
        for partner, at in zip(done["partner"], instants(done["done_at"]).dt.tz_localize(None), strict=True)
    ]
    assert 0.1 < sum(back) / len(back) < 0.95


def test_talk_and_plans_stand_within_the_life_of_the_partner(world: Made) -> None:
    partners = read(world, "partners").set_index("external_id")
    notes = read(world, "notes")
    assert (notes[notes["kind"] == "message"]["shared"] == "true").all()
    came = instants(partners["recruited_at"]).fillna(pd.Timestamp("2000-01-01", tz="UTC"))
    later = notes[~notes["kind"].isin(["interview"])]
    assert (instants(later["written_at"]) > came.loc[later["partner"]].to_numpy()).mean() > 0.98
    plans, goals = read(world, "plans"), read(world, "goals")
    agreed = plans[plans["status"] == "agreed"].merge(goals, on=["partner", "period_start", "period_end"])
    assert set(agreed["metric"]) == {"won_revenue", "deals_won", "registrations"}
    answers = read(world, "feedback").dropna(subset="survey")
    assert len(answers) > 20
    assert not answers.duplicated(["partner", "survey"]).any()


NOTHING = {"prospects": 0, "leads": 0, "deals": 0, "activities": 0, "assets": 0, "offers": 0}


@pytest.mark.parametrize(
    "options",
    [
        {"partners": 5, **NOTHING},
        {"partners": 5, **NOTHING, "leads": 3, "assets": 1, "offers": 1, "years": 1, "products": 1, "programs": 1},
        {"partners": 30, **NOTHING, "leads": 200, "deals": 160, "activities": 2000, "products": 11, "programs": 3},
        {"partners": 12, **NOTHING, "leads": 90, "end": datetime(2025, 1, 1, tzinfo=UTC), "years": 2},
    ],
)
def test_small_worlds_have_duties_too(tmp_path: Path, sqlite_engine: Any, options: dict[str, Any]) -> None:
    made = make(tmp_path, duties=True, **options)
    assert made.summary.rows["courses"] == made.spec.products + 1
    report = import_folder(sqlite_engine, made.folder, settings=Settings(home=tmp_path / "home"))
    assert list(report.problems) == []
