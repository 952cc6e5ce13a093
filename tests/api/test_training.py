"""Training over HTTP, and the nightly warning."""

from domain.terms import Role
from tests.api.test_recruitment import call  # noqa: F401  # a fixture


def test_from_enrolment_to_warning(call, clock):  # noqa: F811
    course = {"external_id": "C-1", "name": "Selling", "validity_days": 30}
    assert call("POST", "/courses", json=course).status_code == 201
    for key in ("p1", "p2"):
        call("POST", f"/partners/{key}/status", json={"status": "onboarding"})
    place = call("POST", "/enrolments", Role.PARTNER, "p1", json={"partner": "p1", "course": "C-1"})
    assert place.status_code == 201, place.text
    double = call("POST", "/enrolments", json={"partner": "p1", "course": "C-1"})
    assert (double.status_code, double.json()["code"]) == (409, "conflict")
    path = f"/enrolments/{place.json()['external_id']}/complete"
    late = call("POST", path, json={"passed": True, "passed_on": "2999-01-01"})
    assert (late.status_code, late.json()["field"]) == (422, "passed_on")
    ended = call("POST", path, Role.RECRUITER, json={"passed": True, "score": 80})
    assert (ended.status_code, ended.json()["passed"]) == (200, True)
    assert call("POST", path, json={"passed": True}).status_code == 409
    training = call("GET", "/partners/p1/training", Role.PARTNER, "p1").json()
    assert (training["held"][0]["course"], training["expiring"][0]["days_left"]) == ("Selling", 30)
    assert call("GET", "/partners/p1/training", Role.PARTNER, "p2").status_code == 404
    everyone = call("GET", "/certifications/expiring", params={"within_days": 30}).json()
    assert [item["partner"] for item in everyone["items"]] == ["p1"]
    assert call("GET", "/certifications/expiring", Role.PARTNER, "p2").json()["items"] == []
    assert call("GET", "/certifications/expiring", params={"within_days": -1}).status_code == 422
    call("POST", "/partners/p1/status", json={"status": "active"})
    covered = call("GET", "/training/coverage", params={"program": "resale"}).json()["items"]
    assert (covered[0]["course"], covered[0]["held"], covered[0]["share"]) == ("Selling", 1, 1.0)
