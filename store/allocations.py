"""Lists of leads given to partners, stored as they were answered, with the shadow prices that they left."""

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, select

from domain.errors import NotFound
from store.routing_tables import allocations
from store.sql import json_ready

_JSON = ("policy", "request", "response", "prices")


class Allocation(NamedTuple):
    """What was asked and answered; ``program`` is that of all leads, none where they are of several."""

    id: str
    as_of: datetime
    created_at: datetime
    created_by: str
    program: str | None
    policy: Any
    request: Any
    response: Any
    prices: Any


def keep_allocation(connection: Connection, made: Allocation) -> None:
    """Store an allocation."""
    plain = {name: json_ready(getattr(made, name)) for name in _JSON}
    connection.execute(allocations.insert().values(**made._asdict() | plain))


def allocation(connection: Connection, allocation_id: str) -> Allocation:
    """Return an allocation.

    Raises
    ------
    NotFound
        If there is none.
    """
    columns = [allocations.c[name] for name in Allocation._fields]
    query = select(*columns).where(allocations.c.id == allocation_id)
    row = None if "\0" in allocation_id else connection.execute(query).first()
    if row is None:
        raise NotFound(f"There is no allocation {allocation_id!r}.", allocation_id=allocation_id)
    return Allocation(*row)


def prices_between(
    connection: Connection, since: datetime, until: datetime, limit: int = 200
) -> list[tuple[datetime, Any]]:
    """Return the shadow prices that allocations as of ``(since, until]`` left, the newest first, with their instants.

    What was stored after `until` did not exist then.
    """
    when = (allocations.c.as_of > since, allocations.c.as_of <= until, allocations.c.created_at <= until)
    query = select(allocations.c.as_of, allocations.c.prices).where(*when)
    rows = connection.execute(query.order_by(allocations.c.as_of.desc(), allocations.c.id).limit(limit))
    return [(as_of, prices) for as_of, prices in rows]
