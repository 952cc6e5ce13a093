"""What each kind of job does. A handler may run twice after a crash: each is safe to repeat."""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from domain.context import SYSTEM, Actor, Clock
from domain.errors import ImportRejected, NotFound
from domain.settings import Settings
from domain.terms import ModelName, Role
from intelligence.context import Intelligence
from models.registry import Registry
from store.jobs import Job, progress_file
from store.unit_of_work import UnitOfWork

Payload = Mapping[str, Any]
Report = Callable[[float], None]
"""Takes the share done, 0 to 1."""


@dataclass(frozen=True)
class WorkerContext:
    """What handlers work with."""

    settings: Settings
    intelligence: Intelligence
    clock: Clock


def run_import(context: WorkerContext, payload: Payload, report: Report) -> dict[str, Any]:
    """Import an uploaded folder; all or nothing unless ``on_error`` is skip."""
    from store.transfer import import_folder

    upload = Path(payload["folder"])
    folder = _converted(upload, payload.get("mapping"))
    report(0.0)
    done = import_folder(
        context.intelligence.engine,
        folder,
        settings=context.settings,
        dry_run=payload["dry_run"],
        on_error=payload["on_error"],
        clock=context.clock,
        actor=asked_by(payload),
        progress=_file_progress(upload, folder),
    )
    for path in (folder, upload):
        shutil.rmtree(path, ignore_errors=True)
    progress_file(upload).unlink(missing_ok=True)
    problems = [str(problem) for problem in done.problems]
    if not done.ok and payload["on_error"] != "skip":
        raise ImportRejected(f"{done.problem_count} problems; no row was kept", problems=problems)
    counts = {
        resource: {"inserted": count.inserted, "updated": count.updated, "unchanged": count.unchanged}
        for resource, count in done.counts.items()
    }
    return {"counts": counts, "problem_count": done.problem_count, "problems": problems, "dry_run": payload["dry_run"]}


def run_upload(context: WorkerContext, payload: Payload, _report: Report) -> dict[str, Any]:
    """Check or import what somebody uploaded on a page; what came of it lies beside the files."""
    from programme import uploads

    return uploads.run(context.intelligence.engine, context.settings, context.clock, payload, _file_progress)


def asked_by(payload: Payload) -> Actor:
    """Return who asked for a job, as its payload tells; the machine itself when it does not."""
    told = payload.get("actor")
    return Actor(told["name"], Role(told["role"]), user_id=told["user_id"]) if told else SYSTEM


def _converted(upload: Path, mapping: str | None) -> Path:
    """Return the folder in the import format: the upload itself, or what a mapping makes of another system's files."""
    from store.transfer.convert import convert_folder
    from store.transfer.mapping import read_mapping

    if not mapping:
        return upload
    folder = upload.with_name(f"{upload.name}-converted")
    shutil.rmtree(folder, ignore_errors=True)  # of a try that failed
    convert_folder(upload, folder, read_mapping(mapping))
    return folder


def _file_progress(upload: Path, folder: Path) -> Callable[[str, int], None]:
    """Return what notes the share of rows read beside the upload.

    Not in the job's row: the import is one transaction, and SQLite has one writer at a time.
    """
    total = sum(_line_count(path) for path in folder.iterdir())
    read: dict[str, int] = {}

    def note(resource: str, rows: int) -> None:
        read[resource] = rows
        progress_file(upload).write_text(str(min(sum(read.values()) / max(total, 1), 1.0)))

    return note


def _line_count(path: Path) -> int:
    """Return about how many rows a file holds: its lines, or what its size suggests when it is compressed."""
    if path.suffix in (".gz", ".parquet"):
        return path.stat().st_size // 20
    with path.open("rb") as file:
        return sum(block.count(b"\n") for block in iter(lambda: file.read(2**20), b""))


def run_export(context: WorkerContext, payload: Payload, report: Report) -> dict[str, Any]:
    """Write the store in the import format into a zip file, for its starter to fetch."""
    from store.transfer import export_folder

    target = Path(payload["file"])
    target.parent.mkdir(parents=True, exist_ok=True)
    folder = target.with_suffix("")
    shutil.rmtree(folder, ignore_errors=True)  # of a try that failed
    counts = export_folder(context.intelligence.engine, folder)
    with UnitOfWork(context.intelligence.engine, asked_by(payload), context.clock) as work:
        work.journal.record("exported", "store", None, {"rows": counts})
    report(0.7)
    partial = shutil.make_archive(str(target.with_suffix(".partial")), "zip", folder)
    Path(partial).replace(target)
    shutil.rmtree(folder, ignore_errors=True)
    return {"counts": counts, "bytes": target.stat().st_size}


def run_training(context: WorkerContext, payload: Payload, report: Report) -> dict[str, Any]:
    """Train models; promotion is decided by the gates. The reason, if there is one, is kept with the versions."""
    from training.service import train

    names = [ModelName(name) for name in payload["models"]]
    reports = train(
        context.intelligence.engine,
        context.settings,
        names,
        as_of=_instant(payload["as_of"]),
        progress=lambda _text, share: report(min(share, 1.0)),
        clock=context.clock,
    )
    # Not the shared registry: with a server, that one may not have heard of the new versions yet.
    registry, reason = Registry.of(context.settings), str(payload.get("reason") or "")
    for found in reports:
        if reason and found.label:
            registry.explain(registry.version(found.name, int(found.label.rpartition("/")[2])), reason)
    told = [{"model": found.name, "outcome": found.outcome, "text": found.render()} for found in reports]
    with UnitOfWork(context.intelligence.engine, asked_by(payload), context.clock) as work:
        for found in reports:
            if found.outcome == "promoted":
                work.journal.announce(
                    "model.promoted", {"id": found.label, "model": found.name, "reason": reason or None}
                )
    return {"reason": reason or None, "reports": told}


def run_replay(context: WorkerContext, payload: Payload, report: Report) -> dict[str, Any]:
    """Try routing policies on past leads; the result is the report, nothing else is written."""
    from domain.routing import Policies, policy_of
    from training.what_if import what_if

    told = 0.0

    def show(_text: str, share: float) -> None:
        nonlocal told
        if share >= min(told + 0.02, 1.0):  # each report is a transaction
            told = share
            report(min(share, 1.0))

    since = _instant(payload["since"])
    found = what_if(
        context.intelligence,
        Policies(*(policy_of(policy) for policy in payload["policies"])),
        since or context.clock(),
        _instant(payload["until"]),
        limit=payload["limit"],
        model=payload["model"],
        progress=show,
    )
    return dict(found.report)


def run_scoring(context: WorkerContext, payload: Payload, report: Report) -> dict[str, Any]:
    """Score all partners or prospects and store the scores; beside them those of the version in shadow."""
    from intelligence.monitoring.shadow import score_shadow
    from intelligence.scoring.churn import score_churn
    from intelligence.scoring.fit import score_fit

    as_of = _instant(payload["as_of"]) or context.clock()
    if payload["model"] == ModelName.FIT:
        frame = score_fit(context.intelligence, as_of, store=True)
    else:
        frame = score_churn(context.intelligence, as_of, payload["horizon_days"], store=True)
    if payload["model"] == ModelName.CHURN and payload["horizon_days"] == context.settings.churn_horizons_days[-1]:
        _tell_risks(context, payload["horizon_days"])
    report(0.5)
    beside = score_shadow(context.intelligence, payload["model"], as_of, payload["horizon_days"])
    report(1.0)
    return {"as_of": as_of.isoformat(), "rows": len(frame), "shadow_rows": beside}


def _tell_risks(context: WorkerContext, horizon_days: int) -> None:
    from programme.alert_sweeps import tell_risk_changes

    with UnitOfWork(context.intelligence.engine, SYSTEM, context.clock) as work:
        tell_risk_changes(work, horizon_days)


def run_alert_mail(context: WorkerContext, payload: Payload, _report: Report) -> dict[str, Any]:
    """Send a person the alerts that wait for one mail."""
    from programme.alert_notices import send_mail

    engine, settings = context.intelligence.engine, context.settings
    return {"alerts": send_mail(engine, settings, context.clock, payload["person"], payload["mode"])}


def run_digests(context: WorkerContext, _payload: Payload, _report: Report) -> dict[str, Any]:
    """Plan a mail to each person who wants the digest of the week; running it again the same week plans none twice."""
    from programme.digest_notices import plan_digests

    with UnitOfWork(context.intelligence.engine, SYSTEM, context.clock) as work:
        return {"planned": plan_digests(work, context.settings)}


def run_digest_mail(context: WorkerContext, payload: Payload, _report: Report) -> dict[str, Any]:
    """Send a person the digest of a week, unless that was done."""
    from api.console.digest_mail import send_digest

    engine, week = context.intelligence.engine, date.fromisoformat(payload["week"])
    return {"sent": send_digest(engine, context.settings, context.clock, payload["person"], week)}


def run_housekeeping(context: WorkerContext, _payload: Payload, _report: Report) -> dict[str, Any]:
    """Delete old events and forgotten uploads, and tell where the audit trail ends."""
    from programme.alert_upkeep import keep_house

    return keep_house(context.intelligence.engine, context.settings, context.clock)


def run_retention(context: WorkerContext, _payload: Payload, _report: Report) -> dict[str, Any]:
    """Delete what is older than the settings say it is kept."""
    from programme.retention import retain

    return retain(context.intelligence.engine, context.settings, context.clock)


def run_check(context: WorkerContext, payload: Payload, report: Report) -> dict[str, Any]:
    """Look at a model: keep what drifted, and set it to be trained if it is due."""
    from intelligence.monitoring.drift import drift_report
    from intelligence.monitoring.due import due_for_training

    name, now = ModelName(payload["model"]), context.clock()
    found: dict[str, Any] | None
    try:
        found = drift_report(context.intelligence, name, now)
    except NotFound:  # the baseline answers: it has learned nothing that could drift
        found = None
    report(0.8)
    with UnitOfWork(context.intelligence.engine, SYSTEM, context.clock) as work:
        if found is not None:
            work.model_checks.put(name, found["model_version"], now, found)
        last_try = max((job.created_at for job in work.jobs.newest("train") if _scheduled(job, name)), default=None)
    reason = due_for_training(context.intelligence, name, now, found, last_try)
    if reason:
        with UnitOfWork(context.intelligence.engine, SYSTEM, context.clock) as work:
            payload = {"models": [name], "as_of": None, "reason": reason}
            key = f"night/{now:%Y-%m-%d}/train/{name}"
            work.jobs.enqueue("train", payload, created_by="schedule", unique_key=key)
    return {"model": name, "drifted": None if found is None else found["drifted"], "training": reason or None}


def run_claim_keys(context: WorkerContext, _payload: Payload, _report: Report) -> dict[str, Any]:
    """Give imported deals and leads the keys by which claims on one customer find each other."""
    from programme.claim_keys import catch_up_keys

    with UnitOfWork(context.intelligence.engine, SYSTEM, context.clock) as work:
        return {"rows": catch_up_keys(work)}


def run_certificates(context: WorkerContext, _payload: Payload, _report: Report) -> dict[str, Any]:
    """Announce certificates that run out and tasks that are late; catch up checklists with templates and imports."""
    from programme.onboarding import catch_up_checklists, partners_to_catch_up, tell_overdue
    from programme.training import tell_expiring
    from store.sql import chunks

    with UnitOfWork(context.intelligence.engine, SYSTEM, context.clock, read_only=True) as work:
        behind, tasks = partners_to_catch_up(work), 0
    for part in chunks(behind, 100):  # each its own transaction: others want to write, too
        with UnitOfWork(context.intelligence.engine, SYSTEM, context.clock) as work:
            tasks += catch_up_checklists(work, part)
    with UnitOfWork(context.intelligence.engine, SYSTEM, context.clock) as work:
        told = tell_expiring(work, context.settings.certification_warning_days)
        return {"told": told, "tasks": tasks, "overdue": tell_overdue(work)}


def run_goals(context: WorkerContext, _payload: Payload, _report: Report) -> dict[str, Any]:
    """Tell of goals that will hardly be reached; running it again tells nothing twice."""
    from programme.goals import tell_off_track

    with UnitOfWork(context.intelligence.engine, SYSTEM, context.clock) as work:
        return {"told": tell_off_track(work, context.settings.currency)}


def run_fairness(context: WorkerContext, _payload: Payload, _report: Report) -> dict[str, Any]:
    """Tell of groups of partners that get too few leads; running it again the same month tells nothing twice."""
    from programme.fairness_watch import tell_unfair, unfair_groups

    flags = unfair_groups(context.intelligence)  # takes long: no transaction is open meanwhile
    with UnitOfWork(context.intelligence.engine, SYSTEM, context.clock) as work:
        return {"flags": len(flags), "told": tell_unfair(work, context.settings, flags)}


def run_commissions(context: WorkerContext, payload: Payload, _report: Report) -> dict[str, Any]:
    """Book what won deals earn, also those that came by import; a batch of deals is one transaction."""
    from programme.settlement import run_commissions as settle

    deals, booked, after = 0, 0, 0
    while True:
        with _night_work(context) as work:
            done = settle(work, after=after, limit=payload.get("batch", 500))
        deals, booked = deals + done.deals, booked + done.booked + done.reversed
        if done.next_after is None:
            return {"deals": deals, "entries": booked}
        after = done.next_after


def run_agreements(context: WorkerContext, _payload: Payload, _report: Report) -> dict[str, Any]:
    """Tell of agreements that end soon; running it again tells nothing twice."""
    from programme.agreements import tell_expiring

    with _night_work(context) as work:
        return {"told": tell_expiring(work)}


def run_tier_reviews(context: WorkerContext, _payload: Payload, _report: Report) -> dict[str, Any]:
    """Propose promotions and demotions as a quarter begins; a page of partners is one transaction."""
    from programme.tiers import review_tiers

    partners, proposals, cursor = 0, 0, None
    while True:
        with _night_work(context) as work:
            done = review_tiers(work, cursor=cursor)
        partners, proposals = partners + done.partners, proposals + len(done.proposals)
        if done.next_cursor is None:
            return {"partners": partners, "proposals": proposals}
        cursor = done.next_cursor


def _night_work(context: WorkerContext) -> UnitOfWork:
    engine, currency = context.intelligence.engine, context.settings.currency
    return UnitOfWork(engine, SYSTEM, context.clock, currency=currency)


def run_registrations(context: WorkerContext, _payload: Payload, _report: Report) -> dict[str, Any]:
    """Expire registrations whose protection is over and remind of those that soon will be; again changes nothing."""
    from programme.registrations import end_protections

    counts = {"expired": 0, "reminded": 0}
    after: int | None = 0
    while after is not None:
        with UnitOfWork(context.intelligence.engine, SYSTEM, context.clock) as work:
            found, after = end_protections(work, after)
        counts = {name: count + found[name] for name, count in counts.items()}
    return counts


def _scheduled(job: Job, name: ModelName) -> bool:
    return job.created_by == "schedule" and name in job.payload["models"]


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


HANDLERS: Mapping[str, Callable[[WorkerContext, Payload, Report], dict[str, Any]]] = {
    "import": run_import,
    "upload": run_upload,
    "export": run_export,
    "train": run_training,
    "score": run_scoring,
    "routing_replay": run_replay,
    "check": run_check,
    "alert_mail": run_alert_mail,
    "digests": run_digests,
    "digest_mail": run_digest_mail,
    "housekeeping": run_housekeeping,
    "retention": run_retention,
    "claim_keys": run_claim_keys,
    "registrations": run_registrations,
    "certificates": run_certificates,
    "goals": run_goals,
    "fairness": run_fairness,
    "commissions": run_commissions,
    "agreements": run_agreements,
    "tier_reviews": run_tier_reviews,
}
"""Handler of each kind of job."""
