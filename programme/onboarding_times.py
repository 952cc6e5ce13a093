"""How long onboarding takes, and how long until the first deal: of a partner, and the median of each programme."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from domain.terms import PartnerStatus
from programme.onboarding import Progress, progress
from programme.rows import days_between, today
from programme.rule import Row
from programme.stages import Stay, stays_of
from store.people import PartnerDates, first_wins, overdue_tasks, partner_dates, status_changes
from store.unit_of_work import UnitOfWork


@dataclass(frozen=True)
class Times:
    """How long a partner took.

    Parameters
    ----------
    applied_at, onboarding_at, active_at : datetime or None
        Of the first onboarding that made it active, else of the one that lasts.
    days_to_onboard : float or None
        From onboarding to active.
    days_from_application : float or None
        From application to active.
    first_won_at : datetime or None
        When its first deal was won.
    days_to_first_deal : float or None
        From recruitment to that.
    """

    applied_at: datetime | None = None
    onboarding_at: datetime | None = None
    active_at: datetime | None = None
    days_to_onboard: float | None = None
    days_from_application: float | None = None
    first_won_at: datetime | None = None
    days_to_first_deal: float | None = None


@dataclass(frozen=True)
class Typical:
    """The median of so many partners; None of none."""

    median_days: float | None
    n: int


@dataclass(frozen=True)
class OnboardingFigures:
    """Onboarding of one programme, or of all.

    Parameters
    ----------
    program : str or None
        External id; None: of partners without one, or of all.
    onboarding : int
        Partners at that stage now.
    late : int
        Those of them with overdue tasks.
    overdue_tasks : int
        Theirs.
    to_onboard, from_application, to_first_deal : Typical
        As `Times` has them.
    """

    program: str | None
    onboarding: int
    late: int
    overdue_tasks: int
    to_onboard: Typical
    from_application: Typical
    to_first_deal: Typical


@dataclass(frozen=True)
class PartnerOnboarding:
    """A partner's checklist and times."""

    progress: Progress
    times: Times


@dataclass(frozen=True)
class OnboardingReport:
    """All programmes together and each, and a page of the partners that are being onboarded."""

    all: OnboardingFigures
    programs: tuple[OnboardingFigures, ...]
    items: tuple[PartnerOnboarding, ...]
    next_cursor: str | None


def partner_onboarding(work: UnitOfWork, key: int | str) -> PartnerOnboarding:
    """Return how far a partner's onboarding is and how long it took; errors as of `Repository.get`."""
    return _with_times(work, work.repository("partners").get(key))


def onboarding_report(
    work: UnitOfWork, program: str | None = None, cursor: str | None = None, limit: int = 50
) -> OnboardingReport:
    """Return the figures of each programme, and a page of the partners being onboarded.

    Raises
    ------
    BadCursor
        If the cursor is not of this list.
    """
    wanted = {"status": str(PartnerStatus.ONBOARDING)} | ({"program": program} if program is not None else {})
    page = work.repository("partners").list(wanted, cursor=cursor, limit=limit)
    partners = partner_dates(work.connection, work.actor, program=program)
    now = work.clock()
    stays = _by_partner(stays_of(partners, status_changes(work.connection, work.actor), now))
    wins = first_wins(work.connection, work.actor)
    times = {partner.id: _times(partner, stays.get(partner.id, ()), wins.get(partner.id)) for partner in partners}
    late = overdue_tasks(work.connection, work.actor, today(work))
    groups: dict[str | None, list[PartnerDates]] = {}
    for partner in sorted(partners, key=lambda row: (row.program is None, row.program or "")):
        groups.setdefault(partner.program, []).append(partner)
    return OnboardingReport(
        all=_figures(program, partners, times, late),
        programs=tuple(_figures(name, members, times, late) for name, members in groups.items()),
        items=tuple(_with_times(work, row) for row in page.rows),
        next_cursor=page.next_cursor,
    )


def _with_times(work: UnitOfWork, partner: Row) -> PartnerOnboarding:
    dates = partner_dates(work.connection, work.actor, partner_id=partner["id"])
    changes = status_changes(work.connection, work.actor, partner["id"])
    won = first_wins(work.connection, work.actor, partner["id"]).get(partner["id"])
    times = _times(dates[0], stays_of(dates, changes, work.clock()), won)
    return PartnerOnboarding(progress(work, partner), times)


def _by_partner(stays: Iterable[Stay]) -> dict[int, list[Stay]]:
    found: dict[int, list[Stay]] = {}
    for stay in stays:
        found.setdefault(stay.partner_id, []).append(stay)
    return found


def _times(partner: PartnerDates, stays: Sequence[Stay], won_at: datetime | None) -> Times:
    started, active = _onboarding(stays)
    recruited = partner.recruited_at
    to_deal = days_between(recruited, won_at) if recruited and won_at and won_at >= recruited else None
    if started is None:
        return Times(active_at=recruited, first_won_at=won_at, days_to_first_deal=to_deal)
    before = stays[started - 1] if started else None
    applied = before.entered_at if before is not None and before.stage == PartnerStatus.APPLIED else None
    began = stays[started].entered_at
    return Times(
        applied_at=applied,
        onboarding_at=began,
        active_at=active,
        days_to_onboard=days_between(began, active) if active else None,
        days_from_application=days_between(applied, active) if applied and active else None,
        first_won_at=won_at,
        days_to_first_deal=to_deal,
    )


def _onboarding(stays: Sequence[Stay]) -> tuple[int | None, datetime | None]:
    """Return which stay was the onboarding that counts, and when it made the partner active."""
    lasting = None
    for index, stay in enumerate(stays):
        if stay.stage == PartnerStatus.ONBOARDING:
            if stay.to == PartnerStatus.ACTIVE:
                return index, stay.left_at
            lasting = index
    return lasting, None


def _figures(
    program: str | None, partners: Sequence[PartnerDates], times: Mapping[int, Times], late: Mapping[int, int]
) -> OnboardingFigures:
    now = [partner.id for partner in partners if partner.status == PartnerStatus.ONBOARDING]
    own = [times[partner.id] for partner in partners]
    return OnboardingFigures(
        program=program,
        onboarding=len(now),
        late=sum(id_ in late for id_ in now),
        overdue_tasks=sum(late.get(id_, 0) for id_ in now),
        to_onboard=_typical(one.days_to_onboard for one in own),
        from_application=_typical(one.days_from_application for one in own),
        to_first_deal=_typical(one.days_to_first_deal for one in own),
    )


def _typical(days: Iterable[float | None]) -> Typical:
    known = [one for one in days if one is not None]
    return Typical(round(median(known), 2) if known else None, len(known))
