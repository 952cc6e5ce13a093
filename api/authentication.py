"""Who sends a request: by an API key in the Authorization header, or by the cookie of a signed-in browser.

A browser sends the cookie by itself, also when another site made it send the request. So whatever changes something
and comes with the cookie must also carry the session's CSRF token, which no other site can know.
"""

import hmac
import secrets
from datetime import datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

from fastapi import Request, Response

from domain.context import SYSTEM, Actor
from domain.errors import NotAllowed, NotAuthenticated
from programme.sign_in import actor_of_key, session_of
from store.sessions import SEEN_AGAIN, USED_AGAIN, note_use

if TYPE_CHECKING:
    from api.dependencies import Services

SESSION_COOKIE = "allywise_session"
CSRF_HEADER = "X-CSRF-Token"
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
_CSRF_BYTES = 32


class Caller(NamedTuple):
    """Who asks; ``token`` is that of the browser's session, None for a key in the header."""

    actor: Actor
    token: str | None = None
    expires_at: datetime | None = None


def caller_of(request: Request, services: "Services", key: str | None) -> Caller:
    """Return who sends `request`.

    Parameters
    ----------
    request : Request
        Its cookie counts when there is no key.
    services : Services
        Settings and store.
    key : str or None
        What the Authorization header holds.

    Raises
    ------
    NotAuthenticated
        If nobody valid does.
    NotAllowed
        If a browser asks for a change without the session's CSRF token.
    """
    if key is not None:
        return Caller(actor_of_secret(services, key))
    token = request.cookies.get(SESSION_COOKIE)
    if not token:
        raise NotAuthenticated("send an API key, 'Authorization: Bearer aw_...', or sign in: POST /v1/session")
    caller = signed_in(services, token)
    if caller is None:
        raise NotAuthenticated("this session has ended; sign in again")
    if request.method not in SAFE_METHODS:
        check_csrf(token, request.headers.get(CSRF_HEADER, ""))
    return caller


def actor_of_secret(services: "Services", secret: str) -> Actor:
    """Return whose API key `secret` is.

    Raises
    ------
    NotAuthenticated
        If the key is unknown, revoked or expired.
    """
    with services.unit_of_work(SYSTEM, read_only=True) as work:
        key = work.keys.find(secret)
    if key is None:
        raise NotAuthenticated("this API key is unknown, revoked or expired")
    if _is_due(services, key.last_used_at, USED_AGAIN):
        note_use(services.intelligence.engine, services.clock, key_prefix=key.prefix)
    return actor_of_key(key, services.settings)


def signed_in(services: "Services", token: str) -> Caller | None:
    """Return who is signed in with the token of a cookie, None if nobody is any more."""
    with services.unit_of_work(SYSTEM, read_only=True) as work:
        found = session_of(work, services.settings, token)
    if found is None:
        return None
    session, actor = found
    if _is_due(services, session.last_seen_at, SEEN_AGAIN):
        note_use(services.intelligence.engine, services.clock, session_id=session.id)
    return Caller(actor, token, session.expires_at)


def csrf_token(session_token: str) -> str:
    """Return the CSRF token of a session: known to whoever holds the session's own token, and kept nowhere."""
    return hmac.new(session_token.encode(errors="surrogatepass"), b"allywise csrf", sha256).hexdigest()


def masked_csrf_token(session_token: str) -> str:
    """Return the CSRF token as a compressed page may hold it: of another look each time.

    A text that stands unchanged in many compressed answers could be guessed from their lengths (the BREACH attack).
    """
    token = bytes.fromhex(csrf_token(session_token))
    mask = secrets.token_bytes(len(token))
    return (mask + _xor(mask, token)).hex()


def check_csrf(session_token: str, presented: str) -> None:
    """Refuse a change that another site may have made the browser ask for.

    Raises
    ------
    NotAllowed
        If `presented` is not the CSRF token of the session, masked or not.
    """
    if not hmac.compare_digest(csrf_token(session_token).encode(), _unmasked(presented).encode(errors="replace")):
        raise NotAllowed(f"with the session's cookie a change needs its CSRF token in the header {CSRF_HEADER}")


def _unmasked(presented: str) -> str:
    try:
        content = bytes.fromhex(presented)
    except ValueError:
        return presented
    half = len(content) // 2
    return presented if half != _CSRF_BYTES else _xor(content[:half], content[half:]).hex()


def _xor(mask: bytes, content: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(mask, content, strict=False))


def refuse_other_sites(request: Request) -> None:
    """Refuse a sign-in that another site makes the browser send.

    Raises
    ------
    NotAllowed
        If the browser says that the request comes from another site.
    """
    if request.headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
        raise NotAllowed("sign in from the service's own pages, not from another site")


def keep_session(request: Request, response: Response, services: "Services", token: str) -> None:
    """Put the session's token into a cookie that no script reads and no other site's form sends."""
    response.set_cookie(
        SESSION_COOKIE,
        token,
        max_age=int(timedelta(hours=services.settings.session_hours).total_seconds()),
        httponly=True,
        samesite="lax",
        secure=is_https(request, services),
    )


def drop_session(request: Request, response: Response, services: "Services") -> None:
    """Take the cookie out of the browser."""
    response.delete_cookie(SESSION_COOKIE, httponly=True, samesite="lax", secure=is_https(request, services))


def is_https(request: Request, services: "Services") -> bool:
    """Say whether the browser reaches the service by https."""
    return request.url.scheme == "https" or services.settings.public_url.startswith("https:")


def network_address(request: Request) -> str:
    """Return the address that sends `request`, as the server sees it."""
    return request.client.host if request.client is not None else "unknown"


def _is_due(services: "Services", noted_at: datetime | None, after: timedelta) -> bool:
    return noted_at is None or services.clock() - noted_at > after
