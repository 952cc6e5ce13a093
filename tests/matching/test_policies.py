"""Eligibility by policy: rules on and off, the optional ones, who was asked before, customers, sentences."""

from typing import Any, cast

import numpy as np
import pandas as pd
import pytest
from hypothesis import given as drawn
from hypothesis import settings
from hypothesis import strategies as st

from domain.language import LANGUAGES, language_of, speaking
from domain.routing import OPTIONAL_RULES, Policies, RoutingPolicy, Rule
from intelligence.matching.eligibility import Eligibility
from intelligence.matching.questions import questions
from intelligence.matching.service import match_leads
from store.absences import Absences
from store.history import History
from tests.matching.eligible import T, asked, away, blocked, lead_frame, micros, offers, policy, rules_of, told, why
from tests.matching.worlds import Context, frames, history, partners

SAFETY = pd.DataFrame(
    {"external_id": ["A", "B"], "name": ["A", "B"], "required_certifications": [("safety", "care"), ()]}
)


def certificates() -> pd.DataFrame:
    """P0 holds both courses, P1 one of them and one that has expired."""
    return pd.DataFrame(
        {
            "partner_id": [1, 1, 2, 2],
            "course": ["safety", "care", "safety", "care"],
            "passed_on": pd.Timestamp("2024-01-01"),
            "expires_on": pd.to_datetime([None, None, "2024-03-31", None]),
        }
    )


def agreements(**columns: Any) -> pd.DataFrame:
    base = {"id": [1, 2], "partner_id": [1, 2], "valid_from": pd.Timestamp("2024-01-01"), "status": "active"}
    return pd.DataFrame(base | columns)


DECLINED = offers([(1, 1, "2024-05-01", "declined", "2024-05-02"), (2, 2, "2024-05-01", "expired", "2024-05-03")])
COUNTRIES = ["DE", "FR", "DE"]

WORLDS: dict[Rule, dict[str, Any]] = {
    Rule.NOT_ACTIVE: {"partners": partners(3, ended_at=[pd.Timestamp("2024-03-01"), pd.NaT, pd.NaT])},
    Rule.NO_AGREEMENT: {"agreements": agreements()},
    Rule.TERRITORY: {"partners": partners(3, territories=[("BR",), ("DE",), ()])},
    Rule.PRODUCT_NOT_COVERED: {"agreements": agreements(products=[("B",), ()]), "lead": {"product": "A"}},
    Rule.CERTIFICATION_MISSING: {"products": SAFETY, "certifications": certificates(), "lead": {"product": "A"}},
    Rule.CERTIFICATION_EXPIRED: {"products": SAFETY, "certifications": certificates(), "lead": {"product": "A"}},
    Rule.AT_CAPACITY: {
        "partners": partners(3, max_open_leads=[1.0, 1.0, np.nan]),
        "leads": lead_frame(),
        "assignments": offers([(1, 1, "2024-05-01", None, None)]),
    },
    Rule.DECLINED_BEFORE: {"leads": lead_frame(), "assignments": DECLINED, "row": 0},
    Rule.EXCLUSIVE_TO_OTHER: {"agreements": agreements(exclusive=[True, False])},
    Rule.CONFLICT: {
        "deals": pd.DataFrame({"partner_id": [2], "registered_at": pd.Timestamp("2024-05-03"), "company": "Acme"}),
        "lead": {"company": "Acme"},
    },
    Rule.COOLING_DOWN: {"leads": lead_frame(), "assignments": DECLINED, "policy": {"cool_down_days": 60}},
    Rule.AWAY: {"absences": away((2, "2024-05-20", "2024-06-02"))},
    Rule.LANGUAGE: {
        "partners": partners(3, languages=[("pt",), ("DE-at", "en"), ()]),
        "lead": {"attributes.language": "de"},
        "rule": {},
    },
    Rule.TIER: {"partners": partners(3, tier=["Gold", "silver", None]), "rule": {"names": ["gold "]}},
    Rule.DISTANCE: {
        "partners": partners(3, latitude=[52.5, 48.1, np.nan], longitude=[13.4, 11.6, np.nan]),
        "lead": {"latitude": 52.4, "longitude": 13.1},
        "rule": {"number": 300},
    },
}
EXCLUDED = {
    **{Rule.NOT_ACTIVE: [0], Rule.NO_AGREEMENT: [2], Rule.TERRITORY: [0], Rule.PRODUCT_NOT_COVERED: [0]},
    **{Rule.CERTIFICATION_MISSING: [2], Rule.CERTIFICATION_EXPIRED: [1], Rule.AT_CAPACITY: [0]},
    **{Rule.DECLINED_BEFORE: [0], Rule.EXCLUSIVE_TO_OTHER: [1, 2], Rule.CONFLICT: [0, 2], Rule.COOLING_DOWN: [1]},
    **{Rule.AWAY: [1], Rule.LANGUAGE: [0], Rule.TIER: [1, 2], Rule.DISTANCE: [1]},
}


def under(rule: Rule, *, enforced: bool) -> dict[str, Any]:
    """What to ask for a rule in its world, with the rule on or off."""
    world = dict(WORLDS[rule])
    setting = {"rule": rule, "enforced": enforced, **world.pop("rule", {})}
    return world | {"policies": policy(setting, **world.pop("policy", {}))}


@pytest.mark.parametrize("rule", list(Rule))
def test_each_rule_excludes_where_it_holds_and_nobody_where_it_does_not(rule: Rule) -> None:
    assert blocked(**under(rule, enforced=True))[rule] == EXCLUDED[rule]
    assert rule not in blocked(**under(rule, enforced=False))


@pytest.mark.parametrize("rule", list(Rule))
def test_by_default_all_rules_hold_but_the_optional_ones(rule: Rule) -> None:
    world = {name: value for name, value in WORLDS[rule].items() if name not in ("rule", "policy")}
    found = blocked(**world)
    assert (rule in found) is (rule not in OPTIONAL_RULES | {Rule.COOLING_DOWN})


def test_the_policy_is_that_of_the_leads_programme() -> None:
    general = RoutingPolicy.model_validate({"rules": [{"rule": "territory", "enforced": False}]})
    strict = RoutingPolicy(name="strict", program="S")
    given: dict[str, Any] = {
        "partners": partners(3, territories=[("BR",), ("DE",), ()]),
        "programs": pd.DataFrame({"external_id": ["S", "R"], "name": ["S", "R"]}),
        "policies": Policies(general, strict),
    }
    assert blocked({"country": "DE", "program": "S"}, **given) == {Rule.TERRITORY: [0]}
    for lead in ({"country": "DE", "program": "R"}, {"country": "DE", "program": "unheard of"}, {"country": "DE"}):
        assert blocked(lead, **given) == {}


def test_who_let_an_offer_expire_is_left_alone_for_days() -> None:
    given: dict[str, Any] = {"leads": lead_frame(), "assignments": DECLINED}
    week = policy(cool_down_days=7)
    assert blocked(at="2024-05-09", policies=week, **given) == {Rule.COOLING_DOWN: [1]}
    assert blocked(at="2024-05-10", policies=week, **given) == {}
    assert blocked(at="2024-05-02", policies=week, **given) == {}
    own = policy({"rule": "cooling_down", "number": 30}, cool_down_days=7)
    assert blocked(at="2024-06-01", policies=own, **given) == {Rule.COOLING_DOWN: [1]}
    never = policy({"rule": "cooling_down", "number": 0}, cool_down_days=7)
    assert blocked(at="2024-05-04", policies=never, **given) == {}


@pytest.mark.parametrize(
    ("rows", "excluded"),
    [
        ([(1, 1, "2024-05-01", "expired", "2024-05-03")], [0]),
        ([(1, 1, "2024-05-01", "withdrawn", "2024-05-03")], [0]),
        ([(1, 1, "2024-05-01", "accepted", "2024-05-03")], []),
        ([(1, 1, "2024-05-01", "withdrawn", "2024-06-02")], []),
        # Somebody else was quicker, and gave it back: nothing was ever said by the first.
        (
            [(1, 1, "2024-05-01", "withdrawn", "2024-05-03"), (1, 2, "2024-05-01", "declined", "2024-05-20")],
            [1],
        ),
        ([(1, 1, "2024-05-01", "withdrawn", "2024-05-03"), (1, 2, "2024-05-01", "accepted", "2024-05-02")], []),
        # The next in turn was asked only after it was taken back.
        ([(1, 1, "2024-05-01", "withdrawn", "2024-05-03"), (1, 2, "2024-05-04", "accepted", "2024-05-05")], [0]),
    ],
)
def test_who_did_not_take_a_lead_is_not_asked_again(rows: Any, excluded: list[int]) -> None:
    found = blocked(leads=lead_frame(), assignments=offers(rows), row=0)
    assert found.get(Rule.DECLINED_BEFORE, []) == excluded
    assert Rule.DECLINED_BEFORE not in blocked(leads=lead_frame(), assignments=offers(rows), row=1)


def test_absences_hold_from_their_first_instant_until_before_their_last() -> None:
    absences = away((1, T, "2024-06-03"), (3, "2024-05-01", None), (99, "2020-01-01", None))
    for at, gone in ((T, [0, 2]), ("2024-05-31T23:59:59.999999", [2]), ("2024-06-03", [2]), ("2024-04-30", [])):
        assert blocked(at=at, absences=absences).get(Rule.AWAY, []) == gone


def test_what_is_not_known_excludes_nobody_by_language_or_distance() -> None:
    on = policy({"rule": "language"}, {"rule": "distance", "number": 1})
    known = partners(3, languages=[("pt",), ("es",), ()], latitude=[0.0, 1.0, np.nan], longitude=[0.0, 1.0, 0.0])
    assert blocked({"country": "DE"}, policies=on, partners=known) == {}
    lead = {"attributes.language": "PT_br", "latitude": 0.0, "longitude": np.nan}
    assert blocked(lead, policies=on, partners=known) == {Rule.LANGUAGE: [1]}


def test_rules_of_agreements_hold_each_by_itself() -> None:
    signed = agreements(territories=[("FR",), ("DE",)], products=[("A",), ("B",)])
    known = partners(3, territories=[(), (), ("FR",)])
    lead, given = {"country": "DE", "product": "A"}, {"partners": known, "agreements": signed, "products": SAFETY[:0]}
    off = [{"rule": rule, "enforced": False} for rule in ("no_agreement", "territory", "certification_missing")]
    found = blocked(lead, **given)
    assert found == {Rule.NO_AGREEMENT: [2], Rule.TERRITORY: [0], Rule.PRODUCT_NOT_COVERED: [1]}
    assert blocked(lead, policies=policy(off[0]), **given)[Rule.TERRITORY] == [0, 2]  # by its profile: none was signed
    assert blocked(lead, policies=policy(off[1]), **given) == {Rule.NO_AGREEMENT: [2], Rule.PRODUCT_NOT_COVERED: [1]}


def rich() -> dict[str, pd.DataFrame]:
    """A programme in which every rule speaks against somebody."""
    rng = np.random.default_rng(5)
    n = 60
    given = frames(n, 400)
    some = rng.permutation(n)
    given["partners"] = partners(
        n,
        max_open_leads=rng.choice([1.0, 3.0, np.nan], n),
        tier=rng.choice(["gold", "silver", "bronze"], n),
        languages=[("pt",), ("es",), ()] * (n // 3),
        territories=[("DE",) if k % 4 else ("FR",) for k in range(n)],
        latitude=rng.uniform(48, 54, n),
        longitude=rng.uniform(8, 13, n),
        ended_at=pd.to_datetime(["2024-09-01" if k % 9 == 0 else None for k in range(n)]),
    )
    given["agreements"] = pd.DataFrame(
        {
            "partner_id": some[:45] + 1,
            "valid_from": pd.Timestamp("2023-07-01"),
            "valid_to": pd.to_datetime(rng.choice(["2024-06-01", "2026-01-01"], 45)),
            "territories": [("DE",) if k % 3 else ("DE-N", "FR") for k in range(45)],
            "products": [("B",) if k % 5 == 0 else () for k in range(45)],
        }
    )
    given["products"] = SAFETY
    given["certifications"] = pd.DataFrame(
        {
            "partner_id": np.tile(some[:50] + 1, 2),
            "course": np.repeat(["safety", "care"], 50),
            "passed_on": pd.Timestamp("2024-01-01"),
            "expires_on": pd.to_datetime(rng.choice(["2024-10-01", "2026-01-01"], 100)),
        }
    )
    response = given["assignments"]["response"].to_numpy(object).copy()
    response[rng.uniform(size=400) < 0.2] = "expired"
    response[rng.uniform(size=400) < 0.05] = "withdrawn"
    given["assignments"]["response"] = response
    return given


_LEAD = {
    **{"country": "DE", "region": "S", "product": "A", "attributes.language": "pt"},
    **{"latitude": 50.0, "longitude": 9.0},
}
_NEEDED: dict[Rule, dict[str, Any]] = {
    Rule.DISTANCE: {"number": 200},
    Rule.TIER: {"names": ["gold", "silver"]},
    Rule.COOLING_DOWN: {"number": 90},
}


def with_only(rules: frozenset[Rule]) -> Policies:
    return policy(*({"rule": rule, "enforced": rule in rules, **_NEEDED.get(rule, {})} for rule in Rule))


RICH = History.of("2026-01-01", **rich())
WORLD, _ = rules_of(RICH, "2024-12-01")
PROFILES = rules_of(RICH, "2024-12-01")[1].profiles
GONE = away((4, "2024-11-01", None), (7, "2024-11-01", "2025-01-01"))


def eligible(rules: frozenset[Rule], row: int) -> set[int]:
    asks = Eligibility(WORLD, PROFILES, with_only(rules), GONE)
    return set(np.flatnonzero(asks.allowed(asked(WORLD, _LEAD), micros("2024-12-01"), row)).tolist())


@settings(max_examples=40, deadline=None)
@drawn(st.frozensets(st.sampled_from(list(Rule))), st.sampled_from(list(Rule)), st.integers(0, 99))
def test_adding_a_rule_never_adds_a_candidate(rules: frozenset[Rule], more: Rule, row: int) -> None:
    assert eligible(rules | {more}, row) <= eligible(rules, row)


def test_the_rich_programme_has_a_case_of_every_rule() -> None:
    asks = Eligibility(WORLD, PROFILES, with_only(frozenset(Rule)), GONE)
    at, lead = micros("2024-12-01"), asked(WORLD, _LEAD)
    found = {rule for row in range(200) for rule in asks.blocked(lead, at, row)}
    assert found >= set(Rule) - {Rule.EXCLUSIVE_TO_OTHER, Rule.CONFLICT}


def test_an_expired_certificate_never_helps() -> None:
    given = {"products": SAFETY, "partners": partners(4)}
    lead = {"product": "A"}
    for expires in ("2024-05-31", "2024-01-02"):
        with_it = pd.DataFrame(
            {
                "partner_id": [1, 1, 2],
                "course": ["safety", "care", "safety"],
                "passed_on": pd.Timestamp("2024-01-01"),
                "expires_on": pd.to_datetime([expires, None, expires]),
            }
        )
        without = with_it[with_it["expires_on"].isna()]
        excluded = [
            {one for found in blocked(lead, certifications=held, **given).values() for one in found}
            for held in (with_it, without)
        ]
        assert excluded[0] >= excluded[1]


@pytest.mark.parametrize("at", ["2023-12-01", "2024-08-15"])
def test_what_became_known_later_changes_nothing(at: str) -> None:
    found = []
    for known in (RICH, RICH.known_by(at)):
        world, asks = rules_of(known, at, with_only(frozenset(Rule)), GONE)
        lead, rows = asked(world, _LEAD), {name: row for row, name in enumerate(world.table["external_id"])}
        found.append(
            {
                name: {rule: mask.tolist() for rule, mask in asks.blocked(lead, micros(at), rows[name]).items()}
                for name in RICH.known_by(at).leads["external_id"]
            }
        )
    assert found[0] == found[1]
    assert {Rule.DECLINED_BEFORE, Rule.COOLING_DOWN} <= {rule for one in found[0].values() for rule in one}


def test_facts_are_given_where_there_are_some() -> None:
    said = {rule: told(why(**under(rule, enforced=True)))[rule] for rule in Rule}
    assert said == {
        Rule.NOT_ACTIVE: ["Is not an active partner"],
        Rule.NO_AGREEMENT: ["Has no valid agreement"],
        Rule.TERRITORY: ["DE lies outside its territories"],
        Rule.PRODUCT_NOT_COVERED: ["Its agreement does not cover A"],
        Rule.CERTIFICATION_MISSING: ["Lacks a certification that the product requires: safety, care"],
        Rule.CERTIFICATION_EXPIRED: ["A certification that the product requires has expired: safety"],
        Rule.AT_CAPACITY: ["Has 1 open lead and takes 1"],
        Rule.DECLINED_BEFORE: ["Declined this lead on 2 May 2024"],
        Rule.EXCLUSIVE_TO_OTHER: ["Another partner has exclusive rights there"] * 2,
        Rule.CONFLICT: ["Another partner has an open deal with this customer"] * 2,
        Rule.COOLING_DOWN: ["Let an offer expire on 3 May 2024; takes leads again from 2 July 2024"],
        Rule.AWAY: ["Away until 2 June 2024"],
        Rule.LANGUAGE: ["Does not speak the customer's language: de"],
        Rule.TIER: ["These leads do not go to tier silver", "Has no tier, and these leads go by tier"],
        Rule.DISTANCE: ["490 km from the customer, at most 300"],
    }


def test_an_agreement_that_ended_is_told_with_its_last_day() -> None:
    ended = agreements(valid_to=pd.to_datetime(["2024-05-30", "2024-05-31"]), status=["active", "terminated"])
    sentences = told(why(agreements=ended))[Rule.NO_AGREEMENT]
    assert sentences == ["Its agreement ended on 30 May 2024", "Has no valid agreement", "Has no valid agreement"]


@pytest.mark.parametrize("rule", list(Rule))
def test_every_rule_speaks_every_language(rule: Rule) -> None:
    found = why(**under(rule, enforced=True))
    said = [told(found, language)[rule] for language in LANGUAGES]
    assert all(text and "{" not in text for texts in said for text in texts)
    assert len({tuple(texts) for texts in said}) >= 3  # Portuguese and Spanish may agree


class Away(Context):
    """A programme with policies and absences."""

    def policies(self) -> Policies:
        return policy({"rule": "tier", "names": ["gold"]})

    def absences(self) -> Absences:
        return away((2, "2025-01-01", None))


def test_a_match_says_why_in_the_language_of_the_caller_with_stable_codes() -> None:
    known = history(partners=partners(9, tier=["gold", None] + ["gold"] * 7))
    context = cast(Any, Away(known))
    result = match_leads(context, [{"country": "DE"}, {"country": "DE"}])
    assert "P1" not in set(result.candidates["partner"])
    with speaking(language_of("pl")):
        rows = result.exclusions
    assert rows["lead"].tolist() == ["1", "1", "2", "2"]
    assert rows["code"].tolist() == ["away", "tier"] * 2
    assert rows["text"].tolist()[:2] == ["Jest nieobecny", "Nie ma poziomu, a te leady przydziela się według poziomu"]
    what_if = match_leads(context, [{"country": "DE"}], policies=Policies())
    assert what_if.exclusions["code"].tolist() == ["away"]


def test_matchers_under_other_policies_share_what_was_prepared() -> None:
    context = cast(Any, Context(history()))
    one, other = (
        questions(context, [{"country": "DE"}], None, policies)[0][0]
        for policies in (Policies(), policy({"rule": "tier", "names": ["gold"]}))
    )
    assert one is not other
    assert one.world is other.world
    assert one is questions(context, [{"country": "DE"}], None, Policies())[0][0]
