"""Who gets the leads: shares of leads beside shares of eligibility, by group of partners.

A lead that any of ``k`` partners might have been offered is worth ``1 / k`` of an offer to each of them: the sum over
leads is what a draw of lots among the eligible would have given a group. The ratio of what it got to that is 1 where
the ranking takes no side; it tells that leads go elsewhere, not that they should not.
"""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt
import pandas as pd

from domain.errors import InvalidInput
from domain.routing import Policies
from domain.terms import AssignmentResponse, PartnerStatus
from intelligence.features.pair_profiles import PartnerProfiles
from intelligence.matching.fairness_groups import NEWCOMER, Groups, Members, checked_group
from intelligence.matching.fairness_report import (
    FairnessReport,
    Flag,
    GroupShare,
    Rate,
    Spread,
    beyond,
    binomial,
    compared,
    four_fifths,
    gini,
)
from intelligence.matching.questions import questions
from store.engine import reading
from store.standing import matched_offers

if TYPE_CHECKING:
    from intelligence.context import Intelligence
    from store.history import History

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

MOST_LEADS = 2_000
"""Leads of a window whose eligibility is worked out; of more, so many evenly spread over it."""
DEFAULT_DAYS = 365
_TOP_SHARE = 0.1
_KEPT = 16
_kept: "WeakKeyDictionary[Intelligence, OrderedDict[tuple[Any, ...], tuple[object, FairnessReport]]]"
_kept = WeakKeyDictionary()


def fairness(
    context: "Intelligence",
    since: datetime | None = None,
    until: datetime | None = None,
    by: str = "tier",
) -> FairnessReport:
    """Compare what groups of partners got with what they might have got.

    Parameters
    ----------
    context : Intelligence
        Store, settings, policies.
    since, until : datetime, optional
        Window of first offers; default: the last 365 days, until now.
    by : str
        One of `fairness_groups.GROUPS`, or an attribute that the settings name as protected.

    Raises
    ------
    InvalidInput
        If the window is empty, or partners are not grouped by that.

    Notes
    -----
    Eligibility is that of the instant before the offer, by the policies of today, worked out for at most `MOST_LEADS`
    leads spread evenly over the window. Groups, too, are as they were then. Kept in memory until the store changes.
    """
    return fairness_of(context, since, until, (by,))[0]


def fairness_of(
    context: "Intelligence", since: datetime | None, until: datetime | None, every: Sequence[str]
) -> list[FairnessReport]:
    """Return the reports by several groupings, with one walk through the leads; see `fairness`."""
    history, policies = context.history(None), context.policies()
    columns = [checked_group(by, context.settings.protected_attributes) for by in every]
    kept = _kept.setdefault(context, OrderedDict())
    rules = policies.fingerprint, context.absences().fingerprint
    keys = [(id(history.leads), *rules, since, until, column) for column in columns]
    new = [k for k, key in enumerate(keys) if key not in kept]
    window = _window(context, since, until)
    if new:
        reports = _reports(context, history, policies, window, [every[k] for k in new])
        # With the frame, so that its id is given to no other.
        kept.update({keys[k]: (history.leads, report) for k, report in zip(new, reports, strict=True)})
    found = [kept[key][1] for key in keys]
    while len(kept) > _KEPT:
        kept.popitem(last=False)
    return found


def _window(context: "Intelligence", since: datetime | None, until: datetime | None) -> tuple[datetime, datetime]:
    now = context.instant(None).astimezone(UTC) + timedelta(microseconds=1)  # what happened at this instant is in it
    end = now if until is None else min(until.astimezone(UTC), now)
    first = datetime(1, 1, 1, tzinfo=UTC)
    default = end - min(timedelta(days=DEFAULT_DAYS), end - first)
    start = default if since is None else since.astimezone(UTC)
    if start >= end:
        raise InvalidInput(
            f"The window ends ({end.isoformat()}) before it begins ({start.isoformat()}).", field="since"
        )
    return start, end


@dataclass(frozen=True, eq=False)
class _Offers:
    """Offers of a window, by time: columns of equal length.

    ``partner`` is a position among all partners, ``first`` whether the lead was offered to nobody before, ``days``
    for how long partners are newcomers by the policy of the lead's programme, ``policy`` its place among all.
    """

    lead: Ints
    partner: Ints
    at: Ints
    first: Bools
    accepted: Bools
    won: Bools
    known: Bools
    chance: Floats
    days: Floats
    policy: Ints


def _reports(
    context: "Intelligence",
    history: "History",
    policies: Policies,
    window: tuple[datetime, datetime],
    every: Sequence[str],
) -> list[FairnessReport]:
    horizon = np.timedelta64(context.settings.match_horizon_days, "D")
    offers = _offers(history, policies, window, horizon, _chances(context, window))
    groupings = [Groups(by, history, context.settings.protected_attributes) for by in every]
    lots = _draw_lots(context, history, policies, offers, groupings)
    *codes, young_codes = _codes_of(history, offers, [*groupings, newcomers := Groups(NEWCOMER, history)])
    young = _mask(young_codes, newcomers, len(offers.at))
    last, at = PartnerProfiles(history), _micros(window[1])
    last.advance(at)
    active = last.equals("status", PartnerStatus.ACTIVE)
    known_until = pd.Timestamp(history.until).tz_localize(UTC).to_pydatetime()
    reports = []
    for grouping, code, tally in zip(groupings, codes, lots.tallies, strict=True):
        ends = grouping.members(last, at, policies.of(None).newcomer_days)
        sizes = np.bincount(ends.code[active[ends.partner]], minlength=len(grouping.names))
        groups = _groups(grouping, offers, code, tally.padded(len(grouping.names)), lots.compared, sizes)
        flags = *four_fifths(grouping.by, groups, lots.compared), *_limits(policies, offers, code, grouping)
        rates = _rate(offers.won[young & offers.known]), _rate(offers.won[~young & offers.known])
        counts = int(offers.first.sum()), lots.compared, lots.nobody, lots.not_eligible
        spread = _spread(offers, lots, active)
        reports.append(FairnessReport(*window, known_until, grouping.by, *counts, groups, *rates, spread, flags))
    return reports


def _chances(context: "Intelligence", window: tuple[datetime, datetime]) -> dict[int, float]:
    """Return the p_win that came with offers, by our id of the assignment."""
    with context.engine.connect() as connection:
        frame = matched_offers(reading(connection), *window).dropna(subset="p_win")
    return dict(zip(frame["assignment_id"].tolist(), frame["p_win"].tolist(), strict=True))


def _offers(
    history: "History",
    policies: Policies,
    window: tuple[datetime, datetime],
    horizon: np.timedelta64,
    chances: Mapping[int, float],
) -> _Offers:
    made = history.assignments
    made = made[(made["lead_id"] >= 0) & made["partner_id"].isin(history.partners["id"])]
    first = ~made["lead_id"].duplicated().to_numpy(bool)  # by time, as all frames are
    at = made["offered_at"].to_numpy().astype("datetime64[us]").astype(np.int64)
    here = (at >= _micros(window[0])) & (at < _micros(window[1]))
    made, first, at = made[here], first[here], at[here]
    accepted = (made["response"] == str(AssignmentResponse.ACCEPTED)).to_numpy(bool)
    programs = pd.Series(history.programs["external_id"].to_numpy(), index=history.programs["id"].to_numpy())
    of_lead = pd.Series(history.leads["program_id"].to_numpy(), index=history.leads["id"].to_numpy())
    named = made["lead_id"].map(of_lead).map(programs)
    places = {policy.program: (place, policy.newcomer_days) for place, policy in enumerate(policies.all)}
    told = [places[policies.of(None if pd.isna(name) else str(name)).program] for name in named]
    return _Offers(
        made["lead_id"].to_numpy(np.int64),
        np.searchsorted(np.sort(history.partners["id"].to_numpy(np.int64)), made["partner_id"].to_numpy(np.int64)),
        at,
        first,
        accepted,
        accepted & _won(history, made, horizon),
        made["offered_at"].to_numpy() <= history.until - horizon,
        np.array([chances.get(int(id_), np.nan) for id_ in made["id"]], dtype=np.float64),
        np.array([days for _, days in told], dtype=np.float64),
        np.array([place for place, _ in told], dtype=np.int64),
    )


def _won(history: "History", made: pd.DataFrame, horizon: np.timedelta64) -> Bools:
    """Which offers were won by the same partner within the horizon."""
    deals = history.deals[(history.deals["outcome"] == "won") & (history.deals["lead_id"] >= 0)]
    firsts = deals.groupby(["lead_id", "partner_id"])["closed_at"].min()
    pairs = pd.MultiIndex.from_frame(made[["lead_id", "partner_id"]])
    closed = firsts.reindex(pairs).to_numpy().astype("datetime64[us]") if len(firsts) else None
    if closed is None:
        return np.zeros(len(made), dtype=bool)
    offered = made["offered_at"].to_numpy()
    return np.asarray((closed >= offered) & (closed <= offered + horizon), dtype=bool)


@dataclass(eq=False)
class _Tally:
    """First offers by group that lots would have given, and those that were given."""

    expected: Floats
    observed: Floats

    def padded(self, size: int) -> "_Tally":
        """Make room for `size` groups."""
        more = (0, size - len(self.expected))
        self.expected, self.observed = np.pad(self.expected, more), np.pad(self.observed, more)
        return self

    def add(self, members: Members, size: int, share: Floats, given: int) -> None:
        """Add a lead: each partner's share of it, and who got it."""
        self.padded(size)
        self.expected += np.bincount(members.code, share[members.partner], size)
        self.observed[members.of(given)] += 1


@dataclass(eq=False)
class _Lots:
    """The leads compared: by grouping, and what each partner might have got."""

    tallies: list[_Tally]
    by_partner: Floats
    compared: int = 0
    nobody: int = 0
    not_eligible: int = 0


def _draw_lots(
    context: "Intelligence", history: "History", policies: Policies, offers: _Offers, every: Sequence[Groups]
) -> _Lots:
    n = len(history.partners)
    lots = _Lots([_Tally(np.zeros(0), np.zeros(0)) for _ in every], np.zeros(n))
    rows = np.flatnonzero(offers.first)
    rows = rows[np.unique(np.linspace(0, len(rows) - 1, min(len(rows), MOST_LEADS)).round().astype(np.int64))]
    places = pd.Index(history.leads["id"]).get_indexer(pd.Index(offers.lead[rows]))
    rows, places = rows[places >= 0], places[places >= 0]
    if not len(rows):
        return lots
    # Of the matcher of today only the world is shared: walking back in time would make others wait.
    matcher, question = questions(context, history.leads.iloc[places], None, policies)[0]
    asked = replace(question, at_us=offers.at[rows] - 1)  # before the offer itself takes up capacity
    profiles = PartnerProfiles(history)
    for position, blocked in replace(matcher).blocked(asked):
        eligible = ~np.logical_or.reduce(list(blocked.values())) if blocked else np.ones(n, dtype=bool)
        if not eligible.any():
            lots.nobody += 1
            continue
        row, at, share = rows[position], int(asked.at_us[position]), eligible / eligible.sum()
        profiles.advance(at)
        for groups, tally in zip(every, lots.tallies, strict=True):
            members = groups.members(profiles, at, float(offers.days[row]))
            tally.add(members, len(groups.names), share, int(offers.partner[row]))
        lots.by_partner += share
        lots.compared += 1
        lots.not_eligible += int(not eligible[offers.partner[row]])
    return lots


def _codes_of(history: "History", offers: _Offers, every: Sequence[Groups]) -> list[tuple[Ints, Ints]]:
    """For each grouping: offers (positions) and the groups of their partners at that instant."""
    profiles = PartnerProfiles(history)
    found: list[tuple[list[Ints], list[int]]] = [([], []) for _ in every]
    for row, (at, partner, days) in enumerate(
        zip(offers.at.tolist(), offers.partner.tolist(), offers.days, strict=True)
    ):
        profiles.advance(at)
        for groups, (codes, places) in zip(every, found, strict=True):
            mine = groups.members(profiles, at, float(days)).of(partner)
            codes.append(mine)
            places.extend([row] * len(mine))
    empty = np.zeros(0, np.int64)
    return [(np.array(places, dtype=np.int64), np.concatenate([empty, *codes])) for codes, places in found]


def _mask(codes: tuple[Ints, Ints], groups: Groups, n: int) -> Bools:
    """Which offers went to newcomers."""
    rows, code = codes
    found = np.zeros(n, dtype=bool)
    if NEWCOMER in groups.names:
        found[rows[code == groups.names.index(NEWCOMER)]] = True
    return found


def _groups(
    groups: Groups, offers: _Offers, codes: tuple[Ints, Ints], tally: _Tally, n: int, sizes: Ints
) -> tuple[GroupShare, ...]:
    rows, code = codes
    size = len(groups.names)
    matched = np.isfinite(offers.chance) & offers.known

    def count(chosen: npt.NDArray[Any]) -> Floats:
        return np.bincount(code, chosen.astype(np.float64)[rows], size).astype(np.float64)

    table = {
        "first_offers": count(offers.first),
        "offers": count(np.ones(len(offers.at))),
        "accepted": count(offers.accepted),
        "wins": count(offers.won),
        "expected_of": count(matched),
        "wins_of": count(matched & offers.won),
    }
    known, known_wins = count(offers.known), count(offers.known & offers.won)
    chances = count(np.where(matched, offers.chance, 0.0))
    found = [
        GroupShare(
            group=groups.names[k],
            partners=int(sizes[k]) if k < len(sizes) else 0,
            win_rate=binomial(int(known_wins[k]), int(known[k])),
            expected_wins=float(chances[k]) if table["expected_of"][k] else None,
            compared=compared(int(tally.observed[k]), float(tally.expected[k]), n),
            **{name: int(counts[k]) for name, counts in table.items()},
        )
        for k in range(size)
    ]
    found = [one for one in found if one.partners or one.offers or one.compared.expected > 0]
    return tuple(sorted(found, key=lambda one: (-one.compared.expected, -one.offers, one.group or "")))


def _rate(outcomes: Bools) -> Rate:
    return binomial(int(outcomes.sum()), len(outcomes))


def _spread(offers: _Offers, lots: _Lots, active: Bools) -> Spread:
    got = np.bincount(offers.partner[offers.first], minlength=len(active)).astype(np.float64)
    there = active | (got > 0)
    mine = np.sort(got[there])[::-1]
    top = mine[: max(int(np.ceil(_TOP_SHARE * len(mine))), 1)].sum()
    share = float(top / mine.sum()) if mine.sum() > 0 else None
    return Spread(int(there.sum()), gini(mine), share, gini(lots.by_partner[there]))


def _limits(policies: Policies, offers: _Offers, codes: tuple[Ints, Ints], groups: Groups) -> list[Flag]:
    """Flag groups whose share of a policy's leads surely lies beyond one of its limits."""
    rows, code = codes
    found = []
    for place, policy in enumerate(policies.all):
        here = offers.first & (offers.policy == place)
        n = int(here.sum())
        if not n:
            continue
        counts = np.bincount(code, here[rows].astype(np.float64), len(groups.names)).astype(np.int64)
        for limit in policy.limits:
            if str(limit.by) == groups.by:
                found += [
                    flag
                    for name, count in zip(groups.names, counts.tolist(), strict=True)
                    if (limit.value or (NEWCOMER if groups.by == NEWCOMER else name)) == name
                    for flag in beyond(limit, policy.name, groups.by, name, count, n)
                ]
    return found


def _micros(instant: datetime) -> int:
    return int(np.datetime64(instant.astimezone(UTC).replace(tzinfo=None), "us").astype(np.int64))
