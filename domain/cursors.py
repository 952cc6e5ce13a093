"""Opaque cursors of lists: some numbers and texts of ours as one word, and back."""

import base64
import binascii
import json
from collections.abc import Sequence
from typing import Any

from domain.errors import BadCursor


def encode_parts(parts: Sequence[Any]) -> str:
    """Return the word for `parts`; what JSON does not know becomes text.

    Examples
    --------
    >>> decode_parts(encode_parts([7, "a"]))
    [7, 'a']
    """
    return base64.urlsafe_b64encode(json.dumps(list(parts), default=str).encode()).decode().rstrip("=")


def decode_parts(cursor: str) -> list[Any]:
    """Return the parts that a cursor holds.

    Raises
    ------
    BadCursor
        If it is no such word.
    """
    try:
        padded = (cursor + "=" * (-len(cursor) % 4)).encode("ascii")
        parts = json.loads(base64.b64decode(padded, b"-_", validate=True))
    except (ValueError, binascii.Error) as error:
        raise BadCursor("The cursor is not one that this service gave; begin without one.") from error
    if not isinstance(parts, list):
        raise BadCursor("The cursor is not one that this service gave; begin without one.")
    return parts
