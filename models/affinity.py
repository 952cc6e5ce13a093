"""How well partners have done with leads like this one: decayed counts by attribute value, queried as of an instant.

The state is chronological: outcomes are added in order of time, and a query sees exactly what was added before it.
Scores are naive-Bayes terms, one per lead attribute, weighted by a logistic or conditional-logit fit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]
Selection = npt.NDArray[np.int64] | slice

DAY_US = 86_400_000_000
EVERYONE = slice(None)
_EPOCH_US = 946_684_800_000_000  # 2000-01-01: weights grow from here, so that old counts need not be touched
_LARGEST_EXPONENT = 960.0  # beyond the double's range; single precision holds half-lives of a year until 2120


def growth(at_us: npt.ArrayLike, half_life_days: float) -> Floats:
    """Weight of an event at `at_us` (microseconds since 1970): doubles every half-life.

    Dividing a sum of such weights by the weight of the query's instant gives the decayed sum.

    Examples
    --------
    >>> day = 86_400_000_000
    >>> float(growth(20_000 * day, 10.0) / growth(19_990 * day, 10.0))
    2.0
    """
    age = (np.asarray(at_us, dtype=np.float64) - _EPOCH_US) / (DAY_US * half_life_days)
    return np.exp2(np.clip(age, -_LARGEST_EXPONENT, _LARGEST_EXPONENT))


@dataclass(frozen=True)
class AffinityParameters:
    """What is fitted or chosen of stage 1, JSON-serialisable.

    Parameters
    ----------
    contrast : bool
        Whether failures are known too (rates), or wins alone (volumes).
    names : tuple of str
        Terms of the score.
    weights : tuple of float
        Weight (exponent of the naive-Bayes factor) of each term.
    intercept : float
        Constant of the score on the log-odds scale.
    smoothing : float
        Pseudo-count that pulls a partner's value towards its own overall.
    half_life_days : float
        Of attribute counts.
    popularity_days : tuple of float
        Half-lives of the partner's overall win volume.
    """

    contrast: bool
    names: tuple[str, ...] = ()
    weights: tuple[float, ...] = ()
    intercept: float = 0.0
    smoothing: float = 4.0
    half_life_days: float = 1095.0
    popularity_days: tuple[float, ...] = (365.0, 90.0)

    def score(self, terms: npt.NDArray[Any]) -> Floats:
        """Weighted sum of `terms` of shape (n, k) in the order of `names`."""
        if not self.weights:
            total: Floats = np.asarray(terms, dtype=np.float64).sum(axis=1)
            return total + self.intercept
        weighted: Floats = np.asarray(terms @ np.asarray(self.weights, dtype=terms.dtype), dtype=np.float64)
        return weighted + self.intercept

    def as_json(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Read what `as_json` returned."""
        lists: dict[str, Any] = {key: tuple(v) if isinstance(v, list) else v for key, v in values.items()}
        return cls(**lists)


@dataclass(frozen=True)
class AffinityView:
    """Decayed counts as of an instant, for one lead and n partners.

    Parameters
    ----------
    wins, fails : float32 arrays of shape (a, n)
        By attribute, with the lead's value of it; 0 where the lead has none.
    known : float32 array of shape (a, n)
        Wins of the partner whose value of the attribute is known.
    share : array of shape (a,)
        Share of the lead's value among all wins, NaN where the lead has none.
    rate_wins, rate_tries : arrays of shape (a,)
        Decayed wins and outcomes of all partners with the lead's value.
    total_wins, total_fails : arrays of shape (n,)
        Of the partner, same half-life.
    popularity : array of shape (h, n)
        Wins of the partner by popularity half-life.
    everyone : tuple of float
        Wins and failures of all partners together.
    """

    wins: Singles
    fails: Singles
    known: Singles
    share: Floats
    rate_wins: Floats
    rate_tries: Floats
    total_wins: Floats
    total_fails: Floats
    popularity: Floats
    everyone: tuple[float, float]


class AffinityState:
    """Counts of outcomes per partner and attribute value, advanced in time.

    Parameters
    ----------
    n_partners : int
        Partners by position.
    sizes : sequence of int
        Number of values of each lead attribute.
    parameters : AffinityParameters
        Half-lives; failures are kept only when ``contrast``.

    Examples
    --------
    >>> state = AffinityState(2, [3], AffinityParameters(contrast=True))
    >>> at = np.array([0, 10]) + 10_000 * DAY_US
    >>> state.add(np.array([0, 1]), np.array([[2], [2]]), np.array([True, False]), at)
    >>> view = state.view(np.array([2]), 10_000 * DAY_US + 10)
    >>> view.wins.round(3).tolist(), view.fails.round(3).tolist()
    ([[1.0, 0.0]], [[0.0, 1.0]])
    """

    def __init__(self, n_partners: int, sizes: Sequence[int], parameters: AffinityParameters) -> None:
        self.parameters = parameters
        self.n_partners = n_partners
        self.sizes = tuple(sizes)
        self._wins = [np.zeros((size, n_partners), np.float32) for size in sizes]
        self._fails = [np.zeros((size, n_partners), np.float32) for size in sizes] if parameters.contrast else []
        self._known = np.zeros((len(self.sizes), n_partners), np.float32)
        self._value_wins = [np.zeros(size) for size in sizes]
        self._value_fails = [np.zeros(size) for size in sizes]
        self._total = np.zeros((2, n_partners))
        self._popularity = np.zeros((len(parameters.popularity_days), n_partners))

    def add(self, partner: Ints, codes: Ints, won: npt.NDArray[np.bool_], at_us: Ints) -> None:
        """Add outcomes in order of time.

        Parameters
        ----------
        partner : int array of shape (m,)
            Positions.
        codes : int array of shape (m, a)
            Attribute values of the lead, -1 for none.
        won : bool array of shape (m,)
            Won, or failed in whichever way.
        at_us : int array of shape (m,)
            Microseconds since 1970.
        """
        weight = growth(at_us, self.parameters.half_life_days)
        np.add.at(self._total, (np.where(won, 0, 1), partner), weight)
        for row, days in enumerate(self.parameters.popularity_days):
            np.add.at(self._popularity[row], partner[won], growth(at_us[won], days))
        for a in range(len(self.sizes)):
            self._add_attribute(a, partner, codes[:, a], won, weight)

    def _add_attribute(self, a: int, partner: Ints, code: Ints, won: npt.NDArray[np.bool_], weight: Floats) -> None:
        hit = won & (code >= 0)
        np.add.at(self._wins[a], (code[hit], partner[hit]), weight[hit])
        np.add.at(self._known[a], partner[hit], weight[hit])
        np.add.at(self._value_wins[a], code[hit], weight[hit])
        if self._fails:
            miss = ~won & (code >= 0)
            np.add.at(self._fails[a], (code[miss], partner[miss]), weight[miss])
            np.add.at(self._value_fails[a], code[miss], weight[miss])

    def view(self, codes: Ints, at_us: int, partners: Selection = EVERYONE) -> AffinityView:
        """Return the decayed counts of `partners` for a lead with attribute values `codes` at `at_us`."""
        decay = 1.0 / float(growth(at_us, self.parameters.half_life_days))
        n = len(self._total[0, partners])
        wins, fails = (np.zeros((len(self.sizes), n), np.float32) for _ in range(2))
        share, rate_wins, rate_tries = (np.full(len(self.sizes), fill) for fill in (np.nan, 0.0, 0.0))
        for a, code in enumerate(codes.tolist()):
            if code < 0:
                continue
            wins[a] = self._wins[a][code][partners]
            if self._fails:
                fails[a] = self._fails[a][code][partners]
            share[a] = self._value_wins[a][code] / max(float(self._value_wins[a].sum()), 1e-30)
            rate_wins[a] = self._value_wins[a][code] * decay
            rate_tries[a] = rate_wins[a] + self._value_fails[a][code] * decay
        single = np.float32(decay)
        return AffinityView(
            wins * single,
            fails * single,
            self._known[:, partners] * single,
            share,
            rate_wins,
            rate_tries,
            self._total[0, partners] * decay,
            self._total[1, partners] * decay,
            self._decayed_popularity(at_us, partners),
            (float(self._total[0].sum() * decay), float(self._total[1].sum() * decay)),
        )

    def _decayed_popularity(self, at_us: int, partners: Selection) -> Floats:
        scale = [1.0 / float(growth(at_us, days)) for days in self.parameters.popularity_days]
        decayed: Floats = self._popularity[:, partners] * np.asarray(scale).reshape(-1, 1)
        return decayed


def logit(p: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Log-odds of `p`, safe at 0 and 1."""
    safe = np.clip(p, 1e-6, 1 - 1e-6)
    return np.asarray(np.log(safe) - np.log1p(-safe))


def volume_terms(view: AffinityView, smoothing: float) -> Singles:
    """Naive-Bayes terms from wins alone, shape (n, h + a).

    Log popularity by half-life; then per attribute the log of how much more often the lead's value is among the
    partner's wins than among everybody's, the partner's share being pulled towards everybody's by `smoothing`.
    """
    popularity = np.log(view.popularity + 0.05).astype(np.float32)
    lifts = np.zeros_like(view.wins)
    rows = np.flatnonzero(np.nan_to_num(view.share) > 0)
    if len(rows):
        share = view.share[rows].astype(np.float32)[:, None]
        k = np.float32(smoothing)
        lifts[rows] = np.log((view.wins[rows] / share + k) / (view.known[rows] + k))
    return np.concatenate([popularity, lifts]).T


def rate_terms(view: AffinityView, smoothing: float) -> Singles:
    """Naive-Bayes terms from wins and failures, shape (n, 1 + a).

    Log-odds of the partner's win rate pulled towards everybody's; then per attribute the log-odds with the lead's
    value, pulled towards the partner's own, minus the partner's own.
    """
    all_wins, all_fails = view.everyone
    base = (all_wins + 1.0) / (all_wins + all_fails + 4.0)
    own = (view.total_wins + smoothing * base) / (view.total_wins + view.total_fails + smoothing)
    rate = own.astype(np.float32)[None, :]
    k = np.float32(smoothing)
    with_value = (view.wins + k * rate) / (view.wins + view.fails + k)
    own_logit = logit(rate)
    return np.concatenate([own_logit, logit(with_value) - own_logit]).T.astype(np.float32)


def fit_weights(
    terms: npt.NDArray[Any],
    y: Floats,
    group: Ints | None = None,
    *,
    penalty: float = 1.0,
    most: int = 4_000_000,
) -> tuple[Floats, float]:
    """Fit non-negative weights of `terms` so that they tell winners from others.

    Parameters
    ----------
    terms : array of shape (n, k)
        Stage-1 terms of pairs.
    y : array of shape (n,)
        1 for pairs that won.
    group : int array of shape (n,), optional
        Sorted lead positions: then a conditional logit (McFadden 1974) among the pairs of each lead, whose other
        pairs may be a uniform sample; without, a logistic fit with intercept.
    penalty : float
        Strength of the pull towards one half (naive Bayes counts what attributes share twice).
    most : int
        Cells beyond which a regular subsample of rows (or leads) is taken.

    Returns
    -------
    weights : array of shape (k,)
        0 for terms that never vary.
    intercept : float
        0.0 for the conditional logit.
    """
    x = np.asarray(terms, dtype=np.float64)
    x, y, group = _thin(x, np.asarray(y, dtype=np.float64), group, most)
    k = x.shape[1]
    start = np.concatenate([np.full(k, 0.5), [0.0]])
    varies = np.ptp(x, axis=0) > 0 if len(x) else np.zeros(k, dtype=bool)
    bounds = [(0.0, 3.0 if varying else 0.0) for varying in varies] + [(-20.0, 20.0) if group is None else (0.0, 0.0)]
    start[:k][~varies] = 0.0
    objective = _logistic_loss if group is None else _conditional_loss
    starts = None if group is None else np.flatnonzero(np.diff(group, prepend=group[0] - 1))
    result = minimize(
        objective,
        start,
        args=(x, y, starts, penalty),
        jac=True,
        method="L-BFGS-B",
        bounds=bounds,
        options={"maxiter": 60},
    )
    return np.asarray(result.x[:k]), float(result.x[k])


def _thin(x: Floats, y: Floats, group: Ints | None, most: int) -> tuple[Floats, Floats, Ints | None]:
    step = -(-x.size // most)
    if step <= 1:
        return x, y, group
    if group is None:
        return x[::step], y[::step], None
    keep = np.unique(group, return_inverse=True)[1] % step == 0
    return x[keep], y[keep], group[keep]


def _logistic_loss(theta: Floats, x: Floats, y: Floats, _starts: Ints | None, penalty: float) -> tuple[float, Floats]:
    z = x @ theta[:-1] + theta[-1]
    loss = float(np.sum(np.logaddexp(0.0, z) - y * z))
    residual = 1.0 / (1.0 + np.exp(-z)) - y
    gradient = np.concatenate([x.T @ residual, [residual.sum()]])
    return _pulled(loss, gradient, theta, penalty)


def _conditional_loss(theta: Floats, x: Floats, y: Floats, starts: Ints | None, penalty: float) -> tuple[float, Floats]:
    assert starts is not None  # noqa: S101 - for the type checker: the caller passes them for groups
    z = x @ theta[:-1]
    length = np.diff(np.append(starts, len(z)))
    z = z - np.repeat(np.maximum.reduceat(z, starts), length)
    weight = np.exp(z)
    total = np.add.reduceat(weight, starts)
    positives = np.add.reduceat(y, starts)
    expected = weight * np.repeat(positives / total, length)
    loss = float(np.sum(positives * np.log(total)) - y @ z)
    return _pulled(loss, np.append(x.T @ (expected - y), 0.0), theta, penalty)


def _pulled(loss: float, gradient: Floats, theta: Floats, penalty: float) -> tuple[float, Floats]:
    away = theta[:-1] - 0.5
    gradient[:-1] += 2.0 * penalty * away
    return loss + penalty * float(away @ away), gradient
