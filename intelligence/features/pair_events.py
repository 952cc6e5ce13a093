"""What happened between partners and leads: offers, answers, registrations, outcomes, as one stream in time."""

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

if TYPE_CHECKING:
    from store.history import History

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

DAY_US = 86_400_000_000
NEVER = np.iinfo(np.int64).max
_NO_DEAL = ("rejected", "expired")
_TURNED_DOWN = ("declined", "expired", "withdrawn")


class PairEvent(IntEnum):
    """Kinds of events of a partner with a lead."""

    OFFER = 0
    ACCEPT = 1
    DECLINE = 2
    EXPIRE = 3
    CLEAR = 4  # the offered lead no longer takes up capacity
    REGISTER = 5
    SETTLE = 6  # the registered deal is no longer open
    WIN = 7
    LOSS = 8
    LAPSE = 9  # accepted or waiting, and nothing came of it within the horizon


FAILURES = (PairEvent.DECLINE, PairEvent.EXPIRE, PairEvent.LOSS, PairEvent.LAPSE)
"""Events that end an offer or a deal without a win."""


@dataclass(frozen=True, eq=False)
class PairEvents:
    """Events sorted by time; arrays of equal length.

    Parameters
    ----------
    at : int64 array
        Microseconds since 1970.
    kind : int64 array
        `PairEvent`.
    partner, lead : int64 arrays
        Positions among the partners, rows of the lead table.
    value : float64 array
        Days until the answer (answers), amount (wins), NaN otherwise.
    """

    at: Ints
    kind: Ints
    partner: Ints
    lead: Ints
    value: Floats


@dataclass(frozen=True, eq=False)
class Pairs:
    """Offers and deals with positions instead of ids; instants in microseconds, `NEVER` for none.

    Parameters
    ----------
    offers : DataFrame
        ``partner``, ``lead``, ``offered``, ``responded``, ``response``, ``won`` (instant of the first win of
        the lead by the partner after the offer), ``begun`` and ``ended`` (its first deal registered, closed),
        ``propensity`` (probability with which the router made this first offer, NaN where it was not logged).
    deals : DataFrame
        ``partner``, ``lead``, ``registered``, ``closed``, ``outcome``, ``status``, ``amount``, ``offered`` (bool).
    """

    offers: pd.DataFrame
    deals: pd.DataFrame


def micros(column: pd.Series) -> Ints:
    """Instants as microseconds since 1970, `NEVER` for none."""
    values = column.to_numpy().astype("datetime64[us]")
    return np.where(np.isnat(values), NEVER, values.astype(np.int64))


def positions(ids: npt.ArrayLike, sorted_ids: Ints) -> Ints:
    """Positions of `ids` among `sorted_ids`, -1 where absent."""
    wanted = np.asarray(ids, dtype=np.int64)
    if not len(sorted_ids):
        return np.full(len(wanted), -1, dtype=np.int64)
    found = np.minimum(np.searchsorted(sorted_ids, wanted), len(sorted_ids) - 1)
    return np.where(sorted_ids[found] == wanted, found, -1).astype(np.int64)


def lead_rows(history: "History", table: pd.DataFrame) -> tuple[Ints, Ints]:
    """Rows of the lead table for each assignment and for each deal, -1 for none."""
    by_lead = pd.Series(table.index, index=table["lead_id"].to_numpy())[table["lead_id"].to_numpy() >= 0]
    by_deal = pd.Series(table.index, index=table["deal_id"].to_numpy())[table["deal_id"].to_numpy() >= 0]
    offered = by_lead.reindex(history.assignments["lead_id"]).fillna(-1).to_numpy(np.int64)
    of_deal = by_lead.reindex(history.deals["lead_id"]).fillna(-1).to_numpy(np.int64)
    own = by_deal.reindex(history.deals["id"]).fillna(-1).to_numpy(np.int64)
    return offered, np.where(of_deal >= 0, of_deal, own)


def pairs_of(history: "History", table: pd.DataFrame, partner_ids: Ints) -> Pairs:
    """Join offers with the deals that came of them."""
    offer_lead, deal_lead = lead_rows(history, table)
    deals = pd.DataFrame(
        {
            "partner": positions(history.deals["partner_id"], partner_ids),
            "lead": deal_lead,
            "registered": micros(history.deals["registered_at"]),
            "closed": _closed(history.deals),
            "outcome": history.deals["outcome"].to_numpy(object),
            "status": history.deals["status"].to_numpy(object),
            "amount": history.deals["amount"].to_numpy(np.float64),
        }
    )
    offers = pd.DataFrame(
        {
            "partner": positions(history.assignments["partner_id"], partner_ids),
            "lead": offer_lead,
            "offered": micros(history.assignments["offered_at"]),
            "responded": _responded(history.assignments),
            "response": history.assignments["response"].to_numpy(object),
            "propensity": _propensity(history.assignments),
        }
    )
    offers = offers[(offers["partner"] >= 0) & (offers["lead"] >= 0)].reset_index(drop=True)
    deals = deals[(deals["partner"] >= 0) & (deals["lead"] >= 0)].reset_index(drop=True)
    offered = _key(offers)
    deals["offered"] = np.isin(_key(deals), offered)
    return Pairs(_with_results(offers, deals), deals)


def _propensity(assignments: pd.DataFrame) -> Floats:
    """Return what the router that made the offers logged as a custom attribute; what is no probability is none."""
    if "attributes.propensity" not in assignments:
        return np.full(len(assignments), np.nan)
    given = np.asarray(pd.to_numeric(assignments["attributes.propensity"], errors="coerce"), dtype=np.float64)
    return np.where((given > 0) & (given <= 1), given, np.nan)


def _key(frame: pd.DataFrame) -> Ints:
    key: Ints = (frame["lead"].to_numpy(np.int64) << 24) + frame["partner"].to_numpy(np.int64)
    return key


def _closed(deals: pd.DataFrame) -> Ints:
    closed, registered = micros(deals["closed_at"]), micros(deals["registered_at"])
    ended = deals["outcome"].notna().to_numpy() & (closed == NEVER)
    dropped = deals["status"].isin(_NO_DEAL).to_numpy() & (closed == NEVER)
    return np.where(ended | dropped, registered, np.maximum(closed, registered))


def _responded(assignments: pd.DataFrame) -> Ints:
    responded, offered = micros(assignments["responded_at"]), micros(assignments["offered_at"])
    answered = assignments["response"].notna().to_numpy()
    return np.where(answered, np.where(responded == NEVER, offered, np.maximum(responded, offered)), NEVER)


def _with_results(offers: pd.DataFrame, deals: pd.DataFrame) -> pd.DataFrame:
    key, deal_key = _key(offers), _key(deals)
    closed, won = deals["closed"].to_numpy(np.int64), (deals["outcome"] == "won").to_numpy()
    order = np.lexsort((closed, deal_key))
    wins = order[won[order]]
    result = offers.assign(won=_first_after(deal_key[wins], closed[wins], key, offers["offered"].to_numpy(np.int64)))
    first = np.lexsort((deals["registered"].to_numpy(np.int64), deal_key))
    keys, where = np.unique(deal_key[first], return_index=True)
    at = positions(key, keys)
    for name, column in (("begun", "registered"), ("ended", "closed")):
        values = np.append(deals[column].to_numpy(np.int64)[first[where]], NEVER)
        result[name] = values[at]  # -1, for none, is the last
    return result


def _first_after(sorted_key: Ints, at: Ints, key: Ints, since: Ints) -> Ints:
    """First instant of each key's events at or after `since`; events are sorted by (key, at)."""
    result = np.full(len(key), NEVER, dtype=np.int64)
    if not len(sorted_key):
        return result
    instants, code = np.unique(at, return_inverse=True)
    width = len(instants) + 1
    event_keys, event_code = np.unique(sorted_key, return_inverse=True)
    which = positions(key, event_keys)
    wanted = which * width + np.searchsorted(instants, since, "left")
    combined = event_code * width + code
    found = np.minimum(np.searchsorted(combined, wanted, "left"), len(combined) - 1)
    hit = (which >= 0) & (event_code[found] == which) & (combined[found] >= wanted)
    result[hit] = at[found[hit]]
    return result


def event_stream(pairs: Pairs, horizon_days: int) -> PairEvents:
    """Turn offers and deals into events, sorted by time, then kind, lead and partner."""
    parts = [*_offer_events(pairs.offers, horizon_days * DAY_US), *_deal_events(pairs.deals)]
    frame = pd.concat(parts, ignore_index=True)
    frame = frame[frame["at"] != NEVER]
    frame = frame.iloc[np.lexsort((frame["partner"], frame["lead"], frame["kind"], frame["at"]))]
    at, kind, partner, lead = (frame[name].to_numpy(np.int64) for name in ("at", "kind", "partner", "lead"))
    return PairEvents(at, kind, partner, lead, frame["value"].to_numpy(np.float64))


def _events(frame: pd.DataFrame, kind: PairEvent, at: npt.ArrayLike, value: npt.ArrayLike = np.nan) -> pd.DataFrame:
    columns = {"at": at, "kind": int(kind), "partner": frame["partner"], "lead": frame["lead"], "value": value}
    return pd.DataFrame(columns, index=frame.index)


def _offer_events(offers: pd.DataFrame, horizon: int) -> list[pd.DataFrame]:
    response, responded, offered = offers["response"], offers["responded"], offers["offered"]
    days = (responded - offered) / DAY_US
    answer = {PairEvent.ACCEPT: ["accepted"], PairEvent.DECLINE: ["declined"], PairEvent.EXPIRE: ["expired"]}
    parts = [_events(offers, PairEvent.OFFER, offered)]
    for kind, words in answer.items():
        chosen = response.isin(words)
        parts.append(_events(offers[chosen], kind, responded[chosen], days[chosen]))
    parts.append(_events(offers, PairEvent.CLEAR, cleared_at(offers, horizon // DAY_US)))
    down = response.isin(_TURNED_DOWN) & (responded <= offered + horizon)
    lapsed = offers[~down & (np.minimum(offers["won"], offers["ended"]) > offered + horizon)]
    return [*parts, _events(lapsed, PairEvent.LAPSE, lapsed["offered"] + horizon)]


def cleared_at(offers: pd.DataFrame, horizon_days: int) -> Ints:
    """When an offer ceases to take up capacity.

    Turned down: at the answer. Else when its (first) deal is closed; accepted without any deal, after one horizon,
    so that a lead that was accepted and forgotten does not block its partner for ever.
    """
    responded, begun, ended = (offers[name].to_numpy(np.int64) for name in ("responded", "begun", "ended"))
    down = offers["response"].isin(_TURNED_DOWN).to_numpy()
    accepted = (offers["response"] == "accepted").to_numpy()
    horizon = horizon_days * DAY_US
    forgotten = np.where(accepted, np.minimum(responded, NEVER - horizon) + horizon, NEVER)
    return np.where(down, responded, np.where(begun <= forgotten, ended, forgotten))


def _deal_events(deals: pd.DataFrame) -> list[pd.DataFrame]:
    first_win = (
        deals[deals["outcome"] == "won"].sort_values("closed", kind="stable").drop_duplicates(["lead", "partner"])
    )
    lost = deals[deals["outcome"] == "lost"]
    return [
        _events(deals, PairEvent.REGISTER, deals["registered"]),
        _events(deals, PairEvent.SETTLE, deals["closed"]),
        _events(first_win, PairEvent.WIN, first_win["closed"], first_win["amount"]),
        _events(lost, PairEvent.LOSS, lost["closed"]),
    ]
