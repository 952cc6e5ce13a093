"""Eligible partners ranked for leads, each lead as of its own instant."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from domain.routing import Objective, Policies, RoutingPolicy, Rule
from intelligence.features.pair_build import PairRows, PairSpec
from intelligence.features.pair_state import PairState
from intelligence.features.pair_world import LeadBatch, PairWorld
from intelligence.matching.eligibility import Eligibility
from intelligence.matching.facts import Reason, reasons
from intelligence.matching.record import Record
from intelligence.matching.value import PARTS, CommissionRates, margin_of, values_of, worth
from models.columns import Columns, joined
from models.match import Ranker
from store.absences import Absences

if TYPE_CHECKING:
    from intelligence.matching.fairness_groups import Groups, Members
    from intelligence.matching.prices import Pricing

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Arrays = dict[str, npt.NDArray[Any]]
"""Columns of pairs by name, of one length: frames of so few rows cost more than what is worked out in them."""

_NO_FEATURES = Columns(np.zeros((0, 0)), (), np.zeros((0, 0), np.int64), (), (), ())
_CHUNK_ROWS = 60_000


@dataclass(frozen=True, eq=False)
class Question:
    """Leads and the instants that they are asked about.

    Parameters
    ----------
    batch : LeadBatch
        In the terms of the matcher's world.
    names : sequence of str
        The caller's ids.
    store_rows : int64 array
        Rows of the leads in the world's table, -1 where they are not in the store.
    at_us : int64 array
        Instants, microseconds since 1970.
    """

    batch: LeadBatch
    names: Sequence[str]
    store_rows: Ints
    at_us: Ints


@dataclass(frozen=True, eq=False)
class Ranking:
    """Ranked pairs, leads in the order asked, best partner first.

    Parameters
    ----------
    pairs : mapping of arrays
        ``question`` (position of the lead), ``partner`` (position), ``rank``, ``p_win``, ``low``, ``high``,
        ``expected_amount``, ``n`` (own outcomes), ``at`` (microseconds), ``worth`` (what they are ranked by, the
        ``shadow_price`` taken off), and the parts of the value: ``p_accept``, ``p_win_if_accepted`` (NaN where not told
        apart), ``margin``, ``value``, ``lift`` (`value.with_value`).
    features : Columns
        Feature values of the pairs.
    """

    pairs: Arrays
    features: Columns

    def __len__(self) -> int:
        return len(self.features)

    @cached_property
    def rows(self) -> pd.DataFrame:
        """The pairs as a frame."""
        return pd.DataFrame(self.pairs)

    def take(self, rows: npt.NDArray[Any]) -> "Ranking":
        """Return some pairs, by position."""
        return Ranking({name: column[rows] for name, column in self.pairs.items()}, self.features.take(rows))


@dataclass(eq=False)
class _Walk:
    """A state that has been walked to some instant, and the rules over its profiles."""

    state: PairState
    rules: Eligibility
    at_us: int = -(2**62)


@dataclass(eq=False)
class Matcher:
    """A ranker over one prepared history.

    Parameters
    ----------
    world : PairWorld
        The history.
    spec : PairSpec
        Features that the ranker expects.
    ranker : Ranker
        Fitted model or baseline.
    label : str
        Its version, for the answers.
    candidates : int
        Partners per lead that the ranker looks at.
    policies : Policies
        Rules of eligibility, objective and margin, by programme.
    """

    world: PairWorld
    spec: PairSpec
    ranker: Ranker
    label: str
    candidates: int
    policies: Policies = field(default_factory=Policies)
    absences: Absences = field(default_factory=Absences.none)
    _walk: _Walk | None = field(default=None, init=False)
    _lock: Lock = field(default_factory=Lock, init=False)

    @cached_property
    def record(self) -> Record:
        """Outcomes of partners, for sentences."""
        return Record(self.world)

    @cached_property
    def _commissions(self) -> CommissionRates:
        return CommissionRates(self.world.history, self.world.partner_ids)

    def _walk_to(self, at_us: int) -> _Walk:
        """Return the walk at an instant; walked again from the start when the instant lies behind it."""
        if self._walk is None or at_us < self._walk.at_us:
            state = PairState(self.world, self.spec.affinity)
            self._walk = _Walk(state, Eligibility(self.world, state.profiles, self.policies, self.absences))
        self._walk.state.advance(at_us)
        self._walk.at_us = at_us
        return self._walk

    def rank(
        self,
        question: Question,
        top: int,
        by: str | None,
        partners: Sequence[Ints] | None = None,
        pricing: "Pricing | None" = None,
    ) -> Ranking:
        """Rank eligible partners.

        Parameters
        ----------
        question : Question
            Leads, in any order of time.
        top : int
            Partners to keep per lead.
        by : {"p_win", "value"}, optional
            Value is p_win times the expected amount times the margin; default: the objective of each lead's policy.
        partners : sequence of int64 arrays, optional
            Only these positions per lead, without rules.
        pricing : Pricing, optional
            Shadow prices: taken off what pairs are worth, for leads of policies that go by them.
        """
        kept: list[Ranking] = []
        with self._lock:
            for rows, facts in self._chunks(question, top, partners):
                features = rows.columns()
                pairs = self._answer(features, facts)
                prices = np.zeros(len(features))
                if pricing is not None:
                    prices = pricing.of_pairs(self, pd.DataFrame(pairs), question, by)
                net = self._worth(pairs, question, by) - prices
                kept.append(_best(pairs | {"shadow_price": prices, "worth": net}, features, top))
        if not kept:
            return Ranking(_no_pairs(), _NO_FEATURES)
        if len(kept) == 1 and len(question.names) == 1:
            return kept[0]
        ranking = Ranking(_stacked([one.pairs for one in kept]), joined([one.features for one in kept]))
        return ranking.take(np.lexsort((ranking.pairs["rank"], ranking.pairs["question"])))

    def _chunks(
        self, question: Question, top: int, partners: Sequence[Ints] | None
    ) -> Iterator[tuple[PairRows, Arrays]]:
        """Rows of some leads at a time, and what is known of each beside its features."""
        rows, facts = None, []
        for position in np.argsort(question.at_us, kind="stable").tolist():
            at = int(question.at_us[position])
            walk = self._walk_to(at)
            if rows is None:
                rows = PairRows(self.spec, walk.state, question.batch)
            if partners is None:
                chosen, scores = self._candidates(walk, question, position, top)
            else:
                chosen, scores = partners[position], None
            if len(chosen):
                rows.add(position, at, chosen, scores)
                facts.append(self._facts(walk, question, position, chosen))
            if len(rows) >= _CHUNK_ROWS:
                yield rows, _stacked(facts)
                rows, facts = None, []
        if rows is not None and len(rows):
            yield rows, _stacked(facts)

    def _facts(self, walk: _Walk, question: Question, position: int, chosen: Ints) -> Arrays:
        """Lead, partner, the partner's outcomes, the instant, and the margin."""
        at = int(question.at_us[position])
        rate = self._commissions.of(question.batch.query(position), at)[chosen]
        margin = margin_of(self.policy_of(question, position).margin, rate)
        same = {"question": position, "at": at}
        columns = {name: np.full(len(chosen), value, dtype=np.int64) for name, value in same.items()}
        return columns | {"partner": chosen, "n": walk.state.outcomes(chosen)[1], "margin": margin}

    def policy_of(self, question: Question, position: int) -> RoutingPolicy:
        """Return the policy that holds for a lead, by its programme."""
        return self.policies.of(question.batch.objects("program")[position])

    def _worth(self, pairs: Arrays, question: Question, by: str | None) -> Floats:
        """Return what pairs are ranked by."""
        if by is not None:
            return worth(pairs, by)
        leads, which = np.unique(pairs["question"], return_inverse=True)
        by_value = [self.policy_of(question, lead).objective == Objective.VALUE for lead in leads.tolist()]
        return np.where(np.array(by_value)[which], worth(pairs), worth(pairs, Objective.P_WIN))

    def _candidates(self, walk: _Walk, question: Question, position: int, top: int) -> tuple[Ints, Floats | None]:
        query, at = question.batch.query(position), int(question.at_us[position])
        allowed = np.flatnonzero(walk.rules.allowed(query, at, int(question.store_rows[position])))
        most = max(self.candidates, top)
        if len(allowed) <= most and self.spec.affinity.contrast:
            return allowed, None
        scores = walk.state.scores(query, at)
        best = np.argsort(-scores[allowed], kind="stable")[:most]
        return np.sort(allowed[best]), scores

    def _answer(self, features: Columns, facts: Arrays) -> Arrays:
        prediction, accept = self.ranker.steps(features)
        pairs = facts | {
            "p_win": prediction.p,
            "low": prediction.low,
            "high": prediction.high,
            "p_accept": accept,
            "expected_amount": self.ranker.amount(features),
            "affinity": features.number("affinity"),
        }
        return pairs | values_of(pairs)

    def blocked(self, question: Question) -> Iterator[tuple[int, dict[Rule, Bools]]]:
        """For each lead, in order of time, the partners that each rule speaks against."""
        with self._lock:
            for position in np.argsort(question.at_us, kind="stable").tolist():
                at = int(question.at_us[position])
                walk = self._walk_to(at)
                lead = question.batch.query(position)
                yield position, walk.rules.blocked(lead, at, int(question.store_rows[position]))

    def reasons(self, question: Question) -> Iterator[tuple[int, list[Reason]]]:
        """For each lead, in order of time, the same with what each rule found of each partner."""
        with self._lock:
            for position in np.argsort(question.at_us, kind="stable").tolist():
                at, row = int(question.at_us[position]), int(question.store_rows[position])
                yield position, reasons(self._walk_to(at).rules, question.batch.query(position), at, row)

    def worths(self, question: Question, most: int) -> pd.DataFrame:
        """Return what eligible pairs count for, without features: little enough to keep for very many pairs.

        Parameters
        ----------
        question : Question
            Leads.
        most : int
            Partners per lead to look at, the likeliest by stage 1; at least `candidates`.

        Returns
        -------
        DataFrame
            ``question``, ``partner``, ``p_win``, ``value``, ``lift``, the leads in order.
        """
        names = ["question", "partner", "p_win", "value", "lift"]
        nothing = _no_pairs()
        kept = [pd.DataFrame({name: nothing[name] for name in names})]
        with self._lock:
            for rows, facts in self._chunks(question, most, None):
                pairs = self._answer(rows.columns(), facts)
                kept.append(pd.DataFrame({name: pairs[name] for name in names}))
        found = pd.concat(kept[1:] or kept, ignore_index=True)
        return found.sort_values("question", kind="stable", ignore_index=True)

    def members(self, groups: "Groups", at_us: int, newcomer_days: float) -> "Members":
        """Return which partners are in which group at an instant."""
        with self._lock:
            return groups.members(self._walk_to(at_us).state.profiles, at_us, newcomer_days)

    def room(self, at_us: int) -> Floats:
        """How many more leads each partner takes at an instant."""
        with self._lock:
            return self._walk_to(at_us).rules.room(at_us)


def _best(pairs: Arrays, features: Columns, top: int) -> Ranking:
    """Rank within leads by `worth` (ties: affinity, then partner) and keep the top."""
    order = np.lexsort((pairs["partner"], -pairs["affinity"], -pairs["worth"], pairs["question"]))
    lead = pairs["question"][order]
    begins = np.flatnonzero(np.diff(lead, prepend=-1))
    rank = np.arange(len(order)) - np.repeat(begins, np.diff(begins, append=len(order))) + 1
    keep = order[rank <= top]
    ranked = {name: column[keep] for name, column in pairs.items()}
    return Ranking(ranked | {"rank": rank[rank <= top]}, features.take(keep))


def _stacked(parts: Sequence[Arrays]) -> Arrays:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _no_pairs() -> Arrays:
    names = ("question", "partner", "rank", "n", "at")
    numbers = ("p_win", "low", "high", "expected_amount", "affinity", "worth", "shadow_price", *PARTS)
    return {**{name: np.zeros(0, np.int64) for name in names}, **{name: np.zeros(0) for name in numbers}}
