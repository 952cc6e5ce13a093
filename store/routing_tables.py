"""Where each routed lead stands, and what was decided for batches."""

from sqlalchemy import Column as SqlColumn
from sqlalchemy import ForeignKey, Integer, String, Table, Text

from store.schema import Json, RowId, metadata
from store.types import Instant

routes = Table(
    "routes",
    metadata,
    SqlColumn("lead_id", RowId, ForeignKey("leads.id", ondelete="CASCADE"), primary_key=True),
    SqlColumn("state", String(16), nullable=False, index=True),
    SqlColumn("policy", Json, nullable=False),
    SqlColumn("started_at", Instant, nullable=False),
    SqlColumn("started_by", Text, nullable=False),
    SqlColumn("hops", Integer, nullable=False, server_default="0"),
    SqlColumn("contact_until", Instant),
    SqlColumn("due_at", Instant, index=True),
    SqlColumn("ended_at", Instant),
    SqlColumn("note", Text),
    SqlColumn("told_at", Instant),
    SqlColumn("lease_until", Instant),
    SqlColumn("tries", Integer, nullable=False, server_default="0"),
    SqlColumn("version", Integer, nullable=False, server_default="1"),
)
"""A lead on its way to a partner: hops so far, the customer's clock, when something is next to be done, and by when the
worker that has it in hand must be done; ``told_at``: when people were told that the customer waits."""

allocations = Table(
    "allocations",
    metadata,
    SqlColumn("id", String(32), primary_key=True),
    SqlColumn("as_of", Instant, nullable=False, index=True),
    SqlColumn("created_at", Instant, nullable=False),
    SqlColumn("created_by", Text, nullable=False),
    SqlColumn("program", Text),
    SqlColumn("policy", Json, nullable=False),
    SqlColumn("request", Json, nullable=False),
    SqlColumn("response", Json, nullable=False),
    SqlColumn("prices", Json, nullable=False),
)
"""A batch of leads given to partners: what was asked and answered, and the shadow price of each scarce partner."""
