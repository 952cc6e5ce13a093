"""Drift of columns: seen where it is, not where there is none, silent where rows are too few."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from models.drift import compare, compare_column, psi, read_reference, reference, write_reference


def make_rows(n: int, seed: int, shift: float = 0.0, word: str = "a") -> tuple[pd.DataFrame, np.ndarray]:
    random = np.random.default_rng(seed)
    number = random.normal(shift, 1.0, n)
    number[random.random(n) < 0.1] = np.nan
    words = pd.Series(random.choice([word, "b", None], n), dtype="category")
    flag = (random.random(n) < 0.05).astype(float)
    return pd.DataFrame({"number": number, "words": words, "flag": flag}), random.random(n)


def verdicts(then: tuple[pd.DataFrame, np.ndarray], now: tuple[pd.DataFrame, np.ndarray]) -> dict[str, str]:
    return {drift.name: drift.verdict for drift in compare(reference(*then), *now)}


def test_nothing_changed_is_stable() -> None:
    found = verdicts(make_rows(5000, 1), make_rows(400, 2))
    assert found == {"p": "stable", "number": "stable", "words": "stable", "flag": "stable"}


def test_chance_alone_is_no_drift() -> None:
    """A hundred rows on both sides give PSI far above 0.1 by chance; none of 200 columns may be called drifted."""
    random = np.random.default_rng(5)
    columns = [f"c{k}" for k in range(200)]
    then, now = (pd.DataFrame(random.normal(size=(110, 200)), columns=columns) for _ in range(2))
    found = compare(reference(then, then["c0"]), now, now["c0"])
    assert max(drift.psi for drift in found) > 0.2
    assert {drift.verdict for drift in found} == {"stable"}


def test_shifted_numbers_and_new_words_are_drift_and_come_first() -> None:
    then = make_rows(5000, 1)
    found = compare(reference(*then), *make_rows(500, 2, shift=1.0))
    assert [(drift.name, drift.verdict) for drift in found[:2]] == [("p", "stable"), ("number", "drifted")]
    assert verdicts(then, make_rows(500, 2, word="new"))["words"] == "drifted"


def test_values_that_vanish_or_go_missing_are_drift() -> None:
    then, p = make_rows(2000, 1)
    for column, values in {"number": np.full(500, np.nan), "flag": np.ones(500), "words": [None] * 500}.items():
        dtype = "category" if column == "words" else "float64"
        now = compare_column(column, reference(then, p)["columns"][column], pd.Series(values, dtype=dtype))
        assert (column, now.verdict) == (column, "drifted")


@pytest.mark.parametrize(("before", "after"), [(99, 5000), (5000, 99), (0, 0), (0, 1)])
def test_too_few_rows_get_no_verdict(before: int, after: int) -> None:
    assert set(verdicts(make_rows(before, 1), make_rows(after, 2, shift=9)).values()) == {"too few"}


def test_psi_is_symmetric_and_never_negative() -> None:
    random = np.random.default_rng(3)
    for _ in range(20):
        then, now = random.integers(0, 50, 8), random.integers(0, 50, 8)
        assert psi(then, now) >= 0
        assert psi(then, then) == 0


def test_references_are_kept_with_the_model(tmp_path: Path) -> None:
    assert read_reference(tmp_path) == {}
    described = reference(*make_rows(300, 1))
    write_reference(tmp_path, {"90": described, "engage": None})
    assert read_reference(tmp_path) == {"90": described}
