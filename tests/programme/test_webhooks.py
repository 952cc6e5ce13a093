"""Webhooks against a real server: signed, at least once, retried with the clock, given up, replayed."""

import json
import random
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from sqlalchemy import Engine, text

from domain.context import SYSTEM, Actor
from domain.errors import CannotAnswer, Conflict, InvalidInput, NotFound
from domain.settings import Settings
from domain.terms import Role
from programme.webhook_address import check_url
from programme.webhook_delivery import RETRY_SECONDS, deliver_due, trusted
from programme.webhooks import (
    change_webhook,
    create_webhook,
    remove_webhook,
    replay_delivery,
    replay_since,
    rotate_secret,
    send_test,
)
from store.deliveries import Delivery
from store.sealing import Sealer
from store.unit_of_work import UnitOfWork
from tests.conftest import FixedClock
from tests.programme.receivers import Receiver, receiving

CHANCE = random.Random(1)  # noqa: S311  # jitter


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(
        home=tmp_path,
        webhook_private_addresses=True,
        encryption_keys=(Fernet.generate_key().decode(),),
    )


class Hooked:
    """A store with one webhook."""

    def __init__(self, engine: Engine, settings: Settings, clock: FixedClock, receiver: Receiver) -> None:
        self.engine, self.settings, self.clock, self.receiver = engine, settings, clock, receiver
        with self.work() as work:
            hook, self.secret = create_webhook(work, settings, {"url": receiver.url, "events": ["partner.*"]})
        self.id = hook.id

    def work(self, actor: Actor = SYSTEM) -> UnitOfWork:
        return UnitOfWork(self.engine, actor, self.clock)

    def add_partner(self, key: str = "P-1") -> int:
        with self.work() as work:
            return int(work.repository("partners").create({"external_id": key, "name": "Acmé"})["id"])

    def deliver(self) -> int:
        return deliver_due(self.engine, self.settings, self.clock, CHANCE)

    def deliveries(self) -> list[Delivery]:
        with self.work() as work:
            return sorted(work.deliveries.list(self.id), key=lambda delivery: delivery.event_id)

    def hook(self) -> Any:
        with self.work() as work:
            return work.webhooks.get(self.id)


@pytest.fixture
def hooked(sqlite_engine: Engine, settings: Settings, clock: FixedClock, receiver: Receiver) -> Hooked:
    return Hooked(sqlite_engine, settings, clock, receiver)


def is_signed(headers: dict[str, str], body: bytes, secret: str) -> bool:
    """Return what the code that the document gives to receivers says."""
    text = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text()
    told: dict[str, Any] = {}
    exec(text.split("```python\n")[1].split("```")[0], told)  # noqa: S102  # our own document
    return bool(told["is_ours"](secret, headers["Allywise-Signature"], body, tolerance_seconds=10**10))


def test_an_event_is_delivered_signed(
    engine: Engine, settings: Settings, clock: FixedClock, receiver: Receiver
) -> None:
    hooked = Hooked(engine, settings, clock, receiver)
    hooked.add_partner()
    assert hooked.deliver() == 1
    ((headers, body),) = receiver.received
    told = json.loads(body)
    assert (told["name"], told["key"], told["partner"]) == ("partner.created", "P-1", "P-1")
    assert told["data"]["row"]["name"] == "Acmé"
    assert is_signed(headers, body, hooked.secret)
    assert not is_signed(headers, body + b" ", hooked.secret)
    assert not is_signed(headers, body, "whsec_other")
    (delivery,) = hooked.deliveries()
    assert (delivery.status, delivery.attempts, delivery.last_status) == ("delivered", 1, 200)
    assert (headers["Allywise-Delivery"], headers["Allywise-Event"]) == (delivery.id, "partner.created")
    assert f"t={int(clock.now.timestamp())}," in headers["Allywise-Signature"]
    assert hooked.deliver() == 0


def test_what_is_undone_is_not_delivered(hooked: Hooked) -> None:
    work = hooked.work()
    work.__enter__()
    work.repository("partners").create({"external_id": "P-9", "name": "Acme"})
    work.__exit__(ValueError, ValueError(), None)
    assert hooked.deliveries() == []


def test_only_what_is_wanted_is_delivered(hooked: Hooked) -> None:
    with hooked.work() as work:
        work.repository("products").create({"external_id": "A", "name": "A"})
        work.journal.announce("partner.greeted", {"id": "P-1"})
        work.journal.announce("partnership.ended", {})
    assert [delivery.event for delivery in hooked.deliveries()] == ["partner.greeted"]


def test_a_webhook_of_one_partner_gets_what_that_partner_may_see(hooked: Hooked) -> None:
    own = hooked.add_partner("P-1")
    with hooked.work() as work:
        remove_webhook(work, hooked.id)
        create_webhook(work, hooked.settings, {"url": hooked.receiver.url, "events": ["*"], "partner": "P-1"})
    hooked.add_partner("P-2")
    with hooked.work() as work:
        work.repository("partners").patch("P-1", {"tier": "Gold"})
        work.repository("costs").create({"partner": "P-1", "kind": "visit", "amount": 1, "incurred_on": "2024-01-01"})
        work.repository("notes").create({"partner": "P-1", "body": "ours", "shared": False})
        work.repository("notes").create({"partner": "P-1", "body": "yours", "shared": True})
        work.journal.announce("deal.approved", {"id": "D"}, partner_id=own)
    hooked.deliver()
    names = [json.loads(body)["name"] for _, body in hooked.receiver.received]
    assert names == ["partner.changed", "note.created", "deal.approved"]


def test_failures_come_again_with_the_same_delivery_id_until_it_works(hooked: Hooked) -> None:
    hooked.receiver.answers = [500, (302, {"Location": "http://127.0.0.1:1/"}, 0.0), 200]
    hooked.add_partner()
    assert hooked.deliver() == 1
    assert hooked.deliver() == 0
    first = hooked.deliveries()[0]
    wait = (first.next_attempt_at - hooked.clock.now).total_seconds()
    assert (first.status, first.last_status, first.last_error) == ("waiting", 500, "500 thank you")
    assert 0.8 * RETRY_SECONDS[0] <= wait <= 1.2 * RETRY_SECONDS[0]
    hooked.clock.advance(seconds=12)
    assert hooked.deliver() == 1
    assert hooked.deliveries()[0].last_status == 302
    hooked.clock.advance(seconds=36)
    assert hooked.deliver() == 1
    assert hooked.deliveries()[0].status == "delivered"
    assert len({headers["Allywise-Delivery"] for headers, _ in hooked.receiver.received}) == 1
    assert [headers["Allywise-Attempt"] for headers, _ in hooked.receiver.received] == ["1", "2", "3"]
    assert hooked.hook().failures == 0


def test_a_slow_answer_is_no_answer(hooked: Hooked) -> None:
    hooked.receiver.answers = [(200, {}, 1.0)]
    hooked.add_partner()
    hurried = hooked.settings.model_copy(update={"webhook_timeout_seconds": 0.3})
    deliver_due(hooked.engine, hurried, hooked.clock, CHANCE)
    assert hooked.deliveries()[0].last_error == "no answer within 0.3 s"


def test_while_it_is_unwell_the_others_wait_and_keep_their_order(hooked: Hooked) -> None:
    hooked.receiver.answers = [503]
    for number in range(3):
        hooked.add_partner(f"P-{number}")
    assert hooked.deliver() == 1
    assert [delivery.attempts for delivery in hooked.deliveries()] == [1, 0, 0]
    assert hooked.deliver() == 0
    hooked.clock.advance(seconds=6)
    assert hooked.deliver() == 2
    hooked.clock.advance(seconds=10)
    assert hooked.deliver() == 1
    keys = [json.loads(body)["key"] for _, body in hooked.receiver.received]
    assert keys == ["P-0", "P-1", "P-2", "P-0"]


def test_it_may_say_when_to_come_again(hooked: Hooked) -> None:
    hooked.receiver.answers = [(429, {"Retry-After": "300"}, 0.0)]
    hooked.add_partner()
    hooked.deliver()
    assert hooked.deliveries()[0].next_attempt_at == hooked.clock.now + timedelta(seconds=300)


def test_after_the_last_attempt_it_is_dead_and_can_be_replayed(hooked: Hooked) -> None:
    hooked.receiver.answers = [400] * (len(RETRY_SECONDS) + 1)
    hooked.add_partner()
    for seconds in (*RETRY_SECONDS, 0):
        assert hooked.deliver() == 1
        hooked.clock.advance(seconds=seconds * 1.2)
    (dead,) = hooked.deliveries()
    assert (dead.status, dead.attempts) == ("dead", len(RETRY_SECONDS) + 1)
    assert hooked.deliver() == 0
    with hooked.work() as work:
        again = replay_delivery(work, hooked.id, dead.id)
    assert hooked.deliver() == 1
    assert (again.replay_of, again.event_id) == (dead.id, dead.event_id)
    bodies = {body for _, body in hooked.receiver.received}
    assert len(bodies) == 1


def test_replay_since_an_instant(hooked: Hooked) -> None:
    hooked.add_partner("P-1")
    since = hooked.clock.advance(hours=1)
    hooked.add_partner("P-2")
    with hooked.work() as work:
        work.repository("products").create({"external_id": "A", "name": "A"})
    hooked.deliver()
    with hooked.work() as work:
        assert replay_since(work, hooked.id, since) == 1
    hooked.deliver()
    assert [json.loads(body)["key"] for _, body in hooked.receiver.received] == ["P-1", "P-2", "P-2"]


def test_a_long_failure_switches_it_off_and_tells(hooked: Hooked) -> None:
    hooked.receiver.answers = [500] * 100
    for _ in range(12):
        hooked.add_partner(f"P-{hooked.clock.now:%d%H}")
        hooked.deliver()
        hooked.clock.advance(hours=7)
    assert (hooked.hook().active, hooked.hook().disabled_reason[:16]) == (False, "no success since")
    assert {delivery.status for delivery in hooked.deliveries()} == {"dead"}
    with hooked.work() as work:
        assert [event.name for event in work.events.list(0, 100, name="webhook.*").items][-1] == "webhook.disabled"
        with pytest.raises(Conflict, match="switched off"):
            send_test(work, hooked.id)
        change_webhook(work, hooked.settings, hooked.id, {"active": True})
    assert (hooked.hook().failures, hooked.hook().disabled_reason) == (0, None)


def test_gone_is_gone(hooked: Hooked) -> None:
    hooked.receiver.answers = [410]
    hooked.add_partner()
    hooked.deliver()
    assert (hooked.hook().active, hooked.deliveries()[0].status) == (False, "dead")


def test_self_test(hooked: Hooked) -> None:
    with hooked.work() as work:
        delivery = send_test(work, hooked.id)
    hooked.deliver()
    ((headers, body),) = hooked.receiver.received
    assert json.loads(body)["name"] == "webhook.test"
    assert is_signed(headers, body, hooked.secret)
    with hooked.work() as work:
        assert work.deliveries.get(hooked.id, delivery.id).status == "delivered"


def test_secrets_are_sealed_and_rotation_signs_with_both_for_a_day(hooked: Hooked) -> None:
    with hooked.work() as work:
        kept = work.connection.execute(text("SELECT secret FROM webhooks")).scalar_one()
        _, new = rotate_secret(work, hooked.settings, hooked.id)
    assert hooked.secret not in kept
    for hours, is_former_valid in ((0, True), (25, False)):
        hooked.clock.advance(hours=hours)
        hooked.add_partner(f"P-{hours}")
        hooked.deliver()
        headers, body = hooked.receiver.received[-1]
        assert is_signed(headers, body, new)
        assert is_signed(headers, body, hooked.secret) is is_former_valid


def test_a_lost_key_is_told_and_comes_again(hooked: Hooked) -> None:
    hooked.add_partner()
    other = hooked.settings.model_copy(update={"encryption_keys": (Fernet.generate_key().decode(),)})
    deliver_due(hooked.engine, other, hooked.clock, CHANCE)
    assert "ALLYWISE_ENCRYPTION_KEYS" in str(hooked.deliveries()[0].last_error)


def test_two_workers_do_not_send_the_same(hooked: Hooked) -> None:
    hooked.add_partner()
    with hooked.work() as work:
        assert len(work.deliveries.claim(timedelta(minutes=1))) == 1
    assert hooked.deliver() == 0
    hooked.clock.advance(minutes=2)
    assert hooked.deliver() == 1


def test_a_removed_webhook_leaves_nothing(hooked: Hooked) -> None:
    hooked.add_partner()
    with hooked.work() as work:
        remove_webhook(work, hooked.id)
    assert hooked.deliver() == 0
    with hooked.work() as work, pytest.raises(NotFound):
        work.webhooks.get(hooked.id)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://example.com",
        "https://",
        "https://user:pw@example.com",
        "http://localhost:80/a",
        "http://printer.local/",
        "http://127.0.0.1/",
        "http://127.1/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://[::1]/",
        "http://[::ffff:10.0.0.1]/",
        "http://169.254.169.254/latest/meta-data",
        "http://0.0.0.0/",
        "http://example.com:99999/",
        "http://exa mple.com/",
        "http://пример.рф/",
        "http://a\x00b/",
    ],
)
def test_addresses_that_a_webhook_may_not_have(url: str) -> None:
    with pytest.raises(InvalidInput):
        check_url(url)


def test_link_local_is_never_allowed() -> None:
    assert check_url("http://10.0.0.1/", private=True) == "http://10.0.0.1/"
    with pytest.raises(InvalidInput):
        check_url("http://169.254.169.254/", private=True)


def test_the_address_is_looked_at_again_when_sending(hooked: Hooked, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = hooked.settings.model_copy(update={"webhook_private_addresses": False})
    hooked.add_partner()
    with hooked.work() as work:  # a name that points to us by now; when it was given it did not
        work.webhooks.note(hooked.id, url=hooked.receiver.url.replace("127.0.0.1", "rebound.example"))
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: [(2, 1, 6, "", ("127.0.0.1", 80))])
    deliver_due(hooked.engine, closed, hooked.clock, CHANCE)
    assert hooked.receiver.received == []
    assert "resolves to 127.0.0.1" in str(hooked.deliveries()[0].last_error)


def certificate(folder: Path, name: str) -> Path:
    """Return a file with a key and a certificate for `name` that it signs itself."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    encoding, no_password = serialization.Encoding.PEM, serialization.NoEncryption()
    private = key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, no_password)
    path = folder / "certificate.pem"
    path.write_bytes(private + made.public_bytes(encoding))
    return path


@pytest.mark.parametrize(("named", "status"), [("hooks.example", "delivered"), ("other.example", "waiting")])
def test_certificates_are_checked_against_the_name(
    hooked: Hooked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: str, status: str
) -> None:
    path = certificate(tmp_path, named)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(path)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    monkeypatch.setattr("socket.getaddrinfo", lambda _host, port, *_, **__: [(2, 1, 6, "", ("127.0.0.1", port))])
    trusted.cache_clear()
    with receiving(tls) as receiver:
        with hooked.work() as work:
            work.webhooks.note(hooked.id, url=f"https://hooks.example:{receiver.port}/a")
        hooked.add_partner()
        hooked.deliver()
    trusted.cache_clear()
    (delivery,) = hooked.deliveries()
    assert delivery.status == status
    assert (delivery.last_error is None) == (status == "delivered")
    assert [headers["Host"] for headers, _ in receiver.received] == [f"hooks.example:{receiver.port}"] * (
        status == "delivered"
    )


@pytest.mark.parametrize("pattern", ["", "Deal.created", "deal.created.now", "deal created", "ü"])
def test_patterns_that_are_none(hooked: Hooked, pattern: str) -> None:
    with hooked.work() as work, pytest.raises(InvalidInput):
        create_webhook(work, hooked.settings, {"url": hooked.receiver.url, "events": [pattern]})


def test_events_of_a_feed(engine: Engine, clock: FixedClock) -> None:
    with UnitOfWork(engine, SYSTEM, clock) as work:
        own = work.repository("partners").create({"external_id": "P-1", "name": "A"})["id"]
        work.repository("partners").create({"external_id": "P-2", "name": "B"})
        work.repository("partners").delete("P-2")
    with UnitOfWork(engine, SYSTEM, clock, read_only=True) as work:
        first = work.events.list(0, 2)
        rest = work.events.list(first.items[-1].id, 2)
    assert [event.name for event in (*first.items, *rest.items)] == [
        "partner.created",
        "partner.created",
        "partner.deleted",
    ]
    assert (first.oldest, first.newest) == (1, 3)
    partner = Actor("partner", Role.PARTNER, own)
    with UnitOfWork(engine, partner, clock, read_only=True) as work:
        assert [event.key for event in work.events.list(0, 10).items] == ["P-1"]
    confined = Actor("m", Role.MANAGER, portfolio=frozenset({"nobody"}))
    with UnitOfWork(engine, confined, clock, read_only=True) as work:
        assert work.events.list(0, 10).items == []
    clock.advance(days=1)
    with UnitOfWork(engine, SYSTEM, clock) as work:
        assert work.events.forget(clock.now) == 3


def test_sealer_opens_what_former_keys_sealed() -> None:
    old, new = (Fernet.generate_key().decode() for _ in range(2))
    kept = Sealer([old]).seal("secret")
    assert Sealer([new, old]).open(kept) == "secret"
    assert Sealer([new]).open("open:secret") == "secret"
    with pytest.raises(CannotAnswer):
        Sealer([new]).open(kept)
    with pytest.raises(InvalidInput, match="ENCRYPTION_KEYS"):
        Sealer(["short"])
