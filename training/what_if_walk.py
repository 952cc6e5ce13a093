"""The walk of a policy over leads in order of arrival, each decided on what was known then and on its own load."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from domain.routing import Policies, RoutingPolicy, Rule
from intelligence.features.pair_world import DAY_US
from intelligence.matching.exploration import WIDTH, propensities
from intelligence.matching.fairness_groups import Groups
from training.what_if_clock import AnswerTimes, Chain, Clocked
from training.what_if_load import Load
from training.what_if_model import Judge
from training.what_if_options import Asked, Options, Scorer, Task

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

NOBODY = -1
_MOST_AT_ONCE = 64
_LEAST_ROOM = 0.5
"""Loads are expected numbers: a partner takes a lead while that puts it over its limit by half a lead at most."""
_LEAST_WEIGHT = 0.005
"""Of the partners that might be shown first, those less probable are not followed along the hops."""


@dataclass(eq=False)
class GroupTotals:
    """Leads by group of partners: what an even draw among the eligible would give, what was given, what would be."""

    groups: Groups
    lots: Floats = field(default_factory=lambda: np.zeros(0))
    actual: Floats = field(default_factory=lambda: np.zeros(0))
    policy: Floats = field(default_factory=lambda: np.zeros(0))

    def add(self, name: str, codes: Ints, weights: Floats) -> None:
        """Add weights to the groups with `codes`."""
        size = len(self.groups.names)
        for each in ("lots", "actual", "policy"):
            old: Floats = getattr(self, each)
            setattr(self, each, np.pad(old, (0, size - len(old))))
        setattr(self, name, getattr(self, name) + np.bincount(codes, weights, minlength=size))


@dataclass(eq=False)
class Course:
    """What a walk found: one entry per lead in each list of `columns`, and sums.

    Parameters
    ----------
    given : float64 array of shape (p,)
        Expected number of leads that each partner is shown first for.
    missed : float64 array of shape (p,)
        Probability that a partner is shown first for no lead.
    eligible : bool array of shape (p,)
        Whether a partner was eligible for any lead.
    groups : dict of str to GroupTotals
        By what partners are grouped.

    Attributes
    ----------
    policy, actual : Clocked
        What is expected of the leads on their way: under the policy, and with the partner really chosen asked first.
    columns : dict of str to list
        ``chosen`` (position of the partner most probably shown first, -1 for nobody), ``shown`` (with which
        probability), ``kept`` (probability that it is the one really chosen), ``eligible`` and ``with_room`` (how many
        partners), ``against`` (codes of rules against the real one), ``place`` (of the real one among the options,
        from 1; 0 for not among them), and the model's opinions of the real one, of all that might be shown first, and
        of the most probable of them: ``p_actual``, ``value_actual``, ``p_policy``, ``value_policy``, ``p_chosen``,
        ``value_chosen`` (0 where there is nobody).
    features : list of DataFrame
        Feature row of the chosen partner, indexed by the lead's position in the task.
    """

    given: Floats
    missed: Floats
    eligible: Bools
    groups: Mapping[str, GroupTotals]
    policy: Clocked = field(default_factory=Clocked)
    actual: Clocked = field(default_factory=Clocked)
    columns: dict[str, list[Any]] = field(default_factory=dict)
    features: list[pd.DataFrame] = field(default_factory=list)

    def note(self, **values: object) -> None:
        """Add a lead's entries."""
        for name, value in values.items():
            self.columns.setdefault(name, []).append(value)

    def numbers(self, name: str) -> Floats:
        """Return a column of numbers as an array."""
        return np.array(self.columns.get(name, []), dtype=np.float64)


class Walk:
    """Decides about leads as policies would have.

    Parameters
    ----------
    judge : Judge
        The model, and the history as it wants to see it.
    policies : Policies
        By programme.
    load : Load
        Open leads of the replay.
    times : AnswerTimes
        How long answers take.
    candidates : int
        Partners per lead that the model looks at.
    group_by : sequence of str
        What partners are grouped by.
    protected : sequence of str
        Attributes that partners may be grouped by although no model sees them.
    """

    def __init__(
        self,
        judge: Judge,
        policies: Policies,
        load: Load,
        times: AnswerTimes,
        candidates: int,
        group_by: Sequence[str],
        protected: Sequence[str] = (),
    ) -> None:
        groups = {name: Groups(name, judge.world.history, protected) for name in group_by}
        self._load, self._times = load, times
        self._scorer = Scorer(judge, policies, candidates, times.p_accept, groups)
        n = len(judge.world.partner_ids)
        totals = {name: GroupTotals(each) for name, each in groups.items()}
        self._course = Course(np.zeros(n), np.ones(n), np.zeros(n, dtype=bool), totals)

    def run(self, task: Task, report: Callable[[float], None]) -> Course:
        """Walk over all leads; `report` takes the share done."""
        for block in _blocks(task.at_us):
            for one, options, actual in self._scorer.look(task, block, self._load):
                self._decide(task, one, options, actual)
            report(block.stop / len(task))
        return self._course

    def _decide(self, task: Task, one: Asked, options: Options, actual: Options) -> None:
        """Decide about a lead, and note what follows."""
        course, at, real = self._course, int(task.at_us[one.position]), int(task.actual[one.position])
        options = self._with_room(one, options, at)
        shown = first_shown(options, one.policy)
        real_place = np.flatnonzero(options.partners == real)
        kept = float(shown[real_place].sum())
        first = int(np.argmax(shown)) if len(options) else NOBODY
        self._load.decide(int(task.row[one.position]), kept)
        self._follow(task, one, options, shown, actual)
        self._spread(one, options, shown, real)
        if first != NOBODY:
            row = options.features.iloc[options.rows[[first]]]
            course.features.append(row.set_axis([one.position]))
        chosen = options.take(np.array([first] if first != NOBODY else [], dtype=np.int64))
        course.note(
            chosen=int(chosen.partners[0]) if len(chosen) else NOBODY,
            shown=float(shown[first]) if len(chosen) else 0.0,
            kept=kept,
            eligible=int(one.eligible.sum()),
            with_room=len(options),
            against=one.against or self._full(one, options, real),
            place=int(real_place[0]) + 1 if len(real_place) else 0,
            p_actual=float(actual.p_win.sum()),
            value_actual=float(actual.value.sum()),
            p_policy=float(shown @ options.p_win),
            value_policy=float(shown @ options.value),
            p_chosen=float(chosen.p_win.sum()),
            value_chosen=float(chosen.value.sum()),
        )

    def _with_room(self, one: Asked, options: Options, at: int) -> Options:
        """Leave out partners that have as many open leads as they take, counting what the replay gave out."""
        if not len(options) or not one.policy.setting(Rule.AT_CAPACITY).enforced:
            return options
        open_leads = self._load.really(at) + self._load.difference(at)
        room = (one.limit - open_leads)[options.partners]
        return options.take(np.isnan(room) | (room >= _LEAST_ROOM))

    @staticmethod
    def _full(one: Asked, options: Options, real: int) -> tuple[str, ...]:
        """Return why the real partner is no option although no other rule speaks against it."""
        missing = real != NOBODY and one.eligible[real] and real not in options.partners
        return (str(Rule.AT_CAPACITY),) if missing else ()

    def _spread(self, one: Asked, options: Options, shown: Floats, real: int) -> None:
        """Note who might have had the lead, who had it, and who would have it, as partners and by group."""
        course, lots = self._course, one.eligible / max(int(one.eligible.sum()), 1)
        course.eligible |= one.eligible
        np.add.at(course.given, options.partners, shown)
        course.missed[options.partners] *= 1.0 - shown
        first = np.zeros(len(lots))
        first[options.partners] = shown
        for name, totals in course.groups.items():
            members = one.members[name]
            totals.add("lots", members.code, lots[members.partner])
            totals.add("policy", members.code, first[members.partner])
            if real != NOBODY:
                mine = members.of(real)
                totals.add("actual", mine, np.ones(len(mine)))

    def _follow(self, task: Task, one: Asked, options: Options, shown: Floats, actual: Options) -> None:
        """Follow the lead from partner to partner: under the policy, and from the partner really asked first."""
        course, real = self._course, int(task.actual[one.position])
        waited = float(task.wait_hours[one.position])
        if len(actual):
            rest = options.take(options.partners != real)
            course.actual.add(self._times, _chain(actual, rest, one.policy), one.policy, waited)
        if not len(options):
            course.policy.add_nobody(one.policy)
            return
        wait = 0.0 if one.policy.automatic else waited
        followed = np.flatnonzero(shown >= min(_LEAST_WEIGHT, float(shown.max())))
        weights = shown[followed] / shown[followed].sum()
        for place, weight in zip(followed.tolist(), weights.tolist(), strict=True):
            others = np.delete(np.arange(len(options)), place)[: one.policy.max_hops]
            chain = _chain(options.take(np.array([place])), options.take(others), one.policy)
            asked = course.policy.add(self._times, chain, one.policy, wait, weight)
            if chain.partners[0] != real:
                self._give(chain, asked * weight, int(task.at_us[one.position]), one.policy)

    def _give(self, chain: Chain, weights: Floats, at: int, policy: RoutingPolicy) -> None:
        """Count a lead that goes another way than it really did towards the load of those who may get it."""
        step = self._times.usual_refusal_us(policy)
        for hop, partner in enumerate(chain.partners.tolist()):
            self._load.give(partner, at + hop * step, float(weights[hop]), float(chain.p_accept[hop]))


def first_shown(options: Options, policy: RoutingPolicy) -> Floats:
    """Return the probability with which a policy shows each option first, shape (k,); options are best first."""
    shown = np.zeros(len(options))
    near = options.take(np.arange(min(WIDTH, len(options))))
    shown[: len(near)] = propensities(near.worth, near.low, near.p_win, near.high, policy)
    return shown


def _chain(first: Options, rest: Options, policy: RoutingPolicy) -> Chain:
    """Ask one partner, then the best of the others, up to the policy's limit of hops."""
    names = ("partners", "p_accept", "p_win")
    more = policy.max_hops - 1
    return Chain(*(np.concatenate([getattr(first, name), getattr(rest, name)[:more]]) for name in names))


def _blocks(at_us: Ints) -> Iterator[range]:
    """Split leads into stretches of a day at most, and of not too many."""
    start = 0
    while start < len(at_us):
        day = int(np.searchsorted(at_us, at_us[start] + DAY_US, "right"))
        stop = min(day, start + _MOST_AT_ONCE)
        yield range(start, stop)
        start = stop
