"""Many rows in one request: each with its own result, kept together or row by row."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from api.types import Flag
from domain.errors import AllywiseError
from domain.resources import Resource
from programme import records
from store.unit_of_work import UnitOfWork

MAX_ROWS = 1000
"""In one request; more come in several, or as an import."""


class BulkRequest(BaseModel):
    """Rows to be created or changed."""

    model_config = ConfigDict(extra="forbid")

    items: list[dict[str, Any]] = Field(max_length=MAX_ROWS, description="rows with their key, by column name")
    dry_run: Flag = Field(False, description="check and report, keep nothing")
    on_error: Literal["skip", "abort"] = Field("skip", description="keep the good rows, or none if one is bad")


class RowProblem(BaseModel):
    """Why a row was not taken."""

    code: str
    detail: str
    field: str | None = None


class RowResult(BaseModel):
    """What became of one row."""

    index: int = Field(description="position in the request, from 0")
    status: Literal["created", "changed", "unchanged", "failed"]
    id: int | None = Field(None, description="our id")
    external_id: str | None = None
    row_version: int | None = None
    problem: RowProblem | None = None


class BulkResult(BaseModel):
    """What became of the rows, in the order of the request."""

    kept: bool = Field(description="whether anything was written: not in a dry run, nor after an abort")
    created: int
    changed: int
    unchanged: int
    failed: int
    results: list[RowResult]


class _UndoneError(Exception):
    """Carries the results out of a part of the transaction that is undone."""


def upsert_rows(work: UnitOfWork, resource: Resource, request: BulkRequest) -> BulkResult:
    """Create or change the rows of a request and return a result for each."""
    results: list[RowResult] = []
    try:
        with work.attempt():
            results += [_result(work, resource, index, item) for index, item in enumerate(request.items)]
            bad = any(result.status == "failed" for result in results)
            if request.dry_run or (bad and request.on_error == "abort"):
                raise _UndoneError
    except _UndoneError:
        return _summary(results, kept=False)
    return _summary(results, kept=True)


def _summary(results: list[RowResult], *, kept: bool) -> BulkResult:
    counts = dict.fromkeys(("created", "changed", "unchanged", "failed"), 0)
    for result in results:
        counts[result.status] += 1
    return BulkResult(kept=kept, results=results, **counts)


def _result(work: UnitOfWork, resource: Resource, index: int, item: Mapping[str, Any]) -> RowResult:
    name = item.get("external_id")
    told = {"index": index, "external_id": name if isinstance(name, str) else None}
    try:
        with work.attempt():
            status, row = records.upsert(work, resource.name, item)
    except AllywiseError as error:
        field = error.details.get("field")
        problem = RowProblem(code=error.code, detail=error.message, field=str(field) if field else None)
        return RowResult(**told, status="failed", problem=problem)
    told["external_id"] = row.get("external_id")
    return RowResult(**told, status=status, id=row["id"], row_version=row.get("row_version"))
