"""The registry on a real MLflow, backed by SQLite."""

import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from domain.errors import ArtefactInvalid, CannotAnswer, Conflict, NotFound
from models.artefact import write_artefact
from models.registry import ModelVersion, Registry

LATER = datetime(2030, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a home with an empty tracking database: its migrations run once."""
    home = tmp_path_factory.mktemp("tracking")
    registry = open_registry(home)
    add(registry, home / "scratch", "warmup", day(1))
    return home


@pytest.fixture
def home(template: Path, tmp_path: Path) -> Path:
    home = tmp_path / "home"
    home.mkdir()
    shutil.copyfile(template / "mlflow.db", home / "mlflow.db")
    return home


def open_registry(home: Path) -> Registry:
    return Registry(f"sqlite:///{home / 'mlflow.db'}", home / "models")


def day(number: int) -> datetime:
    return datetime(2024, 1, number, tzinfo=UTC)


def add(registry: Registry, scratch: Path, name: str, trained_as_of: datetime) -> ModelVersion:
    folder = scratch / f"{name}-{trained_as_of:%d}"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "weights.txt").write_text(f"{name} {trained_as_of}")
    manifest = write_artefact(
        folder,
        {
            "name": name,
            "trained_as_of": trained_as_of,
            "created_at": trained_as_of,
            "parts": [],
            "feature_set": "s",
            "fingerprint": "f",
            "columns": [],
            "label_rule": "rule",
            "seed": 7,
        },
    )
    return registry.register(
        name, folder, manifest, {"90/model/recall@10": 0.8, "90/model/ap": float("nan")}, {"seed": 7}
    )


def champion_of(registry: Registry, scratch: Path, number: int, name: str = "churn") -> ModelVersion:
    version = registry.approve(add(registry, scratch, name, day(number)))
    return registry.promote(name, version.version)


def serving_label(registry: Registry, as_of: datetime) -> str | None:
    version = registry.serving("churn", as_of)
    return None if version is None else version.label


def test_a_registry_at_an_address_of_no_known_kind_is_named(tmp_path: Path) -> None:
    with pytest.raises(CannotAnswer, match="foo://x"):
        Registry("foo://x", tmp_path).names()


def test_nothing_serves_before_anything_was_trained(tmp_path: Path) -> None:
    registry = open_registry(tmp_path)
    assert registry.serving("churn", LATER) is None
    assert (registry.names(), registry.versions("churn"), registry.champion("fit")) == ((), [], None)
    assert not (tmp_path / "mlflow.db").exists()


def test_a_registered_version_serves_only_once_promoted(home: Path, tmp_path: Path) -> None:
    registry = open_registry(home)
    version = add(registry, tmp_path, "churn", day(5))
    assert (version.label, version.approved, version.champion) == ("churn/1", False, False)
    assert version.manifest.name == "churn"
    assert (version.folder / "weights.txt").read_text().startswith("churn")
    assert serving_label(registry, LATER) is None
    with pytest.raises(Conflict, match="did not pass the gates"):
        registry.promote("churn", 1)
    registry.approve(version)
    assert registry.promote("churn", 1).champion
    assert serving_label(registry, LATER) == "churn/1"


def test_serves_what_was_trained_by_then(home: Path, tmp_path: Path) -> None:
    registry = open_registry(home)
    for number in (5, 10):
        champion_of(registry, tmp_path, number)
    add(registry, tmp_path, "churn", day(12))  # never approved
    registry.approve(add(registry, tmp_path, "churn", day(3)))  # approved for the past only
    expected = {2: None, 3: "churn/4", 4: "churn/4", 5: "churn/1", 9: "churn/1", 10: "churn/2", 20: "churn/2"}
    assert {number: serving_label(registry, day(number)) for number in expected} == expected


def test_rollback_returns_the_place_and_retires_the_version(home: Path, tmp_path: Path) -> None:
    registry = open_registry(home)
    for number in (5, 10, 15):
        champion_of(registry, tmp_path, number)
    assert registry.rollback("churn").label == "churn/2"
    assert serving_label(registry, LATER) == "churn/2"
    assert registry.version("churn", 3).rolled_back
    assert registry.rollback("churn").label == "churn/1"
    assert serving_label(registry, LATER) == "churn/1"
    with pytest.raises(Conflict, match="first that serves"):
        registry.rollback("churn")
    assert registry.promote("churn", 3).rolled_back is False
    assert serving_label(registry, LATER) == "churn/3"
    assert registry.rollback("churn").label == "churn/1"


def test_rollback_without_a_champion(home: Path) -> None:
    with pytest.raises(NotFound, match="nothing to roll back"):
        open_registry(home).rollback("fit")


def test_models_do_not_mix(home: Path, tmp_path: Path) -> None:
    registry = open_registry(home)
    champion_of(registry, tmp_path, 5)
    champion_of(registry, tmp_path, 6, name="fit")
    assert serving_label(registry, LATER) == "churn/1"
    assert [version.label for version in registry.versions("fit")] == ["fit/1"]
    with pytest.raises(NotFound, match="churn has no version 9; there is 1"):
        registry.version("churn", 9)


def test_an_altered_file_is_refused(home: Path, tmp_path: Path) -> None:
    registry = open_registry(home)
    version = champion_of(registry, tmp_path, 5)
    path = version.folder / "weights.txt"
    path.write_text("poisoned")
    with pytest.raises(ArtefactInvalid, match=r"weights\.txt was altered"):
        _ = version.folder


def test_an_altered_manifest_is_refused(home: Path, tmp_path: Path) -> None:
    registry = open_registry(home)
    version = champion_of(registry, tmp_path, 5)
    manifest = version.folder / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"rule"', '"other"'))
    with pytest.raises(ArtefactInvalid, match=r"manifest\.json is missing or was altered"):
        _ = open_registry(home).version("churn", 1).folder


def test_a_moved_home_goes_on_serving_and_training(home: Path, tmp_path: Path) -> None:
    champion_of(open_registry(home), tmp_path, 5)
    moved = tmp_path / "elsewhere"
    home.rename(moved)
    registry = open_registry(moved)
    serving = registry.serving("churn", LATER)
    assert serving is not None
    assert serving.folder.is_relative_to(moved)
    champion_of(registry, tmp_path, 7)
    assert registry.version("churn", 2).folder.is_relative_to(moved)
    assert not home.exists()


def test_an_alias_moved_in_mlflow_itself_is_seen(home: Path, tmp_path: Path) -> None:
    from mlflow.tracking import MlflowClient

    registry = open_registry(home)
    for number in (5, 10):
        champion_of(registry, tmp_path, number)
    assert serving_label(registry, LATER) == "churn/2"
    uri = f"sqlite:///{home / 'mlflow.db'}"
    MlflowClient(tracking_uri=uri, registry_uri=uri).set_registered_model_alias("allywise-churn", "champion", "1")
    assert serving_label(registry, LATER) == "churn/1"


def test_a_damaged_index_is_rebuilt(home: Path, tmp_path: Path) -> None:
    champion_of(open_registry(home), tmp_path, 5)
    (home / "models" / "index.json").write_text("{ not json")
    assert serving_label(open_registry(home), LATER) == "churn/1"


def test_serving_does_not_import_mlflow(home: Path, tmp_path: Path) -> None:
    champion_of(open_registry(home), tmp_path, 5)
    code = (
        "import sys; from pathlib import Path; from datetime import datetime, UTC\n"
        "from models.registry import Registry\n"
        f"home = Path({str(home)!r})\n"
        "version = Registry(f'sqlite:///{home / \"mlflow.db\"}', home / 'models').serving('churn', datetime.now(UTC))\n"
        "assert version.folder.is_dir()\n"
        "print(version.label, 'mlflow' in sys.modules, 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert (done.stdout.strip(), done.stderr) == ("churn/1 False False", "")


def test_an_unreachable_server_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(CannotAnswer, match="does not answer"):
        Registry("http://127.0.0.1:9", tmp_path).serving("churn", LATER)
