"""The first page of each role, and lists that answer from stored scores alone."""

from datetime import timedelta

import pytest

from api import answers
from domain.context import SYSTEM
from domain.language import language_of, speaking
from domain.terms import Role
from intelligence.context import Intelligence
from intelligence.scoring.churn import score_churn
from intelligence.scoring.fit import score_fit
from store.alerts import Draft
from tests.api.people import add_partners, service
from tests.api.test_console import sign_in


@pytest.fixture(scope="module")
def scored(client):
    """The services, with stored scores as of now that are taken away again."""
    services = client.app.state.services
    score_churn(services.intelligence, services.clock(), store=True)
    score_fit(services.intelligence, services.clock(), store=True)
    yield services
    with services.unit_of_work(SYSTEM) as work:
        work.connection.exec_driver_sql("DELETE FROM scores")


@pytest.fixture
def no_history(monkeypatch):
    def refuse(*_):
        raise AssertionError("a list read the whole history")

    monkeypatch.setattr(Intelligence, "history", refuse)


def without_words(items):
    wordy = {"reasons", "factors"}
    return [item.model_dump(exclude=wordy) for item in items]


@pytest.mark.parametrize("answer", ["churn", "fit"])
def test_stored_scores_say_what_fresh_ones_say_in_another_language(scored, answer):
    def ask(as_of):
        if answer == "churn":
            return answers.churn_risk(scored, as_of, None, {}, 250).items
        return answers.prospect_ranking(scored, as_of, {}, 250).items

    for code in ("en", "pl"):
        with speaking(language_of(code)):
            stored, fresh = ask(None), ask(scored.clock())
        assert len(stored) > 10
        known = {item.partner: item for item in fresh}
        assert {item.partner for item in stored} == set(known)
        for item in stored:
            assert item.reasons == known[item.partner].reasons
            assert [one.sentence for one in item.factors] == [one.sentence for one in known[item.partner].factors]
        assert without_words(sorted(stored, key=lambda item: item.partner)) == without_words(
            sorted(fresh, key=lambda item: item.partner)
        )


@pytest.mark.usefixtures("scored", "no_history")
@pytest.mark.parametrize("path", ["/", "/risk", "/risk?tier=gold&start=50", "/prospects", "/prospects?min_p=0.25"])
@pytest.mark.parametrize("code", ["en", "pl"])
def test_lists_read_no_history_where_scores_are_stored(client, login, path, code):
    browser, _ = sign_in(client, login, Role.ADMIN)
    browser.post("/look", data={"language": code, "theme": "", "back": "/"})
    assert browser.get(path).status_code == 200


@pytest.mark.usefixtures("no_history", "scored")
def test_the_api_reads_no_history_either(client, admin):
    for path in ("/v1/churn-risk?limit=250", "/v1/prospects/ranking?limit=250"):
        assert client.get(path, headers=admin | {"Accept-Language": "es"}).json()["items"]


@pytest.mark.usefixtures("scored")
def test_details_of_before_are_completed(scored):
    before = answers.churn_risk(scored, None, None, {}, 5).items
    reach = [item.reach for item in answers.prospect_ranking(scored, None, {}, 5).items]
    with scored.unit_of_work(SYSTEM) as work:
        work.connection.exec_driver_sql(
            "UPDATE scores SET details = json_remove(details, '$.facts', '$.standing', '$.reasons', '$.language')"
        )
    assert answers.churn_risk(scored, None, None, {}, 5).items == before
    assert [item.reach for item in answers.prospect_ranking(scored, None, {}, 5).items] == reach


@pytest.mark.parametrize(
    ("role", "there", "missing"),
    [
        (Role.RECRUITER, ("Prospects to recruit", "Applications to decide"), ("Partners at risk", "need a person")),
        (Role.MANAGER, ("Prospects to recruit", "Partners at risk", "Leads that need a person"), ()),
        (Role.ROUTER, ("Leads that need a person", "Open alerts"), ("Partners at risk", "Prospects to recruit")),
        (Role.ANALYST, ("Partners at risk", "Models that serve"), ("Applications to decide",)),
    ],
)
@pytest.mark.usefixtures("scored")
def test_each_role_is_told_its_own(client, login, role, there, missing):
    page = sign_in(client, login, role)[0].get("/").text
    assert all(words in page for words in there)
    assert not any(words in page for words in missing)


def test_what_waits_is_counted_and_leads_on(sqlite_engine, tmp_path, clock, login):
    with service(sqlite_engine, tmp_path, clock) as client:
        services = client.app.state.services
        add_partners(sqlite_engine, clock, "p1", status="applied")
        with services.unit_of_work(SYSTEM) as work:
            partner = work.repository("partners").get("p1")
            due = clock.now.date() - timedelta(days=1)
            work.repository("interventions").create({"partner": "p1", "title": "Call", "due_on": due})
            work.alerts.put(Draft("message", "warning", "<b>hostile</b>", "k1", "partners", partner_id=partner["id"]))
            key = work.keys.create("ann", Role.MANAGER).secret
        browser = entered(client, key)
        page = browser.get("/").text
        assert "&lt;b&gt;hostile" in page
        assert "<b>hostile" not in page
        assert "No scores are stored yet" in page
        for path in ("/interventions", "/leads?state=person"):
            assert f'href="{path}"' in page


def entered(client, key):
    from fastapi.testclient import TestClient

    from tests.api.test_console import hidden

    browser = TestClient(client.app, follow_redirects=False)
    form = hidden(browser.get("/login").text, "form")
    assert browser.post("/login", data={"key": key, "form": form}).status_code == 303
    return browser


def test_pages_are_sent_compressed_and_their_token_never_looks_the_same(client, login):
    browser, _ = sign_in(client, login, Role.ADMIN)
    pages = [browser.get("/models") for _ in range(2)]
    assert {page.headers["content-encoding"] for page in pages} == {"gzip"}
    plain = browser.get("/models", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    from tests.api.test_console import hidden

    tokens = [hidden(page.text, "csrf") for page in pages]
    assert tokens[0] != tokens[1]
    for bad in ("", "00" * 64, tokens[0][:-2], "zz" * 64):
        assert browser.post("/logout", data={"csrf": bad}).status_code == 403
    assert browser.post("/logout", data={"csrf": tokens[0]}).status_code == 303
