"""People, sessions, tries and keys as rows, on both engines."""

from datetime import timedelta

import pytest

from domain.context import SYSTEM
from domain.errors import Conflict, NotFound
from domain.terms import Role, UserStatus
from store.sessions import note_use
from store.unit_of_work import UnitOfWork
from tests.conftest import NOW

MINUTE = timedelta(minutes=1)


def person(work, email, **values):
    basic = {"email": email, "name": email, "role": Role.ANALYST, "status": UserStatus.ACTIVE}
    return work.users.add(basic | values)


def test_people_are_found_by_what_tells_them_apart(engine, clock):
    with UnitOfWork(engine, SYSTEM, clock) as work:
        partner_id = work.repository("partners").create({"external_id": "p1", "name": "One"})["id"]
        ann = person(work, "ann@a.example", oidc_subject="i s", token_hash="t", token_expires_at=NOW + MINUTE)
        lee = person(work, "lee@a.example", role=Role.PARTNER, partner_id=partner_id)
        assert (ann.partner, lee.partner, ann.created_at) == (None, "p1", NOW)
        assert work.users.by_email("ann@a.example") == work.users.by_subject("i s") == work.users.by_token("t") == ann
        assert work.users.list() == [ann, lee]
        assert work.users.list({"partner_id": partner_id}) == [lee]
        assert work.users.list(after=ann.id, limit=1) == [lee]
        assert work.users.get(lee.id, partner_id) == lee
        with pytest.raises(NotFound):
            work.users.get(ann.id, partner_id)
        with pytest.raises(Conflict):
            person(work, "ann@a.example")
        with pytest.raises(Conflict):
            work.users.change(lee.id, {"email": "ann@a.example"})
        clock.advance(minutes=1)
        assert work.users.by_token("t") is None


def test_tries_are_counted_locked_and_counted_anew(engine, clock):
    def count() -> int:
        with UnitOfWork(engine, SYSTEM, clock) as work:
            return work.sign_in_tries.count("email", "ann\x00@a.example", 2, 15 * MINUTE)

    assert [count() for _ in range(3)] == [0, 0, 900]
    clock.advance(minutes=10, seconds=0.5)
    assert count() == 300
    clock.advance(minutes=5)
    assert [count() for _ in range(3)] == [0, 0, 900]
    with UnitOfWork(engine, SYSTEM, clock) as work:
        work.sign_in_tries.clear("email", "ann\x00@a.example")
    assert count() == 0


def test_a_key_has_a_former_secret_for_a_while(engine, clock):
    with UnitOfWork(engine, SYSTEM, clock) as work:
        made = work.keys.create("crm", Role.ROUTER, scopes=["leads"])
        again = work.keys.rotate(made.key.prefix, MINUTE)
        assert [work.keys.find(secret) for secret in (made.secret, again.secret)] == [again.key] * 2
        assert again.key.scopes == ("leads",)
        clock.advance(minutes=1)
        assert work.keys.find(made.secret) is None
        assert work.keys.find("aw_\x00_") is None
        work.keys.revoke(made.key.prefix)
        with pytest.raises(Conflict):
            work.keys.rotate(made.key.prefix, MINUTE)
        with pytest.raises(NotFound):
            work.keys.rotate("none", MINUTE)


def test_that_somebody_was_seen_is_not_worth_waiting_for(sqlite_engine, clock):
    with UnitOfWork(sqlite_engine, SYSTEM, clock) as work:
        prefix = work.keys.create("crm", Role.ROUTER).key.prefix
        assert note_use(sqlite_engine, clock, key_prefix=prefix) is False
    assert note_use(sqlite_engine, clock, key_prefix=prefix) is True
    with UnitOfWork(sqlite_engine, SYSTEM, clock) as work:
        assert work.keys.get(prefix).last_used_at == NOW
