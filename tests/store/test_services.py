"""The service's own tables: keys, jobs, scores, match runs, vectors, reactions, idempotency."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from sqlalchemy import Engine, select

from domain.errors import Conflict, InvalidInput, NotFound
from domain.terms import Role
from store.jobs import MAX_ATTEMPTS, Job
from store.tables import keys, scores
from store.unit_of_work import UnitOfWork
from tests.conftest import NOW, FixedClock

LEASE = timedelta(minutes=1)


def add_partner(engine: Engine, external_id: str = "p") -> int:
    with UnitOfWork(engine) as work:
        return int(work.repository("partners").create({"external_id": external_id, "name": "P"})["id"])


# keys


def test_key_is_found_by_its_secret_which_is_not_kept(engine: Engine, clock: FixedClock) -> None:
    with UnitOfWork(engine, clock=clock) as work:
        made = work.keys.create("crm", Role.ROUTER)
        assert made.secret.startswith(f"aw_{made.key.prefix}_")
        assert work.keys.find(made.secret) == made.key
        row = work.connection.execute(select(keys)).one()
        assert made.secret.rpartition("_")[2] not in str(row)
        assert work.keys.list() == [made.key]


@pytest.mark.parametrize("presented", ["", "aw_", "aw_x_y", "nonsense", "aw_ß_\N{SNOWMAN}"])
def test_anything_else_finds_no_key(sqlite_engine: Engine, presented: str) -> None:
    with UnitOfWork(sqlite_engine) as work:
        made = work.keys.create("crm", Role.ROUTER)
        assert work.keys.find(presented) is None
        assert work.keys.find(made.secret[:-1]) is None
        assert work.keys.find(f"aw_{made.key.prefix}_x") is None


def test_key_ends_by_time_or_by_revocation(engine: Engine, clock: FixedClock) -> None:
    with UnitOfWork(engine, clock=clock) as work:
        short = work.keys.create("short", Role.ANALYST, expires_at=NOW + timedelta(days=1))
        revoked = work.keys.create("revoked", Role.ANALYST)
        work.keys.revoke(revoked.key.prefix)
        assert work.keys.find(revoked.secret) is None
        assert work.keys.find(short.secret) == short.key
        clock.advance(days=1)
        assert work.keys.find(short.secret) is None
        with pytest.raises(NotFound, match="keys list"):
            work.keys.revoke("none")


def test_partner_key_names_its_partner(engine: Engine) -> None:
    partner_id = add_partner(engine)
    with UnitOfWork(engine) as work:
        made = work.keys.create("portal", Role.PARTNER, partner_id=partner_id)
        found = work.keys.find(made.secret)
        assert found is not None
        assert (found.role, found.partner_id) == (Role.PARTNER, partner_id)
        for role, id_ in ((Role.PARTNER, None), (Role.ADMIN, partner_id)):
            with pytest.raises(InvalidInput):
                work.keys.create("wrong", role, partner_id=id_)


# jobs


def test_job_runs_through(engine: Engine, clock: FixedClock) -> None:
    with UnitOfWork(engine, clock=clock) as work:
        queued = work.jobs.enqueue("train", {"models": ["fit"]}, created_by="me")
        assert (queued.status, queued.payload, queued.progress) == ("queued", {"models": ["fit"]}, 0.0)
        job = work.jobs.claim(LEASE)
        assert job is not None
        assert (job.id, job.status, job.attempts, job.lease_until) == (queued.id, "running", 1, NOW + LEASE)
        assert work.jobs.claim(LEASE) is None
        assert work.jobs.progress(job, 0.5, LEASE)
        assert work.jobs.get(job.id).progress == 0.5
        assert work.jobs.finish(job, {"auc": np.float64(0.75), "low": float("nan")})
        done = work.jobs.get(job.id)
        assert (done.status, done.result, done.finished_at) == ("done", {"auc": 0.75, "low": None}, NOW)
        assert not work.jobs.finish(job, None)


def test_unique_key_enqueues_once(engine: Engine) -> None:
    with UnitOfWork(engine) as work:
        first = work.jobs.enqueue("score", {"n": 1}, created_by="schedule", unique_key="2024-06-01")
        assert work.jobs.enqueue("score", {"n": 2}, created_by="schedule", unique_key="2024-06-01") == first


def claimed(work: UnitOfWork) -> Job:
    job = work.jobs.claim(LEASE)
    assert job is not None
    return job


def test_failed_job_is_retried_later_and_later_then_dead(engine: Engine, clock: FixedClock) -> None:
    with UnitOfWork(engine, clock=clock) as work:
        id_ = work.jobs.enqueue("train", {}, created_by="me").id
        waits = []
        for _ in range(MAX_ATTEMPTS - 1):
            work.jobs.fail(claimed(work), {"message": "no"}, retry=True)
            assert work.jobs.claim(LEASE) is None
            waits.append((work.jobs.get(id_).run_after - clock()).total_seconds())
            clock.advance(seconds=waits[-1])
        assert waits == [10, 20, 40, 80]
        work.jobs.fail(claimed(work), {"message": "no"}, retry=True)
        dead = work.jobs.get(id_)
        assert (dead.status, dead.error, dead.attempts) == ("dead", {"message": "no"}, MAX_ATTEMPTS)


def test_wrong_request_is_not_retried(engine: Engine) -> None:
    with UnitOfWork(engine) as work:
        id_ = work.jobs.enqueue("train", {}, created_by="me").id
        work.jobs.fail(claimed(work), {"code": "invalid_input"}, retry=False)
        assert work.jobs.get(id_).status == "dead"


def test_silent_worker_loses_its_job(engine: Engine, clock: FixedClock) -> None:
    with UnitOfWork(engine, clock=clock) as work:
        id_ = work.jobs.enqueue("train", {}, created_by="me").id
        for attempt in range(1, MAX_ATTEMPTS + 1):
            assert claimed(work).attempts == attempt
            clock.advance(minutes=2)
        assert work.jobs.claim(LEASE) is None
        assert work.jobs.get(id_).status == "dead"
        with pytest.raises(NotFound):
            work.jobs.get("none")


def test_who_lost_the_lease_cannot_write_its_result(engine: Engine, clock: FixedClock) -> None:
    with UnitOfWork(engine, clock=clock) as work:
        id_ = work.jobs.enqueue("train", {}, created_by="me").id
        slow = claimed(work)
        assert work.jobs.renew(slow, LEASE)
        clock.advance(minutes=2)
        quick = claimed(work)
        assert not work.jobs.progress(slow, 0.9, LEASE)
        assert not work.jobs.renew(slow, LEASE)
        assert not work.jobs.fail(slow, {"message": "too late"}, retry=True)
        assert not work.jobs.finish(slow, "of the slow one")
        assert work.jobs.get(id_).status == "running"
        assert work.jobs.finish(quick, "of the quick one")
        assert not work.jobs.finish(slow, "of the slow one")
        assert work.jobs.get(id_).result == "of the quick one"
        assert [job.id for job in work.jobs.newest("train")] == [id_]


def test_each_job_goes_to_one_of_many_workers(engine: Engine) -> None:
    with UnitOfWork(engine) as work:
        wanted = {work.jobs.enqueue("train", {}, created_by="me").id for _ in range(24)}

    def worker(_: int) -> list[str]:
        mine = []
        while True:
            with UnitOfWork(engine) as work:
                job = work.jobs.claim(LEASE)
            if job is None:
                return mine
            mine.append(job.id)

    with ThreadPoolExecutor(4) as pool:
        taken = [id_ for mine in pool.map(worker, range(4)) for id_ in mine]
    assert len(taken) == len(wanted)
    assert set(taken) == wanted


# scores


def score(partner_id: int, as_of: datetime, p: float = 0.5, **values: Any) -> dict[str, Any]:
    return {
        "partner_id": partner_id,
        "model": "churn",
        "horizon_days": 90,
        "as_of": as_of,
        "p": p,
        "low": 0.1,
        "high": 0.9,
        "model_version": "churn/1",
        "details": {"band": "high"},
        **values,
    }


def test_scores_replace_and_the_newest_are_found(engine: Engine) -> None:
    one, two = add_partner(engine, "one"), add_partner(engine, "two")
    early, late = datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 2, 1, tzinfo=UTC)
    with UnitOfWork(engine) as work:
        rows = [
            score(one, early, 0.1),
            score(one, late, 0.2),
            score(two, early, 0.3),
            score(one, late, 0.9, model="fit"),
        ]
        assert work.scores.put_many(rows) == 4
        work.scores.put_many([score(one, late, np.float64(0.25), details={"x": float("nan")})])
        latest = work.scores.latest("churn", 90)
        assert {id_: found.p for id_, found in latest.items()} == {one: 0.25, two: 0.3}
        assert latest[one].details == {"x": None}
        assert latest[two].details == {"band": "high"}
        assert {id_: found.p for id_, found in work.scores.previous("churn", 90, late).items()} == {one: 0.1, two: 0.3}
        assert work.scores.previous("churn", 90, early) == {}
        assert list(work.scores.latest("churn", 90, until=early, partner_ids=[two])) == [two]
        assert work.scores.latest("churn", 30) == {}
        assert work.scores.put_many([]) == 0
        assert len(work.connection.execute(select(scores)).all()) == 4


def test_partner_with_scores_can_be_deleted(engine: Engine) -> None:
    id_ = add_partner(engine)
    with UnitOfWork(engine) as work:
        work.scores.put_many([score(id_, NOW)])
        work.recommendation_feedback.add(id_, "asset", "a", "shown")
        work.repository("partners").delete("p")
        assert work.scores.latest("churn", 90) == {}


# the rest


def test_match_run_comes_back_as_it_was(engine: Engine, clock: FixedClock) -> None:
    with UnitOfWork(engine, clock=clock) as work:
        run_id = work.match_runs.put(
            as_of=NOW,
            created_by="crm",
            model_version="match/2",
            request={"lead": {"country": "BR"}},
            response={"candidates": [{"p_win": np.float64(0.5)}]},
            features={"x": [1.0, float("inf")]},
        )
        run = work.match_runs.get(run_id)
        assert (run.as_of, run.created_at, run.created_by, run.lead_id) == (NOW, NOW, "crm", None)
        assert (run.response, run.features) == ({"candidates": [{"p_win": 0.5}]}, {"x": [1.0, None]})
        with pytest.raises(NotFound):
            work.match_runs.get("none")


def test_vectors_are_kept_once(engine: Engine) -> None:
    first, second = b"a" * 32, b"b" * 32
    with UnitOfWork(engine) as work:
        work.embeddings.put_many("m", {first: b"1234"})
        work.embeddings.put_many("m", {first: b"5678", second: b"9"})
        work.embeddings.put_many("m", {})
        assert work.embeddings.get_many("m", [first, second, b"c" * 32]) == {first: b"1234", second: b"9"}
        assert work.embeddings.get_many("other", [first]) == {}
        assert work.embeddings.get_many("m", [bytes([n % 256] * 32) for n in range(1200)]) == {
            first: b"1234",
            second: b"9",
        }


def test_reactions_are_found(engine: Engine, clock: FixedClock) -> None:
    id_ = add_partner(engine)
    with UnitOfWork(engine, clock=clock) as work:
        work.recommendation_feedback.add(id_, "asset", "a1", "shown")
        clock.advance(days=1)
        work.recommendation_feedback.add(id_, "offer", "o1", "dismissed")
        found = work.recommendation_feedback.find(partner_id=id_)
        assert [(reaction.item, reaction.action) for reaction in found] == [("a1", "shown"), ("o1", "dismissed")]
        assert [reaction.item for reaction in work.recommendation_feedback.find(until=NOW)] == ["a1"]
        assert [reaction.item for reaction in work.recommendation_feedback.find(kind="offer")] == ["o1"]


def test_answers_are_remembered(engine: Engine, clock: FixedClock) -> None:
    with UnitOfWork(engine, clock=clock) as work:
        assert work.idempotency.get("crm", "k") is None
        work.idempotency.put("crm", "k", "hash", 201, {"id": 1})
        found = work.idempotency.get("crm", "k")
        assert found is not None
        assert (found.body_hash, found.status, found.body) == ("hash", 201, {"id": 1})
        assert work.idempotency.get("other", "k") is None
        with pytest.raises(Conflict):
            work.idempotency.put("crm", "k", "hash", 201, {})
        assert work.idempotency.forget(before=NOW) == 0
        assert work.idempotency.forget(before=NOW + timedelta(days=1)) == 1
