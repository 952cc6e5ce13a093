"""Policies that somebody asks "what if" about, and the leads that they are tried on."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from domain.errors import InvalidInput
from domain.routing import Policies, policy_of


def asked_policies(content: Any, in_force: Policies, where: str = "policy") -> Policies:
    """Return the policies that somebody asks about.

    Parameters
    ----------
    content : mapping, or list of mappings
        With the fields of `RoutingPolicy`. One that names no programme holds for all leads; a list, or one that names
        a programme, replaces the policies in force for what it names.
    in_force : Policies
        What holds where `content` says nothing.
    where : str
        What errors call it.

    Raises
    ------
    InvalidInput
        If it is neither, or a field is unknown or out of range, or a programme stands twice.

    Examples
    --------
    >>> asked = asked_policies([{"name": "north", "program": "N"}], Policies())
    >>> [policy.name for policy in asked.all]
    ['north', 'default']
    """
    if isinstance(content, Mapping) and content.get("program") is None:
        return Policies(policy_of(content, where))
    given = content if isinstance(content, list | tuple) else [content]
    if not given or not all(isinstance(one, Mapping) for one in given):
        raise InvalidInput(f"{where}: it is a JSON object with the fields of a policy, or a list of such objects.")
    found = [policy_of(one, f"{where} {place}") for place, one in enumerate(given, start=1)]
    programs = [policy.program for policy in found]
    for program in programs:
        if programs.count(program) > 1:
            name = "without a programme" if program is None else f"for programme {program}"
            raise InvalidInput(f"{where}: there are two policies {name}.", field="program")
    rest = (policy for policy in in_force.all if policy.program not in programs)
    return Policies(*rest, *found)


def check_span(since: datetime, until: datetime, limit: int) -> None:
    """Refuse a span of time that is empty, and a limit that lets nothing through.

    Raises
    ------
    InvalidInput
        If it is so.
    """
    if since >= until:
        told = f"since ({since.isoformat()}) must lie before until ({until.isoformat()})."
        raise InvalidInput(told, field="since")
    if limit < 1:
        raise InvalidInput(f"limit must be at least 1, not {limit}.", field="limit")
