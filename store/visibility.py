"""Which rows a caller may see: the one place that says it, as conditions of every query."""

from typing import Any

from sqlalchemy import ColumnElement, Select, exists, false, func, or_, select

from domain.context import Actor
from domain.resources import RESOURCES, Resource
from domain.terms import Role
from store.tables import RESOURCE_TABLES, column_name


def visible_rows(actor: Actor, resource: Resource) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions of the rows of `resource` that `actor` may see; none: all of them.

    A partner sees its own rows, and of leads those that were offered to it; what belongs to no partner (products,
    assets, courses ...) everybody sees. A manager who is confined to a portfolio sees the rows of its partners, and of
    leads those that were offered to them or to nobody yet.
    """
    if actor.role is Role.PARTNER:
        return _rows_of_partner(actor.partner_id, resource)
    if actor.portfolio is not None:
        return _rows_of_portfolio(actor.portfolio, resource)
    return ()


def _rows_of_partner(partner_id: int | None, resource: Resource) -> tuple[ColumnElement[bool], ...]:
    table = RESOURCE_TABLES[resource.name]
    if resource.hidden_from_partner or resource.name == "changes":
        return (false(),)
    if resource.name == "partners":
        return (table.c.id == partner_id,)
    if resource.name == "leads":
        offered = RESOURCE_TABLES["assignments"]
        return (table.c.id.in_(select(offered.c.lead_id).where(offered.c.partner_id == partner_id)),)
    if "partner" not in resource.by_name:
        return ()
    own = table.c.partner_id == partner_id
    return (own, table.c.shared.is_(True)) if resource.name == "notes" else (own,)


def _rows_of_portfolio(names: frozenset[str], resource: Resource) -> tuple[ColumnElement[bool], ...]:
    table = RESOURCE_TABLES[resource.name]
    if resource.name == "changes":
        return (false(),)
    if resource.name == "partners":
        return (_managed(table.c.account_manager, names),)
    if resource.name == "leads":
        offered = RESOURCE_TABLES["assignments"]
        mine = select(offered.c.lead_id).where(offered.c.partner_id.in_(_managed_ids(names)))
        return (or_(table.c.id.in_(mine), ~exists().where(offered.c.lead_id == table.c.id)),)
    if "partner" in resource.by_name:
        own = table.c.partner_id.in_(_managed_ids(names))
        return (own if resource.by_name["partner"].required else or_(own, table.c.partner_id.is_(None)),)
    for column in resource.columns:  # what belongs to a partner by what it refers to, as terms do by their agreement
        if column.required and column.target is not None and "partner" in RESOURCES[column.target].by_name:
            owner = RESOURCE_TABLES[column.target]
            owned = select(owner.c.id).where(owner.c.partner_id.in_(_managed_ids(names)))
            return (table.c[column_name(column)].in_(owned),)
    return ()


def of_portfolio(names: frozenset[str]) -> ColumnElement[bool]:
    """Return the condition that a row of partners belongs to one of the account managers `names`."""
    return _managed(RESOURCE_TABLES["partners"].c.account_manager, names)


def _managed_ids(names: frozenset[str]) -> Select[tuple[int]]:
    partners = RESOURCE_TABLES["partners"].alias()
    return select(partners.c.id).where(_managed(partners.c.account_manager, names))


def _managed(account_manager: ColumnElement[str], names: frozenset[str]) -> ColumnElement[bool]:
    # SQLite's lower() knows ASCII only: names in other scripts are compared as they are, too.
    lowered = func.lower(account_manager).in_(sorted(name.lower() for name in names))
    return or_(account_manager.in_(sorted(names)), lowered)


def partner_is_visible(actor: Actor, partner_id: Any) -> ColumnElement[bool]:
    """Return the condition that `actor` may see a partner: for rows that are to be written for it."""
    partners = RESOURCE_TABLES["partners"]
    return exists().where(partners.c.id == partner_id, *visible_rows(actor, RESOURCES["partners"]))
