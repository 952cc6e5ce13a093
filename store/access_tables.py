"""Tables of who may in: people, their sessions, tries to sign in."""

from sqlalchemy import Column as SqlColumn
from sqlalchemy import ForeignKey, Integer, String, Table, Text, UniqueConstraint

from store.schema import RowId, metadata
from store.types import Instant

users = Table(
    "users",
    metadata,
    SqlColumn("id", RowId, primary_key=True),
    SqlColumn("email", String(320), nullable=False, unique=True),
    SqlColumn("name", Text, nullable=False),
    SqlColumn("role", String(16), nullable=False),
    SqlColumn("partner_id", RowId, ForeignKey("partners.id"), index=True),
    SqlColumn("partner_role", String(16)),
    SqlColumn("status", String(16), nullable=False),
    SqlColumn("password_hash", Text),
    SqlColumn("token_hash", String(64), unique=True),
    SqlColumn("token_expires_at", Instant),
    SqlColumn("oidc_subject", Text, unique=True),
    SqlColumn("created_at", Instant, nullable=False),
    SqlColumn("last_login_at", Instant),
)
"""People: ``email`` is normalised; ``password_hash`` is Argon2id, none for single sign-on only; ``token_hash`` is
SHA-256 of the one-time token with which a password is set; ``oidc_subject`` is ``issuer subject``."""

sessions = Table(
    "sessions",
    metadata,
    SqlColumn("id", RowId, primary_key=True),
    SqlColumn("token_hash", String(64), nullable=False, unique=True),
    SqlColumn("user_id", RowId, ForeignKey("users.id"), index=True),
    SqlColumn("key_id", RowId, ForeignKey("keys.id"), index=True),
    SqlColumn("created_at", Instant, nullable=False),
    SqlColumn("expires_at", Instant, nullable=False, index=True),
    SqlColumn("last_seen_at", Instant, nullable=False),
    SqlColumn("revoked_at", Instant),
)
"""Who is signed in, by person or by key: the hash of the cookie's random token."""

sign_in_tries = Table(
    "sign_in_tries",
    metadata,
    SqlColumn("id", RowId, primary_key=True),
    SqlColumn("kind", String(8), nullable=False),
    SqlColumn("subject_hash", String(64), nullable=False),
    SqlColumn("tries", Integer, nullable=False),
    SqlColumn("begun_at", Instant, nullable=False, index=True),
    SqlColumn("locked_until", Instant),
    UniqueConstraint("kind", "subject_hash"),
)
"""Failed tries by e-mail address and by network address (hashed), known to us or not: an unknown one is locked like a
known one, so that a lock tells nothing."""
