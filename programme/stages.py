"""How long partners stand at each stage of the pipeline, and how many go on from it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from statistics import median
from typing import NamedTuple

from domain.terms import PartnerStatus
from programme.pipeline import TRANSITIONS
from programme.rows import days_between
from store.people import PartnerDates, StatusChange

_S = PartnerStatus
FORWARD = (_S.PROSPECT, _S.APPLIED, _S.ONBOARDING, _S.ACTIVE)
"""Stages in the order of recruitment."""

_GONE = (_S.REJECTED, _S.ENDED, _S.INACTIVE)


class Stay(NamedTuple):
    """A partner's time at one stage; `left_at` and `to` are None while it lasts."""

    partner_id: int
    stage: str
    entered_at: datetime
    left_at: datetime | None
    to: str | None


@dataclass(frozen=True)
class Stage:
    """A stage of the pipeline in figures.

    Parameters
    ----------
    stage : str
        The status.
    next : tuple of str
        Statuses that may follow.
    count : int
        Partners that have it now.
    entered : int
        Stays that began, as far as is known.
    moved_on, lost : int
        Stays that ended with a later stage of recruitment; with rejection, inactivity or the end.
    conversion : float or None
        ``moved_on / (moved_on + lost)``; None: nobody has left.
    median_days : float or None
        Of stays that ended.
    median_days_so_far : float or None
        Of those that last.
    """

    stage: str
    next: tuple[str, ...]
    count: int
    entered: int
    moved_on: int
    lost: int
    conversion: float | None
    median_days: float | None
    median_days_so_far: float | None


def stays_of(partners: Sequence[PartnerDates], changes: Iterable[StatusChange], now: datetime) -> list[Stay]:
    """Return the stays of `partners` until `now`, by the history of their status, else by their dates."""
    told = {id_: list(rows) for id_, rows in groupby(changes, key=lambda change: change.partner_id)}
    found: list[Stay] = []
    for partner in partners:
        points = points_of(partner, told.get(partner.id, ()), now)
        for (at, stage), after in zip(points, [*points[1:], None], strict=True):
            found.append(Stay(partner.id, stage, at, after[0] if after else None, after[1] if after else None))
    return found


def points_of(partner: PartnerDates, changes: Iterable[StatusChange], now: datetime) -> list[tuple[datetime, str]]:
    """Return when a partner entered which status, one after the other."""
    points = [(change.changed_at, change.status) for change in changes if change.status and change.changed_at <= now]
    found: list[tuple[datetime, str]] = []
    for at, status in points or _by_dates(partner):
        if not found or found[-1][1] != status:
            found.append((at, status))
    return found


def stages(partners: Sequence[PartnerDates], stays: Iterable[Stay], now: datetime) -> tuple[Stage, ...]:
    """Return the figures of each stage."""
    by_stage: dict[str, list[Stay]] = {}
    for stay in stays:
        by_stage.setdefault(stay.stage, []).append(stay)
    counts: dict[str, int] = {}
    for partner in partners:
        counts[partner.status or ""] = counts.get(partner.status or "", 0) + 1
    return tuple(_stage(stage, counts, by_stage.get(stage, ()), now) for stage in PartnerStatus)


def _stage(stage: PartnerStatus, counts: Mapping[str, int], stays: Sequence[Stay], now: datetime) -> Stage:
    ended = [stay for stay in stays if stay.left_at is not None]
    moved, lost = sum(_is_forward(stay) for stay in ended), sum(stay.to in _GONE for stay in ended)
    return Stage(
        stage=stage,
        next=tuple(TRANSITIONS[stage]),
        count=counts.get(stage, 0),
        entered=len(stays),
        moved_on=moved,
        lost=lost,
        conversion=moved / (moved + lost) if moved + lost else None,
        median_days=_median(days_between(stay.entered_at, stay.left_at) for stay in ended if stay.left_at),
        median_days_so_far=_median(days_between(stay.entered_at, now) for stay in stays if stay.left_at is None),
    )


def _is_forward(stay: Stay) -> bool:
    order: list[str] = [str(stage) for stage in FORWARD]
    return stay.stage in order and stay.to in order and order.index(stay.to) > order.index(stay.stage)


def _median(days: Iterable[float]) -> float | None:
    found = list(days)
    return round(median(found), 2) if found else None


def _by_dates(partner: PartnerDates) -> list[tuple[datetime, str]]:
    if partner.status is None:
        return []
    points = [(partner.recruited_at, str(_S.ACTIVE))] if partner.recruited_at else []
    if partner.status == _S.ENDED:
        points.append((partner.ended_at or partner.row_created_at, str(_S.ENDED)))
    elif partner.status != _S.ACTIVE or not points:
        points.append((partner.row_created_at, partner.status))
    return sorted(points, key=lambda point: point[0])
