"""Small programmes with a known taste, for tests of recommendations."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from store.history import History

TOPICS = ("backup", "cloud", "pricing", "security")
START = pd.Timestamp("2025-01-01")


class WordVectors:
    """Texts as counts of a few words: an encoder that is small and exact."""

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        return np.array([[text.lower().count(word) for word in TOPICS] for text in texts], dtype=np.float32)


def programme_frames(seed: int = 5, partners: int = 30, assets: int = 40, days: int = 240) -> dict[str, pd.DataFrame]:
    """Partner n likes topic n % 4: most of what it engages with is about it, and rather new."""
    random = np.random.default_rng(seed)
    topic = np.arange(assets) % 4
    published = START + pd.to_timedelta(np.sort(random.integers(0, (days - 20) * 86_400, assets)), unit="s")
    rows = []
    for partner in range(partners):
        for day in np.sort(random.uniform(5, days, 30)):
            now = START + pd.Timedelta(seconds=int(day * 86_400))
            known = np.flatnonzero(published <= now)
            if not len(known):
                continue
            age = (now - published[known]).days.to_numpy()
            weight = np.where(topic[known] == partner % 4, 12.0, 1.0) * np.exp(-age / 40)
            item = random.choice(known, p=weight / weight.sum())
            rows.append((partner + 1, int(item) + 1, -1, "view", now))
    for partner in range(partners):
        for day in np.sort(random.uniform(20, days, 3)):
            rows.append(
                (partner + 1, -1, int(random.integers(1, 5)), "claim", START + pd.Timedelta(seconds=int(day * 86_400)))
            )
    columns = ["partner_id", "asset_id", "offer_id", "kind", "occurred_at"]
    ids = [f"p{n + 1}" for n in range(partners)]
    return {
        "programs": pd.DataFrame({"external_id": ["main"], "tiers": [("silver", "gold", "platinum")]}),
        "products": pd.DataFrame({"external_id": ["box", "disk"]}),
        "partners": pd.DataFrame(
            {
                "external_id": ids,
                "status": "active",
                "program_id": 1,
                "tier": [("silver", "gold", "platinum")[n % 3] for n in range(partners)],
                "country": [("ES", "BR")[n % 2] for n in range(partners)],
                "description": [f"We do {TOPICS[n % 4]}" for n in range(partners)],
                "recruited_at": START,
            }
        ),
        "assets": pd.DataFrame(
            {
                "external_id": [f"a{n + 1}" for n in range(assets)],
                "title": [f"Guide {n + 1} to {TOPICS[k]}" for n, k in enumerate(topic)],
                "kind": [("guide", "video")[n % 2] for n in range(assets)],
                "topics": [(TOPICS[k],) for k in topic],
                "countries": [("ES",) if n % 10 == 9 else () for n in range(assets)],
                "min_tier": ["gold" if n % 8 == 7 else None for n in range(assets)],
                "published_at": published,
            }
        ),
        "offers": pd.DataFrame(
            {
                "external_id": [f"o{n + 1}" for n in range(5)],
                "title": [f"Rebate {n + 1}" for n in range(5)],
                "valid_from": START,
                "valid_to": [None, None, None, "2025-03-01", None],
                "products": [(), (), (), (), ("box",)],
            }
        ),
        "activities": pd.DataFrame(rows, columns=columns).sort_values("occurred_at", ignore_index=True),
    }


def programme(until: str = "2025-08-28", **options: int) -> History:
    return History.of(until, **programme_frames(**options))
