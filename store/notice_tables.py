"""Table of what was told already."""

from sqlalchemy import Column as SqlColumn
from sqlalchemy import String, Table, Text

from store.schema import metadata
from store.types import Instant

notices = Table(
    "notices",
    metadata,
    SqlColumn("name", String(64), primary_key=True),
    SqlColumn("subject", Text, primary_key=True),
    SqlColumn("told_at", Instant, nullable=False),
)
"""Notices that are given once: what of (an event's name), and of what."""
