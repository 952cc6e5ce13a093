"""What a feature is, which groups make them, and which groups make up a feature set."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal, Self

from domain.errors import FeatureSetMismatch

if TYPE_CHECKING:
    from intelligence.features.work import Work

FeatureKind = Literal["number", "category"]


@dataclass(frozen=True)
class Feature:
    """One column of a feature frame.

    Parameters
    ----------
    name : str
        Column name.
    description : str
        What it measures, its unit and window; for the model card.
    sentence : str
        Template of the fact behind it, see `intelligence.features.sentences`; neutral as to whether it is good news.
    kind : {"number", "category"}, default="number"
        ``float64`` with NaN for missing, or strings.
    topic : str, optional
        Features of one topic say nearly the same: a list of reasons names only one of them. Default: the name.
    missing : str, optional
        What a missing value means, as a sentence; empty: nothing worth saying.
    """

    name: str
    description: str
    sentence: str
    kind: FeatureKind = "number"
    topic: str = ""
    missing: str = ""

    @property
    def subject(self) -> str:
        """Topic, or the name where none was given."""
        return self.topic or self.name


@dataclass(frozen=True)
class Group:
    """Features that are computed together.

    Parameters
    ----------
    name : str
        Unique.
    describe : callable
        Gives the features of a feature set's parameters (some depend on the data: activity kinds, custom attributes).
    compute : callable
        Gives a column (array of length n) for each of those features.
    learn : callable, optional
        Gives the parameters that the group keeps in a feature set, from ``(work)`` over the whole history.
    """

    name: str
    describe: Callable[["FeatureSet"], tuple[Feature, ...]]
    compute: Callable[["Work"], Mapping[str, Any]]
    learn: Callable[["Work"], Mapping[str, Any]] | None = None


GROUPS: dict[str, Group] = {}
SETS: dict[str, tuple[str, ...]] = {}


def register(group: Group) -> Group:
    """Add a group; its module must be imported by `intelligence.features.build`."""
    GROUPS[group.name] = group
    return group


def static(*features: Feature) -> Callable[["FeatureSet"], tuple[Feature, ...]]:
    """Describe a group whose features depend on nothing."""
    return lambda _: features


@dataclass(frozen=True)
class FeatureSet:
    """A named list of features with what was learned to compute them; belongs to one model.

    Parameters
    ----------
    name : str
        ``churn``, ``fit`` or ``partner``.
    parameters : mapping
        JSON-serialisable: kinds of activity, custom attributes, projection of texts ...
    """

    name: str
    parameters: Mapping[str, Any] = field(default_factory=dict)

    @property
    def groups(self) -> tuple[Group, ...]:
        """Groups that make up the set.

        Raises
        ------
        FeatureSetMismatch
            If there is no set of that name.
        """
        if self.name not in SETS:
            raise FeatureSetMismatch(f"No feature set is called {self.name!r}; there is {', '.join(sorted(SETS))}.")
        return tuple(GROUPS[name] for name in SETS[self.name])

    @property
    def features(self) -> tuple[Feature, ...]:
        """All features in the order of the columns, without those that did not vary in training."""
        dropped = frozenset(self.parameters.get("dropped", ()))
        return tuple(
            feature for group in self.groups for feature in group.describe(self) if feature.name not in dropped
        )

    def without(self, names: Iterable[str]) -> Self:
        """Return the set without some of its features."""
        dropped = sorted({*self.parameters.get("dropped", ()), *names})
        return replace(self, parameters={**self.parameters, "dropped": dropped})

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of all features."""
        return tuple(feature.name for feature in self.features)

    @property
    def fingerprint(self) -> str:
        """Hash of everything that decides the values: 16 hex digits."""
        content = [self.name, self.columns, self.parameters]
        return hashlib.sha256(json.dumps(content, sort_keys=True, default=list).encode()).hexdigest()[:16]

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-serialisable description."""
        return {"name": self.name, "parameters": dict(self.parameters), "fingerprint": self.fingerprint}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Self:
        """Read what ``to_json`` gave.

        Raises
        ------
        FeatureSetMismatch
            If this version of the service computes other features under that name.
        """
        loaded = cls(str(data["name"]), dict(data["parameters"]))
        if loaded.fingerprint != data["fingerprint"]:
            raise FeatureSetMismatch(
                f"The feature set {loaded.name!r} has changed since the model was trained. Train it again.",
                stored=data["fingerprint"],
                current=loaded.fingerprint,
            )
        return loaded
