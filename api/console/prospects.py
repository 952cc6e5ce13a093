"""Pages of recruiters: the ranking of prospects, as a list and as a file."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, cast

from fastapi import APIRouter, Depends, Query
from fastapi.responses import HTMLResponse, Response
from pydantic import BeforeValidator, Field

from api import answers, recruiting
from api.console.exports import MOST_ROWS, csv_file
from api.console.lists import ROWS, Chosen, Page, Start, given
from api.console.places import country_name, gap_name
from api.console.shell import Visitor, visitor
from api.console.terms import term
from api.schemas_scores import FitScore, ProspectRanking
from domain.errors import InvalidInput
from domain.terms import RECRUITABLE, PartnerKind, Role
from intelligence.scoring.white_space import Dimension
from store.rankings import program_choices
from store.shortlists import shortlists, words_of
from store.unit_of_work import UnitOfWork

router = APIRouter(default_response_class=HTMLResponse)

READERS = (Role.RECRUITER, Role.MANAGER, Role.ANALYST)
WRITERS = (Role.RECRUITER, Role.MANAGER)
Reader = Annotated[Visitor, visitor(*READERS)]
Writer = Annotated[Visitor, visitor(*WRITERS)]
Row = dict[str, Any]
_Share = Annotated[float, Field(ge=0, le=1)]

_STATUSES = tuple(str(status) for status in RECRUITABLE)
_FILLABLE = ("country", "region", "industry")
_PART = 500
_HEAD = (
    "rank", "id", "name", "status", "kind", "programme", "country", "region", "city", "chance", "low", "high",
    "evidence", "expected_revenue", "reach", "fills", "why", "like", "as_of", "model_version",
)  # fmt: skip


@dataclass(frozen=True)
class Wanted:
    """Which prospects are listed: what the address says."""

    country: str
    region: str
    kind: str
    program: str
    status: str
    fills: str
    min_p: float

    @property
    def chosen(self) -> Row:
        """What the form shows as chosen, and the address says."""
        return vars(self) | {"min_p": self.min_p or ""}

    def ranking(self, visit: Visitor, limit: int, start: int) -> ProspectRanking:
        """Return the ranking, from the `start`-th prospect on."""
        filters = given(
            country=self.country, region=self.region, kind=self.kind, program=self.program, status=self.status
        )
        among = recruiting.fillers(visit.services, *self.gap) if self.gap else None
        portfolio = visit.actor.portfolio
        return answers.prospect_ranking(
            visit.services, None, filters, limit, min_p=self.min_p, portfolio=portfolio, among=among, start=start
        )

    @property
    def gap(self) -> tuple[Dimension, str] | None:
        """The gap that is to be filled."""
        dimension, _, value = self.fills.partition(":")
        if not self.fills:
            return None
        if dimension not in _FILLABLE:
            raise InvalidInput("fills names a country, region or industry, such as country:DE", field="fills")
        return cast("Dimension", dimension), value


def wanted(
    country: Chosen = "",
    region: Chosen = "",
    kind: Chosen = "",
    program: Chosen = "",
    status: Chosen = "",
    fills: Chosen = "",
    min_p: Annotated[_Share | None, BeforeValidator(lambda given: given or None), Query()] = None,
) -> Wanted:
    """Return what the address asks for; a form sends what is left open as an empty text."""
    return Wanted(country, region, kind, program, status, fills, min_p or 0.0)


WantedDep = Annotated[Wanted, Depends(wanted)]


@router.get("/prospects")
def prospects(visit: Reader, wanted: WantedDep, start: Start = 0) -> Response:
    """Rank prospects by their chance to become productive; filters live in the address."""
    found = wanted.ranking(visit, ROWS + 1, start)
    page: Page[FitScore] = Page.of(found.items, start)
    with visit.work() as work:
        profiles = profiles_of(work, page.rows)
        choices = _choices(work)
    return visit.page(
        "prospects.html",
        page=page,
        profiles=profiles,
        as_of=found.as_of,
        horizon=visit.services.settings.fit_horizon_days,
        chosen=wanted.chosen,
        gap=gap_name(*wanted.gap) if wanted.gap else None,
        may_write=may_write(visit),
        **choices,
    )


@router.get("/prospects.csv")
def prospects_csv(visit: Reader, wanted: WantedDep) -> Response:
    """Return the same list as a file, as far as `MOST_ROWS`."""
    first = wanted.ranking(visit, _PART, 0)
    return csv_file(f"prospects-{first.as_of:%Y-%m-%d}.csv", _HEAD, _lines(visit, wanted, first))


def may_write(visit: Visitor) -> bool:
    """Whether who looks may change what recruiters work with."""
    return visit.actor.role in (Role.ADMIN, *WRITERS)


def profiles_of(work: UnitOfWork, items: Sequence[FitScore]) -> dict[str, Row]:
    """Return the rows of the companies that scores are of, by external id."""
    keys = [item.partner for item in items]
    rows = work.repository("partners").list({"external_id": keys}, limit=max(len(keys), 1)).rows if keys else []
    return {row["external_id"]: row for row in rows}


def _choices(work: UnitOfWork) -> dict[str, Any]:
    countries = words_of(work.connection, work.actor, "country", _STATUSES)
    return {
        "countries": sorted(((code, country_name(code)) for code in countries), key=lambda one: one[1]),
        "regions": words_of(work.connection, work.actor, "region", _STATUSES),
        "kinds": [(str(kind), term(kind)) for kind in PartnerKind],
        "statuses": [(status, term(status)) for status in _STATUSES],
        "programs": program_choices(work.connection),
        "lists": names_of_lists(work),
    }


def names_of_lists(work: UnitOfWork) -> list[str]:
    """Return the names of shortlists, the one that was added to last first."""
    return [one.name for one in shortlists(work.connection, work.actor)]


def _lines(visit: Visitor, wanted: Wanted, first: ProspectRanking) -> Iterator[Sequence[Any]]:
    items, start = first.items, 0
    while items:
        with visit.work() as work:
            profiles = profiles_of(work, items)
        for place, item in enumerate(items, start=start + 1):
            yield line_of(place, item, profiles.get(item.partner or "", {}))
        start += len(items)
        is_last = len(items) < _PART or start >= MOST_ROWS
        items = [] if is_last else wanted.ranking(visit, _PART, start).items


def line_of(place: int, item: FitScore, profile: Mapping[str, Any]) -> Sequence[Any]:
    """Return a prospect as a line of a file."""
    where = [profile.get(name) for name in ("status", "kind", "program", "country", "region", "city")]
    said = [item.p_productive, item.low, item.high, str(item.evidence), item.expected_revenue, item.reach]
    gaps = [f"{gap.dimension}:{gap.value}" for gap in item.fills]
    why = "; ".join(item.reasons)
    return [place, item.partner, item.name, *where, *said, gaps, why, item.similar, item.as_of, item.model_version]
