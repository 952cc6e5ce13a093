"""Long work over HTTP, done by the worker."""

import io
import zipfile
from pathlib import Path

import pytest

from domain.terms import Role
from tests.programmes import END
from worker.handlers import WorkerContext
from worker.loop import run_one


@pytest.fixture
def worker(client):
    services = client.app.state.services
    return WorkerContext(services.settings, services.intelligence, lambda: END)


def done(client, headers, job_id):
    return client.get(f"/v1/jobs/{job_id}", headers=headers).json()


def test_an_upload_is_imported(client, admin, worker):
    files = [("files", ("partners.csv", b"external_id,name,status\nup-1,Uploaded,prospect\n", "text/csv"))]
    started = client.post("/v1/imports", files=files, headers=admin)
    assert started.status_code == 202, started.text
    assert started.json()["status"] == "queued"
    assert run_one(worker)
    job = done(client, admin, started.json()["id"])
    assert (job["status"], job["result"]["counts"]["partners"]["inserted"]) == ("done", 1)
    assert client.get("/v1/partners/up-1", headers=admin).json()["name"] == "Uploaded"


def test_a_bad_upload_says_what_is_wrong(client, admin, worker):
    files = [("files", ("partners.csv", b"external_id,name,country\nup-2,Bad,XX\n", "text/csv"))]
    started = client.post("/v1/imports", files=files, headers=admin)
    assert run_one(worker)
    job = done(client, admin, started.json()["id"])
    assert (job["status"], job["error"]["code"]) == ("dead", "import_rejected")
    assert "XX" in job["error"]["problems"][0]
    assert client.get("/v1/partners/up-2", headers=admin).status_code == 404


def test_file_names_cannot_leave_the_folder(client, admin, worker):
    files = [("files", ("../../partners.csv", b"external_id,name\nup-3,Inside\n", "text/csv"))]
    started = client.post("/v1/imports?dry_run=true", files=files, headers=admin)
    assert run_one(worker)
    assert done(client, admin, started.json()["id"])["status"] == "done"
    hidden = [("files", (".htaccess", b"x", "text/csv"))]
    assert client.post("/v1/imports", files=hidden, headers=admin).status_code == 422


def test_scores_are_stored_and_served(client, login, worker):
    manager = login(Role.MANAGER)
    body = {"model": "churn", "horizon_days": 30, "as_of": "2026-02-28T00:00:00Z"}
    started = client.post("/v1/scoring-runs", json=body, headers=manager)
    assert run_one(worker)
    job = done(client, manager, started.json()["id"])
    assert job["status"] == "done", job
    found = client.get("/v1/churn-risk?horizon_days=30", headers=manager).json()
    assert found["as_of"].startswith("2026-02-28T00:00:00")
    assert client.get(f"/v1/jobs/{started.json()['id']}", headers=login(Role.ADMIN)).status_code == 200


def test_training_is_a_job(client, admin, worker):
    started = client.post("/v1/training-runs", json={"models": ["fit"], "as_of": "2025-12-01"}, headers=admin)
    assert started.status_code == 202
    assert run_one(worker)
    job = done(client, admin, started.json()["id"])
    assert job["status"] == "done", job
    assert job["result"]["reports"][0]["model"] == "fit"
    assert not run_one(worker)


def test_an_export_is_a_file_to_fetch(client, admin, worker):
    started = client.post("/v1/exports", headers=admin)
    assert started.status_code == 202, started.text
    path = f"/v1/jobs/{started.json()['id']}/file"
    assert client.get(path, headers=admin).status_code == 404
    assert run_one(worker)
    fetched = client.get(path, headers=admin)
    assert (fetched.status_code, fetched.headers["content-type"]) == (200, "application/zip")
    told = client.get("/v1/audit", params={"action": "read", "resource": "exports"}, headers=admin).json()["items"]
    assert started.json()["id"] in str(told)
    with zipfile.ZipFile(io.BytesIO(fetched.content)) as archive:
        header = archive.read("partners.csv").decode().split(",")[:2]
    assert header == ["external_id", "name"]


def test_an_import_says_how_far_it_is(client, admin, worker, monkeypatch):
    seen = []
    rows = b"external_id,name\n" + b"".join(b"far-%d,x\n" % number for number in range(3))
    started = client.post("/v1/imports", files=[("files", ("partners.csv", rows, "text/csv"))], headers=admin)
    job_id = started.json()["id"]
    write = Path.write_text

    def spy(path: Path, text: str) -> int:
        written = write(path, text)
        seen.append(done(client, admin, job_id)["progress"])
        return written

    monkeypatch.setattr(Path, "write_text", spy)
    assert run_one(worker)
    assert seen == [0.75]
    assert done(client, admin, job_id)["progress"] == 1


def test_exports_of_a_crm_are_converted_and_imported(client, admin, worker):
    exports = Path(__file__).parents[1] / "store" / "transfer" / "exports" / "odoo"
    files = [("files", (path.name, path.read_bytes(), "text/csv")) for path in exports.iterdir()]
    started = client.post("/v1/imports?mapping=odoo", files=files, headers=admin)
    assert run_one(worker)
    job = done(client, admin, started.json()["id"])
    assert (job["status"], job["result"]["counts"]["leads"]["inserted"]) == ("done", 2)
    assert client.get("/v1/leads/__export__.crm_lead_1_a", headers=admin).json()["city"] == "Łódź"
