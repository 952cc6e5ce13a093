"""What is done by the column, by the block or in another thread gives what one cell at a time would give."""

import json
import math
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, event, text

from domain.errors import Conflict
from domain.resources import RESOURCES, Column, ColumnType
from store.engine import create_store_engine
from store.transfer import Counts, export_folder
from store.transfer.ahead import ahead
from store.transfer.batch import BrokenRow
from store.transfer.columns import WIRE_TYPES, parse_attributes, parse_column
from store.transfer.copying import hexadecimal
from store.transfer.jsonl_file import _parse
from store.transfer.postgres_backend import PostgresBackend
from store.transfer.rowkey import row_key, row_keys
from store.transfer.values import BadValue, is_empty, parse_attribute, parse_value
from tests.store.transfer.helpers import bring_in, exported, rows, write

ODD = [
    "", " ", "1", "-1", "+1", "1.5", "-0", "-0.0", "007", "1e3", "1e400", "nan", "inf", "９", "0x1", "true", "Yes",
    "9223372036854775807", "9223372036854775808", "-9223372036854775809", "123456789012345678901234567890",
    "2024-02-29", "2023-02-29", "2024-02-30T00:00:00Z", "2024-02-29T23:59:60Z", "2024-02-29T24:00:00Z", "1969-12-31",
    "2024-02-29T13:45:00.123456Z", "2024-02-29 13:45:00.1", "2024-02-29T13:45:00+01:30", "1000-01-01", "0001-01-01",
    "9999-12-31T23:59:59.999999Z", "2024-13-01", "2024-W05-1", "20240229", "BR", "br", "EUR", "active", "BR-SP; *",
    "a\0b", "\ud800", "\udc80", "日本", "a;b", '"', "'", "\\N", "\\.", "\t", "\r\n", "x" * 400,
]  # fmt: skip
NUMBERS: list[Any] = [
    0, 1, -1, 2**53 + 1, 2**63 - 1, 2**63, -(2**63), 10**30, 0.0, -0.0, 1.5, -1.5, 1e-9, 1e16, 9.3e18, -9.3e18,
    math.nan, math.inf, -math.inf, True, False, None, 180.0, 91, 12.0,
]  # fmt: skip
COLUMNS = [
    Column("x", type_, words=("active", "ended"), of=ColumnType.TEXT)
    for type_ in ColumnType
    if type_ is not ColumnType.REFERENCE
]
CELLS = st.one_of(
    st.sampled_from(ODD),
    st.sampled_from(NUMBERS),
    st.text(max_size=5),
    st.integers(),
    st.floats(),
    st.datetimes().map(datetime.isoformat),
    st.lists(st.sampled_from(ODD[:6]), max_size=2),
)


def one_by_one(column: Column, values: Sequence[Any]) -> tuple[list[Any], list[tuple[int, str]]]:
    """Return what the definition makes of each cell."""
    wires: list[Any] = []
    bad = []
    for position, value in enumerate(values):
        wires.append(None)
        try:
            wires[-1] = None if is_empty(value) else parse_value(column, value)
        except BadValue as error:
            bad.append((position, str(error)))
    return wires, bad


def told(values: Sequence[Any]) -> list[str]:
    """Return values so that 0.0 is not -0.0, and 1 is not True."""
    return [repr(value) for value in values]


@settings(max_examples=150, deadline=None)
@given(column=st.sampled_from(COLUMNS), values=st.lists(CELLS, max_size=9), repeat=st.integers(1, 3))
def test_lists_of_values(column: Column, values: list[Any], repeat: int) -> None:
    values = values * repeat
    parsed = parse_column(column, values)
    wires, bad = one_by_one(column, values)
    assert told(parsed.values.to_pylist()) == told(wires)
    assert [(position, message) for position, _, message in parsed.bad] == bad
    assert all(value is values[position] or value == values[position] for position, value, _ in parsed.bad)
    assert parsed.values.type == WIRE_TYPES[column.type]


@settings(max_examples=100, deadline=None)
@given(column=st.sampled_from(COLUMNS), values=st.lists(st.sampled_from(ODD), max_size=9))
def test_columns_of_texts(column: Column, values: list[str]) -> None:
    values = [value for value in values if not any("\ud800" <= c <= "\udfff" for c in value)]
    parsed = parse_column(column, pa.array(values, pa.string()))
    wires, bad = one_by_one(column, values)
    assert told(parsed.values.to_pylist()) == told(wires)
    assert [(position, message) for position, _, message in parsed.bad] == bad


NATIVE = {
    pa.float64(): st.floats(),
    pa.float32(): st.floats(width=32),
    pa.int64(): st.integers(-(2**63), 2**63 - 1),
    pa.uint64(): st.integers(0, 2**64 - 1),
    pa.int8(): st.integers(-128, 127),
    pa.bool_(): st.booleans(),
}


@settings(max_examples=150, deadline=None)
@given(st.data(), st.sampled_from(COLUMNS), st.sampled_from(list(NATIVE)))
def test_native_columns(data: st.DataObject, column: Column, type_: Any) -> None:
    array = pa.array(data.draw(st.lists(st.none() | NATIVE[type_], max_size=6)), type_)
    parsed = parse_column(column, array)
    wires, bad = one_by_one(column, array.to_pylist())
    assert told(parsed.values.to_pylist()) == told(wires)
    assert [(position, message) for position, _, message in parsed.bad] == bad


@settings(max_examples=50, deadline=None)
@given(values=st.lists(st.one_of(st.sampled_from([word for word in ODD if word < "\ud800"]), st.text(max_size=4))))
def test_attributes_in_lists(values: list[Any]) -> None:
    for some in (values, [*values, 1]):
        parsed = parse_attributes(some, is_typed=True)
        bad = {position for position, *_ in parsed.bad}
        wires = [None if i in bad or is_empty(value) else parse_attribute(value) for i, value in enumerate(some)]
        assert parsed.values.to_pylist() == wires
        assert bad == {i for i, value in enumerate(some) if isinstance(value, str) and "\0" in value}


FLOATS = st.one_of(
    st.floats(-9.2e18, 9.2e18, allow_nan=False).map(lambda value: value + 0.0),
    st.floats(-1e9, 1e9).map(lambda value: round(value, 2) + 0.0),
    st.integers(-(10**9), 10**9).map(float),
    st.sampled_from([1e-3, 1e9, 1e-5, 1e16, 0.1, 5e-324]),
)


@settings(max_examples=200, deadline=None)
@given(values=st.lists(st.none() | FLOATS, min_size=1, max_size=8))
def test_keys_of_events(values: list[float | None]) -> None:
    resource, count = RESOURCES["activities"], len(values)
    columns: dict[str, Any] = {
        "partner": pa.array(["P"] * count),
        "occurred_at": pa.array(range(count), pa.int64()),
        "kind": pa.array(["view"] * count),
        "quantity": pa.array(values, pa.float64()),
    }
    each = [row_key(resource, {name: array[i].as_py() for name, array in columns.items()}, None) for i in range(count)]
    assert row_keys(resource, columns, None, count).to_pylist() == each


@given(values=st.lists(st.binary(min_size=3, max_size=3), max_size=5), cut=st.integers(0, 2))
def test_bytes_as_texts(values: list[bytes], cut: int) -> None:
    array = pa.array(values, pa.binary(3))[cut:]
    assert hexadecimal(array).to_pylist() == ["\\x" + value.hex() for value in values[cut:]]


@pytest.mark.parametrize("line", ['{"a":1}\n', ' {"a": NaN}\r\n', '{"a":1,"a" :2}', "[1]", "1", '{"a":1} x', '"', ""])
def test_lines_of_json(line: str) -> None:
    try:
        value = json.loads(line)
    except ValueError:
        value = None
    parsed = _parse(line.encode(), 7)
    if isinstance(value, dict) and line.count('"a"') == 1:
        assert repr(parsed) == repr(value)
    else:
        assert isinstance(parsed, BrokenRow)
        assert (parsed.line, parsed.raw) == (7, line.rstrip("\r\n"))


def test_errors_come_in_their_turn() -> None:
    closed = []

    def items() -> Iterator[int]:
        try:
            yield 1
            yield 2
            raise KeyError("third")
        finally:
            closed.append(True)

    seen = []
    with pytest.raises(KeyError, match="third"):
        seen.extend(iter_noting(seen, ahead(items())))
    assert (seen, closed) == ([1, 2], [True])


def iter_noting(seen: list[int], items: Iterator[int]) -> Iterator[int]:
    """Note each item as it comes, and yield none."""
    for item in items:
        seen.append(item)
    yield from ()


PARTNERS = "external_id,name\n" + "".join(f"P{i},A\n" for i in range(3))
TEXTS = st.one_of(
    st.sampled_from([word for word in ODD if word.strip() and "\0" not in word and word < "\ud800"]),
    st.sampled_from(["a\n\\.\nb", "\\.\n", ",", "\\", "NULL", "a\tb", "\ufeff", '"",""', "%s", ":x", "{1}"]),
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=8),
)
ACTIVITIES = st.lists(
    st.fixed_dictionaries(
        {
            "partner": st.sampled_from(["P0", "P1", "P2"]),
            "occurred_at": st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30)).map(
                lambda at: at.replace(tzinfo=UTC).isoformat()
            ),
            "kind": TEXTS,
        },
        optional={
            "quantity": FLOATS,
            "amount": FLOATS.map(abs),
            "note": TEXTS,
            "size": st.integers(-(2**63), 2**63 - 1) | st.booleans() | st.floats(-9e15, 9e15),
        },
    ),
    min_size=1,
    max_size=12,
)


def activities(folder: Path, objects: Sequence[dict[str, Any]]) -> Path:
    lines = "\n".join(json.dumps(each) for each in objects)
    return write(folder, {"partners.csv": PARTNERS, "activities.jsonl": lines})


def empty(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM activities"))


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@example([{"partner": "P0", "occurred_at": "2024-01-01", "kind": "a\n\\.\nb", "note": "\\.", "quantity": 0.1 + 0.2}])
@given(objects=ACTIVITIES)
def test_both_databases_keep_the_same(sqlite_engine: Engine, postgres_engine: Engine, objects: list[Any]) -> None:
    with TemporaryDirectory() as name:
        found = []
        for number, engine in enumerate((sqlite_engine, postgres_engine)):
            empty(engine)
            folder = activities(Path(name) / f"in{number}", [*objects, *objects[:2]])
            first = bring_in(engine, folder).counts["activities"]
            again = bring_in(engine, folder).counts["activities"]
            assert again == Counts(unchanged=len(objects) + len(objects[:2]))
            found.append((first, exported(engine, Path(name) / f"out{number}")))
    assert found[0] == found[1]
    assert found[0][0].inserted + found[0][0].unchanged == len(objects) + len(objects[:2])


def many(count: int, start: int = 0) -> str:
    lines = (f"P{i % 3},2024-01-01T00:00:00Z,view,{i}\n" for i in range(start, start + count))
    return "partner,occurred_at,kind,quantity\n" + "".join(lines)


@pytest.mark.parametrize("known", [[0], [7, 8, 9], [299], list(range(0, 300, 2)), [*range(300)]])
def test_events_of_which_some_are_there(engine: Engine, tmp_path: Path, known: list[int]) -> None:
    header, *lines = many(300).splitlines(keepends=True)
    some = header + "".join(lines[i] for i in known)
    bring_in(engine, write(tmp_path / "one", {"partners.csv": PARTNERS, "activities.csv": some}))
    twice = header + "".join(lines) + lines[3] + lines[-1]
    report = bring_in(engine, write(tmp_path / "two", {"activities.csv": twice}))
    assert report.counts["activities"] == Counts(inserted=300 - len(known), unchanged=len(known) + 2)
    assert rows(engine, "SELECT count(*), count(DISTINCT row_key) FROM activities") == [(300, 300)]


def test_an_event_that_somebody_else_writes_meanwhile(
    postgres_engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring_in(postgres_engine, write(tmp_path / "one", {"partners.csv": PARTNERS}))
    look, other = PostgresBackend._unknown, create_store_engine(str(postgres_engine.url.render_as_string(False)))
    columns = "partner_id, occurred_at, kind, quantity, row_key"
    sql = (
        f"INSERT INTO activities ({columns}) SELECT id, '2024-01-01Z', 'view', 0, :key FROM partners "  # noqa: S608
        "WHERE external_id = 'P0'"
    )
    key = row_key(RESOURCES["activities"], _event(), None)
    calls = []

    def unknown(self: PostgresBackend, *arguments: Any) -> Any:
        found = look(self, *arguments)
        if not calls:  # after the first look, before the first copy
            with other.begin() as connection:
                connection.execute(text(sql), {"key": key})
        calls.append(len(found))
        return found

    monkeypatch.setattr(PostgresBackend, "_unknown", unknown)
    report = bring_in(postgres_engine, write(tmp_path / "two", {"activities.csv": many(200)}))
    other.dispose()
    assert report.counts["activities"] == Counts(inserted=199, unchanged=1)
    assert calls == [67, 199]


def _event() -> dict[str, Any]:
    instant = int(datetime(2024, 1, 1, tzinfo=UTC).timestamp()) * 10**6
    return {"partner": "P0", "occurred_at": instant, "kind": "view", "quantity": 0.0}


def test_a_partner_that_somebody_else_deletes_meanwhile(
    postgres_engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring_in(postgres_engine, write(tmp_path / "one", {"partners.csv": PARTNERS}))
    other, look = create_store_engine(str(postgres_engine.url.render_as_string(False))), PostgresBackend._unknown

    def unknown(self: PostgresBackend, *arguments: Any) -> Any:
        with other.begin() as connection:
            connection.execute(text("DELETE FROM partners"))
        return look(self, *arguments)

    monkeypatch.setattr(PostgresBackend, "_unknown", unknown)
    with pytest.raises(Conflict, match="at the same time"):
        bring_in(postgres_engine, write(tmp_path / "two", {"activities.csv": many(5)}))
    other.dispose()
    assert rows(postgres_engine, "SELECT count(*) FROM activities") == [(0,)]


def test_several_blocks(engine: Engine, tmp_path: Path) -> None:
    wide = "x" * 500
    objects = [
        {"partner": f"P{i % 3}", "occurred_at": "2024-01-01", "kind": "view", "quantity": i % 15_000, "note": wide}
        for i in range(20_000)  # the last quarter is the first one again
    ]
    report = bring_in(engine, activities(tmp_path / "in", objects))
    assert report.counts["activities"] == Counts(inserted=15_000, unchanged=5_000)


def test_the_import_reads_no_table_whole_for_a_batch(postgres_engine: Engine, tmp_path: Path) -> None:
    bring_in(postgres_engine, write(tmp_path / "one", {"partners.csv": PARTNERS, "activities.csv": many(3000)}))
    asked: list[tuple[str, Any]] = []

    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, _x: Any, _m: Any) -> None:
        if "unnest" in statement or "generate_series" in statement:
            asked.append((statement, parameters))

    event.listen(postgres_engine, "before_cursor_execute", note)
    bring_in(postgres_engine, write(tmp_path / "two", {"partners.csv": PARTNERS, "activities.csv": many(3000)}))
    event.remove(postgres_engine, "before_cursor_execute", note)
    with postgres_engine.connect() as connection:
        connection.execute(text("SET LOCAL enable_seqscan = on"))
        for statement, parameters in asked:
            plan = "\n".join(row[0] for row in connection.exec_driver_sql(f"EXPLAIN {statement}", parameters))
            assert "activities" not in plan or "Seq Scan on activities" not in plan
    assert len(asked) >= 2


def test_an_export_is_imported_as_it_was(sqlite_engine: Engine, postgres_engine: Engine, tmp_path: Path) -> None:
    bring_in(sqlite_engine, write(tmp_path / "in", {"partners.csv": PARTNERS, "activities.csv": many(500)}))
    export_folder(sqlite_engine, tmp_path / "out")
    assert bring_in(postgres_engine, tmp_path / "out").counts["activities"] == Counts(inserted=500)
    assert exported(postgres_engine, tmp_path / "again") == exported(sqlite_engine, tmp_path / "third")
