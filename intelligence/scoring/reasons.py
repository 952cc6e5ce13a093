"""What moved a number, as factors and as the few sentences that a person reads."""

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from domain.language import Language, spoken
from intelligence.features.registry import Feature, FeatureSet
from intelligence.features.sentences import Fact, fact, literal
from intelligence.features.timeline import FloatArray

N_REASONS = 3
_NEGLIGIBLE = 1e-4
_OTHERS = "All other factors"


@dataclass(frozen=True, eq=False)
class Explanation:
    """Features, their values and what they contributed, for rows of one instant.

    Parameters
    ----------
    feature_set : FeatureSet
        Describes the columns.
    features : DataFrame, shape (n, features)
        Values.
    as_of : datetime64[us]
        Instant of all rows.
    base : ndarray of float64, shape (n,)
        Log-odds before any feature.
    contributions : DataFrame, shape (n, features)
        On the log-odds scale; no columns when a baseline answered.
    default : tuple of str
        Features to tell of when nothing contributed.
    language : Language, optional
        Of the sentences; default: that of whoever is being answered.
    """

    feature_set: FeatureSet
    features: pd.DataFrame
    as_of: np.datetime64
    base: FloatArray
    contributions: pd.DataFrame
    default: tuple[str, ...] = ()
    language: Language = field(default_factory=spoken)

    def take(self, rows: npt.NDArray[np.intp]) -> "Explanation":
        """Return the rows at these positions."""
        return replace(
            self,
            features=self.features.iloc[rows].reset_index(drop=True),
            base=self.base[rows],
            contributions=self.contributions.iloc[rows].reset_index(drop=True),
        )

    def factors(self, row: int, *, limit: int | None = None) -> list[dict[str, Any]]:
        """Return name, value, contribution and sentence of a row's features, the weightiest first.

        Parameters
        ----------
        row : int
            Position.
        limit : int, optional
            At most so many; those left out are added up in a last one called ``others``.
        """
        return [self._factor(*moved) for moved in self._moved(row, limit)]

    def reasons(self) -> list[list[str]]:
        """Return up to three sentences per row, of different topics, the weightiest first."""
        return [[fact.tell(self.as_of, self.language) for fact in said] for said in self._said]

    def kept(self, row: int, *, limit: int | None = None) -> dict[str, Any]:
        """Return what to store of a row: base, factors and reasons, such that `told` tells them in any language."""
        facts = [(moved, self._factor(*moved)) for moved in self._moved(row, limit)]
        return {
            "base": float(self.base[row]),
            "factors": [factor | {"fact": astuple(fact)} for (_, _, _, fact), factor in facts],
            "reasons": [astuple(fact) for fact in self._said[row]],
            "language": self.language.code,
        }

    def _moved(self, row: int, limit: int | None) -> list[tuple[str, object, float, Fact]]:
        """Return name, value, contribution and fact of what moved a row, the weightiest first."""
        moved = self.contributions.iloc[row].to_numpy(float) if self.contributions.shape[1] else np.array([])
        order = [int(i) for i in np.argsort(-np.abs(moved), kind="stable") if abs(moved[i]) > 0]
        values = self._values(row)
        shown = order if limit is None else order[:limit]
        names = [str(self.contributions.columns[i]) for i in shown]
        found = [
            (name, values.get(literal(name)), float(moved[i]), self._fact(name, values) or self._description(name))
            for name, i in zip(names, shown, strict=True)
        ]
        rest = float(moved[order[len(shown) :]].sum()) if len(order) > len(shown) else 0.0
        return [*found, ("others", None, rest, Fact(_OTHERS, None))] if rest else found

    @cached_property
    def _said(self) -> list[list[Fact]]:
        return [self._facts(row, names) for row, names in enumerate(self._ranked())]

    def _facts(self, row: int, names: Sequence[str]) -> list[Fact]:
        values = self._values(row)
        said: dict[str, Fact] = {}
        for name in names:
            fact = self._fact(name, values)
            if fact is not None:
                said.setdefault(fact.tell(self.as_of, self.language), fact)
            if len(said) == N_REASONS:
                break
        return list(said.values())

    def _fact(self, name: str, values: Mapping[str, object]) -> Fact | None:
        return fact(self._by_name[name], values) if name in self._by_name else None

    def _description(self, name: str) -> Fact:
        return Fact(literal(self._by_name[name].description if name in self._by_name else name), None)

    def _ranked(self) -> list[list[str]]:
        """Return the feature to name of each topic, topics by the size of what they moved together."""
        columns = [str(name) for name in self.contributions.columns]
        default = [name for name in self.default if name in self._by_name]
        if not columns:
            return [default] * len(self.features)
        moved = self.contributions.to_numpy(float)
        topics, place = np.unique([self._topic(name) for name in columns], return_inverse=True)
        members = [np.flatnonzero(place == topic) for topic in range(len(topics))]
        sums = np.column_stack([moved[:, cols].sum(axis=1) for cols in members])
        # Of a topic the member that says most, among those that pull the way of the whole.
        signed = [moved[:, cols] * np.sign(sums[:, [topic]]) for topic, cols in enumerate(members)]
        best = np.column_stack([cols[part.argmax(axis=1)] for cols, part in zip(members, signed, strict=True)])
        order = np.argsort(-np.abs(sums), axis=1, kind="stable")[:, : 4 * N_REASONS]
        return [
            [columns[best[row, topic]] for topic in order[row] if abs(sums[row, topic]) > _NEGLIGIBLE] + default
            for row in range(len(moved))
        ]

    def _topic(self, name: str) -> str:
        return self._by_name[name].subject if name in self._by_name else name

    @cached_property
    def _by_name(self) -> Mapping[str, Feature]:
        return {feature.name: feature for feature in self.feature_set.features}

    @cached_property
    def _columns(self) -> Mapping[str, list[object]]:
        return {literal(str(name)): self.features[name].astype(object).tolist() for name in self.features}

    def _values(self, row: int) -> dict[str, object]:
        return {name: column[row] for name, column in self._columns.items()}

    def _factor(self, name: str, value: object, contribution: float, fact: Fact) -> dict[str, Any]:
        missing = value is None or (isinstance(value, float) and np.isnan(value))
        return {
            "name": name,
            "value": None if missing else value,
            "contribution": contribution,
            "sentence": fact.tell(self.as_of, self.language),
        }


def in_columns(said: Sequence[Sequence[str]]) -> dict[str, list[str]]:
    """Return the columns of reasons."""
    return {f"reason_{k + 1}": [row[k] if k < len(row) else "" for row in said] for k in range(N_REASONS)}


def told(details: Mapping[str, Any], as_of: np.datetime64, language: Language) -> dict[str, Any]:
    """Return stored details of a score with factors and reasons in a language.

    Parameters
    ----------
    details : mapping
        With what `Explanation.kept` gave; of a score without that, its own words are returned.
    as_of : datetime64[us]
        Instant of the score.
    language : Language
        Of whoever reads.
    """
    if details.get("language") in (None, language.code):
        return dict(details)

    def sentence(kept: Sequence[Any]) -> str:
        return Fact(kept[0], kept[1]).tell(as_of, language)

    factors = [factor | {"sentence": sentence(factor["fact"])} for factor in details["factors"]]
    said = [sentence(kept) for kept in details["reasons"]] + [""] * N_REASONS
    return {**details, "factors": factors, **{f"reason_{k + 1}": said[k] for k in range(N_REASONS)}}
