"""Features of lead-partner pairs as frames: the same code for training and for serving."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from intelligence.features.pair_leads import LeadSpec, roundness
from intelligence.features.pair_state import PairState
from intelligence.features.pair_world import DAY_US, LeadBatch, PairWorld
from models.affinity import AffinityParameters
from models.columns import Columns, coded

if TYPE_CHECKING:
    from store.history import History

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

FEATURE_SET = "pair"
IDENTITY = "partner"
"""Column that names the partner where there are few with many outcomes."""
_PARTNER_NUMBERS = ("employees", "annual_revenue")
_PARTNER_WORDS = ("kind", "tier")
_AGE = "partner.age_years"
_MOST_PARTNER_LEVELS = 50
_MOST_IDENTITIES = 100
_ROWS_PER_IDENTITY = 30


@dataclass(frozen=True)
class PairSpec:
    """Which features a match model expects; JSON-serialisable.

    Parameters
    ----------
    leads : LeadSpec
        Lead attributes.
    affinity : AffinityParameters
        Stage 1.
    horizon_days : int
        After which an offer without a win counts as failed.
    partner_numbers, partner_words : tuple of str
        Profile fields.
    identity : bool
        Whether the partner itself is a category.
    """

    leads: LeadSpec = field(default_factory=LeadSpec)
    affinity: AffinityParameters = field(default_factory=lambda: AffinityParameters(contrast=True))
    horizon_days: int = 180
    partner_numbers: tuple[str, ...] = _PARTNER_NUMBERS
    partner_words: tuple[str, ...] = _PARTNER_WORDS
    identity: bool = False

    @property
    def fingerprint(self) -> str:
        """Hash of everything that decides the values: 16 hex digits."""
        content = json.dumps([FEATURE_SET, self.as_json()], sort_keys=True, default=list)
        return hashlib.sha256(content.encode()).hexdigest()[:16]

    def as_json(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {
            "leads": self.leads.as_json(),
            "affinity": self.affinity.as_json(),
            "horizon_days": self.horizon_days,
            "partner_numbers": list(self.partner_numbers),
            "partner_words": list(self.partner_words),
            "identity": self.identity,
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Read what `as_json` returned."""
        return cls(
            LeadSpec.from_json(values["leads"]),
            AffinityParameters.from_json(values["affinity"]),
            int(values["horizon_days"]),
            tuple(values["partner_numbers"]),
            tuple(values["partner_words"]),
            bool(values["identity"]),
        )


def describe_partners(history: "History", protected: Iterable[str] = ()) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Find the profile fields to learn from: numbers, and words with few values."""
    banned = {name.removeprefix("attributes.").casefold() for name in protected}
    frame = history.partners
    custom = [
        name
        for name in frame.columns
        if name.startswith("attributes.") and name.removeprefix("attributes.").casefold() not in banned
    ]
    numbers = [name for name in custom if pd.api.types.is_numeric_dtype(frame[name])]
    words = [name for name in custom if name not in numbers]
    few = [name for name in words if 1 < frame[name].nunique() <= min(_MOST_PARTNER_LEVELS, max(len(frame) // 3, 2))]
    return (*_PARTNER_NUMBERS, *numbers), (*_PARTNER_WORDS, *few)


def has_identity(partners_of_rows: Ints) -> bool:
    """Whether partners are few and have enough rows each to be categories of their own."""
    _, counts = np.unique(partners_of_rows, return_counts=True)
    return 0 < len(counts) <= _MOST_IDENTITIES and float(np.median(counts)) >= _ROWS_PER_IDENTITY


class PairRows:
    """Collects features of pairs, lead by lead, and makes one frame of them.

    Parameters
    ----------
    spec : PairSpec
        Columns.
    state : PairState
        That was, or will be, walked.
    batch : LeadBatch
        The leads asked about.
    """

    def __init__(self, spec: PairSpec, state: PairState, batch: LeadBatch) -> None:
        self._spec = spec
        self._state = state
        self._batch = batch
        self._features: list[npt.NDArray[np.float32]] = []
        self._numbers: list[Floats] = []
        self._words: list[npt.NDArray[np.object_]] = []
        self._partners: list[Ints] = []
        self._leads: list[Ints] = []
        self._size = 0

    def __len__(self) -> int:
        return self._size

    def add(self, lead: int, at_us: int, partners: Ints, scores: Floats | None = None) -> None:
        """Add the pairs of the batch's `lead` with `partners` (positions) as of an instant; the state must be there."""
        values = self._state.profiles.values
        self._features.append(self._state.features(self._batch.query(lead), at_us, partners, scores))
        age = (at_us / DAY_US - values["recruited_at"][partners]) / 365.25
        numbers = [np.where(age >= 0, age, np.nan)]
        numbers += [_column(values, name, partners, np.nan) for name in self._spec.partner_numbers]
        words = [_column(values, name, partners, None) for name in self._spec.partner_words]
        self._numbers.append(np.stack(numbers, axis=1).astype(np.float64))
        self._words.append(np.stack(words, axis=1) if words else np.empty((len(partners), 0), dtype=object))
        self._partners.append(partners)
        self._size += len(partners)
        self._leads.append(np.full(len(partners), lead, dtype=np.int64))

    @property
    def partners(self) -> Ints:
        """Partner positions of the rows."""
        return np.concatenate(self._partners) if self._partners else np.zeros(0, np.int64)

    @property
    def leads(self) -> Ints:
        """Rows of the batch of the rows."""
        return np.concatenate(self._leads) if self._leads else np.zeros(0, np.int64)

    def frame(self) -> pd.DataFrame:
        """Return one row per pair, in the order of `add`."""
        return self.columns().frame()

    def columns(self) -> Columns:
        """Return the same as arrays."""
        spec, partners, leads = self._spec, self.partners, self.leads
        features = _stack(self._features, len(self._state.names)).astype(np.float64)
        parts = [features, _stack(self._numbers, 1 + len(spec.partner_numbers))]
        numbers = [*self._state.names, _AGE, *(f"partner.{name}" for name in spec.partner_numbers)]
        words = np.concatenate(self._words) if self._words else np.empty((0, len(spec.partner_words)), dtype=object)
        partner_words = {f"partner.{name}": coded(words[:, k]) for k, name in enumerate(spec.partner_words)}
        lead_numbers = self._lead_numbers()
        parts += [values[leads][:, None] for values in lead_numbers.values()]
        lead_words = {f"lead.{name}": coded(self._batch.objects(name)) for name in spec.leads.categories}
        found = partner_words | {name: (codes[leads], levels) for name, (codes, levels) in lead_words.items()}
        if spec.identity:
            found[IDENTITY] = coded(self._state.world.partner_names[partners])
        codes = [codes for codes, _ in found.values()]
        order = (*numbers, *partner_words, *lead_numbers, *list(found)[len(partner_words) :])
        return Columns(
            np.concatenate(parts, axis=1),
            (*numbers, *lead_numbers),
            np.stack(codes, axis=1) if codes else np.zeros((len(partners), 0), np.int64),
            tuple(found),
            [levels for _, levels in found.values()],
            order,
        )

    def _lead_numbers(self) -> dict[str, Floats]:
        columns: dict[str, Floats] = {}
        for name in self._spec.leads.numbers:
            columns[f"lead.{name}"] = values = self._batch.floats(name)
            if name in self._spec.leads.rounded:
                columns[f"lead.{name}.roundness"] = roundness(values)
        return columns


def _column(values: Mapping[str, Any], name: str, partners: Ints, empty: Any) -> npt.NDArray[Any]:
    """Return a profile field; one that the store does not have any more is empty."""
    found = values.get(name)
    return np.full(len(partners), empty) if found is None else found[partners]


def _stack(parts: list[Any], width: int) -> npt.NDArray[Any]:
    return np.concatenate(parts) if parts else np.empty((0, width))


def build_pairs(
    world: PairWorld, spec: PairSpec, batch: LeadBatch, leads: Ints, partners: Ints, at_us: Ints
) -> pd.DataFrame:
    """Features of pairs, each as of its own instant.

    Parameters
    ----------
    world : PairWorld
        Of a history that reaches at least to the latest instant.
    spec : PairSpec
        What to build.
    batch : LeadBatch
        ``world.batch``, or leads given from outside.
    leads : int64 array of shape (n,)
        Rows of `batch`.
    partners : int64 array of shape (n,)
        Positions among ``world.partner_ids``.
    at_us : int64 array of shape (n,)
        Instants in microseconds since 1970; events strictly before count.

    Returns
    -------
    DataFrame
        One row per pair, in the given order.
    """
    state = PairState(world, spec.affinity)
    rows = PairRows(spec, state, batch)
    if not len(leads):
        return rows.frame()
    order = np.lexsort((partners, leads, at_us))
    bounds = np.flatnonzero((np.diff(leads[order], prepend=-1) != 0) | (np.diff(at_us[order], prepend=-1) != 0))
    for start, stop in zip(bounds.tolist(), [*bounds[1:].tolist(), len(order)], strict=True):
        chosen = order[start:stop]
        at = int(at_us[chosen[0]])
        state.advance(at)
        rows.add(int(leads[chosen[0]]), at, partners[chosen])
    frame = rows.frame()
    back = np.empty(len(order), dtype=np.int64)
    back[order] = np.arange(len(order))
    return frame.iloc[back].reset_index(drop=True)
