"""A version that is promoted or rolled back answers in every process at once, without a restart."""

import subprocess
import sys
import time

from domain.settings import Settings
from intelligence.context import Intelligence
from store.engine import create_store_engine
from tests.monitoring.conftest import again

_OTHER = """
import sys
from datetime import UTC, datetime
from domain.settings import Settings
from intelligence.context import open_intelligence
from store.engine import create_store_engine
settings = Settings(home=sys.argv[1])
engine, now = create_store_engine(settings.store_url), datetime(2026, 3, 1, tzinfo=UTC)
context = open_intelligence(engine, settings, clock=lambda: now)
for _ in sys.stdin:
    print(context.load_model("churn").label, flush=True)
"""


def test_promotion_and_rollback_reach_a_running_process(context: Intelligence, settings: Settings) -> None:
    newer = again(context)
    command = [sys.executable, "-c", _OTHER, str(settings.home)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdin is not None
        assert other.stdout is not None

        def answered_by() -> str:
            other.stdin.write("\n")
            other.stdin.flush()
            return other.stdout.readline().strip()

        before = answered_by()
        assert before != newer.label
        context.registry.promote("churn", newer.version)
        started = time.monotonic()
        assert answered_by() == newer.label
        context.registry.rollback("churn")
        assert answered_by() == before
        assert time.monotonic() - started < 10
        other.stdin.close()


def test_two_contexts_of_one_process_agree(context: Intelligence, settings: Settings) -> None:
    engine = create_store_engine(settings.store_url)
    other = Intelligence.open(engine, settings, clock=context.clock)
    newer = again(context)
    for version in (newer.version, newer.version - 1):
        context.registry.promote("churn", version)
        answering = [one.load_model("churn") for one in (context, other)]
        assert [one and one.version.version for one in answering] == [version, version]
    engine.dispose()
