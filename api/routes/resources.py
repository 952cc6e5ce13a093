"""The store over HTTP: list, get, create, change, delete and upsert, for each resource alike."""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request, Response
from pydantic import BaseModel, create_model

from api.bulk import BulkRequest, BulkResult, upsert_rows
from api.dependencies import Limit, Work, allow
from api.exposure import EXPOSED, PROSPECT_STATUSES, Exposure
from api.idempotency import IdempotencyKey, once
from api.problems import problem_responses
from api.schemas import input_schema, output_schema, patch_schema
from domain.access import portfolio_of
from domain.errors import InvalidInput, NotFound
from domain.personal import KEYED_BY_US, personal_columns
from domain.resources import ColumnType, Resource
from programme import records
from store.filters import RANGES, UPDATED_SINCE
from store.unit_of_work import UnitOfWork

router = APIRouter()

_NOT_FILTERS = {"limit", "cursor", "sort", "portfolio"}
_IfMatch = Annotated[str | None, Header(description="ETag of the row that the change is based on")]


def _filter_parameters(resource: Resource) -> list[dict[str, Any]]:
    found = [(column.name, "holds" if column.type is ColumnType.LIST else "equals") for column in resource.columns]
    found.append((UPDATED_SINCE, "made or changed at this instant or later; of events: recorded"))
    return [
        {"name": name, "in": "query", "required": False, "schema": {"type": "string"}, "description": text}
        for name, text in found
    ]


def _filters(request: Request, exposed: Exposure, work: UnitOfWork) -> dict[str, Any]:
    """Return the wanted values by column; a parameter that comes several times means any of its values."""
    query = request.query_params
    filters: dict[str, Any] = {name: query.getlist(name) for name in query if name not in _NOT_FILTERS}
    if filters.get(UPDATED_SINCE) == [""]:
        del filters[UPDATED_SINCE]
    for name in filters:
        plain = name.removesuffix(next((suffix for suffix in RANGES if name.endswith(suffix)), ""))
        known = plain in exposed.resource.by_name or plain in ("id", UPDATED_SINCE)
        if not known and not plain.startswith("attributes."):
            raise InvalidInput(
                f"{exposed.path} cannot be filtered by {name!r}; use a column of it, attributes.<name>, or "
                f"{UPDATED_SINCE}; .gte, .gt, .lte and .lt after a name ask for a range",
                field=name,
            )
    if exposed.path == "prospects":
        wanted = filters.get("status", PROSPECT_STATUSES)
        filters["status"] = [str(status) for status in PROSPECT_STATUSES if status in wanted]
    if query.get("portfolio") == "mine":
        filters["account_manager"] = sorted(portfolio_of(work.actor))
    return filters


def _etag(row: dict[str, Any]) -> str:
    return f'"{row.get("row_version", 1)}"'


def version_of(if_match: str | None) -> int | None:
    """Return the version that an If-Match header asks for; None: any."""
    if if_match is None or if_match == "*":
        return None
    text = if_match.removeprefix("W/").strip('"')
    if not (text.isascii() and text.isdigit()):
        raise InvalidInput(f'If-Match holds an ETag that this service gave, such as "3", not {if_match!r}')
    return int(text[:18])


def row_key(text: str, resource: Resource) -> int | str:
    """Return what a path names: the caller's external id, or ours as ``id:42`` (plain, where rows have no other)."""
    ours = text.removeprefix("id:")
    if ours.isascii() and ours.isdigit() and (text.startswith("id:") or not resource.has_external_id):
        return min(int(ours[:20]), 2**63 - 1)  # no database counts further; that row is not there either
    return text


def _found(work: UnitOfWork, exposed: Exposure, key: str) -> dict[str, Any]:
    row = work.repository(exposed.resource.name).get(row_key(key, exposed.resource))
    if exposed.path == "prospects" and row["status"] not in PROSPECT_STATUSES:
        raise NotFound(f"{key!r} is a partner, no prospect any more; see /v1/partners/{key}.")
    return row


def _page_schema(output: type[BaseModel]) -> type[BaseModel]:
    return create_model(f"{output.__name__}Page", items=(list[output], ...), next_cursor=(str | None, ...))  # type: ignore[valid-type]


def _add_reading(exposed: Exposure, output: Any) -> None:
    page = _page_schema(output)
    options: dict[str, Any] = {"tags": [exposed.path], "dependencies": [allow(*exposed.readers)]}

    @router.get(
        f"/{exposed.path}",
        operation_id=f"list_{exposed.path.replace('-', '_')}",
        response_model=page,
        responses=problem_responses(401, 403, 422),
        openapi_extra={"parameters": _filter_parameters(exposed.resource)},
        **options,
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
        """List rows page by page. Stable while rows are added.

        Filter by any column or by attributes.<name>: a value given several times means any of them, an empty one that
        the column is empty; .gte, .gt, .lte and .lt after the name ask for a range.
        """
        rows = work.repository(exposed.resource.name)
        found = rows.list(_filters(request, exposed, work), sort=sort or None, cursor=cursor or None, limit=limit)
        _note_reading(work, exposed, found.rows)
        return {"items": found.rows, "next_cursor": found.next_cursor}

    @router.get(
        f"/{exposed.path}/{{key}}",
        operation_id=f"get_{exposed.singular}",
        response_model=output,
        responses=problem_responses(401, 403, 404),
        **options,
    )
    def get_row(key: str, work: Work, response: Response) -> dict[str, Any]:
        """Get one row by the caller's external id, or by ours as `id:42`. The ETag is for If-Match."""
        row = _found(work, exposed, key)
        _note_reading(work, exposed, [row])
        response.headers["ETag"] = _etag(row)
        return row


def _note_reading(work: UnitOfWork, exposed: Exposure, rows: list[dict[str, Any]]) -> None:
    """Write into the audit trail whose personal data were read: of the rows that hold some."""
    if exposed.personal:
        name = exposed.resource.name
        told = personal_columns(name)
        read = [row for row in rows if any(row[column] for column in told)]
        work.journal.read(name, [f"id:{row['id']}" if name in KEYED_BY_US else row["external_id"] for row in read])


def _add_creating(exposed: Exposure, output: Any) -> None:
    create = input_schema(exposed.resource.name)

    @router.post(
        f"/{exposed.path}",
        operation_id=f"create_{exposed.singular}",
        tags=[exposed.path],
        status_code=201,
        response_model=output,
        dependencies=[allow(*exposed.writers)],
        responses=problem_responses(401, 403, 404, 409, 413, 422),
    )
    def create_row(body: create, work: Work, idempotency_key: IdempotencyKey = None) -> Any:  # type: ignore[valid-type]
        """Create a row. Safe to retry with an Idempotency-Key."""
        values = body.model_dump(exclude_unset=True)  # type: ignore[attr-defined]
        _check_prospect(exposed, values)
        request = {"create": exposed.path, "values": values}
        return once(work, idempotency_key, request, lambda: records.create(work, exposed.resource.name, values), output)


def _add_upserting(exposed: Exposure) -> None:
    @router.post(
        f"/{exposed.path}:bulk",
        operation_id=f"upsert_{exposed.path.replace('-', '_')}",
        tags=[exposed.path],
        response_model=BulkResult,
        dependencies=[allow(*exposed.writers)],
        responses=problem_responses(401, 403, 413, 422),
    )
    def upsert(body: BulkRequest, work: Work, idempotency_key: IdempotencyKey = None) -> Any:
        """Create or change up to 1,000 rows, each found by its key; an omitted field is never cleared.

        Each row has its own result. By default good rows are kept and bad ones are reported; with on_error=abort one
        bad row undoes all. With dry_run nothing is kept. A repeated call changes nothing.
        """
        request = {"upsert": exposed.path, "values": body.model_dump()}
        for item in body.items:
            _check_prospect(exposed, item)
        return once(
            work,
            idempotency_key,
            request,
            lambda: upsert_rows(work, exposed.resource, body),
            BulkResult,
            200,
        )


def _check_prospect(exposed: Exposure, values: dict[str, Any]) -> None:
    status = values.get("status")
    if exposed.path == "prospects" and status is not None and status not in PROSPECT_STATUSES:
        allowed = ", ".join(PROSPECT_STATUSES)
        raise InvalidInput(
            f"a prospect's status is one of {allowed}; others are partners: /v1/partners", field="status"
        )


def _add_changing(exposed: Exposure, output: Any) -> None:
    patch = patch_schema(exposed.resource.name)

    @router.patch(
        f"/{exposed.path}/{{key}}",
        operation_id=f"change_{exposed.singular}",
        tags=[exposed.path],
        response_model=output,
        dependencies=[allow(*exposed.writers)],
        responses=problem_responses(401, 403, 404, 409, 412, 413, 422),
    )
    def change_row(key: str, body: patch, work: Work, response: Response, if_match: _IfMatch = None) -> Any:  # type: ignore[valid-type]
        """Change what is given: an omitted field stays, null clears, attributes merge by name. History is kept."""
        values = body.model_dump(exclude_unset=True)  # type: ignore[attr-defined]
        id_ = _found(work, exposed, key)["id"]
        row = records.change(work, exposed.resource.name, id_, values, version_of(if_match))
        response.headers["ETag"] = _etag(row)
        return row


def _add_deleting(exposed: Exposure) -> None:
    @router.delete(
        f"/{exposed.path}/{{key}}",
        operation_id=f"delete_{exposed.singular}",
        tags=[exposed.path],
        status_code=204,
        dependencies=[allow(*exposed.removers)],
        responses=problem_responses(401, 403, 404, 409, 412, 422),
    )
    def delete_row(key: str, work: Work, if_match: _IfMatch = None) -> Response:
        """Delete a row that no other refers to; 409 names who does."""
        id_ = _found(work, exposed, key)["id"]
        records.remove(work, exposed.resource.name, id_, version_of(if_match))
        return Response(status_code=204)


for _exposed in EXPOSED:
    _output = output_schema(_exposed.resource.name)
    _add_reading(_exposed, _output)
    if _exposed.writers:
        if not _exposed.own_create:
            _add_creating(_exposed, _output)
        _add_upserting(_exposed)
        _add_deleting(_exposed)
        if not _exposed.resource.event:
            _add_changing(_exposed, _output)
