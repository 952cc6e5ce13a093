"""What tires: dismissed items vanish, what was shown and ignored sinks, and comes back with time."""

from collections.abc import Iterable
from typing import Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from intelligence.features.item_features import Candidates
from intelligence.features.item_log import DAY, Ints, instant_micros
from intelligence.features.item_state import ItemState

Doubles = npt.NDArray[np.float64]

HALF_LIFE_DAYS = 14.0
"""After so long an ignored showing counts half."""
STEP = 0.25
"""Of the distance from the best to the middle of a partner's candidates: what each ignored showing costs."""
FREE = 1.0
"""Showings that cost nothing."""


class Reaction(Protocol):
    """What a partner did with a recommended item."""

    @property
    def partner_id(self) -> int:
        """Our id."""

    @property
    def kind(self) -> str:
        """Asset or offer."""

    @property
    def item(self) -> str:
        """The caller's id of the item."""

    @property
    def action(self) -> str:
        """Shown, opened or dismissed."""

    @property
    def occurred_at(self) -> object:
        """When."""


class Fatigue:
    """What partners dismissed, and what they were shown without opening it.

    Parameters
    ----------
    state : ItemState
        Names positions; reactions after its instant are left out.
    reactions : iterable of Reaction
        Of any partner, in any order.

    Notes
    -----
    An item that was opened after it was shown has not been ignored: only later showings count.
    """

    def __init__(self, state: ItemState, reactions: Iterable[Reaction]) -> None:
        self._n_items = state.log.n_items
        names = state.log.items[["type", "external_id"]].to_numpy()
        items = {(kind, name): place for place, (kind, name) in enumerate(names)}
        dismissed: set[int] = set()
        ignored: dict[int, float] = {}
        for at, reaction in sorted(((instant_micros(r.occurred_at), r) for r in reactions), key=lambda pair: pair[0]):
            item = items.get((reaction.kind, reaction.item), -1)
            partner = int(state.log.positions([reaction.partner_id])[0])
            if at > state.as_of or item < 0 or partner < 0:
                continue
            key = partner * self._n_items + item
            if reaction.action == "dismissed":
                dismissed.add(key)
            elif reaction.action == "opened":
                ignored.pop(key, None)
            else:
                ignored[key] = ignored.get(key, 0.0) + 2.0 ** (-(state.as_of - at) / (HALF_LIFE_DAYS * DAY))
        self._dismissed = np.array(sorted(dismissed), dtype=np.int64)
        self._ignored = np.array(sorted(ignored), dtype=np.int64)
        self._showings = np.array([ignored[key] for key in sorted(ignored)])

    def _steps(self, key: Ints) -> Doubles:
        """Return how often each pair was ignored beyond what is free."""
        if not len(self._ignored):
            return np.zeros(len(key))
        place = np.minimum(np.searchsorted(self._ignored, key), len(self._ignored) - 1)
        return np.where(self._ignored[place] == key, np.maximum(self._showings[place] - FREE, 0.0), 0.0)

    def apply(self, found: Candidates, score: Doubles) -> Doubles:
        """Return scores with dismissed items at minus infinity and ignored ones lowered."""
        if not len(self._dismissed) and not len(self._ignored):
            return score
        key = found.partner * self._n_items + found.item
        steps = self._steps(key)
        if steps.any():
            lists = pd.Series(score).groupby(found.partner)
            reach = (lists.transform("max") - lists.transform("median")).to_numpy(np.float64)
            score = score - STEP * steps * (reach + 1e-9)
        return np.where(np.isin(key, self._dismissed), -np.inf, score)
