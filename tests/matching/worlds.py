"""Small programmes in which partners win leads of their own industry."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

from domain.routing import Policies
from domain.settings import Settings
from store.absences import Absences
from store.history import History

INDUSTRIES = ("retail", "health", "energy")
NOW = datetime(2025, 12, 31, tzinfo=UTC)


class NoText:
    """An encoder for programmes without texts."""

    def encode(self, texts: Any) -> np.ndarray:
        return np.zeros((len(texts), 4), dtype=np.float32)


def partners(n: int, **columns: Any) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "id": np.arange(1, n + 1),
            "external_id": [f"P{i}" for i in range(n)],
            "name": [f"Partner {i}" for i in range(n)],
            "recruited_at": pd.Timestamp("2023-01-01"),
            "country": "DE",
            "industries": [(INDUSTRIES[i % 3],) for i in range(n)],
            **columns,
        }
    )


def leads(n: int, rng: np.random.Generator) -> pd.DataFrame:
    days = np.sort(rng.uniform(0, 800, n))
    return pd.DataFrame(
        {
            "id": np.arange(1, n + 1),
            "external_id": [f"L{i}" for i in range(n)],
            "created_at": pd.Timestamp("2023-06-01") + pd.to_timedelta(days, unit="D").round("s"),
            "company": [f"Company {i % max(n // 3, 1)}" for i in range(n)],
            "country": "DE",
            "region": rng.choice(["N", "S"], n),
            "industry": rng.choice(INDUSTRIES, n),
            "employees": rng.integers(5, 5000, n).astype(float),
            "attributes.segment": pd.Series(rng.choice(["a", "b"], n), dtype="str"),
            "attributes.urgency": rng.uniform(size=n),
        }
    )


def frames(n_partners: int = 9, n_leads: int = 300, seed: int = 3) -> dict[str, pd.DataFrame]:
    """Resources of a programme with offers, answers and outcomes."""
    rng = np.random.default_rng(seed)
    lead = leads(n_leads, rng)
    who = rng.integers(0, n_partners, n_leads)
    fits = np.array(INDUSTRIES)[who % 3] == lead["industry"].to_numpy()
    accepted = rng.uniform(size=n_leads) < 0.85
    won = rng.uniform(size=n_leads) < np.where(fits, 0.75, 0.15)
    offered = lead["created_at"]
    answer = np.where(accepted, "accepted", "declined")
    days = pd.to_timedelta(rng.uniform(10, 90, n_leads), unit="D").round("s")
    taken = np.flatnonzero(accepted)
    deals = pd.DataFrame(
        {
            "id": np.arange(1, len(taken) + 1),
            "external_id": [f"D{i}" for i in taken],
            "partner_id": who[taken] + 1,
            "lead_id": taken + 1,
            "registered_at": (offered + pd.Timedelta("2D")).to_numpy()[taken],
            "closed_at": (offered + days).to_numpy()[taken],
            "outcome": np.where(won[taken], "won", "lost"),
            "amount": rng.lognormal(9, 1, len(taken)),
        }
    )
    assignments = pd.DataFrame(
        {
            "lead_id": lead["id"],
            "partner_id": who + 1,
            "offered_at": offered,
            "response": answer,
            "responded_at": offered + pd.Timedelta("1D"),
        }
    )
    return {"partners": partners(n_partners), "leads": lead, "assignments": assignments, "deals": deals}


def history(until: Any = NOW, **changed: Any) -> History:
    """The programme of `frames`, some resources replaced (or left out by None)."""
    given = {**frames(), **changed}
    return History.of(until, **{name: frame for name, frame in given.items() if frame is not None})


class _Registry:
    def __init__(self, label: str | None) -> None:
        self._label = label

    def serving(self, _name: str, _as_of: datetime) -> Any:
        return None if self._label is None else _Version(self._label)


class _Version:
    def __init__(self, label: str) -> None:
        self.label = label


class _Loaded(_Version):
    def __init__(self, label: str, model: Any) -> None:
        super().__init__(label)
        self.model = model
        self.version = SimpleNamespace(manifest=SimpleNamespace(settings={}))


class Context:
    """What `match_leads` asks of a context, over one history."""

    def __init__(self, known: History, model: Any = None, **settings: Any) -> None:
        self._known = known
        self._model = model
        self.settings = Settings(**settings)
        self.text = NoText()
        self.registry = _Registry(None if model is None else "match/1")

    def instant(self, as_of: datetime | None = None) -> datetime:
        return NOW if as_of is None else as_of

    def history(self, _as_of: datetime | None = None) -> History:
        return self._known

    def policies(self) -> Policies:
        return Policies()

    def absences(self) -> Absences:
        return Absences.none()

    def load_model(self, _name: str, _as_of: datetime | None = None) -> Any:
        return None if self._model is None else _Loaded("match/1", self._model)
