"""The artefact contract: what was written is what is read, or a refusal that names the file."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from domain.errors import ArtefactInvalid
from models.artefact import Manifest, read_manifest, write_artefact


def fields(**given: Any) -> dict[str, Any]:
    part = {
        "part": "90",
        "horizon_days": 90,
        "rows": 10,
        "positives": 3,
        "train_window": ("2024-01-01", "2024-02-01"),
        "test_window": ("2024-03-01", "2024-04-01"),
        "test_rows": 4,
        "test_positives": 1,
        "split": "by time",
        "choice": "linear",
        "methods": [
            {"name": "model", "kind": "model", "metrics": {"auc": {"value": 0.7, "low": 0.6, "high": float("nan")}}}
        ],
    }
    return {
        "name": "churn",
        "trained_as_of": datetime(2024, 6, 1, tzinfo=UTC),
        "created_at": datetime(2024, 6, 2, tzinfo=UTC),
        "parts": [part],
        "feature_set": "churn",
        "fingerprint": "abc",
        "columns": ["a", "b"],
        "label_rule": "no sign of life",
        "seed": 7,
        **given,
    }


def make_artefact(folder: Path, **given: Any) -> Manifest:
    (folder / "sub").mkdir(parents=True)
    (folder / "trees.txt").write_text("trees")
    (folder / "sub" / "state.json").write_text("{}")
    return write_artefact(folder, fields(**given))


def test_reads_what_was_written(tmp_path: Path) -> None:
    written = make_artefact(tmp_path / "a")
    read = read_manifest(tmp_path / "a")
    assert read == written
    assert sorted(read.files) == ["sub/state.json", "trees.txt"]
    assert (read.rows, read.choice, read.horizons) == (10, "linear", (90,))
    assert read.parts[0].methods[0].metrics["auc"].high is None


def test_writing_again_gives_the_same_hashes(tmp_path: Path) -> None:
    first = make_artefact(tmp_path / "a")
    assert write_artefact(tmp_path / "a", fields()).files == first.files


@pytest.mark.parametrize(
    ("damage", "named"),
    [
        (lambda folder: (folder / "trees.txt").write_text("other"), "trees.txt was altered"),
        (lambda folder: (folder / "sub" / "state.json").unlink(), "state.json is missing"),
        (lambda folder: (folder / "new.bin").write_text("x"), "new.bin is not listed"),
        (lambda folder: (folder / "manifest.json").unlink(), "manifest.json is missing"),
        (lambda folder: (folder / "manifest.json").write_text("{"), "manifest.json cannot be read"),
    ],
)
def test_refuses_and_names_the_file(tmp_path: Path, damage: Any, named: str) -> None:
    make_artefact(tmp_path / "a")
    damage(tmp_path / "a")
    with pytest.raises(ArtefactInvalid, match=named):
        read_manifest(tmp_path / "a")


def test_without_verification_only_the_manifest_is_read(tmp_path: Path) -> None:
    make_artefact(tmp_path / "a")
    (tmp_path / "a" / "trees.txt").write_text("other")
    assert read_manifest(tmp_path / "a", verify=False).name == "churn"


def test_a_missing_field_is_named(tmp_path: Path) -> None:
    tmp_path.joinpath("x").write_text("x")
    given = fields()
    del given["label_rule"]
    with pytest.raises(ArtefactInvalid, match="label_rule"):
        write_artefact(tmp_path, given)
