"""Export, import elsewhere, export again: the same bytes, whatever is in the store and wherever it lives."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from domain.errors import Conflict
from store.engine import create_store_engine
from store.transfer import Counts, export_folder
from tests.store.transfer.helpers import PROGRAMME, bring_in, exported, write


@contextmanager
def fresh_store(template: Path) -> Iterator[tuple[Engine, Path]]:
    with TemporaryDirectory() as name:
        shutil.copyfile(template, Path(name) / "store.db")
        engine = create_store_engine(f"sqlite:///{name}/store.db")
        yield engine, Path(name)
        engine.dispose()


def test_a_programme_comes_out_as_it_went_in(engine: Engine, tmp_path: Path, sqlite_template: Path) -> None:
    bring_in(engine, write(tmp_path / "in", PROGRAMME))
    first = exported(engine, tmp_path / "one")
    assert sorted(first) == sorted(PROGRAMME)
    assert first["activities.csv"].splitlines()[1:] == [
        "0012,2024-02-01T10:00:00Z,view,S1,,,C1,1,,,web",
        "0012,2024-02-01T10:00:00Z,view,S1,,,C1,2,,2024-02-02T00:00:00Z,",
        "P2,2024-02-01T00:00:00Z,claim,,O1,D2,,,99.9,,",
    ]
    with fresh_store(sqlite_template) as (elsewhere, folder):
        assert bring_in(elsewhere, tmp_path / "one").ok
        assert exported(elsewhere, folder / "two") == first
        report = bring_in(elsewhere, folder / "two")
    assert all(counts.inserted == counts.updated == 0 for counts in report.counts.values())


def test_both_databases_export_the_same(sqlite_engine: Engine, postgres_engine: Engine, tmp_path: Path) -> None:
    odd = ["a", "B", "ä", "Z", "_", "10", "9", "-", " x", "x ", "日本", "🚀", "a\r\nb", "\r", "e\u0301"]
    lines = [
        json.dumps({"external_id": text, "name": text, "annual_revenue": amount, "x": value}, ensure_ascii=False)
        for text, amount, value in zip(
            odd,
            [0.1, 1e15, 123456789012.34, 1e-7, 2**53, 0, 5.5, 1e18, 3, 4, 5, 6, 7, 8, 9.999999999],
            [1, 1.0, 1e15, 1e16, 1e-7, -0.0, "1", "true", True, 123456789012345678, "", None, "x", 2.5, "ä"],
            strict=True,
        )
    ]
    folder = write(tmp_path / "in", {"partners.jsonl": "\n".join(lines)})
    for engine in (sqlite_engine, postgres_engine):
        assert bring_in(engine, folder).ok
    first = exported(sqlite_engine, tmp_path / "sqlite")
    assert exported(postgres_engine, tmp_path / "postgres") == first
    assert list(first) == ["partners.jsonl"]  # the texts "1" and "true" would come back from CSV as other things
    for engine in (sqlite_engine, postgres_engine):
        assert bring_in(engine, tmp_path / "sqlite").counts["partners"] == Counts(unchanged=15)


def test_lists_that_csv_cannot_say_go_as_json(sqlite_engine: Engine, tmp_path: Path, sqlite_template: Path) -> None:
    line = '{"external_id":"P1","name":"A","industries":["a;b"," c"]}'
    bring_in(sqlite_engine, write(tmp_path / "in", {"partners.jsonl": line}))
    first = exported(sqlite_engine, tmp_path / "out")
    assert json.loads(first["partners.jsonl"])["industries"] == ["a;b", " c"]
    with fresh_store(sqlite_template) as (elsewhere, folder):
        bring_in(elsewhere, tmp_path / "out")
        assert exported(elsewhere, folder / "out") == first


def test_an_empty_store_exports_an_empty_folder(engine: Engine, tmp_path: Path) -> None:
    assert export_folder(engine, tmp_path / "out") == {}
    assert list((tmp_path / "out").iterdir()) == []


def test_a_folder_with_something_in_it_is_left_alone(sqlite_engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(Conflict, match="not an empty folder"):
        export_folder(sqlite_engine, tmp_path)
    assert [path.name for path in tmp_path.iterdir() if path.suffix == ".txt"] == ["mine.txt"]


TEXTS = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=12)
ATTRIBUTES = st.one_of(
    TEXTS,
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(-9e18, 9e18, allow_nan=False),
    st.sampled_from(["1", "1.0", "true", "1e5", "-0", "nan", "0x1", " ", "\ufeff", '"', "\r", "a;b"]),
)
ROWS = st.lists(
    st.fixed_dictionaries(
        {"external_id": TEXTS.filter(bool), "name": TEXTS.filter(bool), "tier": TEXTS},
        optional={"industries": st.lists(TEXTS, max_size=3), "x": ATTRIBUTES, "y, \n": ATTRIBUTES},
    ),
    min_size=1,
    max_size=8,
    unique_by=lambda row: row["external_id"],
)


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(rows=ROWS)
def test_any_text_survives(sqlite_template: Path, rows: list[dict[str, Any]]) -> None:
    with fresh_store(sqlite_template) as (engine, folder):
        lines = "\n".join(json.dumps(row) for row in rows)
        report = bring_in(engine, write(folder / "in", {"partners.jsonl": lines}))
        assert report.ok, report.problems
        first = exported(engine, folder / "one")
        with fresh_store(sqlite_template) as (elsewhere, other):
            report = bring_in(elsewhere, folder / "one")
            assert report.ok, report.problems
            assert exported(elsewhere, other / "two") == first
        assert bring_in(engine, folder / "one").counts["partners"] == Counts(unchanged=len(rows))
