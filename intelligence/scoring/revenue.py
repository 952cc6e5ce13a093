"""What a partner brings in, from its own recent run rate."""

import numpy as np
import numpy.typing as npt

from intelligence.features.partner_times import times_of
from intelligence.features.timeline import FloatArray, IntArray, days_between
from store.history import History

_WINDOW_DAYS = 365.0
_LEAST_DAYS = 30.0


def won_anything(history: History) -> bool:
    """Tell whether the programme has amounts of won deals."""
    return bool(np.nansum(times_of(history).won.value("amount")) > 0)


def revenue_per_day(
    history: History, partner_id: IntArray, as_of: npt.ArrayLike, *, paid: bool | None = None
) -> FloatArray:
    """Return the amount won per day over the last year, or since the first sign of life when that is shorter.

    Where the programme has no amounts of won deals, amounts of activities take their place.

    Parameters
    ----------
    history : History
        Known by any instant not before the latest `as_of`.
    partner_id, as_of : array-like, shape (n,)
        Rows asked.
    paid : bool, optional
        Whether the programme has amounts of won deals; default: as `history` says.

    Returns
    -------
    ndarray of float64, shape (n,)
        0 without any amount.
    """
    times = times_of(history)
    signs = times.signs.at(partner_id, as_of)
    line = times.won if (won_anything(history) if paid is None else paid) else times.activities
    amount = line.at(partner_id, as_of).sum("amount", _WINDOW_DAYS)
    since = np.nan_to_num(days_between(signs.first(), signs.as_of), nan=_WINDOW_DAYS)
    return np.asarray(amount / np.clip(since, _LEAST_DAYS, _WINDOW_DAYS))
