import gzip
import json
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet
from sqlalchemy import Engine, select

from store.tables import RESOURCE_TABLES
from store.transfer import Counts
from tests.store.transfer.helpers import PROGRAMME, bring_in, exported, rows, write


def stored(engine: Engine, resource: str) -> list[dict[str, object]]:
    table = RESOURCE_TABLES[resource]
    with engine.connect() as connection:
        return [dict(row) for row in connection.execute(select(table).order_by(table.c.id)).mappings()]


def test_every_resource_lands(engine: Engine, tmp_path: Path) -> None:
    report = bring_in(engine, write(tmp_path / "in", PROGRAMME))
    assert [str(problem) for problem in report.problems] == []
    assert {name: counts.inserted for name, counts in report.counts.items()} == {
        "programs": 1, "products": 2, "partners": 3, "contacts": 1, "agreements": 1, "certifications": 1,
        "leads": 2, "assignments": 2, "deals": 2, "activities": 3, "assets": 2, "offers": 1, "feedback": 1,
        "goals": 1, "changes": 3,
    }  # fmt: skip
    assert report.counts["activities"] == Counts(inserted=3, unchanged=1)
    partner = stored(engine, "partners")[0]
    assert partner["external_id"] == "0012"
    assert partner["territories"] == ["BR-SP", "AR"]
    assert partner["attributes"] == {"segment": "a", "score": 1.5, "strategic_fit": True, "region_code": "007"}
    assert partner["recruited_at"] == datetime(2024, 1, 1, tzinfo=UTC)
    assert str(partner["annual_revenue"]) == "1500000.25"


def test_defaults(engine: Engine, tmp_path: Path) -> None:
    bring_in(engine, write(tmp_path / "in", PROGRAMME))
    assert [row["status"] for row in stored(engine, "partners")] == ["active", "ended", "prospect"]
    assert [row["status"] for row in stored(engine, "deals")] == ["approved", "submitted"]
    assert [row["currency"] for row in stored(engine, "products")] == ["EUR", "USD"]
    assert stored(engine, "partners")[1]["recruited_at"] == datetime(2023, 5, 1, 8, tzinfo=UTC)


def test_the_same_folder_twice_changes_nothing(engine: Engine, tmp_path: Path) -> None:
    folder = write(tmp_path / "in", PROGRAMME)
    bring_in(engine, folder)
    before = {name: stored(engine, name) for name in RESOURCE_TABLES}
    report = bring_in(engine, folder)
    assert report.ok
    assert all(counts.inserted == counts.updated == 0 for counts in report.counts.values())
    assert {name: stored(engine, name) for name in RESOURCE_TABLES} == before


def test_an_absent_column_is_left_alone_and_an_empty_one_cleared(engine: Engine, tmp_path: Path) -> None:
    first = "external_id,name,tier,city,score,segment\nP1,Alfa,gold,Rio,1,a\nP2,Beta,gold,Rio,2,b\n"
    bring_in(engine, write(tmp_path / "one", {"partners.csv": first}))
    report = bring_in(engine, write(tmp_path / "two", {"partners.csv": "external_id,name,tier,score\nP1,Alfa,,\n"}))
    assert report.counts["partners"] == Counts(updated=1)
    one, two = stored(engine, "partners")
    assert (one["tier"], one["city"], one["attributes"]) == (None, "Rio", {"segment": "a"})
    assert (two["tier"], two["row_version"], one["row_version"]) == ("gold", 1, 2)


def test_jsonl_leaves_alone_what_a_line_does_not_name(engine: Engine, tmp_path: Path) -> None:
    first = '{"external_id":"P1","name":"A","tier":"gold","score":1}\n{"external_id":"P2","name":"B","tier":"gold"}\n'
    bring_in(engine, write(tmp_path / "one", {"partners.jsonl": first}))
    second = '{"external_id":"P1","name":"A","score":null}\n\n{"external_id":"P2","name":"B","tier":null}\n'
    bring_in(engine, write(tmp_path / "two", {"partners.jsonl": second}))
    assert [(row["tier"], row["attributes"]) for row in stored(engine, "partners")] == [("gold", {}), (None, {})]


@pytest.mark.parametrize("suffix", ["csv", "csv.gz", "jsonl", "jsonl.gz", "parquet"])
def test_every_format_gives_the_same_rows(sqlite_engine: Engine, tmp_path: Path, suffix: str) -> None:
    objects = [
        {"external_id": "007", "name": "Ünï", "employees": 12, "annual_revenue": 1.5, "recruited_at": "2024-01-01",
         "territories": ["BR", "AR"], "founded_on": "1999-01-02", "score": 2.5, "vip": True, "code": "01"},
        {"external_id": "8", "name": "=1+1", "employees": None, "annual_revenue": None, "recruited_at": None,
         "territories": None, "founded_on": None, "score": None, "vip": None, "code": None},
    ]  # fmt: skip
    folder = tmp_path / "in"
    folder.mkdir()
    csv = (
        "\ufeff"
        + ",".join(objects[0])
        + "\r\n007,Ünï,12,1.5,2024-01-01,BR; AR,1999-01-02,2.5,true,01\r\n8,=1+1"
        + "," * 8
    )
    lines = "\n".join(json.dumps(each) for each in objects)
    path = folder / f"partners.{suffix}"
    match suffix:
        case "csv":
            path.write_text(csv, newline="")
        case "csv.gz":
            path.write_bytes(gzip.compress(csv.encode()))
        case "jsonl":
            path.write_text(lines)
        case "jsonl.gz":
            path.write_bytes(gzip.compress(lines.encode()))
        case "parquet":
            objects[0]["recruited_at"] = datetime(2024, 1, 1)
            objects[0]["founded_on"] = datetime(1999, 1, 2).date()
            parquet.write_table(pa.Table.from_pylist(objects), path)
    report = bring_in(sqlite_engine, folder)
    assert [str(problem) for problem in report.problems] == []
    assert exported(sqlite_engine, tmp_path / "out") == {
        "partners.csv": "external_id,name,status,program,kind,tier,country,region,city,territories,industries,"
        "languages,employees,annual_revenue,founded_on,recruited_at,ended_at,website,description,account_manager,max_open_leads,"
        "latitude,longitude,code,score,vip\n"
        "007,Ünï,active,,,,,,,BR;AR,,,12,1.5,1999-01-02,2024-01-01T00:00:00Z,,,,,,,,01,2.5,true\n"
        "8,=1+1,prospect,,,,,,,,,,,,,,,,,,,,,,,\n"
    }


@pytest.mark.parametrize(
    "content",
    [b"", b"\xef\xbb\xbf", b"external_id,name\n", b"external_id,name", b"\n\n", b"external_id,name\r\n\r\n"],
)
@pytest.mark.parametrize("suffix", ["csv", "csv.gz"])
def test_an_empty_file_is_an_empty_table(sqlite_engine: Engine, tmp_path: Path, content: bytes, suffix: str) -> None:
    data = gzip.compress(content) if suffix == "csv.gz" and content else content
    report = bring_in(sqlite_engine, write(tmp_path / "in", {f"partners.{suffix}": data}))
    assert (report.ok, report.counts["partners"]) == (True, Counts())


@pytest.mark.parametrize("name", ["partners.parquet", "partners.jsonl", "partners.jsonl.gz"])
def test_an_empty_file_of_another_format_too(sqlite_engine: Engine, tmp_path: Path, name: str) -> None:
    report = bring_in(sqlite_engine, write(tmp_path / "in", {name: b""}))
    assert (report.ok, report.counts["partners"]) == (True, Counts())


def test_references_to_an_earlier_import(engine: Engine, tmp_path: Path) -> None:
    bring_in(engine, write(tmp_path / "one", {"partners.csv": "external_id,name\nP1,A\n"}))
    report = bring_in(engine, write(tmp_path / "two", {"contacts.csv": "external_id,partner,name\nC,P1,Ana\n"}))
    assert report.ok
    assert rows(engine, "SELECT p.external_id FROM contacts c JOIN partners p ON p.id = c.partner_id") == [("P1",)]


def test_a_dry_run_counts_and_writes_nothing(engine: Engine, tmp_path: Path) -> None:
    report = bring_in(engine, write(tmp_path / "in", PROGRAMME), dry_run=True)
    assert (report.ok, report.counts["partners"].inserted) == (True, 3)
    assert all(stored(engine, name) == [] for name in RESOURCE_TABLES)


def test_events_are_the_same_however_they_are_written(engine: Engine, tmp_path: Path) -> None:
    partner = {"partners.csv": "external_id,name\nP1,A\n"}
    bring_in(engine, write(tmp_path / "one", partner | {
        "activities.csv": "partner,occurred_at,kind,quantity\nP1,2024-01-01,visit,1\n"}))  # fmt: skip
    same = '{"kind":"visit","quantity":1.0,"occurred_at":"2024-01-01T01:00:00+01:00","partner":"P1","asset":null}\n'
    report = bring_in(engine, write(tmp_path / "two", {"activities.jsonl": same}))
    assert report.counts["activities"] == Counts(unchanged=1)


def test_a_change_gets_a_new_value(engine: Engine, tmp_path: Path) -> None:
    header = "resource,external_id,field,changed_at,value\n"
    bring_in(engine, write(tmp_path / "one", {
        "partners.csv": "external_id,name\nP1,A\n", "changes.csv": f"{header}partners,P1,tier,2024-01-01,gold\n"
    }))  # fmt: skip
    report = bring_in(engine, write(tmp_path / "two", {"changes.csv": f"{header}partners,P1,tier,2024-01-01,tin\n"}))
    assert report.counts["changes"] == Counts(updated=1)
    assert [row["value"] for row in stored(engine, "changes")] == ["tin"]


def test_progress_is_told(sqlite_engine: Engine, tmp_path: Path) -> None:
    told: list[tuple[str, int]] = []
    bring_in(
        sqlite_engine,
        write(tmp_path / "in", {"partners.csv": "external_id,name\nP1,A\nP2,B\n"}),
        progress=lambda resource, done: told.append((resource, done)),
    )
    assert told[-1] == ("partners", 2)


def test_attributes_keep_every_character(engine: Engine, tmp_path: Path) -> None:
    cells = ["true", "false", "True", "7", "007", "-1", "1.5", "1.50", "1e5", "nan", "inf", "-0.0", "+1", " 1",
             "99999999999999999999", "1e+16", "0.1", "1e-07", "９"]  # fmt: skip
    lines = "".join(f"P{i:02},N,{cell}\n" for i, cell in enumerate(cells))
    bring_in(engine, write(tmp_path / "in", {"partners.csv": f"external_id,name,x\n{lines}"}))
    values = [row["attributes"]["x"] for row in stored(engine, "partners")]  # type: ignore[index]
    assert values == [True, False, "True", 7, "007", -1, 1.5, "1.50", "1e5", "nan", "inf", "-0.0", "+1", " 1",
                      "99999999999999999999", "1e+16", 0.1, 1e-07, "９"]  # fmt: skip
    assert [type(value) for value in values[:4]] == [bool, bool, str, int]


def test_odd_attribute_names(engine: Engine, tmp_path: Path) -> None:
    names = [
        "id",
        "row_version",
        "attributes",
        "partner_id",
        "select",
        'a "b"',
        "with, comma",
        "ключ",
        "%s",
        ":x",
        "a.b",
    ]
    header = ",".join('"' + name.replace('"', '""') + '"' for name in names)
    folder = write(tmp_path / "in", {"partners.csv": f"external_id,name,{header}\nP1,A,{','.join('v' * len(names))}\n"})
    assert bring_in(engine, folder).ok
    assert stored(engine, "partners")[0]["attributes"] == dict.fromkeys(names, "v")
    assert bring_in(engine, folder).counts["partners"] == Counts(unchanged=1)
