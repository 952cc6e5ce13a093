"""The programme around a partner: what moves everybody at once, and demand where the partner is."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from intelligence.features.partner_signs import log_ratio, recruited_as_of
from intelligence.features.partner_times import instants, is_word
from intelligence.features.profile import words_as_of
from intelligence.features.registry import Feature, Group, register, static
from intelligence.features.timeline import FloatArray, IntArray, Timeline
from intelligence.features.work import Work

_MIN_WHOLE = 30

_VOLUME = (
    *(
        Feature(
            f"recruited_{w}",
            f"Log ratio of other partners recruited in the {w} days to as_of to the pace of the half-year before",
            f"Recruitment in the last {w} days against the half-year's pace: {{recruited_{w}:n}} (log ratio)",
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
        "Leads per partner in {country:text} against the whole programme: {white_space:n} (log ratio)",
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
