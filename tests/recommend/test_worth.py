import numpy as np
import pandas as pd
import pytest

from intelligence.features.item_log import instant_micros, item_log
from intelligence.features.item_state import ItemSpace, ItemState, item_scale
from intelligence.recommend.worth import NO_AMOUNTS, NO_UPLIFT, notes_on, worths
from store.history import History

CUT = "2025-06-01"


def state(amounts: list[float | None], used: list[tuple[int, float, str]]) -> ItemState:
    offers = pd.DataFrame({"external_id": ["a", "b", "c"], "title": ["a", "b", "c"], "amount": amounts})
    activities = pd.DataFrame(
        {
            "partner_id": 1,
            "offer_id": [offer for offer, _, _ in used],
            "asset_id": -1,
            "kind": "claim",
            "amount": [amount for _, amount, _ in used],
            "occurred_at": pd.to_datetime([at for _, _, at in used]),
        }
    )
    frames = {"partners": pd.DataFrame({"external_id": ["p"]}), "offers": offers, "activities": activities}
    log = item_log(History.of("2025-12-01", **frames), {})
    return ItemState(ItemSpace(log, item_scale(log, log.until, 90)), instant_micros(CUT))


def test_worth_is_what_uses_brought_shrunk_to_what_is_stated() -> None:
    used = [(1, 200.0, "2025-02-01")] * 5 + [(3, 70.0, "2025-03-01"), (2, 9_000.0, "2025-08-01")]
    found = worths(state([100.0, 50.0, None], used))
    assert found.tolist() == pytest.approx([150.0, 50.0, 70.0])  # what happens in August is not known in June


def test_nothing_known_is_said() -> None:
    found = worths(state([None, None, None], [(1, np.nan, "2025-02-01")]))
    assert np.isnan(found).all()
    assert notes_on("value", pd.DataFrame({"worth": found})) == [NO_AMOUNTS]
    assert notes_on("uplift", pd.DataFrame({"worth": [1.0]})) == [NO_UPLIFT]
    assert notes_on("engagement", pd.DataFrame({"worth": found})) == []
