"""Models trained for a replay only, kept in the home so that the next policy need not wait for another one.

A kept model is found by everything that it was made of: what was known at its instant, settings, versions of the
libraries and of this code. Another word of history makes another key, so that nothing is ever out of date.
"""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from domain.resources import LEARNED
from domain.settings import Settings
from domain.terms import ModelName
from store.history import History
from training.make import load_task, make
from training.provenance import git_sha, library_versions
from training.task import TrainingContext

_FOLDER, _VERDICT = "replays", "verdict.json"
_MOST_KEPT = 3


@dataclass(frozen=True)
class Kept:
    """A match model that is registered nowhere.

    Parameters
    ----------
    folder : Path
        Its files.
    problem : str
        Why it must not answer: gates that it failed, or why nothing could be learned; empty if it may.
    """

    folder: Path
    problem: str


def kept_model(history: History, context: TrainingContext, report: Callable[[str], None]) -> Kept:
    """Return the match model of a history, trained now if it is not there; `report` takes a sentence if it is not."""
    home = context.settings.home / _FOLDER
    folder = home / _key(history, context)
    if not (folder / _VERDICT).is_file():
        report(f"no version was trained by {context.as_of:%Y-%m-%d}: training one as of then")
        _train(history, context, folder)
    folder.touch()
    kept = [path for path in home.iterdir() if (path / _VERDICT).is_file()]
    for old in sorted(kept, key=lambda path: path.stat().st_mtime, reverse=True)[_MOST_KEPT:]:
        shutil.rmtree(old, ignore_errors=True)
    return Kept(folder / ModelName.MATCH, json.loads((folder / _VERDICT).read_text(encoding="utf-8"))["problem"])


def _train(history: History, context: TrainingContext, folder: Path) -> None:
    """Train into a folder of another name, which takes its own when all is there."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix="unfinished-") as scratch:
        target = Path(scratch) / folder.name
        made = make(load_task(ModelName.MATCH), history, context, target / ModelName.MATCH)
        failed = " ".join(gate.sentence for gate in made.gates if not gate.passed)
        target.mkdir(exist_ok=True)
        content = {"problem": failed or made.impossible}
        (target / _VERDICT).write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
        with suppress(OSError):  # another process was faster: its model is the same
            target.rename(folder)


def _key(history: History, context: TrainingContext) -> str:
    digest = hashlib.sha256()
    for name in LEARNED:
        frame = history.frame(name)
        digest.update(json.dumps([name, [str(column) for column in frame.columns]]).encode())
        digest.update(pd.util.hash_pandas_object(frame, index=False).to_numpy().tobytes())
    made_of = [context.as_of.isoformat(), _settings(context.settings), library_versions(), git_sha()]
    digest.update(json.dumps(made_of, sort_keys=True).encode())
    return digest.hexdigest()[:24]


def _settings(settings: Settings) -> dict[str, object]:
    """Return the settings that training may look at."""
    return settings.model_dump(mode="json", include={name for name in type(settings).model_fields if _learns(name)})


def _learns(name: str) -> bool:
    return name.startswith(("match_", "training_", "protected_", "trusted_", "embedding_", "text_"))
