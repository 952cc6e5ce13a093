"""What partners register, win and lose, and what it is worth."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from intelligence.features.registry import Feature, Group, register, static
from intelligence.features.work import Work

SHRINKAGE = 5.0
"""Closed deals that the prior win rate counts as."""

_FEATURES = (
    *(
        Feature(
            f"registered_{w}",
            f"Deals registered in the last {w} days",
            f"{{registered_{w}:#deal}} registered in {w} days",
            topic="registered",
        )
        for w in (90, 365)
    ),
    Feature(
        "days_since_registered",
        "Days since the last deal was registered",
        "Last deal registered {days_since_registered:days} ago ({days_since_registered:date})",
        topic="registered",
        missing="No deal registered so far",
    ),
    *(
        Feature(f"won_{w}", f"Deals won in the last {w} days", f"{{won_{w}:#deal}} won in {w} days", topic="won")
        for w in (90, 365)
    ),
    Feature(
        "days_since_won",
        "Days since the last deal was won",
        "Last deal won {days_since_won:days} ago ({days_since_won:date})",
        topic="won",
        missing="No deal won so far",
    ),
    Feature("won_total", "Deals won so far", "{won_total:#deal} won so far", topic="won"),
    Feature("lost_365", "Deals lost in the last 365 days", "{lost_365:#deal} lost in a year"),
    Feature("open_deals", "Deals open", "{open_deals:#deal} open"),
    Feature(
        "win_rate",
        "Deals won of those closed, shrunk to one in two by five deals",
        "Won {won_total:#deal}; win rate {win_rate:pct} (shrunk)",
    ),
    *(
        Feature(
            f"won_amount_{w}",
            f"Amount of deals won in the last {w} days",
            f"Deals worth {{won_amount_{w}:amount}} won in {w} days",
            topic="won_amount",
        )
        for w in (90, 365)
    ),
)


def _compute(work: Work) -> Mapping[str, Any]:
    registered = work.times.registered.at(work.ids, work.as_of)
    won, lost = work.times.won.at(work.ids, work.as_of), work.times.lost.at(work.ids, work.as_of)
    n_won, n_lost = won.count(), lost.count()
    return {
        **{f"registered_{w}": registered.count(w) for w in (90, 365)},
        "days_since_registered": registered.days_since(1),
        **{f"won_{w}": won.count(w) for w in (90, 365)},
        "days_since_won": won.days_since(1),
        "won_total": n_won,
        "lost_365": lost.count(365),
        "open_deals": np.maximum(registered.count() - n_won - n_lost, 0.0),
        "win_rate": (n_won + 0.5 * SHRINKAGE) / (n_won + n_lost + SHRINKAGE),
        **{f"won_amount_{w}": won.sum("amount", w) for w in (90, 365)},
    }


register(Group("deals", static(*_FEATURES), _compute))
