"""The recruitment pipeline at work: moves with reasons, histories, figures, and all that is known of a prospect."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from domain.errors import InvalidInput, NotAllowed, NotFound
from domain.terms import Role
from programme import records
from programme.onboarding import Progress, progress, steps_for
from programme.pipeline import GATED, Overridden, check_transition, unmet
from programme.qualification import FitBeside, Qualification, criteria_for, qualify, stored_fit
from programme.rows import days_between, every_row, named
from programme.rule import Row
from programme.stages import Stage, Stay, points_of, stages, stays_of
from store.people import PartnerDates, partner_dates, status_changes
from store.unit_of_work import UnitOfWork

_MAY_OVERRIDE = (Role.ADMIN, Role.MANAGER)
_NOTES_SHOWN = 100


@dataclass(frozen=True)
class HistoryEntry:
    """A partner entered a status.

    Parameters
    ----------
    from_status : str or None
        The one before; None: the first that is known.
    to_status : str
        The one entered.
    changed_at : datetime
        When.
    changed_by, reason : str or None
        Who and why; None where it came with an import.
    overridden : bool
        Whether somebody answered for what was not met.
    days_in_stage : float
        Until the next entry, or until now.
    """

    from_status: str | None
    to_status: str
    changed_at: datetime
    changed_by: str | None
    reason: str | None
    overridden: bool
    days_in_stage: float


@dataclass(frozen=True)
class ProgramStages:
    """The pipeline of one programme; None: of partners without one."""

    program: str | None
    stages: tuple[Stage, ...]


@dataclass(frozen=True)
class PipelineFigures:
    """The pipeline over all programmes, and of each."""

    stages: tuple[Stage, ...]
    programs: tuple[ProgramStages, ...]


@dataclass(frozen=True)
class Dossier:
    """All that is known of a company we might recruit; `fit` is the model's, `qualification` the people's."""

    profile: Row
    history: tuple[HistoryEntry, ...]
    qualification: Qualification
    fit: FitBeside | None
    notes: tuple[Row, ...]
    onboarding: Progress
    tasks: tuple[Row, ...]
    agreements: tuple[Row, ...]
    unmet: dict[str, list[str]]


@dataclass(frozen=True)
class ProgramOverview:
    """A programme: what it is for, its levels and rules, what it asks, and who stands where in it."""

    program: Row
    rules: Row | None
    tiers: tuple[dict[str, Any], ...]
    stages: tuple[Stage, ...]
    criteria: tuple[Row, ...]
    onboarding_steps: tuple[Row, ...]


def move_partner(
    work: UnitOfWork, key: int | str, status: str, reason: str | None = None, *, override: bool = False
) -> Row:
    """Bring a partner to another status and return its row; the same status again changes nothing.

    Parameters
    ----------
    work : UnitOfWork
        The transaction.
    key : int or str
        The partner.
    status : str
        The status wanted.
    reason : str, optional
        Kept in the history.
    override : bool, default=False
        Answer for steps not done and musts not met; takes an admin or manager, and a reason.

    Raises
    ------
    Conflict
        If the status may not follow, or something is not met and not overridden.
    NotAllowed
        If the actor may not override.
    InvalidInput
        If an override has no reason.
    """
    before = work.repository("partners").get(key)
    if before["status"] == status:
        return before
    check_transition(before["status"], status)
    overridden = override and (before["status"], status) == GATED and bool(unmet(work, before))
    if overridden:
        _check_override(work, reason)
    values = {"status": status}
    after = records.change(work, "partners", before["id"], Overridden(values) if overridden else values)
    _keep_reason(work, after, reason, overridden=overridden)
    return after


def partner_history(work: UnitOfWork, key: int | str) -> tuple[HistoryEntry, ...]:
    """Return the statuses that a partner had, the oldest first; errors as of `Repository.get`."""
    partner = work.repository("partners").get(key)
    now = work.clock()
    (dates,) = partner_dates(work.connection, work.actor, partner_id=partner["id"])
    notes = every_row(work, "stage_changes", partner=partner["external_id"])
    points = points_of(dates, status_changes(work.connection, work.actor, partner["id"]), now)
    noted = {(row["changed_at"], row["to_status"]): row for row in notes}
    keys = sorted({*points, *noted}, key=lambda point: (point[0], noted.get(point, {}).get("id", 0)))
    first = noted.get(keys[0], {}).get("from_status") if keys else None
    if first is not None:  # it was made and moved in one instant: what it was made as has no history of its own
        keys.insert(0, (min(partner["row_created_at"], keys[0][0]), first))
    ends = [at for at, _ in keys[1:]] + [now]
    before = [None, *(status for _, status in keys[:-1])]
    return tuple(
        _entry(was, point, noted.get(point, {}), end) for was, point, end in zip(before, keys, ends, strict=True)
    )


def pipeline(work: UnitOfWork, program: str | None = None) -> PipelineFigures:
    """Return the pipeline in figures: over all programmes, or of one.

    Raises
    ------
    NotFound
        If there is no such programme.
    """
    if program is not None and named(work, "programs", program) is None:
        raise NotFound(f"There is no {program!r} in programs.", resource="programs", key=program)
    now = work.clock()
    partners = partner_dates(work.connection, work.actor, program=program)
    stays = stays_of(partners, status_changes(work.connection, work.actor), now)
    members: dict[str | None, list[PartnerDates]] = {}
    for partner in sorted(partners, key=lambda partner: (partner.program is None, partner.program or "")):
        members.setdefault(partner.program, []).append(partner)
    where = {partner.id: partner.program for partner in partners}
    of_program: dict[str | None, list[Stay]] = {}
    for stay in stays:
        of_program.setdefault(where[stay.partner_id], []).append(stay)
    found = [ProgramStages(name, stages(there, of_program.get(name, ()), now)) for name, there in members.items()]
    return PipelineFigures(stages(partners, stays, now), tuple(found))


def recruiting(work: UnitOfWork, partners: Collection[int], start: datetime, end: datetime) -> tuple[Stage, ...]:
    """Return the stages of recruitment of some partners, of stays that began in a period; counts are of now.

    Parameters
    ----------
    work : UnitOfWork
        The transaction.
    partners : collection of int
        Ours.
    start, end : datetime
        From the first on, and before the second.
    """
    now, wanted = work.clock(), frozenset(partners)
    dates = [one for one in partner_dates(work.connection, work.actor) if one.id in wanted]
    stays = stays_of(dates, status_changes(work.connection, work.actor), now)
    return stages(dates, [stay for stay in stays if start <= stay.entered_at < end], now)


def dossier(work: UnitOfWork, key: int | str, fit_horizon_days: int) -> Dossier:
    """Return all that is known of a company; errors as of `Repository.get`."""
    partner = work.repository("partners").get(key)
    own = {"partner": partner["external_id"]}
    notes = work.repository("notes").list(own, sort="-written_at", limit=_NOTES_SHOWN).rows
    return Dossier(
        profile=partner,
        history=partner_history(work, partner["id"]),
        qualification=qualify(work, partner),
        fit=stored_fit(work, [partner["id"]], fit_horizon_days).get(partner["id"]),
        notes=tuple(notes),
        onboarding=progress(work, partner),
        tasks=tuple(every_row(work, "tasks", **own)),
        agreements=tuple(every_row(work, "agreements", **own)),
        unmet=unmet(work, partner),
    )


def program_overview(work: UnitOfWork, key: int | str) -> ProgramOverview:
    """Return what a programme is and who stands where in it; errors as of `Repository.get`."""
    program = work.repository("programs").get(key)
    name = program["external_id"]
    rules = every_row(work, "program_rules", program=name)
    now = work.clock()
    partners = partner_dates(work.connection, work.actor, program=name)
    stays = stays_of(partners, status_changes(work.connection, work.actor), now)
    return ProgramOverview(
        program=program,
        rules=rules[0] if rules else None,
        tiers=tuple(
            {**tier, "partners": sum(partner.tier == tier["name"] for partner in partners)}
            for tier in every_row(work, "tiers", sort="position", program=name)
        ),
        stages=stages(partners, stays, now),
        criteria=tuple(criteria_for(work, name)),
        onboarding_steps=tuple(steps_for(work, name)),
    )


def _check_override(work: UnitOfWork, reason: str | None) -> None:
    if work.actor.role not in _MAY_OVERRIDE:
        raise NotAllowed(f"An override takes one of: {', '.join(_MAY_OVERRIDE)}.")
    if not (reason or "").strip():
        raise InvalidInput("An override needs a reason; it is kept in the history.", field="reason")


def _keep_reason(work: UnitOfWork, partner: Row, reason: str | None, *, overridden: bool) -> None:
    rows = work.repository("stage_changes")
    latest = rows.list({"partner": partner["external_id"], "to_status": partner["status"]}, "-changed_at", limit=1)
    rows.patch(latest.rows[0]["id"], {"reason": reason, "overridden": overridden})


def _entry(was: str | None, point: tuple[datetime, str], note: Row, end: datetime) -> HistoryEntry:
    return HistoryEntry(
        from_status=note.get("from_status") or was,
        to_status=point[1],
        changed_at=point[0],
        changed_by=note.get("changed_by"),
        reason=note.get("reason"),
        overridden=bool(note.get("overridden")),
        days_in_stage=days_between(point[0], end),
    )
