"""Routing policies written as a whole: the policy's row, its rules and its limits."""

from decimal import Decimal

from domain.routing import RoutingPolicy, RuleSetting
from programme import records
from programme.routing_rules import policies_understood
from programme.rows import every_row
from programme.rule import Row
from store.unit_of_work import UnitOfWork

_PARTS = {"rules", "limits", "program"}


def put_policy(work: UnitOfWork, policy: RoutingPolicy) -> Row:
    """Put a policy in force for the leads of its programme (none: all others), in the place of the one before.

    Parameters
    ----------
    work : UnitOfWork
        Everything is written in it, or nothing.
    policy : RoutingPolicy
        As it shall be; rules that say what holds by default are not kept.

    Returns
    -------
    dict
        The row of the policy.

    Raises
    ------
    InvalidInput, NotFound
        If the programme is unknown, or a rule of the resources refuses it.
    """
    values = policy.model_dump(mode="json", exclude=_PARTS) | {"active": True}
    earlier = next((one.external_id for one in policies_understood(work).stored if one.program == policy.program), None)
    if earlier is None:
        key = f"policy-{policy.program}" if policy.program else "policy"
        _, row = records.upsert(work, "routing_policies", {"external_id": key, "program": policy.program, **values})
    else:
        row = records.change(work, "routing_policies", earlier, values)
    _put_rules(work, row["external_id"], policy)
    _put_limits(work, row["external_id"], policy)
    return row


def _put_rules(work: UnitOfWork, key: str, policy: RoutingPolicy) -> None:
    told = {setting.rule: setting for setting in policy.rules if _differs(setting)}
    for row in every_row(work, "routing_rules", policy=key):
        if row["rule"] not in told:
            records.remove(work, "routing_rules", row["id"])
    for setting in told.values():
        values = setting.model_dump(mode="json") | {"names": list(setting.names)}
        records.upsert(work, "routing_rules", {"policy": key, **values})


def _differs(setting: RuleSetting) -> bool:
    return setting.model_dump() != RoutingPolicy().setting(setting.rule).model_dump()


def _put_limits(work: UnitOfWork, key: str, policy: RoutingPolicy) -> None:
    """Replace limits: they have no key of their own by which one could be known again."""
    kept = [{name: row[name] for name in ("by", "value", "least", "most")} for row in _limits(work, key)]
    wanted = [limit.model_dump(mode="json") for limit in policy.limits]
    if [_plain(row) for row in kept] == [_plain(row) for row in wanted]:
        return
    for row in _limits(work, key):
        records.remove(work, "routing_limits", row["id"])
    for values in wanted:
        records.create(work, "routing_limits", {"policy": key, **values})


def _limits(work: UnitOfWork, key: str) -> list[Row]:
    return every_row(work, "routing_limits", policy=key)


def _plain(row: Row) -> Row:
    return {name: float(value) if isinstance(value, Decimal) else value for name, value in row.items()}
