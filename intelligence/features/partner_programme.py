"""The programme around a partner: what moves everybody at once, and demand where the partner is."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from intelligence.features.partner_signs import log_ratio, recruited_as_of
from intelligence.features.partner_times import instants, is_word
from intelligence.features.profile import lists_as_of, words_as_of
from intelligence.features.registry import Feature, Group, register, static
from intelligence.features.timeline import FloatArray, IntArray, TimeArray, Timeline
from intelligence.features.work import Work

_MIN_WHOLE = 30
_FIELD_PARTNERS = 3.0
"""Partners that the programme's usual demand counts as in a field's."""

_VOLUME = (
    *(
        Feature(
            f"recruited_{w}",
            f"Log ratio of other partners recruited in the {w} days to as_of to the pace of the half-year before",
            f"Recruitment in the last {w} days: {{recruited_{w}:ratio}} the half-year's pace",
            topic="intake",
        )
        for w in (1, 7, 30)
    ),
)


def _compute_volume(work: Work) -> Mapping[str, Any]:
    recruited = instants(work.history.partners, "recruited_at")
    view = Timeline(np.zeros(len(recruited), np.int64), recruited).at(np.zeros(len(work.ids), np.int64), work.as_of)
    own = recruited_as_of(work)
    # The row's own recruitment does not count: prospects, who have none, would differ by it.
    others = {
        w: view.count(w) - ((own <= work.as_of) & (own > work.as_of - np.timedelta64(w, "D"))) for w in (1, 7, 30, 180)
    }
    # Against the pace, not as counts: a programme that grows would make every later row look new. Who has not joined
    # will do so at another time: that now is a busy week says nothing of that day.
    joined = own <= work.as_of
    return {f"recruited_{w}": np.where(joined, log_ratio(others[w], others[180] * w / 180), np.nan) for w in (1, 7, 30)}


register(Group("intake", static(*_VOLUME), _compute_volume))

_SPACE = (
    Feature(
        "leads_country",
        "Share of the leads of the last 365 days that are in the partner's country",
        "{leads_country:pct} of a year's leads are in {country:text}",
        topic="demand",
    ),
    Feature(
        "won_country",
        "Share of the deals won in the last 365 days that are in the partner's country",
        "{won_country:pct} of a year's won deals are in {country:text}",
        topic="demand",
    ),
    Feature(
        "partners_country",
        "Share of the partners recruited by then that are in the partner's country",
        "{partners_country:pct} of the partners are in {country:text}",
        topic="supply",
    ),
    Feature(
        "white_space",
        "Log ratio of leads per recruited partner in the country to that of the whole programme",
        "Leads per partner in {country:text}: {white_space:ratio} the programme's",
        topic="demand",
    ),
)


def _compute_space(work: Work) -> Mapping[str, Any]:
    history = work.history
    country = words_as_of(history, "country", work.ids, work.as_of)
    won = history.deals[is_word(history.deals, "outcome", "won")]
    partners = history.partners
    home = words_as_of(history, "country", partners["id"].to_numpy(), instants(partners, "recruited_at"))
    created, recruited = instants(history.leads, "created_at"), instants(partners, "recruited_at")
    closed = np.fmax(instants(won, "closed_at"), instants(won, "registered_at"))
    leads = _demand(history.leads["country"], created, country, work, 365)
    deals = _demand(won["country"].to_numpy(), closed, country, work, 365)
    peers = _demand(home, recruited, country, work, None)
    # Shares, not counts: what grows with the programme would tell one year from another and nothing else.
    all_leads, all_peers = _total(created, work, 365), _total(recruited, work, None)
    return {
        "leads_country": _share(leads, all_leads),
        "won_country": _share(deals, _total(closed, work, 365)),
        "partners_country": _share(peers, all_peers),
        "white_space": np.where(
            np.isnan(leads) | (all_leads < _MIN_WHOLE),
            np.nan,
            log_ratio(leads, peers) - log_ratio(all_leads, all_peers),
        ),
    }


def _total(when: Any, work: Work, days: float | None) -> FloatArray:
    nobody = np.zeros(len(work.ids), np.int64)
    return Timeline(np.zeros(len(when), np.int64), when).at(nobody, work.as_of).count(days)


def _share(part: FloatArray, whole: FloatArray) -> FloatArray:
    """Share of a whole; of the first few of anything it is chance, so it counts only with a few dozen of them."""
    return np.asarray(np.divide(part, whole, out=np.full(len(part), np.nan), where=whole >= _MIN_WHOLE))


def _demand(place: Any, when: Any, wanted: Any, work: Work, days: float | None) -> FloatArray:
    codes, own = _codes(place, wanted)
    count = Timeline(codes, when).at(own, work.as_of).count(days)
    return np.where([value is None for value in wanted], np.nan, count)


def _codes(values: Any, wanted: Any) -> tuple[IntArray, IntArray]:
    """Return integer codes of `values` and of `wanted` in common, -1 for missing."""
    both = pd.Series([*values, *wanted], dtype=object)
    codes = pd.factorize(both)[0].astype(np.int64)
    return codes[: len(values)], codes[len(values) :]


register(Group("white_space", static(*_SPACE), _compute_space))

_DEMAND = (
    Feature(
        "demand_here",
        "Log ratio of a year's leads per recruited partner in the country and industries to the programme's, shrunk",
        "Leads per partner in {country:text} and these industries: {demand_here:ratio} the programme's",
        topic="demand",
    ),
)


def _compute_demand(work: Work) -> Mapping[str, Any]:
    """Compare demand and supply field by field; a company of several industries counts in each of them."""
    history, partners = work.history, work.history.partners
    ids, recruited = partners["id"].to_numpy(np.int64), instants(partners, "recruited_at")
    row, own = _named(lists_as_of(history, "industries", work.ids, work.as_of))
    peer, theirs = _named(lists_as_of(history, "industries", ids, recruited))
    here = words_as_of(history, "country", work.ids, work.as_of)[row]
    home = words_as_of(history, "country", ids, recruited)[peer]
    leads = (_pairs(history.leads["country"], history.leads["industry"]), instants(history.leads, "created_at"))
    peers = (_pairs(home, theirs), recruited[peer])
    # Its own supply does not count: prospects, who bring none yet, would differ by it.
    itself = (recruited_as_of(work) <= work.as_of)[row].astype(np.float64)
    values = _against(leads, peers, (_pairs(here, own), work.as_of[row], itself))
    there = ~np.isnan(values)
    n = np.bincount(row[there], minlength=len(work.ids))
    sums = np.bincount(row[there], weights=values[there], minlength=len(work.ids))
    return {"demand_here": np.where(n > 0, sums / np.maximum(n, 1), np.nan)}


def _named(lists: Sequence[tuple[str, ...]]) -> tuple[IntArray, list[object]]:
    """Return row and value of every value of some lists."""
    rows = np.repeat(np.arange(len(lists)), np.array([len(item) for item in lists], dtype=np.int64))
    return rows, [str(value) for item in lists for value in item]


def _pairs(first: Any, second: Any) -> list[object]:
    return [
        None if not isinstance(a, str) or not isinstance(b, str) else f"{a}\n{b}"
        for a, b in zip(first, second, strict=True)
    ]


def _against(
    leads: tuple[list[object], TimeArray],
    peers: tuple[list[object], TimeArray],
    own: tuple[list[object], TimeArray, FloatArray],
) -> FloatArray:
    """Log ratio of a year's leads per recruited partner of each row's field to that of all fields, shrunk to it."""
    codes = pd.factorize(pd.Series([*leads[0], *peers[0], *own[0]], dtype=object))[0].astype(np.int64)
    asked, supply, mine = np.split(codes, [len(leads[0]), len(leads[0]) + len(peers[0])])
    as_of, anywhere = own[1], np.zeros(len(mine), np.int64)

    supplied = np.maximum(Timeline(supply, peers[1]).at(mine, as_of).count() - own[2], 0.0)
    demand = Timeline(asked, leads[1]).at(mine, as_of).count(365)
    total = Timeline(np.minimum(asked, 0), leads[1]).at(anywhere, as_of).count(365)
    usual = (total + 1.0) / (Timeline(np.minimum(supply, 0), peers[1]).at(anywhere, as_of).count() + 1.0)
    ratio = np.log((demand + _FIELD_PARTNERS * usual) / (supplied + _FIELD_PARTNERS) / usual)
    return np.where((mine < 0) | (total < _MIN_WHOLE), np.nan, ratio)


register(Group("demand", static(*_DEMAND), _compute_demand))
