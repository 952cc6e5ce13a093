"""The curve of silence: what buy-till-you-die models say of a row at any horizon, read from a few columns."""

import numpy as np
import pandas as pd

from models.frame import Floats

CURVE = "quiet_"
"""Columns ``quiet_<days>`` hold the log-odds of silence by buy-till-you-die models."""
APART, AHEAD = "quiet_apart_", "quiet_ahead_"
"""Columns with the log-odds by which the two models differ, and with the log of the active days expected."""
_TINY = 1e-9


def curve(X: pd.DataFrame, horizon_days: float) -> Floats:
    """Log-odds of silence by the buy-till-you-die models at any horizon, non-rising in it; shape (n,).

    Between the horizons of the columns and beyond them it is linear in the log of the horizon. Rows without the
    columns get odds that fall in proportion to the horizon.
    """
    plain = np.full(len(X), -np.log(horizon_days))
    found = _along(X, CURVE, horizon_days, rising=-1)
    return plain if found is None else np.asarray(np.where(np.isfinite(found), found, plain))


def beside(X: pd.DataFrame, prefix: str, horizon_days: float) -> Floats:
    """Read columns ``<prefix><days>`` at any horizon, linear in its log; shape (n,), NaN where unknown."""
    found = _along(X, prefix, horizon_days, rising=0)
    return np.full(len(X), np.nan) if found is None else found


def known_days(X: pd.DataFrame, prefix: str = CURVE) -> list[int]:
    """Return the horizons of the columns ``<prefix><days>``, ascending."""
    names = (str(name) for name in X.columns)
    return sorted(
        int(name[len(prefix) :]) for name in names if name.startswith(prefix) and name[len(prefix) :].isdigit()
    )


def _along(X: pd.DataFrame, prefix: str, horizon_days: float, *, rising: int) -> Floats | None:
    """Value at a horizon; with ``rising`` -1 no step between two columns may go up."""
    known = known_days(X, prefix)
    if len(known) < 2:
        return None
    right = int(np.clip(np.searchsorted(known, horizon_days), 1, len(known) - 1))
    left = right - 1
    z = [X[f"{prefix}{known[k]}"].to_numpy(float) for k in (left, right)]
    share = np.log(horizon_days / known[left]) / np.log(known[right] / known[left])
    step = z[1] - z[0]
    return np.asarray(z[0] + share * (np.minimum(step, 0.0) if rising < 0 else step))
