"""Peers for recommendation on partner x item matrices: popularity, item-kNN, EASE, and ALS of the library implicit."""

import importlib.util
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

Floats = npt.NDArray[np.float64]
RECENT_DAYS = 30


def scores(
    events: pd.DataFrame, partners: pd.Index, items: pd.Index, end: pd.Timestamp
) -> Iterator[tuple[str, Floats]]:
    """Yield the name and the (partners, items) scores of each peer.

    Parameters
    ----------
    events : DataFrame
        ``partner``, ``item``, ``occurred_at``.
    partners, items : Index
        Rows and columns of the scores; other events teach too.
    end : Timestamp
        Instant of the recommendation.
    """
    everyone = partners.union(pd.Index(events["partner"].unique()), sort=False)
    everyone = partners.append(everyone.difference(partners))
    known = events[events["item"].isin(items)]
    seen = _matrix(known, everyone, items)
    recent = _matrix(known[known["occurred_at"] > end - pd.Timedelta(days=RECENT_DAYS)], everyone, items)
    often, lately = (np.asarray(each.sum(axis=0)).ravel() for each in (seen, recent))
    n = len(partners)
    # nobody's list ends where a method is silent: recent popularity goes on, far below its least score
    rest = (lately + often / (often.max() + 1)) / (lately.max() + 2) * 1e-9
    yield "popularity", np.tile(often + rest, (n, 1))
    yield f"popularity, last {RECENT_DAYS} days", np.tile(lately + often * 1e-6, (n, 1))
    yield "item-kNN, cosine, K = 100", _knn(seen, 100)[:n] + rest
    yield "EASE, lambda = 50", _ease(seen, 50.0)[:n] + rest
    if importlib.util.find_spec("implicit"):
        yield "ALS (implicit), 32 factors", _als(seen)[:n] + rest


def _matrix(events: pd.DataFrame, partners: pd.Index, items: pd.Index) -> sparse.csr_matrix:
    pairs = events[["partner", "item"]].drop_duplicates()
    rows, columns = partners.get_indexer(pd.Index(pairs["partner"])), items.get_indexer(pd.Index(pairs["item"]))
    ones = np.ones(len(pairs), dtype=np.float64)
    return sparse.csr_matrix((ones, (rows, columns)), shape=(len(partners), len(items)))


def _knn(seen: sparse.csr_matrix, neighbours: int) -> Floats:
    dense = seen.toarray()
    norm = np.sqrt(dense.sum(axis=0)) + 1e-12
    alike = (dense.T @ dense) / norm[:, None] / norm[None, :]
    np.fill_diagonal(alike, 0.0)
    if neighbours < len(alike):
        least = np.sort(alike, axis=0)[-neighbours]
        alike[alike < least] = 0.0
    return np.asarray(dense @ alike)


def _ease(seen: sparse.csr_matrix, penalty: float) -> Floats:
    """Steck (2019): the closed form of a linear autoencoder without self-weights."""
    dense = seen.toarray()
    inverse = np.linalg.inv(dense.T @ dense + penalty * np.eye(dense.shape[1]))
    weights = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0.0)
    return np.asarray(dense @ weights)


def _als(seen: sparse.csr_matrix) -> Floats:
    from implicit.als import AlternatingLeastSquares

    model = AlternatingLeastSquares(factors=32, regularization=0.05, iterations=15, random_state=7, num_threads=1)
    model.fit(seen.astype(np.float32), show_progress=False)
    return np.asarray(model.user_factors @ model.item_factors.T, dtype=np.float64)
