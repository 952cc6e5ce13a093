"""Pages of models: cards of any version, training, promotion and the way back."""

from domain.context import SYSTEM
from domain.terms import ModelName, Role
from tests.api.people import admin_key, service
from tests.api.test_console import csrf_of, open_form, sign_in


def test_the_card_shows_quality_beside_baselines_and_its_curves(client, login):
    browser, _ = sign_in(client, login, Role.ANALYST)
    page = browser.get("/models/churn").text
    for text in ("Calibration, ", "Gain, ", "base rate", "AUC", "30 days", "90 days"):
        assert text in page
    assert 'data-kind="curve"' in page
    assert browser.get("/models/churn/1").status_code == 200
    assert browser.get("/models/churn/99").status_code == 404
    assert browser.get("/models/nothing").status_code == 404
    for name in ModelName:
        assert f"/models/{name}" in browser.get("/models").text


def test_only_admins_train_and_promote(client, login):
    browser, _ = sign_in(client, login, Role.MANAGER)
    page = browser.get("/models").text
    assert "Train all anew" not in page
    csrf = csrf_of(browser, "/models")
    assert browser.post("/models/train", data={"csrf": csrf}).status_code == 403
    assert browser.post("/models/churn/promote", data={"csrf": csrf, "version": 1}).status_code == 403


def test_training_is_a_job(client, login):
    browser, _ = sign_in(client, login, Role.ADMIN)
    csrf = csrf_of(browser, "/models")
    begun = browser.post("/models/train", data={"csrf": csrf, "models": "fit"})
    assert begun.headers["location"] == "/models?told=training"
    assert "Training has begun" in browser.get("/models?told=training").text
    with client.app.state.services.unit_of_work(SYSTEM) as work:
        job = work.jobs.newest("train", 1)[0]
    assert job.payload == {"models": ["fit"], "as_of": None}


def test_without_a_version_the_page_says_who_answers(sqlite_engine, tmp_path, clock):
    with service(sqlite_engine, tmp_path, clock) as client:
        key = admin_key(sqlite_engine, clock)["Authorization"].removeprefix("Bearer ")
        browser, form = open_form(client.app)
        browser.post("/login", data={"key": key, "form": form})
        assert "the baseline answers" in browser.get("/models").text
        assert browser.get("/models/fit").status_code == 404
