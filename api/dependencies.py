"""What routes ask for: the services, the caller, a unit of work."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Depends, Query, Request
from fastapi.security import APIKeyCookie, HTTPAuthorizationCredentials, HTTPBearer

from api.authentication import SAFE_METHODS, SESSION_COOKIE, Caller, caller_of
from api.types import Instant
from domain.access import area_of, partner_may_use, within_scopes
from domain.context import Actor, Clock
from domain.errors import InvalidInput, NotAllowed
from domain.settings import Settings
from domain.terms import Role
from intelligence.context import Intelligence
from store.unit_of_work import UnitOfWork

_bearer = HTTPBearer(auto_error=False, description="An API key: `allywise keys create`.")
_session_cookie = APIKeyCookie(
    name=SESSION_COOKIE,
    auto_error=False,
    description="Of `POST /v1/session`; changes also need the header X-CSRF-Token.",
)


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


def get_caller(
    request: Request,
    services: ServicesDep,
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
    _cookie: Annotated[str | None, Depends(_session_cookie)],
) -> Caller:
    """Return who sends the request: the key of the Authorization header, or whose session the cookie is."""
    return caller_of(request, services, None if credentials is None else credentials.credentials)


CallerDep = Annotated[Caller, Depends(get_caller)]


def get_actor(caller: CallerDep) -> Actor:
    """Return on whose behalf the request is done."""
    return caller.actor


ActorDep = Annotated[Actor, Depends(get_actor)]


def get_work(request: Request, services: ServicesDep, actor: ActorDep) -> Iterator[UnitOfWork]:
    """Yield the request's one transaction; it commits before the answer is sent."""
    with services.unit_of_work(actor, read_only=request.method in ("GET", "HEAD")) as work:
        yield work


Work = Annotated[UnitOfWork, Depends(get_work, scope="function")]


def get_writing_work(services: ServicesDep, actor: ActorDep) -> Iterator[UnitOfWork]:
    """Yield a transaction that may write, also for a GET."""
    with services.unit_of_work(actor) as work:
        yield work


WritingWork = Annotated[UnitOfWork, Depends(get_writing_work, scope="function")]
"""Of a GET whose answer rests on something that is brought up to date first."""


def allow(*roles: Role) -> Any:
    """Return a route dependency that lets `roles` pass, and admin always.

    Of a partner's people those pass whose partner role uses the route's area, and of narrowed keys those whose scopes
    hold it (`domain.access`).
    """

    def check(request: Request, actor: ActorDep) -> None:
        if actor.role is not Role.ADMIN and actor.role not in roles:
            allowed = ", ".join([*roles, Role.ADMIN])
            raise NotAllowed(f"role {actor.role} may not do this; it takes one of: {allowed}")
        area = area_of(getattr(request.scope.get("route"), "path", request.url.path))
        if not partner_may_use(actor.partner_role, area):
            raise NotAllowed(f"partner role {actor.partner_role} does not use {area}; ask your company's admin")
        if not within_scopes(actor.scopes, area, reading=request.method in SAFE_METHODS):
            raise NotAllowed(f"this key is narrowed to {', '.join(actor.scopes)}, which does not hold this of {area}")

    check.roles = frozenset({*roles, Role.ADMIN})  # type: ignore[attr-defined]  # read by the permission tests
    return Depends(check)


def allow_anyone() -> Any:
    """Return a route dependency that says that no one need be known to call it."""

    def check() -> None:
        """Let everybody pass."""

    check.roles = None  # type: ignore[attr-defined]  # read by the permission tests
    return Depends(check)


def get_as_of(
    services: ServicesDep,
    as_of: Annotated[
        Instant | None, Query(description="Nothing recorded later is used. Default: now. UTC when no offset stands.")
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
