"""What every answer needs: store, settings, registry, text encoder, and caches of history and loaded models."""

import threading
from collections import OrderedDict
from dataclasses import dataclass, replace
from datetime import datetime
from importlib import import_module
from typing import Any, Self

import numpy as np

from domain.context import Clock, system_clock
from domain.errors import ArtefactInvalid
from domain.routing import Policies
from domain.settings import Settings
from domain.terms import ModelName
from intelligence.features.text import TextEncoder
from intelligence.present import Present
from models.artefact import as_utc
from models.registry import ModelVersion, Registry
from store.absences import Absences, load_absences
from store.engine import Engine, reading
from store.history import History, load_history
from store.routing_policies import load_policies
from store.stamp import Changes, Stamp, next_known, store_stamp

BASELINE = "baseline"
"""What predictions carry as ``model_version`` when no model serves."""

_CLASSES = {
    ModelName.FIT: ("models.fit", "FitModel"),
    ModelName.CHURN: ("models.churn", "ChurnModel"),
    ModelName.MATCH: ("models.match", "MatchModel"),
    ModelName.RECOMMEND: ("models.recommend", "RecommendModel"),
}
_HISTORIES = 3
_MODELS = 8


@dataclass(frozen=True, eq=False)
class _Kept:
    """A history in memory, the data it was read from, and until when the present looks like it."""

    stamp: Stamp
    expires_at: datetime | None
    history: History


@dataclass(frozen=True, eq=False)
class LoadedModel:
    """A served thing in memory, with the version that it is.

    Parameters
    ----------
    version : ModelVersion
        Label, manifest, instant of training.
    model : Any
        Instance of the class in ``models/<name>.py``.
    """

    version: ModelVersion
    model: Any

    @property
    def label(self) -> str:
        """``model_version`` of its predictions, e.g. ``churn/3``."""
        return self.version.label


class Intelligence:
    """The context that interfaces, commands and jobs share; safe to use from several threads.

    Parameters
    ----------
    engine : Engine
        Of the store.
    settings : Settings
        Horizons, home, registry.
    registry : Registry
        Which version serves.
    text : TextEncoder
        For features.
    clock : callable, optional
        Gives the present instant.

    Attributes
    ----------
    present : Present
        Where the history of now comes from.
    """

    def __init__(
        self,
        engine: Engine,
        settings: Settings,
        registry: Registry,
        text: TextEncoder,
        clock: Clock = system_clock,
    ) -> None:
        self.engine = engine
        self.settings = settings
        self.registry = registry
        self.text = text
        self.clock = clock
        self._histories: OrderedDict[datetime, _Kept] = OrderedDict()
        self.present = Present(engine)
        self._changes = Changes(engine)
        self._unchanged: object | None = None
        self._policies: tuple[object | None, Policies | None] = (None, None)
        self._absences: tuple[object | None, Absences | None] = (None, None)
        self._models: OrderedDict[str, LoadedModel] = OrderedDict()
        self._history_lock = threading.Lock()
        self._model_lock = threading.Lock()

    @classmethod
    def open(cls, engine: Engine, settings: Settings, clock: Clock = system_clock) -> Self:
        """Return a context over an open store, with registry and encoder as the settings say."""
        return cls(engine, settings, Registry.of(settings), TextEncoder(engine, settings), clock)

    def instant(self, as_of: datetime | None = None) -> datetime:
        """Return `as_of` as aware UTC; the present when it is None."""
        return self.clock() if as_of is None else as_utc(as_of)

    def history(self, as_of: datetime | None = None) -> History:
        """Return everything that was known at an instant, from memory if the store has not changed since.

        A kept one of an earlier instant will do, too, as long as nothing became known in between by the mere passing
        of time (a deal that was entered with a later date of closing, say). That of the present is brought up to date
        by reading what changed (`Present`).
        """
        until = self.instant(as_of)
        if self.present.covers(until, self.clock()):
            return self.present.history(until)
        with self._history_lock:
            token = self._changes.token()
            if token is None or token != self._unchanged:
                self._drop_changed(token)
            kept = self._kept_history(until)
            return kept if kept is not None else self._read_history(until)

    def policies(self) -> Policies:
        """Return how leads are routed as of now, by programme; from memory if the store has not changed since."""
        token = self._changes.token()
        kept, policies = self._policies
        if policies is None or token is None or token != kept:
            with self.engine.connect() as connection:
                policies = load_policies(reading(connection))
            self._policies = token, policies
        return policies

    def absences(self) -> Absences:
        """Return when partners are away; from memory if the store has not changed since."""
        token = self._changes.token()
        kept, absences = self._absences
        if absences is None or token is None or token != kept:
            with self.engine.connect() as connection:
                absences = load_absences(reading(connection))
            self._absences = token, absences
        return absences

    def load_model(self, name: str, as_of: datetime | None = None) -> LoadedModel | None:
        """Return the model that answers as of an instant, loaded and verified; None if the baseline does.

        Raises
        ------
        ArtefactInvalid
            If a file of the version that should serve is missing or was altered.
        """
        version = self.registry.serving(name, self.instant(as_of))
        return None if version is None else self.load_version(version)

    def load_version(self, version: ModelVersion) -> LoadedModel:
        """Return a version loaded and verified, whether it serves or not.

        Raises
        ------
        ArtefactInvalid
            If one of its files is missing or was altered.
        """
        folder = version.folder
        with self._model_lock:
            kept = self._models.get(version.label)
            if kept is None:
                kept = LoadedModel(version, _class_of(version.manifest.name).load(folder))
                self._models[version.label] = kept
            self._models.move_to_end(version.label)
            while len(self._models) > _MODELS:
                self._models.popitem(last=False)
            return kept

    def _drop_changed(self, token: object | None) -> None:
        """Forget histories of other data; `token` was taken before the look at the store, so it is never too new."""
        with self.engine.connect() as connection:
            stamp = store_stamp(reading(connection))
        for instant, kept in list(self._histories.items()):
            if kept.stamp != stamp:
                del self._histories[instant]
        self._unchanged = token

    def _read_history(self, until: datetime) -> History:
        with self.engine.connect() as connection:
            snapshot = reading(connection)
            stamp = store_stamp(snapshot)
            kept = _Kept(stamp, next_known(snapshot, until), load_history(snapshot, until))
        self._histories[until] = kept
        while len(self._histories) > _HISTORIES:
            self._histories.popitem(last=False)
        return kept.history

    def _kept_history(self, until: datetime) -> History | None:
        exact = self._histories.get(until)
        if exact is not None:
            return exact.history
        for instant, kept in reversed(self._histories.items()):
            if instant <= until and (kept.expires_at is None or until < kept.expires_at):
                return replace(kept.history, until=np.datetime64(until.replace(tzinfo=None), "us"))
        return None


def open_intelligence(engine: Engine, settings: Settings, clock: Clock = system_clock) -> Intelligence:
    """Return the context of all predictions over an open store."""
    return Intelligence.open(engine, settings, clock)


def _class_of(name: str) -> Any:
    try:
        module, attribute = _CLASSES[ModelName(name)]
    except ValueError:
        raise ArtefactInvalid(f"The manifest names {name!r}, which is no model of this service.") from None
    return getattr(import_module(module), attribute)
