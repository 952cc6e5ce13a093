"""OpenID Connect single sign-on: authorization code with PKCE, state and nonce; who signs on, and as what.

The provider is known by its discovery document; its ID token is verified by its published keys. After OpenID Connect
Core 1.0, RFC 7636 (PKCE) and RFC 9700 (best current practice).
"""

import base64
import secrets
import time
from collections.abc import Mapping
from functools import lru_cache
from hashlib import sha256
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

import httpx
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from domain.context import SYSTEM, Clock
from domain.errors import CannotAnswer, NotAuthenticated, NotFound
from domain.settings import Settings
from domain.terms import Role, UserStatus
from programme.people import checked_email, normal_email, sign_on_user
from programme.sign_in import OpenWork, SignedIn, actor_of_user, begin_session
from store.unit_of_work import UnitOfWork
from store.users import User

_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"]
_TIMEOUT_SECONDS = 10
_KEPT_SECONDS = 600
_LEEWAY_SECONDS = 60
_REFUSED = "the identity provider's answer was not accepted: "


class Attempt(NamedTuple):
    """What a browser keeps from its way to the provider until it comes back."""

    state: str
    nonce: str
    verifier: str


class Provider(NamedTuple):
    """What the discovery document says, and the keys."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    userinfo_endpoint: str | None
    keys: KeySet


def begin_sign_on(settings: Settings, redirect_uri: str) -> tuple[Attempt, str]:
    """Return a new attempt, and the address at the provider to which the browser goes.

    Raises
    ------
    NotFound
        If single sign-on is off.
    CannotAnswer
        If the provider cannot be reached or is not what its address promises.
    """
    provider = _provider(settings)
    attempt = Attempt(*(secrets.token_urlsafe(32) for _ in Attempt._fields))
    challenge = base64.urlsafe_b64encode(sha256(attempt.verifier.encode()).digest()).decode().rstrip("=")
    query = {
        "response_type": "code",
        "client_id": settings.oidc_client_id,
        "redirect_uri": redirect_uri,
        "scope": settings.oidc_scopes,
        "state": attempt.state,
        "nonce": attempt.nonce,
        "code_challenge": challenge,
        "code_challenge_method": "S256",
    }
    joint = "&" if "?" in provider.authorization_endpoint else "?"
    return attempt, f"{provider.authorization_endpoint}{joint}{urlencode(query)}"


def finish_sign_on(
    open_work: OpenWork, settings: Settings, clock: Clock, attempt: Attempt, code: str, redirect_uri: str
) -> SignedIn:
    """Begin the session of the person whom the provider vouches for.

    Raises
    ------
    NotAuthenticated
        If the provider refuses the code, its token is not right, or the person may not come in.
    NotFound, CannotAnswer
        As of `begin_sign_on`.
    """
    claims = _claims(settings, clock, attempt, code, redirect_uri)
    with open_work(SYSTEM) as work:
        user = _person(work, settings, claims)
    with open_work(actor_of_user(user, settings)) as work:
        return begin_session(work, settings, user)


def _claims(settings: Settings, clock: Clock, attempt: Attempt, code: str, redirect_uri: str) -> Mapping[str, Any]:
    provider = _provider(settings)
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri,
        "code_verifier": attempt.verifier,
        "client_id": settings.oidc_client_id,
    }
    secret = (settings.oidc_client_id, settings.oidc_client_secret) if settings.oidc_client_secret else None
    answer = _send("POST", provider.token_endpoint, data=form, auth=secret)
    if answer.status_code != httpx.codes.OK:
        raise NotAuthenticated(f"{_REFUSED}the provider did not take the code")
    tokens = _json(answer)
    claims = _verified(settings, provider, str(tokens.get("id_token", "")), attempt.nonce, int(clock().timestamp()))
    if "email" not in claims and provider.userinfo_endpoint is not None:
        bearer = {"Authorization": f"Bearer {tokens.get('access_token', '')}"}
        told = _json(_send("GET", provider.userinfo_endpoint, headers=bearer))
        claims = {**told, **claims} if told.get("sub") == claims["sub"] else claims
    return claims


def _verified(settings: Settings, provider: Provider, token: str, nonce: str, now: int) -> Mapping[str, Any]:
    expected = jwt.JWTClaimsRegistry(
        now=now,
        leeway=_LEEWAY_SECONDS,
        iss={"essential": True, "value": provider.issuer},
        aud={"essential": True, "value": settings.oidc_client_id},
        nonce={"essential": True, "value": nonce},
        exp={"essential": True},
        sub={"essential": True},
    )
    try:
        claims = jwt.decode(token, provider.keys, algorithms=_ALGORITHMS).claims
        expected.validate(claims)
    except (JoseError, ValueError) as error:
        _fetched.cache_clear()  # the provider may have changed its keys: the next attempt asks for them again
        raise NotAuthenticated(f"{_REFUSED}its ID token is not right ({type(error).__name__})") from error
    if claims.get("azp", settings.oidc_client_id) != settings.oidc_client_id:
        raise NotAuthenticated(f"{_REFUSED}its ID token is for another client")
    return claims


def _person(work: UnitOfWork, settings: Settings, claims: Mapping[str, Any]) -> User:
    """Return who signs on: known by the provider's subject, else by a vouched e-mail address, else new."""
    email = _vouched_email(settings, claims)
    subject = f"{settings.oidc_issuer.rstrip('/')} {claims['sub']}"
    user = work.users.by_subject(subject) or work.users.by_email(email)
    role = _claimed_role(settings, claims)
    if user is None and settings.oidc_default_role:
        role = role or Role(settings.oidc_default_role)
    if user is None and role is None:
        raise NotAuthenticated("you are not known here: ask an admin to invite you or to give your group a role")
    if user is not None and user.status is UserStatus.DEACTIVATED:
        raise NotAuthenticated("this account is closed")
    if user is not None and user.oidc_subject not in (None, subject):
        raise NotAuthenticated("this e-mail address belongs to another person at the identity provider")
    name = str(claims.get("name") or email)
    return sign_on_user(work, user, email=email, name=name, subject=subject, role=role)


def _vouched_email(settings: Settings, claims: Mapping[str, Any]) -> str:
    email = normal_email(str(claims.get("email", "")))
    domain, domains = email.rpartition("@")[2], [name.lower() for name in settings.oidc_allowed_domains]
    if not checked_email(email):
        raise NotAuthenticated(f"{_REFUSED}it names no e-mail address; the scope email is needed")
    if domains and domain not in domains:
        raise NotAuthenticated(f"people of {domain} do not sign on here")
    # Without the claim an address may be anything that its owner typed, unless the operator answers for the domain.
    if claims.get("email_verified", bool(domains)) not in (True, "true"):
        raise NotAuthenticated(f"{_REFUSED}it does not vouch for the e-mail address")
    return email


def _claimed_role(settings: Settings, claims: Mapping[str, Any]) -> Role | None:
    """Return the role that a claim gives: named as it is, or by a path such as ``realm_access.roles``."""
    name = settings.oidc_role_claim
    found: Any = claims.get(name)
    if found is None:
        found = claims
        for part in name.split("."):
            found = found.get(part) if isinstance(found, Mapping) else None
    held = set(map(str, found)) if isinstance(found, list) else {str(found)}
    return next((role for value, role in settings.oidc_roles.items() if value in held), None)


def _provider(settings: Settings) -> Provider:
    if not settings.oidc_issuer:
        raise NotFound("single sign-on is not set up: ALLYWISE_OIDC_ISSUER")
    return _fetched(settings.oidc_issuer.rstrip("/"), int(time.monotonic() // _KEPT_SECONDS))


@lru_cache(maxsize=4)
def _fetched(issuer: str, _period: int) -> Provider:
    found = _json(_send("GET", f"{issuer}/.well-known/openid-configuration"))
    if str(found.get("issuer", "")).rstrip("/") != issuer:
        raise CannotAnswer(f"the identity provider at {issuer} says that it is another one")
    keys = _json(_send("GET", str(found.get("jwks_uri"))))
    try:
        return Provider(
            issuer=str(found["issuer"]),
            authorization_endpoint=_secure(str(found["authorization_endpoint"])),
            token_endpoint=_secure(str(found["token_endpoint"])),
            userinfo_endpoint=found.get("userinfo_endpoint"),
            keys=KeySet.import_key_set({"keys": keys["keys"]}),
        )
    except (KeyError, JoseError, ValueError, TypeError) as error:
        raise CannotAnswer("the identity provider's configuration cannot be read") from error


def _send(method: str, url: str, **options: Any) -> httpx.Response:
    try:
        return httpx.request(method, _secure(url), timeout=_TIMEOUT_SECONDS, **options)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise CannotAnswer("the identity provider cannot be reached; try again in a moment") from error


def _json(answer: httpx.Response) -> dict[str, Any]:
    try:
        found = answer.raise_for_status().json()
    except (httpx.HTTPError, ValueError) as error:
        raise CannotAnswer("the identity provider gave an answer that cannot be read") from error
    if not isinstance(found, dict):
        raise CannotAnswer("the identity provider gave an answer that cannot be read")
    return found


def _secure(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in ("127.0.0.1", "::1", "localhost")):
        raise CannotAnswer(f"the identity provider names {parts.scheme}://{parts.hostname}, which is not https")
    return url
