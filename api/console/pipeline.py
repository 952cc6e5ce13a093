"""Recruitment as a board: who stands at which stage, since when, what the next step asks for; moved on from there."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Query
from fastapi.responses import HTMLResponse, Response

from api.console.lists import ROWS, Chosen, Page, Start, given
from api.console.places import country_name
from api.console.prospects import Reader, Writer, may_write
from api.console.shell import Visitor, own_path
from api.console.words import mark
from domain.errors import AllywiseError, Conflict, InvalidInput
from domain.terms import ModelName, PartnerStatus, Role
from programme import recruitment
from programme.pipeline import GATED, TRANSITIONS, unmet
from programme.qualification import qualify
from programme.rows import days_between
from programme.stages import FORWARD
from store.board import Card, cards, counts_by_status, manager_names
from store.rankings import Run, newest_run, program_choices, values_of
from store.unit_of_work import UnitOfWork

router = APIRouter(default_response_class=HTMLResponse)

Row = dict[str, Any]
Text = Annotated[str, Form(max_length=20_000)]
Key = Annotated[str, Query(max_length=2000)]

STAGES = tuple(str(stage) for stage in FORWARD)
ORDERS = {"chance": mark("Chance"), "waiting": mark("Longest at its stage")}
_CARDS = 6
"""Companies of a stage on the whole board; one stage alone has pages."""
_OVERRIDERS = (Role.ADMIN, Role.MANAGER)
_ACTIVE = str(PartnerStatus.ACTIVE)


@dataclass(frozen=True)
class Wanted:
    """What the address says: filters, one stage alone, the order."""

    program: str
    country: str
    account_manager: str
    stage: str
    order: str

    @property
    def filters(self) -> dict[str, str]:
        """The filters that are not left open."""
        named = given(program=self.program, country=self.country, account_manager=self.account_manager)
        return {name: value for name, value in named.items() if value is not None}

    @property
    def chosen(self) -> Row:
        """What the form shows as chosen, and the address says."""
        return vars(self) | {"order": "" if self.order == "chance" else self.order}


def wanted(
    program: Chosen = "", country: Chosen = "", account_manager: Chosen = "", stage: Chosen = "", order: Chosen = ""
) -> Wanted:
    """Return what the address asks for."""
    if stage and stage not in STAGES:
        raise InvalidInput(f"stage must be one of {', '.join(STAGES)}", field="stage")
    if order and order not in ORDERS:
        raise InvalidInput(f"order must be one of {', '.join(ORDERS)}", field="order")
    return Wanted(program, country, account_manager, stage, order or "chance")


WantedDep = Annotated[Wanted, Depends(wanted)]


@router.get("/pipeline")
def pipeline(visit: Reader, wanted: WantedDep, start: Start = 0) -> Response:
    """Show the stages side by side, or one of them as a list."""
    horizon = visit.services.settings.fit_horizon_days
    with visit.work() as work:
        run = newest_run(work.connection, ModelName.FIT, horizon, work.clock())
        counts = counts_by_status(work.connection, work.actor, wanted.filters)
        figures = {str(one.stage): one for one in recruitment.pipeline(work, wanted.program or None).stages}
        shown = (wanted.stage,) if wanted.stage else STAGES
        limit = ROWS + 1 if wanted.stage else _CARDS
        columns = [(stage, _column(work, stage, wanted, run, start if wanted.stage else 0, limit)) for stage in shown]
        choices = _choices(work)
    page: Page[Row] = Page.of(columns[0][1], start) if wanted.stage else Page((), 0, None)
    return visit.page(
        "pipeline.html",
        columns=[(stage, rows[:ROWS]) for stage, rows in columns],
        page=page,
        counts=counts,
        stages=STAGES,
        figures=figures,
        lost=counts.get(str(PartnerStatus.REJECTED), 0),
        total=sum(counts.values()),
        horizon=horizon,
        chosen=wanted.chosen,
        orders=tuple(ORDERS.items()),
        may_write=may_write(visit),
        **choices,
    )


def _choices(work: UnitOfWork) -> Row:
    countries = [(code, country_name(code)) for code in values_of(work.connection, "country", work.actor)]
    return {
        "programs": program_choices(work.connection),
        "countries": sorted(countries, key=lambda one: one[1]),
        "managers": manager_names(work.connection, work.actor, STAGES),
    }


def _column(work: UnitOfWork, stage: str, wanted: Wanted, run: Run | None, start: int, limit: int) -> list[Row]:
    """Return cards of a stage; who became active last comes first there."""
    order = "newest" if stage == _ACTIVE else wanted.order
    found = cards(work.connection, work.actor, stage, wanted.filters, run, order, start=start, limit=limit)
    ids = [card.id for card in found]
    rows = work.repository("partners").list({"id": ids}, limit=len(ids)).rows if ids else []
    by_id = {row["id"]: row for row in rows}
    return [_card(work, by_id[card.id], card) for card in found]


def _card(work: UnitOfWork, row: Row, card: Card) -> Row:
    return {
        "row": row,
        "card": card,
        "days": days_between(card.since, work.clock()),
        "missing": _missing(work, row),
        "forward": forward(row["status"]),
        "back": [step for step in _steps(row["status"]) if step in (PartnerStatus.REJECTED, PartnerStatus.ENDED)],
    }


def _missing(work: UnitOfWork, row: Row) -> Mapping[str, list[str]]:
    """Return what a company still lacks to become active, as far as its stage can have it."""
    if row["status"] == GATED[0]:
        return unmet(work, row)
    failed = list(qualify(work, row).failed) if row["status"] == PartnerStatus.APPLIED else []
    return {"criteria": failed} if failed else {}


def _steps(status: str) -> tuple[str, ...]:
    return tuple(str(step) for step in TRANSITIONS[PartnerStatus(status)])


def forward(status: str) -> str | None:
    """Return the next stage of recruitment, None after the last.

    Examples
    --------
    >>> forward("prospect"), forward("active"), forward("rejected")
    ('applied', None, None)
    """
    place = STAGES.index(status) + 1 if status in STAGES else len(STAGES)
    return STAGES[place] if place < len(STAGES) else None


@router.get("/pipeline/move")
def ask_move(visit: Writer, partner: Key, to: Chosen = "", back: Key = "/pipeline") -> Response:
    """Ask for the reason of a step, and say what is missing for it."""
    return _ask(visit, partner, to, back)


@router.post("/pipeline/move")
def move(
    visit: Writer, partner: Text = "", to: Text = "", reason: Text = "", override: Text = "", back: Text = "/pipeline"
) -> Response:
    """Bring a company to another stage; a refusal says what is missing."""
    try:
        if to == PartnerStatus.REJECTED and not reason.strip():
            raise InvalidInput("say why: the next one who looks at this company reads it", field="reason")
        with visit.work(read_only=False) as work:
            recruitment.move_partner(work, partner, to, reason.strip() or None, override=bool(override))
    except AllywiseError as error:
        return _ask(visit, partner, to, back, error, reason=reason)
    return visit.go(own_path(back), "moved")


def _ask(
    visit: Visitor, key: str, to: str, back: str, error: AllywiseError | None = None, reason: str = ""
) -> Response:
    with visit.work() as work:
        row = work.repository("partners").get(key)
        gated = (row["status"], to) == GATED
        missing = unmet(work, row) if gated else {}
    steps = _steps(row["status"]) if row["status"] else ()
    values: Row = {
        "row": row,
        "to": to if to in steps else "",
        "steps": steps,
        "missing": missing,
        "back": own_path(back),
        "reason": reason,
        "may_override": bool(missing) and visit.actor.role in _OVERRIDERS,
        "told_above": bool(missing) and isinstance(error, Conflict),
    }
    name = "pipeline_move.html"
    return visit.page(name, **values) if error is None else visit.refused(name, error, **values)
