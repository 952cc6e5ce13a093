"""What to do next with a partner: concrete, each from a fact on the books."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd

from domain.terms import Role
from intelligence.analytics.book import SECONDS_PER_DAY, Book
from intelligence.analytics.journey import GONE, Stage, Standing
from intelligence.analytics.outlook import Outlook
from intelligence.analytics.progress import GoalStatus, goals_of, progress
from store.figures import external_ids, last_signs, open_tasks

AHEAD_DAYS = 60
"""Expiry is told so many days ahead."""
SILENT_DAYS = 90
STALLED = 0.9
"""A deal that is open for longer than this share of won deals took is stalled."""


_OF_STAFF = ("decide_application", "approach", "reactivate", "decide_registration", "get_in_touch", "send_content")
"""What only the vendor can do: a partner is not told to."""


@dataclass(frozen=True)
class Action:
    """Something to be done: a code, a sentence, by when, and what it is about."""

    code: str
    text: str
    due_on: date | None = None
    refers_to: str | None = None


def next_actions(book: Book, everybody: Book, partner_id: int, standing: Standing) -> list[Action]:
    """Return what to do next with a partner, the most pressing first; nothing for one that is gone.

    Parameters
    ----------
    book, everybody : Book
        Of the caller, and of all partners (for forecasts only).
    partner_id : int
        Ours.
    standing : Standing
        Where it stands.
    """
    if standing.status in GONE:
        return []
    found = [
        *_leads(book, partner_id),
        *_tasks(book, partner_id),
        *_agreements(book, partner_id, standing),
        *_certificates(book, partner_id),
        *_deals(book, partner_id),
        *_goals(book, everybody, partner_id),
        *_signs(book, partner_id, standing),
        *_status(standing),
    ]
    if book.actor.role is Role.PARTNER:
        found = [action for action in found if action.code not in _OF_STAFF]
    return sorted(found, key=lambda action: (action.due_on is None, action.due_on or date.max))


def _status(standing: Standing) -> list[Action]:
    match standing.status:
        case "applied":
            return [Action("decide_application", "Decide on the application: it waits for an answer.")]
        case "prospect":
            return [Action("approach", "Approach the company: it has not applied yet.")]
        case "inactive":
            return [Action("reactivate", "Win the partner back or end the relation: its status is inactive.")]
    return []


def _leads(book: Book, partner_id: int) -> list[Action]:
    offers = book.offers[(book.offers["partner_id"] == partner_id) & book.offers["response"].isna()]
    names = external_ids(book.connection, "leads", offers["lead_id"].tolist())
    return [_lead(book, offer, names) for offer in offers.to_dict("records")]


def _lead(book: Book, offer: Mapping[Any, Any], names: Mapping[int, str]) -> Action:
    hours = book.answer_hours.get(offer["program_id"], np.nan)
    offered = _instant(offer["offered_at"])
    waiting = (book.as_of - offered) / timedelta(hours=1)
    limit = None if pd.isna(hours) else _after(offered, float(hours))
    verb = "" if limit is None else ("was over" if limit < book.as_of else "ends")
    told = "" if limit is None else f"; the time to answer {verb} on {limit:%Y-%m-%d %H:%M} UTC"
    text = f"Answer the lead offered on {offered:%Y-%m-%d}: it waits for {waiting:,.0f} hours{told}."
    return Action("answer_lead", text, (limit or offered).date(), names.get(int(offer["lead_id"])))


def _tasks(book: Book, partner_id: int) -> list[Action]:
    return [
        Action("do_task", f"Do the open task: {title}.", due, external_id)
        for external_id, title, due in open_tasks(book.connection, partner_id, book.as_of)
    ]


def _agreements(book: Book, partner_id: int, standing: Standing) -> list[Action]:
    agreements, today = book.history.agreements, _today(book)
    own = agreements[(agreements["partner_id"] == partner_id) & (agreements["status"] == "active")]
    running = own[own["valid_to"].isna() | (own["valid_to"] >= pd.Timestamp(today))]
    if running.empty:
        needed = standing.status == "active" and len(agreements) > 0
        return [Action("sign_agreement", "Sign an agreement: none is running.")] if needed else []
    ends = running["valid_to"].max() if running["valid_to"].notna().all() else pd.NaT
    if pd.isna(ends) or ends.date() > today + timedelta(days=AHEAD_DAYS):
        return []
    last = running[running["valid_to"] == ends].iloc[0]
    text = f"Renew the agreement: the last one that runs ends on {ends:%Y-%m-%d}."
    return [Action("renew_agreement", text, ends.date(), str(last["external_id"]))]


def _certificates(book: Book, partner_id: int) -> list[Action]:
    required = book.required_courses
    wanted = required.loc[required["partner_id"] == partner_id, "course"]
    held = book.certificates_at(book.as_of)
    has = set(held.loc[held["partner_id"] == partner_id, "course"])
    found = [
        Action("get_certificate", f"Get the certificate {course!r}: tier or agreement ask for it.", None, str(course))
        for course in wanted
        if course not in has
    ]
    own = book.history.certifications
    own = own[(own["partner_id"] == partner_id) & own["course"].isin(has)]
    lasting = own[own["expires_on"].isna()]["course"]
    ends = own[~own["course"].isin(lasting)].groupby("course")["expires_on"].max()
    soon = ends[ends <= pd.Timestamp(_today(book) + timedelta(days=AHEAD_DAYS))]
    for course, expires in soon.items():
        text = f"Renew the certificate {course!r}: it expires on {expires:%Y-%m-%d}."
        found.append(Action("renew_certificate", text, expires.date(), str(course)))
    return found


def _deals(book: Book, partner_id: int) -> list[Action]:
    deals = book.deals
    still = deals[~deals["won"] & ~deals["lost"] & deals["valid"]]
    own = still[still["partner_id"] == partner_id]
    days = (book.won["closed_at"] - book.won["registered_at"]).dt.total_seconds() / SECONDS_PER_DAY
    usual = float(days.quantile(STALLED)) if len(days) >= 5 else np.inf
    names = external_ids(book.connection, "deals", own["id"].tolist())
    found = [_deal(book, deal, usual, names.get(deal["id"])) for deal in own.to_dict("records")]
    return [action for action in found if action is not None]


def _deal(book: Book, deal: Mapping[Any, Any], usual: float, name: str | None) -> Action | None:
    opened = _instant(deal["registered_at"])
    if deal["status"] == "submitted":
        text = f"Decide on the registration of {opened:%Y-%m-%d}: it waits for an answer."
        return Action("decide_registration", text, opened.date(), name)
    age = (book.as_of - opened).days
    if age <= usual:
        return None
    text = f"Move or close the deal: open for {age} days, nine of ten won ones took {usual:.0f} or less."
    return Action("move_deal", text, None, name)


def _goals(book: Book, everybody: Book, partner_id: int) -> list[Action]:
    goals, day = book.history.goals, pd.Timestamp(_today(book))
    running = goals[(goals["partner_id"] == partner_id) & (goals["period_start"] <= day) & (goals["period_end"] >= day)]
    found = []
    for one in progress(book, Outlook(everybody), goals_of(running)):
        if one.status is GoalStatus.OFF_TRACK and one.actual is not None:
            told = (
                f"{_brief(one.actual)} of {_brief(one.goal.target)} so far, {one.p_reach or 0.0:.0%} chance to reach it"
            )
            text = f"Bring the goal {one.goal.metric!r} back on track or agree on another: {told}."
            found.append(Action("mend_goal", text, one.goal.period_end, one.goal.metric))
    return found


def _signs(book: Book, partner_id: int, standing: Standing) -> list[Action]:
    if standing.stage is Stage.ATTRACTING:
        return []
    any_at, content_at = last_signs(book.connection, partner_id, book.as_of)
    limit = book.as_of - min(timedelta(days=SILENT_DAYS), book.as_of - datetime.min.replace(tzinfo=book.as_of.tzinfo))
    if any_at is None or any_at < limit:
        told = "ever" if any_at is None else f"since {any_at:%Y-%m-%d}"
        return [Action("get_in_touch", f"Get in touch: no activity {told}.")]
    if content_at is None or content_at < limit:
        told = "ever" if content_at is None else f"since {content_at:%Y-%m-%d}"
        return [Action("send_content", f"Send content that fits: none was opened {told}.")]
    return []


def _brief(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:,.3g}"


def _instant(value: Any) -> datetime:
    stamp: datetime = pd.Timestamp(value).tz_localize("UTC").to_pydatetime()
    return stamp


def _after(instant: datetime, hours: float) -> datetime:
    longest = (datetime.max.replace(tzinfo=instant.tzinfo) - instant) / timedelta(hours=1) - 1
    return instant + timedelta(hours=min(hours, longest))


def _today(book: Book) -> date:
    return book.as_of.date()
