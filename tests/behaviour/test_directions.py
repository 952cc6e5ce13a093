"""What any sensible model must do, whatever it learned: directions and invariances on a programme of a few rows."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine

from domain.settings import Settings
from intelligence.context import Intelligence, open_intelligence
from intelligence.matching.service import match_leads
from intelligence.scoring.churn import score_churn
from store.transfer import import_folder

AS_OF = datetime(2024, 6, 1, tzinfo=UTC)
Build = Callable[..., Intelligence]


@pytest.fixture
def build(sqlite_engine: Engine, tmp_path: Path) -> Build:
    """Return a function that imports files into an empty store and opens it."""

    def make(**files: str) -> Intelligence:
        folder = tmp_path / "files"
        folder.mkdir()
        for name, text in files.items():
            (folder / f"{name}.csv").write_text(text)
        settings = Settings(home=tmp_path / "home")
        report = import_folder(sqlite_engine, folder, settings=settings)
        assert report.problems == []
        return open_intelligence(sqlite_engine, settings, clock=lambda: AS_OF)

    return make


def weekly(partner: str, until_month: int) -> str:
    days = [f"2024-{month:02}-{day:02}" for month in range(1, until_month + 1) for day in (1, 8, 15, 22)]
    return "".join(f"{partner},{day},login\n" for day in days)


def partners(*names: str) -> str:
    return "external_id,name,status,recruited_at\n" + "".join(f"{name},{name},active,2023-12-01\n" for name in names)


@pytest.mark.parametrize("horizon", [14, 30, 90, 365])
def test_silence_is_more_risk_than_activity(build, horizon):
    context = build(
        partners=partners("busy", "quiet", "gone", "p4", "p5"),
        activities="partner,occurred_at,kind\n"
        + weekly("busy", 5)
        + weekly("quiet", 3)
        + weekly("gone", 1)
        + weekly("p4", 5)
        + weekly("p5", 2),
    )
    p = score_churn(context, AS_OF, horizon).set_index("partner")["p_inactive"]
    assert p["busy"] < p["quiet"] <= p["gone"]


def test_a_name_changes_nothing(build):
    rows = partners("a", "b").replace("b,b,", "b,A quite different name,")
    activities = "partner,occurred_at,kind\n" + weekly("a", 4) + weekly("b", 4)
    p = score_churn(build(partners=rows, activities=activities), AS_OF, 60).set_index("partner")["p_inactive"]
    assert p["a"] == p["b"]


def test_an_expired_certification_never_helps(build):
    context = build(
        products="external_id,name,required_certifications\nx,X,basics\n",
        partners=partners("current", "expired", "none"),
        certifications="partner,course,passed_on,expires_on\n"
        "current,basics,2024-01-01,2024-12-31\nexpired,basics,2024-01-01,2024-05-31\n",
    )
    lead = {"external_id": "l", "product": "x", "country": "DE"}
    result = match_leads(context, [lead], AS_OF, 10)
    assert list(result.candidates["partner"]) == ["current"]
    assert set(result.exclusions["partner"]) == {"expired", "none"}
    earlier = match_leads(context, [lead], datetime(2024, 5, 31, 12, tzinfo=UTC), 10)
    assert set(earlier.candidates["partner"]) == {"current", "expired"}


def test_more_wins_rank_higher(build):
    deals = "".join(
        f"{partner}{number},{partner},2024-0{1 + number % 5}-03,{outcome},2024-0{1 + number % 5}-20,DE\n"
        for partner, won in (("good", 9), ("fair", 5), ("poor", 1))
        for number, outcome in enumerate(["won"] * won + ["lost"] * (10 - won))
    )
    context = build(
        partners=partners("poor", "fair", "good"),
        deals=f"external_id,partner,registered_at,outcome,closed_at,country\n{deals}",
    )
    result = match_leads(context, [{"external_id": "l", "country": "DE"}], AS_OF, 10)
    assert list(result.candidates["partner"]) == ["good", "fair", "poor"]
