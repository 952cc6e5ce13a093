"""People who sign in."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, RowMapping, select
from sqlalchemy.exc import IntegrityError

from domain.context import Clock, system_clock
from domain.errors import Conflict, NotFound
from domain.terms import PartnerRole, Role, UserStatus
from store.access_tables import users
from store.tables import RESOURCE_TABLES


class User(NamedTuple):
    """A person's account; ``partner`` is the external id of the person's partner."""

    id: int
    email: str
    name: str
    role: Role
    partner_id: int | None
    partner: str | None
    partner_role: PartnerRole | None
    status: UserStatus
    password_hash: str | None
    token_expires_at: datetime | None
    oidc_subject: str | None
    created_at: datetime
    last_login_at: datetime | None


class UserRepository:
    """Adds, finds, lists and changes people; knows of passwords and tokens only hashes."""

    def __init__(self, connection: Connection, clock: Clock = system_clock) -> None:
        self._connection = connection
        self._clock = clock

    def add(self, values: Mapping[str, Any]) -> User:
        """Add a person: ``email`` (normalised), ``name``, ``role``, ``status``, and what else there is to say.

        Raises
        ------
        Conflict
            If there is one with this e-mail address.
        """
        try:
            with self._connection.begin_nested():
                result = self._connection.execute(users.insert().values(created_at=self._clock(), **values))
        except IntegrityError as error:
            raise Conflict(f"There is a user {values['email']!r} already.", email=values["email"]) from error
        (id_,) = result.inserted_primary_key or (0,)
        return self.get(int(id_))

    def get(self, id_: int, partner_id: int | None = None) -> User:
        """Return a person, of a given partner if one is given.

        Raises
        ------
        NotFound
            If there is no such person.
        """
        own = () if partner_id is None else (users.c.partner_id == partner_id,)
        found = self._first(users.c.id == id_, *own)
        if found is None:
            raise NotFound(f"There is no user {id_}.", id=id_)
        return found

    def by_email(self, email: str) -> User | None:
        """Return the person with a normalised e-mail address."""
        return self._first(users.c.email == email)

    def by_token(self, token_hash: str) -> User | None:
        """Return the person whose unexpired one-time token has this hash."""
        return self._first(users.c.token_hash == token_hash, users.c.token_expires_at > self._clock())

    def by_subject(self, subject: str) -> User | None:
        """Return the person whom the identity provider knows as ``issuer subject``."""
        return self._first(users.c.oidc_subject == subject)

    def list(
        self, filters: Mapping[str, Any] | None = None, after: int = 0, limit: int | None = None
    ) -> Sequence[User]:
        """Return people by our id, those after a given one, all of them unless limited; `filters` by column."""
        same = [users.c[name] == value for name, value in (filters or {}).items()]
        query = _query().where(users.c.id > after, *same).order_by(users.c.id).limit(limit)
        return [_user(row) for row in self._connection.execute(query).mappings()]

    def change(self, id_: int, values: Mapping[str, Any]) -> User:
        """Change columns of a person and return the person as they are then.

        Raises
        ------
        Conflict
            If another has the new e-mail address or subject.
        """
        try:
            with self._connection.begin_nested():
                self._connection.execute(users.update().where(users.c.id == id_).values(**values))
        except IntegrityError as error:
            raise Conflict("Another user has this e-mail address or sign-on subject.") from error
        return self.get(id_)

    def _first(self, *conditions: ColumnElement[bool]) -> User | None:
        row = self._connection.execute(_query().where(*conditions)).mappings().first()
        return None if row is None else _user(row)


def _query() -> Any:
    partners = RESOURCE_TABLES["partners"]
    own = [users.c[name] for name in User._fields if name != "partner"]
    joined = users.outerjoin(partners, partners.c.id == users.c.partner_id)
    return select(*own, partners.c.external_id.label("partner")).select_from(joined)


def _user(row: RowMapping) -> User:
    found = User(**{name: row[name] for name in User._fields})
    partner_role = None if found.partner_role is None else PartnerRole(found.partner_role)
    return found._replace(role=Role(found.role), status=UserStatus(found.status), partner_role=partner_role)
