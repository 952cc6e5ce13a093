"""Training in the words of the import format: the courses that certificates are of, and who took them."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from demo import tables, vocabulary
from demo.facts import Facts
from demo.tables import dates, ids, instants

Array = npt.NDArray[Any]

_FAILED_SHARE, _OPEN = 0.08, 120
_REMEMBERED_DAYS = 540
_VALID_DAYS = 365


def tell(facts: Facts) -> dict[str, pd.DataFrame]:
    """Return the resources of training."""
    return {"courses": _courses(facts), "enrolments": _enrolments(facts)}


def _courses(facts: Facts) -> pd.DataFrame:
    """Return a course for each product, whose name the certificates bear, and one for newcomers."""
    n = facts.state.spec.products
    names = [vocabulary.product_name(j) for j in range(n)]
    frame = pd.DataFrame(
        {
            "external_id": ids("CR", np.arange(n), 3),
            "name": [tables.course_name(j) for j in range(n)],
            "description": [f"Advise on {name}, set it up and look after it; ends with a test." for name in names],
            "products": ids("PR", np.arange(n), 3),
            "validity_days": [float(_VALID_DAYS)] * n,
            "hours": [6.0 + 2 * (j % 4) for j in range(n)],
            "website": [f"https://learning.example/courses/{j + 1}" for j in range(n)],
        }
    )
    first = {"external_id": "CR-000", "name": "Programme Basics", "hours": 1.5}
    more = {"description": "Who does what, how leads and deals are handled.", "website": "https://learning.example"}
    return pd.concat([frame, pd.DataFrame([first | more])], ignore_index=True)


def _enrolments(facts: Facts) -> pd.DataFrame:
    passed = _passed(facts)
    failed = passed.sample(frac=_FAILED_SHARE, random_state=int(facts.rng.integers(2**31)))
    earlier = failed["completed"] - facts.rng.uniform(20, 50, len(failed))
    failed = failed.assign(completed=earlier, enrolled=earlier - facts.rng.uniform(10, 40, len(failed)), passed=False)
    failed = failed[failed["enrolled"] > 0]
    frame = pd.concat([passed, failed, _open(facts, passed)], ignore_index=True).sort_values("enrolled")
    rng, n = facts.rng, len(frame)
    done = frame["completed"].notna().to_numpy()
    right = frame["passed"].eq(True).to_numpy()
    score = np.where(right, np.clip(rng.normal(82, 8, n), 60, 100), np.clip(rng.normal(48, 8, n), 20, 59))
    return pd.DataFrame(
        {
            "external_id": ids("EN", np.arange(n)),
            "partner": facts.key[frame["partner"].to_numpy(dtype=int)],
            "course": ids("CR", frame["course"].to_numpy(dtype=int), 3),
            "contact": facts.contact["external_id"].reindex(facts.key[frame["partner"].to_numpy(dtype=int)]).to_numpy(),
            "enrolled_at": instants(facts.state, facts.at_work(frame["enrolled"].to_numpy(dtype=float))),
            "due_on": dates(facts.state, frame["enrolled"].to_numpy(dtype=float) + 60),
            "completed_at": instants(facts.state, np.floor(frame["completed"].to_numpy(dtype=float)) + 0.72),
            "score": np.where(done, np.round(score), np.nan),
            "passed": tables.some(done, np.where(right, "true", "false")),
        }
    )


def _passed(facts: Facts) -> pd.DataFrame:
    """Return what led to the certificates of late, one enrolment each."""
    held = facts.frames["certifications"]
    number = {tables.course_name(j): j for j in range(facts.state.spec.products)}
    at = facts.days_of(held["passed_on"])
    recent = (at >= facts.end - _REMEMBERED_DAYS) & (at < facts.end - 1)
    frame = pd.DataFrame(
        {
            "partner": facts.rows(held["partner"][recent]),
            "course": held["course"][recent].map(number).to_numpy(dtype=int),
            "completed": at[recent],
        }
    )
    begun = frame["completed"] - facts.rng.uniform(8, 60, len(frame))
    begun = np.maximum(begun, np.minimum(facts.state.recruited[frame["partner"]] + 1, frame["completed"] - 2))
    return frame.assign(enrolled=begun, passed=True)


def _open(facts: Facts, passed: pd.DataFrame) -> pd.DataFrame:
    """Return who learns now: partners that lack a course of theirs, or whose certificate runs out soon."""
    live = np.zeros(facts.n, dtype=bool)
    live[facts.members] = True
    fresh = passed[passed["completed"] > facts.end - 280]
    held = np.zeros((facts.n, facts.state.spec.products), dtype=bool)
    held[fresh["partner"], fresh["course"]] = True
    partner, course = np.nonzero(facts.state.cast.courses[: facts.n] & ~held & live[:, None])
    chosen = facts.some(np.arange(len(partner)), _OPEN)
    begun = facts.end - facts.rng.uniform(1, 75, len(chosen))
    begun = np.maximum(begun, np.minimum(facts.state.recruited[partner[chosen]] + 0.5, facts.end - 1))
    columns = {"partner": partner[chosen], "course": course[chosen], "enrolled": begun}
    return pd.DataFrame({**columns, "completed": np.nan, "passed": None})
