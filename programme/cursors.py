"""Opaque cursors of lists that are no plain list of a resource: they name the last row shown."""

import base64
import binascii
import json
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from domain.errors import BadCursor


def encode(place: str, filters: Any, last: Sequence[Any]) -> str:
    """Return the cursor after the row with the sort values `last`, of the list `place` under `filters`."""
    told = json.dumps([_fingerprint(place, filters), *last], default=str)
    return base64.urlsafe_b64encode(told.encode()).decode().rstrip("=")


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
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        last: list[Any]
        fingerprint, *last = json.loads(base64.b64decode(padded.encode("ascii"), b"-_", validate=True))
    except (ValueError, TypeError, binascii.Error) as error:
        raise BadCursor("The cursor is not one that this service gave; begin without one.") from error
    fits = len(last) == len(kinds) and all(map(_fits, last, kinds))
    if fingerprint != _fingerprint(place, filters) or not fits:
        raise BadCursor("The cursor belongs to another list or other filters; begin without one.")
    return last


def _fits(value: Any, kind: type | tuple[type, ...]) -> bool:
    return isinstance(value, kind) and (not isinstance(value, int) or abs(value) < 2**63)


def _fingerprint(place: str, filters: Any) -> str:
    return sha256(json.dumps([place, filters], default=str, sort_keys=True).encode()).hexdigest()[:12]
