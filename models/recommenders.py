"""Collaborative scores on a sparse matrix of who engaged with what: EASE and neighbourhoods."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import linalg, sparse
from scipy.sparse import linalg as linalg_sparse

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

MOST_EASE_ITEMS = 2_000


@dataclass(frozen=True)
class Ease:
    """Weights of the shallow autoencoder EASE over the liveliest items.

    Parameters
    ----------
    items : ndarray of int64, shape (m,)
        Positions of the items that it knows.
    weights : ndarray of float32, shape (m, m)
        Weight of having engaged with the row's item for the column's item; zero diagonal.
    n_items : int
        Width of the score matrix.
    """

    items: Ints
    weights: Floats
    n_items: int

    def score(self, engaged: sparse.csr_array) -> Floats:
        """Score all items for the rows of `engaged`, shape (n, n_items); 0 for an item that it does not know."""
        result = np.zeros((engaged.shape[0], self.n_items), dtype=np.float32)
        if len(self.items):
            result[:, self.items] = engaged[:, self.items].toarray() @ self.weights
        return result


def fit_ease(engaged: sparse.csr_array, liveliness: Floats, *, most_items: int = MOST_EASE_ITEMS) -> Ease:
    """Fit EASE in closed form.

    Parameters
    ----------
    engaged : csr_array, shape (n_partners, n_items)
        1 where a partner engaged with an item.
    liveliness : ndarray of float32, shape (n_items,)
        The `most_items` highest are taken; items of 0 never.

    Notes
    -----
    Steck (2019), "Embarrassingly shallow autoencoders for sparse data": ``B = I - P diag(1 / diag(P))`` with
    ``P`` the inverse of ``X'X + lambda I``. The penalty follows the mean number of readers of an item.
    """
    order = np.argsort(-liveliness, kind="stable")[:most_items]
    items = np.sort(order[liveliness[order] > 0]).astype(np.int64)
    if not len(items):
        return Ease(items, np.zeros((0, 0), dtype=np.float32), len(liveliness))
    chosen = engaged[:, items]
    gram = np.asarray((chosen.T @ chosen).toarray(), dtype=np.float64)
    diagonal = np.einsum("ii->i", gram)
    diagonal += max(10.0, 2.0 * float(diagonal.mean()))
    inverse = linalg.inv(gram, check_finite=False)
    weights = -inverse / np.diag(inverse)[None, :]
    np.fill_diagonal(weights, 0.0)
    return Ease(items, weights.astype(np.float32), len(liveliness))


def partner_factors(unit: sparse.csr_array, n_factors: int = 24) -> Floats:
    """Return partners in the space of the first singular vectors of who engaged with what, each of length 1.

    Parameters
    ----------
    unit : csr_array, shape (n_partners, n_items)
        Rows of length 1 or empty.
    n_factors : int, default=24
        At most; fewer where fewer partners or items are.

    Returns
    -------
    ndarray of float32, shape (n_partners, k)
        0 for a partner without engagements.
    """
    rows, items = (np.flatnonzero(np.asarray(abs(unit).sum(axis=axis)).ravel() > 0) for axis in (1, 0))
    found = np.zeros((unit.shape[0], n_factors), dtype=np.float32)
    k = min(n_factors, len(rows) - 1, len(items) - 1)
    if k < 1:
        return found
    filled = sparse.csr_array(unit[rows][:, items]).astype(np.float64)
    left, weight, _ = linalg_sparse.svds(filled, k=k, v0=np.ones(min(filled.shape)), random_state=0)
    vectors = left * weight
    found[rows, :k] = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    return found


def unit_rows_sparse(matrix: sparse.csr_array) -> sparse.csr_array:
    """Scale each row to length 1; an empty row stays empty."""
    squares = np.asarray(matrix.multiply(matrix).sum(axis=1)).ravel()
    scale = np.divide(1.0, np.sqrt(squares), out=np.zeros(len(squares)), where=squares > 0)
    return sparse.csr_array(sparse.diags_array(scale.astype(np.float32)) @ matrix)


def neighbours(unit: sparse.csr_array, rows: Ints) -> Floats:
    """Return cosine likeness of `rows` to all rows of the unit matrix, shape (len(rows), n); 0 to themselves."""
    likeness = np.asarray((unit[rows] @ unit.T).toarray(), dtype=np.float32)
    likeness[np.arange(len(rows)), rows] = 0.0
    return likeness


def spread(likeness: Floats, readers: sparse.csr_array) -> Floats:
    """Sum the likeness of an item's (weighted) readers: ``likeness @ readers``, dense, shape (n, n_items)."""
    return np.asarray((readers.T @ likeness.T).T, dtype=np.float32)


def lift(counts: Floats, prior: Floats, strength: float = 5.0) -> Floats:
    """Return log of how much more often than expected each trait occurs, shrunk to 0 by `strength`.

    Parameters
    ----------
    counts : ndarray, shape (n, n_traits)
        Weight of each trait in each row's engagements.
    prior : ndarray, shape (n_traits,)
        Shares of the traits in all engagements.

    Examples
    --------
    >>> lift(np.array([[9.0, 1.0]]), np.array([0.5, 0.5])).astype(float).round(2).tolist()
    [[0.43, -0.76]]
    """
    total = counts.sum(axis=1, keepdims=True)
    base = np.maximum(prior, 1e-6)
    shares = (counts + strength * base) / (total + strength)
    return np.asarray(np.log(shares / base), dtype=np.float32)
