"""What is due each night: scoring, checks of models, and duties of the programme such as commissions.

Jobs of a night wait in the queue until then and have a key each, so that several workers, or one that is started
several times, plan each of them once. A night that the service slept through is made up for at its next start.
"""

from datetime import UTC, date, datetime, time, timedelta

from domain.context import SYSTEM
from domain.terms import ModelName
from programme.tiers import quarter_start
from store.jobs import JobRepository
from store.unit_of_work import UnitOfWork
from worker.handlers import WorkerContext

_CHECKS_AFTER = timedelta(minutes=1)
"""Checks come after the night's scores, which they look at."""


class Schedule:
    """Plans the coming night once.

    Parameters
    ----------
    context : WorkerContext
        Settings, store, clock.
    """

    def __init__(self, context: WorkerContext) -> None:
        self._context = context
        self._planned: date | None = None

    def plan(self) -> None:
        """Enqueue what is due in the coming night, unless that was done."""
        settings = self._context.settings
        night = coming_night(self._context.clock(), settings.nightly_hour)
        if night.date() == self._planned:
            return
        with UnitOfWork(self._context.intelligence.engine, SYSTEM, self._context.clock) as work:
            if _is_due(night, settings.score_every_days):
                for horizon in settings.churn_horizons_days:
                    payload = {"model": ModelName.CHURN, "horizon_days": horizon, "as_of": None}
                    _enqueue(work.jobs, "score", payload, night, f"churn-{horizon}")
                payload = {"model": ModelName.FIT, "horizon_days": None, "as_of": None}
                _enqueue(work.jobs, "score", payload, night, "fit")
            if _is_due(night, settings.check_every_days):
                for name in ModelName:
                    _enqueue(work.jobs, "check", {"model": name}, night + _CHECKS_AFTER, name)
            _enqueue(work.jobs, "certificates", {}, night, "expiry")
            _enqueue(work.jobs, "goals", {}, night, "off-track")
            _enqueue(work.jobs, "fairness", {}, night + _CHECKS_AFTER, "shares")
            _enqueue(work.jobs, "housekeeping", {}, night, "journal")
            _enqueue(work.jobs, "retention", {}, night, "rules")
            _enqueue(work.jobs, "commissions", {}, night, "settle")
            _enqueue(work.jobs, "agreements", {}, night, "expiry")
            quarter = f"quarter/{quarter_start(night.date())}/tier_reviews"
            work.jobs.enqueue("tier_reviews", {}, created_by="schedule", unique_key=quarter, run_after=night)
            _enqueue(work.jobs, "registrations", {}, night, "protections")
            digests = coming_weekday(self._context.clock(), settings.digest_weekday, settings.digest_hour)
            week = f"week/{digests:%Y-%m-%d}/digests"
            work.jobs.enqueue("digests", {}, created_by="schedule", unique_key=week, run_after=digests)
        self._planned = night.date()


def coming_night(now: datetime, hour: int) -> datetime:
    """Return when the next night begins.

    Examples
    --------
    >>> coming_night(datetime(2024, 6, 1, 1, 30, tzinfo=UTC), 2).isoformat()
    '2024-06-01T02:00:00+00:00'
    >>> coming_night(datetime(2024, 6, 1, 2, 0, tzinfo=UTC), 2).isoformat()
    '2024-06-02T02:00:00+00:00'
    """
    today = datetime.combine(now.astimezone(UTC).date(), time(hour), UTC)
    return today if now < today else today + timedelta(days=1)


def coming_weekday(now: datetime, weekday: int, hour: int) -> datetime:
    """Return the next instant at which it is a weekday (0 is Monday) and an hour.

    Examples
    --------
    >>> coming_weekday(datetime(2024, 6, 3, 7, tzinfo=UTC), 0, 7).isoformat()
    '2024-06-10T07:00:00+00:00'
    >>> coming_weekday(datetime(2024, 6, 3, 6, tzinfo=UTC), 0, 7).isoformat()
    '2024-06-03T07:00:00+00:00'
    """
    found = coming_night(now, hour)
    return found + timedelta(days=(weekday - found.weekday()) % 7)


def _is_due(night: datetime, every_days: int) -> bool:
    return every_days > 0 and night.toordinal() % every_days == 0


def _enqueue(jobs: JobRepository, kind: str, payload: dict[str, object], at: datetime, what: str) -> None:
    key = f"night/{at:%Y-%m-%d}/{kind}/{what}"
    jobs.enqueue(kind, payload, created_by="schedule", unique_key=key, run_after=at)
