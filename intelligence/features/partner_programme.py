"""The season and the programme around a partner: what moves everybody at once, and demand where the partner is."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from intelligence.features.partner_signs import log_ratio, recruited_as_of
from intelligence.features.partner_times import instants, is_word
from intelligence.features.profile import lists_as_of, words_as_of
from intelligence.features.registry import Feature, Group, register, static
from intelligence.features.timeline import FloatArray, IntArray, Timeline
from intelligence.features.work import Work

_YEAR = 365.25
_SEASON_DAYS = 800

_SEASON = (
    Feature("season_sin", "Sine of the day in the year", "Time of the year", topic="season"),
    Feature("season_cos", "Cosine of the day in the year", "Time of the year", topic="season"),
    Feature(
        "programme_trend",
        "Log ratio of all partners' active days in the last 30 days to a third of the 90 before",
        "Activity of the whole programme against the months before: {programme_trend:n} (log ratio)",
    ),
)


def _compute_season(work: Work) -> Mapping[str, Any]:
    angle = 2 * np.pi * work.as_of.astype("datetime64[D]").astype(np.int64) / _YEAR
    days = work.times.sign_days
    everybody = Timeline(np.zeros(len(days), dtype=np.int64), days.occurred, days.known)
    instants_, row = np.unique(work.as_of, return_inverse=True)
    view = everybody.at(np.zeros(len(instants_), dtype=np.int64), instants_)
    trend = log_ratio(view.count(30), (view.count(120) - view.count(30)) / 3)
    return {"season_sin": np.sin(angle), "season_cos": np.cos(angle), "programme_trend": trend[row]}


def _learn_season(work: Work) -> Mapping[str, Any]:
    # Moves of the whole programme have one value per snapshot: from under two years of them only chance is learned.
    occurred = work.times.signs.occurred
    span = float((occurred.max() - occurred.min()) / np.timedelta64(1, "D")) if len(occurred) else 0.0
    return {"season": span >= _SEASON_DAYS}


register(Group("season", lambda set_: _SEASON if set_.parameters.get("season") else (), _compute_season, _learn_season))

_VOLUME = (
    *(
        Feature(
            f"recruited_{w}",
            f"Other partners recruited in the {w} days to as_of",
            f"{{recruited_{w}:#other partner}} recruited in {w} days",
            topic="intake",
        )
        for w in (1, 7, 30, 180)
    ),
)


def _compute_volume(work: Work) -> Mapping[str, Any]:
    recruited = instants(work.history.partners, "recruited_at")
    view = Timeline(np.zeros(len(recruited), np.int64), recruited).at(np.zeros(len(work.ids), np.int64), work.as_of)
    own = recruited_as_of(work)
    # The row's own recruitment does not count: prospects, who have none, would differ by it.
    return {
        f"recruited_{w}": view.count(w) - ((own <= work.as_of) & (own > work.as_of - np.timedelta64(w, "D")))
        for w in (1, 7, 30, 180)
    }


register(Group("intake", static(*_VOLUME), _compute_volume))

_SPACE = (
    Feature(
        "leads_country",
        "Log of leads in the partner's country in the last 365 days",
        "Leads in {country:text} in a year: demand where the partner is",
        topic="demand",
    ),
    Feature(
        "leads_industry",
        "Log of leads in the partner's industries in the last 365 days",
        "Leads in the partner's industries in a year",
        topic="demand",
    ),
    Feature(
        "won_country",
        "Log of deals won in the partner's country in the last 365 days",
        "Deals won in {country:text} in a year",
        topic="demand",
    ),
    Feature(
        "partners_country",
        "Log of partners recruited by then in the partner's country",
        "Partners in {country:text} already",
        topic="supply",
    ),
    Feature(
        "white_space",
        "Log of leads per recruited partner in the country",
        "Leads per partner in {country:text}",
        topic="demand",
    ),
)


def _compute_space(work: Work) -> Mapping[str, Any]:
    history = work.history
    country = words_as_of(history, "country", work.ids, work.as_of)
    won = history.deals[is_word(history.deals, "outcome", "won")]
    partners = history.partners
    home = words_as_of(history, "country", partners["id"].to_numpy(), instants(partners, "recruited_at"))
    leads = _demand(history.leads["country"], instants(history.leads, "created_at"), country, work, 365)
    closed = np.fmax(instants(won, "closed_at"), instants(won, "registered_at"))
    deals = _demand(won["country"].to_numpy(), closed, country, work, 365)
    peers = _demand(home, instants(partners, "recruited_at"), country, work, None)
    return {
        "leads_country": np.log1p(leads),
        "leads_industry": np.log1p(_industry_demand(work)),
        "won_country": np.log1p(deals),
        "partners_country": np.log1p(peers),
        "white_space": np.where(np.isnan(leads), np.nan, log_ratio(leads, peers)),
    }


def _industry_demand(work: Work) -> FloatArray:
    leads = work.history.leads
    named = lists_as_of(work.history, "industries", work.ids, work.as_of)
    row = np.repeat(np.arange(len(named)), [len(item) for item in named])
    industry = np.array([name.casefold() for item in named for name in item], dtype=object)
    folded = leads["industry"].str.casefold()
    codes, wanted = _codes(folded, industry)
    counts = Timeline(codes, instants(leads, "created_at")).at(wanted, work.as_of[row]).count(365)
    total = np.bincount(row, weights=counts, minlength=len(named)).astype(np.float64)
    total[[not item for item in named]] = np.nan
    return total


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
