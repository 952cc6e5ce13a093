"""The artefact contract: a folder of files with a manifest that names the hash of each."""

import hashlib
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from domain.errors import ArtefactInvalid

MANIFEST_FILE = "manifest.json"
_CHUNK = 1 << 20


def _finite(value: object) -> object:
    return None if isinstance(value, float) and not math.isfinite(value) else value


Number = Annotated[float | None, BeforeValidator(_finite)]
"""A finite number; JSON has no NaN, so what cannot be computed is null."""


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class MetricRecord(_Record):
    """A metric with its 80 % interval."""

    value: Number
    low: Number
    high: Number


class MethodRecord(_Record):
    """One method of the comparison: ``kind`` is model, baseline or champion."""

    name: str
    kind: str
    metrics: dict[str, MetricRecord]


class GateRecord(_Record):
    """One promotion gate: its outcome as a fact and as a sentence."""

    name: str
    part: str
    passed: bool
    sentence: str


class LeakRecord(_Record):
    """A field that knows more of the outcome than anything known at the time could.

    ``table`` is partners, leads or items; ``kind`` says what gave it away; ``auc`` is that of the field alone beside
    ``facts_auc`` of dated facts, ``gain`` the share of their log loss that it takes away; ``left_out`` is False
    where the user trusts the field.
    """

    table: str
    field: str
    kind: str
    sentence: str
    outcome: str = ""
    auc: Number = None
    facts_auc: Number = None
    gain: Number = None
    left_out: bool = True


class SegmentRecord(_Record):
    """Model and answering baseline on the test rows of one segment; `loss_difference` below 0: the model is better."""

    segment: str
    value: str
    rows: int
    rate: Number
    mean_p: Number
    auc: Number
    loss_difference: MetricRecord
    broken: bool


class GroupRecord(_Record):
    """Quality in one protected group of the test rows.

    ``metrics``: auc, brier, ece, mean_p, rate (of events), selected (share of the group's rows that are among the fifth
    of all rows with the highest probabilities).
    """

    attribute: str
    value: str
    rows: int
    metrics: dict[str, MetricRecord]


class ProtectedGain(_Record):
    """What a model that may use the protected attributes would gain: differences to the one that may not."""

    attributes: tuple[str, ...]
    auc: MetricRecord
    log_loss: MetricRecord


class DuelRecord(_Record):
    """Champion and candidate's recipe with the same knowledge, on rows that neither has seen."""

    split: str
    rows: int
    methods: tuple[MethodRecord, ...]


class StabilityRecord(_Record):
    """How far the factors of the final fit agree with those of the fit on the rows known earlier: rank correlations.

    ``features``: of the mean absolute contributions by feature. ``rows``: of a row's contributions, mean over `n` rows.
    """

    features: Number
    rows: Number
    n: int


class PartRecord(_Record):
    """One part (horizon or kind) of the model: what it was fitted on and how it compared.

    ``calibration`` holds the reliability table of the test rows: mean p, share of events, rows. ``strongest`` are the
    features with the highest AUC alone. ``segments`` and ``groups`` tell quality apart, ``duel`` compares with the
    champion, ``stability`` tells whether factors stay alike when more rows become known.
    """

    part: str
    horizon_days: int
    rows: int
    positives: int
    train_window: tuple[str, str]
    test_window: tuple[str, str]
    test_rows: int
    test_positives: int
    split: str
    choice: str
    methods: tuple[MethodRecord, ...]
    calibration: tuple[tuple[Number, Number, int], ...] = ()
    strongest: tuple[tuple[str, float], ...] = ()
    segments: tuple[SegmentRecord, ...] = ()
    groups: tuple[GroupRecord, ...] = ()
    protected_gain: ProtectedGain | None = None
    duel: DuelRecord | None = None
    stability: StabilityRecord | None = None


class Manifest(_Record):
    """What a model artefact is, on what data it was made, how good it is, and the hash of each file.

    Attributes
    ----------
    name : str
        Name of the model: fit, churn, match, recommend.
    trained_as_of : datetime
        Nothing that became known later entered; aware UTC.
    created_at : datetime
        When it was trained.
    parts : tuple of PartRecord
        By horizon or kind.
    feature_set, fingerprint, columns
        The features it expects.
    label_rule : str
        What counts as the event.
    seed, git_sha, libraries, settings
        How to make it again.
    counts : dict of str to int
        Rows by resource that were known at `trained_as_of`.
    leaks : tuple of LeakRecord
        Fields that knew too much; those left out are in no feature.
    gates : tuple of GateRecord
        Promotion gates and their outcome.
    golden : str
        File with feature rows and the numbers that they must give; empty if none.
    files : dict of str to str
        SHA-256 by relative path, of every file but the manifest.
    """

    format: int = 1
    name: str
    trained_as_of: datetime
    created_at: datetime
    parts: tuple[PartRecord, ...]
    feature_set: str
    fingerprint: str
    columns: tuple[str, ...]
    label_rule: str
    seed: int
    git_sha: str | None = None
    libraries: dict[str, str] = Field(default_factory=dict)
    settings: dict[str, Any] = Field(default_factory=dict)
    counts: dict[str, int] = Field(default_factory=dict)
    notes: tuple[str, ...] = ()
    leaks: tuple[LeakRecord, ...] = ()
    gates: tuple[GateRecord, ...] = ()
    golden: str = ""
    files: dict[str, str] = Field(default_factory=dict)

    @property
    def horizons(self) -> tuple[int, ...]:
        """Horizons in days, ascending."""
        return tuple(sorted({part.horizon_days for part in self.parts}))

    @property
    def rows(self) -> int:
        """Rows fitted on, all parts together."""
        return sum(part.rows for part in self.parts)

    @property
    def choice(self) -> str:
        """What validation chose, by part if that differs."""
        choices = dict.fromkeys(part.choice for part in self.parts)
        return ", ".join(choices) if len(choices) < 2 else ", ".join(f"{p.part}: {p.choice}" for p in self.parts)

    @property
    def left_out(self) -> tuple[str, ...]:
        """Custom attributes that leaked and must stay closed in serving as in training, without prefix."""
        closed = (leak.field for leak in self.leaks if leak.left_out and leak.field.startswith("attributes."))
        return tuple(sorted({field.removeprefix("attributes.") for field in closed}))

    @property
    def passed(self) -> bool:
        """Whether every gate passed."""
        return all(gate.passed for gate in self.gates)


def hash_file(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def write_artefact(folder: Path, manifest_fields: Mapping[str, Any]) -> Manifest:
    """Hash every file of `folder` and write its manifest.

    Parameters
    ----------
    folder : Path
        Holds the files of the model; a manifest that is there already is replaced.
    manifest_fields : mapping
        All fields of `Manifest` but ``files``.

    Returns
    -------
    Manifest

    Raises
    ------
    ArtefactInvalid
        If a field is missing or of a wrong type.
    """
    hashes = {name: hash_file(folder / name) for name in _files_of(folder)}
    try:
        manifest = Manifest.model_validate({**manifest_fields, "files": hashes})
    except ValidationError as error:
        raise ArtefactInvalid(f"The manifest of {folder.name} is incomplete: {_first_problem(error)}.") from None
    (folder / MANIFEST_FILE).write_text(manifest.model_dump_json(indent=1) + "\n", encoding="utf-8")
    return manifest


def read_manifest(folder: Path, verify: bool = True) -> Manifest:
    """Read the manifest of an artefact and, unless told otherwise, check the hash of each file.

    Raises
    ------
    ArtefactInvalid
        If the manifest is missing or unreadable, or a file is missing, unlisted or altered; names it.
    """
    path = folder / MANIFEST_FILE
    try:
        manifest = Manifest.model_validate_json(path.read_bytes())
    except OSError:
        raise ArtefactInvalid(f"{path} is missing: {folder} is not a model artefact.", file=str(path)) from None
    except ValidationError as error:
        raise ArtefactInvalid(f"{path} cannot be read: {_first_problem(error)}.", file=str(path)) from None
    if verify:
        _verify(folder, manifest)
    return manifest


def _verify(folder: Path, manifest: Manifest) -> None:
    present = set(_files_of(folder))
    for name, expected in manifest.files.items():
        if name not in present:
            raise ArtefactInvalid(f"{folder / name} is missing: the artefact is incomplete.", file=name)
        if hash_file(folder / name) != expected:
            raise ArtefactInvalid(f"{folder / name} was altered after training: its hash differs.", file=name)
    for name in sorted(present - manifest.files.keys()):
        raise ArtefactInvalid(f"{folder / name} is not listed in the manifest.", file=name)


def _files_of(folder: Path) -> list[str]:
    names = (path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*")) if path.is_file())
    return [name for name in names if name != MANIFEST_FILE]


def _first_problem(error: ValidationError) -> str:
    problem = error.errors()[0]
    return f"{'.'.join(str(step) for step in problem['loc']) or 'file'}: {problem['msg']}"


def as_utc(instant: datetime) -> datetime:
    """Return `instant` as aware UTC; a naive one is taken as UTC."""
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
