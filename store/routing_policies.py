"""Routing policies as rows of the store, read into what decides; rows that make none are told, not obeyed."""

import logging
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from pydantic import BaseModel, ValidationError
from sqlalchemy import Connection, or_, select

from domain.errors import InvalidInput
from domain.routing import Policies, RoutingPolicy, Rule, RuleSetting, ShareLimit, policy_of
from store.tables import RESOURCE_TABLES

_log = logging.getLogger(__name__)

_policies = RESOURCE_TABLES["routing_policies"]
_rules, _limits = RESOURCE_TABLES["routing_rules"], RESOURCE_TABLES["routing_limits"]
_programs = RESOURCE_TABLES["programs"]
_SAID = [name for name in RoutingPolicy.model_fields if name not in ("program", "rules", "limits")]
_RULE, _LIMIT = tuple(RuleSetting.model_fields), tuple(ShareLimit.model_fields)
_PARTS: Mapping[str, tuple[type[BaseModel], tuple[str, ...]]] = {
    "routing_policies": (RoutingPolicy, tuple(_SAID)),
    "routing_rules": (RuleSetting, _RULE),
    "routing_limits": (ShareLimit, _LIMIT),
}

_CALLED = {"routing_policies": "routing policy", "routing_limits": "routing limit"}
_NEEDED = {str(Rule.DISTANCE): "number", str(Rule.TIER): "names"}
"""Which field of a rule is wrong where the rule as a whole is."""

Row = dict[str, Any]


class StoredPolicy(NamedTuple):
    """A policy as its rows say it.

    Parameters
    ----------
    external_id, name : str
        Of the row.
    program : str or None
        External id of the programme whose leads it is for; None: all that have no policy of their own.
    policy : RoutingPolicy or None
        What it comes to; None where its rows make no policy.
    problem : str or None
        Why not, or why another one holds in its place.
    """

    external_id: str
    name: str
    program: str | None
    policy: RoutingPolicy | None
    problem: str | None


class Understood(NamedTuple):
    """The active policies of a store.

    Parameters
    ----------
    stored : sequence of StoredPolicy
        All of them, by id.
    """

    stored: Sequence[StoredPolicy]

    @property
    def policies(self) -> Policies:
        """Those in force."""
        return Policies(*(one.policy for one in self.stored if one.policy is not None and one.problem is None))


def load_policies(connection: Connection) -> Policies:
    """Return the active policies; a row's empty fields are as by default.

    Of several active ones of a programme the first by id counts. One whose rows make no policy, as imported ones may,
    is left out, so that the general one, or the default, holds; a warning says so.
    """
    found = understood(connection)
    for one in found.stored:
        if one.problem is not None:
            _warn(one.external_id, one.problem)
    return found.policies


def understood(connection: Connection) -> Understood:
    """Return the active policies as they are read, with what is wrong with them."""
    active = or_(_policies.c.active.is_(None), _policies.c.active)
    found: list[StoredPolicy] = []
    held: dict[str | None, str] = {}
    for row, rules, limits in _rows(connection, active):
        key, name, program = row["external_id"], row["name"], row["program"]
        try:
            policy, problem = _whole(row, rules, limits), None
        except InvalidInput as error:
            policy, problem = None, error.message
        if policy is not None and program in held:
            problem = f"{held[program]} is active for the same leads and came first."
        elif policy is not None:
            held[program] = key
        found.append(StoredPolicy(key, name, program, policy, problem))
    return Understood(found)


def check_part(resource: str, row: Mapping[str, Any]) -> None:
    """Refuse a row of a policy that makes no part of one.

    Parameters
    ----------
    resource : str
        ``routing_policies``, ``routing_rules`` or ``routing_limits``.
    row : mapping
        By public column name.

    Raises
    ------
    InvalidInput
        It names the field.
    """
    model, names = _PARTS[resource]
    try:
        model.model_validate(_given({name: row[name] for name in names}))
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(map(str, first["loc"])) or _NEEDED.get(str(row.get("rule")), "least")
        what = f"rule {row['rule']}" if "rule" in names else _CALLED[resource]
        raise InvalidInput(f"{what}: {field}: {first['msg'].removeprefix('Value error, ')}", field=field) from error


def check_policy(connection: Connection, policy_id: int) -> None:
    """Refuse a policy that is none as a whole, active or not.

    Rows of it that are wrong by themselves are left out: they were imported, and each is mended by itself.

    Raises
    ------
    InvalidInput
        It names the field.
    """
    for row, rules, limits in _rows(connection, _policies.c.id == policy_id):
        said = row if _is_sound("routing_policies", row) else {"name": row["name"]}
        sound_rules = [part for part in rules if _is_sound("routing_rules", part)]
        _joined(said, sound_rules, [part for part in limits if _is_sound("routing_limits", part)])


def _is_sound(resource: str, row: Row) -> bool:
    try:
        check_part(resource, row)
    except InvalidInput:
        return False
    return True


def _rows(connection: Connection, which: Any) -> Iterator[tuple[Row, list[Row], list[Row]]]:
    """Yield policies with their rules and limits, by id."""
    of_program = _policies.outerjoin(_programs, _programs.c.id == _policies.c.program_id)
    columns = [_policies.c.id, _policies.c.external_id, *(_policies.c[name] for name in _SAID)]
    program = _programs.c.external_id.label("program")
    query = select(*columns, program).select_from(of_program).where(which).order_by(_policies.c.id)
    wanted = select(_policies.c.id).where(which)
    rules, limits = (_parts(connection, table, names, wanted) for table, names in ((_rules, _RULE), (_limits, _LIMIT)))
    for row in connection.execute(query).mappings().all():
        yield dict(row), rules[row["id"]], limits[row["id"]]


def _parts(connection: Connection, table: Any, names: Sequence[str], wanted: Any) -> Mapping[int, list[Row]]:
    query = select(table.c.policy_id, *(table.c[name] for name in names)).where(table.c.policy_id.in_(wanted))
    found: Mapping[int, list[Row]] = defaultdict(list)
    for row in connection.execute(query.order_by(table.c.id)).mappings():
        found[row["policy_id"]].append(dict(row))
    return found


def _whole(row: Row, rules: list[Row], limits: list[Row]) -> RoutingPolicy:
    for resource, parts in zip(_PARTS, ([row], rules, limits), strict=True):
        for part in parts:
            check_part(resource, part)
    return _joined(row, rules, limits)


def _joined(row: Row, rules: list[Row], limits: list[Row]) -> RoutingPolicy:
    parts = {
        "rules": [_given({name: part[name] for name in _RULE}) for part in rules],
        "limits": [_given({name: part[name] for name in _LIMIT}) for part in limits],
    }
    said = {name: value for name, value in row.items() if name in RoutingPolicy.model_fields}
    return policy_of({**_given(said), **parts}, f"routing policy {row['name']}")


def _given(row: Mapping[str, Any]) -> Row:
    return {name: value for name, value in row.items() if value is not None and value != []}


@lru_cache(maxsize=1000)
def _warn(policy: str, problem: str) -> None:
    """Say once what is wrong with a policy: policies are read for every decision."""
    _log.warning("routing policy %s is not in force: %s", policy, problem)
