"""What a routing policy would have done with the last leads, beside what happened, before anybody switches it on."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from domain.context import SYSTEM
from domain.routing import Policies, RoutingPolicy
from domain.settings import Settings
from intelligence.features.pair_events import positions
from intelligence.matching.asked import check_span
from intelligence.matching.log import decisions
from models.artefact import as_utc
from programme.claim_terms import answer_time, contact_time
from store.frames import aware
from store.unit_of_work import UnitOfWork
from training.what_if_clock import AnswerTimes
from training.what_if_load import Load, Stays
from training.what_if_model import Judge, baseline_judge, find_judge
from training.what_if_options import Task
from training.what_if_report import changes, clocks, groups, in_use, limits, off_policy, over_time, sides
from training.what_if_walk import Walk

if TYPE_CHECKING:
    from intelligence.context import Intelligence

Progress = Callable[[str, float], None]

GROUP_BY = ("tier", "kind", "country", "size", "newcomer")
MOST_LEADS = 5_000
_HOUR_US = 3_600_000_000
_WORTH_SAYING = 0.01
_LEARNING, _WALKING = 0.4, 0.6
"""Shares of the progress."""


@dataclass(frozen=True, eq=False)
class WhatIf:
    """A replay of leads under other rules.

    Parameters
    ----------
    report : dict
        JSON-ready: ``since``, ``until``, ``leads``, ``policies``, ``model``, ``notes``, ``sides`` (``happened``,
        ``happened_by_model``, ``policy``), ``off_policy``, ``groups``, ``over_time``, ``changes``; its size is bounded.
    leads : DataFrame
        One row per lead in order of decision: the log (`intelligence.matching.log.decisions`) and ``chosen`` (external
        id), ``shown``, ``kept``, ``p_actual``, ``p_policy``, ``p_chosen``.
    """

    report: Mapping[str, Any]
    leads: pd.DataFrame


def what_if(
    context: "Intelligence",
    policies: Policies,
    since: datetime,
    until: datetime | None = None,
    *,
    limit: int = MOST_LEADS,
    model: int | None = None,
    progress: Progress | None = None,
) -> WhatIf:
    """Replay the leads that arrived in a span of time under `policies`.

    Parameters
    ----------
    context : Intelligence
        Store, models, settings.
    policies : Policies
        What is to be tried; `intelligence.matching.asked.asked_policies` makes them of JSON.
    since, until : datetime
        Leads created from `since` on and before `until` (default: now).
    limit : int
        At most so many leads, the newest.
    model : int, optional
        Number of the match version that judges; default: the one that served when the first of the leads arrived.
    progress : callable, optional
        Takes what is being done and the share done.

    Raises
    ------
    InvalidInput
        If the span is empty or the limit not positive.
    NotFound
        If there is no version `model`.

    Notes
    -----
    Each lead is decided as of the instant of its first real offer (of its arrival if nobody was offered it). What is
    known of the other leads and of the partners is what really happened; open leads alone are those of the replay.
    """
    start, end = as_utc(since), context.instant(until)
    check_span(start, end, limit)
    show = progress or _no_progress
    show("reading the history", 0.0)
    history = context.history(None)
    log = decisions(history, start, end, context.settings.match_horizon_days).tail(limit)
    if len(log):
        judge = find_judge(context, history, _first(log), model, lambda text: show(text, 0.1))
    else:
        judge = baseline_judge(context, history, "There is nothing to judge.")
    show("replaying", _LEARNING)
    clocked = with_clocks(context, policies, log["program"])
    found = replay(judge, clocked, log, context.settings, lambda done: show("replaying", _LEARNING + _WALKING * done))
    show("replayed", 1.0)
    missing = {policy.program for policy in policies.all} - {None, *log["program"].dropna()}
    notes = [f"None of these leads is of programme {program}." for program in sorted(filter(None, missing))]
    asked = {
        "notes": [*found.report["notes"], *notes],
        "since": start.isoformat(),
        "until": end.isoformat(),
        "policies": [policy.model_dump(mode="json") for policy in policies.all],
        "fingerprint": policies.fingerprint,
    }
    return WhatIf({**found.report, **asked}, found.leads)


def with_clocks(context: "Intelligence", policies: Policies, programs: "pd.Series[Any]") -> Policies:
    """Return a policy for each programme with the clocks that would really run.

    Those of the rules of the programme, else of the policy, else the usual one.
    """
    named = [str(name) for name in programs.dropna().unique()]
    found = []
    with UnitOfWork(context.engine, SYSTEM, context.clock, read_only=True) as work:
        for program in [*named, None]:
            policy = policies.of(program)
            answer, contact = answer_time(work, program, policy), contact_time(work, program, policy)
            hours = {
                "answer_hours": answer.total_seconds() / 3600,
                "first_contact_hours": None if contact is None else contact.total_seconds() / 3600,
            }
            found.append(policy.model_copy(update={"program": program, **hours}))
    return Policies(*found)


def replay(
    judge: Judge, policies: Policies, log: pd.DataFrame, settings: Settings, report: Callable[[float], None]
) -> WhatIf:
    """Replay the leads of a log of decisions under `policies`, as `judge` sees them.

    Parameters
    ----------
    judge : Judge
        The model, and the history as it wants to see it.
    policies : Policies
        What is to be tried.
    log : DataFrame
        Of `intelligence.matching.log.decisions`.
    settings : Settings
        Horizon, candidates, protected attributes.
    report : callable
        Takes the share done.

    Returns
    -------
    WhatIf
        Whose report lacks ``since`` and ``until``; clocks are those of the policies, none where they name none.
    """
    horizon, protected = settings.match_horizon_days, settings.protected_attributes
    log, task = _task(log, judge)
    pairs, until = judge.world.pairs, judge.world.history.until
    n = len(judge.world.partner_ids)
    times = AnswerTimes(pairs, n)
    load = Load(pairs, task.row, n, Stays.of(pairs, int(until.astype(np.int64)), horizon), horizon)
    used = in_use(policies, log)
    limited = (str(limit.by) for policy in used for limit in policy.limits)
    group_by = tuple(dict.fromkeys((*GROUP_BY, *protected, *limited)))
    walk = Walk(judge, policies, load, times, settings.match_candidates, group_by, protected)
    course = walk.run(task, report)
    found = {
        "leads": len(log),
        "first_lead_at": _first(log).isoformat() if len(log) else None,
        "horizon_days": horizon,
        "policies": [policy.model_dump(mode="json") for policy in policies.all],
        "fingerprint": policies.fingerprint,
        "model": {"version": judge.label, "text": judge.text, "warning": judge.warning or None},
        "notes": _notes(used, log, times),
        "sides": sides(log, task, course, times, policies, until),
        "off_policy": off_policy(log, course, horizon),
        "clocks": clocks(used),
        "groups": groups(course),
        "limits": limits(course, used),
        "over_time": over_time(task, course),
        "changes": changes(judge, log, task, course, used),
    }
    return WhatIf(_plain(found), _with_course(log, judge, course.columns))


def _first(log: pd.DataFrame) -> datetime:
    """Return when the first of the leads arrived: what was known then is what the model may know."""
    return aware(log["created_at"].min().to_datetime64().astype("datetime64[us]"))


def _task(log: pd.DataFrame, judge: Judge) -> tuple[pd.DataFrame, Task]:
    """Return the log in the order of decisions, and what the walk decides about."""
    log = log.assign(decided_at=log["offered_at"].fillna(log["created_at"]))
    log = log.sort_values(["decided_at", "lead_id"], kind="stable").reset_index(drop=True)
    table = judge.world.table
    row_of = pd.Series(table.index, index=table["lead_id"].to_numpy(np.int64))
    rows = row_of[row_of.index >= 0].reindex(log["lead_id"]).to_numpy(np.int64)
    at, arrived = (
        log[name].to_numpy().astype("datetime64[us]").astype(np.int64) for name in ("decided_at", "created_at")
    )
    actual = positions(log["partner_id"], judge.world.partner_ids)
    return log, Task(rows, at, np.maximum((at - arrived) / _HOUR_US, 0.0), actual)


def _notes(used: Sequence[RoutingPolicy], log: pd.DataFrame, times: AnswerTimes) -> list[str]:
    """Say what the replay leaves out."""
    found = []
    if any(policy.shadow_prices for policy in used):
        found.append("Shadow prices are left out: they come of batches that the replay does not solve.")
    if any(policy.limits for policy in used):
        found.append("Limits of shares hold for batches; here leads are given one by one: see where the shares end.")
    hours = min([policy.answer_hours or np.inf for policy in used], default=np.inf)
    late = times.late_share(hours)
    if late >= _WORTH_SAYING:
        found.append(
            f"{late:.0%} of the acceptances on record came after more than {hours:g} hours, too late by the policy's "
            "clock. Partners may answer faster where a clock runs."
        )
    if not times.known:
        found.append("No answer to an offer is on record: nothing is said of clocks.")
    if len(log) and not (log["partner_id"] >= 0).any():
        found.append("None of these leads was offered to anybody: there is nothing to compare with.")
    return found


def _with_course(log: pd.DataFrame, judge: Judge, columns: Mapping[str, list[Any]]) -> pd.DataFrame:
    if not len(log):
        return log
    names = [judge.world.partner_names[chosen] if chosen >= 0 else None for chosen in columns["chosen"]]
    more = {name: columns[name] for name in ("shown", "kept", "p_actual", "p_policy", "p_chosen")}
    return log.assign(chosen=pd.Series(names, log.index, dtype="str"), **more)


def _plain(value: Any) -> Any:
    """Return plain JSON values; numbers that are none become null."""
    if isinstance(value, Mapping):
        return {str(name): _plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        return round(value, 6) if np.isfinite(value) else None
    return value


def _no_progress(_text: str, _done: float) -> None:
    """Show nothing."""
