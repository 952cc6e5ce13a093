"""Tables of the store: one per resource, made from the import format, and the service's own.

Resource tables: a reference ``partner`` is stored as ``partner_id``; lists are JSON arrays; custom
attributes are one JSON object. Rows that can change carry ``row_version`` (optimistic lock),
``row_created_at`` and ``row_updated_at`` (service time); immutable events carry ``row_key``, a
128-bit hash of all their columns, so that an equal row is the same event.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy import (
    Column as SqlColumn,
)

from domain.resources import RESOURCES, Column, ColumnType, Resource
from store.at_rest import PROTECTED, Sealed
from store.schema import Json, RowId, metadata
from store.types import Amount, Instant

_SQL_TYPES: dict[ColumnType, Any] = {
    ColumnType.TEXT: Text,
    ColumnType.WORD: Text,
    ColumnType.NUMBER: Float(53),
    ColumnType.LATITUDE: Float(53),
    ColumnType.LONGITUDE: Float(53),
    ColumnType.INTEGER: BigInteger,
    ColumnType.AMOUNT: Amount,
    ColumnType.CURRENCY: String(3),
    ColumnType.COUNTRY: String(2),
    ColumnType.BOOLEAN: Boolean,
    ColumnType.DATE: Date,
    ColumnType.INSTANT: Instant,
    ColumnType.LIST: Json,
}


def column_name(column: Column) -> str:
    """Return the name of the table column that stores `column`.

    Examples
    --------
    >>> column_name(RESOURCES["deals"].column("partner"))
    'partner_id'
    """
    return f"{column.name}_id" if column.type is ColumnType.REFERENCE else column.name


def _sql_column(resource: Resource, column: Column) -> SqlColumn[Any]:
    nullable = not column.required
    if column.type is ColumnType.REFERENCE:
        return SqlColumn(column_name(column), RowId, ForeignKey(f"{column.target}.id"), nullable=nullable)
    protected = column.name in PROTECTED.get(resource.name, ())
    type_ = Sealed(f"{resource.name}.{column.name}") if protected else _SQL_TYPES[column.type]
    return SqlColumn(column.name, type_, nullable=nullable)


def _service_columns(resource: Resource) -> list[SqlColumn[Any]]:
    columns: list[SqlColumn[Any]] = []
    if resource.custom:
        columns.append(SqlColumn("attributes", Json, nullable=False, server_default="{}"))
    if resource.event:
        columns.append(SqlColumn("row_key", LargeBinary(16), nullable=False, unique=True))
    else:
        columns += [
            SqlColumn("row_version", Integer, nullable=False, server_default="1"),
            SqlColumn("row_created_at", Instant, nullable=False),
            SqlColumn("row_updated_at", Instant, nullable=False),
        ]
    return columns


def _resource_table(resource: Resource) -> Table:
    columns = [_sql_column(resource, column) for column in resource.columns]
    table = Table(
        resource.name,
        metadata,
        SqlColumn("id", RowId, primary_key=True),
        *columns,
        *_service_columns(resource),
    )
    if not resource.event:
        table.append_constraint(UniqueConstraint(*(column_name(resource.column(name)) for name in resource.key)))
    return table


RESOURCE_TABLES: dict[str, Table] = {name: _resource_table(resource) for name, resource in RESOURCES.items()}
"""Table of each resource by its public name."""

for _table, _columns in (
    ("activities", ("partner_id", "occurred_at")),
    ("assignments", ("partner_id", "offered_at")),
    ("deals", ("partner_id", "registered_at")),
    ("deals", ("registered_at",)),
    ("deals", ("partner_id", "id")),
    ("deals", ("lead_id",)),
    ("deals", ("status", "registered_at")),
    ("leads", ("created_at",)),
    ("contacts", ("partner_id",)),
    ("agreements", ("partner_id",)),
    ("ledger", ("deal_id",)),
    ("ledger", ("statement_id",)),
    ("routing_overrides", ("lead_id",)),
):
    Index(None, *(RESOURCE_TABLES[_table].c[name] for name in _columns))

for _resource in RESOURCES.values():
    if not _resource.learned and "partner" in _resource.by_name:  # every list of a partner's own rows asks by it
        Index(None, RESOURCE_TABLES[_resource.name].c.partner_id)

for _resource_table_ in RESOURCE_TABLES.values():
    if "row_updated_at" in _resource_table_.c:  # store.stamp asks for the latest one again and again
        Index(None, _resource_table_.c.row_updated_at)

keys = Table(
    "keys",
    metadata,
    SqlColumn("id", RowId, primary_key=True),
    SqlColumn("name", Text, nullable=False),
    SqlColumn("role", String(16), nullable=False),
    SqlColumn("partner_id", RowId, ForeignKey("partners.id")),
    SqlColumn("prefix", String(16), nullable=False, unique=True),
    SqlColumn("secret_hash", String(64), nullable=False),
    SqlColumn("created_at", Instant, nullable=False),
    SqlColumn("expires_at", Instant),
    SqlColumn("revoked_at", Instant),
    SqlColumn("scopes", Json),
    SqlColumn("last_used_at", Instant),
    SqlColumn("rotated_at", Instant),
    SqlColumn("former_hash", String(64)),
    SqlColumn("former_until", Instant),
)
"""API keys: ``prefix`` finds the row, ``secret_hash`` is SHA-256 of the 256-bit random secret; after a rotation
``former_hash`` is accepted until ``former_until``."""

jobs = Table(
    "jobs",
    metadata,
    SqlColumn("id", String(32), primary_key=True),
    SqlColumn("kind", String(32), nullable=False),
    SqlColumn("unique_key", String(200), unique=True),
    SqlColumn("payload", Json, nullable=False),
    SqlColumn("status", String(16), nullable=False, index=True),
    SqlColumn("progress", Float, nullable=False, server_default="0"),
    SqlColumn("result", Json),
    SqlColumn("error", Json),
    SqlColumn("attempts", Integer, nullable=False, server_default="0"),
    SqlColumn("created_by", Text, nullable=False),
    SqlColumn("created_at", Instant, nullable=False),
    SqlColumn("run_after", Instant, nullable=False),
    SqlColumn("lease_until", Instant),
    SqlColumn("finished_at", Instant),
)
"""Background work; ``status`` is queued, running, done or dead."""

match_runs = Table(
    "match_runs",
    metadata,
    SqlColumn("id", String(32), primary_key=True),
    SqlColumn("as_of", Instant, nullable=False),
    SqlColumn("created_at", Instant, nullable=False),
    SqlColumn("created_by", Text, nullable=False),
    SqlColumn("lead_id", RowId, ForeignKey("leads.id"), index=True),
    SqlColumn("model_version", Text, nullable=False),
    SqlColumn("request", Json, nullable=False),
    SqlColumn("response", Json, nullable=False),
    SqlColumn("features", Json, nullable=False),
    SqlColumn("decision", Json),
)
"""Match decisions with the feature values and versions they rest on: replayable."""

scores = Table(
    "scores",
    metadata,
    SqlColumn("id", RowId, primary_key=True),
    SqlColumn("partner_id", RowId, ForeignKey("partners.id"), nullable=False),
    SqlColumn("model", String(16), nullable=False),
    SqlColumn("horizon_days", Integer, nullable=False),
    SqlColumn("as_of", Instant, nullable=False),
    SqlColumn("p", Float(53), nullable=False),
    SqlColumn("low", Float(53), nullable=False),
    SqlColumn("high", Float(53), nullable=False),
    SqlColumn("model_version", Text, nullable=False),
    SqlColumn("details", Json, nullable=False),
    SqlColumn("created_at", Instant, nullable=False),
    SqlColumn("stake", Float(53)),
    UniqueConstraint("partner_id", "model", "horizon_days", "as_of"),
    Index(None, "model", "horizon_days", "as_of"),
)
"""Fit and churn scores; ``details`` holds the remaining output columns and the factors, ``stake`` the revenue at risk
(empty in rows of before there was this column: it stands in their details)."""

shadow_scores = Table(
    "shadow_scores",
    metadata,
    SqlColumn("id", RowId, primary_key=True),
    SqlColumn("partner_id", RowId, ForeignKey("partners.id"), nullable=False),
    SqlColumn("model", String(16), nullable=False),
    SqlColumn("horizon_days", Integer, nullable=False),
    SqlColumn("as_of", Instant, nullable=False),
    SqlColumn("p", Float(53), nullable=False),
    SqlColumn("low", Float(53), nullable=False),
    SqlColumn("high", Float(53), nullable=False),
    SqlColumn("model_version", String(64), nullable=False),
    SqlColumn("created_at", Instant, nullable=False),
    UniqueConstraint("partner_id", "model", "horizon_days", "as_of", "model_version", name="uq_shadow_scores"),
    Index(None, "model", "horizon_days", "as_of"),
)
"""What a version in shadow said beside the champion's ``scores``; nobody is answered with it."""

model_checks = Table(
    "model_checks",
    metadata,
    SqlColumn("id", RowId, primary_key=True),
    SqlColumn("model", String(16), nullable=False),
    SqlColumn("model_version", String(64), nullable=False),
    SqlColumn("as_of", Instant, nullable=False),
    SqlColumn("report", Json, nullable=False),
    SqlColumn("created_at", Instant, nullable=False),
    Index(None, "model", "as_of"),
)
"""Drift of features, scores and calibration as the nightly check found it."""

recommendation_feedback = Table(
    "recommendation_feedback",
    metadata,
    SqlColumn("id", RowId, primary_key=True),
    SqlColumn("partner_id", RowId, ForeignKey("partners.id"), nullable=False),
    SqlColumn("kind", String(8), nullable=False),
    SqlColumn("item", Text, nullable=False),
    SqlColumn("action", String(16), nullable=False),
    SqlColumn("occurred_at", Instant, nullable=False),
    Index(None, "partner_id", "kind"),
)
"""What a partner did with a recommendation: shown, opened or dismissed."""

embeddings = Table(
    "embeddings",
    metadata,
    SqlColumn("model", String(64), primary_key=True),
    SqlColumn("content_hash", LargeBinary(32), primary_key=True),
    SqlColumn("vector", LargeBinary, nullable=False),
)
"""Text vectors (little-endian float32) by model and SHA-256 of the text."""

idempotency = Table(
    "idempotency",
    metadata,
    SqlColumn("actor", Text, primary_key=True),
    SqlColumn("key", String(255), primary_key=True),
    SqlColumn("body_hash", String(64), nullable=False),
    SqlColumn("status", Integer, nullable=False),
    SqlColumn("body", Json, nullable=False),
    SqlColumn("created_at", Instant, nullable=False),
)
"""Answers to creating POSTs, replayed when the same key and body come again."""
