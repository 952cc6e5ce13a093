"""What all pages of one partner share: its head, its parts, and how a refused form comes back."""

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Path
from fastapi.responses import Response

from api.console.partners import READERS
from api.console.rendering import partner_page
from api.console.shell import Visitor, visitor
from api.console.words import mark
from api.figures import Question, get_question
from api.routes.resources import row_key
from domain.errors import AllywiseError, StaleVersion
from domain.resources import RESOURCES
from domain.terms import Role
from programme.rule import Row
from store.unit_of_work import UnitOfWork

PARTS = (
    ("", mark("Overview")),
    ("scorecard", mark("Scorecard")),
    ("timeline", mark("Timeline")),
    ("deals", mark("Deals")),
    ("leads", mark("Leads")),
    ("agreements", mark("Agreements and money")),
    ("goals", mark("Goals")),
    ("training", mark("Training")),
    ("recommended", mark("Recommended")),
    ("scores", mark("Scores")),
    ("notes", mark("Notes")),
)
"""Parts of a partner's page by the last word of their addresses, in their order."""

EDIT = "edit"
_WRITERS = (Role.RECRUITER, Role.MANAGER)

Key = Annotated[str, Path(max_length=2000)]
Reader = Annotated[Visitor, visitor(*READERS)]
Writer = Annotated[Visitor, visitor(*_WRITERS)]


def partner_of(work: UnitOfWork, key: str) -> Row:
    """Return the partner that an address names, as ``/v1/partners/{key}`` does.

    Raises
    ------
    NotFound
        If there is none that the visitor may see.
    """
    return work.repository("partners").get(row_key(key, RESOURCES["partners"]))


def may_write(visit: Visitor) -> bool:
    """Whether a visitor may change partners."""
    return visit.actor.role in (Role.ADMIN, *_WRITERS)


def question_of(visit: Visitor, work: UnitOfWork) -> Question:
    """Return the books and the year until now, which figures are asked of."""
    return get_question(visit.services, work, visit.services.clock(), None, None, None, None)


def part_path(partner: Row, part: str = "") -> str:
    """Return the address of a part of a partner's page."""
    return partner_page(partner["external_id"], partner["id"], part)


def show(
    visit: Visitor, template: str, partner: Row, part: str, error: AllywiseError | None = None, **values: Any
) -> Response:
    """Return a part of a partner's page; with an `error`, as a form that was refused."""
    common = {
        "partner": partner,
        "here": part_path(partner, part),
        "part_path": lambda name="": part_path(partner, name),
        "parts": [(part_path(partner, name), label) for name, label in PARTS],
        "may_write": may_write(visit),
        **values,
    }
    if isinstance(error, StaleVersion):
        return visit.page(template, 412, problem=error.message, **common)
    return visit.page(template, **common) if error is None else visit.refused(template, error, **common)


def done(
    visit: Visitor,
    key: str,
    part: str,
    act: Callable[[UnitOfWork, Row], object],
    again: Callable[[AllywiseError], Response],
) -> Response:
    """Do something with a partner, and go to a part of its page; what is refused is shown by `again`."""
    try:
        with visit.work(read_only=False) as work:
            partner = partner_of(work, key)
            act(work, partner)
    except AllywiseError as error:
        return again(error)
    return visit.go(part_path(partner, part), "done")
