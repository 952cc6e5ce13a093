"""API keys: made once, kept as hashes."""

import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import NamedTuple

from sqlalchemy import Connection, RowMapping, select

from domain.context import Clock, system_clock
from domain.errors import InvalidInput, NotFound
from domain.terms import Role
from store.tables import keys

_UNKNOWN = sha256(b"").hexdigest()


class Key(NamedTuple):
    """An API key as kept; its secret is not."""

    name: str
    role: Role
    partner_id: int | None
    prefix: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


class NewKey(NamedTuple):
    """A key just made, with the secret that is never shown again."""

    key: Key
    secret: str


class KeyRepository:
    """Creates, finds, lists and revokes API keys: ``aw_<prefix>_<secret>``."""

    def __init__(self, connection: Connection, clock: Clock = system_clock) -> None:
        self._connection = connection
        self._clock = clock

    def create(
        self, name: str, role: Role, partner_id: int | None = None, expires_at: datetime | None = None
    ) -> NewKey:
        """Make a key.

        Raises
        ------
        InvalidInput
            If a partner key names no partner, or another key does.
        """
        if (role is Role.PARTNER) != (partner_id is not None):
            raise InvalidInput("A key of role partner names its partner, and only such a key does.", field="partner")
        prefix, random = secrets.token_hex(6), secrets.token_urlsafe(32)
        key = Key(name, role, partner_id, prefix, self._clock(), expires_at, None)
        secret = f"aw_{prefix}_{random}"
        self._connection.execute(keys.insert().values(**key._asdict(), secret_hash=_digest(secret)))
        return NewKey(key, secret)

    def find(self, presented: str) -> Key | None:
        """Return the valid key that `presented` is; None when unknown, revoked or expired.

        The comparison takes the same time whether the prefix, the secret or nothing is right.
        """
        parts = presented.split("_", 2)
        prefix = parts[1] if len(parts) == 3 else ""
        row = self._connection.execute(select(keys).where(keys.c.prefix == prefix)).mappings().first()
        same = hmac.compare_digest(row["secret_hash"] if row is not None else _UNKNOWN, _digest(presented))
        if row is None or not same:
            return None
        key = _key(row)
        expired = key.expires_at is not None and key.expires_at <= self._clock()
        return None if expired or key.revoked_at is not None else key

    def list(self) -> Sequence[Key]:
        """Return all keys, oldest first."""
        return [_key(row) for row in self._connection.execute(select(keys).order_by(keys.c.id)).mappings()]

    def revoke(self, prefix: str) -> None:
        """Make a key invalid for good.

        Raises
        ------
        NotFound
            If no key has this prefix.
        """
        known = self._connection.execute(select(keys.c.id).where(keys.c.prefix == prefix)).scalar()
        if known is None:
            raise NotFound(f"No key begins with aw_{prefix}_; `allywise keys list` shows the prefixes.", prefix=prefix)
        change = keys.update().where(keys.c.id == known, keys.c.revoked_at.is_(None))
        self._connection.execute(change.values(revoked_at=self._clock()))


def _digest(secret: str) -> str:
    # A fast hash is right for 256 random bits: there is nothing to guess.
    return sha256(secret.encode()).hexdigest()


def _key(row: RowMapping) -> Key:
    return Key(**{name: row[name] for name in Key._fields})._replace(role=Role(row["role"]))
