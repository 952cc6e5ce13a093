"""A whole list of leads distributed over partners under capacity, exactly."""

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def solve(value: Floats, room: Floats) -> Ints:
    """Give each lead to at most one partner so that the total value is largest.

    Parameters
    ----------
    value : array of shape (n_leads, n_partners)
        What a pair is worth, positive; NaN where it is not allowed.
    room : array of shape (n_partners,)
        How many leads each partner takes; infinite for no limit.

    Returns
    -------
    int64 array of shape (n_leads,)
        Partner of each lead, -1 for none.

    Notes
    -----
    A partner with room for k leads becomes k columns of a rectangular assignment problem (Jonker-Volgenant,
    scipy). Partners that no lead could get among its best ``n_leads`` need no more columns than leads want them.

    Examples
    --------
    >>> solve(np.array([[0.9, 0.5], [0.8, 0.1]]), np.array([1.0, 1.0])).tolist()
    [1, 0]
    """
    n_leads = len(value)
    result = np.full(n_leads, -1, dtype=np.int64)
    if not value.size:
        return result
    wanted = np.isfinite(value).sum(axis=0)
    copies = np.minimum(np.where(np.isfinite(room), room, n_leads), wanted).astype(np.int64)
    column = np.repeat(np.arange(value.shape[1]), copies)
    if not len(column):
        return result
    # Zero for a pair that is not allowed: it is never worth more than leaving the lead alone.
    gain = np.nan_to_num(value, nan=0.0)[:, column]
    leads, columns = linear_sum_assignment(gain, maximize=True)
    given = gain[leads, columns] > 0
    result[leads[given]] = column[columns[given]]
    return result
