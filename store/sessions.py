"""Who is signed in, and who tried in vain."""

import secrets
from datetime import datetime, timedelta
from hashlib import sha256
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, Engine, case, null, select
from sqlalchemy.exc import OperationalError

from domain.context import Clock, system_clock
from store.access_tables import sessions, sign_in_tries
from store.engine import BUSY_TIMEOUT_SECONDS, writing
from store.sql import insert_into
from store.tables import keys

SEEN_AGAIN = timedelta(minutes=5)
"""How old the note of a session's last use may grow before it is written anew."""

USED_AGAIN = timedelta(hours=1)
"""How old the note of a key's last use may grow before it is written anew."""


class Session(NamedTuple):
    """A sign-in: of a person, or of a key."""

    id: int
    user_id: int | None
    key_id: int | None
    created_at: datetime
    expires_at: datetime
    last_seen_at: datetime
    revoked_at: datetime | None


class SessionRepository:
    """Begins, finds and ends sessions; keeps hashes of their tokens."""

    def __init__(self, connection: Connection, clock: Clock = system_clock) -> None:
        self._connection = connection
        self._clock = clock

    def begin(self, lifetime: timedelta, *, user_id: int | None = None, key_id: int | None = None) -> str:
        """Begin a session of a person or a key and return its token, which is not kept."""
        token, now = secrets.token_urlsafe(32), self._clock()
        values = {"user_id": user_id, "key_id": key_id, "created_at": now, "last_seen_at": now}
        self._connection.execute(
            sessions.insert().values(token_hash=_digest(token), expires_at=now + lifetime, **values)
        )
        return token

    def find(self, token: str, idle: timedelta) -> Session | None:
        """Return the session of a token; None if unknown, ended, expired or unused for longer than `idle`."""
        now = self._clock()
        query = select(*(sessions.c[name] for name in Session._fields)).where(
            sessions.c.token_hash == _digest(token),
            sessions.c.revoked_at.is_(None),
            sessions.c.expires_at > now,
            sessions.c.last_seen_at > now - idle,
        )
        row = self._connection.execute(query).first()
        return None if row is None else Session(*row)

    def end(self, token: str) -> None:
        """End the session of a token, if there is one."""
        self._end(sessions.c.token_hash == _digest(token))

    def end_all(self, user_id: int, keep: str | None = None) -> None:
        """End all sessions of a person, but the one whose token is `keep`."""
        others = () if keep is None else (sessions.c.token_hash != _digest(keep),)
        self._end(sessions.c.user_id == user_id, *others)

    def forget(self, before: datetime) -> int:
        """Delete sessions that expired before an instant and return how many."""
        return self._connection.execute(sessions.delete().where(sessions.c.expires_at < before)).rowcount

    def _end(self, *conditions: ColumnElement[bool]) -> None:
        change = sessions.update().where(*conditions, sessions.c.revoked_at.is_(None))
        self._connection.execute(change.values(revoked_at=self._clock()))


class TryRepository:
    """Counts tries, by kind and subject: to sign in (``email``, ``address``), and checks of customers (``checks``)."""

    def __init__(self, connection: Connection, clock: Clock = system_clock) -> None:
        self._connection = connection
        self._clock = clock

    def count(self, kind: str, subject: str, limit: int, lock: timedelta) -> int:
        """Count a try and return for how many seconds no other one is looked at, 0 if this one is.

        Tries are counted over a time of `lock` from the first one; one beyond `limit` locks for `lock`. The try is
        counted before the password is looked at: of many at once no more than `limit` are.
        """
        now = self._clock()
        key = {"kind": kind, "subject_hash": _digest(subject)}
        old = sign_in_tries.c.begun_at <= now - lock
        insert = insert_into(self._connection, sign_in_tries).values(tries=1, begun_at=now, **key)
        upsert = insert.on_conflict_do_update(
            index_elements=list(key),
            set_={
                "tries": case((old, 1), else_=sign_in_tries.c.tries + 1),
                "begun_at": case((old, now), else_=sign_in_tries.c.begun_at),
                "locked_until": case((old, null()), else_=sign_in_tries.c.locked_until),
            },
        )
        row = self._connection.execute(
            upsert.returning(sign_in_tries.c.id, sign_in_tries.c.tries, sign_in_tries.c.locked_until)
        ).one()
        if row.tries <= limit:
            return 0
        until: datetime | None = row.locked_until
        if until is None:
            until = now + lock
            same = sign_in_tries.c.id == row.id
            # From now on the time of counting begins anew only when the lock has ended.
            self._connection.execute(sign_in_tries.update().where(same).values(locked_until=until, begun_at=now))
        return max(1, -((now - until) // timedelta(seconds=1)))

    def clear(self, kind: str, subject: str) -> None:
        """Forget the tries of a subject who signed in."""
        self._connection.execute(sign_in_tries.delete().where(*self._is(kind, subject)))

    def take_back(self, kind: str, subject: str) -> None:
        """Take the last try of a subject back: it was none in vain."""
        change = sign_in_tries.update().where(*self._is(kind, subject), sign_in_tries.c.tries > 0)
        self._connection.execute(change.values(tries=sign_in_tries.c.tries - 1))

    def forget(self, before: datetime) -> int:
        """Delete what began before an instant and return how many."""
        return self._connection.execute(sign_in_tries.delete().where(sign_in_tries.c.begun_at < before)).rowcount

    def _is(self, kind: str, subject: str) -> tuple[ColumnElement[bool], ...]:
        return (sign_in_tries.c.kind == kind, sign_in_tries.c.subject_hash == _digest(subject))


def note_use(engine: Engine, clock: Clock, *, session_id: int | None = None, key_prefix: str | None = None) -> bool:
    """Write down that a session or key is in use, unless that would have to wait; say whether it was written.

    Raises nothing when the store is busy: that somebody was seen is not worth anybody's waiting.
    """
    sqlite = engine.dialect.name == "sqlite"
    with engine.connect() as connection:
        if sqlite:
            connection.exec_driver_sql("PRAGMA busy_timeout = 0")
            connection.rollback()
        try:
            with writing(connection).begin():
                if session_id is not None:
                    seen = sessions.update().where(sessions.c.id == session_id).values(last_seen_at=clock())
                    connection.execute(seen)
                if key_prefix is not None:
                    used = keys.update().where(keys.c.prefix == key_prefix).values(last_used_at=clock())
                    connection.execute(used)
        except OperationalError:
            return False
        finally:
            if sqlite:
                connection.exec_driver_sql(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_SECONDS * 1000}")
    return True


def _digest(text: str) -> str:
    # Tokens are 256 random bits, for which a fast hash is right; of addresses it only keeps the plain text out.
    return sha256(text.encode(errors="surrogatepass")).hexdigest()
