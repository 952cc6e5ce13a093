"""Pair features: nothing later than as_of, one row like many."""

import json

import numpy as np
import pandas as pd

from intelligence.features.pair_build import PairSpec, build_pairs, describe_partners
from intelligence.features.pair_leads import LeadSpec, complete_leads, describe_leads, lead_table
from intelligence.features.pair_world import PairWorld
from models.affinity import AffinityParameters
from store.history import History
from tests.matching.worlds import NOW, frames, history

MIDDLE = pd.Timestamp("2024-09-01")


def spec_of(known: History, *, contrast: bool = True) -> PairSpec:
    numbers, words = describe_partners(known)
    leads = describe_leads(lead_table(known))
    return PairSpec(leads, AffinityParameters(contrast), 180, numbers, words, identity=True)


def features(known: History, spec: PairSpec, names: list[str], at: pd.Timestamp = MIDDLE) -> pd.DataFrame:
    """Features of every partner for the leads called `names` as of one instant."""
    world = PairWorld(known, spec.leads, spec.horizon_days)
    place = pd.Series(world.table.index, index=world.table["external_id"].to_numpy())
    n = len(world.partner_ids)
    leads = np.repeat(place[names].to_numpy(np.int64), n)
    at_us = np.full(len(leads), int(at.to_datetime64().astype("datetime64[us]").astype(np.int64)))
    return build_pairs(world, spec, world.batch, leads, np.tile(np.arange(n), len(names)), at_us)


def test_nothing_later_than_as_of_enters() -> None:
    for contrast in (True, False):
        full = history()
        spec = spec_of(full, contrast=contrast)
        names = ["L3", "L50"]
        known_then = full.known_by(MIDDLE)
        expected, found = features(known_then, spec, names), features(full, spec, names)
        pd.testing.assert_frame_equal(found.astype(object), expected.astype(object))


def test_later_outcomes_can_be_anything() -> None:
    given = frames()
    later = given["deals"]["closed_at"] >= MIDDLE
    other = given["deals"].assign(outcome=given["deals"]["outcome"].where(~later, "lost"), amount=1.0)
    other.loc[~later, "amount"] = given["deals"]["amount"]
    spec = spec_of(history())
    pd.testing.assert_frame_equal(
        features(history(deals=other), spec, ["L9"]).astype(object), features(history(), spec, ["L9"]).astype(object)
    )


def test_events_of_the_very_instant_do_not_count() -> None:
    deals = frames()["deals"]
    first = deals.sort_values("closed_at").iloc[0]
    spec = spec_of(history())
    at = first["closed_at"]
    before = features(history(), spec, ["L0"], at)["tries"]
    after = features(history(), spec, ["L0"], at + pd.Timedelta("1s"))["tries"]
    assert np.expm1(after).sum().round() == np.expm1(before).sum().round() + 1


def test_batch_equals_single() -> None:
    known = history()
    spec = spec_of(known, contrast=False)
    world = PairWorld(known, spec.leads, spec.horizon_days)
    rng = np.random.default_rng(5)
    leads, partners = rng.integers(0, 300, 40), rng.integers(0, 9, 40)
    at_us = world.table["created_at"].to_numpy().astype(np.int64)[leads]
    batch = build_pairs(world, spec, world.batch, leads, partners, at_us)
    for k in (0, 17, 39):
        one = slice(k, k + 1)
        single = build_pairs(world, spec, world.batch, leads[one], partners[one], at_us[one])
        pd.testing.assert_frame_equal(
            single.astype(object), batch.iloc[[k]].reset_index(drop=True).astype(object), check_exact=True
        )


def test_leads_given_from_outside_have_the_features_of_the_same_lead_in_the_store() -> None:
    known = history()
    spec = spec_of(known)
    world = PairWorld(known, spec.leads, spec.horizon_days)
    given = world.ask(known.leads.iloc[[7]].drop(columns="id"))
    row = np.flatnonzero(world.table["external_id"] == known.leads["external_id"].iloc[7])
    partners, at_us = np.arange(9), np.full(9, int(MIDDLE.to_datetime64().astype("datetime64[us]").astype(np.int64)))
    outside = build_pairs(world, spec, given, np.zeros(9, np.int64), partners, at_us)
    inside = build_pairs(world, spec, world.batch, np.repeat(row, 9), partners, at_us)
    pd.testing.assert_frame_equal(outside.astype(object), inside.astype(object))


def test_attributes_are_found_and_protected_ones_left_out() -> None:
    table = lead_table(history())
    spec = describe_leads(table, protected=("segment",))
    names = [attribute.name for attribute in spec.attributes]
    assert "attributes.segment" not in names
    assert {"industry", "place", "employees", "attributes.urgency"} <= set(names)
    assert "country" not in names  # one value only
    assert LeadSpec.from_json(spec.as_json()) == spec


def test_a_leadless_deal_is_its_own_lead() -> None:
    deals = pd.DataFrame(
        {
            "partner_id": [1],
            "registered_at": pd.Timestamp("2024-01-01"),
            "industry": ["retail"],
            "amount": [5.0],
            "attributes.band": [2.0],
        }
    )
    table = lead_table(history(leads=None, assignments=None, deals=deals))
    assert table[["lead_id", "deal_id", "industry", "attributes.band"]].to_numpy(object).tolist() == [
        [-1, 1, "retail", 2.0]
    ]


def test_an_empty_store_has_no_features_and_no_error() -> None:
    known = History.of(NOW)
    spec = spec_of(known)
    world = PairWorld(known, spec.leads, spec.horizon_days)
    none = np.zeros(0, np.int64)
    assert build_pairs(world, spec, world.batch, none, none, none).empty


def test_roundness_of_estimates_is_a_feature_where_it_varies() -> None:
    rng = np.random.default_rng(1)
    rough = np.round(rng.lognormal(9, 1, 400))
    table = pd.DataFrame({"estimated_amount": np.where(rng.uniform(size=400) < 0.5, rough * 1000, rough)})
    described = describe_leads(complete_leads(table, History.of(NOW)))
    assert described.rounded == ("estimated_amount",)
    plain = pd.DataFrame({"estimated_amount": rng.lognormal(9, 1, 400)})
    assert describe_leads(complete_leads(plain, History.of(NOW))).rounded == ()
    assert LeadSpec.from_json(json.loads(json.dumps(described.as_json()))) == described
