"""The log of decisions: which partner each lead was first offered to, with what propensity, and what came of it.

Policies are judged by it (`models.off_policy`), so it says nothing of an outcome before its time has come: a lead that
is not won yet is not lost.
"""

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from intelligence.features.pair_events import DAY_US, NEVER, lead_rows, pairs_of, positions
from intelligence.features.pair_leads import lead_table
from store.frames import naive

if TYPE_CHECKING:
    from store.history import History

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

PROPENSITY = "attributes.propensity"
"""Custom attribute of assignments: the probability with which the policy showed that partner first."""
_HOUR_US = 3_600_000_000
_REFUSED = ("declined", "expired")


def decisions(history: "History", since: Any, until: Any, horizon_days: int) -> pd.DataFrame:
    """Return what was decided about the leads that arrived in a span of time, and what is known of the outcome.

    Parameters
    ----------
    history : History
        What was known at its ``until``: later answers and outcomes are not there.
    since, until : instant
        Leads created from `since` on and before `until`.
    horizon_days : int
        Days within which an offered lead must be won.

    Returns
    -------
    DataFrame
        One row per lead, in order of arrival: ``lead_id``, ``lead`` and ``program`` (external ids), ``created_at``;
        of the first offer ``partner_id`` (-1: offered to nobody), ``offered_at``, ``propensity`` (NaN: not on record),
        ``response``, ``response_hours``, ``reward`` (1.0 if that partner accepted and won within the horizon, else
        0.0; NaN while the horizon has not passed, and where the offer was withdrawn); of all offers ``hops`` (how many
        there were), ``open`` (whether one waits for an answer), ``accepted_by`` (-1 for nobody), ``accepted_hours``
        (from the lead's arrival); ``winner_id`` (-1 for none), ``won_amount``.
    """
    leads = history.leads
    inside = (leads["created_at"] >= naive(since)) & (leads["created_at"] < naive(until))
    leads = leads[inside.to_numpy(bool)].sort_values(["created_at", "id"], kind="stable")
    programs = history.programs.set_index("id")["external_id"]
    frame = pd.DataFrame(
        {
            "lead_id": leads["id"].to_numpy(np.int64),
            "lead": leads["external_id"].to_numpy(object),
            "program": programs.reindex(leads["program_id"]).to_numpy(object),
            "created_at": leads["created_at"].to_numpy(),
        }
    )
    offers, wins = _offers(history, horizon_days), _wins(history)
    frame = frame.merge(offers.drop_duplicates("lead_id"), on="lead_id", how="left")
    frame["partner_id"] = frame["partner_id"].fillna(-1).astype(np.int64)
    frame["hops"] = frame["lead_id"].map(offers["lead_id"].value_counts()).fillna(0).astype(np.int64)
    frame["open"] = frame["lead_id"].isin(offers.loc[offers["waiting"], "lead_id"])
    accepted = offers[offers["accepted_us"] != NEVER].sort_values("accepted_us", kind="stable")
    first = accepted.drop_duplicates("lead_id").set_index("lead_id")
    frame["accepted_by"] = frame["lead_id"].map(first["partner_id"]).fillna(-1).astype(np.int64)
    arrived = frame["created_at"].to_numpy().astype("datetime64[us]").astype(np.int64)
    frame["accepted_hours"] = (frame["lead_id"].map(first["accepted_us"]) - arrived).to_numpy(np.float64) / _HOUR_US
    frame["winner_id"] = frame["lead_id"].map(wins["partner_id"]).fillna(-1).astype(np.int64)
    frame["won_amount"] = frame["lead_id"].map(wins["amount"]).to_numpy(np.float64)
    return frame.drop(columns=["waiting", "accepted_us"])


def _offers(history: "History", horizon_days: int) -> pd.DataFrame:
    """Return all offers in order of time, with reward and acceptance."""
    table, ids = lead_table(history), np.sort(history.partners["id"].to_numpy(np.int64))
    offers = pairs_of(history, table, ids).offers
    kept = (lead_rows(history, table)[0] >= 0) & (positions(history.assignments["partner_id"], ids) >= 0)
    propensity = history.assignments.get(PROPENSITY, pd.Series(np.nan, history.assignments.index))[kept]
    offered, responded = (offers[name].to_numpy(np.int64) for name in ("offered", "responded"))
    response = offers["response"]
    hours = np.where(responded != NEVER, (responded - offered) / _HOUR_US, np.nan)
    frame = pd.DataFrame(
        {
            "lead_id": table["lead_id"].to_numpy(np.int64)[offers["lead"].to_numpy(np.int64)],
            "partner_id": ids[offers["partner"].to_numpy(np.int64)],
            "offered_at": offered.astype("datetime64[us]"),
            "propensity": _probability(propensity),
            "response": response.to_numpy(object),
            "response_hours": hours,
            "reward": _rewards(offers, history.until, horizon_days),
            "waiting": (response.isna() & (offers["begun"] == NEVER)).to_numpy(bool),
            "accepted_us": _accepted(offers),
        }
    )
    return frame.iloc[np.argsort(offered, kind="stable")].reset_index(drop=True)


def _probability(given: pd.Series) -> Floats:
    """Return propensities; what is no probability of something that happened is none."""
    values = pd.to_numeric(given, errors="coerce").to_numpy(np.float64)
    return np.where((values > 0.0) & (values <= 1.0), values, np.nan)


def _rewards(offers: pd.DataFrame, until: np.datetime64, horizon_days: int) -> Floats:
    """Whether the partner won what it was offered, by the same rule as the match model's labels."""
    last = offers["offered"].to_numpy(np.int64) + horizon_days * DAY_US
    won = ~offers["response"].isin(_REFUSED).to_numpy(bool) & (offers["won"].to_numpy(np.int64) <= last)
    known = (last <= int(until.astype("datetime64[us]").astype(np.int64))) & (
        offers["response"] != "withdrawn"
    ).to_numpy(bool)
    return np.where(known, won.astype(np.float64), np.nan)


def _accepted(offers: pd.DataFrame) -> Ints:
    """When an offer was accepted: as answered, or by registering a deal where nobody answered."""
    response = offers["response"]
    begun = np.maximum(offers["begun"], offers["offered"])
    answered = np.where(response == "accepted", offers["responded"], NEVER)
    return np.where(response.isna(), begun, answered).astype(np.int64)


def _wins(history: "History") -> pd.DataFrame:
    """Return partner and amount of each lead's first won deal, by lead."""
    deals = history.deals[(history.deals["outcome"] == "won") & (history.deals["lead_id"] >= 0)]
    first = deals.sort_values(["closed_at", "id"], kind="stable").drop_duplicates("lead_id")
    return first.set_index("lead_id")[["partner_id", "amount"]]
