"""Every failure has one shape; who may call what is in tests/contracts/test_permissions.py."""


def test_a_revoked_key_is_unknown(client):
    answer = client.get("/v1/models", headers={"Authorization": "Bearer aw_0123456789ab_secret"})
    assert answer.status_code == 401


def test_what_nobody_foresaw_has_the_same_shape(client, admin, monkeypatch):
    def fail(*_: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr("api.routes.model_registry.make_card", fail)
    answer = client.get("/v1/models/churn/card", headers=admin)
    assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
    assert "secret" not in answer.text
    assert answer.json()["request_id"]


def test_every_failure_has_one_shape(client, admin):
    for answer in (
        client.get("/v1/nowhere", headers=admin),
        client.delete("/v1/models", headers=admin),
        client.get("/v1/partners/none", headers=admin),
        client.get("/v1/partners?limit=0", headers=admin),
        client.post("/v1/match", headers=admin, content=b"{"),
        client.post("/v1/match", headers=admin | {"Content-Type": "application/json"}, content=b"\xff\x01"),
    ):
        assert answer.headers["content-type"] == "application/problem+json"
        assert {"type", "title", "status", "detail", "code", "request_id"} <= set(answer.json())
        assert answer.json()["status"] == answer.status_code
        assert answer.headers["x-request-id"] == answer.json()["request_id"]
