# ruff: noqa: E501 - a table of cases reads best in lines
"""Every bad input that the import format names: file, line, column and value are told, and nothing is kept."""

import gzip
import json
from collections.abc import Mapping
from io import BytesIO
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet
from sqlalchemy import Engine

from store.transfer import Counts
from tests.store.transfer.helpers import bring_in, rows, stored_rows, write

PARTNER = {"partners.csv": "external_id,name\nP1,Alfa\n"}
PRODUCT = {"products.csv": "external_id,name\nX,Prod\n"}
HUGE = "x" * (2**20 + 1)


def table(**columns: Any) -> bytes:
    buffer = BytesIO()
    parquet.write_table(pa.table(columns), buffer)
    return buffer.getvalue()


def partners(columns: str, *rows: str) -> dict[str, str]:
    return {"partners.csv": "\n".join([f"external_id,name,{columns}", *rows, ""])}


def cell(column: str, value: str) -> dict[str, str]:
    return partners(column, "P0,Fine,", f"P1,Bad,{value}")


def agreement(columns: str, values: str) -> dict[str, str]:
    text = f"external_id,partner,valid_from,{columns}\nA1,P1,2024-01-01,{values}\n"
    return {**PARTNER, **PRODUCT, "agreements.csv": text}


def activity(columns: str, values: str) -> dict[str, str]:
    return {**PARTNER, "activities.csv": f"partner,occurred_at,kind,{columns}\nP1,2024-01-01,view,{values}\n"}


GZIP = gzip.compress(("external_id,name\n" + "".join(f"P{i},Name {i * 7919}\n" for i in range(3000))).encode())
PARQUET = table(external_id=["P1"], name=["A"])

CASES: dict[str, tuple[Mapping[str, str | bytes], str, int, str, str, str]] = {
    "unknown file": ({"partner.csv": "a\n"}, "partner.csv", 1, "", "", "not a file of the import format"),
    "unknown suffix": ({"partners.xlsx": "a\n"}, "partners.xlsx", 1, "", "", "names are programs"),
    "two files": (
        {**PARTNER, "partners.jsonl": ""}, "partners.jsonl", 1, "", "", "two files for partners"),
    "required column": ({"partners.csv": "external_id\nP1\n"}, "partners.csv", 1, "name", "", "add it"),
    "column twice": ({"partners.csv": "external_id,name,name\nP,A,B\n"}, "partners.csv", 1, "name", "", "2 times"),
    "column without name": ({"partners.csv": "external_id,name,\nP,A,B\n"}, "partners.csv", 1, "", "", "has no name"),
    "too few fields": ({"partners.csv": 'external_id,name\n"P\n0",A\nP1\n'}, "partners.csv", 4, "", "", "1 fields"),
    "too many fields": ({"partners.csv": "external_id,name\n\nP0,A\nP1,B,C\n"}, "partners.csv", 4, "", "", "3 fields"),
    "open quote": ({"partners.csv": 'external_id,name\nP0,A\nP1,"B\nP2,C\n'}, "partners.csv", 3, "", "", "not closed"),
    "reference": (activity("asset", "S9"), "activities.csv", 2, "asset", "S9", "names no row of assets"),
    "required reference": (
        {"contacts.csv": "external_id,partner,name\nC,P9,A\n"}, "contacts.csv", 2, "partner", "P9", "no row of partners"),
    "reference in a list": (agreement("products", "X;Z"), "agreements.csv", 2, "products", "Z", "no row of products"),
    "key twice": (partners("city", "P1,A,", "P2,B,", "P1,C,"), "partners.csv", 4, "external_id", "P1", "twice"),
    "natural key twice": (
        {**PARTNER, "certifications.csv": "partner,course,passed_on\nP1,C,2024-01-01\nP1,C,2024-01-01\n"},
        "certifications.csv", 3, "partner", "P1, C, 2024-01-01", "twice"),
    "empty key": ({"partners.csv": "external_id,name\n,A\n"}, "partners.csv", 2, "external_id", "", "required"),
    "empty required": (partners("city", "P1,,Rio"), "partners.csv", 2, "name", "", "required"),
    "NUL": (cell("city", "R\0o"), "partners.csv", 3, "city", "R\\x00o", "NUL"),
    "UTF-8": (
        {"partners.csv": b"external_id,name,city\nP0,A,Rio\nP1,B,S\xe3o\n"},
        "partners.csv", 3, "city", "S\\xe3o", "UTF-8"),
    "UTF-8 in the header": ({"partners.csv": b"external_id,name,\xe3\n"}, "partners.csv", 1, "\\xe3", "", "UTF-8"),
    "UTF-16": ({"partners.csv": "external_id,name\nP,A\n".encode("utf-16")}, "partners.csv", 1, "name", "", "add it"),
    "truncated gzip": ({"partners.csv.gz": GZIP[: len(GZIP) // 2]}, "partners.csv.gz", 0, "", "", "gzip"),
    "damaged gzip": ({"partners.csv.gz": b"no gzip at all"}, "partners.csv.gz", 1, "", "", "gzip"),
    "truncated jsonl gzip": ({"partners.jsonl.gz": gzip.compress(b'{"a":1}\n')[:-9]}, "partners.jsonl.gz", 1, "", "", "gzip"),
    "truncated parquet": ({"partners.parquet": PARQUET[:-9]}, "partners.parquet", 1, "", "", "Parquet"),
    "day": (cell("founded_on", "2024-02-30"), "partners.csv", 3, "founded_on", "2024-02-30", "no day of the calendar"),
    "day form": (cell("founded_on", "30.02.2024"), "partners.csv", 3, "founded_on", "30.02.2024", "YYYY-MM-DD"),
    "instant": (cell("recruited_at", "2024-02-30T10:00:00Z"), "partners.csv", 3, "recruited_at", "2024-02-30T10:00:00Z", "ISO 8601"),
    "instant form": (cell("recruited_at", "yesterday"), "partners.csv", 3, "recruited_at", "yesterday", "ISO 8601"),
    "epoch": (cell("recruited_at", "1700000000"), "partners.csv", 3, "recruited_at", "1700000000", "ISO 8601"),
    "period": (agreement("valid_to", "2023-12-31"), "agreements.csv", 2, "valid_to", "2023-12-31", "before valid_from"),
    "NaN": (activity("quantity", "NaN"), "activities.csv", 2, "quantity", "NaN", "plain digits"),
    "infinity": (activity("quantity", "inf"), "activities.csv", 2, "quantity", "inf", "plain digits"),
    "thousands": (activity("amount", '"1,000"'), "activities.csv", 2, "amount", "1,000", "'.' as the decimal sign"),
    "64 bits": (cell("employees", "9223372036854775808"), "partners.csv", 3, "employees", "9223372036854775808", "64 bits"),
    "64 bits number": (activity("quantity", "1e400"), "activities.csv", 2, "quantity", "1e400", "64 bits"),
    "whole number": (cell("employees", "1.5"), "partners.csv", 3, "employees", "1.5", "whole number"),
    "negative amount": (activity("amount", "-0.01"), "activities.csv", 2, "amount", "-0.01", "negative"),
    "latitude": (cell("latitude", "90.1"), "partners.csv", 3, "latitude", "90.1", "between -90 and 90"),
    "longitude": (cell("longitude", "-181"), "partners.csv", 3, "longitude", "-181", "between -180 and 180"),
    "country": (cell("country", "XX"), "partners.csv", 3, "country", "XX", "ISO 3166-1"),
    "country case": (cell("country", "br"), "partners.csv", 3, "country", "br", "did you mean BR"),
    "territory": (cell("territories", "BR;ZZ-1"), "partners.csv", 3, "territories", "BR;ZZ-1", "'ZZ-1' is no territory"),
    "currency": (
        {"products.csv": "external_id,name,currency\nX,P,ABC\n"}, "products.csv", 2, "currency", "ABC", "ISO 4217"),
    "word": (cell("status", "Active"), "partners.csv", 3, "status", "Active", "must be one of prospect, applied"),
    "kind": (cell("kind", "friend"), "partners.csv", 3, "kind", "friend", "must be one of reseller, distributor"),
    "boolean": (agreement("exclusive", "maybe"), "agreements.csv", 2, "exclusive", "maybe", "true or false"),
    "field size": (cell("description", HUGE), "partners.csv", 3, "description", "x" * 120 + "... (1048577 characters)", "1 MiB"),
    "attribute size": (cell("note", HUGE), "partners.csv", 3, "note", "x" * 120 + "... (1048577 characters)", "1 MiB"),
    "change of nothing": (
        {**PARTNER, "changes.csv": "resource,external_id,field,changed_at\npartners,P9,tier,2024-01-01\n"},
        "changes.csv", 2, "external_id", "P9", "no row of partners"),
    "change of no resource": (
        {**PARTNER, "changes.csv": "resource,external_id,field,changed_at\npartner,P1,tier,2024-01-01\n"},
        "changes.csv", 2, "resource", "partner", "must be one of programs"),
    "no JSON": ({"partners.jsonl": '\n{"external_id": \n'}, "partners.jsonl", 2, "", "", "not a JSON object"),
    "JSON list": ({"partners.jsonl": "[1]\n"}, "partners.jsonl", 1, "", "", "not a JSON object"),
    "JSON key twice": (
        {"partners.jsonl": '{"external_id":"P","name":"A","name":"B"}\n'}, "partners.jsonl", 1, "name", "", "twice"),
    "JSON without required": ({"partners.jsonl": '{"external_id":"P"}\n'}, "partners.jsonl", 1, "name", "", "required"),
    "JSON NaN": (
        {"partners.jsonl": '{"external_id":"P","name":"A","x":NaN}\n'}, "partners.jsonl", 1, "x", "nan", "NaN"),
    "JSON infinity": (
        {"partners.jsonl": '{"external_id":"P","name":"A","annual_revenue":1e999}\n'},
        "partners.jsonl", 1, "annual_revenue", "inf", "64 bits"),
    "JSON big": (
        {"partners.jsonl": '{"external_id":"P","name":"A","x":18446744073709551616}\n'},
        "partners.jsonl", 1, "x", "18446744073709551616", "64 bits"),
    "JSON nested": (
        {"partners.jsonl": '{"external_id":"P","name":"A","x":{"y":1}}\n'}, "partners.jsonl", 1, "x", "{'y': 1}",
        "a column of its own"),
    "JSON NUL": (
        {"partners.jsonl": '{"external_id":"P","name":"A\\u0000"}\n'}, "partners.jsonl", 1, "name", "A\\x00", "NUL"),
    "JSON surrogate": (
        {"partners.jsonl": '{"external_id":"P","name":"\\ud800"}\n'}, "partners.jsonl", 1, "name", "", "UTF-8"),
    "JSON UTF-8": ({"partners.jsonl": b'{"external_id":"P","name":"\xe3"}\n'}, "partners.jsonl", 1, "", "", "UTF-8"),
    "JSON name": ({"partners.jsonl": '{"external_id":"P","name":"A","\\ud800":1}\n'}, "partners.jsonl", 1, "\\ud800", "", "UTF-8"),
    "JSON deep": ({"partners.jsonl": "[" * 100_000}, "partners.jsonl", 1, "", "", "not a JSON object"),
    "Parquet NaN": (
        {"partners.parquet": table(external_id=["P0", "P1"], name=["A", "B"], annual_revenue=[1.0, float("nan")])},
        "partners.parquet", 2, "annual_revenue", "nan", "NaN"),
    "Parquet float id": (
        {"partners.parquet": table(external_id=[1.0], name=["A"])}, "partners.parquet", 1, "external_id", "1.0", "as text"),
    "Parquet UTF-8": (
        {"partners.parquet": table(external_id=["P"], name=[b"\xe3"])}, "partners.parquet", 1, "name", "\\xe3", "UTF-8"),
    "key size": (
        {"partners.csv": f"external_id,name\n{'k' * 801},A\n"}, "partners.csv", 2, "external_id", "", "at most 800 bytes"),
    "Parquet year": (
        {"partners.parquet": table(external_id=["P", "Q"], name=["A", "B"], recruited_at=pa.array([0, 2**50], pa.timestamp("s")))},
        "partners.parquet", 2, "recruited_at", "1125899906842624 s after 1970", "years 1 to 9999"),
    "Parquet struct": (
        {"partners.parquet": table(external_id=["P"], name=["A"], x=[{"y": 1}])},
        "partners.parquet", 1, "x", "{'y': 1}", "a column of its own"),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_bad_input_is_told_and_nothing_kept(sqlite_engine: Engine, tmp_path: Path, case: str) -> None:
    files, file, line, column, value, message = CASES[case]
    report = bring_in(sqlite_engine, write(tmp_path / "in", files))
    assert (report.ok, report.problem_count) == (False, len(report.problems))
    found = [problem for problem in report.problems if message in problem.message and problem.column == column]
    assert found, [str(problem)[:300] for problem in report.problems]
    assert found[0].file == file
    assert line in (0, found[0].line)
    assert value in ("", found[0].value)
    assert stored_rows(sqlite_engine) == 0
    # The same in one line on a terminal, and a dry run says the same.
    assert "\n" not in str(found[0])
    assert bring_in(sqlite_engine, tmp_path / "in", dry_run=True).problems == report.problems


@pytest.mark.parametrize("case", CASES, ids=str)
def test_bad_input_can_be_skipped(sqlite_engine: Engine, tmp_path: Path, case: str) -> None:
    report = bring_in(sqlite_engine, write(tmp_path / "in", CASES[case][0]), on_error="skip")
    assert report.ok
    assert report.problem_count >= 1


def test_links_and_folders_are_refused(sqlite_engine: Engine, tmp_path: Path) -> None:
    folder = write(tmp_path / "in", PARTNER)
    (folder / "more").mkdir()
    (folder / "assets.csv").symlink_to(folder / "partners.csv")
    report = bring_in(sqlite_engine, folder)
    assert [str(problem) for problem in report.problems] == [
        "assets.csv:1: is a link; put the file itself into the folder",
        "more:1: is a folder; the files of an import lie side by side in one folder",
    ]


def test_no_folder(sqlite_engine: Engine, tmp_path: Path) -> None:
    assert "does not exist" in bring_in(sqlite_engine, tmp_path / "none").problems[0].message
    (tmp_path / "file").write_text("")
    assert "is not a folder" in bring_in(sqlite_engine, tmp_path / "file").problems[0].message


def test_the_first_thousand_problems_and_the_count(sqlite_engine: Engine, tmp_path: Path) -> None:
    text = "external_id,name,employees\n" + "".join(f"P{i},A,many\n" for i in range(2500))
    report = bring_in(sqlite_engine, write(tmp_path / "in", {"partners.csv": text}))
    assert (len(report.problems), report.problem_count) == (1000, 2500)
    assert [report.problems[i].line for i in (0, 999)] == [2, 1001]


def test_lines_are_physical_lines(sqlite_engine: Engine, tmp_path: Path) -> None:
    text = 'external_id,name,employees\r\nP1,"a\r\nb",1\r\n\r\nP2,"c\nd",x\r\nP3,e,y\r\n'
    report = bring_in(sqlite_engine, write(tmp_path / "in", {"partners.csv": text}))
    assert [(problem.line, problem.value) for problem in report.problems] == [(5, "x"), (7, "y")]


def test_a_bad_row_does_not_cover_others_with_its_consequences(sqlite_engine: Engine, tmp_path: Path) -> None:
    files = {
        "partners.csv": "external_id,name,country\nP1,A,XX\n",
        "contacts.csv": "external_id,partner,name\nC1,P1,Ana\n",
        "certifications.csv": "partner,course,passed_on,contact\nP1,K,2024-01-01,C1\n",
    }
    report = bring_in(sqlite_engine, write(tmp_path / "in", files))
    assert [problem.file for problem in report.problems] == ["partners.csv"]


def test_a_key_twice_across_batches(sqlite_engine: Engine, tmp_path: Path) -> None:
    wide = "x" * 2000
    text = "external_id,name\n" + "".join(f"P{i},{wide}\n" for i in range(9000)) + "P1,again\n"
    for _ in range(2):  # among new rows, then among known ones
        report = bring_in(sqlite_engine, write(tmp_path / f"in{_}", {"partners.csv": text}))
        assert [(problem.line, problem.value) for problem in report.problems] == [(9002, "P1")]
        good = text.removesuffix("P1,again\n")
        bring_in(sqlite_engine, write(tmp_path / f"good{_}", {"partners.csv": good}))


def test_a_change_of_encoding_midway_is_found_after_good_blocks(sqlite_engine: Engine, tmp_path: Path) -> None:
    wide = "x" * 2000
    text = ("external_id,name\n" + "".join(f"P{i},{wide}\n" for i in range(9000))).encode() + b"P9000,\xe3\nP9001\n"
    report = bring_in(sqlite_engine, write(tmp_path / "in", {"partners.csv": text}), on_error="skip")
    assert [(problem.line, problem.column) for problem in report.problems] == [(9002, "name"), (9003, "")]
    assert report.counts["partners"] == Counts(inserted=9000, rejected=2)


def test_rejects_can_be_mended_and_imported(engine: Engine, tmp_path: Path) -> None:
    files = {
        "partners.csv": 'external_id,name,country,note\nP1,A,XX,"x\ny"\nP2,B,BR,\nP3,C\nP4,D,DE,=1\n',
        "contacts.jsonl": '{"external_id":"C1","partner":"P1","name":"Ana","age":7}\n'
        '{"external_id":"C2","partner":"P2","name":"Bo"}\n',
    }
    report = bring_in(engine, write(tmp_path / "in", files), on_error="skip")
    assert report.rejects is not None
    assert report.counts["partners"] == Counts(inserted=2, rejected=2)
    assert report.counts["contacts"] == Counts(inserted=1, rejected=1)
    mended = (report.rejects / "partners.csv").read_text().replace(",XX,", ",BR,").replace(",P3,C", ",P3,C,,")
    assert mended.startswith('_reject_reason,external_id,name,country,note\n"country: is no country')
    (report.rejects / "partners.csv").write_text(mended)
    (line,) = (report.rejects / "contacts.jsonl").read_text().splitlines()
    assert json.loads(line)["_reject_reason"] == "partner: the row 'P1' of partners was rejected"
    again = bring_in(engine, report.rejects)
    assert [str(problem) for problem in again.problems] == []
    assert rows(engine, "SELECT external_id FROM partners ORDER BY 1") == [("P1",), ("P2",), ("P3",), ("P4",)]
    assert len(rows(engine, "SELECT id FROM contacts")) == 2
    assert not any("_reject" in str(row) for row in rows(engine, "SELECT attributes FROM partners"))


def test_a_period_is_checked_against_what_the_store_has(sqlite_engine: Engine, tmp_path: Path) -> None:
    bring_in(sqlite_engine, write(tmp_path / "one", {"offers.csv": "external_id,title,valid_from\nO,T,2024-05-01\n"}))
    report = bring_in(
        sqlite_engine, write(tmp_path / "two", {"offers.csv": "external_id,title,valid_to\nO,T,2024-04-30\n"})
    )
    assert [str(problem) for problem in report.problems] == [
        "offers.csv:2: column 'valid_to' value '2024-04-30': lies before valid_from (2024-05-01); it must not"
    ]


def test_a_dry_run_writes_no_rejects(sqlite_engine: Engine, tmp_path: Path) -> None:
    report = bring_in(sqlite_engine, write(tmp_path / "in", cell("country", "XX")), on_error="skip", dry_run=True)
    assert (report.ok, report.rejects, report.problem_count) == (True, None, 1)
    assert not (tmp_path / "home").exists()


def test_a_good_import_leaves_no_rejects_folder(sqlite_engine: Engine, tmp_path: Path) -> None:
    assert bring_in(sqlite_engine, write(tmp_path / "in", PARTNER), on_error="skip").rejects is None
    assert not (tmp_path / "home").exists()
