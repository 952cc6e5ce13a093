"""The point-in-time law and its companions, for every feature of every set."""

import numpy as np
import pandas as pd
import pytest

from domain.settings import Settings
from intelligence.features.build import build, learn_feature_set
from intelligence.features.registry import GROUPS, FeatureSet
from tests.features.programme import START, UNTIL, HashEncoder, frames, programme

SETS = ("partner", "churn", "fit")
SETTINGS = Settings(protected_attributes=("gender",), fit_horizon_days=120)
CUT = START + pd.Timedelta(days=330, hours=7)
TEXT = HashEncoder()


def subjects(as_of=CUT, n=60):
    early = START + pd.Timedelta(days=200)
    when = [as_of if i % 3 else early for i in range(n)]
    return pd.DataFrame({"partner_id": np.arange(1, n + 1), "as_of": pd.to_datetime(when)})


@pytest.fixture(scope="module")
def late():
    return programme()


@pytest.fixture(scope="module")
def learned(late):
    return {name: learn_feature_set(name, late, SETTINGS, TEXT) for name in SETS}


@pytest.mark.parametrize("name", SETS)
def test_features_of_a_row_do_not_change_with_what_became_known_later(name, late, learned):
    now, then = programme(), programme(CUT)
    assert len(then.activities) < len(late.activities)
    pd.testing.assert_frame_equal(
        build(learned[name], then, subjects(), TEXT),
        build(learned[name], now, subjects(), TEXT),
        check_categorical=False,
    )


@pytest.mark.parametrize("name", SETS)
def test_rows_known_after_as_of_change_nothing(name, late, learned):
    given = frames()
    more = given["activities"].assign(recorded_at=CUT + pd.Timedelta(seconds=1)).head(300)
    more["id"] += 10_000
    given["activities"] = pd.concat([given["activities"], more], ignore_index=True)
    deals = given["deals"].assign(registered_at=CUT + pd.Timedelta(days=1)).head(50)
    given["deals"] = pd.concat([given["deals"], deals.assign(id=deals["id"] + 10_000)], ignore_index=True)
    pd.testing.assert_frame_equal(
        build(learned[name], late, subjects(), TEXT),
        build(learned[name], programme(**given), subjects(), TEXT),
        check_categorical=False,
    )


@pytest.mark.parametrize("name", SETS)
def test_one_row_at_a_time_equals_the_batch(name, late, learned):
    batch = build(learned[name], late, subjects(), TEXT)
    for row in (0, 1, 17, 58):
        single = build(learned[name], late, subjects().iloc[[row]], TEXT)
        pd.testing.assert_frame_equal(single, batch.iloc[[row]], check_categorical=False)


@pytest.mark.parametrize("name", SETS)
def test_renaming_partners_and_the_order_of_rows_change_nothing(name, late, learned):
    given = frames()
    given["partners"] = given["partners"].assign(name="Another name")
    renamed = programme(**given)
    shuffled = subjects().sample(frac=1.0, random_state=1)
    got = build(learned[name], renamed, shuffled, TEXT).sort_index()
    pd.testing.assert_frame_equal(got, build(learned[name], late, subjects(), TEXT), check_categorical=False)


@pytest.mark.parametrize("name", SETS)
def test_every_feature_varies_or_is_known_to_be_constant_here(name, late, learned):
    rows = pd.concat([subjects(CUT), subjects(UNTIL), subjects(START + pd.Timedelta(days=400))], ignore_index=True)
    features = build(learned[name], late, rows, TEXT)
    dead = {column for column in features if features[column].nunique(dropna=False) <= 1}
    assert dead <= {"n_territories", "n_languages", "rate:city", "recruited_1"}
    assert list(features.columns) == list(learned[name].columns)


@pytest.mark.parametrize("name", SETS)
def test_unknown_partners_and_an_empty_history_get_missing_values(name, learned):
    empty = programme(UNTIL, **{resource: frame.head(0) for resource, frame in frames().items()})
    assert build(learned[name], empty, subjects(n=3), TEXT).shape == (3, len(learned[name].columns))
    assert build(learn_feature_set(name, empty, SETTINGS, TEXT), empty, subjects(n=2), None).shape[0] == 2
    none = build(learned[name], empty, subjects(n=0), None)
    assert none.shape == (0, len(learned[name].columns))


@pytest.mark.parametrize("name", SETS)
def test_a_set_survives_its_json_and_refuses_a_changed_one(name, learned):
    from domain.errors import FeatureSetMismatch

    stored = learned[name].to_json()
    assert FeatureSet.from_json(stored) == learned[name]
    with pytest.raises(FeatureSetMismatch):
        FeatureSet.from_json(stored | {"fingerprint": "0" * 16})


def test_protected_attributes_enter_no_set(learned):
    assert not [column for set_ in learned.values() for column in set_.columns if "gender" in column]


def test_every_group_is_in_a_set_and_every_feature_is_described(learned):
    used = {group.name for set_ in learned.values() for group in set_.groups}
    own = {name for name, group in GROUPS.items() if group.compute.__module__.startswith("intelligence.features.p")}
    assert own - used == set() or all(name.startswith(("pair", "item")) for name in own - used)
    for set_ in learned.values():
        names = [feature.name for feature in set_.features]
        assert len(set(names)) == len(names)
        assert all(feature.description for feature in set_.features)
