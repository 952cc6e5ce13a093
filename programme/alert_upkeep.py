"""What keeps alerts up to date while nobody asks: a look at what happened, at what waits, and at whom to tell."""

from datetime import datetime, timedelta

from domain.context import SYSTEM, Clock
from domain.settings import Settings
from programme.alert_notices import plan_notices
from programme.alert_sweeps import sweep_offers
from programme.alert_watch import is_behind, watch_events
from programme.uploads import KEPT, forget
from store.engine import Engine
from store.unit_of_work import UnitOfWork

SWEEP_EVERY = timedelta(minutes=10)
"""How often is looked for what time alone brings about."""

_ENDED_SESSIONS_KEPT = timedelta(days=30)


class AlertUpkeep:
    """Raises alerts and queues notices, a little at a time; several may run at once.

    Parameters
    ----------
    engine : Engine
        The store.
    settings : Settings
        Thresholds, mail server, hour of digests.
    clock : callable
        The time.
    """

    def __init__(self, engine: Engine, settings: Settings, clock: Clock) -> None:
        self._engine = engine
        self._settings = settings
        self._clock = clock
        self._swept_at: datetime | None = None

    def run(self) -> int:
        """Do what is due and return how many events were looked at."""
        now = self._clock()
        is_time = self._swept_at is None or now - self._swept_at >= SWEEP_EVERY
        with UnitOfWork(self._engine, SYSTEM, self._clock, read_only=True) as work:
            behind = is_behind(work)
        if not behind and not is_time:
            return 0
        with UnitOfWork(self._engine, SYSTEM, self._clock) as work:
            looked = watch_events(work, self._settings)
            if is_time:
                sweep_offers(work, self._settings)
            plan_notices(work, self._settings)
        self._swept_at = now if is_time else self._swept_at
        return looked


def keep_house(engine: Engine, settings: Settings, clock: Clock) -> dict[str, object]:
    """Delete old events, sessions, uploads; tell where the audit trail ends (``audit.checkpoint``), once a night.

    A checkpoint that another system has received proves later that nothing before it was cut off or written anew.
    """
    with UnitOfWork(engine, SYSTEM, clock) as work:
        gone = work.events.forget(clock() - timedelta(days=settings.events_keep_days))
        work.sessions.forget(clock() - _ENDED_SESSIONS_KEPT)
        work.sign_in_tries.forget(clock() - timedelta(minutes=settings.sign_in_lock_minutes))
        seq, head = work.audit.end()
        work.journal.announce("audit.checkpoint", {"id": seq, "seq": seq, "hash": head})
    uploads = forget(settings.home, clock() - KEPT)
    return {"events_deleted": gone, "uploads_deleted": uploads, "audit_seq": seq, "audit_hash": head}
