"""What a policy would have done with past leads: worlds so small that the answer can be worked out."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from domain.routing import LimitBy, Policies, RoutingPolicy, Rule, RuleSetting, ShareLimit
from domain.settings import Settings
from intelligence.features.pair_build import PairSpec
from intelligence.features.pair_leads import describe_leads, lead_table
from intelligence.features.pair_world import PairWorld
from intelligence.matching.log import decisions
from intelligence.matching.service import match_leads
from models.affinity import AffinityParameters
from models.probability import Factors, Prediction
from store.history import History
from tests.matching.worlds import Context, NoText, frames, history, partners
from training.task import TrainingContext
from training.what_if import WhatIf, replay
from training.what_if_clock import AnswerTimes, Chain, Clocked
from training.what_if_kept import kept_model
from training.what_if_model import Judge, baseline_judge
from training.what_if_page import page
from training.what_if_text import render

START = pd.Timestamp("2024-03-01")
UNTIL = "2026-01-01"
HOUR, DAY = pd.Timedelta(hours=1), pd.Timedelta(days=1)


class KnownChances:
    """A ranker that knows each partner's chances, the same for all leads."""

    def __init__(self, p_win: dict[str, float], p_accept: float = 1.0) -> None:
        self._p, self._accept = p_win, p_accept

    def predict(self, features: pd.DataFrame) -> Prediction:
        return self.steps(features)[0]

    def steps(self, features: pd.DataFrame) -> tuple[Prediction, np.ndarray]:
        p = features["partner"].astype(object).map(self._p).to_numpy(np.float64)
        return Prediction(p, p * 0.5, np.minimum(p * 1.5, 0.99)), np.full(len(p), self._accept)

    def explain(self, features: pd.DataFrame) -> Factors:
        moved = pd.DataFrame({"tries": np.ones(len(features))}, index=features.index)
        return Factors(np.zeros(len(features)), moved)

    def amount(self, features: pd.DataFrame) -> np.ndarray:
        return np.full(len(features), 100.0)


def programme(n: int, who: Any, step: pd.Timedelta = DAY, won: Any = None, **of_partners: Any) -> dict[str, Any]:
    """Leads one `step` after the other, each accepted by partner `who` a day later and closed after ten days."""
    at = pd.Series([START + k * step for k in range(n)])
    given = np.broadcast_to(who, n)
    ids = np.arange(1, n + 1)
    outcome = np.where(np.zeros(n, bool) if won is None else won, "won", "lost")
    return {
        "partners": partners(3, **of_partners),
        "leads": pd.DataFrame({"id": ids, "external_id": [f"L{k}" for k in ids], "created_at": at}),
        "assignments": pd.DataFrame(
            {
                "lead_id": ids,
                "partner_id": given,
                "offered_at": at + HOUR,
                "response": "accepted",
                "responded_at": at + HOUR + DAY,
            }
        ),
        "deals": pd.DataFrame(
            {
                "external_id": [f"D{k}" for k in ids],
                "lead_id": ids,
                "partner_id": given,
                "registered_at": at + 2 * DAY,
                "closed_at": at + HOUR + 10 * DAY,
                "outcome": outcome,
                "amount": 100.0,
            }
        ),
    }


def tried(
    given: dict[str, Any], policy: RoutingPolicy, chances: dict[str, float], p_accept: float = 1.0, **more: Any
) -> WhatIf:
    known = History.of(UNTIL, **given)
    table = lead_table(known)
    leads = describe_leads(table)
    spec = PairSpec(leads, AffinityParameters(contrast=True), 180, identity=True)
    judge = Judge(
        PairWorld(known, leads, 180, None, table), spec, KnownChances(chances, p_accept), "known", "As known."
    )
    return replay(judge, Policies(policy), decisions(known, START, UNTIL, 180), Settings(**more), lambda _done: None)


BEST_FIRST = {"P0": 0.5, "P1": 0.2, "P2": 0.1}


def test_a_policy_that_does_what_happened_has_the_same_numbers() -> None:
    frames = programme(120, 1, HOUR, won=np.arange(120) % 4 == 0)
    frames["assignments"]["attributes.propensity"] = 1.0
    found = tried(frames, RoutingPolicy(), BEST_FIRST).report
    assert found["changes"] == {"expected": 0, "why": [], "largest": []}
    happened, seen, policy = (found["sides"][name] for name in ("happened", "happened_by_model", "policy"))
    assert (seen["expected_wins"], policy["expected_wins"]) == (60.0, 60.0)
    shared = ("expected_value", "accepted_share", "median_hours", "offers_per_lead", "wins_in_the_end")
    assert [seen[name] for name in shared] == [policy[name] for name in shared]
    assert [happened[name] for name in ("gini", "top_tenth_share")] == [
        policy[name] for name in ("gini", "top_tenth_share")
    ]
    assert (happened["median_hours"], policy["median_hours"]) == (25.0, 25.0)
    judged = found["off_policy"]
    assert judged["refused"] is None
    assert judged["estimates"]["snips"]["value"] == pytest.approx(judged["logged_rate"]) == 0.25
    assert judged["gains"]["dr"]["value"] == pytest.approx(0.0)


def test_capacity_is_that_of_the_replay_and_not_of_the_history() -> None:
    frames = programme(14, 2, max_open_leads=[2.0, np.nan, np.nan])
    found = tried(frames, RoutingPolicy(max_hops=1), BEST_FIRST)
    # P0 takes two, is full until the first is closed ten days after its offer, and so on.
    assert found.leads["chosen"].tolist() == ["P0", "P0"] + ["P1"] * 8 + ["P0", "P0"] + ["P1"] * 2
    assert found.report["sides"]["policy"]["expected_wins"] == pytest.approx(4 * 0.5 + 10 * 0.2)
    assert found.report["sides"]["policy"]["partners_served"] == pytest.approx(2.0)
    never = RoutingPolicy(max_hops=1, rules=(RuleSetting(rule=Rule.AT_CAPACITY, enforced=False),))
    assert set(tried(frames, never, BEST_FIRST).leads["chosen"]) == {"P0"}


def test_leads_that_the_history_gave_elsewhere_take_up_no_room() -> None:
    frames = programme(8, 1, max_open_leads=[1.0, 1.0, np.nan])
    found = tried(frames, RoutingPolicy(max_hops=1), {"P0": 0.1, "P1": 0.2, "P2": 0.5})
    assert set(found.leads["chosen"]) == {"P2"}  # P0, who had them all, has room for none of the later ones
    assert found.report["changes"]["why"][0]["code"] == "ranked_lower"


def test_who_is_full_in_the_replay_is_said() -> None:
    frames = programme(3, 1, max_open_leads=[1.0, np.nan, np.nan])
    found = tried(frames, RoutingPolicy(max_hops=1), BEST_FIRST)
    # What is done as it was done counts as it went: P0 has its first lead, and no room for the others.
    assert found.leads["chosen"].tolist() == ["P0", "P1", "P1"]
    assert {one["code"]: one["leads"] for one in found.report["changes"]["why"]} == {"at_capacity": 2}
    assert found.report["changes"]["largest"][0]["reasons"][0] == "P0: Has as many open leads as it takes"


def test_rules_of_the_policy_decide_who_is_eligible() -> None:
    frames = programme(4, 1, tier=["gold", "silver", "silver"])
    silver = RoutingPolicy(rules=(RuleSetting(rule=Rule.TIER, names=("silver",)),))
    found = tried(frames, silver, BEST_FIRST)
    assert set(found.leads["chosen"]) == {"P1"}
    tier = {one["group"]: one for one in found.report["groups"] if one["by"] == "tier"}
    assert [tier["gold"][name] for name in ("eligible_share", "happened_share", "policy_share")] == [0.0, 1.0, 0.0]
    nobody = tried(frames, RoutingPolicy(rules=(RuleSetting(rule=Rule.TIER, names=("none",)),)), BEST_FIRST)
    assert (nobody.report["sides"]["policy"]["nobody_eligible"], nobody.report["sides"]["policy"]["offered"]) == (4, 0)
    assert nobody.report["sides"]["policy"]["person_share"] == 1.0
    assert nobody.leads["chosen"].isna().all()


def test_an_estimate_is_refused_where_the_log_says_too_little() -> None:
    frames = programme(6, 1)
    silent = tried(frames, RoutingPolicy(), BEST_FIRST).report
    assert "propensity" in silent["off_policy"]["refused"]
    frames["assignments"]["attributes.propensity"] = 0.5
    few = {"since": "2024-03-01", "until": UNTIL, **tried(frames, RoutingPolicy(), BEST_FIRST).report}
    assert few["off_policy"]["estimates"] == {}
    for shown in (render(few), page(few)):
        assert f"No estimate: {few['off_policy']['refused']}" in shown


def test_exploration_is_an_expectation() -> None:
    policy = RoutingPolicy(exploration="epsilon", explored_share=0.4, explored_within=0.7)
    found = tried(programme(5, 1), policy, BEST_FIRST)
    shown = 0.6 + 0.4 / 2  # P1 is near enough to be tried, P2 is not
    assert found.leads["kept"].tolist() == pytest.approx([shown] * 5)
    assert found.leads["p_policy"].tolist() == pytest.approx([shown * 0.5 + (1 - shown) * 0.2] * 5)
    assert found.report["changes"]["expected"] == pytest.approx(5 * (1 - shown))


def test_value_ranks_by_value() -> None:
    cheap = RoutingPolicy(objective="value", margin=0.5)
    found = tried(programme(3, 1), cheap, BEST_FIRST).report
    assert found["sides"]["policy"]["expected_value"] == pytest.approx(3 * 0.5 * 100 * 0.5)


def test_what_comes_later_changes_nothing_that_was_decided_before() -> None:
    frames = programme(40, np.arange(40) % 3 + 1, won=np.arange(40) % 2 == 0)
    whole = tried(frames, RoutingPolicy(), BEST_FIRST).leads.head(20)
    frames["deals"] = frames["deals"].assign(outcome="lost", amount=7.0)
    other = tried(frames, RoutingPolicy(), BEST_FIRST).leads.head(20)
    columns = ["lead", "chosen", "kept", "p_policy"]
    pd.testing.assert_frame_equal(whole[columns], other[columns])


def test_an_empty_world_has_an_answer() -> None:
    found = tried({"partners": partners(3)}, RoutingPolicy(), BEST_FIRST)
    report = {"since": "2024-03-01", "until": UNTIL, **found.report}
    assert (report["leads"], report["changes"]["largest"]) == (0, [])
    assert "No lead arrived" in render(report)
    assert "No lead arrived" in page(report)


def test_a_chain_of_offers_with_its_clock() -> None:
    # P0 refuses, P1 accepts; both take two days.
    frames = programme(8, np.arange(8) % 2 + 1, HOUR)
    frames["assignments"]["response"] = np.where(np.arange(8) % 2, "accepted", "declined")
    frames["assignments"]["responded_at"] = frames["assignments"]["offered_at"] + 2 * DAY
    frames["deals"] = frames["deals"][1::2]
    known = History.of(UNTIL, **frames)
    times = AnswerTimes(PairWorld(known, describe_leads(lead_table(known)), 180).pairs, 3)
    np.testing.assert_allclose(times.pace, 1.0)
    chain = Chain(np.array([0, 1]), np.array([0.5, 0.5]), np.array([0.3, 0.2]))
    found = Clocked()
    asked = found.add(times, chain, RoutingPolicy(first_contact_hours=72), wait=1.0)
    assert asked.tolist() == pytest.approx([1.0, 0.5])
    figures = found.figures(times)
    assert figures["accepted_share"] == pytest.approx(0.75)
    assert figures["wins_in_the_end"] == pytest.approx(0.3 + 0.5 * 0.2)
    assert figures["within_clock_share"] == pytest.approx(0.5)  # the second would accept after 97 hours
    assert figures["median_hours"] == 49.0
    hurried = Clocked()
    hurried.add(times, chain, RoutingPolicy(answer_hours=24), wait=0.0)
    assert hurried.figures(times)["person_share"] == 1.0


def test_the_page_is_whole_and_asks_nobody() -> None:
    frames = programme(30, 2, HOUR, tier=["<b>", "silver", None])
    found = {"since": "2024-03-01", "until": UNTIL, **tried(frames, RoutingPolicy(), BEST_FIRST).report}
    text = page(found)
    assert "<script" not in text
    assert "http" not in text
    assert "&lt;b&gt;" in text
    assert text.count("<svg") == 2


def test_a_model_trained_for_a_replay_is_kept_until_the_history_changes(tmp_path: Path) -> None:
    given = frames(n_leads=120)
    known = History.of("2025-06-01", **given)
    settings = Settings(home=tmp_path, training_threads=1, match_horizon_days=90)
    context = TrainingContext(settings, NoText(), datetime(2025, 6, 1, tzinfo=UTC))  # type: ignore[arg-type]
    said: list[str] = []
    first, again = (kept_model(known, context, said.append) for _ in range(2))
    assert len(said) == 1
    assert first == again
    assert first.problem or (first.folder / "match.json").is_file()
    given["deals"]["outcome"] = "lost"
    other = kept_model(History.of("2025-06-01", **given), context, said.append)
    assert other.folder != first.folder
    assert other.problem
    assert len(list((tmp_path / "replays").iterdir())) == 2


def test_a_replay_decides_as_a_match_would_have() -> None:
    known = history()
    context: Any = Context(known)
    judge = baseline_judge(context, known, "")
    log = decisions(known, "2025-03-01", UNTIL, 180).head(20)
    found = replay(judge, Policies(), log, context.settings, lambda _done: None).leads
    assert len(found) == 20
    for row in found.itertuples():
        best = match_leads(context, [row.lead], as_of=row.decided_at.to_pydatetime().replace(tzinfo=UTC), top=1)
        assert best.candidates["partner"].tolist() == [row.chosen]
        assert best.candidates["p_win"].to_numpy() == pytest.approx(row.p_chosen)


def test_limits_are_set_beside_the_shares() -> None:
    frames = programme(4, 1, tier=["gold", "silver", "silver"])
    bounds = (
        ShareLimit(by=LimitBy.TIER, value="gold", most=0.5),
        ShareLimit(by=LimitBy.TIER, value="silver", most=0.5),
    )
    found = tried(frames, RoutingPolicy(limits=bounds), BEST_FIRST).report["limits"]
    assert [(one["group"], one["policy_share"], one["kept"]) for one in found] == [
        ("gold", 1.0, False),
        ("silver", 0.0, True),
    ]
