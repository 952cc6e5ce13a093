"""What partners did before with leads like this one: counts and examples for sentences."""

import numpy as np
import numpy.typing as npt

from intelligence.features.pair_events import FAILURES, PairEvent
from intelligence.features.pair_world import PairWorld

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_OUTCOMES = np.array([PairEvent.WIN, *FAILURES], dtype=np.int64)
_MOST_SIMILAR = 3
_SAID = ("company", "industry", "place")


class Record:
    """Outcomes of each partner in order of time.

    Parameters
    ----------
    world : PairWorld
        Events and leads.

    Attributes
    ----------
    only_wins : bool
        Whether no failure is on record, so that shares mean nothing.
    """

    def __init__(self, world: PairWorld) -> None:
        events = world.events
        rows = np.flatnonzero(np.isin(events.kind, _OUTCOMES))
        rows = rows[np.argsort(events.partner[rows], kind="stable")]
        self._leads, self._codes = world.batch, world.batch.codes
        self._at, self._lead = events.at[rows], events.lead[rows]
        self._won: Bools = events.kind[rows] == PairEvent.WIN
        self._bounds = np.searchsorted(events.partner[rows], np.arange(len(world.partner_ids) + 1))
        self._attributes = {attribute.name: k for k, attribute in enumerate(world.spec.attributes)}
        self.only_wins = bool(self._won.all())

    def _rows(self, partner: int, at_us: int) -> slice:
        start, stop = int(self._bounds[partner]), int(self._bounds[partner + 1])
        return slice(start, start + int(np.searchsorted(self._at[start:stop], at_us, "left")))

    def count(self, partner: int, at_us: int, attribute: str, codes: Ints) -> tuple[int, int, int]:
        """Count outcomes with leads that have the value of `attribute` in `codes` (empty: all leads).

        Returns
        -------
        wins, outcomes, first : int
            `first` is the instant of the first of them, microseconds.
        """
        return self.counts(partner, at_us, codes).get(attribute, (0, 0, 0))

    def counts(self, partner: int, at_us: int, codes: Ints) -> dict[str, tuple[int, int, int]]:
        """Return what `count` does for each attribute, in one pass; those without any outcome are left out."""
        rows = self._rows(partner, at_us)
        won, at = self._won[rows], self._at[rows]
        if not len(at):
            return {}
        same = (self._codes[self._lead[rows]] == codes) & (codes >= 0)
        total, wins, first = same.sum(axis=0).tolist(), same[won].sum(axis=0).tolist(), at[same.argmax(axis=0)].tolist()
        found = {name: (wins[k], total[k], first[k]) for name, k in self._attributes.items() if total[k]}
        return found | {"": (int(won.sum()), len(won), int(at[0]))}

    def similar_wins(self, partner: int, at_us: int, codes: Ints) -> list[dict[str, str]]:
        """Up to three earlier wins that share most attributes with the lead, the latest first among equals."""
        rows = self._rows(partner, at_us)
        won = np.flatnonzero(self._won[rows])
        leads, at = self._lead[rows][won], self._at[rows][won]
        alike = ((self._codes[leads] == codes) & (codes >= 0)).sum(axis=1)
        best = np.lexsort((-at, -alike))[:_MOST_SIMILAR]
        return [self._win(int(leads[k]), int(at[k])) for k in best]

    def _win(self, lead: int, at_us: int) -> dict[str, str]:
        said = [str(value) for value in (self._leads.objects(name)[lead] for name in _SAID) if value is not None]
        when = np.datetime64(at_us, "us").astype("datetime64[D]")
        return {"deal": str(self._leads.objects("external_id")[lead]), "text": ", ".join([*said, f"won {when}"])}
