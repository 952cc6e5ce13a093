"""Data protection: everything on a partner or person as one document, and erasure of it."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path
from fastapi.encoders import jsonable_encoder
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from api.dependencies import ActorDep, Services, ServicesDep, allow
from api.idempotency import IdempotencyKey, once
from api.problems import problem_responses
from api.routes.resources import row_key
from domain.context import Actor
from domain.resources import RESOURCES
from programme import privacy
from programme.privacy import Part
from store.privacy import settle_files
from store.unit_of_work import UnitOfWork

router = APIRouter(tags=["privacy"])

_UserId = Annotated[int, Path(ge=1, lt=2**63)]
_READ = problem_responses(401, 403, 404, 422)
_ERASE = problem_responses(401, 403, 404, 409, 422)


class PersonalData(BaseModel):
    """Everything that is kept on somebody."""

    exported_at: datetime
    data: dict[str, list[dict[str, Any]]] = Field(description="rows by resource, and by table of the service")


class ErasureRequest(BaseModel):
    """Why somebody is erased."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(
        min_length=1, max_length=1000, pattern=r"^[^\x00]*$", description="kept; write nothing personal in it"
    )


class LeadErasureRequest(ErasureRequest):
    """Which attributes hold a person's data, besides those named like it."""

    attributes: list[str] = Field([], max_length=100, description="custom attributes to be erased, too")


class ErasureCertificate(BaseModel):
    """What an erasure reached."""

    resource: str
    id: int = Field(description="our id of the row")
    key: str | None = Field(description="the pseudonym of a partner, by which its row is found from now on")
    erased_at: datetime
    reached: dict[str, int] = Field(description="rows changed or deleted by table, entries of the trail, files")
    repeated: bool = Field(description="it had been done before: nothing was changed")


@router.get(
    "/partners/{key}/export",
    operation_id="export_partner",
    dependencies=[allow()],
    response_model=PersonalData,
    responses=_READ,
)
def export_partner(key: str, services: ServicesDep, actor: ActorDep) -> StreamingResponse:
    """Give everything that is kept on a partner, of one instant, as one document, however long.

    Rows of every resource that name it, its history, scores, what matches say of it, alerts, accounts without secrets,
    the trail. The trail tells that it was read.
    """
    name = row_key(key, RESOURCES["partners"])
    return _streamed(services, actor, lambda work: privacy.export_partner(work, name))


@router.get(
    "/contacts/{key}/export",
    operation_id="export_contact",
    dependencies=[allow()],
    response_model=PersonalData,
    responses=_READ,
)
def export_contact(key: str, services: ServicesDep, actor: ActorDep) -> StreamingResponse:
    """Give everything that is kept on a person of a partner: the row, what names it, the account, the trail."""
    name = row_key(key, RESOURCES["contacts"])
    return _streamed(services, actor, lambda work: privacy.export_contact(work, name))


@router.get(
    "/leads/{key}/export",
    operation_id="export_lead",
    dependencies=[allow()],
    response_model=PersonalData,
    responses=_READ,
)
def export_lead(key: str, services: ServicesDep, actor: ActorDep) -> StreamingResponse:
    """Give everything that is kept on a lead and its contact."""
    name = row_key(key, RESOURCES["leads"])
    return _streamed(services, actor, lambda work: privacy.export_lead(work, name))


@router.post(
    "/partners/{key}/erase",
    operation_id="erase_partner",
    dependencies=[allow()],
    response_model=ErasureCertificate,
    responses=_ERASE,
)
def erase_partner(
    key: str, body: ErasureRequest, services: ServicesDep, actor: ActorDep, idempotency_key: IdempotencyKey = None
) -> JSONResponse:
    """Erase a partner whose relation has ended, and its people; amounts, dates and states stay under a pseudonym.

    Repeated by the pseudonym or our id it changes nothing. What it reaches: docs/data-protection.md.
    """
    name, home = row_key(key, RESOURCES["partners"]), services.settings.home
    request = ["erase partner", key, body]
    return _erased(
        services, actor, idempotency_key, request, lambda work: privacy.erase_partner(work, name, body.reason, home)
    )


@router.post(
    "/contacts/{key}/erase",
    operation_id="erase_contact",
    dependencies=[allow()],
    response_model=ErasureCertificate,
    responses=_ERASE,
)
def erase_contact(
    key: str, body: ErasureRequest, services: ServicesDep, actor: ActorDep, idempotency_key: IdempotencyKey = None
) -> JSONResponse:
    """Erase a person of a partner: the contact, what names it, the account with its e-mail address."""
    name, home = row_key(key, RESOURCES["contacts"]), services.settings.home
    request = ["erase contact", key, body]
    return _erased(
        services, actor, idempotency_key, request, lambda work: privacy.erase_contact(work, name, body.reason, home)
    )


@router.post(
    "/leads/{key}/erase-contact",
    operation_id="erase_lead_contact",
    dependencies=[allow()],
    response_model=ErasureCertificate,
    responses=_ERASE,
)
def erase_lead_contact(
    key: str, body: LeadErasureRequest, services: ServicesDep, actor: ActorDep, idempotency_key: IdempotencyKey = None
) -> JSONResponse:
    """Erase the person at a lead: attributes named like contact data and those given, and the description."""
    name, home = row_key(key, RESOURCES["leads"]), services.settings.home
    request = ["erase lead", key, body]
    return _erased(
        services,
        actor,
        idempotency_key,
        request,
        lambda work: privacy.erase_lead_contact(work, name, body.reason, home, body.attributes),
    )


@router.post(
    "/users/{user_id}/erase",
    operation_id="erase_user",
    dependencies=[allow()],
    response_model=ErasureCertificate,
    responses=_ERASE,
)
def erase_user(
    user_id: _UserId,
    body: ErasureRequest,
    services: ServicesDep,
    actor: ActorDep,
    idempotency_key: IdempotencyKey = None,
) -> JSONResponse:
    """Erase a person who signs in; the row stays without anything personal, as the trail names its number."""
    home = services.settings.home
    request = ["erase user", user_id, body]
    return _erased(
        services, actor, idempotency_key, request, lambda work: privacy.erase_user(work, user_id, body.reason, home)
    )


def _erased(
    services: Services, actor: Actor, key: str | None, request: Any, erase: Callable[[UnitOfWork], Any]
) -> JSONResponse:
    """Answer an erasure, once for each idempotency `key`, and see to it that the files forget, too."""
    with services.unit_of_work(actor) as work:
        answer = once(work, key, request, lambda: erase(work), ErasureCertificate, 200)
    settle_files(services.intelligence.engine)
    return answer


def _streamed(services: Services, actor: Actor, export: Callable[[UnitOfWork], Iterator[Part]]) -> StreamingResponse:
    """Write down the reading, then send the rows of one snapshot as they come."""
    with services.unit_of_work(actor) as work:
        export(work)

    def chunks() -> Iterator[str]:
        with UnitOfWork(services.intelligence.engine, actor, services.clock, read_only=True) as snapshot:
            yield f'{{"exported_at":{json.dumps(services.clock().isoformat())},"data":{{'
            yield from _parts(export(snapshot))
            yield "}}"
            snapshot.journal.rewind(0)  # was written down before

    return StreamingResponse(chunks(), media_type="application/json")


def _parts(parts: Iterator[Part]) -> Iterator[str]:
    for position, (name, rows) in enumerate(parts):
        yield f"{',' if position else ''}{json.dumps(name)}:["
        for number, row in enumerate(rows):
            yield f"{',' if number else ''}{json.dumps(jsonable_encoder(row))}"
        yield "]"
