"""Facts of the partners themselves: status, onboarding, certificates, engagement, satisfaction."""

from datetime import timedelta

import numpy as np
import pandas as pd

from intelligence.analytics.book import SECONDS_PER_DAY, Book
from intelligence.analytics.figure import facts_frame
from intelligence.analytics.period import MOMENT, Window
from intelligence.analytics.sales import within

ENGAGED_DAYS = 90
"""A partner that did anything within so many days is engaged."""


def partners(book: Book, window: Window) -> pd.DataFrame:
    """Return all companies on the books at the end of the window."""
    return facts_frame(_rows(book.status_at(window.end - MOMENT).index))


def active_partners(book: Book, window: Window) -> pd.DataFrame:
    """Return the partners that were active at the end of the window."""
    return facts_frame(_rows(_active(book, window)))


def recruited(book: Book, window: Window) -> pd.DataFrame:
    """Return partners by the time of recruitment."""
    return facts_frame(within(_dated(book, "recruited_at"), "recruited_at", window), "recruited_at")


def ended(book: Book, window: Window) -> pd.DataFrame:
    """Return partners by the time of their end."""
    return facts_frame(within(_dated(book, "ended_at"), "ended_at", window), "ended_at")


def onboarding_days(book: Book, window: Window) -> pd.DataFrame:
    """Return days that partners were onboarding before they became active."""
    steps = book.status_steps
    steps = within(steps[(steps["before"] == "onboarding") & (steps["after"] == "active")], "at", window)
    return facts_frame(steps, "at", steps["days"])


def days_to_first_deal(book: Book, window: Window) -> pd.DataFrame:
    """Return days from recruitment to the first won deal, by the time of that."""
    first = book.won.drop_duplicates("partner_id")
    since = book.partners["recruited_at"].reindex(first["partner_id"]).to_numpy()
    days = (first["closed_at"] - since).dt.total_seconds() / SECONDS_PER_DAY
    first = first.assign(days=days)[(days >= 0).to_numpy()]
    first = within(first, "closed_at", window)
    return facts_frame(first.drop(columns="currency"), "closed_at", first["days"], source="deals")


def certificates(book: Book, window: Window) -> pd.DataFrame:
    """Return certificates by the day they were passed."""
    passed = book.history.certifications
    passed = passed[passed["partner_id"].isin(book.partners.index)]
    return facts_frame(within(passed, "passed_on", window), "passed_on", source="certifications")


def certified(book: Book, window: Window) -> pd.DataFrame:
    """Return active partners, and which of them hold a valid certificate at the end of the window."""
    active = _active(book, window)
    held = book.certificates_at(window.end - MOMENT)["partner_id"]
    return facts_frame(_rows(active), num=active.isin(held))


def certification_coverage(book: Book, window: Window) -> pd.DataFrame:
    """Return the certificates that active partners must hold, and which of them they do."""
    required = book.required_courses
    required = required[required["partner_id"].isin(_active(book, window))]
    held = book.certificates_at(window.end - MOMENT)
    has = pd.MultiIndex.from_frame(required[["partner_id", "course"]]).isin(pd.MultiIndex.from_frame(held))
    return facts_frame(required, num=has)


def activities(book: Book, window: Window, kind: str | None = None) -> pd.DataFrame:
    """Return activities, those of a partner added up."""
    counts = book.activities(window, kind)
    return facts_frame(_rows(counts.index), num=counts.to_numpy(), den=counts.to_numpy())


def engagement(book: Book, window: Window) -> pd.DataFrame:
    """Return active partners with their activities in the window."""
    active = _active(book, window)
    return facts_frame(_rows(active), num=book.activities(window).reindex(active, fill_value=0))


def engaged(book: Book, window: Window) -> pd.DataFrame:
    """Return active partners, and which did anything within 90 days before the end of the window."""
    active = _active(book, window)
    return facts_frame(_rows(active), num=active.isin(book.activities(engaged_window(window)).index))


def engaged_window(window: Window) -> Window:
    """Return the 90 days before the end of a window."""
    length = min(timedelta(days=ENGAGED_DAYS), window.end - window.end.min.replace(tzinfo=window.end.tzinfo))
    return Window(window.end - length, window.end)


def promoters(book: Book, window: Window, kind: str = "nps") -> pd.DataFrame:
    """Return answers of 0 to 10 as 100 (9 and 10), 0, or -100 (0 to 6)."""
    answers = _answers(book, window, kind, 0, 10)
    score = answers["score"]
    return facts_frame(
        answers, "submitted_at", np.where(score >= 9, 100.0, np.where(score <= 6, -100.0, 0.0)), source="feedback"
    )


def satisfied(book: Book, window: Window, kind: str = "csat") -> pd.DataFrame:
    """Return answers of 1 to 5, and which of them were 4 or 5."""
    answers = _answers(book, window, kind, 1, 5)
    return facts_frame(answers, "submitted_at", answers["score"] >= 4, source="feedback")


def scores(book: Book, window: Window, kind: str) -> pd.DataFrame:
    """Return the scores of feedback of a kind."""
    answers = _answers(book, window, kind, -np.inf, np.inf)
    return facts_frame(answers, "submitted_at", answers["score"], source="feedback")


def _answers(book: Book, window: Window, kind: str, low: float, high: float) -> pd.DataFrame:
    feedback = book.history.feedback
    wanted = (feedback["kind"].str.lower() == kind.lower()) & feedback["score"].between(low, high)
    return within(feedback[wanted & feedback["partner_id"].isin(book.partners.index)], "submitted_at", window)


def _active(book: Book, window: Window) -> pd.Index:
    return book.active_at(window.end - MOMENT)


def _dated(book: Book, column: str) -> pd.DataFrame:
    return book.partners[["id", column]].rename(columns={"id": "partner_id"})


def _rows(ids: pd.Index) -> pd.DataFrame:
    return pd.DataFrame({"partner_id": ids.to_numpy(dtype=np.int64)})
