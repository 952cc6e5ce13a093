"""What a policy would have earned, judged by the decisions of another one: estimates that say when they cannot tell.

A log of decisions holds, for each, the reward of what was shown and the probability with which it was shown. The
policy to be judged says with what probability it would have shown the same. Their ratio weighs the reward.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from domain.errors import InvalidInput

Floats = npt.NDArray[np.float64]
Law = Callable[[Floats], tuple[Floats, Floats]]

_READ_AT = 0.97  # where quantiles are read: those at 95 % held the truth of heavily weighted means in 93 of 100 logs
LEAST_ESS = 50.0
"""Decisions' worth of information below which no number is given."""
LEAST_ESS_SHARE = 0.02
"""The same as a share of the decisions: below it the two policies hardly ever do the same."""
LEAST_REWARDED = 5.0
"""Decisions' worth of rewards that differ from the usual one."""
MOST_UNSEEN = 0.03
"""Share of the judged policy's choices that the log can not have shown, beyond what chance explains."""
_SUMMANDS, _RESAMPLES, _UNITS, _ROWS_AT_ONCE = 10, 1_000, 4_000, 100
_CHANCE = 3.0  # standard errors by which the mean weight may miss 1


@dataclass(frozen=True)
class Estimate:
    """A mean reward per decision with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class OffPolicy:
    """What a log says of a policy that did not make it.

    Parameters
    ----------
    n : int
        Decisions.
    ess : float
        Effective sample size, ``sum(w) ** 2 / sum(w ** 2)`` (Kish 1965; Owen 2013, section 9.3).
    overlap : float
        Share of the decisions that the judged policy could have taken too.
    mean_weight : float
        Mean of target over logged propensity: 1 but for chance where the log could show all that the policy shows.
    largest_weight : float
        Largest of these ratios.
    refused : str or None
        Why there is no number, in words.
    best : str or None
        Name of the estimate to read: ``dr`` with a model's predictions, else ``snips``; None if refused.
    estimates : mapping of str to Estimate
        ``ips``, ``snips`` and with a model ``dr`` and ``sndr``; empty if refused.
    gains : mapping of str to Estimate
        The same less the mean reward of the log: what the policy adds, per decision.
    """

    n: int
    ess: float
    overlap: float
    mean_weight: float
    largest_weight: float
    refused: str | None = None
    best: str | None = None
    estimates: Mapping[str, Estimate] = field(default_factory=dict)
    gains: Mapping[str, Estimate] = field(default_factory=dict)


def evaluate(
    reward: npt.ArrayLike,
    logged: npt.ArrayLike,
    target: npt.ArrayLike,
    predicted: npt.ArrayLike | None = None,
    predicted_target: npt.ArrayLike | None = None,
    *,
    seed: int = 7,
) -> OffPolicy:
    """Estimate the mean reward of a policy from the log of another one.

    Parameters
    ----------
    reward : array-like of float, shape (n,)
        Of what was shown.
    logged : array-like of float, shape (n,)
        Probability with which the log's policy showed it; NaN where unknown.
    target : array-like of float, shape (n,)
        Probability with which the judged policy shows it.
    predicted, predicted_target : array-like of float, shape (n,), optional
        A model's reward for what was shown, and its mean reward under the judged policy (summed over all it may
        show). The model must not have learned from the rewards given here.
    seed : int, default=7
        Of the bootstrap.

    Raises
    ------
    InvalidInput
        If the arrays are not of one length, a reward or prediction is not a number, a target lies outside [0, 1], or
        only one of the predictions is given.

    Notes
    -----
    ``ips``: Horvitz and Thompson (1952). ``snips``: Swaminathan and Joachims (2015), the ratio of weighted sums.
    ``dr``: Dudik, Erhan, Langford and Li (2014); ``sndr`` normalises the weights of its correction. Intervals are
    symmetric bootstrap-t (Hall 1988) joined with the equal-tailed one: under heavy weights percentiles and the normal
    law cover too seldom; for the same reason quantiles are read at 97 %. No weight is clipped: nothing is biased by it.
    What the log shows less often than about once in so many decisions is beyond any estimate, refused or not.

    Examples
    --------
    >>> generator = np.random.default_rng(3)
    >>> shown = generator.random(2_000) < 0.3
    >>> reward = generator.random(2_000) < np.where(shown, 0.5, 0.2)
    >>> found = evaluate(reward, np.where(shown, 0.3, 0.7), np.where(shown, 0.8, 0.2))
    >>> snips = found.estimates["snips"]
    >>> snips.low < 0.8 * 0.5 + 0.2 * 0.2 < snips.high
    True
    >>> evaluate(reward, np.where(shown, 0.3, 0.7), np.zeros(2_000)).refused
    'The policy would have taken none of the 2,000 decisions of the log.'
    """
    columns = _checked(reward, logged, target, predicted, predicted_target)
    refused = _without_propensities(columns)
    if refused is not None:
        return refused
    weight = columns.target / columns.logged
    found = _judged(columns, weight)
    if found.refused is not None:
        return found
    estimates, gains = _both(columns, weight, seed)
    best = "snips" if columns.predicted is None else "dr"
    return replace(found, best=best, estimates=estimates, gains=gains)


@dataclass(frozen=True)
class _Columns:
    """What was given, as float64 arrays of one length."""

    reward: Floats
    logged: Floats
    target: Floats
    predicted: Floats | None
    predicted_target: Floats | None


def _checked(
    reward: npt.ArrayLike,
    logged: npt.ArrayLike,
    target: npt.ArrayLike,
    predicted: npt.ArrayLike | None,
    predicted_target: npt.ArrayLike | None,
) -> _Columns:
    if (predicted is None) != (predicted_target is None):
        raise InvalidInput("give both predicted and predicted_target, or none", field="predicted")
    given = {"reward": reward, "logged": logged, "target": target}
    modelled = {"predicted": predicted, "predicted_target": predicted_target}
    found = {
        name: np.asarray(values, dtype=np.float64) for name, values in (given | modelled).items() if values is not None
    }
    for name, values in found.items():
        if values.ndim != 1 or values.shape != found["reward"].shape:
            raise InvalidInput(f"{name} has shape {values.shape}; one number for each decision is needed", field=name)
        if name != "logged" and not np.isfinite(values).all():
            raise InvalidInput(f"{name} holds something that is not a number", field=name)
    if ((found["target"] < 0) | (found["target"] > 1 + 1e-9)).any():
        raise InvalidInput("target holds something that is no probability", field="target")
    return _Columns(
        found["reward"], found["logged"], found["target"], found.get("predicted"), found.get("predicted_target")
    )


def _without_propensities(columns: _Columns) -> OffPolicy | None:
    """Return the refusal of a log that does not say how likely its decisions were; None if it says so."""
    n = len(columns.logged)
    known = (columns.logged > 0) & (columns.logged <= 1 + 1e-9)
    if n and known.all():
        return None
    missing = n - int(known.sum())
    reason = f"{missing:,} of the {n:,} decisions have no propensity above 0 and up to 1."
    overlap = float((columns.target > 0).mean()) if n else 0.0
    return OffPolicy(n, 0.0, overlap, np.nan, np.nan, reason if n else "The log holds no decision.")


def _judged(columns: _Columns, weight: Floats) -> OffPolicy:
    """Return the figures of overlap, with a reason if they do not carry an estimate."""
    n, total = len(weight), float(weight.sum())
    ess = total**2 / float(np.square(weight).sum()) if total > 0 else 0.0
    found = OffPolicy(n, ess, float((weight > 0).mean()), total / n, float(weight.max()))
    reason = _too_little(found, total) or _not_seen(found, weight) or _too_alike(columns.reward, weight)
    return replace(found, refused=reason)


def _too_little(found: OffPolicy, total: float) -> str | None:
    if total <= 0:
        return f"The policy would have taken none of the {found.n:,} decisions of the log."
    if found.ess < LEAST_ESS or found.ess < LEAST_ESS_SHARE * found.n:
        least = max(LEAST_ESS, LEAST_ESS_SHARE * found.n)
        return (
            f"Of {found.n:,} decisions the policy would have taken too few as they were: they tell as much as "
            f"{found.ess:.0f} of its own, and {least:.0f} are needed."
        )
    return None


def _not_seen(found: OffPolicy, weight: Floats) -> str | None:
    chance = _CHANCE * float(weight.std()) / np.sqrt(found.n)
    if found.mean_weight + chance < 1 - MOST_UNSEEN:
        return (
            f"About {1 - found.mean_weight:.0%} of what the policy would show the log can not have shown: its weights "
            f"average {found.mean_weight:.2f} and not 1."
        )
    if found.mean_weight - chance > 1 + MOST_UNSEEN:
        return (
            f"The logged propensities are not those of the log: its weights average {found.mean_weight:.2f} and not 1."
        )
    return None


def _too_alike(reward: Floats, weight: Floats) -> str | None:
    """Refuse where nearly all rewards are the same: resampling can not show what hardly ever happened."""
    values, counts = np.unique(reward[weight > 0], return_counts=True)
    usual = values[np.argmax(counts)]
    other = weight[reward != usual]
    told = float(other.sum()) ** 2 / float(np.square(other).sum()) if other.sum() > 0 else 0.0
    if told >= LEAST_REWARDED:
        return None
    return (
        f"Nearly all decisions that the policy would have taken have the reward {usual:g}; the rest tells as much as "
        f"{told:.1f} of them, and {LEAST_REWARDED:.0f} are needed."
    )


def _both(columns: _Columns, weight: Floats, seed: int) -> tuple[dict[str, Estimate], dict[str, Estimate]]:
    """Return all estimates, and the same less what the log earned."""
    nothing = np.zeros(len(weight))
    parts = {"ips": (nothing, columns.reward, _plain), "snips": (nothing, columns.reward, _normalised)}
    if columns.predicted is not None and columns.predicted_target is not None:
        error = columns.reward - columns.predicted
        parts["dr"] = (columns.predicted_target, error, _plain)
        parts["sndr"] = (columns.predicted_target, error, _normalised)
    rows = [
        _summands(base - earned, weight, error)
        for earned in (np.zeros(len(weight)), columns.reward)
        for base, error, _ in parts.values()
    ]
    laws = [law for _, _, law in parts.values()] * 2
    found = _estimates(np.concatenate(rows, axis=1), laws, seed)
    estimates, gains = found[: len(parts)], found[len(parts) :]
    if np.isin(columns.reward, (0.0, 1.0)).all():
        estimates = [Estimate(one.value, max(one.low, min(one.value, 0.0)), min(one.high, 1.0)) for one in estimates]
    return dict(zip(parts, estimates, strict=True)), dict(zip(parts, gains, strict=True))


def _summands(base: Floats, weight: Floats, error: Floats) -> Floats:
    """Return what the laws are computed from, by decision."""
    moved = weight * error
    columns = (np.ones_like(base), base, weight, moved, base**2, weight**2, moved**2, weight * moved)
    return np.stack([*columns, base * weight, base * moved], axis=1)


def _estimates(rows: Floats, laws: Sequence[Law], seed: int) -> list[Estimate]:
    """Estimate by each law, which reads its own ten columns of `rows`."""
    parts = [slice(_SUMMANDS * k, _SUMMANDS * (k + 1)) for k in range(len(laws))]
    sums = rows.sum(axis=0)[None]
    again = np.concatenate(list(_resampled(_grouped(rows, seed), seed)))
    return [_interval(law(sums[:, part]), law(again[:, part])) for law, part in zip(laws, parts, strict=True)]


def _interval(found: tuple[Floats, Floats], again: tuple[Floats, Floats]) -> Estimate:
    """Return the estimate with the wider of both bootstrap-t intervals on each side."""
    value, deviation = float(found[0][0]), float(found[1][0])
    usable = again[1] > 1e-9 * deviation
    if deviation <= 1e-12 * max(1.0, abs(value)) or not usable.any():
        return Estimate(value, value, value)
    t = (again[0][usable] - value) / again[1][usable]
    below, above = np.quantile(t, [(1 - _READ_AT) / 2, (1 + _READ_AT) / 2])
    either = np.quantile(np.abs(t), _READ_AT)
    low, high = value - max(either, above) * deviation, value + max(either, -below) * deviation
    return Estimate(value, float(low), float(high))


def _grouped(rows: Floats, seed: int) -> Floats:
    """Add very many decisions up in groups drawn at random, which are resampled in their place."""
    if len(rows) <= _UNITS:
        return rows
    group = np.random.default_rng(seed).permutation(len(rows)) % _UNITS
    return np.stack([np.bincount(group, column, minlength=_UNITS) for column in rows.T], axis=1)


def _resampled(rows: Floats, seed: int) -> Iterator[Floats]:
    """Yield sums of samples of as many rows, drawn with replacement."""
    generator = np.random.default_rng([seed, 1])
    n = len(rows)
    for _ in range(_RESAMPLES // _ROWS_AT_ONCE):
        drawn = generator.integers(0, n, (_ROWS_AT_ONCE, n)) + n * np.arange(_ROWS_AT_ONCE)[:, None]
        times = np.bincount(drawn.ravel(), minlength=n * _ROWS_AT_ONCE).reshape(_ROWS_AT_ONCE, n)
        yield times.astype(np.float64) @ rows


def _plain(sums: Floats) -> tuple[Floats, Floats]:
    """Mean of base plus weight times error, and its standard error; one row of `sums` per sample."""
    n, base, _, moved, base2, _, moved2, _, _, base_moved = sums.T
    value = (base + moved) / n
    square = (base2 + 2 * base_moved + moved2) / n
    return value, np.sqrt(np.maximum(square - value**2, 0) / n)


def _normalised(sums: Floats) -> tuple[Floats, Floats]:
    """Do the same with weights that add up to the number of decisions; the error by the delta method."""
    n, base, weight, moved, base2, weight2, moved2, weight_moved, base_weight, base_moved = sums.T
    middle, ratio = base / n, moved / weight
    spread = base2 / n - middle**2
    spread += n * (moved2 - 2 * ratio * weight_moved + ratio**2 * weight2) / weight**2
    spread += 2 * (base_moved - ratio * base_weight) / weight
    return middle + ratio, np.sqrt(np.maximum(spread, 0) / n)
