"""Versions of the models on MLflow: which exist, which may serve, which serves.

MLflow is the record. Importing its client takes a second and opening its database half of one, so
what serving needs to know (versions, aliases, approval) is mirrored into a small file, ``index.json``,
which is used as long as MLflow's database file has not changed since. See docs/adr/0002-registry.md.
"""

import json
import threading
import time
import uuid
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from domain.errors import ArtefactInvalid, Conflict, NotFound
from models.artefact import MANIFEST_FILE, Manifest, as_utc, hash_file, read_manifest
from models.tracking import CHAMPION, PREFIX, SHADOW, Entry, Tracking

_INDEX_FILE = "index.json"
_REMOTE_REFRESH_SECONDS = 3.0


class ModelVersion:
    """One registered version of a model.

    Attributes
    ----------
    name : str
        ``fit``, ``churn``, ``match`` or ``recommend``.
    version : int
        Counts from 1.
    label : str
        As predictions carry it: ``churn/3``.
    trained_as_of : datetime
        Aware UTC; nothing that became known later entered.
    approved : bool
        Whether it passed the gates.
    champion : bool
        Whether it serves by default.
    rolled_back : bool
        Whether it was taken out of service.
    shadow : bool
        Whether its scores are computed beside the champion's, for comparison only.
    trained_because, promoted_because : str
        Why, in a sentence; empty if nobody said.
    folder : Path
        Its files on this machine, fetched if the registry is remote; hashes verified.
    manifest : Manifest
        Read from `folder`.
    """

    def __init__(self, entry: Entry, registry: "Registry") -> None:
        self.name = entry.name
        self.version = entry.version
        self.label = f"{entry.name}/{entry.version}"
        self.trained_as_of = entry.trained_as_of
        self.approved = entry.approved
        self.champion = entry.champion
        self.rolled_back = entry.rolled_back
        self.shadow = entry.shadow
        self.trained_because = entry.trained_because
        self.promoted_because = entry.promoted_because
        self._entry = entry
        self._registry = registry

    @property
    def state(self) -> str:
        """``champion``, ``shadow``, ``rolled back``, ``approved`` or ``candidate``."""
        if self.champion or self.shadow:
            return CHAMPION if self.champion else SHADOW
        if self.rolled_back:
            return "rolled back"
        return "approved" if self.approved else "candidate"

    @property
    def folder(self) -> Path:
        """Verified local files.

        Raises
        ------
        ArtefactInvalid
            If a file is missing or was altered; names it.
        """
        return self._registry._verified_folder(self._entry)

    @cached_property
    def manifest(self) -> Manifest:
        """What the version is, on what data it was made, how good it is."""
        return read_manifest(self.folder, verify=False)

    def __repr__(self) -> str:
        return f"<ModelVersion {self.label} of {self.trained_as_of:%Y-%m-%d}{' champion' * self.champion}>"


class Registry:
    """Versions of the models, on an MLflow tracking server or on MLflow's local SQLite store.

    Parameters
    ----------
    tracking_uri : str
        ``sqlite:///...`` for the local store, or anything that MLflow takes (``http://...``).
    artefact_dir : Path
        Folder of the artefacts when MLflow is local, and of fetched copies when it is remote.
    prefix : str, default="allywise-"
        What names of registered models begin with on that server.
    """

    def __init__(self, tracking_uri: str, artefact_dir: Path, prefix: str = PREFIX) -> None:
        self._tracking = Tracking(tracking_uri, artefact_dir, prefix)
        self._dir = artefact_dir
        self._lock = threading.RLock()
        self._entries: tuple[Entry, ...] = ()
        self._stamp: list[int] | None = None
        self._dirty = False
        self._verified: dict[Path, object] = {}

    def __reduce__(self) -> tuple[type, tuple[str, Path, str]]:
        return type(self), (
            self._tracking.uri,
            self._dir,
            self._tracking.prefix,
        )  # what it keeps open stays in its process

    @classmethod
    def of(cls, settings: Any) -> Self:
        """Return the registry that `settings` name."""
        return cls(settings.tracking_uri, settings.artefact_dir, settings.mlflow_prefix)

    # reading ------------------------------------------------------------------------------------

    def names(self) -> tuple[str, ...]:
        """Return the names of models that have versions."""
        return tuple(sorted({entry.name for entry in self._current()}))

    def versions(self, name: str) -> list[ModelVersion]:
        """Return all versions of a model, newest first; empty if there are none."""
        found = [entry for entry in self._current() if entry.name == name]
        return [ModelVersion(entry, self) for entry in sorted(found, key=lambda entry: -entry.version)]

    def version(self, name: str, number: int) -> ModelVersion:
        """Return one version.

        Raises
        ------
        NotFound
            If there is none of that number.
        """
        for version in self.versions(name):
            if version.version == number:
                return version
        known = ", ".join(str(version.version) for version in self.versions(name)) or "none"
        raise NotFound(f"{name} has no version {number}; there is {known}.", name=name, version=number)

    def champion(self, name: str) -> ModelVersion | None:
        """Return the version that serves by default, if any."""
        return next((version for version in self.versions(name) if version.champion), None)

    def shadow(self, name: str) -> ModelVersion | None:
        """Return the version that is computed beside the champion, if any."""
        return next((version for version in self.versions(name) if version.shadow), None)

    def serving(self, name: str, as_of: datetime) -> ModelVersion | None:
        """Return the version that answers as of an instant.

        The champion if it was trained by `as_of`; else the newest approved version that was, leaving
        out those that were rolled back; else None, and the baseline answers.
        """
        instant = as_utc(as_of)
        fit_to_serve = [version for version in self.versions(name) if version.trained_as_of <= instant]
        for version in fit_to_serve:
            if version.champion:
                return version
        approved = [version for version in fit_to_serve if version.approved and not version.rolled_back]
        return max(approved, key=lambda version: (version.trained_as_of, version.version), default=None)

    # writing ------------------------------------------------------------------------------------

    def register(
        self,
        name: str,
        folder: Path,
        manifest: Manifest,
        metrics: Mapping[str, float],
        params: Mapping[str, Any],
    ) -> ModelVersion:
        """Record a trained model as an MLflow run with its files, and as a new version.

        Parameters
        ----------
        name : str
            Name of the model.
        folder : Path
            The artefact that `write_artefact` finished; it is copied.
        manifest : Manifest
            Of that folder.
        metrics, params : mappings
            What MLflow shows of the run; metrics that are not finite are left out.

        Returns
        -------
        ModelVersion
            Not approved, not champion.
        """
        tags = {
            "trained_as_of": manifest.trained_as_of.isoformat(),
            "manifest_sha256": hash_file(folder / MANIFEST_FILE),
            "approved": "false",
        }
        with self._lock:
            self._dirty = True
            number = self._tracking.add_version(name, folder, metrics, params, tags)
        return self.version(name, number)

    def approve(self, version: ModelVersion) -> ModelVersion:
        """Mark a version as fit to serve: it passed the gates."""
        with self._lock:
            self._dirty = True
            self._tracking.tag_version(version.name, version.version, "approved", "true")
        return self.version(version.name, version.version)

    def explain(self, version: ModelVersion, reason: str) -> ModelVersion:
        """Keep why a version was trained."""
        with self._lock:
            self._dirty = True
            self._tracking.tag_version(version.name, version.version, "trained_because", reason)
        return self.version(version.name, version.version)

    def put_in_shadow(self, name: str, number: int) -> ModelVersion:
        """Have a version's scores computed beside the champion's; it answers nothing. There is one at a time.

        Raises
        ------
        NotFound
            If there is no such version.
        Conflict
            If it is the champion.
        """
        with self._lock:
            version = self.version(name, number)
            if version.champion:
                raise Conflict(f"{version.label} is the champion: it cannot be its own shadow.", version=version.label)
            self._tracking.point(name, SHADOW, number)
            self._dirty = True
        return self.version(name, number)

    def end_shadow(self, name: str) -> None:
        """Compute the champion's scores alone again; nothing happens if no version is in shadow."""
        with self._lock:
            if self.shadow(name) is not None:
                self._tracking.unpoint(name, SHADOW)
                self._dirty = True

    def promote(self, name: str, number: int, reason: str = "") -> ModelVersion:
        """Make a version the champion and remember which one was.

        Parameters
        ----------
        name, number : str, int
            The version.
        reason : str, optional
            Why, kept with the version. With a reason even one that failed a gate is promoted: somebody answers for it.

        Raises
        ------
        NotFound
            If there is no such version.
        Conflict
            If it did not pass the gates and no reason was given.
        """
        with self._lock:
            version = self.version(name, number)
            if not version.approved and not reason.strip():
                raise Conflict(
                    f"{version.label} did not pass the gates and cannot serve, unless you say why it should.",
                    version=version.label,
                )
            former = self.champion(name)
            if version.shadow:
                self._tracking.unpoint(name, SHADOW)
            self._tracking.tag_version(name, number, "approved", "true")
            self._tracking.tag_version(name, number, "rolled_back", "false")
            self._tracking.tag_version(name, number, "promoted_because", reason.strip())
            if former is not None and former.version != number:
                self._tracking.tag_version(name, number, "previous_champion", str(former.version))
            self._tracking.point(name, CHAMPION, number)
            self._dirty = True
        return self.version(name, number)

    def rollback(self, name: str) -> ModelVersion:
        """Give the champion's place back to the version that had it before.

        Returns
        -------
        ModelVersion
            The one that serves now. The one taken out of service is marked, so that it answers for no
            instant until it is promoted again.

        Raises
        ------
        NotFound
            If nothing serves.
        Conflict
            If no version served before the champion.
        """
        with self._lock:
            former = self.champion(name)
            if former is None:
                raise NotFound(f"No version of {name} serves: there is nothing to roll back.", name=name)
            previous = self._tracking.version_tags(name, former.version).get("previous_champion")
            if previous is None:
                raise Conflict(f"{former.label} is the first that serves: nothing to roll back to.", name=name)
            self._tracking.tag_version(name, former.version, "rolled_back", "true")
            self._tracking.point(name, CHAMPION, int(previous))
            self._dirty = True
        return self.version(name, int(previous))

    # the mirror ---------------------------------------------------------------------------------

    def _current(self) -> tuple[Entry, ...]:
        with self._lock:
            local = self._tracking.is_local
            stamp = self._tracking.stamp() if local else [int(time.monotonic() / _REMOTE_REFRESH_SECONDS)]
            if stamp != self._stamp or (self._dirty and not local):
                mirrored = self._read_index(stamp) if local else None
                self._entries = self._refresh(stamp) if mirrored is None else mirrored
                self._stamp, self._dirty = stamp, False
            return self._entries

    def _read_index(self, stamp: list[int]) -> tuple[Entry, ...] | None:
        if not stamp:
            return ()
        try:
            index = json.loads((self._dir / _INDEX_FILE).read_text(encoding="utf-8"))
            if index["stamp"] != stamp:
                return None
            return tuple(_from_json(row) for row in index["entries"])
        except (OSError, ValueError, KeyError, TypeError):
            return None  # missing or damaged: it is only a mirror, MLflow is asked

    def _refresh(self, stamp: list[int]) -> tuple[Entry, ...]:
        # The stamp was taken before reading: a change in between makes the mirror stale, never wrong.
        entries = tuple(self._tracking.entries())
        if self._tracking.is_local:
            self._dir.mkdir(parents=True, exist_ok=True)
            text = json.dumps({"stamp": stamp, "entries": [_to_json(entry) for entry in entries]})
            scratch = self._dir / f"{_INDEX_FILE}.{uuid.uuid4().hex}"
            scratch.write_text(text, encoding="utf-8")
            scratch.replace(self._dir / _INDEX_FILE)
        return entries

    def _verified_folder(self, entry: Entry) -> Path:
        folder = self._tracking.files(entry.run_id)
        seen = [(str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in sorted(folder.rglob("*"))]
        if self._verified.get(folder) != seen:
            manifest = folder / MANIFEST_FILE
            if not manifest.is_file() or hash_file(manifest) != entry.manifest_sha256:
                raise ArtefactInvalid(
                    f"{manifest} is missing or was altered: its hash is not the registered one.", file=str(manifest)
                )
            read_manifest(folder)
            self._verified[folder] = seen
        return folder


def _to_json(entry: Entry) -> dict[str, Any]:
    return {**asdict(entry), "trained_as_of": entry.trained_as_of.isoformat()}


def _from_json(row: dict[str, Any]) -> Entry:
    return Entry(**{**row, "trained_as_of": datetime.fromisoformat(row["trained_as_of"])})
