"""The programme around a partner: what moves everybody at once, and demand where the partner is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from intelligence.features.partner_signs import log_ratio, recruited_as_of
from intelligence.features.partner_times import instants, is_word, per_history
from intelligence.features.profile import lists_as_of, words_as_of
from intelligence.features.registry import Feature, Group, register, static
from intelligence.features.timeline import FloatArray, IntArray, TimeArray, Timeline
from intelligence.features.work import Work
from store.history import History

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
    view = _recruited(work.history.others).at(np.zeros(len(work.ids), np.int64), work.as_of)
    own = recruited_as_of(work)
    # The row's own recruitment does not count: prospects, who have none, would differ by it.
    others = {
        w: view.count(w) - ((own <= work.as_of) & (own > work.as_of - np.timedelta64(w, "D"))) for w in (1, 7, 30, 180)
    }
    # Against the pace, not as counts: a programme that grows would make every later row look new. Who has not joined
    # will do so at another time: that now is a busy week says nothing of that day.
    joined = own <= work.as_of
    return {f"recruited_{w}": np.where(joined, log_ratio(others[w], others[180] * w / 180), np.nan) for w in (1, 7, 30)}


@per_history
def _recruited(history: History) -> Timeline:
    recruited = instants(history.partners, "recruited_at")
    return Timeline(np.zeros(len(recruited), np.int64), recruited)


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


@dataclass(frozen=True)
class _Placed:
    """Dated things at places: queried by place, and all together.

    Attributes
    ----------
    places : Index
        Every one once.
    line, total : Timeline
        By position among the places; of all, with or without a place.
    """

    places: pd.Index
    line: Timeline
    total: Timeline

    @classmethod
    def of(cls, place: Any, when: Any) -> "_Placed":
        """Return things at these places (None for none) and instants."""
        codes, places = pd.factorize(pd.Series([*place], dtype=object))
        anywhere = Timeline(np.zeros(len(when), np.int64), when)
        return cls(pd.Index(places), Timeline(codes.astype(np.int64), when), anywhere)

    def count(self, wanted: Any, as_of: TimeArray, days: float | None) -> FloatArray:
        """Count those at each row's place, NaN where it has none."""
        own = self.places.get_indexer(pd.Index(wanted, dtype=object)).astype(np.int64)
        return np.where([value is None for value in wanted], np.nan, self.line.at(own, as_of).count(days))

    def whole(self, as_of: TimeArray, days: float | None) -> FloatArray:
        """Count all."""
        return self.total.at(np.zeros(len(as_of), np.int64), as_of).count(days)


@per_history
def _space(history: History) -> tuple[_Placed, _Placed, _Placed]:
    """Return leads, deals won and partners recruited by country."""
    partners, won = history.partners, history.deals[is_word(history.deals, "outcome", "won")]
    recruited = instants(partners, "recruited_at")
    home = words_as_of(history, "country", partners["id"].to_numpy(), recruited)
    closed = np.fmax(instants(won, "closed_at"), instants(won, "registered_at"))
    return (
        _Placed.of(history.leads["country"], instants(history.leads, "created_at")),
        _Placed.of(won["country"].to_numpy(), closed),
        _Placed.of(home, recruited),
    )


def _compute_space(work: Work) -> Mapping[str, Any]:
    country = words_as_of(work.history, "country", work.ids, work.as_of)
    asked, won, recruited = _space(work.history.others)
    leads, peers = asked.count(country, work.as_of, 365), recruited.count(country, work.as_of, None)
    # Shares, not counts: what grows with the programme would tell one year from another and nothing else.
    all_leads, all_peers = asked.whole(work.as_of, 365), recruited.whole(work.as_of, None)
    return {
        "leads_country": _share(leads, all_leads),
        "won_country": _share(won.count(country, work.as_of, 365), won.whole(work.as_of, 365)),
        "partners_country": _share(peers, all_peers),
        "white_space": np.where(
            np.isnan(leads) | (all_leads < _MIN_WHOLE),
            np.nan,
            log_ratio(leads, peers) - log_ratio(all_leads, all_peers),
        ),
    }


def _share(part: FloatArray, whole: FloatArray) -> FloatArray:
    """Share of a whole; of the first few of anything it is chance, so it counts only with a few dozen of them."""
    return np.asarray(np.divide(part, whole, out=np.full(len(part), np.nan), where=whole >= _MIN_WHOLE))


register(Group("white_space", static(*_SPACE), _compute_space))

_DEMAND = (
    Feature(
        "demand_here",
        "Log ratio of a year's leads per recruited partner in the country and industries to the programme's, shrunk",
        "Leads per partner in {country:text} and these industries: {demand_here:ratio} the programme's",
        topic="demand",
    ),
)


@dataclass(frozen=True)
class _Fields:
    """Leads and recruited partners by country and industry, and whether there is any field to each.

    Attributes
    ----------
    fields : Index
        Every country and industry once.
    asked, supplied, all_asked, all_supplied : Timeline
        By position among the fields; together.
    """

    fields: pd.Index
    asked: Timeline
    supplied: Timeline
    all_asked: Timeline
    all_supplied: Timeline


@per_history
def _fields(history: History) -> _Fields:
    ids, recruited = history.partners["id"].to_numpy(np.int64), instants(history.partners, "recruited_at")
    peer, theirs = _named(lists_as_of(history, "industries", ids, recruited))
    supply = _pairs(words_as_of(history, "country", ids, recruited)[peer], theirs)
    demand = _pairs(history.leads["country"], history.leads["industry"])
    codes, fields = pd.factorize(pd.Series([*demand, *supply], dtype=object))
    asked, supplied = np.split(codes.astype(np.int64), [len(demand)])
    created, since = instants(history.leads, "created_at"), recruited[peer]
    return _Fields(
        pd.Index(fields),
        Timeline(asked, created),
        Timeline(supplied, since),
        Timeline(np.minimum(asked, 0), created),
        Timeline(np.minimum(supplied, 0), since),
    )


def _compute_demand(work: Work) -> Mapping[str, Any]:
    """Compare demand and supply field by field; a company of several industries counts in each of them."""
    row, own = _named(lists_as_of(work.history, "industries", work.ids, work.as_of))
    here = words_as_of(work.history, "country", work.ids, work.as_of)[row]
    # Its own supply does not count: prospects, who bring none yet, would differ by it.
    itself = (recruited_as_of(work) <= work.as_of)[row].astype(np.float64)
    values = _against(_fields(work.history.others), _pairs(here, own), work.as_of[row], itself)
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


def _against(known: _Fields, own: list[object], as_of: TimeArray, itself: FloatArray) -> FloatArray:
    """Log ratio of a year's leads per recruited partner of each row's field to that of all fields, shrunk to it."""
    mine = known.fields.get_indexer(pd.Index(own, dtype=object)).astype(np.int64)
    anywhere = np.zeros(len(mine), np.int64)
    supplied = np.maximum(known.supplied.at(mine, as_of).count() - itself, 0.0)
    demand = known.asked.at(mine, as_of).count(365)
    total = known.all_asked.at(anywhere, as_of).count(365)
    usual = (total + 1.0) / (known.all_supplied.at(anywhere, as_of).count() + 1.0)
    ratio = np.log((demand + _FIELD_PARTNERS * usual) / (supplied + _FIELD_PARTNERS) / usual)
    return np.where(np.array([field is None for field in own], dtype=bool) | (total < _MIN_WHOLE), np.nan, ratio)


register(Group("demand", static(*_DEMAND), _compute_demand))
