"""Where a piece of work finds store, settings and models when another process does it."""

import socket
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Self
from uuid import uuid4
from weakref import WeakValueDictionary

from domain.errors import InvalidInput, StoreNotReady
from domain.language import language_of, speaking, spoken
from domain.settings import Settings
from store.at_rest import AtRest
from store.engine import create_store_engine

if TYPE_CHECKING:
    from intelligence.context import Intelligence

_MOST_OPENED = 2
_SQLITE = "sqlite:///"


@dataclass(frozen=True)
class Place:
    """What a process needs to know to open the same store with the same settings; small, and picklable.

    Parameters
    ----------
    settings : Settings
        With the absolute path of the data folder and the URL of the store, its password included: they travel to the
        workers, and no representation shows them.
    language : str
        Of whoever is being answered.
    files : tuple of Path
        Files that every process must see; none where store and registry are servers.
    """

    settings: Settings = field(repr=False)
    language: str
    files: tuple[Path, ...] = ()

    @classmethod
    def of(cls, context: "Intelligence") -> Self:
        """Return the place of a context; a piece that is done in this process will use that very context.

        Raises
        ------
        InvalidInput
            If the store lives in the memory of this process.
        """
        where = {"home": context.settings.home.resolve(), "database_url": _absolute(context.engine.url)}
        settings = context.settings.model_copy(update=where)
        place = cls(settings, spoken().code, _files(settings))
        with _lock:
            _own[place._key] = context
        return place

    @contextmanager
    def opened(self) -> "Iterator[Intelligence]":
        """Give the context of this process for the place, in its language; opened once and kept.

        Raises
        ------
        StoreNotReady
            If this process does not see the file that the store is.
        """
        with _lock:
            context = _own.get(self._key) or _opened.get(self._key)
            if context is None:
                context = _opened[self._key] = self._open()
            while len(_opened) > _MOST_OPENED:
                _opened.popitem(last=False)
        with speaking(language_of(self.language)):
            yield context

    @contextmanager
    def marked(self) -> Iterator[tuple[Path, ...]]:
        """Give files beside `files` that exist for as long as the block lasts: whoever sees them shares the folder."""
        marks = tuple(folder / f".shared-{uuid4().hex}" for folder in {path.parent for path in self.files})
        try:
            for mark in marks:
                mark.touch()
            yield marks
        finally:
            for mark in marks:
                mark.unlink(missing_ok=True)

    def _open(self) -> "Intelligence":
        from intelligence.context import open_intelligence

        for path in self.files:
            if not path.is_file():  # opened, it would be made anew, and answered from as if it were the store
                raise StoreNotReady(not_shared(path, [socket.gethostname()]))
        return open_intelligence(create_store_engine(self.settings.store_url, AtRest.of(self.settings)), self.settings)

    @property
    def _key(self) -> str:
        return self.settings.model_dump_json()


_lock = Lock()
_own: "WeakValueDictionary[str, Intelligence]" = WeakValueDictionary()
_opened: "OrderedDict[str, Intelligence]" = OrderedDict()


def not_shared(path: Path, hosts: list[str]) -> str:
    """Return what to say when workers do not see a file."""
    return (
        f"Workers on {', '.join(hosts)} do not see {path.name} in {path.parent}. A SQLite file serves one machine: use "
        "PostgreSQL (ALLYWISE_DATABASE_URL) and an MLflow server (ALLYWISE_MLFLOW_TRACKING_URI), or a folder that all "
        "machines share."
    )


def unseen(paths: tuple[Path, ...]) -> list[Path]:
    """Return those of some files that this process does not see."""
    return [path for path in paths if not path.exists()]


def _files(settings: Settings) -> tuple[Path, ...]:
    """Return the files that store and registry are; a registry that has none yet answers the same everywhere."""
    urls = (settings.store_url, settings.tracking_uri)
    paths = (Path(url.removeprefix(_SQLITE)).resolve() for url in urls if url.startswith(_SQLITE))
    return tuple(path for path in paths if path.is_file())


def _absolute(url: Any) -> str:
    if url.get_backend_name() == "sqlite":
        if url.database in (None, "", ":memory:"):
            raise InvalidInput("A store in memory cannot be shared with other processes; use a file or PostgreSQL.")
        url = url.set(database=str(Path(url.database).resolve()))
    return str(url.render_as_string(hide_password=False))
