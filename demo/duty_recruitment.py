"""Recruitment in the words of the import format: criteria, ratings, reasons of moves, onboarding and its tasks."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from demo import tables
from demo.facts import RECRUITERS, Facts
from demo.tables import dates, ids, instants

Array = npt.NDArray[Any]

_CRITERIA = (
    ("Reputation with customers", "reputation", 2.0, False, None, "References of two customers, reviews."),
    ("Record of sales", "record", 3.0, True, 2.0, "Has sold comparable products within two years."),
    ("Shares our values", "values", 1.0, False, None, "How it deals with customers and staff."),
    ("Reaches our customers", "audience", 2.0, True, 1.0, "Sells to the industries and sizes that we look for."),
    ("Technical maturity", "maturity", 2.0, False, None, "Could deliver a project without us."),
    ("Products that fit ours", "complementary_products", 1.0, False, None, "Sells what goes with ours."),
)
_REMARKS = (
    "Asked two references, both content.",
    "Strong with small customers, less so with large ones.",
    "Has one consultant who knows the subject.",
    "Sells a rival's product as well.",
    "Prepared, and asked good questions.",
    "Website says more than they could show.",
)
_STEPS = (
    ("Sign the agreement", "Both sides sign; the terms are on the page of the agreement.", 7, True),
    ("Name a contact for sales and one for technical questions", "So that leads find somebody.", 14, True),
    ("Kick-off with the account manager", "An hour: goals, first customers, who does what.", 21, True),
    ("Pass the first course", "The certificate does this step.", 60, False),
    ("First customer meeting together", "With the account manager.", 75, False),
    ("Register the first deal", "So that it is protected.", 90, False),
)
_COURSE_STEP = 3
_REASONS = {
    "prospect": ("Found on the list of the chamber", "Met at the fair", "Named by a customer"),
    "applied": ("Applied on the website", "Answered our letter", "Asked after the webinar"),
    "onboarding": ("Signed the agreement", "Interview went well, signed", "Signed after the trial"),
    "active": ("Won its first deal", "Heard of again", "Back with a deal"),
    "inactive": ("No sign of life for 75 days", "Nobody answers calls"),
    "ended": ("Silent for months", "No deal within a year", "Agreement not renewed"),
    "rejected": ("Too small for our customers", "Sells to other industries", "No references"),
}
_RATED = ("applied", "rejected", "onboarding")
_REMEMBERED_DAYS = 365


def tell(facts: Facts) -> dict[str, pd.DataFrame]:
    """Return the resources of recruitment."""
    steps = _steps()
    return {
        "criteria": _criteria(),
        "ratings": _ratings(facts),
        "stage_changes": _stage_changes(facts),
        "onboarding_steps": steps,
        "tasks": _tasks(facts, steps),
    }


def _criteria() -> pd.DataFrame:
    names = ("name", "kind", "weight", "must_have", "minimum", "description")
    frame = pd.DataFrame(_CRITERIA, columns=list(names))
    frame.insert(0, "external_id", ids("CT", np.arange(len(frame)), 2))
    return frame.assign(must_have=np.where(frame["must_have"], "true", "false"))


def _ratings(facts: Facts) -> pd.DataFrame:
    """Return what people think of those who applied, and of some whom they look at: nearer to the truth than chance."""
    rng, n = facts.rng, len(_CRITERIA)
    asked = np.flatnonzero(np.isin(facts.status, _RATED))
    seen = facts.some(np.flatnonzero(facts.status == "prospect"), 40)
    company = np.repeat(np.concatenate([asked, seen]), n)
    criterion = np.tile(np.arange(n), len(company) // n)
    opinion = 2.7 + 2.2 * (facts.state.p_fit[company] - 0.5) + rng.normal(0, 0.8, len(company))
    recruited = facts.state.cast.recruited[company]
    before = np.where(np.isfinite(recruited), recruited, facts.end) - rng.uniform(2, 20, len(company))
    keep = (rng.random(len(company)) < 0.75) & (before > facts.end - 2 * _REMEMBERED_DAYS)
    company, criterion = company[keep], criterion[keep]
    remark = facts.pick(_REMARKS, len(company))
    return pd.DataFrame(
        {
            "partner": facts.key[company],
            "criterion": ids("CT", criterion, 2),
            "rated_at": instants(facts.state, facts.at_work(before[keep])),
            "score": np.clip(np.round(opinion[keep]), 0, 5),
            "comment": tables.some(rng.random(len(company)) < 0.25, remark),
            "rated_by": np.array(RECRUITERS, dtype=object)[(company + criterion // 3) % len(RECRUITERS)],
        }
    ).drop_duplicates(["partner", "criterion", "rated_by", "rated_at"])


def _stage_changes(facts: Facts) -> pd.DataFrame:
    """Return why and by whom companies moved within the last year; that they moved is in ``changes``."""
    moves = facts.frames["changes"]
    moves = moves[moves["field"] == "status"].assign(at=lambda frame: facts.days_of(frame["changed_at"]))
    moves = moves.sort_values(["external_id", "at"], kind="stable")
    moves["before"] = moves.groupby("external_id")["value"].shift()
    moves = moves[moves["at"] >= facts.end - _REMEMBERED_DAYS]
    company = facts.rows(moves["external_id"])
    word = moves["value"].to_numpy(dtype=object)
    pick = facts.rng.random(len(moves))
    reason = [_REASONS[w][int(u * len(_REASONS[w]))] for w, u in zip(word, pick, strict=True)]
    recruiter = np.array(RECRUITERS, dtype=object)[company % len(RECRUITERS)]
    kept = np.isin(word, ("active", "inactive", "ended")) & pd.notna(facts.manager[company])
    return pd.DataFrame(
        {
            "partner": moves["external_id"].to_numpy(),
            "changed_at": moves["changed_at"].to_numpy(),
            "from_status": moves["before"].to_numpy(),
            "to_status": word,
            "reason": reason,
            "changed_by": np.where(kept, facts.manager[company], recruiter),
            "overridden": "false",
        }
    )


def _steps() -> pd.DataFrame:
    frame = pd.DataFrame(_STEPS, columns=["title", "description", "due_days", "required"])
    frame.insert(0, "external_id", ids("ST", np.arange(len(frame)), 2))
    course = tables.some(np.arange(len(frame)) == _COURSE_STEP, [tables.course_name(0)] * len(frame))
    required = np.where(frame["required"], "true", "false")
    return frame.assign(required=required, position=np.arange(len(frame)) + 1, course=course)


def _tasks(facts: Facts, steps: pd.DataFrame) -> pd.DataFrame:
    """Return the checklists of those being onboarded, and of those who came within the last year."""
    recruited = facts.state.recruited
    new = np.isin(facts.status[: facts.n], ("onboarding", "active")) & (recruited > facts.end - 365)
    still = facts.status[: facts.n] == "onboarding"
    partner = np.repeat(np.flatnonzero((new | still) & np.isfinite(recruited)), len(steps))
    step = np.tile(np.arange(len(steps)), len(partner) // len(steps))
    due = np.floor(recruited[partner]) + steps["due_days"].to_numpy()[step]
    done = due + facts.rng.normal(-3, 9, len(partner))
    done = np.maximum(done, recruited[partner] + 0.6)
    does = facts.rng.random(len(partner)) < np.where(still[partner], 0.8 - 0.1 * step, 0.97)
    does &= (done < facts.end - 0.5) & ((step != _COURSE_STEP) | ~still[partner])
    table = steps.iloc[step].reset_index(drop=True)
    return pd.DataFrame(
        {
            "external_id": ids("TK", np.arange(len(partner))),
            "partner": facts.key[partner],
            "step": table["external_id"],
            "title": table["title"],
            "description": table["description"],
            "owner": facts.manager[partner],
            "due_on": dates(facts.state, due),
            "done_at": instants(facts.state, np.where(does, facts.at_work(done), np.nan)),
        }
    )
