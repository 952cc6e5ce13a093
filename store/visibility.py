"""Which rows a caller may see: the one place that says it, as conditions of every query."""

from sqlalchemy import ColumnElement, false, select

from domain.context import Actor
from domain.resources import Resource
from domain.terms import Role
from store.tables import RESOURCE_TABLES


def visible_rows(actor: Actor, resource: Resource) -> tuple[ColumnElement[bool], ...]:
    """Return the conditions of the rows of `resource` that `actor` may see; none: all of them.

    A partner sees its own rows, and of leads those that were offered to it; what belongs to no partner (products,
    assets, courses ...) everybody sees.
    """
    if actor.role is not Role.PARTNER:
        return ()
    table = RESOURCE_TABLES[resource.name]
    if resource.hidden_from_partner or resource.name == "changes":
        return (false(),)
    if resource.name == "partners":
        return (table.c.id == actor.partner_id,)
    if resource.name == "leads":
        offered = RESOURCE_TABLES["assignments"]
        return (table.c.id.in_(select(offered.c.lead_id).where(offered.c.partner_id == actor.partner_id)),)
    if "partner" not in resource.by_name:
        return ()
    own = table.c.partner_id == actor.partner_id
    return (own, table.c.shared.is_(True)) if resource.name == "notes" else (own,)
