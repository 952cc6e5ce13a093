"""Who may be offered each lead of a replay, and what the model thinks of them under the replay's own load."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from domain.routing import Objective, Policies, RoutingPolicy, Rule, RuleSetting
from intelligence.features.pair_build import PairRows
from intelligence.features.pair_state import PairState
from intelligence.features.pair_world import LeadQuery
from intelligence.matching.eligibility import Eligibility
from intelligence.matching.fairness_groups import Groups, Members
from intelligence.matching.value import CommissionRates, margin_of
from training.what_if_load import Load
from training.what_if_model import Judge

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_OPEN, _LOAD = "open_leads", "load"
"""Features that tell of a partner's open leads."""


@dataclass(frozen=True, eq=False)
class Task:
    """What a replay decides about, by time; arrays of equal length.

    Parameters
    ----------
    row : int64 array
        Rows of the world's lead table.
    at_us : int64 array
        Instants of decision, ascending: of the first offer; of the arrival for leads that nobody was offered.
    wait_hours : float64 array
        From arrival to decision.
    actual : int64 array
        Position of the partner that was really offered the lead first, -1 for nobody.
    """

    row: Ints
    at_us: Ints
    wait_hours: Floats
    actual: Ints

    def __len__(self) -> int:
        return len(self.row)


@dataclass(frozen=True, eq=False)
class Asked:
    """A lead at its instant.

    Parameters
    ----------
    position : int
        In the task.
    query : LeadQuery
        The lead.
    policy : RoutingPolicy
        That holds for it.
    eligible : bool array of shape (p,)
        Partners that every rule but capacity allows.
    against : tuple of str
        Codes of rules against the partner really chosen.
    limit, margin : float64 arrays of shape (p,)
        Open leads that each takes (NaN: any number), and share of the amount left after its commission.
    members : dict of str to Members
        Who is in which group, by what partners are grouped.
    """

    position: int
    query: LeadQuery
    policy: RoutingPolicy
    eligible: Bools
    against: tuple[str, ...]
    limit: Floats
    margin: Floats
    members: Mapping[str, Members]


@dataclass(frozen=True, eq=False)
class Options:
    """Partners that a lead might be offered to, best first; arrays of equal length.

    Parameters
    ----------
    partners : int64 array
        Positions.
    p_win, low, high, p_accept, value, worth : float64 arrays
        By the model; `value` is NaN where no amount is known, `worth` is what the policy ranks by.
    rows : int64 array
        Rows of `features`.
    features : DataFrame
        Of all pairs that were looked at together.
    """

    partners: Ints
    p_win: Floats
    low: Floats
    high: Floats
    p_accept: Floats
    value: Floats
    worth: Floats
    rows: Ints
    features: pd.DataFrame

    def __len__(self) -> int:
        return len(self.partners)

    def take(self, places: npt.NDArray[np.generic]) -> "Options":
        """Return some of them, in the order of `places`."""
        names = [name for name in self.__dataclass_fields__ if name != "features"]
        return replace(self, **{name: getattr(self, name)[places] for name in names})


def without_capacity(policies: Policies) -> Policies:
    """Return the same policies without the rule of capacity: a replay counts open leads itself."""
    off = RuleSetting(rule=Rule.AT_CAPACITY, enforced=False)
    told = (
        policy.model_copy(update={"rules": (*(one for one in policy.rules if one.rule is not off.rule), off)})
        for policy in policies.all
    )
    return Policies(*told)


class Scorer:
    """Looks at leads in order of time, and at their candidates.

    Parameters
    ----------
    judge : Judge
        The model, and the history as it wants to see it.
    policies : Policies
        By programme.
    candidates : int
        Partners per lead that the model looks at.
    p_accept : float
        Of pairs for which the model tells none.
    groups : dict of str to Groups
        By what partners are grouped.
    """

    def __init__(
        self, judge: Judge, policies: Policies, candidates: int, p_accept: float, groups: Mapping[str, Groups]
    ) -> None:
        world = judge.world
        self.state = PairState(world, judge.spec.affinity)
        self._judge, self._policies, self._candidates, self._p_accept = judge, policies, candidates, p_accept
        self._groups = groups
        self._rules = Eligibility(world, self.state.profiles, without_capacity(policies), judge.absences)
        self._commissions = CommissionRates(world.history, world.partner_ids)

    def look(self, task: Task, positions: Sequence[int], load: Load) -> list[tuple[Asked, Options, Options]]:
        """Return some leads with their options, and with the partner really chosen (none or one) under its real load.

        Parameters
        ----------
        task : Task
            All leads.
        positions : sequence of int
            Of those to look at, by time, later than those looked at before.
        load : Load
            As of the first of them: features of load are not renewed within one look.
        """
        extra = load.difference(int(task.at_us[positions[0]]))
        rows = PairRows(self._judge.spec, self.state, self._judge.world.batch)
        asked, limits = [], []
        for position in positions:
            one, chosen = self._ask(task, position, rows)
            asked.append(one)
            limits.append(one.limit[chosen])
        if not len(rows):
            nothing = _no_options()
            return [(one, nothing, nothing) for one in asked]
        features, partner_of = rows.frame(), rows.partners
        position_of = dict(zip(task.row[list(positions)].tolist(), positions, strict=True))
        lead_of = np.array([position_of[row] for row in rows.leads.tolist()], dtype=np.int64)
        real = np.flatnonzero(task.actual[lead_of] == partner_of)
        moved = _under_load(features, extra[partner_of], np.concatenate(limits))
        both = features if moved is features else pd.concat([moved, features.iloc[real]], ignore_index=True)
        table = self._table(both, asked, *(_again(each, real, both, features) for each in (lead_of, partner_of)))
        of_lead = {position: np.flatnonzero(lead_of == position) for position in positions}
        as_it_was = real if both is features else np.arange(len(features), len(both))
        place = dict(zip(lead_of[real].tolist(), as_it_was.tolist(), strict=True))
        found = []
        for one in asked:
            mine = of_lead[one.position]
            options = table.take(mine[one.eligible[partner_of[mine]]])
            actual = [place[one.position]] if one.position in place else []
            found.append((one, _ranked(options, one.policy), table.take(np.array(actual, dtype=np.int64))))
        return found

    def _ask(self, task: Task, position: int, rows: PairRows) -> tuple[Asked, Ints]:
        """Step forward to a lead; add its candidates, and the partner really chosen, to the rows to be scored."""
        row, at, actual = int(task.row[position]), int(task.at_us[position]), int(task.actual[position])
        self.state.advance(at)
        query = self._judge.world.batch.query(row)
        policy = self._policies.of(query.program)
        blocked = self._rules.blocked(query, at, row)
        eligible = np.ones(self.state.n_partners, dtype=bool)
        for mask in blocked.values():
            eligible &= ~mask
        against = tuple(str(rule) for rule, mask in blocked.items() if actual >= 0 and mask[actual])
        chosen, scores = np.flatnonzero(eligible), None
        if len(chosen) > self._candidates or not self._judge.spec.affinity.contrast:
            scores = self.state.scores(query, at)
            chosen = np.sort(chosen[np.argsort(-scores[chosen], kind="stable")[: self._candidates]])
        if actual >= 0:
            chosen = np.union1d(chosen, [actual]).astype(np.int64)
        if len(chosen):
            rows.add(row, at, chosen, scores)
        limit = self.state.profiles.values["max_open_leads"].copy()
        margin = margin_of(policy.margin, self._commissions.of(query, at))
        days, profiles = policy.newcomer_days, self.state.profiles
        members = {name: groups.members(profiles, at, days) for name, groups in self._groups.items()}
        return Asked(position, query, policy, eligible, against, limit, margin, members), chosen

    def _table(self, features: pd.DataFrame, asked: Sequence[Asked], lead_of: Ints, partner_of: Ints) -> Options:
        """Everything that is thought of all rows."""
        prediction, accept = self._judge.ranker.steps(features)
        p = np.asarray(prediction.p, dtype=np.float64)
        margins = {one.position: one.margin for one in asked}
        margin = np.array([margins[lead][who] for lead, who in zip(lead_of.tolist(), partner_of.tolist(), strict=True)])
        usual = np.full(len(p), self._p_accept)
        accept = np.maximum(np.where(np.isfinite(accept), accept, usual), p)
        value = p * self._judge.ranker.amount(features) * margin
        rows = np.arange(len(p))
        return Options(partner_of, p, prediction.low, prediction.high, accept, value, p, rows, features)


def _again(values: Ints, real: Ints, both: pd.DataFrame, features: pd.DataFrame) -> Ints:
    """Return `values` of the rows, and once more of the real ones where those were added."""
    return values if both is features else np.append(values, values[real])


def _under_load(features: pd.DataFrame, extra: Floats, limit: Floats) -> pd.DataFrame:
    """Put the replay's open leads in the place of the history's."""
    if _OPEN not in features or not np.abs(extra).any():
        return features
    share = np.divide(extra, limit, out=np.zeros(len(extra)), where=limit > 0)
    moved = {_OPEN: np.maximum(features[_OPEN] + extra, 0.0), _LOAD: np.maximum(features[_LOAD] + share, 0.0)}
    return features.assign(**moved)


def _ranked(options: Options, policy: RoutingPolicy) -> Options:
    """Put the options in order: by what the policy ranks by (p_win where an amount is unknown), affinity, partner."""
    by_value = policy.objective is Objective.VALUE and bool(np.isfinite(options.value).all())
    worth = options.value if by_value else options.p_win
    affinity = options.features["affinity"].to_numpy(np.float64)[options.rows] if len(options) else worth
    order = np.lexsort((options.partners, -affinity, -worth))
    return replace(options, worth=worth).take(order)


def _no_options() -> Options:
    nothing, nobody = np.zeros(0), np.zeros(0, dtype=np.int64)
    return Options(nobody, nothing, nothing, nothing, nothing, nothing, nothing, nobody, pd.DataFrame())
