"""A backup put in place, with the erasures that came after it."""

from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from domain.context import SYSTEM, Clock, system_clock
from domain.errors import CannotAnswer, NotFound
from domain.settings import Settings
from programme.privacy import erase_again
from store.backup import is_empty, made_at, restore_backup
from store.engine import Engine
from store.privacy import Erasure, PrivacyRepository, settle_files
from store.unit_of_work import UnitOfWork


class Restored(NamedTuple):
    """What a restoring did: as of when the store is, entries of the trail that hold, erasures done again."""

    made_at: str
    entries: int
    erased_again: int


def restore(
    engine: Engine, file: Path, settings: Settings, clock: Clock = system_clock, *, force: bool = False
) -> Restored:
    """Put a backup in the place of the store, verify its audit trail, and erase again what was erased since.

    Raises
    ------
    Conflict, InvalidInput, StoreNotReady
        As `store.backup.restore_backup`.
    CannotAnswer
        If the restored trail does not hold.
    """
    since = _erasures(engine, made_at(file))
    told = restore_backup(engine, file, settings.home, force=force)
    with UnitOfWork(engine, SYSTEM, clock, read_only=True) as work:
        found = work.audit.verify()
    if not found.ok:
        raise CannotAnswer(f"The restored audit trail does not hold: entry {found.first_bad}, {found.reason}.")
    again = sum(_repeat(engine, erasure, settings, clock) for erasure in since)
    settle_files(engine)
    return Restored(str(told["made_at"]), found.entries, again)


def _erasures(engine: Engine, after: datetime) -> list[Erasure]:
    if is_empty(engine):
        return []
    with UnitOfWork(engine, read_only=True) as work:
        return PrivacyRepository(work.connection).since(after)


def _repeat(engine: Engine, erasure: Erasure, settings: Settings, clock: Clock) -> bool:
    try:
        with UnitOfWork(engine, SYSTEM, clock) as work:
            erase_again(work, erasure, settings.home)
    except NotFound:  # what was erased had come after the backup
        return False
    return True
