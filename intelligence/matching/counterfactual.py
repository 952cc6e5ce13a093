"""What of its own would have put a partner higher: stored matches asked again with one thing changed.

The version that ranked is asked again with the stored feature values of the partner, some of them set to what the
partner could make of them. The values of all others stay as they were stored. That is what the model says of the
change, not a promise: its features are associations.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import numpy.typing as npt

from domain.errors import InvalidInput, NotFound
from intelligence.features.pair_build import PairSpec
from intelligence.stored import stored_frame, stored_version
from models.affinity import AffinityParameters
from store.standing import Run, Wish

if TYPE_CHECKING:
    from intelligence.context import Intelligence

Floats = npt.NDArray[np.float64]
Values = Mapping[str, Any]

_LEAST_GAIN = 0.01
"""Relative rise of p_win below which a change is not worth telling."""
_ACCEPTED = 0.9
_ANSWER_DAYS = 1.0


class Need(NamedTuple):
    """What a lead asks for that a partner may offer; None: nothing.

    ``certified``: the product, where it asks for certificates.
    """

    industry: str | None
    language: str | None
    certified: str | None

    @classmethod
    def of(cls, wish: Wish, demanding: frozenset[str]) -> "Need":
        """Return the needs behind a wish; `demanding` are the products that ask for certificates."""
        return cls(wish.industry, wish.language, wish.product if wish.product in demanding else None)


class Lever(NamedTuple):
    """Something of its own that a partner can change.

    ``sentence`` tells it, ``what`` names what of the lead it is about, and ``set_to`` gives the values of features
    with the change made: none where there is nothing to change.
    """

    name: str
    sentence: str
    what: Callable[[Need], str]
    set_to: Callable[[Values, Need], dict[str, float]]


def _number(values: Values, name: str) -> float:
    value = values.get(name)
    return float(value) if isinstance(value, int | float) else np.nan


def _matched(name: str, wanted: str | None) -> Callable[[Values], dict[str, float]]:
    return lambda values: {name: 1.0} if wanted is not None and _number(values, name) < 1.0 else {}


def _busy(values: Values, _need: Need) -> dict[str, float]:
    """Half as many open leads; less of its capacity used, where it sets one."""
    open_leads, load = _number(values, "open_leads"), _number(values, "load")
    if not open_leads >= 1.0:
        return {}
    left = float(np.floor(open_leads / 2.0))
    return {"open_leads": left} | ({"load": load * left / open_leads} if np.isfinite(load) else {})


def _nothing(_need: Need) -> str:
    return ""


LEVERS: tuple[Lever, ...] = (
    Lever(
        "certification",
        "With the certifications for {what}",
        lambda need: need.certified or "",
        lambda values, need: _matched("certified", need.certified)(values),
    ),
    Lever(
        "language",
        "With the customer's language among its languages",
        _nothing,
        lambda values, need: _matched("language_match", need.language)(values),
    ),
    Lever(
        "industry",
        "With {what} among its industries",
        lambda need: need.industry or "",
        lambda values, need: _matched("industry_match", need.industry)(values),
    ),
    Lever(
        "response_time",
        "With answers within a day",
        _nothing,
        lambda values, _need: {"response_days": _ANSWER_DAYS} if _number(values, "response_days") > 1.0 else {},
    ),
    Lever(
        "acceptance",
        "With nine of ten offered leads accepted",
        _nothing,
        lambda values, _need: {"accept_rate": _ACCEPTED} if _number(values, "accept_rate") < _ACCEPTED else {},
    ),
    Lever("open_leads", "With half as many open leads", _nothing, _busy),
)
"""What is tried, by names of pair features; a feature that a version does not have changes nothing."""


@dataclass(frozen=True, eq=False)
class Entry:
    """A partner among the candidates of a stored match.

    Parameters
    ----------
    model_version : str
        That ranked.
    rank, ranked : int
        Its place by that number among how many; who is shown first to be tried (`exploration.py`) changes no place.
    p_win, worth, gross : float
        Its chance, the number that the ranking is by, and that before prices are taken off.
    others : float64 array
        That number of all other candidates.
    values : mapping
        Its stored feature values.
    affinities : float64 array
        Stage-1 scores of the others.
    need : Need
        Of the lead.
    candidate : mapping
        The line of the answer.
    """

    model_version: str
    rank: int
    ranked: int
    p_win: float
    worth: float
    gross: float
    others: Floats
    values: Values
    affinities: Floats
    need: Need
    candidate: Values


@dataclass(frozen=True)
class Gain:
    """What a change would have made of a partner's place.

    Parameters
    ----------
    lever : Lever
        The change.
    what : str
        What of the lead it is about.
    p_win : float
        Then.
    rank : int
        Then, never worse than it was.
    """

    lever: Lever
    what: str
    p_win: float
    rank: int


def entry_of(run: Run, partner: str, need: Need) -> Entry | None:
    """Return a partner's line of a stored match with what it takes to ask again; None if it is not listed."""
    candidates = run.response.get("candidates") or []
    place = next((k for k, one in enumerate(candidates) if one["partner"] == partner), None)
    if place is None or place >= len(run.features):
        return None
    gross, mine = _gross(candidates), candidates[place]
    worth = _net(candidates, run.decision, gross)
    others = np.arange(len(candidates)) != place
    above = (worth > worth[place]) | ((worth == worth[place]) & (np.arange(len(candidates)) < place))
    affinity = [_number(values, "affinity") for values in run.features[: len(candidates)]]
    return Entry(
        run.model_version,
        1 + int(above.sum()),
        len(candidates),
        float(mine["p_win"]),
        float(worth[place]),
        float(gross[place]),
        worth[others],
        run.features[place],
        np.array([one for k, one in enumerate(affinity) if k != place]),
        need,
        mine,
    )


def _gross(candidates: Sequence[Values]) -> Floats:
    """Return what a stored ranking is by: p_win, or value where that goes down with the ranks instead."""
    ranks = np.argsort([one.get("rank") or 0 for one in candidates], kind="stable")
    chance = np.array([one["p_win"] for one in candidates], dtype=np.float64)
    amount = np.array([_number(one, "expected_amount") for one in candidates], dtype=np.float64)
    told = np.array([_number(one, "value") for one in candidates], dtype=np.float64)
    value = np.where(np.isfinite(told), told, chance * np.where(np.isfinite(amount), amount, 1.0))
    climbs = [int((np.diff(one[ranks]) > 0).sum()) for one in (chance, value)]
    return chance if climbs[0] <= climbs[1] else value


def _net(candidates: Sequence[Values], decision: Any, gross: Floats) -> Floats:
    """Return what candidates were worth, as the decision has it: less the price of a place that others need, say."""
    options = (decision or {}).get("options") or []
    worth = {one["partner"]: _number(one, "worth") for one in options}
    net = np.array([worth.get(one["partner"], np.nan) for one in candidates], dtype=np.float64)
    return net if np.isfinite(net).all() else gross


def gains(context: "Intelligence", entries: Sequence[Entry]) -> list[list[Gain]]:
    """Return what would have raised a partner, for each of its entries, the best change first.

    Entries of a version that is gone, or of the baseline (it looks at none of this), have none. A change by which the
    model says less chance is not told.
    """
    found: list[list[Gain]] = [[] for _ in entries]
    for label in dict.fromkeys(entry.model_version for entry in entries):
        rows = [k for k, entry in enumerate(entries) if entry.model_version == label]
        for k, gain in _gains(context, label, [(k, entries[k]) for k in rows]):
            found[k].append(gain)
    for each in found:
        each.sort(key=lambda gain: (gain.rank, -gain.p_win, gain.lever.name))
    return found


def _gains(context: "Intelligence", label: str, entries: Sequence[tuple[int, Entry]]) -> list[tuple[int, Gain]]:
    try:
        version, model = stored_version(context, label)
    except (InvalidInput, NotFound):
        return []
    affinity = PairSpec.from_json(model.spec).affinity
    asked: list[tuple[int, Entry, Lever]] = []
    records: list[Values] = []
    for k, entry in entries:
        for lever in LEVERS:
            wanted = {name: to for name, to in lever.set_to(entry.values, entry.need).items() if name in entry.values}
            if wanted:
                asked.append((k, entry, lever))
                records.append(_changed(entry, wanted, affinity))
    if not records:
        return []
    chances = model.predict(stored_frame(records, version.folder)).p.tolist()
    return [
        (k, Gain(lever, lever.what(entry.need), p, _rank(entry, p)))
        for (k, entry, lever), p in zip(asked, chances, strict=True)
        if p > entry.p_win * (1.0 + _LEAST_GAIN)
    ]


def _rank(entry: Entry, p_win: float) -> int:
    more = p_win / entry.p_win - 1.0 if entry.p_win > 0 else 0.0
    worth = entry.worth + entry.gross * more  # a price stays what it is
    return min(entry.rank, 1 + int((entry.others > worth).sum()))


def _changed(entry: Entry, wanted: Mapping[str, float], affinity: AffinityParameters) -> dict[str, Any]:
    """Return feature values with a change made, also in the stage-1 score that is made of some of them.

    Where wins alone are known the score stands beside everybody's; the others' scores are taken as they were.
    """
    values = {**entry.values, **wanted}
    weights = affinity.weights or (1.0,) * len(affinity.names)
    known = dict(zip(affinity.names, weights, strict=True))
    moved = sum(
        known.get(name, 0.0) * (to - before)
        for name, to in wanted.items()
        if np.isfinite(before := _number(entry.values, name))
    )
    score = _number(values, "affinity")
    if not moved or not np.isfinite(score):
        return values
    values["affinity"] = score + moved
    for name in ("affinity_gap", "affinity_share"):
        if np.isfinite(_number(values, name)):
            values[name] = min(_number(values, name) + moved, 0.0)
    if np.isfinite(_number(values, "affinity_rank")):
        above = float((entry.affinities > score + moved).sum())
        values["affinity_rank"] = min(_number(values, "affinity_rank"), above)
    return values
