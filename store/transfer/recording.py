"""The history that an import leaves behind: rows of ``changes`` for tracked fields that became something else."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from domain.resources import Resource
from store.transfer.backend import Backend


class Recorder:
    """Collects what changed during an import and writes it as history at its end."""

    def __init__(self, backend: Backend, now: datetime) -> None:
        self._backend = backend
        self._now = now

    def note(self, resource: Resource, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        """Take down a row's stored values before and after."""

    def write(self) -> None:
        """Write the history, after the import's own changes are in."""
