"""What routes ask for: the services, the caller, a unit of work."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Depends, Query, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from domain.context import SYSTEM, Actor, Clock
from domain.errors import InvalidInput, NotAllowed, NotAuthenticated
from domain.settings import Settings
from domain.terms import Role
from intelligence.context import Intelligence
from store.unit_of_work import UnitOfWork

SESSION_COOKIE = "allywise_session"

_bearer = HTTPBearer(auto_error=False, description="An API key: `allywise keys create`.")


@dataclass(frozen=True)
class Services:
    """What lives as long as the process: settings, store and predictions."""

    settings: Settings
    intelligence: Intelligence
    clock: Clock

    def unit_of_work(self, actor: Actor, *, read_only: bool = False) -> UnitOfWork:
        """Open a transaction on behalf of `actor`; one that only reads never waits for an import to end."""
        return UnitOfWork(
            self.intelligence.engine, actor, self.clock, read_only=read_only, currency=self.settings.currency
        )


def get_services(request: Request) -> Services:
    """Return the services of the running application."""
    services = request.app.state.services
    if not isinstance(services, Services):
        raise TypeError("the application was started without its services")
    return services


ServicesDep = Annotated[Services, Depends(get_services)]


def actor_of_key(services: Services, secret: str) -> Actor:
    """Return who presents `secret`.

    Raises
    ------
    NotAuthenticated
        If the key is unknown, revoked or expired.
    """
    with services.unit_of_work(SYSTEM, read_only=True) as work:
        key = work.keys.find(secret)
    if key is None:
        raise NotAuthenticated("this API key is unknown, revoked or expired")
    return Actor(key.name, Role(key.role), key.partner_id)


def get_actor(
    services: ServicesDep, credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> Actor:
    """Return the caller that the Authorization header names."""
    if credentials is None:
        raise NotAuthenticated("send an API key: 'Authorization: Bearer aw_...'")
    return actor_of_key(services, credentials.credentials)


ActorDep = Annotated[Actor, Depends(get_actor)]


def get_work(request: Request, services: ServicesDep, actor: ActorDep) -> Iterator[UnitOfWork]:
    """Yield the request's one transaction; it commits before the answer is sent."""
    with services.unit_of_work(actor, read_only=request.method in ("GET", "HEAD")) as work:
        yield work


Work = Annotated[UnitOfWork, Depends(get_work, scope="function")]


def allow(*roles: Role) -> Any:
    """Return a route dependency that lets `roles` pass, and admin always."""

    def check(actor: ActorDep) -> None:
        if actor.role is not Role.ADMIN and actor.role not in roles:
            allowed = ", ".join([*roles, Role.ADMIN])
            raise NotAllowed(f"role {actor.role} may not do this; it takes one of: {allowed}")

    check.roles = frozenset({*roles, Role.ADMIN})  # type: ignore[attr-defined]  # read by the permission tests
    return Depends(check)


def get_as_of(
    services: ServicesDep,
    as_of: Annotated[
        datetime | None, Query(description="Nothing recorded later is used. Default: now. UTC when no offset stands.")
    ] = None,
) -> datetime:
    """Return the instant a prediction is asked for."""
    return utc(as_of) or services.clock()


AsOf = Annotated[datetime, Depends(get_as_of)]


def utc(instant: datetime | None) -> datetime | None:
    """Return `instant` in UTC; one without an offset is UTC already.

    Raises
    ------
    InvalidInput
        If it lies before the year 1 or after 9999 there.
    """
    if instant is None:
        return None
    try:
        return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
    except OverflowError:
        raise InvalidInput(f"{instant.isoformat()} lies outside the years 1 to 9999 in UTC.", field="as_of") from None


Limit = Annotated[int, Query(ge=1, le=250, description="How many at the most.")]
