"""What makes two events the same: a hash over all of their columns, equal in every store."""

import json
from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from domain.resources import Resource
from store.transfer.values import Wire, format_number

_SEPARATOR = "\0"  # no field can hold it
_PLAIN_FROM, _PLAIN_TO = 1e-3, 1e9  # between them pyarrow writes numbers as `format_number` does


def row_key(resource: Resource, values: Mapping[str, Wire | None], attributes: str | None) -> bytes:
    """Return the key of one event.

    Parameters
    ----------
    resource : Resource
        An event resource.
    values : mapping
        Wire values by public column name; references as external ids.
    attributes : str or None
        Canonical JSON of the custom attributes; None or ``{}`` for none.
    """
    parts = [_cell(values.get(column.name)) for column in resource.columns]
    parts.append(attributes if attributes and attributes != "{}" else "")
    return _hash(_SEPARATOR.join(parts))


def row_keys(resource: Resource, columns: Mapping[str, Any], attributes: Any | None, count: int) -> Any:
    """Return the keys of `count` events given as wire arrays: `row_key`, vectorised."""
    empty = pa.array([""], pa.string()).take(pa.array([0] * count, pa.int32()))
    parts = [_texts(columns[column.name]) if column.name in columns else empty for column in resource.columns]
    parts.append(empty if attributes is None else pc.if_else(pc.equal(attributes, "{}"), "", attributes))
    joined = pc.binary_join_element_wise(*parts, _SEPARATOR, null_handling="replace", null_replacement="")
    return pa.array([_hash(text) for text in joined.to_pylist()], pa.binary(16))


def _cell(value: Wire | None) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return json.dumps(value)
    return format_number(value) if isinstance(value, float) else str(value)


def _texts(values: Any) -> Any:
    if not pa.types.is_floating(values.type):
        return values.cast(pa.string())
    size = pc.abs(values)
    plain = pc.or_(pc.equal(size, 0.0), pc.and_(pc.greater(size, _PLAIN_FROM), pc.less(size, _PLAIN_TO)))
    if pc.all(plain).as_py() is not False:
        return values.cast(pa.string())
    encoded = values.dictionary_encode()
    texts = [format_number(value) for value in encoded.dictionary.to_pylist()]
    return pa.array(texts, pa.string()).take(encoded.indices)


def _hash(text: str) -> bytes:
    return blake2b(text.encode(), digest_size=16).digest()
