"""Who else claims a customer: found among imported rows too, told apart by state, certainty and order."""

from datetime import timedelta
from pathlib import Path

import pytest

from domain.settings import Settings
from programme import records
from programme.conflicts import Claim, check_claim, compare, words_for_partner, words_for_staff
from store.rivals import Rival
from store.transfer import import_folder
from tests.conftest import NOW
from tests.programme.claims_world import World, open_world

ACME = {"company": "Acme Rockets, Inc.", "domain": "www.acme-rockets.com", "country": "US"}
DAY = timedelta(days=1)


def found(world: World, partner: str = "P-2", **claim: object) -> list[tuple[str, str, str, str]]:
    with world.system() as work:
        findings = check_claim(work, Claim(partner_id=world.ids[partner], **(claim or ACME)))
    return [(one.rival.external_id, str(one.kind), str(one.certainty), str(one.state)) for one in findings]


def deal(world: World, key: str, **values: object) -> None:
    with world.staff() as work:
        row = {"external_id": key, "partner": "P-1", "registered_at": NOW - DAY, **ACME, **values}
        records.create(work, "deals", row)


def bring(engine, clock, folder: Path, **files: str) -> None:
    folder.mkdir(exist_ok=True)
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text)
    assert import_folder(engine, folder, settings=Settings(home=folder), clock=clock).ok


def test_deals_count_by_their_state(engine, clock):
    world = open_world(engine, clock)
    deal(world, "open")
    deal(world, "won", outcome="won", closed_at=NOW - 10 * DAY)
    deal(world, "won-long-ago", outcome="won", closed_at=NOW - 400 * DAY)
    deal(world, "lost", outcome="lost", closed_at=NOW - DAY)
    deal(world, "rejected", status="rejected")
    deal(world, "expired", status="expired")
    deal(world, "old", registered_at=NOW - 500 * DAY)
    assert found(world) == [
        ("open", "conflict", "same", "approved"),
        ("won", "conflict", "same", "won"),
        ("old", "related", "same", "unprotected"),
    ]
    assert [row[:2] for row in found(world, "P-1")] == [("open", "duplicate"), ("old", "related"), ("won", "related")]


def test_leads_count_by_who_works_on_them(engine, clock):
    world = open_world(engine, clock, 4)
    with world.staff() as work:
        for key, days in (("mine", 1), ("free", 2), ("taken", 3), ("closed", 4), ("old", 500)):
            row = {"external_id": key, "created_at": NOW - days * DAY, **ACME}
            records.create(work, "leads", row)
        for lead, partner, response in (
            ("mine", "P-2", None),
            ("taken", "P-1", "accepted"),
            ("free", "P-4", "declined"),
        ):
            row = {"lead": lead, "partner": partner, "offered_at": NOW, "response": response}
            records.create(work, "assignments", row)
    deal(world, "D-1", lead="closed", outcome="lost", closed_at=NOW, company="x", domain=None)
    assert found(world) == [
        ("taken", "conflict", "same", "accepted"),
        ("free", "related", "same", "known"),
        ("mine", "related", "same", "offered"),
    ]


def test_a_deal_without_a_name_has_its_leads(engine, clock):
    world = open_world(engine, clock)
    deal(world, "D-0", company="Quite another", domain=None)  # whose id is the lead's
    with world.staff() as work:
        records.create(work, "leads", {"external_id": "L-1", "created_at": NOW, **ACME})
    deal(world, "D-1", company=None, domain=None, country=None, lead="L-1")
    assert ("D-1", "conflict", "same", "approved") in found(world)
    with world.staff() as work:  # the lead's name changes, and with it the deal's
        records.change(work, "leads", "L-1", {"company": "Zenith Foods", "domain": "zenith.example"})
    assert found(world) == []
    assert ("D-1", "conflict", "same", "approved") in found(world, company="Zenith Foods", country="US")
    assert ("D-0", "conflict", "same", "approved") in found(world, company="Quite another", country="US")


def test_two_deals_of_one_lead_are_of_one_customer(engine, clock):
    world = open_world(engine, clock)
    with world.staff() as work:
        id_ = records.create(work, "leads", {"external_id": "L-1", "created_at": NOW})["id"]
    deal(world, "D-1", company="Something else", domain=None, lead="L-1")
    assert found(world, company="Acme", lead_id=id_) == [("D-1", "conflict", "same", "approved")]


def test_what_was_imported_is_found_and_what_an_import_changed_too(engine, clock, tmp_path):
    world = open_world(engine, clock)
    head = "external_id,partner,registered_at,company,domain,country,status\n"
    bring(engine, clock, tmp_path / "a", deals=head + "D-1,P-1,2024-05-30,Zenith Foods,,US,approved\n")
    assert found(world) == []
    assert found(world, company="Zenith Foods Ltd", country="US")[0][0] == "D-1"
    clock.advance(hours=1)
    bring(
        engine,
        clock,
        tmp_path / "b",
        deals=head + "D-1,P-1,2024-05-30,Acme Rockets,,US,approved\nD-2,P-1,2024-05-30,,acme-rockets.com,,submitted\n",
        leads="external_id,created_at,company,country\nL-1,2024-05-01,ACME Rockets,US\n",
    )
    assert found(world) == [
        ("D-1", "conflict", "same", "approved"),
        ("D-2", "conflict", "same", "submitted"),
        ("L-1", "related", "same", "known"),
    ]
    assert found(world, company="Zenith Foods Ltd", country="US") == []


def test_fuzzy_names_are_found_by_their_keys(engine, clock):
    world = open_world(engine, clock)
    names = {
        "typo": "Mircosoft",
        "blank": "Face Book",
        "legal": "Świat Mebli Sp. z o.o.",
        "initials": "International Business Machines",
        "order": "Bäckerei Schmidt",
        "script": "ООО «Газпром нефть»",
        "cjk": "株式会社日立製作所",
    }
    for key, company in names.items():
        deal(world, key, company=company, domain=None, country=None)
    asked = {
        "typo": "Microsoft Corporation",
        "blank": "Facebook Inc",
        "legal": "SWIAT MEBLI",
        "initials": "IBM Corp.",
        "order": "Schmidt Bäckerei",
        "script": "Gazprom Neft",
        "cjk": "日立製作所",
    }
    for country in (None, "PL"):
        got = {key: [row[0] for row in found(world, company=name, country=country)] for key, name in asked.items()}
        assert got == {key: [key] for key in names}


def test_a_claim_without_a_country_meets_those_with_one(engine, clock):
    world = open_world(engine, clock)
    deal(world, "D-1", company="Rockford Machinery", domain=None, country="US")
    assert [row[0] for row in found(world, company="Rockfrod Machinery")] == ["D-1"]
    assert found(world, company="Rockford Machinery", country="BR") == [("D-1", "related", "possible", "approved")]


def rival(**values: object) -> Rival:
    plain = dict.fromkeys(Rival._fields) | {"resource": "deals", "id": 1, "external_id": "D-1", "registered_at": NOW}
    return Rival(**(plain | values))


@pytest.mark.parametrize(
    ("ours", "theirs", "low", "high"),
    [
        (("Acme", "acme.com", "US", None), ("Acme Inc", "acme.com", "US", None), 0.97, 1),
        (("Acme", None, "US", None), ("Acme Inc", None, "US", None), 0.97, 1),
        (("Acme", None, "US", None), ("Acme Inc", None, None, None), 0.9, 0.96),
        (("Acme", "acme.com", "US", None), ("Acme", "acme-group.com", "US", None), 0.75, 0.89),
        (("Acme", "acme.com", "US", None), ("Acme", "acme.com", "BR", None), 0.75, 0.89),
        (("Acme", None, "US", None), ("Acme", None, "BR", None), 0.6, 0.74),
        (("Acme", "acme.com", "US", None), ("Zenith", "acme.com", "US", None), 0.75, 0.89),
        (
            ("Acme Foods", None, "US", "Main Street 5, Springfield"),
            ("Acme", None, "US", "5 Main St, Springfield"),
            0.9,
            1,
        ),
        (("ABC", None, "US", None), ("ABC", None, "US", None), 0.75, 0.89),
        (("Bank of Ireland", None, "IE", None), ("Bank of Scotland", None, "GB", None), 0, 0.59),
        (("Acme", "joe@gmail.com", "US", None), ("Zenith", "ann@gmail.com", "US", None), 0, 0.1),
        ((None, None, None, None), (None, None, None, None), 0, 0),
    ],
)
def test_evidence_adds_up(ours, theirs, low, high):
    names = ("company", "domain", "country", "address")
    claim = Claim(partner_id=1, **dict(zip(names, ours, strict=True)))
    similarity, _ = compare(claim, rival(**dict(zip(names, theirs, strict=True))))
    assert low <= similarity <= high


def test_words_for_each_side(sqlite_engine, clock):
    world = open_world(sqlite_engine, clock)
    deal(world, "D-1", amount=99)
    with world.system() as work:
        (found_,) = check_claim(work, Claim(partner_id=world.ids["P-2"], **ACME))
    assert words_for_staff(found_) == (
        "Partner 1 (P-1): deal D-1 with Acme Rockets, Inc., approved and open; claimed 2024-05-31 12:00:00 UTC, before "
        "this claim. Same customer (99%): domain (100%), company (100%), country (100%)."
    )
    assert words_for_partner(found_) == (
        "Another partner has an approved registration for this customer. It came before yours. "
        "Alike: domain (100%), company (100%), country (100%)."
    )
