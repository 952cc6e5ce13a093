"""Opaque cursors of lists that are ordered by numbers and texts of ours."""

import base64
import binascii
import json
from typing import Any

from domain.errors import BadCursor

Part = int | str


def cursor_of(*parts: Part) -> str:
    """Return the cursor of the page after the row with these values.

    Examples
    --------
    >>> parts_of(cursor_of(7, "a"), int, str)
    [7, 'a']
    """
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


def parts_of(cursor: str, *types: type[Part]) -> list[Any]:
    """Return the values that a cursor names.

    Raises
    ------
    BadCursor
        If it is not one of ours.
    """
    try:
        parts: list[Any] = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), b"-_", validate=True))
    except (ValueError, binascii.Error) as error:
        raise BadCursor("The cursor is not one that this service gave; begin without one.") from error
    is_ours = isinstance(parts, list) and [type(part) for part in parts] == list(types)
    if not is_ours or any(isinstance(part, int) and not 0 <= part < 2**63 for part in parts):
        raise BadCursor("The cursor is not one that this service gave; begin without one.")
    return parts
