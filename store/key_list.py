"""API keys as an admin looks for them: by page, the newest first, those that work or all."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, and_, or_, select

from store.keys import Key, KeyRepository
from store.tables import RESOURCE_TABLES, keys

_PARTNERS = RESOURCE_TABLES["partners"]


class ListedKey(NamedTuple):
    """A key with the partner that it belongs to."""

    key: Key
    partner: str | None
    partner_name: str | None


def list_keys(
    connection: Connection, *, text: str, working: bool, now: datetime, start: int, limit: int
) -> Sequence[ListedKey]:
    """Return keys, the newest first.

    Parameters
    ----------
    connection : Connection
        To the store.
    text : str
        Stands in the name, begins the prefix, or stands in name or id of the partner; empty: any.
    working : bool
        Only those that are neither revoked nor expired.
    now : datetime
        What is expired by then is.
    start, limit : int
        How many to leave out, and how many to return at the most.
    """
    conditions = []
    if text:
        places = (keys.c.name, _PARTNERS.c.name, _PARTNERS.c.external_id)
        holds = [column.icontains(text, autoescape=True) for column in places]
        conditions.append(or_(keys.c.prefix.startswith(text, autoescape=True), *holds))
    if working:
        lasting = or_(keys.c.expires_at.is_(None), keys.c.expires_at > now)
        conditions.append(and_(keys.c.revoked_at.is_(None), lasting))
    joined = keys.outerjoin(_PARTNERS, _PARTNERS.c.id == keys.c.partner_id)
    query = select(keys.c.prefix, _PARTNERS.c.external_id, _PARTNERS.c.name).select_from(joined).where(*conditions)
    rows = connection.execute(query.order_by(keys.c.id.desc()).offset(start).limit(limit)).all()
    known = {key.prefix: key for key in KeyRepository(connection).some([row[0] for row in rows])}
    return [ListedKey(known[prefix], partner, name) for prefix, partner, name in rows]
