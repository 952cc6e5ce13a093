"""Payloads: resource schemas made from the import format, and the answers of the models."""

from datetime import date, datetime
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, create_model

from api import types
from domain.resources import RESOURCES, Column, ColumnType, Resource

_GIVEN: dict[ColumnType, Any] = {
    ColumnType.TEXT: str,
    ColumnType.NUMBER: types.Number,
    ColumnType.INTEGER: types.Whole,
    ColumnType.AMOUNT: types.Money,
    ColumnType.CURRENCY: Annotated[str, Field(pattern="^[A-Z]{3}$")],
    ColumnType.COUNTRY: Annotated[str, Field(pattern="^[A-Z]{2}$")],
    ColumnType.BOOLEAN: types.Flag,
    ColumnType.DATE: types.Day,
    ColumnType.INSTANT: types.Instant,
    ColumnType.LATITUDE: Annotated[types.Number, Field(ge=-90, le=90)],
    ColumnType.LONGITUDE: Annotated[types.Number, Field(ge=-180, le=180)],
    ColumnType.REFERENCE: str,
}
_TYPES: dict[ColumnType, Any] = {
    ColumnType.TEXT: str,
    ColumnType.NUMBER: float,
    ColumnType.INTEGER: int,
    ColumnType.AMOUNT: float,
    ColumnType.CURRENCY: str,
    ColumnType.COUNTRY: str,
    ColumnType.BOOLEAN: bool,
    ColumnType.DATE: date,
    ColumnType.INSTANT: datetime,
    ColumnType.LATITUDE: float,
    ColumnType.LONGITUDE: float,
    ColumnType.REFERENCE: str,
}
_HINTS = {
    ColumnType.CURRENCY: "ISO 4217",
    ColumnType.COUNTRY: "ISO 3166-1 alpha-2",
    ColumnType.INSTANT: "ISO 8601, UTC when no offset stands",
}

Attributes = dict[str, str | float | bool | None]


def _annotation(column: Column, *, given: bool) -> Any:
    """Return the type of a column: `given` by a caller, or in an answer."""
    if column.type is ColumnType.LIST:
        return list[str]
    if column.type is ColumnType.WORD:
        return Literal[column.words]
    return (_GIVEN if given else _TYPES)[column.type]


def _description(column: Column) -> str | None:
    if column.type is ColumnType.REFERENCE:
        return f"external id of one of {column.target}"
    return _HINTS.get(column.type)


def _fields(resource: Resource, *, partial: bool, given: bool = True) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for column in resource.columns:
        field = Field(description=_description(column))
        annotation = _annotation(column, given=given)
        is_ours = column.name == "external_id" and not resource.given_id
        if column.required and not is_ours and not partial:
            fields[column.name] = (annotation, field)
        else:
            fields[column.name] = (annotation | None, Field(None, description=_description(column)))
    if resource.custom:
        fields["attributes"] = (Attributes, Field({}, description="custom attributes by name; null clears one"))
    return fields


def _title(resource: Resource) -> str:
    names = {"activities": "Activity", "criteria": "Criterion", "ledger": "LedgerEntry", "feedback": "FeedbackEntry"}
    words = resource.name.removesuffix("s").split("_")
    return names.get(resource.name, "".join(word.capitalize() for word in words))


def input_schema(name: str) -> type[BaseModel]:
    """Return the schema that creates a row of resource `name`."""
    resource = RESOURCES[name]
    config = ConfigDict(extra="forbid")
    return create_model(f"{_title(resource)}Create", __config__=config, **_fields(resource, partial=False))


def patch_schema(name: str) -> type[BaseModel]:
    """Return the schema that changes a row of resource `name`: what is omitted stays, null clears."""
    resource = RESOURCES[name]
    config = ConfigDict(extra="forbid")
    return create_model(f"{_title(resource)}Patch", __config__=config, **_fields(resource, partial=True))


@cache
def output_schema(name: str) -> type[BaseModel]:
    """Return the schema of a row of resource `name`."""
    resource = RESOURCES[name]
    fields = {"id": (int, Field(description="our id")), **_fields(resource, partial=True, given=False)}
    if not resource.event:
        fields["row_version"] = (int, Field(description="grows with each change; also the ETag"))
        fields["row_created_at"] = (datetime, ...)
        fields["row_updated_at"] = (datetime, ...)
    return create_model(_title(resource), **fields)


class ModelSummary(BaseModel):
    """One version in the registry."""

    name: str
    version: int
    label: str
    champion: bool
    approved: bool
    trained_as_of: datetime
    rows: int
    choice: str
    state: str = Field(description="champion, shadow, approved, candidate or rolled back")
    trained_because: str = Field(description="why it was trained on schedule; empty if somebody asked for it")
    promoted_because: str = Field(description="why somebody promoted it; empty if the gates did")


class TrainingRequest(BaseModel):
    """What to train."""

    model_config = ConfigDict(extra="forbid")

    models: list[Literal["fit", "churn", "match", "recommend"]] = Field(
        ["fit", "churn", "match", "recommend"], min_length=1
    )
    as_of: types.Instant | None = None


class ScoringRequest(BaseModel):
    """What to score and store."""

    model_config = ConfigDict(extra="forbid")

    model: Literal["fit", "churn"]
    horizon_days: int | None = Field(None, ge=1, le=3650)
    as_of: types.Instant | None = None


class Job(BaseModel):
    """Long work: how far it is, and what came out."""

    id: str
    kind: str
    status: Literal["queued", "running", "done", "dead"]
    progress: float
    result: dict[str, Any] | None
    error: dict[str, Any] | None
    attempts: int
    created_at: datetime
    finished_at: datetime | None
