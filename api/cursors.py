"""Opaque cursors of lists that are ordered by numbers and texts of ours."""

from typing import Any

from domain.cursors import decode_parts, encode_parts
from domain.errors import BadCursor

Part = int | str


def cursor_of(*parts: Part) -> str:
    """Return the cursor of the page after the row with these values.

    Examples
    --------
    >>> parts_of(cursor_of(7, "a"), int, str)
    [7, 'a']
    """
    return encode_parts(parts)


def parts_of(cursor: str, *types: type[Part]) -> list[Any]:
    """Return the values that a cursor names.

    Raises
    ------
    BadCursor
        If it is not one of ours.
    """
    parts = decode_parts(cursor)
    is_ours = [type(part) for part in parts] == list(types)
    if not is_ours or any(isinstance(part, int) and not 0 <= part < 2**63 for part in parts):
        raise BadCursor("The cursor is not one that this service gave; begin without one.")
    return parts
