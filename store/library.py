"""Content and offers as a partner looks for them: in force, for its country, by words."""

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, FromClause, Text, cast, or_, select

from store.references import contains
from store.tables import RESOURCE_TABLES


class Wanted(NamedTuple):
    """What is looked for; empty: anything.

    Parameters
    ----------
    text : str
        In title or body.
    kind : str
        Of the item.
    language : str
        Of content.
    country : str or None
        Items for other countries only are left out.
    """

    text: str = ""
    kind: str = ""
    language: str = ""
    country: str | None = None


def find_items(
    connection: Connection, resource: str, wanted: Wanted, at: datetime, *, start: int, limit: int
) -> list[int]:
    """Return our ids of the assets or offers that are wanted and in force at an instant, the newest first."""
    table = RESOURCE_TABLES[resource]
    since = table.c.published_at if resource == "assets" else table.c.valid_from
    query = select(table.c.id).where(*_in_force(resource, table, at), *_conditions(connection, table, wanted))
    query = query.order_by(since.is_(None), since.desc(), table.c.id.desc()).offset(start).limit(limit)
    return [int(id_) for id_ in connection.execute(query).scalars()]


def item_words(connection: Connection, resource: str, column: str, at: datetime, most: int = 100) -> list[str]:
    """Return the words of a column of items in force, in their order: choices of a filter."""
    table = RESOURCE_TABLES[resource]
    query = select(table.c[column]).distinct().where(*_in_force(resource, table, at), table.c[column].is_not(None))
    return [str(word) for word in connection.execute(query.order_by(table.c[column]).limit(most)).scalars()]


def _in_force(resource: str, table: FromClause, at: datetime) -> tuple[ColumnElement[bool], ...]:
    instant: Any = at
    since, until = (table.c.published_at, table.c.expires_at) if resource == "assets" else (None, None)
    if since is None or until is None:
        instant, since, until = at.date(), table.c.valid_from, table.c.valid_to
    return or_(since.is_(None), since <= instant), or_(until.is_(None), until >= instant)


def _conditions(connection: Connection, table: FromClause, wanted: Wanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.text:
        title, body = (table.c[name].icontains(wanted.text, autoescape=True) for name in ("title", "body"))
        found.append(or_(title, body))
    if wanted.kind:
        found.append(table.c.kind == wanted.kind)
    if wanted.language and "language" in table.c:
        found.append(table.c.language == wanted.language)
    if wanted.country:
        everywhere = or_(table.c.countries.is_(None), cast(table.c.countries, Text).in_(("[]", "null")))
        found.append(or_(everywhere, contains(connection, table.c.countries, wanted.country)))
    return found
