from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest

from domain.settings import Settings
from intelligence.features.item_log import instant_micros, item_log
from intelligence.features.item_state import ItemSpace, ItemState, item_scale
from intelligence.recommend.ranking import Ranking, Wish, falling, rank_items
from intelligence.recommend.reasons import Reasons
from intelligence.recommend.worth import worths
from store.history import History
from tests.recommend.worlds import WordVectors, programme

CUT = instant_micros("2025-06-10")
SETTINGS = Settings()


class Reaction(NamedTuple):
    partner_id: int
    kind: str
    item: str
    action: str
    occurred_at: pd.Timestamp


@pytest.fixture(scope="module")
def space() -> ItemSpace:
    log = item_log(programme(), {})
    return ItemSpace(log, item_scale(log, CUT, 90), WordVectors())


def baseline(
    space: ItemSpace, rows: list[int], reactions: Sequence[Reaction] = (), as_of: int = CUT, **options: object
) -> Ranking:
    wish = Wish(**options)  # type: ignore[arg-type]
    return rank_items(space, None, np.array(rows), as_of, settings=SETTINGS, wish=wish, reactions=reactions)[0]


def names(space: ItemSpace, ranking: Ranking) -> list[str]:
    return space.log.items["external_id"].iloc[ranking.item].tolist()


def test_lists_are_ranked_and_hold_nothing_engaged(space: ItemSpace) -> None:
    ranking = baseline(space, list(range(30)), top=7)
    frame = pd.DataFrame({"partner": ranking.partner, "rank": ranking.rank, "p": ranking.p, "item": ranking.item})
    assert frame.groupby("partner")["rank"].apply(list).map(lambda ranks: ranks == list(range(1, 8))).all()
    assert frame.groupby("partner")["p"].is_monotonic_decreasing.all()
    assert frame.duplicated(["partner", "item"]).sum() == 0
    assert not ItemState(space, CUT).taken(np.arange(30))[ranking.partner, ranking.item].any()
    assert (ranking.low <= ranking.p).all()
    assert (ranking.p <= ranking.high).all()
    assert (
        ranking.p.between(0, 1).all() if isinstance(ranking.p, pd.Series) else ((ranking.p > 0) & (ranking.p < 1)).all()
    )


def test_only_the_wanted_kind(space: ItemSpace) -> None:
    offers = baseline(space, [0, 1], kinds=("offer",))
    assert set(space.log.items["type"].iloc[offers.item]) == {"offer"}


def test_dismissed_items_never_come_back(space: ItemSpace) -> None:
    first = names(space, baseline(space, [3]))[0]
    type_ = "offer" if first.startswith("o") else "asset"
    dismissed = Reaction(4, type_, first, "dismissed", pd.Timestamp("2025-06-01"))
    assert first not in names(space, baseline(space, [3], top=100, reactions=[dismissed]))
    later = dismissed._replace(occurred_at=pd.Timestamp("2025-06-11"))
    assert names(space, baseline(space, [3], reactions=[later]))[0] == first


def test_what_is_shown_and_ignored_sinks_unless_opened(space: ItemSpace) -> None:
    everything = names(space, baseline(space, [3], top=100))
    first = everything[0]
    type_ = "offer" if first.startswith("o") else "asset"
    shown = [Reaction(4, type_, first, "shown", pd.Timestamp("2025-06-08"))] * 8
    places = [
        names(space, baseline(space, [3], top=100, reactions=shown[:often])).index(first) for often in (1, 3, 5, 8)
    ]
    assert places[0] == 0  # once costs nothing
    assert places == sorted(places)
    assert places[-1] >= len(everything) // 2
    opened = [*shown, shown[0]._replace(action="opened")]
    assert names(space, baseline(space, [3], reactions=opened))[0] == first


def test_what_was_ignored_comes_back_with_time(space: ItemSpace) -> None:
    first = names(space, baseline(space, [3]))[0]
    type_ = "offer" if first.startswith("o") else "asset"
    ago = [Reaction(4, type_, first, "shown", pd.Timestamp("2025-03-01"))] * 8
    assert names(space, baseline(space, [3], reactions=ago))[0] == first


def test_diversity_spreads_the_topics(space: ItemSpace) -> None:
    def topics(trade_off: float) -> float:
        found = baseline(space, list(range(30)), top=5, kinds=("asset",), diversity=trade_off)
        about = space.log.items["topics"].iloc[found.item].map(lambda names: names[0]).to_numpy()
        return float(pd.Series(about).groupby(found.partner).nunique().mean())

    assert topics(0.7) > topics(0.3) >= topics(0.0)
    assert len(baseline(space, [0], top=5, diversity=0.7)) == 5


def test_offers_by_value_put_the_worthy_first(space: ItemSpace) -> None:
    history = space.log.history
    offers = history.offers.assign(amount=[10.0, 1000.0, 20.0, 5.0, 30.0])
    frames = {"offers": offers, "activities": history.activities, "partners": history.partners}
    log = item_log(History.of(history.until, **frames), {})
    rich = ItemSpace(log, space.scale, None)
    found = baseline(rich, list(range(30)), kinds=("offer",), order="value")
    worth = worths(ItemState(rich, CUT))[found.item]
    value = pd.Series(found.p * worth)
    assert value.groupby(found.partner).is_monotonic_decreasing.all()
    untaken = [place for place in range(30) if "o2" in names(rich, baseline(rich, [place], kinds=("offer",)))]
    assert untaken
    assert all(names(rich, baseline(rich, [place], kinds=("offer",), order="value"))[0] == "o2" for place in untaken)


def test_every_reason_is_a_sentence_of_facts(space: ItemSpace) -> None:
    ranking, features = rank_items(space, None, np.arange(30), CUT, settings=SETTINGS)
    sentences = Reasons(ranking, features).sentences()
    assert len(sentences) == len(ranking)
    assert all(sentence[0].isalnum() and sentence.endswith(".") for sentence in sentences)
    topical = [place for place, sentence in enumerate(sentences) if sentence.startswith("About ")]
    assert len(topical) > 30
    for place in topical[:20]:
        topic = sentences[place].removeprefix("About ").partition(",")[0]
        assert topic in space.log.items["topics"].iloc[ranking.item[place]]


def test_falling_keeps_the_mean() -> None:
    p = np.random.default_rng(2).random(200)
    group = np.repeat(np.arange(10), 20)
    level = falling(p, group)
    assert np.allclose(level.reshape(10, 20).mean(axis=1), p.reshape(10, 20).mean(axis=1))
    assert (np.diff(level.reshape(10, 20), axis=1) <= 1e-12).all()


def test_no_partner_no_list(space: ItemSpace) -> None:
    ranking, features = rank_items(space, None, np.array([], dtype=np.int64), CUT, settings=SETTINGS)
    assert len(ranking) == 0
    assert Reasons(ranking, features).sentences() == []
