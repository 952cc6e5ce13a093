"""MLflow, spoken to in few words: runs with files and numbers, registered versions, an alias."""

import hashlib
import logging
import math
import os
import re
import shutil
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from domain.errors import ArtefactInvalid, CannotAnswer

CHAMPION = "champion"
SHADOW = "shadow"
PREFIX = "allywise-"
"""What names of registered models begin with, unless a setting says otherwise."""

_FOLDER = "model"
_SQLITE = "sqlite:///"
_QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_LOGGING_LEVEL": "ERROR",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
    "GIT_PYTHON_REFRESH": "quiet",
}


@dataclass(frozen=True)
class Entry:
    """What MLflow records of one version: enough to choose the one that serves."""

    name: str
    version: int
    run_id: str
    trained_as_of: datetime
    manifest_sha256: str
    approved: bool
    champion: bool
    rolled_back: bool
    shadow: bool = False
    trained_because: str = ""
    promoted_because: str = ""


class Tracking:
    """An MLflow tracking store with its registry; the library is imported when first needed.

    Parameters
    ----------
    uri : str
        ``sqlite:///...``, ``http://...`` or what else MLflow takes.
    artefact_dir : Path
        Where the files of runs go, unless a server keeps them.
    prefix : str, default="allywise-"
        What names of registered models and of the experiment begin with: two programmes on one server need two.
    """

    def __init__(self, uri: str, artefact_dir: Path, prefix: str = PREFIX) -> None:
        self.uri = uri
        self.prefix = prefix
        self._dir = artefact_dir
        self._database = Path(uri.removeprefix(_SQLITE)) if uri.startswith(_SQLITE) else None
        self._has_server = uri.startswith(("http://", "https://", "databricks"))

    @property
    def is_local(self) -> bool:
        """Whether the record is an SQLite file, whose changes `stamp` can see."""
        return self._database is not None

    @property
    def is_new(self) -> bool:
        """Whether nothing was ever recorded in the local file."""
        return self._database is not None and not self._database.exists()

    def stamp(self) -> list[int]:
        """Return numbers that change whenever the local record does: SQLite's own counter, size and time."""
        if self._database is None or not self._database.exists():
            return []
        with self._database.open("rb") as file:
            header = file.read(28)
        stat = self._database.stat()
        return [int.from_bytes(header[24:28], "big"), stat.st_size, stat.st_mtime_ns]

    # reading

    def entries(self) -> list[Entry]:
        """Return every version that this service registered."""
        if self.is_new:
            return []
        found: list[Entry] = []
        with self._errors():
            for model in self._client.search_registered_models(max_results=1000):
                if not self._is_ours(model.name):
                    continue
                versions = self._client.search_model_versions(f"name='{model.name}'", max_results=10_000)
                found += [
                    self._entry(version, model.aliases) for version in versions if "trained_as_of" in version.tags
                ]
        return found

    def version_tags(self, name: str, number: int) -> Mapping[str, str]:
        """Return the tags of one version."""
        with self._errors():
            return dict(self._client.get_model_version(self.prefix + name, str(number)).tags)

    def files(self, run_id: str) -> Path:
        """Return the local folder with the files of a run; fetches it once if a server keeps it.

        A local folder is found by the run's id and not by the address that MLflow recorded, so that
        a home that was moved or copied goes on working.
        """
        for folder in (self._dir / run_id / "artifacts" / _FOLDER, self._dir / "fetched" / run_id):
            if folder.is_dir():
                return folder
        fetched = self._dir / "fetched" / run_id
        fetched.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=fetched.parent) as scratch, self._errors():
            if not self._client.list_artifacts(run_id, _FOLDER):
                raise ArtefactInvalid(f"The files of run {run_id} are missing from {self._dir}.", run=run_id)
            got = Path(self._client.download_artifacts(run_id, _FOLDER, scratch))
            whole = Path(scratch) / "whole"
            shutil.copytree(got, whole)
            try:
                whole.rename(fetched)
            except OSError:
                if not fetched.is_dir():
                    raise
                # Another process of this machine was faster, with the same files.
        return fetched

    # writing

    def add_version(
        self,
        name: str,
        folder: Path,
        metrics: Mapping[str, float],
        params: Mapping[str, Any],
        tags: Mapping[str, str],
    ) -> int:
        """Record a run with its files and numbers, and register it as a new version; returns its number."""
        from mlflow.entities import Metric, Param

        with self._errors():
            client = self._client
            run = client.create_run(self._experiment, run_name=f"{name} {tags.get('trained_as_of', '')}".strip())
            run_id = run.info.run_id
            now = int(datetime.now(UTC).timestamp() * 1000)
            numbers = [
                Metric(_metric_name(key), float(value), now, 0)
                for key, value in metrics.items()
                if math.isfinite(value)
            ]
            words = [Param(key, str(value)[:500]) for key, value in params.items()]
            client.log_batch(run_id, metrics=numbers[:1000], params=words[:100])
            client.log_artifacts(run_id, str(folder), _FOLDER)
            client.set_terminated(run_id)
            self._ensure_model(self.prefix + name)
            version = client.create_model_version(
                self.prefix + name, source=f"{run.info.artifact_uri}/{_FOLDER}", run_id=run_id, tags=dict(tags)
            )
            return int(version.version)

    def tag_version(self, name: str, number: int, key: str, value: str) -> None:
        """Set a tag of one version."""
        with self._errors():
            self._client.set_model_version_tag(self.prefix + name, str(number), key, value)

    def point(self, name: str, alias: str, number: int) -> None:
        """Point an alias, ``champion`` or ``shadow``, at a version."""
        with self._errors():
            self._client.set_registered_model_alias(self.prefix + name, alias, str(number))

    def unpoint(self, name: str, alias: str) -> None:
        """Take an alias away."""
        with self._errors():
            self._client.delete_registered_model_alias(self.prefix + name, alias)

    def _is_ours(self, model: str) -> bool:
        # The rest is one word: with "a-" and "a-b-" as prefixes of two programmes, "a-b-churn" is not the first's.
        return model.startswith(self.prefix) and model.removeprefix(self.prefix).isalnum()

    def _entry(self, version: Any, aliases: Mapping[str, Any]) -> Entry:
        tags = version.tags
        return Entry(
            name=version.name.removeprefix(self.prefix),
            version=int(version.version),
            run_id=version.run_id,
            trained_as_of=datetime.fromisoformat(tags["trained_as_of"]),
            manifest_sha256=tags.get("manifest_sha256", ""),
            approved=tags.get("approved") == "true",
            champion=str(version.version) == str(aliases.get(CHAMPION, "")),
            rolled_back=tags.get("rolled_back") == "true",
            shadow=str(version.version) == str(aliases.get(SHADOW, "")),
            trained_because=tags.get("trained_because", ""),
            promoted_because=tags.get("promoted_because", ""),
        )

    # MLflow itself

    @cached_property
    def _client(self) -> Any:
        for key, value in _QUIET.items():
            os.environ.setdefault(key, value)
        if self._database is not None:
            self._database.parent.mkdir(parents=True, exist_ok=True)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # MLflow's own use of SQLAlchemy and pydantic
            from mlflow.exceptions import MlflowException
            from mlflow.tracking import MlflowClient

        for name in ("mlflow", "alembic"):  # 50 migrations of a new file tell their names
            logging.getLogger(name).setLevel(logging.ERROR)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            try:
                return MlflowClient(tracking_uri=self.uri, registry_uri=self.uri)
            except MlflowException as error:  # an address of a kind that it does not know
                raise self._no_answer(error) from error

    @cached_property
    def _experiment(self) -> str:
        location = None if self._has_server else self._dir.resolve().as_uri()
        name = self.prefix.rstrip("-_./ ") or "models"
        found = self._client.get_experiment_by_name(name)
        if found is not None and location is not None and found.artifact_location != location:
            # The home was moved: new runs must not write to its former place.
            name = f"{name}-{hashlib.sha256(location.encode()).hexdigest()[:8]}"
            found = self._client.get_experiment_by_name(name)
        if found is not None:
            return str(found.experiment_id)
        return str(self._client.create_experiment(name, artifact_location=location))

    def _ensure_model(self, name: str) -> None:
        from mlflow.exceptions import MlflowException

        try:
            self._client.get_registered_model(name)
        except MlflowException as error:
            if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
            self._client.create_registered_model(name)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        _ = self._client  # first, as it quietens MLflow
        from mlflow.exceptions import MlflowException

        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)
                yield
        except MlflowException as error:
            raise self._no_answer(error) from error

    def _no_answer(self, error: Exception) -> CannotAnswer:
        return CannotAnswer(f"The model registry at {self.uri} does not answer: {str(error).strip().splitlines()[0]}")


def _metric_name(name: str) -> str:
    """Return `name` with what MLflow does not allow in the name of a metric replaced.

    Examples
    --------
    >>> _metric_name("180/partner win rate/recall@10")
    '180/partner win rate/recall_10'
    """
    return re.sub(r"[^\w\-. :/]", "_", name, flags=re.ASCII)
