"""What a replay found, as figures: what happened, the same by the model, and what the policy would have done."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from domain.routing import LimitBy, Objective, Policies, RoutingPolicy, Rule
from intelligence.matching.fairness_groups import NEWCOMER
from intelligence.matching.fairness_report import gini
from intelligence.matching.reasons import Explainer, Row
from intelligence.matching.record import Record
from intelligence.matching.refusals import SENTENCES
from models.off_policy import evaluate
from training.what_if_clock import AnswerTimes, happened
from training.what_if_model import Judge
from training.what_if_options import Task
from training.what_if_walk import NOBODY, Course

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Figures = dict[str, Any]

LARGEST = 20
_NUMBERS = ("chosen", "eligible", "p_actual", "value_actual", "p_policy", "value_policy")
_MOST_GROUPS = 12
_MOST_LIMITS = 50
_TOP_SHARE = 0.1
_POINTS = 40
RANKED_LOWER, NOT_OFFERED, NO_ROOM = "ranked_lower", "not_offered", "nobody"
WHY = {
    RANKED_LOWER: "Another is ranked higher",
    NOT_OFFERED: "The lead was offered to nobody",
    NO_ROOM: "Nobody is eligible and has room",
}
"""Sentences for reasons of a change that are no rules."""


def sides(
    log: pd.DataFrame, task: Task, course: Course, times: AnswerTimes, policies: Policies, until: np.datetime64
) -> dict[str, Figures]:
    """Return the figures of what happened, of the same as the model sees it, and of the policy.

    Parameters
    ----------
    log : DataFrame
        Decisions in the order of `task`.
    task, course, times : Task, Course, AnswerTimes
        The replay.
    policies : Policies
        Whose clocks both are measured by.
    until : datetime64
        Until when outcomes are known.
    """
    columns = {name: course.numbers(name) for name in _NUMBERS}
    offered, served = task.actual != NOBODY, columns["chosen"] != NOBODY
    known = log["reward"].notna().to_numpy(bool)
    clocks = [policies.of(_text(name)).first_contact_hours for name in log["program"]]
    counts = np.bincount(task.actual[offered], minlength=len(course.given)).astype(np.float64)
    there = course.eligible | (counts > 0)
    real: Figures = {
        "offered": int(offered.sum()),
        "nobody_eligible": None,
        "expected_wins": None,
        "known_leads": int(known.sum()),
        "known_wins": int(log["reward"].sum()),
        "expected_value": None,
        "won_amount": _total(log["won_amount"].to_numpy(np.float64)[(log["winner_id"] >= 0).to_numpy(bool)]),
        **happened(log, clocks, until),
        **spread(counts[there], float((counts > 0).sum())),
    }
    return {
        "happened": real,
        "happened_by_model": _opinion(offered, columns["p_actual"], columns["value_actual"])
        | {"known_leads": int(known.sum()), "known_wins": float(columns["p_actual"][known].sum())}
        | course.actual.figures(times),
        "policy": _opinion(served, columns["p_policy"], columns["value_policy"])
        | {"nobody_eligible": int((columns["eligible"] == 0).sum())}
        | course.policy.figures(times)
        | spread(course.given[there], float((1.0 - course.missed).sum())),
    }


def _opinion(served: Bools, p: Floats, value: Floats) -> Figures:
    return {
        "offered": int(served.sum()),
        "expected_wins": float(p[served].sum()) if served.any() else None,
        "expected_value": _total(value[served]) if served.any() else None,
    }


def _total(amounts: Floats) -> float | None:
    """Sum of amounts; None where one is not known."""
    return float(amounts.sum()) if np.isfinite(amounts).all() else None


def off_policy(log: pd.DataFrame, course: Course, horizon_days: int) -> Figures:
    """Return what the outcomes on record say of the policy: estimates with intervals, or why there is none.

    Leads of which the outcome or the propensity is not known are left out.
    """
    known = log["reward"].notna().to_numpy(bool)
    told = known & log["propensity"].notna().to_numpy(bool)
    found: Figures = {"leads": int(told.sum()), "known_leads": int(known.sum())}
    if not told.any():
        reason = (
            "No propensity of a first offer is on record (custom attribute propensity of assignments)."
            if known.any()
            else f"No outcome of these leads is known yet: that takes {horizon_days} days from the offer."
        )
        return {**found, "refused": reason, "ess": 0.0, "overlap": None, "best": None, "estimates": {}, "gains": {}}
    kept, actual, policy = (course.numbers(name)[told] for name in ("kept", "p_actual", "p_policy"))
    reward, logged = (log[name].to_numpy(np.float64)[told] for name in ("reward", "propensity"))
    judged = evaluate(reward, logged, np.clip(kept, 0.0, 1.0), actual, policy)
    return {
        **found,
        "refused": judged.refused,
        "ess": judged.ess,
        "overlap": judged.overlap,
        "best": judged.best,
        "logged_rate": float(reward.mean()),
        "opinion_of_logged": float(actual.mean()),
        "opinion_of_policy": float(policy.mean()),
        "estimates": {name: asdict(one) for name, one in judged.estimates.items()},
        "gains": {name: asdict(one) for name, one in judged.gains.items()},
    }


def spread(got: Floats, served: float) -> Figures:
    """Return how leads are spread over partners.

    Parameters
    ----------
    got : float64 array
        Leads of each partner that might have had any.
    served : float
        How many got any.
    """
    mine = np.sort(got)[::-1]
    total = float(mine.sum())
    top = mine[: max(int(np.ceil(_TOP_SHARE * len(mine))), 1)].sum()
    return {
        "partners": len(mine),
        "partners_served": served,
        "gini": gini(mine) if total > 0 else None,
        "top_tenth_share": float(top / total) if total > 0 else None,
        "lorenz": [round(float(share), 4) for share in _lorenz(mine[::-1])],
    }


def _lorenz(ascending: Floats) -> Floats:
    """Share of the leads that the first tenth, two tenths ... of the partners get, those with fewest first."""
    total = np.concatenate([[0.0], np.cumsum(ascending)])
    if total[-1] <= 0:
        return np.zeros(0)
    places = np.linspace(0, len(ascending), 21)
    return np.asarray(np.interp(places, np.arange(len(total)), total) / total[-1])


def groups(course: Course) -> list[Figures]:
    """Return for each group of partners its share of eligibility, of the leads, and of them under the policy."""
    found = []
    for by, totals in course.groups.items():
        sums = [each.sum() for each in (totals.lots, totals.actual, totals.policy)]
        shares = [
            each / total if total > 0 else np.zeros(len(each))
            for each, total in zip((totals.lots, totals.actual, totals.policy), sums, strict=True)
        ]
        order = np.argsort(-shares[0], kind="stable")[:_MOST_GROUPS]
        for code in order.tolist():
            eligible, before, after = (float(share[code]) for share in shares)
            if eligible + before + after > 0:
                row = {"by": by, "group": totals.groups.names[code]}
                found.append({**row, "eligible_share": eligible, "happened_share": before, "policy_share": after})
    return found


def in_use(policies: Policies, log: pd.DataFrame) -> list[RoutingPolicy]:
    """Return the policies that hold for any of the leads."""
    return list(
        {policy.fingerprint: policy for policy in map(policies.of, map(_text, log["program"].unique()))}.values()
    )


def clocks(used: Sequence[RoutingPolicy]) -> list[Figures]:
    """Return the hours that partners have for an answer and customers wait for, by programme; None: no such clock."""
    names = ("program", "answer_hours", "first_contact_hours")
    return [{name: getattr(policy, name) for name in names} for policy in used]


def limits(course: Course, used: Sequence[RoutingPolicy]) -> list[Figures]:
    """Return where the shares of groups end that a policy sets limits to; nothing where several policies do.

    Shares are of all leads, given one by one without looking at the limits.
    """
    told = {limit for policy in used for limit in policy.limits}
    if not told or any(set(policy.limits) != told for policy in used):
        return []
    found = []
    for limit in sorted(told, key=str):
        totals = course.groups[limit.by]
        whole = float(totals.policy.sum())
        for name, leads in zip(totals.groups.names, totals.policy.tolist(), strict=True):
            wanted = limit.value or (NEWCOMER if limit.by is LimitBy.NEWCOMER else name)
            share = leads / whole if whole > 0 else 0.0
            beyond = share < (limit.least or 0.0) or share > (1.0 if limit.most is None else limit.most)
            if name == wanted and (beyond or limit.value is not None):
                row = {"by": str(limit.by), "group": name, "least": limit.least, "most": limit.most}
                found.append({**row, "policy_share": share, "kept": not beyond})
    return found[:_MOST_LIMITS]


def over_time(task: Task, course: Course) -> list[Figures]:
    """Return expected wins by the model, added up over time: of what happened, and of the policy."""
    if not len(task):
        return []
    places = np.unique(np.linspace(0, len(task) - 1, min(len(task), _POINTS)).astype(np.int64))
    both = [np.cumsum(course.numbers(name))[places] for name in ("p_actual", "p_policy")]
    days = task.at_us[places].astype("datetime64[us]").astype("datetime64[D]")
    return [
        {"on": str(day), "leads": place + 1, "happened_by_model": float(before), "policy": float(after)}
        for day, place, before, after in zip(days, places.tolist(), *both, strict=True)
    ]


def changes(judge: Judge, log: pd.DataFrame, task: Task, course: Course, used: Sequence[RoutingPolicy]) -> Figures:
    """Return how many leads change their first partner, why, and the largest changes with reasons."""
    chosen, kept = course.numbers("chosen"), course.numbers("kept")
    moved = chosen != task.actual
    why = [_why(course, task, position) for position in range(len(task))]
    counted = Counter(code for position in np.flatnonzero(moved).tolist() for code in why[position])
    by_value = all(policy.objective is Objective.VALUE for policy in used)
    what = "value" if by_value and np.isfinite(course.numbers("value_chosen")).all() else "p"
    gain = course.numbers(f"{what}_chosen") - course.numbers(f"{what}_actual")
    gain = np.where(moved, np.nan_to_num(gain), 0.0)
    largest = np.argsort(-np.abs(gain), kind="stable")[:LARGEST]
    largest = largest[moved[largest]]
    return {
        "expected": float((1.0 - kept).sum() - ((chosen == NOBODY) & (task.actual == NOBODY)).sum()),
        "why": [{"code": code, "text": _sentence(code), "leads": count} for code, count in counted.most_common()],
        "largest": _told(judge, log, task, course, largest, why),
    }


def _why(course: Course, task: Task, position: int) -> tuple[str, ...]:
    """Return the codes of the reasons for which the real partner is not the policy's."""
    if task.actual[position] == NOBODY:
        return (NOT_OFFERED,)
    against = course.columns["against"][position]
    if against:
        return tuple(against)
    return (RANKED_LOWER,) if course.columns["chosen"][position] != NOBODY else (NO_ROOM,)


def _sentence(code: str) -> str:
    return WHY.get(code) or SENTENCES[Rule(code)]


def _told(
    judge: Judge, log: pd.DataFrame, task: Task, course: Course, positions: Ints, why: Sequence[tuple[str, ...]]
) -> list[Figures]:
    names, columns = judge.world.partner_names, course.columns
    reasons = _reasons(judge, task, course, [place for place in positions.tolist() if columns["chosen"][place] != -1])
    found = []
    for place in positions.tolist():
        real, new = int(task.actual[place]), int(columns["chosen"][place])
        asked_first = str(names[real]) if real != NOBODY else ""
        found.append(
            {
                "lead": str(log["lead"].iloc[place]),
                "happened": None if real == NOBODY else str(names[real]),
                "policy": None if new == NOBODY else str(names[new]),
                "p_happened": columns["p_actual"][place] if real != NOBODY else None,
                "p_policy": columns["p_chosen"][place] if new != NOBODY else None,
                "codes": list(why[place]),
                "reasons": [*_against(course, place, asked_first, why[place]), *reasons.get(place, [])],
            }
        )
    return found


def _against(course: Course, place: int, name: str, why: Sequence[str]) -> list[str]:
    """Say why the partner really asked first is not the policy's."""
    rank = course.columns["place"][place]
    if rank:
        return [f"{name} is ranked {rank} of {course.columns['with_room'][place]}"]
    return [f"{name}: {_sentence(code)}" if name else _sentence(code) for code in why]


def _reasons(judge: Judge, task: Task, course: Course, positions: Sequence[int]) -> Mapping[int, list[str]]:
    """Return sentences on why the policy's partner stands where it stands, as a match would give them."""
    if not positions:
        return {}
    features = pd.concat([course.features[place] for place in _rows_of(course, positions)])
    contributions = judge.ranker.explain(features.reset_index(drop=True)).contributions
    explainer = Explainer(Record(judge.world), judge.world.batch, judge.spec.affinity)
    names, moved = [str(name) for name in contributions.columns], contributions.to_numpy(np.float64)
    found = {}
    for row, position in enumerate(positions):
        values = {str(name): value for name, value in features.iloc[row].items()}
        partner = course.columns["chosen"][position]
        asked = Row(int(task.row[position]), int(partner), int(task.at_us[position]), names, moved[row], values)
        found[position] = [text for text in explainer.reasons(asked) if text]
    return found


def _rows_of(course: Course, positions: Sequence[int]) -> list[int]:
    at = {int(frame.index[0]): place for place, frame in enumerate(course.features)}
    return [at[position] for position in positions]


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
