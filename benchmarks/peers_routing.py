"""Routers that need no model: Odoo's rule, round robin, the partner's win rate so far.

Each gets the eligible pairs of some leads, one row a pair, and returns the probability with which it gives the lead to
that partner, aligned with the rows.
"""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks.peers_match import Records, naive, offer_record, read

Floats = npt.NDArray[np.float64]

BOXES = ((2.0, 1.5), (4.0, 3.0), (8.0, 8.0))
"""Half heights and widths in degrees of Odoo's search areas, tried in this order."""
PRIOR_OFFERS = 10.0


def odoo_rule(pairs: pd.DataFrame) -> Floats:
    """Return the chances of Odoo's assignment of leads to partners (website_crm_partner_assign).

    Candidates have a positive weight and have not declined the lead. The first non-empty set wins: those of the lead's
    country in the small, the wider and the widest box, those of its country, the single nearest anywhere (planar, in
    degrees). Of the set one is drawn by weight. A lead without a country gets nobody.

    Parameters
    ----------
    pairs : DataFrame
        ``lead``, ``country``, ``latitude``, ``longitude`` of the lead; ``partner_country``, ``partner_latitude``,
        ``partner_longitude``, ``weight`` (of the partner's grade; 0: never), ``declined``.
    """
    chance = np.zeros(len(pairs))
    for rows in pairs.reset_index(drop=True).groupby("lead").indices.values():
        chance[rows] = _odoo_draw(pairs.iloc[rows])
    return chance


def _odoo_draw(pairs: pd.DataFrame) -> Floats:
    weight = np.where(pairs["declined"], 0.0, pairs["weight"].to_numpy(float))
    if pairs["country"].isna().iloc[0]:
        return np.zeros(len(pairs))
    up = (pairs["partner_latitude"] - pairs["latitude"]).to_numpy(float)
    along = (pairs["partner_longitude"] - pairs["longitude"]).to_numpy(float)
    home = (pairs["partner_country"] == pairs["country"]).to_numpy()
    sets = [home & (np.abs(up) < high) & (np.abs(along) < wide) for high, wide in BOXES]
    for mask in (*sets, home):
        mine = np.where(mask, weight, 0.0)
        if mine.any():
            return np.asarray(mine / mine.sum())
    away = np.where(weight > 0, np.hypot(up, along), np.nan)
    nearest = np.zeros(len(pairs))
    if np.isfinite(away).any():
        nearest[np.nanargmin(away)] = 1.0
    return nearest


def odoo_pairs(pairs: pd.DataFrame, records: Records, weights: Mapping[str, float], at: pd.Timestamp) -> pd.DataFrame:
    """Return what `odoo_rule` reads: places, and the weights of the partners' tiers as of an instant.

    Parameters
    ----------
    pairs : DataFrame
        ``lead``, ``partner``, ``as_of``.
    records : Records
        Exported records.
    weights : mapping
        Weight by tier; a partner without a tier has 0, as in Odoo, unless no partner has one.
    at : Timestamp
        Naive UTC.
    """
    leads = _places(records.leads).reindex(pairs["lead"]).reset_index(drop=True)
    partners = _places(records.partners).add_prefix("partner_").reindex(pairs["partner"]).reset_index(drop=True)
    tiers = tiers_at(records, at)
    grade = tiers.map(weights).fillna(0.0) if weights and tiers.notna().any() else pd.Series(1.0, tiers.index)
    frame = pd.concat([pairs[["lead", "partner"]].reset_index(drop=True), leads, partners], axis=1)
    frame["weight"] = grade.reindex(pairs["partner"]).fillna(0.0).to_numpy()
    frame["declined"] = _declined(pairs, records)
    return frame


def _places(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.reindex(columns=["country", "latitude", "longitude"])


def _declined(pairs: pd.DataFrame, records: Records) -> npt.NDArray[np.bool_]:
    refused = records.every[records.every["response"] == "declined"][["lead", "partner", "responded_at"]]
    both = pairs[["lead", "partner", "as_of"]].merge(
        refused.groupby(["lead", "partner"], as_index=False).min(), on=["lead", "partner"], how="left"
    )
    return (both["responded_at"] <= both["as_of"]).to_numpy()


def tiers_at(records: Records, at: pd.Timestamp) -> pd.Series:
    """Return the tier of each partner (external id) as of an instant: by its changes, else as it stands."""
    now = records.partners.reindex(columns=["tier"])["tier"]
    changes = read(records.folder, "changes")
    if not len(changes):
        return now
    told = changes[(changes["resource"] == "partners") & (changes["field"] == "tier")]
    told = told.assign(at=naive(told["changed_at"]))
    told = told[told["at"] <= at].sort_values("at", kind="stable")
    return told.groupby("external_id")["value"].last().reindex(now.index).fillna(now)


def tier_weights(folder_programs: pd.DataFrame) -> dict[str, float]:
    """Return weights 1, 2, 3 ... by place in the programmes' lists of tiers, lowest first."""
    lists = folder_programs.get("tiers", pd.Series(dtype=object)).dropna()
    return {tier: place + 1.0 for text in lists for place, tier in enumerate(str(text).split(";"))}


def round_robin(pairs: pd.DataFrame, records: Records, at: pd.Timestamp) -> Floats:
    """Return the choices of a rota: each lead to the eligible partner whose turn was longest ago.

    Parameters
    ----------
    pairs : DataFrame
        ``lead``, ``partner``, ``as_of``.
    records : Records
        Earlier offers: the rota goes on from them.
    at : Timestamp
        Where it takes over, naive UTC.
    """
    pairs = pairs.reset_index(drop=True)
    before = records.every[records.every["offered_at"] < at]
    last = before.groupby("partner")["offered_at"].max().rank()
    turn = {str(name): float(place) for name, place in last.items()}
    number = max(turn.values(), default=0.0)
    chance = np.zeros(len(pairs))
    groups = pairs.groupby("lead").indices
    for lead in pairs.groupby("lead")["as_of"].min().sort_values(kind="stable").index:
        rows = groups[lead]
        names = [str(name) for name in pairs["partner"].to_numpy()[rows]]
        _, next_, place = min((turn.get(name, 0.0), name, k) for k, name in enumerate(names))
        number += 1
        turn[next_] = number
        chance[rows[place]] = 1.0
    return chance


def win_rate(pairs: pd.DataFrame, records: Records) -> Floats:
    """Return each partner's rate of wins among offers with a known outcome at ``as_of``, shrunk to the mean of all.

    Parameters
    ----------
    pairs : DataFrame
        ``partner``, ``as_of``.
    records : Records
        Offers with outcomes; the mean weighs like `PRIOR_OFFERS` of them.
    """
    record = offer_record(records.offers, pairs["partner"], pairs["as_of"])
    mean = records.offers["won"].mean() if len(records.offers) else 0.0
    return np.asarray((record["won_before"] + PRIOR_OFFERS * mean) / (record["asked"] + PRIOR_OFFERS))


def first_of(pairs: pd.DataFrame, score: npt.ArrayLike) -> Floats:
    """Return 1 for the row with the highest score of each lead (ties: the first), 0 for the others."""
    ordered = pairs[["lead"]].reset_index(drop=True).assign(score=np.asarray(score, dtype=float))
    best = ordered.sort_values("score", ascending=False, kind="stable").drop_duplicates("lead").index
    chance = np.zeros(len(pairs))
    chance[best.to_numpy()] = 1.0
    return chance


def offers_before(pairs: pd.DataFrame, records: Records) -> npt.NDArray[np.int64]:
    """Return how many offers each partner had been made before ``as_of``, whatever came of them."""
    made = records.every.sort_values("offered_at")[["partner", "offered_at"]]
    made = made.assign(count=made.groupby("partner").cumcount() + 1)
    asked = pairs[["partner", "as_of"]].assign(row=np.arange(len(pairs))).sort_values("as_of")
    made["offered_at"] = made["offered_at"].astype(asked["as_of"].dtype)
    found = pd.merge_asof(
        asked, made, left_on="as_of", right_on="offered_at", by="partner", allow_exact_matches=False
    ).sort_values("row")
    return found["count"].fillna(0).to_numpy(np.int64)
