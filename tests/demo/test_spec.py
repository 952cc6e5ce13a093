"""Sizes of worlds: the smallest, the odd, the refused, and the command line."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from demo.__main__ import main
from demo.generator import generate
from demo.spec import WorldSpec
from domain.errors import InvalidInput

END = datetime(2026, 3, 10, tzinfo=UTC)
NOTHING = {"prospects": 0, "leads": 0, "deals": 0, "activities": 0, "assets": 0, "offers": 0}


@pytest.mark.parametrize(
    "options",
    [
        {"partners": 5, **NOTHING},
        {"partners": 5, **NOTHING, "leads": 3, "assets": 1, "offers": 1, "years": 1, "products": 1, "programs": 1},
        {"partners": 30, **NOTHING, "leads": 200, "deals": 160, "activities": 2000, "products": 11, "programs": 3},
        {
            "partners": 12,
            **NOTHING,
            "leads": 90,
            "activities": 500,
            "end": datetime(2025, 3, 17, 13, 45, 10, tzinfo=UTC),
        },
    ],
)
def test_small_worlds_work(tmp_path: Path, options: dict[str, Any]) -> None:
    spec = WorldSpec(**{"seed": 1, "end": END, **options})
    summary = generate(tmp_path / "w", tmp_path / "t", spec)
    assert summary.rows["partners"] == spec.partners + spec.prospects
    assert summary.rows["leads"] == spec.leads == len(pd.read_csv(tmp_path / "w" / "leads.csv"))
    last = pd.read_parquet(tmp_path / "w" / "activities.parquet")["occurred_at"].max()
    assert pd.isna(last) or last <= pd.Timestamp(spec.end).tz_localize(None)


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"partners": 4}, "partners"),
        ({"leads": -1}, "leads"),
        ({"years": 0}, "years"),
        ({"end": datetime(2026, 1, 1)}, "end"),
    ],
)
def test_impossible_worlds_are_refused(options: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput, match=field) as caught:
        WorldSpec(**{"seed": 1, "end": END, **options})
    assert caught.value.details["field"] == field


def test_the_same_instant_in_another_zone_is_the_same_world() -> None:
    there = END.astimezone(timezone(timedelta(hours=-3)))
    assert WorldSpec(seed=1, end=there).start == WorldSpec(seed=1, end=END).start


def test_the_command_line_writes_a_world_and_says_what(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sizes = ["--partners", "8", "--prospects", "3", "--leads", "20", "--activities", "100", "--end", "2026-03-10"]
    assert main([str(tmp_path / "w"), "--truth", str(tmp_path / "t"), "--seed", "2", *sizes]) == 0
    assert "partners  11" in capsys.readouterr().out
    assert (tmp_path / "t" / "manifest.json").exists()
    assert main([str(tmp_path / "w"), "--truth", str(tmp_path / "t"), "--partners", "1"]) == 1
    assert "partners must be at least 5" in capsys.readouterr().err
