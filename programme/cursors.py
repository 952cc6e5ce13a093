"""Opaque cursors of lists that are no plain list of a resource: they name the last row shown."""

import json
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from domain.cursors import decode_parts, encode_parts
from domain.errors import BadCursor


def encode(place: str, filters: Any, last: Sequence[Any]) -> str:
    """Return the cursor after the row with the sort values `last`, of the list `place` under `filters`."""
    return encode_parts([_fingerprint(place, filters), *last])


def decode(place: str, filters: Any, cursor: str, kinds: Sequence[type | tuple[type, ...]]) -> list[Any]:
    """Return the sort values that a cursor of this list holds.

    Raises
    ------
    BadCursor
        If it was not made for this list and these filters, or holds other than `kinds`.

    Examples
    --------
    >>> decode("courses", {}, encode("courses", {}, ["a", 3]), (str, int))
    ['a', 3]
    """
    fingerprint, *last = decode_parts(cursor) or [None]
    fits = len(last) == len(kinds) and all(map(_fits, last, kinds))
    if fingerprint != _fingerprint(place, filters) or not fits:
        raise BadCursor("The cursor belongs to another list or other filters; begin without one.")
    return last


def _fits(value: Any, kind: type | tuple[type, ...]) -> bool:
    return isinstance(value, kind) and (not isinstance(value, int) or abs(value) < 2**63)


def _fingerprint(place: str, filters: Any) -> str:
    return sha256(json.dumps([place, filters], default=str, sort_keys=True).encode()).hexdigest()[:12]
