"""Training pairs for matching from whatever history there is: offers, won and lost deals, or wins alone."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from domain.errors import TrainingImpossible
from intelligence.features.pair_events import NEVER, Pairs
from intelligence.features.pair_world import DAY_US

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Source = Literal["offers", "deals", "wins"]

_TURNED_DOWN = ("declined", "expired")
_FEW_OF_A_CLASS = 5
_ALL_BUT_FEW = 0.99
"""Share of the answers that come within what counts as the time for an answer."""
_ENOUGH_MATURE = 200

LABEL_RULES: dict[Source, str] = {
    "offers": "The partner accepts the offered lead and wins a deal of it within {days} days of the offer.",
    "deals": "A deal that the partner registers is won.",
    "wins": "The partner is one of those who win the lead, among the eligible ones that did not.",
}


@dataclass(frozen=True, eq=False)
class Examples:
    """Pairs with an outcome, by time.

    Parameters
    ----------
    source : {"offers", "deals", "wins"}
        What they were made from.
    rows : DataFrame
        ``lead`` (row of the lead table), ``partner`` (position), ``at`` (as_of, microseconds), ``known`` (when the
        outcome was known), ``won`` (0/1), ``amount`` (of the won deal, NaN for none); of offers, where any was
        answered, also ``accepted`` (0/1), and ``propensity`` (NaN for none). For wins alone, winners only.
    answers : DataFrame, optional
        Of offers, the answered ones whether or not their horizon has passed: ``lead``, ``partner``, ``at``, ``known``
        (when answers like these are in), ``accepted``, ``propensity``.
    """

    source: Source
    rows: pd.DataFrame
    answers: pd.DataFrame | None = None


def find_examples(pairs: Pairs, until_us: int, horizon_days: int) -> Examples:
    """Choose the source with enough of both outcomes, in the order offers, won and lost deals, wins alone.

    Raises
    ------
    TrainingImpossible
        If there is not a single win.
    """
    candidates = (offer_examples(pairs, until_us, horizon_days), deal_examples(pairs, until_us, horizon_days))
    for examples in candidates:
        won = examples.rows["won"].sum()
        if min(won, len(examples.rows) - won) >= _FEW_OF_A_CLASS:
            return examples
    wins = win_examples(pairs, until_us)
    if not len(wins.rows):
        raise TrainingImpossible(
            "There is no won deal, and no offered lead with an outcome old enough, to learn matching from. "
            "Import deals with outcome and closed_at, or assignments with response."
        )
    return wins


def offer_examples(pairs: Pairs, until_us: int, horizon_days: int) -> Examples:
    """Offers whose horizon has passed; those that the vendor withdrew say nothing and are left out.

    Offers not yet that old are left out whatever became of them: the quick answers among them are mostly of one kind.
    """
    offers = pairs.offers
    horizon = horizon_days * DAY_US
    mature = (offers["offered"] + horizon <= until_us) & (offers["response"] != "withdrawn")
    offers = offers[mature]
    accepted = ~offers["response"].isin(_TURNED_DOWN)
    won = accepted & (offers["won"] <= offers["offered"] + horizon)
    rows = pd.DataFrame(
        {
            "lead": offers["lead"],
            "partner": offers["partner"],
            "at": offers["offered"],
            "known": offers["offered"] + horizon,
            "won": won.astype(np.float64),
            "propensity": offers["propensity"],
        }
    )
    if not offers["response"].notna().any():
        return Examples("offers", _with_amounts(rows, pairs))
    rows["accepted"] = ((offers["response"] == "accepted") | won).astype(np.float64)
    return Examples("offers", _with_amounts(rows, pairs), _answers(pairs.offers, until_us))


def _answers(offers: pd.DataFrame, until_us: int) -> pd.DataFrame:
    """Answered offers as old as answers take: the quick ones among younger offers are mostly of one kind."""
    answered = offers[offers["response"].isin(("accepted", *_TURNED_DOWN))]
    window = int(np.quantile(answered["responded"] - answered["offered"], _ALL_BUT_FEW)) if len(answered) else 0
    rows = pd.DataFrame(
        {
            "lead": answered["lead"],
            "partner": answered["partner"],
            "at": answered["offered"],
            "known": np.maximum(answered["responded"], answered["offered"] + window),
            "accepted": (answered["response"] == "accepted").astype(np.float64),
            "propensity": answered["propensity"],
        }
    )
    return _sorted(rows[rows["known"] <= until_us])


def deal_examples(pairs: Pairs, until_us: int, horizon_days: int) -> Examples:
    """Won and lost deals, as of their registration.

    Where enough of them are older than the horizon, younger ones are left out for the reason given for offers.
    """
    deals = pairs.deals
    closed = deals[deals["outcome"].isin(["won", "lost"]) & (deals["closed"] <= until_us)]
    mature = closed["registered"] + horizon_days * DAY_US <= until_us
    if mature.sum() >= max(_ENOUGH_MATURE, 0.5 * len(closed)):
        closed = closed[mature]
    known = np.minimum(np.maximum(closed["closed"], closed["registered"] + horizon_days * DAY_US), until_us)
    rows = pd.DataFrame(
        {
            "lead": closed["lead"],
            "partner": closed["partner"],
            "at": closed["registered"],
            "known": np.maximum(known, closed["registered"]),
            "won": (closed["outcome"] == "won").astype(np.float64),
            "amount": closed["amount"],
        }
    )
    return Examples("deals", _sorted(rows))


def win_examples(pairs: Pairs, until_us: int) -> Examples:
    """Winners of each lead, as of the first registration of a deal of it."""
    deals = pairs.deals
    first = deals.groupby("lead")["registered"].transform("min")
    won = (deals["outcome"] == "won") & (deals["closed"] <= until_us)
    winners = deals[won].assign(at=first[won]).sort_values("closed", kind="stable").drop_duplicates(["lead", "partner"])
    rows = pd.DataFrame(
        {
            "lead": winners["lead"],
            "partner": winners["partner"],
            "at": winners["at"],
            "known": winners.groupby("lead")["closed"].transform("max"),
            "won": 1.0,
            "amount": winners["amount"],
        }
    )
    return Examples("wins", _sorted(rows))


def _with_amounts(rows: pd.DataFrame, pairs: Pairs) -> pd.DataFrame:
    won = pairs.deals[pairs.deals["outcome"] == "won"].sort_values("closed", kind="stable")
    amounts = won.drop_duplicates(["lead", "partner"])[["lead", "partner", "amount"]]
    joined = rows.merge(amounts, on=["lead", "partner"], how="left")
    joined["amount"] = joined["amount"].where(joined["won"] > 0)
    return _sorted(joined)


def _sorted(rows: pd.DataFrame) -> pd.DataFrame:
    rows = rows[rows["at"] != NEVER]
    return rows.sort_values(["at", "lead", "partner"], kind="stable").reset_index(drop=True)
