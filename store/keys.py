"""API keys: made once, kept as hashes."""

import hmac
import secrets
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, RowMapping, select

from domain.context import Clock, system_clock
from domain.errors import Conflict, InvalidInput, NotFound
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
    scopes: tuple[str, ...] = ()
    last_used_at: datetime | None = None
    rotated_at: datetime | None = None
    former_until: datetime | None = None
    id: int = 0


class NewKey(NamedTuple):
    """A key just made, with the secret that is never shown again."""

    key: Key
    secret: str


class KeyRepository:
    """Creates, finds, lists, rotates and revokes API keys: ``aw_<prefix>_<secret>``."""

    def __init__(self, connection: Connection, clock: Clock = system_clock) -> None:
        self._connection = connection
        self._clock = clock

    def create(
        self,
        name: str,
        role: Role,
        partner_id: int | None = None,
        expires_at: datetime | None = None,
        scopes: Sequence[str] = (),
    ) -> NewKey:
        """Make a key, narrowed to `scopes` (`domain.access`) if there are any.

        Raises
        ------
        InvalidInput
            If a partner key names no partner, or another key does, or it would have expired already.
        """
        if (role is Role.PARTNER) != (partner_id is not None):
            raise InvalidInput("A key of role partner names its partner, and only such a key does.", field="partner")
        now = self._clock()
        if expires_at is not None and expires_at <= now:
            raise InvalidInput("expires_at lies in the past; give a later instant, or none", field="expires_at")
        prefix = secrets.token_hex(6)
        secret = _secret(prefix)
        values: dict[str, Any] = {
            "name": name,
            "role": role,
            "partner_id": partner_id,
            "prefix": prefix,
            "created_at": now,
        }
        values |= {"expires_at": expires_at, "scopes": list(scopes), "secret_hash": _digest(secret)}
        self._connection.execute(keys.insert().values(**values))
        return NewKey(self.get(prefix), secret)

    def get(self, prefix: str) -> Key:
        """Return a key, valid or not.

        Raises
        ------
        NotFound
            If no key has this prefix.
        """
        row = self._connection.execute(_query(_begins(prefix))).mappings().first()
        if row is None:
            raise NotFound(f"No key begins with aw_{prefix}_; `allywise keys list` shows the prefixes.", prefix=prefix)
        return _key(row)

    def find(self, presented: str) -> Key | None:
        """Return the valid key that `presented` is; None when unknown, revoked or expired.

        The comparison takes the same time whether the prefix, the secret or nothing is right. After a rotation the
        former secret is right until its grace ends.
        """
        parts = presented.split("_", 2)
        prefix = parts[1] if len(parts) == 3 else ""
        row = self._connection.execute(select(keys).where(_begins(prefix))).mappings().first()
        digest = _digest(presented)
        same = hmac.compare_digest(row["secret_hash"] if row is not None else _UNKNOWN, digest)
        former = hmac.compare_digest((row["former_hash"] if row is not None else None) or _UNKNOWN, digest)
        if row is None or not (same or (former and _lasts(row["former_until"], self._clock()))):
            return None
        return self._valid(row)

    def by_id(self, id_: int) -> Key | None:
        """Return a valid key by our id; None when there is none, or it was revoked or has expired."""
        row = self._connection.execute(_query(keys.c.id == id_)).mappings().first()
        return None if row is None else self._valid(row)

    def rotate(self, prefix: str, grace: timedelta) -> NewKey:
        """Give a key a new secret; the one until now is accepted for `grace` longer, one before it no more.

        Raises
        ------
        NotFound
            If no key has this prefix.
        Conflict
            If the key was revoked or has expired.
        """
        query = select(keys).where(_begins(prefix)).with_for_update()
        row = self._connection.execute(query).mappings().first()
        if row is None or self._valid(row) is None:
            self.get(prefix)
            raise Conflict(f"The key aw_{prefix}_ is revoked or has expired; create another one.", prefix=prefix)
        secret, now = _secret(prefix), self._clock()
        values = {"secret_hash": _digest(secret), "rotated_at": now}
        values |= {"former_hash": row["secret_hash"], "former_until": now + grace}
        self._connection.execute(keys.update().where(keys.c.id == row["id"]).values(**values))
        return NewKey(self.get(prefix), secret)

    def list(self) -> Sequence[Key]:
        """Return all keys, oldest first."""
        return [_key(row) for row in self._connection.execute(_query().order_by(keys.c.id)).mappings()]

    def some(self, prefixes: Collection[str]) -> Sequence[Key]:
        """Return the keys with some prefixes, valid or not, in no order."""
        return [_key(row) for row in self._connection.execute(_query(keys.c.prefix.in_(prefixes))).mappings()]

    def revoke(self, prefix: str) -> None:
        """Make a key invalid for good.

        Raises
        ------
        NotFound
            If no key has this prefix.
        """
        known = self.get(prefix).id
        change = keys.update().where(keys.c.id == known, keys.c.revoked_at.is_(None))
        self._connection.execute(change.values(revoked_at=self._clock()))

    def _valid(self, row: RowMapping) -> Key | None:
        key = _key(row)
        return (
            key
            if key.revoked_at is None and (key.expires_at is None or _lasts(key.expires_at, self._clock()))
            else None
        )


def _secret(prefix: str) -> str:
    return f"aw_{prefix}_{secrets.token_urlsafe(32)}"


def _digest(secret: str) -> str:
    # A fast hash is right for 256 random bits: there is nothing to guess.
    return sha256(secret.encode(errors="surrogatepass")).hexdigest()


def _lasts(until: datetime | None, now: datetime) -> bool:
    return until is not None and now < until


def _begins(prefix: str) -> ColumnElement[bool]:
    # What is no prefix is not asked for: PostgreSQL refuses NUL bytes and half characters as text.
    same: ColumnElement[bool] = keys.c.prefix == (prefix if prefix.isascii() and prefix.isalnum() else "")
    return same


def _query(*conditions: ColumnElement[bool]) -> Any:
    return select(*(keys.c[name] for name in Key._fields)).where(*conditions)


def _key(row: RowMapping) -> Key:
    key = Key(**{name: row[name] for name in Key._fields})
    return key._replace(role=Role(key.role), scopes=tuple(key.scopes or ()))
