"""Policies tried on past leads, over HTTP."""

import pytest

from domain.terms import Role
from tests.programmes import END
from worker.handlers import WorkerContext
from worker.loop import run_one

SPAN = {"since": "2025-06-01", "until": "2025-09-01", "limit": 30, "model": 1}


@pytest.fixture
def worker(client):
    services = client.app.state.services
    return WorkerContext(services.settings, services.intelligence, lambda: END)


def finished(client, worker, started, headers):
    """Work until a job is done; other tests may have left jobs before it."""
    path = f"/v1/jobs/{started.json()['id']}"
    while client.get(path, headers=headers).json()["status"] in ("queued", "running"):
        assert run_one(worker)
    return client.get(path, headers=headers).json()


def test_a_replay_is_a_job(client, login, worker):
    manager = login(Role.MANAGER)
    policy = {"name": "two hops", "max_hops": 2, "rules": [{"rule": "distance", "number": 300}]}
    started = client.post("/v1/routing/replays", json={"policy": policy, **SPAN}, headers=manager)
    assert started.status_code == 202, started.text
    job = finished(client, worker, started, manager)
    assert (job["status"], job["kind"], job["progress"]) == ("done", "routing_replay", 1), job
    report = job["result"]
    assert (report["leads"], report["policies"][0]["max_hops"]) == (30, 2)
    assert "has seen outcomes" in report["model"]["warning"]
    assert set(report["sides"]) == {"happened", "happened_by_model", "policy"}
    assert {one["by"] for one in report["groups"]} == {"tier", "kind", "country", "size", "newcomer"}
    assert len(started.content) + len(str(report)) < 100_000


def test_policies_by_programme_keep_those_in_force(client, login, worker):
    body = {"policies": [{"name": "north", "program": "N"}], **SPAN}
    headers = login(Role.MANAGER) | {"Idempotency-Key": "replay-once"}
    first, again = (client.post("/v1/routing/replays", json=body, headers=headers) for _ in range(2))
    assert first.json()["id"] == again.json()["id"]
    report = finished(client, worker, first, headers)["result"]
    assert [policy["name"] for policy in report["policies"]] == ["north", "default"]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"since": "2025-06-01", "until": "2025-05-01"}, 422),
        ({"since": "2999-01-01"}, 422),
        ({"since": "2025-06-01", "limit": 0}, 422),
        ({"since": "2025-06-01", "policy": {"max_hops": 0}}, 422),
        ({"since": "2025-06-01", "policy": {"max_hops": "2"}}, 422),
        ({"since": "2025-06-01", "policy": {}, "policies": [{}]}, 422),
        ({"since": "2025-06-01", "policies": [{"name": "a"}, {"name": "b"}]}, 422),
        ({"since": "0001-01-01T00:00:00+14:00"}, 422),
        ({"since": "2025-06-01", "policy": {"name": "a\0"}}, 422),
        ({"since": "2025-06-01", "policy": {"rules": [{"rule": "tier", "names": ["\0"]}]}}, 422),
        ({"since": "2025-06-01", "model": 999}, 404),
    ],
)
def test_what_makes_no_sense_is_refused(client, login, body, status):
    answer = client.post("/v1/routing/replays", json=body, headers=login(Role.MANAGER))
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


def test_managers_alone_try_policies(client, login):
    for role in (Role.ANALYST, Role.ROUTER, Role.RECRUITER):
        assert client.post("/v1/routing/replays", json=SPAN, headers=login(role)).status_code == 403
