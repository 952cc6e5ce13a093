"""Taste for content: what a partner engages with more than others do, shrunk to the taste of its peers."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import linalg, sparse

Floats = npt.NDArray[np.float32]
Doubles = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_RIDGE = 1.0
"""Of the whitening, in mean variances: directions that vary less than the mean hardly count."""
_OWN = 6.0
"""Engagements after which a partner's own taste weighs as much as what its profile suggests."""
_PEERS = 4.0
"""Ridge of the map from profiles to tastes: so many partners' worth of no opinion."""
_MOST_PEERS = 600


@dataclass(frozen=True)
class ContentSpace:
    """Content vectors of items, centred on what is commonly engaged with and whitened.

    Parameters
    ----------
    centred : ndarray of float32, shape (n_items, d)
        0 for an item without content.
    white : ndarray of float32, shape (n_items, d)
        The same, times the inverse covariance: a profile's product with it is a discriminant score.
    known : ndarray of bool, shape (n_items,)
        Which items have content.
    """

    centred: Floats
    white: Floats
    known: npt.NDArray[np.bool_]

    def score(self, tastes: Doubles) -> Floats:
        """Return how much each taste, shape (n, d), leans to each item, shape (n, n_items); NaN without content."""
        found = (tastes.astype(np.float32) @ self.white.T).astype(np.float32)
        found[:, ~self.known] = np.nan
        return found


def whiten(vectors: Floats, readers: Floats) -> ContentSpace | None:
    """Centre and whiten content by the items that were engaged with.

    Parameters
    ----------
    vectors : ndarray of float32, shape (n_items, d)
        A row of zeros is an item without content.
    readers : ndarray of float32, shape (n_items,)
        Weight of each item in mean and covariance; 0 for one that nobody engaged with yet.

    Returns
    -------
    ContentSpace or None
        None where nothing is known of the content of what was engaged with.

    Notes
    -----
    Common words of all texts lie in the mean and drop out; the ridge (Friedman 1989) keeps directions that hardly
    vary from being blown up.
    """
    known = np.asarray(vectors.any(axis=1))
    weight = np.where(known, readers, 0.0).astype(np.float64)
    if not weight.sum() or not vectors.shape[1]:
        return None
    weight /= weight.sum()
    values = vectors.astype(np.float64)
    centred = np.where(known[:, None], values - weight @ values, 0.0)
    covariance = (centred * weight[:, None]).T @ centred
    variances = np.diag(covariance)
    varied = variances > 1e-12
    if not varied.any():
        return None
    mean = float(variances[varied].mean())  # of those that vary: columns that nobody engaged with yet change nothing
    covariance[np.diag_indices_from(covariance)] += _RIDGE * mean
    white = linalg.cho_solve(linalg.cho_factor(covariance, check_finite=False), centred.T, check_finite=False).T
    return ContentSpace(centred.astype(np.float32), np.asarray(white, dtype=np.float32), known)


@dataclass(frozen=True)
class Tastes:
    """Tastes of all partners in a content space; shapes (n_partners, d).

    Parameters
    ----------
    own : ndarray of float64
        Mean of what each engaged with, shrunk to 0.
    peers : ndarray of float64
        What partners of the like profile engaged with; 0 where profiles say nothing.
    both : ndarray of float64
        Own engagements, shrunk to the peers' taste.
    """

    own: Doubles
    peers: Doubles
    both: Doubles


def tastes(space: ContentSpace, engaged: sparse.csr_array, profiles: Doubles) -> Tastes:
    """Learn tastes from engagements, and how they follow from profiles.

    Parameters
    ----------
    space : ContentSpace
        Of the items.
    engaged : csr_array, shape (n_partners, n_items)
        Weight of each engagement.
    profiles : ndarray of float64, shape (n_partners, f)
        What partners are like; rows of about length 1, f = 0 for nothing.

    Notes
    -----
    The map from profiles to tastes is a ridge regression over partners, weighted by their engagements, solved in
    its dual form (as many unknowns as partners with engagements, the most active where there are too many).
    """
    total = np.asarray(engaged @ space.known.astype(np.float64)).ravel()
    sums = np.asarray(engaged @ space.centred, dtype=np.float64)
    peers = _peers(sums / np.maximum(total, 1e-9)[:, None], total, profiles)
    share = (total / (total + _OWN))[:, None]
    own = sums / (total + _OWN)[:, None]
    return Tastes(own, peers, own + (1.0 - share) * peers)


def _peers(means: Doubles, total: Doubles, profiles: Doubles) -> Doubles:
    active = np.flatnonzero(total > 0)
    if not profiles.shape[1] or len(active) < 2:
        return np.zeros_like(means)
    active = np.sort(active[np.argsort(-total[active], kind="stable")][:_MOST_PEERS])
    profiles = profiles - np.average(profiles[active], axis=0, weights=total[active])
    kernel = profiles[active] @ profiles[active].T
    kernel[np.diag_indices_from(kernel)] += _PEERS * (1.0 + _OWN / total[active])
    weights = linalg.cho_solve(linalg.cho_factor(kernel, check_finite=False), means[active], check_finite=False)
    return np.asarray(profiles @ (profiles[active].T @ weights), dtype=np.float64)
