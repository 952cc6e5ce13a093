"""Which fields of visible rows a caller does not see: the one place that says it, for answers and for filters."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, false, not_, or_

from domain.context import Actor
from domain.errors import InvalidInput
from domain.resources import Resource
from domain.routing import PROPENSITY
from domain.terms import AssignmentResponse, Role
from store.filters import RANGES
from store.tables import RESOURCE_TABLES

_ATTRIBUTE = "attributes."
_CONTACT_WORDS = ("contact", "email", "e-mail", "phone", "mobile", "address", "street", "person")


@dataclass(frozen=True)
class Veil:
    """Fields that `actor` sees of some rows of a resource only: contact data of leads that a partner has not accepted.

    What is hidden is as good as empty, for filters too.

    Parameters
    ----------
    fields : frozenset of str
        Their names, custom attributes as ``attributes.<name>``.
    lifted : condition
        Over the rows of which all is seen.
    contacts : bool, default=True
        Whether custom attributes that are named like contact data are hidden, too.
    """

    fields: frozenset[str]
    lifted: ColumnElement[bool]
    contacts: bool = True

    def hides(self, name: str) -> bool:
        """Whether the field is hidden where the veil is not lifted.

        Examples
        --------
        >>> from sqlalchemy import false
        >>> veil = Veil(frozenset({"company"}), false())
        >>> [veil.hides(name) for name in ("company", "country", "attributes.Contact_Name", "attributes.size")]
        [True, False, True, False]
        """
        if name in self.fields:
            return True
        return self.contacts and is_contact_field(name)

    def filtered(self, name: str, value: Any, condition: ColumnElement[bool]) -> ColumnElement[bool]:
        """Return the condition of a filter as it is where the field may be hidden."""
        suffix = next((ending for ending in RANGES if name.endswith(ending)), "")
        if not self.hides(name.removesuffix(suffix)):
            return condition
        values = value if isinstance(value, list | tuple) else [value]
        if not suffix and any(each is None or each == "" for each in values):
            return or_(not_(self.lifted), condition)
        return and_(self.lifted, condition)

    def check_sort(self, name: str) -> None:
        """Refuse an order by a field that is hidden of some rows: their places would tell.

        Raises
        ------
        InvalidInput
            If it is such a field.
        """
        if self.hides(name):
            raise InvalidInput(f"rows cannot be sorted by {name}, which you do not see of all of them", field="sort")

    def over(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Return `row` with what is hidden as null."""
        seen = {name: None if self.hides(name) else value for name, value in row.items()}
        if isinstance(row.get("attributes"), dict):
            attributes = row["attributes"].items()
            seen["attributes"] = {
                name: None if self.hides(f"{_ATTRIBUTE}{name}") else value for name, value in attributes
            }
        return seen


def is_contact_field(name: str) -> bool:
    """Whether a custom attribute, as ``attributes.<name>``, is named like contact data."""
    word = name.removeprefix(_ATTRIBUTE).casefold()
    return name.startswith(_ATTRIBUTE) and any(part in word for part in _CONTACT_WORDS)


def veil_over(actor: Actor, resource: Resource) -> Veil | None:
    """Return what `actor` does not see of rows of `resource`; None: all fields of all visible rows are seen."""
    if actor.role is not Role.PARTNER or resource.name not in ("leads", "assignments"):
        return None
    if resource.name == "assignments":
        return Veil(frozenset({f"{_ATTRIBUTE}{PROPENSITY}"}), false(), contacts=False)
    leads, answers = RESOURCE_TABLES["leads"], RESOURCE_TABLES["assignments"].alias()
    accepted = exists().where(
        answers.c.lead_id == leads.c.id,
        answers.c.partner_id == actor.partner_id,
        answers.c.response == AssignmentResponse.ACCEPTED,
    )
    return Veil(frozenset(actor.lead_contact_fields), accepted)
