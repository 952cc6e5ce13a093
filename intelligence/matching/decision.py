"""What was decided for one lead: the options with their propensities, the policy, and the draw; kept to be replayed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from domain.routing import Exploration, RoutingPolicy, policy_of
from intelligence.matching.exploration import WIDTH, draw, propensities
from intelligence.matching.matcher import Matcher, Question, Ranking

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_NUMBERS = ("worth", "p_win", "low", "high", "expected_amount")
_KEPT = (*_NUMBERS, "propensity")


@dataclass(frozen=True)
class Option:
    """A candidate that the policy chose from.

    Parameters
    ----------
    partner : str
        External id.
    worth : float
        What it is ranked by.
    p_win, low, high, expected_amount : float
        As answered; the amount NaN where none is known.
    propensity : float
        Probability with which the policy shows it first.
    """

    partner: str
    worth: float
    p_win: float
    low: float
    high: float
    expected_amount: float
    propensity: float

    def as_json(self) -> dict[str, Any]:
        """Return what is kept of it."""
        numbers = {name: getattr(self, name) for name in _KEPT}
        return {"partner": self.partner, **{name: None if np.isnan(one) else one for name, one in numbers.items()}}


@dataclass(frozen=True)
class Decision:
    """Who is shown first for a lead, and how that came about.

    Parameters
    ----------
    lead : str
        As the caller names it.
    policy : RoutingPolicy
        The one that decided.
    key : str or None
        From which the draw follows; None: nothing was drawn, the best is shown first.
    options : tuple of Option
        The best first, as they were ranked before the draw.
    drawn : int
        Position of the option that is shown first.
    left_out : list of mappings
        Feature values of options that the answer does not show, in their order.
    """

    lead: str
    policy: RoutingPolicy
    key: str | None
    options: tuple[Option, ...]
    drawn: int
    left_out: list[dict[str, Any]] = field(default_factory=list, compare=False)

    @property
    def explored(self) -> bool:
        """Whether another than the best is shown first."""
        return self.drawn > 0

    @property
    def policy_used(self) -> dict[str, str]:
        """Name and fingerprint of the policy, for answers."""
        return {"name": self.policy.name, "fingerprint": self.policy.fingerprint}

    @property
    def order(self) -> tuple[Option, ...]:
        """The options in the order in which they are shown."""
        return (self.options[self.drawn], *self.options[: self.drawn], *self.options[self.drawn + 1 :])

    def again(self, chances: Mapping[str, Sequence[float | None]]) -> Self:
        """Decide again, by the same policy and key.

        Parameters
        ----------
        chances : mapping
            ``p_win``, ``low`` and ``high`` by partner, as they are now.
        """
        columns = {name: np.array([getattr(one, name) for one in self.options]) for name in _NUMBERS}
        now = np.array([chances[one.partner] for one in self.options], dtype=np.float64)
        columns |= dict(zip(("p_win", "low", "high"), now.T, strict=True))
        return self.of(self.lead, self.policy, self.key, [one.partner for one in self.options], columns)

    @classmethod
    def of(
        cls,
        lead: str,
        policy: RoutingPolicy,
        key: str | None,
        partners: Sequence[str],
        numbers: Mapping[str, Floats],
    ) -> Self:
        """Decide.

        Parameters
        ----------
        lead, policy, key
            As above.
        partners : sequence of str
            The ranked candidates, at least one.
        numbers : mapping of float64 arrays
            ``worth``, ``p_win``, ``low``, ``high``, ``expected_amount`` of each.
        """
        chances = np.zeros(len(partners))
        chances[0] = 1.0
        if key is not None:
            chances = propensities(numbers["worth"], numbers["low"], numbers["p_win"], numbers["high"], policy)
        rows = zip(partners, *(numbers[name].tolist() for name in _NUMBERS), chances.tolist(), strict=True)
        drawn = 0 if key is None else draw(chances, key)
        return cls(lead, policy, key, tuple(Option(*row) for row in rows), drawn)

    def as_json(self) -> dict[str, Any]:
        """Return what is kept: everything but the feature values, which are kept with those of the candidates."""
        return {
            "lead": self.lead,
            "key": self.key,
            "drawn": self.drawn,
            "explored": self.explored,
            "policy": self.policy.model_dump(mode="json"),
            "policy_fingerprint": self.policy.fingerprint,
            "options": [one.as_json() for one in self.options],
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Self:
        """Read what `as_json` gave.

        Raises
        ------
        InvalidInput
            If the policy in it is none any more.
        """
        options = (Option(one["partner"], *(_number(one[name]) for name in _KEPT)) for one in kept["options"])
        policy = policy_of(kept["policy"], "the policy of the decision")
        return cls(kept["lead"], policy, kept["key"], tuple(options), int(kept["drawn"]))


def _number(value: float | None) -> float:
    return np.nan if value is None else float(value)


def width(matcher: Matcher, top: int, key: str | None) -> int:
    """Return how many candidates are to be ranked for `top` to be shown."""
    explores = key is not None and any(policy.exploration is not Exploration.NONE for policy in matcher.policies.all)
    return max(top, WIDTH) if explores else top


def decide(
    matcher: Matcher, question: Question, ranking: Ranking, top: int, key: str | None
) -> tuple[Ranking, list[Decision]]:
    """Decide for each lead who is shown first, by the policy of its programme.

    Parameters
    ----------
    matcher, question
        Who ranked what.
    ranking : Ranking
        At least `top` candidates of each lead, if it has as many.
    top : int
        Candidates to show.
    key : str, optional
        From which, with lead and policy, each draw follows; None: the best is shown first.

    Returns
    -------
    Ranking
        The drawn first, the rest in their order, `top` of each lead, with a column ``propensity``.
    list of Decision
        One per lead that has candidates, in the order of the leads.
    """
    pairs = ranking.pairs
    asked = pairs["question"]
    starts = np.flatnonzero(np.diff(asked, prepend=-1)).tolist()
    names = matcher.world.partner_names[pairs["partner"]]
    numbers = {name: pairs[name] for name in _NUMBERS}
    chances, place, decisions = np.zeros(len(ranking)), pairs["rank"].copy(), []
    stops = [*starts[1:], len(ranking)] if starts else []  # nobody is eligible
    for start, stop in zip(starts, stops, strict=True):
        position, mine = int(asked[start]), slice(start, stop)
        policy, lead = matcher.policy_of(question, position), str(question.names[position])
        # A lead that is asked about again draws the same, so that nobody asks until a favourite comes first.
        drawing = None if key is None else f"{key}/{lead}/{policy.fingerprint}"
        own = {name: column[mine] for name, column in numbers.items()}
        made = Decision.of(lead, policy, drawing, names[mine].tolist(), own)
        chances[mine] = [one.propensity for one in made.options]
        place[start : start + made.drawn] += 1
        place[start + made.drawn] = 1
        if stop - start > top:
            made = replace(made, left_out=list(ranking.features.take(mine).take(place[mine] > top).rows(missing=None)))
        decisions.append(made)
    return _shown(ranking, place, chances, top), decisions


def _shown(ranking: Ranking, place: Ints, chances: Floats, top: int) -> Ranking:
    """Return the rows in their new places, those beyond `top` left out."""
    shown = Ranking(ranking.pairs | {"rank": place, "propensity": chances}, ranking.features)
    if (place == ranking.pairs["rank"]).all() and (place <= top).all():
        return shown
    order = np.lexsort((place, ranking.pairs["question"]))
    return shown.take(order[place[order] <= top])
