import numpy as np
import pandas as pd
import pytest

from intelligence.features.item_access import tier_reaches
from intelligence.features.item_columns import ItemColumns
from intelligence.features.item_features import FEATURES, ItemFeatures
from intelligence.features.item_log import DAY, instant_micros, item_log
from intelligence.features.item_state import ItemSpace, ItemState, item_scale
from store.history import History
from tests.recommend.worlds import START, WordVectors, programme, programme_frames

CUT = instant_micros("2025-06-10")


def space_of(history: History, weights: dict[str, float] | None = None) -> ItemSpace:
    log = item_log(history, weights or {})
    return ItemSpace(log, item_scale(log, CUT, 90), WordVectors())


def rows_of(space: ItemSpace, as_of: int = CUT, partners: list[int] | None = None) -> pd.DataFrame:
    rows = np.arange(space.log.n_partners) if partners is None else np.array(partners)
    parts = []
    for found in ItemFeatures(ItemState(space, as_of)).candidates(rows):
        names = space.log.items["type"] + "/" + space.log.items["external_id"]
        frame = found.frame().assign(partner=found.partner, item=names.to_numpy()[found.item])
        parts.append(frame.set_index(["partner", "item"]))
    return pd.concat(parts).sort_index()


def test_nothing_later_than_the_instant_changes_a_feature() -> None:
    frames = programme_frames()
    early = rows_of(space_of(History.of("2025-06-10", **frames)))
    late = rows_of(space_of(History.of("2025-08-28", **frames)))
    pd.testing.assert_frame_equal(early, late, check_exact=False, rtol=1e-5, atol=1e-6)
    assert len(early) > 500


def test_a_change_of_tier_after_the_instant_changes_nothing() -> None:
    frames = programme_frames()
    changes = {"resource": "partners", "external_id": "p1", "field": "tier"}
    history = [
        changes | {"changed_at": START, "value": "silver"},
        changes | {"changed_at": pd.Timestamp("2025-07-01"), "value": "platinum"},
    ]
    frames["changes"] = pd.DataFrame(history)
    shown = rows_of(space_of(History.of("2025-08-28", **frames)), partners=[0])
    assert not shown.index.isin([(0, f"asset/a{n}") for n in (8, 16, 24)]).any()
    later = rows_of(space_of(History.of("2025-08-28", **frames)), instant_micros("2025-07-02"), [0])
    assert later.index.isin([(0, f"asset/a{n}") for n in (8, 16, 24)]).any()


def test_late_records_are_not_known_before() -> None:
    frames = programme_frames()
    frames["activities"]["recorded_at"] = frames["activities"]["occurred_at"] + pd.Timedelta(days=10)
    space = space_of(History.of("2025-08-28", **frames))
    state = ItemState(space, CUT)
    assert state.pair_at.max() <= CUT - 10 * DAY


def test_one_partner_gets_what_it_gets_among_all() -> None:
    space = space_of(programme())
    everyone = rows_of(space)
    alone = rows_of(space, partners=[7])
    pd.testing.assert_frame_equal(alone, everyone.loc[[7]], check_exact=False, rtol=1e-5, atol=1e-6)


def test_candidates_leave_out_what_may_not_be_shown() -> None:
    frames = programme_frames()
    frames["agreements"] = pd.DataFrame(
        {
            "external_id": [f"g{n}" for n in range(30)],
            "partner_id": np.arange(30) + 1,
            "status": "active",
            "valid_from": START,
            "products": [("disk",) if n else () for n in range(30)],
        }
    )
    space = space_of(History.of("2025-08-28", **frames))
    shown = rows_of(space).reset_index()[["partner", "item"]]
    taken = ItemState(space, CUT).taken(np.arange(30))
    assets = shown[shown["item"].str.startswith("asset")]
    numbers = assets["item"].str.removeprefix("asset/a").astype(int).to_numpy()
    assert not taken[assets["partner"], numbers - 1].any()
    assert not ((numbers % 8 == 0) & (assets["partner"] % 3 == 0)).any()  # silver under gold
    assert not ((numbers % 10 == 0) & (assets["partner"] % 2 == 1)).any()  # only for Spain
    assert set(shown.loc[shown["item"] == "offer/o5", "partner"]) <= {0}  # only partner 1 may sell the box
    assert "offer/o4" not in set(shown["item"])  # over since March
    published = pd.to_datetime(frames["assets"]["published_at"])
    assert (published.iloc[numbers - 1] <= pd.Timestamp("2025-06-10")).all()


def test_products_of_assets_are_a_topic_where_history_says_so() -> None:
    frames = programme_frames()
    frames["assets"]["products"] = [("box",)] * 40
    frames["agreements"] = pd.DataFrame(
        {
            "external_id": [f"g{n}" for n in range(30)],
            "partner_id": np.arange(30) + 1,
            "status": "active",
            "valid_from": START,
            "products": [("disk",) if n else ("box",) for n in range(30)],
        }
    )
    shown = rows_of(space_of(History.of("2025-08-28", **frames))).reset_index()
    assert (shown["item"].str.startswith("asset") & (shown["partner"] > 0)).any()  # all of them read about the box
    assert set(shown.loc[shown["item"] == "offer/o5", "partner"]) <= {0}  # and may not use its offer
    activities = frames["activities"]
    frames["activities"] = activities[(activities["partner_id"] == 1) | (activities["asset_id"] < 0)]
    kept = rows_of(space_of(History.of("2025-08-28", **frames))).reset_index()
    assert set(kept.loc[kept["item"].str.startswith("asset"), "partner"]) == {0}


def test_last_day_of_an_offer_is_included() -> None:
    space = space_of(programme())
    names = space.log.items["external_id"].to_numpy()
    evening, night = instant_micros("2025-03-01T23:00"), instant_micros("2025-03-02")
    assert "o4" in names[ItemState(space, evening).open_items]
    assert "o4" not in names[ItemState(space, night).open_items]


def test_undated_items_are_there_from_their_first_activity_on() -> None:
    frames = programme_frames()
    frames["assets"] = frames["assets"].drop(columns="published_at")
    space = space_of(History.of("2025-08-28", **frames))
    state = ItemState(space, instant_micros("2025-02-01"))
    assets = state.open_items[state.open_items < 40]
    assert (space.log.seen[assets] <= state.as_of).all()
    assert 0 < len(assets) < 40


def test_undated_items_of_a_programme_without_activity_are_all_there() -> None:
    frames = programme_frames()
    frames["assets"] = frames["assets"].drop(columns="published_at")
    del frames["activities"]
    state = ItemState(space_of(History.of("2025-08-28", **frames)), CUT)
    assert np.isin(np.arange(40), state.open_items).all()
    assert len(rows_of(state.space)) > 0


def test_kinds_that_weigh_nothing_are_no_engagement() -> None:
    log = item_log(programme(), {"view": 0.0})
    assert set(log.items["type"].to_numpy()[log.item]) == {"offer"}


def test_repeated_engagements_count_and_authors_are_known_by_their_other_items() -> None:
    frames = programme_frames(partners=6)
    day = pd.Timedelta(days=1)
    # Partner 1 opens items 1 and 2, which reach 3 and 1 partners; item 2 is returned to.
    rows = [(1, 1, 10), (2, 1, 11), (3, 1, 12), (1, 2, 13), (1, 2, 14), (4, 3, 15)]
    frames["activities"] = pd.DataFrame(
        [(partner, item, -1, "view", START + n * day) for partner, item, n in rows],
        columns=["partner_id", "asset_id", "offer_id", "kind", "occurred_at"],
    )
    log = item_log(History.of("2025-08-28", **frames), {})
    space = ItemSpace(log, item_scale(log, log.until, 90))
    state = ItemState(space, instant_micros(START + 15 * day))
    values = ItemColumns(state).item_values
    usual = np.log(3) / 3
    assert values["author_reach"][:3] == pytest.approx([3 * usual / 4, (np.log(3) + 3 * usual) / 4, usual], abs=1e-6)
    assert values["author_log_items"][:3] == pytest.approx(np.log1p([2, 2, 1]), abs=1e-6)
    assert np.isnan(values["author_reach"][3])
    half_life = space.scale.half_lives_days[2]
    assert values["item_events_2"][1] == pytest.approx(0.5 ** (2 / half_life) + 0.5 ** (1 / half_life), rel=1e-5)


def test_own_taste_and_text_are_seen() -> None:
    rows = rows_of(space_of(programme())).reset_index()
    rows = rows[rows["item"].str.startswith("asset")]
    number = rows["item"].str.removeprefix("asset/a").astype(int) - 1
    same = (number % 4) == (rows["partner"] % 4)
    for name in ("own_topics", "text_history", "text_description"):
        assert rows.loc[same, name].mean() > rows.loc[~same, name].mean() + 0.2


@pytest.mark.parametrize("lost", ["partners", "assets", "offers", "activities", "products", "programs"])
def test_missing_files_are_no_error(lost: str) -> None:
    frames = programme_frames()
    if lost == "partners":
        frames = {"assets": frames["assets"]}
    frames.pop(lost, None)
    space = space_of(History.of("2025-08-28", **frames))
    for found in ItemFeatures(ItemState(space, CUT)).candidates(np.arange(space.log.n_partners)):
        assert found.features.shape[1] == len(FEATURES)


def test_tiers_without_an_order_only_fit_themselves() -> None:
    assert tier_reaches("vip", "vip", [])
    assert not tier_reaches("gold", "vip", [["silver", "gold"]])
    assert tier_reaches(float("nan"), None, [])
