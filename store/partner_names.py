"""Partners by our ids, as people know them."""

from collections.abc import Collection, Mapping
from typing import NamedTuple

from sqlalchemy import Connection, select

from store.sql import chunks
from store.tables import RESOURCE_TABLES

_PARTNERS = RESOURCE_TABLES["partners"]


class PartnerName(NamedTuple):
    """A partner's external id and name."""

    external_id: str
    name: str


def names_by_id(connection: Connection, ids: Collection[int]) -> Mapping[int, PartnerName]:
    """Return partners by our id; those that are gone are left out."""
    found: dict[int, PartnerName] = {}
    for part in chunks(sorted(ids)):
        query = select(_PARTNERS.c.id, _PARTNERS.c.external_id, _PARTNERS.c.name).where(_PARTNERS.c.id.in_(part))
        found |= {id_: PartnerName(key, name or key) for id_, key, name in connection.execute(query)}
    return found
