"""Leads given out in lists under capacity: ours beside what the same solver does with the true probabilities."""

from dataclasses import dataclass, field
from datetime import UTC
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks import peers_match
from benchmarks.workspace import Workspace
from benchmarks.worlds import Rerouted
from domain.settings import Settings
from intelligence.matching.assignment import allocate

Floats = npt.NDArray[np.float64]

_LIST = 200


@dataclass(frozen=True)
class Capacity:
    """True P(win) of leads given out under capacity; leads that nobody got are missing.

    Parameters
    ----------
    ours : Series
        By lead, as ``match --assign`` gave them.
    best : Series
        By lead, as the same solver gives them when it knows the true probabilities.
    free : float
        Total of the true probabilities if capacity were endless.
    lists : int
        How many lists there were.
    """

    ours: pd.Series = field(default_factory=lambda: pd.Series(dtype=float))
    best: pd.Series = field(default_factory=lambda: pd.Series(dtype=float))
    free: float = 0.0
    lists: int = 0

    @property
    def ratio(self) -> float:
        """Share that ours reaches of the best."""
        return float(self.ours.sum() / self.best.sum()) if self.best.sum() > 0 else 1.0

    @property
    def sentence(self) -> str:
        """What the lists were."""
        kept = self.best.sum() / self.free if self.free else 1.0
        return (
            f"Under capacity the leads come in lists of {_LIST} ({self.lists}), each given out as of its first lead's "
            f"arrival with the room that partners had then: {len(self.ours):,} leads given by us, {len(self.best):,} "
            f"with the true probabilities. Capacity leaves {kept:.1%} of what endless room would allow with them."
        )


def under_capacity(again: Rerouted, folder: Path) -> Capacity:
    """Give out the newest leads in lists, in the order of their arrival.

    Parameters
    ----------
    again : Rerouted
        The newest leads, and the home whose model was trained before the first of them.
    folder : Path
        Exported records.
    """
    every = peers_match.read(folder, "leads")
    every = every[every["external_id"].isin(again.known["lead"])]
    every = every.iloc[np.argsort(peers_match.naive(every["created_at"]), kind="stable")]
    parts = [_one_list(again, every[k : k + _LIST]) for k in range(0, len(every), _LIST)]
    if not parts:
        return Capacity()
    ours, best = (pd.concat([getattr(part, name) for part in parts]) for name in ("ours", "best"))
    return Capacity(ours, best, sum(part.free for part in parts), len(parts))


def _one_list(again: Rerouted, leads: pd.DataFrame) -> Capacity:
    home = again.past.work.home
    asked, out, barred = home / "list.csv", home / "list.parquet", home / "barred.parquet"
    leads.to_csv(asked, index=False)
    at = peers_match.naive(leads["created_at"]).min().floor("s")
    instant = f"{at.isoformat()}+00:00"
    again.past.work.run("match", "--leads", asked, "--assign", "--as-of", instant, "--exclusions", barred, "--out", out)
    given, excluded = pd.read_parquet(out), pd.read_parquet(barred)
    pairs = again.known[again.known["lead"].isin(leads["external_id"]) & again.known["eligible"]]
    ours = given.merge(pairs, on=["lead", "partner"], suffixes=("_ours", "")).set_index("lead")["p_win"]
    marked = pairs.merge(excluded[["lead", "partner"]].drop_duplicates(), how="left", indicator="barred")
    allowed = marked[marked["barred"] == "left_only"]
    table = allowed.pivot(index="lead", columns="partner", values="p_win")
    rooms = room_at(again.past.work, leads, at).reindex(table.columns).fillna(0.0)
    return Capacity(ours, best_list(table, rooms), float(table.max(axis=1).sum()), 1)


def best_list(table: pd.DataFrame, rooms: pd.Series) -> pd.Series:
    """Return by lead the value of the pair that the service's solver gives it to; leads with nobody are missing.

    Parameters
    ----------
    table : DataFrame
        Leads by partners; NaN where not allowed.
    rooms : Series
        How many leads each partner takes.
    """
    values = table.to_numpy(float)
    given = allocate(values, rooms.to_numpy(float), costs=False).given
    rows = np.flatnonzero(given >= 0)
    return pd.Series(values[rows, given[rows]], index=table.index[rows])


def room_at(work: Workspace, leads: pd.DataFrame, at: pd.Timestamp) -> pd.Series:
    """Return how many more leads each partner (external id) takes at an instant (naive UTC), as the service counts."""
    import json

    from intelligence.context import Intelligence
    from intelligence.matching.questions import questions
    from store.engine import create_store_engine

    chosen = {name.lower(): json.loads(text) if text[:1] == "[" else text for name, text in work.settings.items()}
    settings = Settings.model_validate({"home": work.home, **chosen})
    engine = create_store_engine(settings.store_url)
    moment = at.to_pydatetime().replace(tzinfo=UTC)
    context = Intelligence.open(engine, settings)
    found = questions(context, leads.head(1), moment)[0][0]
    rooms = pd.Series(found.room(int(at.value // 1000)), index=found.world.partner_names.astype(str))
    engine.dispose()
    return rooms
