"""Everything that is encrypted at rest, written anew under the first key, or opened where that was switched off."""

from sqlalchemy import Connection, Text, delete, select, type_coerce, update

from domain.settings import Settings
from store.at_rest import PROTECTED, at_rest_of, is_sealed
from store.changes import changes
from store.engine import Engine, writing
from store.journal_tables import webhooks
from store.sealing import Sealer
from store.tables import RESOURCE_TABLES, idempotency

_PAGE = 1_000


def rotate(engine: Engine, settings: Settings) -> dict[str, int]:
    """Write every protected value as the settings say now; running it again changes nothing. Return rows changed.

    History of protected fields and answers kept for retries, in which values stand as they were, are deleted.
    """
    gone: dict[str, int] = {}
    for name in PROTECTED:
        last: int | None = 0
        while last is not None:  # a page is one transaction: others want to write, too
            with writing(engine.connect()) as connection, connection.begin():
                changed, last = _page(connection, name, last)
            gone[name] = gone.get(name, 0) + changed
    with writing(engine.connect()) as connection, connection.begin():
        gone["webhooks"] = _webhooks(connection, Sealer(settings.encryption_keys))
        if at_rest_of(engine.dialect).encrypts:
            gone["changes"] = _forget_history(connection)
            gone["idempotency"] = connection.execute(delete(idempotency)).rowcount
    return {name: count for name, count in gone.items() if count}


def _page(connection: Connection, resource: str, after: int) -> tuple[int, int | None]:
    table, rest, changed = RESOURCE_TABLES[resource], at_rest_of(connection.dialect), 0
    columns = [type_coerce(table.c[name], Text).label(name) for name in PROTECTED[resource]]
    query = select(table.c.id, *columns).where(table.c.id > after).order_by(table.c.id).limit(_PAGE)
    rows = connection.execute(query.with_for_update()).all()
    for row in rows:
        values = {}
        for name in PROTECTED[resource]:
            kept, context = row._mapping[name], f"{resource}.{name}"
            if kept is not None and rest.seal(context, text := rest.open(context, kept)) != kept:
                values[name] = text
        if values:  # the version stays: nothing that a caller sees has changed
            connection.execute(update(table).where(table.c.id == row.id).values(**values))
            changed += 1
    return changed, rows[-1].id if len(rows) == _PAGE else None


def _webhooks(connection: Connection, sealer: Sealer) -> int:
    changed = 0
    for row in connection.execute(select(webhooks.c.id, webhooks.c.secret, webhooks.c.former_secret)).all():
        kept = {"secret": row.secret, "former_secret": row.former_secret}
        values = {name: sealer.seal(sealer.open(value)) for name, value in kept.items() if value is not None}
        if any(not sealer.is_current(value) for value in kept.values() if value is not None):
            connection.execute(update(webhooks).where(webhooks.c.id == row.id).values(**values))
            changed += 1
    return changed


def _forget_history(connection: Connection) -> int:
    found = 0
    for resource, names in PROTECTED.items():
        fields = [name for name in names if is_sealed(connection.dialect, resource, name)]
        mine = (changes.c.resource == resource) & changes.c.field.in_(fields)
        found += connection.execute(delete(changes).where(mine)).rowcount
    return found
