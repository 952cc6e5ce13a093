"""What the worker does for claims: protections that end, keys of what was imported."""

from domain.settings import Settings
from intelligence.context import open_intelligence
from programme import registrations
from tests.programme.claims_world import open_world
from worker.handlers import HANDLERS, WorkerContext


def test_a_night_expires_what_is_over_and_again_nothing(sqlite_engine, clock, tmp_path):
    world = open_world(sqlite_engine, clock, auto_approve=True, protection_days=30)
    with world.partner("P-1") as work:
        registrations.submit_registration(work, {"external_id": "D-1", "company": "Acme"})
    settings = Settings(home=tmp_path)
    context = WorkerContext(settings, open_intelligence(sqlite_engine, settings, clock=clock), clock)
    clock.advance(days=31)
    assert HANDLERS["registrations"](context, {}, print) == {"expired": 1, "reminded": 0}
    assert HANDLERS["registrations"](context, {}, print) == {"expired": 0, "reminded": 0}
    assert world.deal("D-1")["status"] == "expired"
    assert HANDLERS["claim_keys"](context, {}, print) == {"rows": 0}
