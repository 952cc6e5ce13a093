"""Facts of leads offered to partners: accepted, answered in time, turned into deals."""

import numpy as np
import pandas as pd

from intelligence.analytics.book import Book
from intelligence.analytics.figure import facts_frame
from intelligence.analytics.period import MOMENT, Window
from intelligence.analytics.sales import within
from store.frames import naive
from store.standing import matched_offers


def leads_offered(book: Book, window: Window) -> pd.DataFrame:
    """Return offers of leads."""
    return facts_frame(within(book.offers, "offered_at", window), "offered_at", source="assignments")


def leads_accepted(book: Book, window: Window) -> pd.DataFrame:
    """Return accepted offers, by the time of acceptance."""
    offers = book.offers.assign(accepted_at=book.offers["responded_at"].fillna(book.offers["offered_at"]))
    return facts_frame(within(offers[offers["accepted"]], "accepted_at", window), "accepted_at", source="assignments")


def acceptances(book: Book, window: Window) -> pd.DataFrame:
    """Return offers, and which of them were accepted."""
    offers = within(book.offers, "offered_at", window)
    return facts_frame(offers, "offered_at", offers["accepted"], source="assignments")


def deals_of_accepted(book: Book, window: Window) -> pd.DataFrame:
    """Return accepted offers, and which of them became a deal of the same partner."""
    offers = within(book.offers[book.offers["accepted"]], "offered_at", window)
    return facts_frame(offers, "offered_at", offers["dealt"], source="assignments")


def wins_of_dealt(book: Book, window: Window) -> pd.DataFrame:
    """Return accepted offers that became a deal, and which of these were won."""
    offers = within(book.offers[book.offers["accepted"] & book.offers["dealt"]], "offered_at", window)
    return facts_frame(offers, "offered_at", offers["won"], source="assignments")


def wins_of_offered(book: Book, window: Window) -> pd.DataFrame:
    """Return offers, and which of them were accepted and won."""
    offers = within(book.offers, "offered_at", window)
    return facts_frame(offers, "offered_at", offers["accepted"] & offers["won"], source="assignments")


def response_hours(book: Book, window: Window) -> pd.DataFrame:
    """Return hours from offer to answer, by the time of the answer."""
    offers = within(book.offers[book.offers["answered"]], "responded_at", window)
    offers = offers[offers["hours"] >= 0]
    return facts_frame(offers, "responded_at", offers["hours"], source="assignments")


def answers_in_time(book: Book, window: Window) -> pd.DataFrame:
    """Return offers whose time to answer is set and over (or that were answered), and which were answered in it."""
    offers = within(book.offers, "offered_at", window)
    limit = offers["program_id"].map(book.answer_hours)
    offers, limit = offers[limit.notna()], limit.dropna()
    kept = offers["answered"] & (offers["hours"] <= limit)
    now = min(naive(window.end), naive(book.as_of))
    due = offers["offered_at"] + pd.to_timedelta(limit.astype(np.float64).clip(upper=1e6), unit="h")
    withdrawn = (offers["response"] == "withdrawn") & (offers["hours"] <= limit)
    counts = (kept | (due <= now) | offers["answered"]) & ~withdrawn
    return facts_frame(offers[counts], "offered_at", kept[counts], source="assignments")


def first_offers(book: Book, window: Window) -> pd.DataFrame:
    """Return first offers of leads, and a nought for each partner that was active at the end."""
    made = book.history.assignments
    first = made.loc[~made["lead_id"].duplicated(), "id"]  # of all partners: whom a lead was offered before counts
    offers = within(book.offers[book.offers["id"].isin(first)], "offered_at", window)
    nobody = pd.DataFrame({"partner_id": book.active_at(window.end - MOMENT)})
    found = [facts_frame(offers, "offered_at", source="assignments"), facts_frame(nobody, num=0.0)]
    return pd.concat([facts for facts in found if len(facts)] or found[:1], ignore_index=True)


def agreements(book: Book, window: Window) -> pd.DataFrame:
    """Return people's offers that came of a match, and those made to the partner that it put first.

    What is offered without a person follows the match by itself, which is no agreement of anybody.
    """
    matched = matched_offers(book.connection, window.start, window.end)
    matched = matched[matched["hop"].isna()]
    offers = within(book.offers, "offered_at", window).merge(matched, left_on="id", right_on="assignment_id")
    return facts_frame(offers, "offered_at", offers["rank"] == 1, source="assignments")
