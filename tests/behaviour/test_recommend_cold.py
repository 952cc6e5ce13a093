"""Partners without history and items without readers are served, by what they are."""

import numpy as np
import pandas as pd

from domain.settings import Settings
from intelligence.features.item_log import instant_micros, item_log
from intelligence.features.item_state import ItemSpace, item_scale
from intelligence.recommend.ranking import Wish, rank_items
from store.history import History
from tests.recommend.worlds import START, TOPICS, WordVectors, programme_frames

CUT = instant_micros("2025-07-10")
SETTINGS = Settings()


def with_newcomers() -> ItemSpace:
    """Build a world with partner 31 (cold, about backup) and four unread assets published last, one a topic."""
    frames = programme_frames()
    partner = {"external_id": "new", "status": "active", "tier": "platinum", "country": "ES", "recruited_at": START}
    partner |= {"program_id": 1, "description": "We do backup"}
    frames["partners"] = pd.concat([frames["partners"], pd.DataFrame([partner])], ignore_index=True)
    fresh = pd.DataFrame(
        {
            "external_id": [f"n{k}" for k in range(4)],
            "title": [f"The new {topic} guide" for topic in TOPICS],
            "topics": [(topic,) for topic in TOPICS],
            "countries": [()] * 4,
            "published_at": pd.Timestamp("2025-07-09"),
        }
    )
    frames["assets"] = pd.concat([frames["assets"], fresh], ignore_index=True)
    activities = frames["activities"]
    frames["activities"] = activities[~activities["asset_id"].isin([41, 42, 43, 44])]
    log = item_log(History.of("2025-07-10", **frames), {})
    return ItemSpace(log, item_scale(log, CUT, 90), WordVectors())


def ranked_names(space: ItemSpace, partner: int, **options: object) -> list[str]:
    ranking, _ = rank_items(space, None, np.array([partner]), CUT, settings=SETTINGS, wish=Wish(**options))  # type: ignore[arg-type]
    return space.log.items["external_id"].iloc[ranking.item].tolist()


def test_a_cold_partner_gets_a_full_list() -> None:
    assert len(ranked_names(with_newcomers(), 30)) == 10


def test_an_unread_item_goes_first_to_those_whom_it_fits() -> None:
    space = with_newcomers()
    for partner in (0, 1, 2, 3, 30):
        names = ranked_names(space, partner, top=100, kinds=("asset",))
        unread = [name for name in names if name.startswith("n")]
        assert unread[0] == f"n{partner % 4 if partner < 30 else 0}"
