"""Retention: what settings say is kept for some days only goes, every night or when asked."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from domain.context import SYSTEM, Clock
from domain.settings import Settings
from programme.privacy import erase_contact
from store.engine import Engine
from store.privacy import settle_files
from store.retention import RULES, RetentionRepository
from store.unit_of_work import UnitOfWork

_FOLDERS = ("exports", "uploads", "rejects")
_REASON = "kept for as long as the setting says"


def retain(engine: Engine, settings: Settings, clock: Clock, *, dry_run: bool = False) -> dict[str, int]:
    """Delete what is older than it is to be kept; return how many of what went, or would go with `dry_run`.

    Events and deliveries, sessions and tries to sign in are the housekeeping's (`programme.alert_upkeep`).
    """
    gone: dict[str, int] = {}
    for setting in RULES:
        days = getattr(settings, setting)
        if days:
            with UnitOfWork(engine, SYSTEM, clock, read_only=dry_run) as work:
                rule = RetentionRepository(work.connection)
                gone |= (rule.count if dry_run else rule.delete)(setting, _before(clock, days))
    gone["audit_details"] = _audit(engine, settings, clock, dry_run=dry_run)
    gone["files"] = _files(engine, settings, clock, dry_run=dry_run)
    gone["contacts"] = _contacts(engine, settings, clock, dry_run=dry_run)
    if not dry_run:
        settle_files(engine)
    return {name: count for name, count in gone.items() if count}


def _audit(engine: Engine, settings: Settings, clock: Clock, *, dry_run: bool) -> int:
    if not settings.keep_audit_days:
        return 0
    with UnitOfWork(engine, SYSTEM, clock, read_only=dry_run) as work:
        old = RetentionRepository(work.connection).old_entries(_before(clock, settings.keep_audit_days))
        return len(old) if dry_run or not old else work.journal.erase({}, also=old)


def _contacts(engine: Engine, settings: Settings, clock: Clock, *, dry_run: bool) -> int:
    if not settings.keep_ended_contacts_days:
        return 0
    before = _before(clock, settings.keep_ended_contacts_days)
    with UnitOfWork(engine, SYSTEM, clock, read_only=True) as work:
        found = RetentionRepository(work.connection).contacts_of_ended(before)
    for id_ in found if not dry_run else ():
        with UnitOfWork(engine, SYSTEM, clock) as work:  # each its own transaction: others want to write, too
            erase_contact(work, id_, _REASON, settings.home)
    return len(found)


def _files(engine: Engine, settings: Settings, clock: Clock, *, dry_run: bool) -> int:
    if not settings.keep_files_days:
        return 0
    with UnitOfWork(engine, SYSTEM, clock, read_only=True) as work:
        waiting = {Path(job.payload.get("folder", "")).name for job in work.jobs.open("import")}
    old = list(_old_files(settings.home, _before(clock, settings.keep_files_days), waiting))
    for path in old if not dry_run else ():
        path.unlink(missing_ok=True)
    for folder in _FOLDERS if not dry_run else ():
        for path in sorted((settings.home / folder).rglob("*"), reverse=True):
            if path.is_dir() and path.name not in waiting and not any(path.iterdir()):
                path.rmdir()
    return len(old)


def _old_files(home: Path, before: datetime, waiting: set[str]) -> Iterator[Path]:
    for folder in _FOLDERS:
        for path in sorted((home / folder).rglob("*")):
            is_old = path.is_file() and datetime.fromtimestamp(path.stat().st_mtime, UTC) < before
            if is_old and not waiting & {path.stem, *path.relative_to(home).parts}:
                yield path


def _before(clock: Clock, days: int) -> datetime:
    return clock() - timedelta(days=days)
