"""A labelled data set whose rows each have their own as_of."""

from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from domain.errors import InvalidInput

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]
Instants = npt.NDArray[np.datetime64]


@dataclass(frozen=True, eq=False)
class Dataset:
    """Features and outcomes of subjects, each as of its own instant.

    Parameters
    ----------
    features : DataFrame of shape (n, k)
        Exactly the columns that the model sees, as `intelligence.features.build` returns them.
    label : array of shape (n,)
        1.0 if the event fell into ``(as_of, as_of + horizon_days]``, else 0.0.
    as_of : datetime64[us] array of shape (n,)
        The instant that each row speaks for, naive UTC.
    known_at : datetime64[us] array of shape (n,)
        When the outcome was known, whatever it turned out to be. Normally ``as_of + horizon_days`` for
        every row: an earlier instant for the rows that ended early would leave mostly those of one
        outcome near a split. Rows whose outcome is not known yet do not belong into a data set.
    group : int64 array of shape (n,)
        Rows of one group are not independent (same partner, same lead): intervals are computed by
        drawing groups, and a random split keeps groups together.
    horizon_days : int
        Length of the label window.
    weight : array of shape (n,), optional
        Sampling weights for fitting and for metrics; none means all equal.
    extra : DataFrame of shape (n, ...), optional
        What baselines or reports need and the model must not see (ids, segments), same row order.
    feature_set : str
        Name of the feature set.
    fingerprint : str
        Its fingerprint.
    offset : str, optional
        Column of `features` with log-odds known from elsewhere, from which the model starts.
    first_step : str, optional
        Column of `extra`, 1 where an earlier step that the event takes was taken (the offer was accepted): with
        enough rows each step has its own model.
    linear_only : tuple of str, optional
        Columns of `features` that trees do not see.
    sooner : Dataset, optional
        With a first step: all rows by when that step alone was known, labelled by it. A model is also fitted on those
        of them that come after its own rows and were known in time.

    Raises
    ------
    InvalidInput
        If lengths differ, labels are not 0 or 1, or an outcome was known before its ``as_of``.
    """

    features: pd.DataFrame
    label: Floats
    as_of: Instants
    known_at: Instants
    group: Rows
    horizon_days: int
    weight: Floats | None = None
    extra: pd.DataFrame = field(default_factory=pd.DataFrame)
    feature_set: str = ""
    fingerprint: str = ""
    offset: str | None = None
    first_step: str | None = None
    linear_only: tuple[str, ...] = ()
    sooner: Self | None = None

    def __post_init__(self) -> None:
        set_ = object.__setattr__  # frozen: only the normal forms of the given values are set
        set_(self, "features", self.features.reset_index(drop=True))
        set_(self, "label", np.asarray(self.label, dtype=np.float64))
        set_(self, "as_of", np.asarray(self.as_of, dtype="datetime64[us]"))
        set_(self, "known_at", np.asarray(self.known_at, dtype="datetime64[us]"))
        set_(self, "group", np.asarray(self.group, dtype=np.int64))
        if self.weight is not None:
            set_(self, "weight", np.asarray(self.weight, dtype=np.float64))
        extra = self.extra.reset_index(drop=True)
        set_(self, "extra", extra if extra.shape[1] else pd.DataFrame(index=self.features.index))
        self._check()

    def _check(self) -> None:
        n = len(self.features)
        columns: dict[str, Any] = {
            "label": self.label,
            "as_of": self.as_of,
            "known_at": self.known_at,
            "group": self.group,
            "extra": self.extra,
        }
        if self.weight is not None:
            columns["weight"] = self.weight
        for name, values in columns.items():
            if len(values) != n:
                raise InvalidInput(f"{name} has {len(values)} rows, features have {n}.", field=name)
        if not np.isin(self.label, (0.0, 1.0)).all():
            raise InvalidInput("Labels must be 0 or 1.", field="label")
        if (self.known_at < self.as_of).any():
            raise InvalidInput("An outcome cannot be known before its as_of.", field="known_at")

    def __len__(self) -> int:
        return len(self.features)

    @property
    def n_positive(self) -> int:
        """Rows whose event happened."""
        return int(self.label.sum())

    def take(self, rows: npt.ArrayLike) -> Self:
        """Return the data set of the given row positions (or of a boolean mask)."""
        chosen = np.asarray(rows)
        if chosen.dtype == bool:
            chosen = np.flatnonzero(chosen)
        chosen = chosen.astype(np.int64)
        return replace(
            self,
            features=self.features.iloc[chosen],
            label=self.label[chosen],
            as_of=self.as_of[chosen],
            known_at=self.known_at[chosen],
            group=self.group[chosen],
            weight=None if self.weight is None else self.weight[chosen],
            extra=self.extra.iloc[chosen],
        )

    def known_by(self, instant: np.datetime64) -> Self:
        """Return the rows whose outcome was known by `instant`."""
        return self.take(self.known_at <= instant)
