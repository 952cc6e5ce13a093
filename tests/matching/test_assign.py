"""Lists of leads under the policies of their programmes: limits, newcomers, reasons, prices of recent lists."""

from datetime import timedelta
from typing import Any, cast

import numpy as np
import pandas as pd
import pytest

from domain.errors import InvalidInput
from domain.routing import Policies, RoutingPolicy, Rule, RuleSetting, ShareLimit
from intelligence.matching.assign import ListResult, assign_leads
from intelligence.matching.matcher import Matcher
from intelligence.matching.prices import ShadowPrices
from intelligence.matching.questions import questions
from tests.matching.worlds import INDUSTRIES, NOW, Context, history, partners

TIERS = ["gold"] * 3 + ["silver"] * 6


def context(**changed: Any) -> Any:
    given = {"assignments": None, **changed}
    return cast(Any, Context(history(**given)))


def asked(n: int, **fields: Any) -> list[dict[str, Any]]:
    return [{"external_id": f"N{k}", "country": "DE", "industry": INDUSTRIES[k % 3], **fields} for k in range(n)]


def limited(*limits: ShareLimit, **policy: Any) -> Policies:
    return Policies(RoutingPolicy(name="north", limits=limits, **policy))


def loads(result: ListResult) -> dict[str, int]:
    return {str(name): int(n) for name, n in result.candidates["partner"].value_counts().items()}


def test_each_lead_goes_to_one_partner_within_capacity_and_the_list_is_worth_most() -> None:
    known = context(partners=partners(9, max_open_leads=2.0))
    result = assign_leads(known, asked(20))
    report = result.report
    assert len(result.candidates) == report.assigned == 18
    assert set(loads(result).values()) == {2}
    assert report.expected_value == pytest.approx(result.candidates["p_win"].sum())
    assert report.capacity["value_without"] == pytest.approx(report.capacity["cost"] + report.expected_value)
    assert [one.code for one in report.unassigned] == ["no_room", "no_room"]
    assert set(report.prices.room) == {f"P{k}" for k in range(9)}
    assert report.lines()[0].startswith("18 of 20 leads assigned, expected ")


def test_what_is_told_of_a_pair_is_what_the_ranking_says_of_it() -> None:
    known = context(partners=partners(9, max_open_leads=3.0))
    found = assign_leads(known, asked(12)).candidates
    ((matcher, question),) = questions(known, asked(12), None)
    ranked = matcher.rank(question, 9, "p_win").rows
    names = matcher.world.partner_names[ranked["partner"].to_numpy()]
    pairs = pd.Series(ranked["p_win"].to_numpy(), index=pd.MultiIndex.from_arrays([ranked["question"], names]))
    for row in found.itertuples():
        assert pairs[int(str(row.lead)[1:]), row.partner] == pytest.approx(row.p_win)


def test_limits_of_tiers_partners_and_newcomers_hold_and_say_what_they_cost() -> None:
    recruited = (
        [pd.Timestamp(NOW).tz_localize(None) - pd.Timedelta(days=30)] + [pd.Timestamp("2023-01-01")] * 7 + [pd.NaT]
    )
    known = context(partners=partners(9, tier=TIERS, recruited_at=recruited))
    policies = limited(
        ShareLimit(by="tier", value="Gold", most=0.2),
        ShareLimit(by="newcomer", least=0.1),
        ShareLimit(by="partner", most=0.15),
    )
    result = assign_leads(known, asked(20), policies=policies)
    given = loads(result)
    assert sum(given.get(f"P{k}", 0) for k in range(3)) <= 4
    assert given["P0"] >= 2
    assert max(given.values()) <= 3
    tier, newcomer, partner = result.report.limits
    assert (tier["policy"], tier["by"], tier["missed"]) == ("north", "tier", False)
    assert [group["group"] for group in newcomer["groups"]] == ["newcomer"]
    assert partner["cost"] > 0
    assert result.report.limits_cost == pytest.approx(result.report.capacity["value"] - result.report.expected_value)


def test_a_minimum_that_nobody_can_meet_is_told_and_not_in_the_way() -> None:
    policies = limited(ShareLimit(by="tier", value="platinum", least=0.5))
    result = assign_leads(context(partners=partners(9, tier=TIERS)), asked(10), policies=policies)
    assert result.report.assigned == 10
    told = result.report.limits[0]
    assert told["missed"]
    assert told["groups"][0]["missing"] == 5
    assert "missed by 5 leads" in result.report.lines()[1]


def test_limits_of_a_programme_hold_among_its_leads_alone() -> None:
    programs = pd.DataFrame({"id": [1], "external_id": ["N"], "name": ["North"]})
    known = context(programs=programs, partners=partners(3))
    policies = Policies(
        RoutingPolicy(name="north", program="N", limits=(ShareLimit(by="partner", value="P0", most=0.0),))
    )
    leads = asked(6, program="N") + [one | {"external_id": f"R{one['external_id']}"} for one in asked(6)]
    found = assign_leads(known, leads, policies=policies)
    of_north = found.candidates["lead"].str.startswith("N")
    assert len(found.candidates) == 12
    assert "P0" not in set(found.candidates.loc[of_north, "partner"])
    assert "P0" in set(found.candidates.loc[~of_north, "partner"])
    assert set(found.report.prices.limits) <= {"N"}


def test_reasons_tell_want_of_partners_from_limits() -> None:
    ended = partners(2, ended_at=[pd.Timestamp("2025-01-01")] * 2)
    (nobody,) = assign_leads(context(partners=ended), asked(1)).report.unassigned
    assert (nobody.lead, nobody.code) == ("N0", "no_partner")
    assert "not_active (2)" in nobody.text
    result = assign_leads(context(partners=partners(1)), asked(2), policies=limited(ShareLimit(by="partner", most=0.5)))
    assert [one.code for one in result.report.unassigned] == ["limits"]


def test_a_policy_without_capacity_fills_no_room() -> None:
    policies = limited(rules=(RuleSetting(rule=Rule.AT_CAPACITY, enforced=False),))
    result = assign_leads(context(partners=partners(2, max_open_leads=1.0)), asked(6), policies=policies)
    assert len(result.candidates) == 6


def test_the_objective_is_the_policys_unless_said() -> None:
    known = context()
    by_value = assign_leads(known, asked(4), policies=limited(objective="value")).report
    assert by_value.by == "value"
    assert by_value.expected_value > 1000
    assert assign_leads(known, asked(4), by="p_win", policies=limited(objective="value")).report.by == "p_win"
    with pytest.raises(InvalidInput):
        assign_leads(known, asked(4), by="luck")


def test_nothing_asked_and_nobody_there_still_answer() -> None:
    assert assign_leads(context(), []).report.leads == 0
    empty = assign_leads(cast(Any, Context(history(partners=None, assignments=None, deals=None, leads=None))), [{}])
    assert [one.code for one in empty.report.unassigned] == ["no_partner"]


def test_long_lists_look_at_the_likeliest_partners_only(monkeypatch: pytest.MonkeyPatch) -> None:
    asked_for: list[int] = []
    worths = Matcher.worths

    def seen(self: Matcher, question: Any, most: int) -> pd.DataFrame:
        asked_for.append(most)
        return worths(self, question, most)

    monkeypatch.setattr(Matcher, "worths", seen)
    monkeypatch.setattr("intelligence.matching.assign._MOST_PAIRS", 4_000)
    assert len(assign_leads(context(), asked(10)).candidates) == 10
    assert asked_for == [400]


def test_prices_are_means_in_which_recent_lists_count_more() -> None:
    now = NOW
    lists = [
        (now, {"by": "p_win", "room": {"P0": 0.3}, "limits": {"N": {"P1": -0.1}}}),
        (now - timedelta(days=10), {"by": "p_win", "room": {"P0": 0.0, "P2": 0.6}}),
        (now, {"by": "value", "room": {"P0": 900.0}}),
    ]
    prices = ShadowPrices.of(lists, "p_win", now)
    names = np.array(["P0", "P1", "P2", "P3"], dtype=object)
    assert prices.of_partners(names, None) == pytest.approx([0.2, 0.0, 0.2, 0.0])
    assert prices.of_partners(names, "N") == pytest.approx([0.2, -0.2 / 3, 0.2, 0.0])
    assert not ShadowPrices.of([], "p_win", now)
