"""A plain order for one kind of item, where trees learned from all kinds are not better there."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np

from models.recommenders_lists import Doubles, Floats, RankedLists, column_score, list_quality, signed

_SHARES = (0.5, 1.0)
_MIN_LISTS = 40


@dataclass(frozen=True)
class Plain:
    """A column that the rows of one kind are ordered by, wholly or in part.

    Parameters
    ----------
    column : str
        Name; a leading minus says that the lowest value comes first.
    share : float
        Weight of the column against the trees; 1 orders by it alone.
    trees, values : tuple of float
        Mean and spread of the trees' scores and of the column over the kind's rows: they keep the kind's scores at the
        level that the trees give it among the other kinds.
    """

    column: str
    share: float
    trees: tuple[float, float] = (0.0, 1.0)
    values: tuple[float, float] = (0.0, 1.0)

    def fitted(self, score: Doubles, features: Floats, columns: Sequence[str]) -> "Plain":
        """Return it with the level and spread of these rows of the kind."""
        values = signed(features, self.column, columns)
        known = values[np.isfinite(values)]
        return Plain(self.column, self.share, _spread(score), _spread(known))

    def part(self, features: Floats, columns: Sequence[str]) -> Doubles:
        """Return the column on the scale of the trees' scores; unknown ranks last."""
        values = (signed(features, self.column, columns) - self.values[0]) / self.values[1]
        # Bounded, so that one item that runs away does not outweigh what the trees say; the order within stays.
        bounded = np.arcsinh(np.nan_to_num(values, nan=-1e9))
        return np.asarray(self.trees[0] + self.trees[1] * bounded, dtype=np.float64)

    def mixed(self, score: Doubles, features: Floats, columns: Sequence[str]) -> Doubles:
        """Return the trees' scores of the kind's rows with the column's share in them."""
        return (1.0 - self.share) * score + self.share * self.part(features, columns)

    def as_dict(self) -> dict[str, Any]:
        """Return it as JSON-serialisable values."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Read what `as_dict` gave, also after a way through JSON."""
        trees, values = ((float(pair[0]), float(pair[1])) for pair in (data["trees"], data["values"]))
        return cls(data["column"], data["share"], trees, values)


def _spread(values: Doubles) -> tuple[float, float]:
    if not len(values):
        return 0.0, 1.0
    return float(values.mean()), max(float(values.std()), 1e-9)


def surely_better(one: Doubles, other: Doubles) -> bool:
    """Tell whether the quality of lists is higher by more than a standard error of the difference.

    Examples
    --------
    >>> surely_better(np.array([1.0, 0.9, 1.0]), np.array([0.5, 0.6, 0.4]))
    True
    >>> surely_better(np.array([1.0, 0.0]), np.array([0.0, 0.9]))
    False
    """
    difference = one - other
    return bool(difference.mean() > difference.std() / np.sqrt(max(len(difference), 1)))


def choose_plain(score: Doubles, lists: RankedLists, columns: Sequence[str], sources: Sequence[str]) -> Plain | None:
    """Choose whether a kind's lists are ordered by the trees, by the best plain column, or by both.

    Parameters
    ----------
    score : ndarray of float64, shape (n,)
        Of trees that have not seen the lists.
    lists : RankedLists
        Of one kind of item.
    columns : sequence of str
        Names of the feature columns.
    sources : sequence of str
        Columns that could order alone, with a minus where the lowest comes first.

    Returns
    -------
    Plain or None
        None: the trees alone, as they are better than the best column beyond noise, or too little is known to tell.
    """
    if len(lists.sizes) < _MIN_LISTS:
        return None

    def ndcg(values: Doubles) -> Doubles:
        return list_quality(values, lists)[1]

    trees = ndcg(score)
    alone = {name: ndcg(column_score(lists.features, name, columns)) for name in sources}
    best = max(alone, key=lambda name: float(alone[name].mean()))
    if surely_better(trees, alone[best]):
        return None
    found = [Plain(best, share).fitted(score, lists.features, columns) for share in _SHARES]
    quality = [float(ndcg(plain.mixed(score, lists.features, columns)).mean()) for plain in found]
    chosen = int(np.argmax(quality))
    return found[chosen] if quality[chosen] > float(trees.mean()) else None
