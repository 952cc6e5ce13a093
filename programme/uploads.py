"""Files that somebody uploads on a page: kept aside, checked without writing anything, then imported or thrown away.

They lie in the home under a name that nobody can guess, are seen by nobody but who uploaded them, and are gone as soon
as they are imported or discarded, or after a day.
"""

import json
import re
import secrets
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, BinaryIO, Literal, NamedTuple

from domain.context import Actor, Clock
from domain.errors import InvalidInput, NotAllowed, NotFound
from domain.resources import RESOURCES
from domain.settings import Settings
from domain.terms import Role
from store.engine import Engine
from store.transfer import ImportReport, import_folder
from store.transfer.candidates import RESOURCE, CandidatesOnly
from store.transfer.preview import Beginning, beginning, resource_of

SUFFIXES = (".csv", ".jsonl", ".parquet")
KEPT = timedelta(days=1)
MOST_FILES = 20

_TOKEN = re.compile(r"[0-9a-f]{32}")
_ROLES = (Role.RECRUITER, Role.MANAGER)
_OWN, _RESULT, _FILES = "upload.json", "{}.json", "files"
_NAMES_KEPT = 50

Row = dict[str, Any]
Progress = Callable[[str, int], None]


class Given(NamedTuple):
    """A file as it came: its name, the resource that it is said to hold (empty: to be found out), its content."""

    name: str
    resource: str
    content: BinaryIO


class Held(NamedTuple):
    """A file that is kept: how its owner calls it, what it holds, its name in the folder."""

    name: str
    resource: str
    file: str

    @property
    def suffix(self) -> str:
        """How it is read."""
        return self.file.removeprefix(self.resource)


@dataclass(frozen=True)
class Upload:
    """Files of one upload.

    Parameters
    ----------
    token : str
        Names it, and cannot be guessed.
    owner : str
        `Actor.identity` of who uploaded.
    actor : mapping
        Who that is, for the audit trail: name, role, user_id.
    created_at : datetime
        When.
    files : tuple of Held
        What was uploaded.
    candidates_only : bool
        Whether only companies to be recruited are taken.
    portfolio : tuple of str or None
        Names of the account managers whose companies are taken; None: all.
    folder : Path
        Where all of it lies.
    size : int
        Bytes.
    """

    token: str
    owner: str
    actor: Mapping[str, Any]
    created_at: datetime
    files: tuple[Held, ...]
    candidates_only: bool
    portfolio: tuple[str, ...] | None
    folder: Path
    size: int

    @property
    def content(self) -> Path:
        """The folder that is imported; gone when that was done."""
        return self.folder / _FILES

    @property
    def is_open(self) -> bool:
        """Whether the files are still there."""
        return self.content.is_dir()

    def beginnings(self) -> list[tuple[Held, Beginning]]:
        """Return the first rows of each file."""
        return [(held, beginning(self.content / held.file, held.resource, held.suffix)) for held in self.files]

    def report(self, step: str) -> Row | None:
        """Return what a step (``check`` or ``import``) found; None while it was not made."""
        try:
            found: Row = json.loads((self.folder / _RESULT.format(step)).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        return found

    def rejects(self) -> Path | None:
        """Return the folder of rows that an import left out; None if there are none."""
        found = sorted((self.folder / "rejects").glob("*"))
        return found[-1] if found else None


def resources_for(actor: Actor) -> tuple[str, ...]:
    """Return the resources that an actor may upload: all, companies to be recruited, or none."""
    if actor.role is Role.ADMIN:
        return tuple(RESOURCES)
    return (RESOURCE,) if actor.role in _ROLES else ()


def keep(home: Path, actor: Actor, clock: Clock, given: Sequence[Given]) -> Upload:
    """Keep files aside and return them as an upload; nothing is written to the store.

    Raises
    ------
    NotAllowed
        If the actor may upload nothing.
    InvalidInput
        If a file is of no known kind, holds nothing that the actor may upload, or doubles another.
    """
    allowed = resources_for(actor)
    if not allowed:
        raise NotAllowed(f"Role {actor.role} uploads no files.")
    if not given or len(given) > MOST_FILES:
        raise InvalidInput(f"choose from 1 to {MOST_FILES} files", field="files")
    folder = _waiting(home) / secrets.token_hex(16)
    folder.mkdir(parents=True, mode=0o700)
    (folder / _FILES).mkdir()
    try:
        files = _take(folder / _FILES, given, allowed)
    except InvalidInput:
        shutil.rmtree(folder)
        raise
    upload = Upload(
        token=folder.name,
        owner=actor.identity,
        actor={"name": actor.name, "role": str(actor.role), "user_id": actor.user_id},
        created_at=clock(),
        files=files,
        candidates_only=actor.role is not Role.ADMIN,
        portfolio=None if actor.portfolio is None else tuple(sorted(actor.portfolio)),
        folder=folder,
        size=sum(path.stat().st_size for path in (folder / _FILES).iterdir()),
    )
    told = {name: value for name, value in asdict(upload).items() if name not in ("folder", "token")}
    _write(folder / _OWN, told | {"created_at": upload.created_at.isoformat()})
    return upload


def find(home: Path, token: str) -> Upload:
    """Return an upload.

    Raises
    ------
    NotFound
        If there is none, or it is gone.
    """
    folder = _waiting(home) / token
    if not _TOKEN.fullmatch(token) or not (folder / _OWN).is_file():
        raise NotFound("There is no such upload; files are kept for a day.")
    told = json.loads((folder / _OWN).read_text(encoding="utf-8"))
    changed = {
        "created_at": datetime.fromisoformat(told["created_at"]),
        "files": tuple(Held(*one) for one in told["files"]),
        "portfolio": None if told["portfolio"] is None else tuple(told["portfolio"]),
    }
    return Upload(**told | changed, folder=folder, token=token)


def find_own(home: Path, actor: Actor, token: str) -> Upload:
    """Return an upload of the actor's own; errors as of `find`, for others', too."""
    upload = find(home, token)
    if upload.owner != actor.identity or not resources_for(actor):
        raise NotFound("There is no such upload; files are kept for a day.")
    return upload


def own(home: Path, actor: Actor) -> list[Upload]:
    """Return the uploads of an actor that are kept, the newest first."""
    found = [find(home, path.parent.name) for path in _waiting(home).glob(f"*/{_OWN}")]
    mine = [upload for upload in found if upload.owner == actor.identity]
    return sorted(mine, key=lambda upload: upload.created_at, reverse=True)


def discard(upload: Upload) -> None:
    """Throw an upload away."""
    shutil.rmtree(upload.folder, ignore_errors=True)


def forget(home: Path, before: datetime) -> int:
    """Throw away what was uploaded before an instant, and return how many uploads that were."""
    gone = 0
    for folder in _waiting(home).glob("*"):
        try:
            created_at = find(home, folder.name).created_at
        except NotFound:  # a process fell while it was being written
            created_at = datetime.fromtimestamp(folder.stat().st_mtime, before.tzinfo)
        if created_at < before:
            shutil.rmtree(folder, ignore_errors=True)
            gone += 1
    return gone


def check(engine: Engine, settings: Settings, clock: Clock, upload: Upload, progress: Progress | None = None) -> Row:
    """Return what an import would do and what is wrong with the files; nothing is written to the store."""
    return _run(engine, settings, clock, upload, "check", "skip", progress)


def load(
    engine: Engine,
    settings: Settings,
    clock: Clock,
    upload: Upload,
    on_error: Literal["abort", "skip"],
    progress: Progress | None = None,
) -> Row:
    """Import the files: all rows or none, or all good ones; return what came of it. What was imported is gone then.

    Safe to repeat: what was done once is not done again.
    """
    done = upload.report("import")
    if done is not None and done["ok"]:
        return done
    found = _run(engine, settings, clock, upload, "import", on_error, progress)
    if found["ok"]:
        shutil.rmtree(upload.content, ignore_errors=True)
    return found


def run(
    engine: Engine,
    settings: Settings,
    clock: Clock,
    payload: Mapping[str, Any],
    progress_of: Callable[[Path, Path], Progress],
) -> Row:
    """Do what a job asks for and return it in short.

    Parameters
    ----------
    engine, settings, clock
        As of `check`.
    payload : mapping
        ``token``, ``step`` (``check`` or ``import``), ``on_error``.
    progress_of : callable
        Makes of the upload's folder, given twice, what notes how many rows have been read.
    """
    upload = find(settings.home, payload["token"])
    progress = progress_of(upload.content, upload.content) if upload.is_open else None
    if payload["step"] == "check":
        found = check(engine, settings, clock, upload, progress)
    else:
        found = load(engine, settings, clock, upload, payload["on_error"], progress)
    return {name: found[name] for name in ("ok", "counts", "problem_count")}


def _run(
    engine: Engine,
    settings: Settings,
    clock: Clock,
    upload: Upload,
    step: str,
    on_error: Literal["abort", "skip"],
    progress: Progress | None,
) -> Row:
    keys = [key for held, first in upload.beginnings() if held.resource == RESOURCE for key in first.keys]
    who = Actor(upload.actor["name"], Role(upload.actor["role"]), user_id=upload.actor["user_id"])
    done = import_folder(
        engine,
        upload.content,
        settings=settings.model_copy(update={"home": upload.folder}),  # rows left out stay with the upload
        dry_run=step == "check",
        on_error=on_error,
        clock=clock,
        actor=who,
        progress=progress,
        guard=(lambda connection: CandidatesOnly(connection, upload.portfolio)) if upload.candidates_only else None,
    )
    found = _told(upload, done) | {"on_error": on_error, "partners": keys[:_NAMES_KEPT]}
    found["ok"] = done.ok if step == "import" else not done.problem_count
    _write(upload.folder / _RESULT.format(step), found)
    return found


def _told(upload: Upload, done: ImportReport) -> Row:
    names = {held.file: held.name for held in upload.files}
    return {
        "counts": {resource: asdict(counts) for resource, counts in done.counts.items()},
        "problem_count": done.problem_count,
        "problems": [asdict(problem) | {"file": names.get(problem.file, problem.file)} for problem in done.problems],
    }


def _take(folder: Path, given: Sequence[Given], allowed: Sequence[str]) -> tuple[Held, ...]:
    found: list[Held] = []
    for one in given:
        held = _put(folder, one, allowed)
        double = next((other for other in found if other.resource == held.resource), None)
        if double is not None:
            told = f"{double.name} and {held.name} both hold {held.resource}: upload one after the other"
            raise InvalidInput(told, field="files")
        found.append(held)
    return tuple(found)


def _put(folder: Path, given: Given, allowed: Sequence[str]) -> Held:
    """Keep one file under a name of ours: what its owner calls it never becomes a path."""
    name = Path(given.name.replace("\\", "/")).name[:200] or "file"
    suffix = next((suffix for suffix in SUFFIXES if name.lower().endswith(suffix)), None)
    if suffix is None:
        told = f"{name}: files end in {', '.join(SUFFIXES)}; a spreadsheet is saved as CSV (UTF-8) first"
        raise InvalidInput(told, field="files")
    path = folder / f"new{suffix}"
    with path.open("xb") as target:
        shutil.copyfileobj(given.content, target)
    if suffix == ".csv":
        _check_commas(name, path)
    guessed = allowed[0] if len(allowed) == 1 else resource_of(name.lower(), path, suffix)
    resource = given.resource or guessed
    if resource is None:
        raise InvalidInput(f"{name}: say what it holds; neither its name nor its columns tell", field="resource")
    if resource not in allowed:
        raise InvalidInput(f"{name}: {resource} cannot be uploaded by you", field="resource")
    file = f"{resource}{suffix}"
    if not (folder / file).exists():
        path.rename(folder / file)
    else:
        path.unlink()
    return Held(name, resource, file)


def _check_commas(name: str, path: Path) -> None:
    with path.open("rb") as stream:
        head = stream.readline(100_000)
    for mark, told in ((b";", "semicolons"), (b"\t", "tabs")):
        if mark in head and b"," not in head:
            raise InvalidInput(
                f"{name}: its columns are parted by {told}; save it as CSV with commas (UTF-8)", field="files"
            )


def _waiting(home: Path) -> Path:
    return home / "uploads" / "waiting"


def _write(path: Path, value: Row) -> None:
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(value, ensure_ascii=True), encoding="utf-8")
    partial.replace(path)
