"""Leads that came to the store after a serving process last read it: they are asked about by their fields."""

from decimal import Decimal
from typing import Any

from api.dependencies import Services
from domain.context import SYSTEM
from domain.errors import NotFound
from domain.resources import RESOURCES


def newer_lead(services: Services, external_id: str) -> dict[str, Any]:
    """Return what a request that brings the lead along would say of it.

    Raises
    ------
    NotFound
        If the store has no such lead.
    """
    with services.unit_of_work(SYSTEM, read_only=True) as work:
        rows = work.repository("leads").list(filters={"external_id": external_id}, limit=1).rows
    if not rows:
        raise NotFound(f"there is no lead {external_id!r}", lead_id=external_id)
    names = ("attributes", *(column.name for column in RESOURCES["leads"].columns))
    return {name: _plain(rows[0][name]) for name in names if rows[0].get(name) is not None}


def _plain(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else value
