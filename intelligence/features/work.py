"""What a group of features works with: the history, the rows, the parameters of the set."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from intelligence.features.partner_times import PartnerTimes, times_of
from intelligence.features.registry import FeatureSet
from intelligence.features.timeline import IntArray, TimeArray, TimelineView

if TYPE_CHECKING:
    from store.history import History


class Encoder(Protocol):
    """What turns texts into vectors: `intelligence.features.text.TextEncoder`."""

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """Return one row per text."""


@dataclass(frozen=True, eq=False)
class Work:
    """One call of `intelligence.features.build.build`.

    Parameters
    ----------
    history : History
        Everything known at its ``until``.
    ids : ndarray of int64, shape (n,)
        Partner of each row.
    as_of : ndarray of datetime64[us], shape (n,)
        Instant of each row.
    set : FeatureSet
        With the learned parameters.
    text : Encoder, optional
        None: features of texts are missing.
    """

    history: "History"
    ids: IntArray
    as_of: TimeArray
    set: FeatureSet
    text: Encoder | None = None

    @property
    def parameters(self) -> Mapping[str, Any]:
        """Parameters of the feature set."""
        return self.set.parameters

    @cached_property
    def times(self) -> PartnerTimes:
        """Timelines of the history."""
        return times_of(self.history, self.parameters.get("life_signs", ()))

    @cached_property
    def signs(self) -> TimelineView:
        """Signs of life as of each row."""
        return self.times.signs.at(self.ids, self.as_of)

    @cached_property
    def sign_days(self) -> TimelineView:
        """Days with a sign of life as of each row."""
        return self.times.sign_days.at(self.ids, self.as_of)

    @cached_property
    def partner_rows(self) -> IntArray:
        """Position of each row's partner in ``history.partners``, -1 for unknown partners."""
        known = self.history.partners["id"].to_numpy(np.int64)
        order = np.argsort(known)
        if not len(known):
            return np.full(len(self.ids), -1)
        place = np.minimum(np.searchsorted(known[order], self.ids), len(known) - 1)
        return np.where(known[order][place] == self.ids, order[place], -1)
