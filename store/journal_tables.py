"""Tables of what happened: the audit trail, events, webhooks and their deliveries, alerts and who read them.

None refers to another table by a foreign key: an entry outlives what it tells of, and a check of a key would wait for a
lock on that row while the trail is locked.
"""

from sqlalchemy import BigInteger, Boolean, Index, Integer, String, Table, Text
from sqlalchemy import Column as SqlColumn

from store.schema import Json, RowId, metadata
from store.types import Instant

audit = Table(
    "audit",
    metadata,
    SqlColumn("seq", BigInteger, primary_key=True, autoincrement=False),
    SqlColumn("at", Instant, nullable=False, index=True),
    SqlColumn("actor", Text, nullable=False, index=True),
    SqlColumn("role", String(16), nullable=False),
    SqlColumn("actor_partner_id", RowId),
    SqlColumn("action", String(64), nullable=False),
    SqlColumn("resource", String(64), nullable=False),
    SqlColumn("key", Text),
    SqlColumn("partner_id", RowId, index=True),
    SqlColumn("details_digest", String(64)),
    SqlColumn("previous_hash", String(64), nullable=False),
    SqlColumn("hash", String(64), nullable=False),
    Index(None, "resource", "key"),
)
"""The audit trail: append-only, numbered without gaps, each entry holding the hash of the one before."""

audit_details = Table(
    "audit_details",
    metadata,
    SqlColumn("seq", BigInteger, primary_key=True, autoincrement=False),
    SqlColumn("salt", String(32), nullable=False),
    SqlColumn("details", Text, nullable=False),
)
"""What an entry tells beyond its head, as canonical JSON: never changed, removed only by an erasure.

``audit.details_digest`` is HMAC-SHA256 of it under the salt, so the chain holds without it, and nothing can be
guessed from the digest once the salt is gone.
"""

audit_subjects = Table(
    "audit_subjects",
    metadata,
    SqlColumn("seq", BigInteger, primary_key=True, autoincrement=False),
    SqlColumn("key", Text, primary_key=True),
    SqlColumn("resource", String(64), nullable=False),
    Index(None, "resource", "key"),
)
"""Keys of entries that concern several rows, to find them by: an index, the details are what counts."""

events = Table(
    "events",
    metadata,
    SqlColumn("id", BigInteger, primary_key=True, autoincrement=False),
    SqlColumn("at", Instant, nullable=False, index=True),
    SqlColumn("name", String(80), nullable=False),
    SqlColumn("resource", String(64), nullable=False),
    SqlColumn("key", Text),
    SqlColumn("partner_id", RowId),
    SqlColumn("for_partner", Boolean, nullable=False),
    SqlColumn("payload", Text, nullable=False),
    Index(None, "partner_id", "id"),
)
"""What happened, for other systems; ``id`` is the number of the audit entry of the same thing, so ids grow in the order
in which transactions committed. ``payload`` is JSON, kept as it is sent."""

webhooks = Table(
    "webhooks",
    metadata,
    SqlColumn("id", RowId, primary_key=True),
    SqlColumn("url", Text, nullable=False),
    SqlColumn("description", Text),
    SqlColumn("events", Json, nullable=False),
    SqlColumn("partner_id", RowId),
    SqlColumn("active", Boolean, nullable=False),
    SqlColumn("secret", Text, nullable=False),
    SqlColumn("former_secret", Text),
    SqlColumn("former_until", Instant),
    SqlColumn("failures", Integer, nullable=False, server_default="0"),
    SqlColumn("failing_since", Instant),
    SqlColumn("paused_until", Instant),
    SqlColumn("disabled_reason", Text),
    SqlColumn("row_version", Integer, nullable=False, server_default="1"),
    SqlColumn("created_by", Text, nullable=False),
    SqlColumn("created_at", Instant, nullable=False),
    SqlColumn("updated_at", Instant, nullable=False),
)
"""Addresses of other systems that are told of events; ``secret`` is sealed (`store.sealing`)."""

deliveries = Table(
    "deliveries",
    metadata,
    SqlColumn("id", String(32), primary_key=True),
    SqlColumn("webhook_id", RowId, nullable=False),
    SqlColumn("event_id", BigInteger, nullable=False, index=True),
    SqlColumn("status", String(16), nullable=False),
    SqlColumn("attempts", Integer, nullable=False, server_default="0"),
    SqlColumn("next_attempt_at", Instant, nullable=False),
    SqlColumn("lease_until", Instant),
    SqlColumn("last_status", Integer),
    SqlColumn("last_error", Text),
    SqlColumn("duration_ms", Integer),
    SqlColumn("replay_of", String(32)),
    SqlColumn("created_at", Instant, nullable=False),
    SqlColumn("finished_at", Instant),
    Index(None, "status", "next_attempt_at"),
    Index(None, "webhook_id", "created_at"),
)
"""An event on its way to a webhook; ``status`` is waiting, delivered or dead."""

alerts = Table(
    "alerts",
    metadata,
    SqlColumn("id", RowId, primary_key=True),
    SqlColumn("kind", String(32), nullable=False),
    SqlColumn("severity", String(16), nullable=False),
    SqlColumn("partner_id", RowId, index=True),
    SqlColumn("for_staff", Boolean, nullable=False),
    SqlColumn("for_partner", Boolean, nullable=False),
    SqlColumn("resource", String(64), nullable=False),
    SqlColumn("key", Text),
    SqlColumn("message", Text, nullable=False),
    SqlColumn("details", Json, nullable=False),
    SqlColumn("dedup_key", String(200), nullable=False, unique=True),
    SqlColumn("created_at", Instant, nullable=False, index=True),
    SqlColumn("resolved_at", Instant),
    SqlColumn("resolved_by", Text),
)
"""Something that asks for a person's attention; an equal ``dedup_key`` is the same alert."""

alert_reads = Table(
    "alert_reads",
    metadata,
    SqlColumn("alert_id", RowId, primary_key=True, autoincrement=False),
    SqlColumn("person", Text, primary_key=True),
    SqlColumn("read_at", Instant, nullable=False),
)
"""Who has read an alert."""

alert_preferences = Table(
    "alert_preferences",
    metadata,
    SqlColumn("person", Text, primary_key=True),
    SqlColumn("kind", String(32), primary_key=True),
    SqlColumn("console", Boolean, nullable=False),
    SqlColumn("email", String(16), nullable=False),
    SqlColumn("webhook", String(16), nullable=False),
    SqlColumn("updated_at", Instant, nullable=False),
)
"""What a person wants to be told how: per kind of alert; ``email`` and ``webhook`` are off, immediate or daily."""

alert_notices = Table(
    "alert_notices",
    metadata,
    SqlColumn("alert_id", RowId, primary_key=True, autoincrement=False),
    SqlColumn("person", Text, primary_key=True),
    SqlColumn("channel", String(16), primary_key=True),
    SqlColumn("mode", String(16), nullable=False),
    SqlColumn("created_at", Instant, nullable=False),
    SqlColumn("sent_at", Instant),
    Index(None, "channel", "mode", "sent_at"),
)
"""An alert on its way to a person by e-mail or webhook, at once or with the day's others: each once."""

feed_marks = Table(
    "feed_marks",
    metadata,
    SqlColumn("name", String(32), primary_key=True),
    SqlColumn("event_id", BigInteger, nullable=False),
)
"""How far a reader of our own has read the events."""
