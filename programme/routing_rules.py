"""What must hold of routing policies, of their rules and limits, and of absences, when somebody writes them."""

from collections.abc import Mapping
from typing import Any

from domain.errors import Conflict, InvalidInput
from domain.resources import RESOURCES
from domain.terms import Role
from programme.rows import every_row
from programme.rule import Row, Rule
from store.ledger import lock_name
from store.routing_policies import StoredPolicy, Understood, check_part, check_policy, understood
from store.unit_of_work import UnitOfWork
from store.values import parse_cell

__all__ = ["ROUTING_RULES", "AbsenceRule", "PartRule", "PolicyRule", "StoredPolicy", "policies_understood"]

Values = Mapping[str, Any]

_ONE_AT_A_TIME = "routing_policies"


class PolicyRule(Rule):
    """At most one active policy for the leads of a programme, and one for all others; none that makes no sense."""

    def values(self, work: UnitOfWork, before: Row | None, values: Values) -> Values:
        """Refuse a second active policy for the same leads."""
        if _active({**(before or {}), **_parsed("routing_policies", values, "active")}):
            program = {**(before or {}), **_parsed("routing_policies", values, "program")}.get("program")
            lock_name(work.connection, _ONE_AT_A_TIME)
            _refuse_second(work, before, program)
        return values

    def written(self, work: UnitOfWork, before: Row | None, after: Row) -> None:
        """Refuse values out of range, by taking the write back."""
        check_part("routing_policies", after)
        check_policy(work.connection, after["id"])


class PartRule(Rule):
    """A rule or a limit of a policy, with which the whole policy makes sense.

    Parameters
    ----------
    resource : str
        ``routing_rules`` or ``routing_limits``.
    """

    def __init__(self, resource: str) -> None:
        self._resource = resource

    def written(self, work: UnitOfWork, before: Row | None, after: Row) -> None:
        """Refuse values that make no rule or limit, by taking the write back."""
        check_part(self._resource, after)
        check_policy(work.connection, work.repository("routing_policies").get(after["policy"])["id"])


class AbsenceRule(Rule):
    """Absences end after they begin; a partner writes its own (the store shows it no others)."""

    def values(self, work: UnitOfWork, before: Row | None, values: Values) -> Values:
        """Refuse a time that ends before it begins."""
        told = {**(before or {}), **_parsed("absences", values, "since", "until")}
        since, until = told.get("since"), told.get("until")
        if since is not None and until is not None and until <= since:
            raise InvalidInput(
                f"until ({until:%Y-%m-%d %H:%M} UTC) lies after since ({since:%Y-%m-%d %H:%M} UTC); leave it out while "
                "nobody knows the end",
                field="until",
            )
        return values

    def removing(self, work: UnitOfWork, before: Row) -> None:
        """Let a partner call off only what still lies ahead: when it was away, offers were decided by."""
        if work.actor.role is Role.PARTNER and before["since"] <= work.clock():
            raise Conflict("The absence has begun; end it by its until instead.")


ROUTING_RULES: Mapping[str, tuple[Rule, ...]] = {
    "routing_policies": (PolicyRule(),),
    "routing_rules": (PartRule("routing_rules"),),
    "routing_limits": (PartRule("routing_limits"),),
    "absences": (AbsenceRule(),),
}
"""Rules over how leads are routed, by resource."""


def policies_understood(work: UnitOfWork) -> Understood:
    """Return the active policies as they are read, with what is wrong with those that are not in force."""
    return understood(work.connection)


def _parsed(resource: str, values: Values, *names: str) -> Row:
    columns = RESOURCES[resource]
    return {name: parse_cell(columns.column(name), values[name]) for name in names if name in values}


def _active(row: Values) -> bool:
    return row.get("active") is not False


def _refuse_second(work: UnitOfWork, before: Row | None, program: str | None) -> None:
    for other in every_row(work, "routing_policies", program=program):
        if _active(other) and (before is None or other["id"] != before["id"]):
            whose = f"programme {program}" if program else "all programmes without one of their own"
            raise Conflict(
                f"Routing policy {other['external_id']} is active for {whose}; change it, or set its active to false "
                "first.",
                policy=other["external_id"],
            )
