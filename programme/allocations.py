"""Lists of leads given to partners: offered, if asked for, and kept as they were answered."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from domain.errors import Conflict
from domain.routing import PROPENSITY
from intelligence.matching.assign import ListResult
from programme.offers import offer_lead
from store.allocations import Allocation, keep_allocation
from store.unit_of_work import UnitOfWork

Row = dict[str, Any]

_NUMBERS = ("p_win", "low", "high", "expected_amount", "value")
_REASONS = ("reason_1", "reason_2", "reason_3")


def keep_list(
    work: UnitOfWork, result: ListResult, as_of: datetime, request: Mapping[str, Any], *, offered: bool = False
) -> Row:
    """Store a list's assignment with its shadow prices, and return the answer.

    Parameters
    ----------
    work : UnitOfWork
    result : ListResult
        Who gets which lead.
    as_of : datetime
        Instant of the assignment.
    request : mapping
        What was asked.
    offered : bool, default=False
        Whether each lead is offered to its partner, in the same transaction. A lead that cannot be offered (any more)
        stays without a partner, with the reason.

    Returns
    -------
    dict
        ``allocation_id``, ``as_of``, ``by``, ``model_version``, ``items``, ``unassigned``, ``expected_value``,
        ``limits``, ``limits_cost``, ``capacity``, ``offered``.
    """
    report = result.report
    items = _items(result)
    unassigned = [asdict(one) for one in report.unassigned]
    if offered:
        refused = _offer(work, items)
        unassigned += refused
        gone = {one["lead"] for one in refused}
        items = [item for item in items if item["lead"] not in gone]
    answer: Row = {
        "allocation_id": uuid.uuid4().hex,
        "as_of": as_of,
        "by": report.by,
        "model_version": report.model_version,
        "leads": report.leads,
        "items": items,
        "unassigned": unassigned,
        "expected_value": report.expected_value if len(items) == report.assigned else _total(items, report.by),
        "bound": report.bound,
        "limits": report.limits,
        "limits_cost": report.limits_cost,
        "capacity": report.capacity,
        "offered": offered,
    }
    programs = [policy["program"] for policy in report.policies]
    program = programs[0] if len(programs) == 1 else None
    who, when = work.actor.name, work.clock()
    prices = asdict(report.prices)
    stored = Allocation(answer["allocation_id"], as_of, when, who, program, report.policies, request, answer, prices)
    keep_allocation(work.connection, stored)
    return answer


def _items(result: ListResult) -> list[Row]:
    frame = result.candidates
    plain = frame.astype(object).where(frame.notna(), None).to_dict("records")
    return [
        {name: row[name] for name in ("lead", "partner", *_NUMBERS, "evidence", "n")}
        | {"reasons": [row[name] for name in _REASONS if row[name]]}
        for row in plain
    ]


def _offer(work: UnitOfWork, items: Sequence[Row]) -> list[Row]:
    """Offer each lead to its partner, in one order for all lists, so that two at a time do not wait for each other."""
    refused = []
    for item in sorted(items, key=lambda item: str(item["lead"])):
        # The whole list decides, by no draw: this partner was sure to be shown.
        values = {"lead": item["lead"], "partner": item["partner"], "attributes": {PROPENSITY: 1.0}}
        try:
            offer_lead(work, values)
        except Conflict as error:
            refused.append({"lead": item["lead"], "code": "refused", "text": str(error)})
    return refused


def _total(items: Sequence[Row], by: str) -> float:
    return float(sum(item[by] or 0.0 for item in items))
