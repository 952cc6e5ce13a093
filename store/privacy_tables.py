"""Table of erasures: what was erased, when, and what that reached."""

from sqlalchemy import Column as SqlColumn
from sqlalchemy import Index, String, Table, Text

from store.schema import Json, RowId, metadata
from store.types import Instant

erasures = Table(
    "erasures",
    metadata,
    SqlColumn("id", RowId, primary_key=True),
    SqlColumn("resource", String(64), nullable=False),
    SqlColumn("row_id", RowId, nullable=False),
    SqlColumn("key", Text),
    SqlColumn("reason", Text, nullable=False),
    SqlColumn("erased_by", Text, nullable=False),
    SqlColumn("erased_at", Instant, nullable=False),
    SqlColumn("reached", Json, nullable=False),
    SqlColumn("details", Json, nullable=False),
    Index(None, "resource", "row_id"),
)
"""One per erasure; ``key`` is the pseudonym of a partner or the external id of a lead, ``reached`` counts what went.
By it training knows whom to leave out; ``details`` is what it takes to do it again after a restore."""
