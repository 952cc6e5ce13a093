"""What the service adds to the demo programme: offers, decisions, money, alerts, scores of past weeks, people."""

import csv
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from cli.demo_life import Life
from cli.demo_partner import demo_partner
from cli.demo_people import admit
from cli.demo_scores import score_earlier
from demo.generator import generate
from domain.context import SYSTEM
from domain.terms import DealStatus, ModelName, PartnerRole, Role
from intelligence.context import open_intelligence
from programme.alerts import list_alerts
from programme.sign_in import actor_of_key, sign_in
from store.engine import create_store_engine
from store.transfer import import_folder
from store.unit_of_work import UnitOfWork
from tests.programmes import END, SPEC, Programme


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    generate(folder / "files", folder / "truth", replace(SPEC, duties=True, truth_draws=20))
    return folder / "files"


def test_a_first_day_leaves_work_for_everybody(programme: Programme, files: Path, tmp_path: Path) -> None:
    settings = programme.copy_to(tmp_path / "home")
    engine = create_store_engine(settings.store_url)
    assert import_folder(engine, files, settings=settings).problems == []
    context = open_intelligence(engine, settings)
    earlier = score_earlier(context, END)
    life = Life(context, files, END)
    assert life.partner == demo_partner(files)
    life.live()
    admit(engine, settings, context.clock, tmp_path, life.partner)
    with UnitOfWork(engine, read_only=True) as work:
        served = context.load_model(ModelName.CHURN, END)
        said = [row for row in work.scores.said(ModelName.CHURN) if row.model_version.startswith("hindsight/")]
        assert len(said) == earlier
        assert (earlier > 0) == (served is not None)
        assert all(row.as_of < END and 0 <= row.p <= 1 for row in said)
        registered = work.repository("registrations").list({}, limit=1000).rows
        deals = work.repository("deals").list({"status": str(DealStatus.SUBMITTED)}, limit=100).rows
        assert deals
        assert {row["deal"] for row in registered} >= {row["external_id"] for row in deals}
        assert [row for row in registered if row["appeal_status"] == "open"]
        kinds = Counter(row["kind"] for row in work.repository("ledger").list({}, limit=1000).rows)
        assert {"commission", "payout"} <= set(kinds)
        assert work.repository("statements").list({}, limit=10).rows
        mine = work.repository("assignments").list({"partner": life.partner, "response": None}, limit=10).rows
        assert mine
        assert "goal_off_track" in {one.kind for one in list_alerts(work, {}, None, 200)}
    engine.dispose()
    _all_may_sign_in(programme, tmp_path, life.partner)


def _all_may_sign_in(programme: Programme, home: Path, partner: str) -> None:
    settings = programme.settings.model_copy(update={"home": home / "home"})
    engine = create_store_engine(settings.store_url)
    with UnitOfWork(engine) as work:
        for role in Role:
            path = home / ("key" if role is Role.ADMIN else f"key-{role}")
            assert path.stat().st_mode & 0o077 == 0
            key = work.keys.find(path.read_text())
            assert key is not None
            assert actor_of_key(key, settings).role is role
    people = list(csv.DictReader((home / "people.csv").read_text(encoding="utf-8").splitlines()))
    assert {"admin", "recruiter", "manager", "router", "analyst", PartnerRole.PARTNER_ADMIN} <= {
        row["role"] for row in people
    }

    def open_work(actor: object = SYSTEM, **options: bool) -> UnitOfWork:
        return UnitOfWork(engine, actor, **options)  # type: ignore[arg-type]

    for row in people:
        signed = sign_in(open_work, settings, row["email"], row["password"], "127.0.0.1")
        assert signed.user is not None
        assert (signed.user.partner == partner) == (row["role"] in set(PartnerRole))
    engine.dispose()
