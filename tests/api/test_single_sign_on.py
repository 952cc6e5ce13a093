"""Single sign-on against a real provider on this machine."""

import base64
import threading
import warnings
from collections.abc import Iterator
from hashlib import sha256
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
import werkzeug.serving
from fastapi.testclient import TestClient
from flask import Response, request

from domain.context import SYSTEM, system_clock
from domain.errors import CannotAnswer
from domain.settings import Settings
from domain.terms import Role
from programme import single_sign_on
from tests.api.people import add_partners, add_person, service

with warnings.catch_warnings():  # the provider uses a module of authlib that is to go
    import authlib.deprecate  # noqa: F401  # makes its own warnings heard

    warnings.simplefilter("ignore")
    import oidc_provider_mock

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")

ROLES = {"partner-team": "manager", "data-team": "analyst"}


class Provider:
    """The provider's server, made to check PKCE, which its library leaves out; what it saw."""

    def __init__(self) -> None:
        self.app = oidc_provider_mock.app(require_nonce=True)
        self.challenges: list[str] = []
        self.secrets: list[str] = []
        self.app.before_request(self._check)
        self.server = werkzeug.serving.make_server("127.0.0.1", 0, self.app, threaded=True)
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"

    def _check(self) -> Response | None:
        if request.path.endswith("/authorize"):
            assert request.args["code_challenge_method"] == "S256"
            self.challenges.append(request.args["code_challenge"])
        if request.path.endswith("/token"):
            digest = sha256(request.form["code_verifier"].encode()).digest()
            self.secrets.append(f"{request.authorization.username}:{request.authorization.password}")
            if base64.urlsafe_b64encode(digest).decode().rstrip("=") not in self.challenges:
                return Response("{}", 400)
        return None

    def knows(self, sub: str, **claims: object) -> None:
        httpx.put(f"{self.issuer}/users/{sub}", json=claims).raise_for_status()


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    provider = Provider()
    thread = threading.Thread(target=provider.server.serve_forever)
    thread.start()
    yield provider
    provider.server.shutdown()
    thread.join()
    provider.server.server_close()


@pytest.fixture
def client(sqlite_engine, tmp_path, provider) -> Iterator[TestClient]:
    settings = {"oidc_issuer": provider.issuer, "oidc_client_id": "allywise", "oidc_client_secret": "hush"}
    settings |= {"oidc_role_claim": "groups", "oidc_roles": ROLES}
    with service(sqlite_engine, tmp_path, system_clock, **settings) as client:
        yield client


def go(client: TestClient, sub: str) -> tuple[TestClient, str]:
    """Sign on at the provider with a new browser; return the browser, and the address to which it is sent back."""
    browser = TestClient(client.app, follow_redirects=False, raise_server_exceptions=False)
    there = browser.get("/v1/auth/oidc/login")
    assert there.status_code == 303
    back = httpx.post(there.headers["location"], data={"sub": sub})
    assert back.status_code == 302, back.text
    return browser, back.headers["location"]


def sign_on(client: TestClient, sub: str):
    browser, back = go(client, sub)
    answer = browser.get(back)
    return browser, answer


def person(client, email):
    with client.app.state.services.unit_of_work(SYSTEM, read_only=True) as work:
        return work.users.by_email(email)


def test_a_group_gives_a_role(client, provider):
    provider.knows("s1", email="Ann@Acme.example", email_verified=True, name="Ann Ash", groups=["x", "partner-team"])
    browser, answer = sign_on(client, "s1")
    assert (answer.status_code, answer.headers["location"]) == (303, "/")
    told = browser.get("/v1/session").json()
    assert (told["email"], told["full_name"], told["role"]) == ("ann@acme.example", "Ann Ash", "manager")
    assert provider.secrets[-1] == "allywise:hush"
    assert person(client, "ann@acme.example").password_hash is None
    provider.knows("s1", email="Ann@Acme.example", email_verified=True, groups=["data-team"])
    again, _ = sign_on(client, "s1")
    assert again.get("/v1/session").json()["role"] == "analyst"
    assert browser.get("/v1/session").json()["role"] == "analyst"  # at once, in the open session too


def test_who_has_no_role_is_refused(client, provider):
    provider.knows("s2", email="bob@acme.example", email_verified=True, groups=["x"])
    browser, answer = sign_on(client, "s2")
    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
    assert browser.get("/v1/session").status_code == 401
    browser, back = go(client, "s2")
    sent = browser.get(back, headers={"Accept": "text/html"})
    assert (sent.status_code, sent.headers["location"]) == (303, "/login?sso=refused")
    assert "did not work" in browser.get("/login?sso=refused").text


def test_an_invited_person_signs_on_and_stays_of_the_partner(client, provider, sqlite_engine, clock):
    add_partners(sqlite_engine, clock, "p1")
    add_person(client, "lee@p1.example", Role.PARTNER, "p1")
    provider.knows("s3", email="lee@p1.example", email_verified=True, groups=["partner-team"])
    browser, _ = sign_on(client, "s3")
    told = browser.get("/v1/session").json()
    assert (told["role"], told["partner"]) == ("partner", "p1")
    provider.knows("s3b", email="lee@p1.example", email_verified=True)  # another at the provider with this address
    _, answer = sign_on(client, "s3b")
    assert (answer.status_code, "another person" in answer.json()["detail"]) == (401, True)


def test_an_address_that_nobody_vouches_for_opens_no_account(client, provider):
    add_person(client, "root@acme.example", Role.ADMIN)
    for claims in ({"email_verified": False}, {}):
        provider.knows("s4", email="root@acme.example", groups=["partner-team"], **claims)
        _, answer = sign_on(client, "s4")
        assert answer.status_code == 401
    provider.knows("s5", groups=["partner-team"])
    assert sign_on(client, "s5")[1].status_code == 401


def test_a_closed_account_stays_closed(client, provider):
    id_ = add_person(client, "ann@acme.example", Role.MANAGER)
    with client.app.state.services.unit_of_work(SYSTEM) as work:
        work.users.change(id_, {"status": "deactivated"})
    provider.knows("s6", email="ann@acme.example", email_verified=True, groups=["partner-team"])
    assert sign_on(client, "s6")[1].status_code == 401


def test_only_allowed_domains_come_in(sqlite_engine, tmp_path, provider):
    settings = {"oidc_issuer": provider.issuer, "oidc_client_id": "allywise", "oidc_client_secret": "hush"}
    settings |= {"oidc_allowed_domains": ("acme.example",), "oidc_default_role": "analyst"}
    with service(sqlite_engine, tmp_path, system_clock, **settings) as client:
        provider.knows("s7", email="ann@evil.example", email_verified=True)
        assert sign_on(client, "s7")[1].status_code == 401
        provider.knows("s8", email="ann@acme.example")  # the operator answers for this domain
        browser, _ = sign_on(client, "s8")
        assert browser.get("/v1/session").json()["role"] == "analyst"
        add_person(client, "root@acme.example", Role.ADMIN)
        provider.knows("s9", email="root@acme.example")
        assert sign_on(client, "s9")[0].get("/v1/session").json()["role"] == "admin"  # the default is for the new


def test_an_answer_is_taken_only_by_the_browser_that_asked(client, provider):
    provider.knows("s1", email="ann@acme.example", email_verified=True, groups=["partner-team"])
    browser, back = go(client, "s1")
    thief = TestClient(client.app, follow_redirects=False)
    assert thief.get(back).status_code == 401
    other, _ = go(client, "s1")
    assert other.get(back).status_code == 401  # it began another attempt: another state
    assert browser.get(back).status_code == 303
    assert browser.get(back).status_code == 401  # a second time
    state = parse_qs(urlsplit(go(client, "s1")[1]).query)["state"][0]
    assert client.get("/v1/auth/oidc/callback", params={"state": state, "error": "access_denied"}).status_code == 401


def test_a_forged_code_and_a_wrong_nonce_are_refused(client, provider, monkeypatch):
    provider.knows("s1", email="ann@acme.example", email_verified=True, groups=["partner-team"])
    browser, back = go(client, "s1")
    assert browser.get(back.replace("code=", "code=x")).status_code == 401
    browser, back = go(client, "s1")
    verified = single_sign_on._verified
    monkeypatch.setattr(single_sign_on, "_verified", lambda *a: verified(*a[:3], "another nonce", a[4]))
    answer = browser.get(back)
    assert (answer.status_code, "ID token" in answer.json()["detail"]) == (401, True)


def test_off_unless_set_up(sqlite_engine, tmp_path):
    with service(sqlite_engine, tmp_path, system_clock) as client:
        assert client.get("/v1/auth/oidc/login").status_code == 404
        assert "Single sign-on" not in client.get("/login").text


def test_the_login_page_offers_it(client):
    assert "/v1/auth/oidc/login" in client.get("/login").text


@pytest.mark.parametrize("issuer", ["http://127.0.0.1:9", "http://idp.example", "https://127.0.0.1:9"])
def test_a_provider_that_cannot_be_reached_or_trusted(issuer):
    with pytest.raises(CannotAnswer):
        single_sign_on.begin_sign_on(Settings(oidc_issuer=issuer), "http://here/callback")
