"""The store over HTTP: list, get, create, change, for each resource alike."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Response
from pydantic import BaseModel, create_model

from api.dependencies import Limit, Work, allow
from api.idempotency import IdempotencyKey, once
from api.problems import problem_responses
from api.schemas import input_schema, output_schema, patch_schema
from domain.errors import InvalidInput
from domain.resources import RESOURCES, ColumnType, Resource
from domain.terms import Role

router = APIRouter()

_EVERYBODY = tuple(Role)
_STAFF = (Role.RECRUITER, Role.MANAGER)


@dataclass(frozen=True)
class _Exposed:
    """A resource that has endpoints, and who may write it."""

    name: str
    singular: str
    writers: tuple[Role, ...]


_EXPOSED = (
    _Exposed("partners", "partner", _STAFF),
    _Exposed("leads", "lead", (*_STAFF, Role.ROUTER)),
    _Exposed("deals", "deal", (*_STAFF, Role.ROUTER)),
    _Exposed("activities", "activity", (*_STAFF, Role.ROUTER)),
)

_NOT_FILTERS = {"limit", "cursor", "sort"}


def _filter_parameters(resource: Resource) -> list[dict[str, Any]]:
    usable = [column for column in resource.columns if column.type is not ColumnType.LIST]
    return [
        {"name": column.name, "in": "query", "required": False, "schema": {"type": "string"}, "description": "equals"}
        for column in usable
    ]


def _filters(request: Request, resource: Resource) -> dict[str, str]:
    filters = {name: value for name, value in request.query_params.items() if name not in _NOT_FILTERS}
    for name in filters:
        if name not in resource.by_name and not name.startswith("attributes."):
            raise InvalidInput(
                f"{resource.name} cannot be filtered by {name!r}; use a column of it or attributes.<name>", field=name
            )
    return filters


def _etag(row: dict[str, Any]) -> str:
    return f'"{row.get("row_version", 1)}"'


def _version(if_match: str | None) -> int | None:
    if if_match is None or if_match == "*":
        return None
    text = if_match.removeprefix("W/").strip('"')
    if not text.isdigit():
        raise InvalidInput(f'If-Match holds an ETag that this service gave, such as "3", not {if_match!r}')
    return int(text)


def _add_reading(exposed: _Exposed, resource: Resource, output: Any) -> None:
    page = _page_schema(output)

    @router.get(
        f"/{exposed.name}",
        operation_id=f"list_{exposed.name}",
        tags=[exposed.name],
        response_model=page,
        dependencies=[allow(*_EVERYBODY)],
        responses=problem_responses(401, 403, 422),
        openapi_extra={"parameters": _filter_parameters(resource)},
    )
    def list_rows(
        request: Request,
        work: Work,
        limit: Limit = 50,
        cursor: Annotated[str | None, Query(description="`next_cursor` of the page before")] = None,
        sort: Annotated[
            str | None, Query(description="column, with a leading - for descending; default: our id")
        ] = None,
    ) -> dict[str, Any]:
        """List rows page by page; filter by any column or by attributes.<name>. Stable while rows are added."""
        found = work.repository(exposed.name).list(_filters(request, resource), sort=sort, cursor=cursor, limit=limit)
        return {"items": found.rows, "next_cursor": found.next_cursor}

    @router.get(
        f"/{exposed.name}/{{key}}",
        operation_id=f"get_{exposed.singular}",
        tags=[exposed.name],
        response_model=output,
        dependencies=[allow(*_EVERYBODY)],
        responses=problem_responses(401, 403, 404),
    )
    def get_row(key: str, work: Work, response: Response) -> dict[str, Any]:
        """Get one row by the caller's external id, or by ours as `id:42`. The ETag is for If-Match."""
        row = work.repository(exposed.name).get(_key(key, resource))
        response.headers["ETag"] = _etag(row)
        return row


def _page_schema(output: type[BaseModel]) -> type[BaseModel]:
    return create_model(f"{output.__name__}Page", items=(list[output], ...), next_cursor=(str | None, ...))  # type: ignore[valid-type]


def _key(text: str, resource: Resource) -> int | str:
    ours = text.removeprefix("id:")
    if ours.isascii() and ours.isdigit() and (text.startswith("id:") or not resource.has_external_id):
        return min(int(ours[:20]), 2**63 - 1)  # no database counts further; that row is not there either
    return text


def _add_writing(exposed: _Exposed, resource: Resource, output: Any) -> None:
    create, patch = input_schema(exposed.name), patch_schema(exposed.name)

    @router.post(
        f"/{exposed.name}",
        operation_id=f"create_{exposed.singular}",
        tags=[exposed.name],
        status_code=201,
        response_model=output,
        dependencies=[allow(*exposed.writers)],
        responses=problem_responses(401, 403, 409, 422),
    )
    def create_row(body: create, work: Work, idempotency_key: IdempotencyKey = None) -> Any:  # type: ignore[valid-type]
        """Create a row. Safe to retry with an Idempotency-Key."""
        values = body.model_dump(exclude_unset=True)  # type: ignore[attr-defined]
        return once(work, idempotency_key, values, lambda: work.repository(exposed.name).create(values), output)

    if resource.event:
        return

    @router.patch(
        f"/{exposed.name}/{{key}}",
        operation_id=f"change_{exposed.singular}",
        tags=[exposed.name],
        response_model=output,
        dependencies=[allow(*exposed.writers)],
        responses=problem_responses(401, 403, 404, 409, 412, 422),
    )
    def change_row(
        key: str,
        body: patch,  # type: ignore[valid-type]
        work: Work,
        response: Response,
        if_match: Annotated[str | None, Header(description="ETag of the row that the change is based on")] = None,
    ) -> Any:
        """Change what is given: an omitted field stays, null clears, attributes merge by name. History is kept."""
        values = body.model_dump(exclude_unset=True)  # type: ignore[attr-defined]
        row = work.repository(exposed.name).patch(_key(key, resource), values, if_version=_version(if_match))
        response.headers["ETag"] = _etag(row)
        return row


for _exposed in _EXPOSED:
    _resource, _output = RESOURCES[_exposed.name], output_schema(_exposed.name)
    _add_reading(_exposed, _resource, _output)
    _add_writing(_exposed, _resource, _output)
