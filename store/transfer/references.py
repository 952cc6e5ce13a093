"""Resolving external ids to ours, from rows of the same import or of an earlier one."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import pyarrow as pa

from domain.resources import RESOURCES
from store.transfer.backend import Backend

_CACHE_SIZE = 500_000


class References:
    """Ids by external id, looked up by the batch and remembered within bounds.

    Parameters
    ----------
    backend : Backend
        Where rows are looked up; rows of the same import are there by then.
    """

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._known: dict[str, dict[str, int]] = {name: {} for name in RESOURCES}

    def ids(self, target: str, external_ids: Iterable[str]) -> dict[str, int]:
        """Return the ids of those of the `external_ids` that exist."""
        known = self._known[target]
        wanted = list(dict.fromkeys(external_ids))
        missing = [name for name in wanted if name not in known]
        if missing:
            if len(known) + len(missing) > _CACHE_SIZE:
                known.clear()
                missing = wanted
            found = self._backend.find(target, [("external_id", "text")], [missing])
            known.update((missing[position], id_) for position, id_ in found.items())
        return {name: known[name] for name in wanted if name in known}

    def resolve(self, target: str, texts: Any) -> tuple[Any, list[tuple[int, str]]]:
        """Return the ids of a text array (null for none), and (position, external id) of what is not there."""
        encoded = texts.dictionary_encode()
        names = encoded.dictionary.to_pylist()
        found = self.ids(target, names)
        ids = pa.array([found.get(name) for name in names], pa.int64()).take(encoded.indices)
        if len(found) == len(names):
            return ids, []
        codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
        unknown = [code for code, name in enumerate(names) if name not in found]
        return ids, [(int(i), names[codes[i]]) for i in np.flatnonzero(np.isin(codes, unknown))]
