"""Plans and talk in the words of the import format: joint plans and their goals, surveys, notes and messages."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from demo import calendar
from demo.facts import RECRUITERS, Facts
from demo.state import ACTIVATED, ONBOARDING
from demo.tables import dates, ids, instants

Array = npt.NDArray[Any]

_PLANNED, _NOTES, _THREADS = 90, 260, 60
_OBJECTIVES = (
    "Two new customers a quarter; one more certified consultant.",
    "Win back the customers lost to a rival; a campaign in spring.",
    "Open a second industry together; a reference on our page.",
    "From single deals to projects: services beside the licence.",
)
_CALLS = (
    "Pipeline looked through; two deals may close this quarter.",
    "Wants leads nearer to its office.",
    "New sales manager there, eager; asked for the price list.",
    "Busy with a project of its own until next month.",
    "Asked for help with a tender; sent the comparison.",
)
_MEETINGS = (
    "Quarterly review: on plan; wants a customer story for the website.",
    "Quarterly review: behind plan; we agreed on a joint call day.",
    "Visited the office: three consultants, one certified.",
)
_REMARKS = ("Prefers to be called in the morning.", "Invoices go to the holding.", "Asks for answers in writing.")
_INTERVIEWS = (
    "Interview: knows our customers, small team; trial with one lead proposed.",
    "Interview: strong technically, no sales person yet.",
    "Interview: wants exclusivity, which we do not give; will think about it.",
    "Interview: convincing; references to be checked.",
)
_ASKED = (
    ("The price list on the page is the old one, isn't it?", "It was; the new one is there now. Thank you."),
    ("Could we have the slides of last week's webinar?", "They are in the library under webinars."),
    ("Our customer asks for a proof of concept. Who pays?", "Half is ours, up to 2,000. Send me the plan, please."),
    ("We change our office next month, fewer leads please.", "Noted; tell us the day when you are back."),
    ("When are the commissions of last quarter paid?", "The statement is closed, it is paid by Friday."),
)
_YEAR = 365
_GOALS = (("won_revenue", 1.15), ("deals_won", 1.1), ("registrations", 1.1))


def tell(facts: Facts) -> dict[str, pd.DataFrame]:
    """Return the resources of plans and talk; goals and feedback are those that were there, and more of them."""
    surveys = _surveys(facts)
    plans, goals = _plans(facts)
    return {
        "plans": plans,
        "goals": _more_goals(facts, goals),
        "surveys": surveys,
        "feedback": _answers(facts, surveys),
        "notes": _notes(facts),
    }


def _more_goals(facts: Facts, goals: pd.DataFrame) -> pd.DataFrame:
    frame = pd.concat([facts.frames["goals"], goals], ignore_index=True) if len(goals) else facts.frames["goals"]
    return frame.drop_duplicates(["partner", "metric", "period_start"])


class _Span(NamedTuple):
    """A calendar year, in days since the start."""

    year: int
    first: float
    last: float


def _year(facts: Facts, back: int) -> _Span:
    year = int(calendar.instants(facts.state.spec, np.array([facts.end - 1]))[0].astype("datetime64[Y]").astype(int))
    year += 1970 - back
    first, after = (facts.days_of([f"{number}-01-01"])[0] for number in (year, year + 1))
    return _Span(year, float(first), float(after) - 1)


def _plans(facts: Facts) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return this year's plans with the best partners and their goals, last year's, and drafts of the next."""
    rows, goals = [], []
    for back, status, share in ((1, "closed", 0.6), (0, "agreed", 1.0), (-1, "draft", 0.25)):
        span = _year(facts, back)
        best = _best(facts, min(span.first, facts.end))
        for partner in facts.some(best, round(share * len(best))):
            rows.append((partner, span, status))
            goals += _goals_of(facts, int(partner), span) if status != "draft" else []
    partner = np.array([row[0] for row in rows], dtype=int)
    frame = pd.DataFrame(
        {
            "external_id": ids("PL", np.arange(len(rows)), 4),
            "partner": facts.key[partner],
            "title": [f"Joint plan {row[1].year}" for row in rows],
            "objective": facts.pick(_OBJECTIVES, len(rows)),
            "status": [row[2] for row in rows],
            "period_start": dates(facts.state, np.array([row[1].first for row in rows])),
            "period_end": dates(facts.state, np.array([row[1].last for row in rows])),
            "owner": facts.manager[partner],
        }
    )
    return frame, pd.DataFrame(goals, columns=["partner", "metric", "period_start", "period_end", "target"])


def _best(facts: Facts, day: float) -> Array:
    """Return the partners that had won most in the year before a day, of those there then; nothing later counts."""
    book, k = facts.book, int(np.searchsorted(facts.state.borders, day, side="left")) - 1
    there = np.isin(facts.state.books.stage[max(k, 0)], (ONBOARDING, ACTIVATED))
    won = book.won.astype(bool) & (book.closes < day) & (book.closes >= day - _YEAR)
    amount = np.bincount(book.partner[won].astype(int), book.amount[won].astype(float), minlength=facts.n)
    order = np.argsort(-amount, kind="stable")
    return np.asarray(order[there[order] & (amount[order] > 0) & (day >= 0)][:_PLANNED])


def _goals_of(facts: Facts, partner: int, span: _Span) -> list[dict[str, Any]]:
    """Return goals somewhat above what the partner did in the year before: some are reached, others are not."""
    book, since = facts.book, span.first - _YEAR
    mine = book.partner == partner
    won = mine & book.won.astype(bool) & (book.closes >= since) & (book.closes < span.first)
    done = (
        float(book.amount[won].sum()),
        float(won.sum()),
        float((mine & (book.registered >= since) & (book.registered < span.first)).sum()),
    )
    period = dict(
        zip(("period_start", "period_end"), dates(facts.state, np.array([span.first, span.last])), strict=True)
    )
    goals = []
    for (metric, growth), was in zip(_GOALS, done, strict=True):
        wanted = was * growth * facts.rng.uniform(0.8, 1.2)
        target = max(round(wanted, -3), 5_000.0) if metric == "won_revenue" else max(round(wanted), 2)
        goals.append({"partner": facts.key[partner], "metric": metric, **period, "target": target})
    return goals


def _surveys(facts: Facts) -> pd.DataFrame:
    """Return half-yearly surveys, the last of which goes on."""
    begin = np.array([facts.end - 540, facts.end - 360, facts.end - 170])
    begin = np.floor(begin[begin >= 0])
    end = np.minimum(begin + 179, np.append(begin[1:] - 1, np.inf))
    years = calendar.instants(facts.state.spec, begin).astype("datetime64[Y]")
    return pd.DataFrame(
        {
            "external_id": ids("SV", np.arange(len(begin)), 2),
            "title": [f"How satisfied are our partners? {year}/{j + 1}" for j, year in enumerate(years.astype(str))],
            "kind": "nps",
            "question": "How likely is it that you recommend our programme to another company?",
            "valid_from": dates(facts.state, begin),
            "valid_to": dates(facts.state, end),
        }
    )


def _answers(facts: Facts, surveys: pd.DataFrame) -> pd.DataFrame:
    """Return the feedback that there is; each partner's first in a survey's period is its answer to it."""
    frame = facts.frames["feedback"]
    at = facts.days_of(frame["submitted_at"])
    named = np.full(len(frame), None, dtype=object)
    for survey in surveys.itertuples():
        first, last = facts.days_of([survey.valid_from, survey.valid_to])
        inside = np.flatnonzero((at >= first) & (at < last + 1))
        mine = frame["partner"].to_numpy()[inside]
        named[inside[np.sort(np.unique(mine.astype(str), return_index=True)[1])]] = survey.external_id
    return frame.assign(survey=named)


def _notes(facts: Facts) -> pd.DataFrame:
    """Return notes of account managers, interviews of recruiters, and messages to and fro."""
    parts = [_kept(facts), _interviews(facts), _messages(facts)]
    frame = pd.concat(parts, ignore_index=True).sort_values("at", kind="stable")
    frame = frame[frame["at"] < facts.end]
    shared = np.where(frame["shared"], "true", "false")
    written = instants(facts.state, frame["at"].to_numpy(dtype=float))
    told = frame.drop(columns=["at", "shared"]).assign(written_at=written, shared=shared)
    told.insert(0, "external_id", ids("NO", np.arange(len(told)), 4))
    return told


def _kept(facts: Facts) -> pd.DataFrame:
    """Return what account managers noted, more of late and of those who sell more."""
    rng, members = facts.rng, facts.members
    if not len(members):
        return _no_notes()
    weight = 1 + facts.revenue[members] / max(facts.revenue.mean(), 1.0)
    partner = rng.choice(members, _NOTES, p=weight / weight.sum())
    kind = rng.choice(3, _NOTES, p=(0.5, 0.3, 0.2))
    said = (_CALLS, _MEETINGS, _REMARKS)
    pairs = zip(kind, rng.random(_NOTES), strict=True)
    texts = np.array([said[k][int(u * len(said[k]))] for k, u in pairs], dtype=object)
    at = facts.at_work(facts.end - 1 - 250 * rng.random(_NOTES) ** 1.7)
    frame = _note_frame(facts, partner, np.array(["call", "meeting", "note"], dtype=object)[kind], texts, at)
    known: pd.DataFrame = frame.assign(author=facts.manager[partner])[at > facts.state.recruited[partner] + 5]
    return known


def _interviews(facts: Facts) -> pd.DataFrame:
    company = facts.some(np.flatnonzero(np.isin(facts.status, ("applied", "rejected", "onboarding"))), 110)
    recruited = facts.state.cast.recruited[company]
    before = np.where(
        np.isfinite(recruited),
        recruited - facts.rng.uniform(2, 12, len(company)),
        facts.end - 1 - facts.rng.uniform(0, 4, len(company)),
    )
    author = np.array(RECRUITERS, dtype=object)[company % len(RECRUITERS)]
    at, texts = facts.at_work(before), facts.pick(_INTERVIEWS, len(company))
    kind = np.full(len(company), "interview", dtype=object)
    return _note_frame(facts, company, kind, texts, at).assign(author=author)[before > facts.end - 2 * _YEAR]


def _messages(facts: Facts) -> pd.DataFrame:
    """Return questions of partners and the answers to most of them, a few hours or days later."""
    sellers = facts.members[np.argsort(-facts.revenue[facts.members], kind="stable")][: 2 * _THREADS]
    partner = facts.some(sellers, _THREADS)
    if not len(partner):
        return _no_notes()
    n = len(partner)
    thread = facts.rng.integers(0, len(_ASKED), n)
    asked = facts.at_work(facts.end - 1 - 60 * facts.rng.random(n) ** 2)
    texts = np.array(_ASKED, dtype=object)[thread]
    kind = np.full(n, "message", dtype=object)
    people = facts.contact["name"].reindex(facts.key[partner]).to_numpy(dtype=object)
    questions = _note_frame(facts, partner, kind, texts[:, 0], asked).assign(author=people)
    answers = _note_frame(facts, partner, kind, texts[:, 1], asked + facts.rng.uniform(0.05, 1.5, n))
    answers = answers.assign(author=facts.manager[partner])
    frame = pd.concat([questions, answers[facts.rng.random(n) < 0.8]], ignore_index=True)
    return frame.assign(shared=True)


def _note_frame(facts: Facts, partner: Array, kind: Array, body: Array, at: Array) -> pd.DataFrame:
    return pd.DataFrame({"partner": facts.key[partner], "kind": kind, "body": body, "shared": False, "at": at})


def _no_notes() -> pd.DataFrame:
    return pd.DataFrame(columns=["partner", "kind", "body", "shared", "at", "author"])
