"""An erasure reaches every place: a mark is planted wherever a text fits, and looked for in every cell and file."""

import json
from typing import Any

import pytest
from sqlalchemy import select

from domain.context import SYSTEM
from domain.erasure import REMOVED, erased_columns
from domain.resources import RESOURCES
from domain.terms import Role, UserStatus
from store.alerts import Draft
from store.history import History
from store.schema import all_tables
from store.tables import RESOURCE_TABLES
from store.unit_of_work import UnitOfWork
from tests.conftest import NOW
from tests.privacy.conftest import MARK, Desk, marked
from training.service import train

ACME, OTHER = "acme", "other"
_SERVICE_OWN = {"alembic_version"}


def plant(desk: Desk) -> None:
    """Make a partner with rows everywhere, each text of it marked, and another partner beside it."""
    desk.create("programs", external_id="resale", name="Resale")
    desk.create("products", external_id="suite", name="Suite")
    desk.create("courses", external_id="sales", name="Sales")
    desk.create("criteria", external_id="record", name="Record", kind="record", weight=1)
    for key in (ACME, OTHER):
        texts = text_values("partners") if key == ACME else {"name": "Other Ltd"}
        desk.create(
            "partners", **texts | {"external_id": key, "status": "active", "program": "resale", "country": "DE"}
        )
    desk.ask("PATCH", f"partners/{ACME}", {"description": f"{MARK} rewritten", "attributes": {"story": f"{MARK} two"}})
    desk.create("leads", external_id="lead", created_at=NOW.isoformat(), company="Customer AG", country="DE")
    desk.create("deals", **text_values("deals") | {"external_id": "deal", "partner": ACME, "lead": "lead",
                "registered_at": NOW.isoformat(), "status": "approved", "amount": 5})  # fmt: skip
    desk.create("contacts", **text_values("contacts") | {"external_id": f"{MARK}@x.example", "partner": ACME})
    desk.create("agreements", **text_values("agreements") | {"external_id": "agr", "partner": ACME,
                "status": "active", "valid_from": "2024-01-01"})  # fmt: skip
    plant_rows(desk)


def plant_rows(desk: Desk) -> None:
    """Write a marked row of every other resource of a partner into the store, as an import would bring it."""
    made = {"partners", "deals", "contacts", "agreements", "leads"}
    given: dict[str, Any] = {"partner": ACME, "agreement": "agr", "deal": "deal", "contact": f"{MARK}@x.example",
                             "course": "sales", "criterion": "record", "lead": "lead"}  # fmt: skip
    with UnitOfWork(desk.services.intelligence.engine, SYSTEM, desk.services.clock) as work:
        for resource in RESOURCES.values():
            owned = {"partner", "agreement"} & set(resource.by_name)
            if resource.name in made or not owned:
                continue
            values = text_values(resource.name)
            values |= {name: given[name] for name in resource.by_name if name in given and name not in values}
            values |= {"contact": given["contact"]} if "contact" in resource.by_name else {}
            for column in resource.columns:
                if column.required and column.name not in values:
                    values[column.name] = sample(column.type, column.words)
            if "external_id" in resource.by_name:
                values["external_id"] = f"{resource.name}-1"
            if resource.name == "absences":
                values["until"] = NOW.isoformat()  # over by now: who is away gets no leads
            work.repository(resource.name).create(values)


def sample(type_: str, words: tuple[str, ...]) -> Any:
    samples = {"instant": NOW.isoformat(), "date": "2024-05-01", "word": words[0] if words else None}
    return samples.get(type_, 1)


def text_values(resource: str) -> dict[str, Any]:
    """Return a marked value for each column of a resource that an erasure clears, and a custom attribute."""
    columns = erased_columns(RESOURCES[resource]) if resource not in REMOVED else RESOURCES[resource].columns
    found = {column.name: marked(column) for column in columns}
    found |= {"name": f"{MARK} GmbH"} if resource == "partners" else {}
    kept = {name: value for name, value in found.items() if value is not None and name != "external_id"}
    texts = {column.name: "kept" for column in RESOURCES[resource].columns if column.required and column.type == "text"}
    kept |= {"territories": ["DE-BY"]} if "territories" in kept else {}  # checked to be some
    return texts | kept | {"attributes": {"story": f"{MARK} story"}}


def plant_logs(desk: Desk) -> None:
    """Make the service write down what it knows: answers, scores, alerts, accounts, vectors, jobs, files."""
    services = desk.services
    desk.ask("POST", "match", {"lead_id": "lead"})
    desk.ask("GET", "contacts")
    desk.create("users", email=f"{MARK.lower()}@acme.example", name=f"{MARK} User", role="partner", partner=ACME,
                partner_role="partner_admin")  # fmt: skip
    with UnitOfWork(services.intelligence.engine, SYSTEM, services.clock) as work:
        partner = work.repository("partners").get(ACME)
        work.keys.create(f"{MARK} key", Role.PARTNER, partner["id"])
        work.scores.put_many([{"partner_id": partner["id"], "model": "churn", "horizon_days": 90, "as_of": NOW,
                               "p": 0.5, "low": 0.4, "high": 0.6, "model_version": "churn/1",
                               "details": {"band": "high", "reasons": [f"{MARK} fell silent"]}}])  # fmt: skip
        features = [{"partner.story": f"{MARK} story"}]
        said = {"candidates": [{"partner": ACME, "name": f"{MARK} GmbH", "p_win": 0.5, "reasons": [f"{MARK} knows"]}],
                "excluded": []}  # fmt: skip
        work.match_runs.put(as_of=NOW, created_by=f"{MARK.lower()}@acme.example", model_version="baseline",
                            request={"lead_id": "lead"}, response=said, features=features)  # fmt: skip
        work.alerts.put(Draft(**alert_values(partner["id"])))
        work.embeddings.put_many("model", {b"x" * 32: MARK.encode()})
        work.jobs.enqueue("import", {"folder": "gone"}, created_by="office")
        job = work.jobs.claim(services.clock() - services.clock())
        work.jobs.finish(job, {"problems": [f"partners.csv, row 2: {MARK} story is no number"]})
        work.model_checks.put("churn", "churn/1", NOW, {"note": f"{MARK} GmbH drifted"})
        work.journal.announce("note.told", {"text": f"{MARK} GmbH"})


def alert_values(partner_id: int) -> dict[str, Any]:
    values = {"kind": "risk", "severity": "high", "partner_id": partner_id, "for_staff": True, "for_partner": False,
              "resource": "partners", "key": ACME, "message": f"{MARK} GmbH is silent", "details": {"t": MARK},
              "dedup_key": f"risk/{MARK}"}  # fmt: skip
    return {name: values[name] for name in Draft._fields if name in values}


def plant_files(home) -> None:
    for folder, name in (("exports", "a.zip"), ("uploads", "u/partners.csv"), ("rejects", "t/partners.csv")):
        path = home / folder / name
        path.parent.mkdir(parents=True)
        path.write_text(f"external_id,name\nacme,{MARK} GmbH\n")


def findings(desk: Desk, home, mark: str = MARK) -> set[str]:
    """Return every column of every table, and every file, that holds the mark."""
    found = set()
    with desk.services.intelligence.engine.connect() as connection:
        for table in all_tables().sorted_tables:
            for row in connection.execute(select(table)).mappings():
                found |= {f"{table.name}.{name}" for name, value in row.items() if holds(value, mark)}
    for path in home.rglob("*"):
        if path.is_file() and mark.encode().lower() in path.read_bytes().lower():
            found.add(str(path.relative_to(home)))
    return found


def holds(value: Any, mark: str) -> bool:
    text = value.decode("latin-1") if isinstance(value, bytes) else json.dumps(value, default=str)
    return mark.lower() in text.lower()


def end(desk: Desk) -> None:
    desk.ask("POST", f"partners/{ACME}/status", {"status": "ended", "reason": f"{MARK} closed"})


def test_an_erased_partner_is_nowhere(desk, home):
    plant(desk)
    plant_logs(desk)
    plant_files(home)
    end(desk)
    assert len(findings(desk, home)) > 40
    certificate = desk.ask("POST", f"partners/{ACME}/erase", {"reason": "asked for it"})
    assert findings(desk, home) == set()
    assert certificate["key"].startswith("erased-")
    assert certificate["reached"]["files"] == 3
    assert {"contacts", "partners", "deals", "match_runs", "scores", "users", "embeddings"} <= set(
        certificate["reached"]
    )
    assert desk.ask("GET", "audit/verification")["ok"] is True


def test_facts_stay_under_a_pseudonym(desk, home):
    plant(desk)
    match = desk.ask("POST", "match", {"lead_id": "lead"})
    assert [row["partner"] for row in match["candidates"]] == [ACME]
    end(desk)
    pseudonym = desk.ask("POST", f"partners/{ACME}/erase", {"reason": "asked for it"})["key"]
    desk.ask("GET", f"partners/{ACME}", status=404)
    assert desk.ask("GET", f"match/{match['match_id']}")["candidates"] == []
    partner = desk.ask("GET", f"partners/{pseudonym}")
    assert (partner["name"], partner["status"], partner["country"], partner["program"]) == (
        pseudonym, "ended", "DE", "resale")  # fmt: skip
    deal = desk.ask("GET", "deals/deal")
    assert (deal["partner"], deal["amount"], deal["description"], deal["attributes"]) == (pseudonym, 5, None, {})
    assert desk.ask("GET", "ledger")["items"][0]["partner"] == pseudonym
    assert desk.ask("GET", "leads/lead")["company"] == "Customer AG"
    assert desk.ask("GET", f"partners/{OTHER}")["name"] == "Other Ltd"
    check_what_is_told(desk, pseudonym)


def test_a_second_erasure_changes_nothing(desk, home):
    plant(desk)
    end(desk)
    first = desk.ask("POST", f"partners/{ACME}/erase", {"reason": "asked for it"})
    before = everything(desk)
    second = desk.ask("POST", f"partners/id:{first['id']}/erase", {"reason": "again"})
    assert second == {**first, "repeated": True}
    assert everything(desk) == before


def everything(desk: Desk) -> dict[str, list[Any]]:
    with desk.services.intelligence.engine.connect() as connection:
        return {table.name: connection.execute(select(table)).all() for table in all_tables().sorted_tables}


def test_a_running_relation_is_ended_first(desk):
    desk.create("partners", external_id=ACME, name="Acme", status="active")
    problem = desk.ask("POST", f"partners/{ACME}/erase", {"reason": "asked"}, 409)
    assert "end it first" in problem["detail"]


class Seen(Exception):
    """Ends a training as soon as its history was seen."""


def history_of_training(desk: Desk, monkeypatch) -> History:
    """Begin a training and return what it learns from."""
    found: list[History] = []

    def see(_task: object, history: History, _context: object, _folder: object) -> None:
        found.append(history)
        raise Seen

    monkeypatch.setattr("training.service.make", see)
    with pytest.raises(Seen):
        train(desk.services.intelligence.engine, desk.services.settings, ["churn"], as_of=desk.services.clock())
    return found[0]


def test_training_and_memory_know_no_erased_partner(desk, monkeypatch):
    plant(desk)
    end(desk)
    services = desk.services
    desk.services.clock.advance(days=1)
    kept = services.intelligence.history()
    assert MARK in str(kept.partners["attributes.story"].tolist())
    certificate = desk.ask("POST", f"partners/{ACME}/erase", {"reason": "asked for it"})
    again = services.intelligence.history()
    assert MARK not in "".join(again.frame(name).to_csv() for name in ("partners", "deals", "changes", "contacts"))
    learned = history_of_training(desk, monkeypatch)
    for name in ("partners", "deals", "activities", "feedback", "agreements"):
        column = "id" if name == "partners" else "partner_id"
        assert certificate["id"] in set(again.frame(name)[column])
        assert certificate["id"] not in set(learned.frame(name)[column])
    assert len(learned.partners) == 1


def check_what_is_told(desk: Desk, pseudonym: str) -> None:
    told = [event for event in desk.ask("GET", "events?limit=250")["items"] if event["name"] == "partner.erased"]
    assert [event["data"]["key"] for event in told] == [pseudonym]
    assert ACME not in json.dumps(told)


def test_a_contact_is_erased(desk, home):
    desk.create("partners", external_id=ACME, name="Acme", status="active")
    texts = {name: f"{MARK} {name}" for name in ("name", "phone", "role")}
    desk.create("contacts", external_id=f"{MARK}-1", partner=ACME, email=f"{MARK.lower()}@acme.example", **texts)
    desk.ask("PATCH", f"contacts/{MARK}-1", {"phone": f"{MARK} other"})
    desk.create("courses", external_id="sales", name="Sales")
    enrolment = desk.create("enrolments", partner=ACME, course="sales", contact=f"{MARK}-1")
    desk.create("users", email=f"{MARK.lower()}@acme.example", name=f"{MARK} User", role="partner", partner=ACME)
    exported = desk.ask("GET", f"contacts/{MARK}-1/export")["data"]
    assert exported["contacts"][0]["name"] == f"{MARK} name"
    assert [row["email"] for row in exported["users"]] == [f"{MARK.lower()}@acme.example"]
    assert [row["course"] for row in exported["enrolments"]] == ["sales"]
    assert findings(desk, home)
    certificate = desk.ask("POST", f"contacts/{MARK}-1/erase", {"reason": "asked for it"})
    assert certificate["reached"]["users"] == 1
    assert findings(desk, home) == set()
    assert desk.ask("GET", f"enrolments/{enrolment['external_id']}")["contact"] is None
    desk.ask("GET", f"contacts/{MARK}-1", status=404)


def test_the_person_at_a_lead_is_erased(desk, home):
    desk.create("partners", external_id=ACME, name="Acme", status="active")
    desk.create("leads", external_id="lead", created_at=NOW.isoformat(), company="Customer AG", country="DE",
                description=f"{MARK} wants a call", attributes={"contact_email": f"{MARK}@x.example", "size": "big",
                                                                "boss": f"{MARK} Boss"})  # fmt: skip
    desk.create("notes", partner=ACME, lead="lead", body=f"Called {MARK} Boss on Monday")
    desk.ask("POST", "match", {"lead_id": "lead"})
    assert findings(desk, home)
    done = desk.ask("POST", "leads/lead/erase-contact", {"reason": "asked for it", "attributes": ["boss"]})
    assert findings(desk, home) == set()
    lead = desk.ask("GET", "leads/lead")
    assert (lead["company"], lead["attributes"]) == ("Customer AG", {"size": "big"})
    assert desk.ask("POST", "leads/lead/erase-contact", {"reason": "again"}) == {**done, "repeated": True}


def test_a_person_who_signs_in_is_erased(desk, home):
    invited = desk.create("users", email=f"{MARK.lower()}@ours.example", name=f"{MARK} Person", role="manager")
    desk.create("partners", external_id=ACME, name="Acme", account_manager=f"{MARK.lower()}@ours.example")
    user_id = invited["user"]["id"] if "user" in invited else invited["id"]
    certificate = desk.ask("POST", f"users/{user_id}/erase", {"reason": "left"})
    assert findings(desk, home) == set()
    assert certificate["reached"]["partners"] == 1
    assert desk.ask("POST", f"users/{user_id}/erase", {"reason": "left"})["repeated"] is True
    with UnitOfWork(desk.services.intelligence.engine, SYSTEM) as work:
        assert work.users.get(user_id).status is UserStatus.DEACTIVATED


def test_an_export_holds_everything_and_is_noted(desk):
    plant(desk)
    plant_logs(desk)
    data = desk.ask("GET", f"partners/{ACME}/export")["data"]
    for name in (
        *(r for r in RESOURCE_TABLES if "partner" in RESOURCES[r].by_name),
        "terms",
        "users",
        "keys",
        "scores",
    ):
        assert data[name], name
    assert data["match_runs"][0]["candidates"][0]["partner"] == ACME
    assert data["leads"] == [{"external_id": "lead"}]
    assert "password_hash" not in data["users"][0]
    newest = desk.ask("GET", f"audit?action=read&key={ACME}")["items"]
    assert newest[0]["details"] == {"export": True}


def test_odd_requests_are_answered_as_documented(desk):
    desk.create("leads", external_id="lead", created_at=NOW.isoformat(), description="call Ann", attributes={"x": 1})
    headers = {"Authorization": f"Bearer {desk.secret}", "Content-Type": "application/json"}
    for key in ("none", "%00", "id:99999999999999999999999", "%F0%9F%A4%96", "lead"):
        ask_oddly(desk, key, headers)


def ask_oddly(desk: Desk, key: str, headers: dict[str, str]) -> None:
    for path in ("partners/{}/erase", "contacts/{}/erase", "leads/{}/erase-contact", "users/1{}/erase"):
        for body in (
            b'{"reason": "\\ud800", "attributes": ["\\u0000"]}',
            b'{"reason": "\\u0000"}',
            b'{"reason": "\\ud800"}',
            b'{"reason": 5}',
        ):
            answer = desk.client.post(f"/v1/{path.format(key)}", content=body, headers=headers)
            assert answer.status_code in (200, 404, 409, 422), (path, body, answer.text)
    for path in ("partners/{}/export", "contacts/{}/export", "leads/{}/export"):
        expected = 200 if (key, path) == ("lead", "leads/{}/export") else 404
        assert desk.client.get(f"/v1/{path.format(key)}", headers=headers).status_code == expected
