"""Tables by which claims on the same customer find each other."""

from sqlalchemy import Column as SqlColumn
from sqlalchemy import Float, ForeignKey, Index, Integer, String, Table, Text

from store.schema import RowId, metadata
from store.types import Instant

KEY_LENGTH = 80

_Key = String(KEY_LENGTH).with_variant(String(KEY_LENGTH, collation="C"), "postgresql")  # ranges go by characters


def _keys_of(resource: str, own: str) -> Table:
    return Table(
        f"{own}_keys",
        metadata,
        SqlColumn("key", _Key, primary_key=True),
        SqlColumn(f"{own}_id", RowId, ForeignKey(f"{resource}.id", ondelete="CASCADE"), primary_key=True),
        Index(None, f"{own}_id"),
    )


deal_keys = _keys_of("deals", "deal")
"""What a deal's customer may be found by: domain, words of the name; one row each."""

lead_keys = _keys_of("leads", "lead")
"""The same of leads."""

key_marks = Table(
    "key_marks",
    metadata,
    SqlColumn("resource", String(8), primary_key=True),
    SqlColumn("marked_at", Instant, primary_key=True),
)
"""Imports whose rows (``row_updated_at`` is ``marked_at``) have not been given their keys yet."""

key_progress = Table(
    "key_progress",
    metadata,
    SqlColumn("resource", String(8), primary_key=True),
)
"""Resources whose rows of before there were keys have been given theirs."""

offer_terms = Table(
    "offer_terms",
    metadata,
    SqlColumn("assignment_id", RowId, ForeignKey("assignments.id", ondelete="CASCADE"), primary_key=True),
    SqlColumn("match_id", String(32), ForeignKey("match_runs.id")),
    SqlColumn("answer_until", Instant, nullable=False),
    SqlColumn("hop", Integer),
    SqlColumn("reminded_at", Instant),
    SqlColumn("override", Text),
    SqlColumn("rank", Integer),
    SqlColumn("p_win", Float),
)
"""Of which match and which hop an offered lead came, until when it is to be answered, when the partner was reminded,
and the external id of the override that it follows; without a hop a person made it. ``rank`` and ``p_win``: what the
match says of the partner, among those not asked about the lead before."""
