"""The public directory for machines: partners that may be found, the best performers first. Off by default."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel, Field

from api.authentication import network_address
from api.dependencies import Services, ServicesDep, allow_anyone
from api.problems import problem_responses
from api.throttle import Throttle
from domain.context import SYSTEM
from domain.errors import NotFound
from programme.directory import Entry, find_partners
from store.directory import Sought

router = APIRouter(tags=["directory"])

KEPT = "public, max-age=300"
MOST_SKIPPED = 1000
_THROTTLE = Throttle(120)
Word = Annotated[str, Query(max_length=100, pattern=r"^[^\x00]*$")]


class DirectoryEntry(BaseModel):
    """A partner as it says it wants to be found."""

    partner: str = Field(description="external id")
    name: str
    kind: str | None
    city: str | None
    region: str | None
    country: str | None
    headline: str | None
    description: str | None
    website: str | None
    phone: str | None
    email: str | None
    languages: list[str]
    products: list[str] = Field(description="external ids")
    certifications: list[str] = Field(description="courses of which it holds a valid certificate")

    @classmethod
    def of(cls, entry: Entry) -> "DirectoryEntry":
        """Return an entry as payload."""
        told = entry.listed._asdict() | {"certifications": list(entry.certifications)}
        return cls.model_validate({name: told[name] for name in cls.model_fields})


class DirectoryPage(BaseModel):
    """Some partners of the directory, the best performers first; the figures behind the order are not told."""

    items: list[DirectoryEntry]
    total: int = Field(description="how many were found, all pages together")


def check_open(services: Services, request: Request) -> None:
    """Refuse whoever asks while there is no public directory, or asks too often.

    Raises
    ------
    NotFound
        If the directory is off.
    TooManyRequests
        If the address has asked too often in this minute.
    """
    if services.settings.directory != "on":
        raise NotFound("there is no public directory here")
    _THROTTLE.check(network_address(request), services.clock())


@dataclass(frozen=True)
class Asked:
    """What is looked for; empty: anything."""

    name: Word = ""
    country: Annotated[str, Query(pattern="^([A-Z]{2})?$", description="code of two letters")] = ""
    place: Annotated[str, Query(max_length=100, pattern=r"^[^\x00]*$", description="part of region or city")] = ""
    kind: Word = ""
    language: Word = ""
    product: Annotated[str, Query(max_length=500, pattern=r"^[^\x00]*$", description="external id")] = ""
    certification: Word = ""
    start: Annotated[int, Query(ge=0, le=MOST_SKIPPED, description="how many to skip")] = 0

    @property
    def sought(self) -> Sought:
        """As the directory is searched."""
        said = (self.name.strip(), self.country, self.place.strip(), self.kind, self.language)
        return Sought(*said, self.product, self.certification)


AskedDep = Annotated[Asked, Depends()]


@router.get(
    "/directory",
    operation_id="list_directory",
    dependencies=[allow_anyone()],
    responses=problem_responses(404, 422, 429),
)
def list_directory(
    request: Request,
    response: Response,
    services: ServicesDep,
    asked: AskedDep,
    limit: Annotated[int, Query(ge=1, le=50)] = 20,
) -> DirectoryPage:
    """Find partners that want to be found and were published, the best performers first; nobody need be known.

    Off unless the setting `ALLYWISE_DIRECTORY` is on: 404. At most 120 requests a minute from one address.
    """
    check_open(services, request)
    response.headers["Cache-Control"] = KEPT
    with services.unit_of_work(SYSTEM, read_only=True) as work:
        found = find_partners(work, asked.sought, asked.start, limit)
    return DirectoryPage(items=[DirectoryEntry.of(entry) for entry in found.items], total=found.total)
