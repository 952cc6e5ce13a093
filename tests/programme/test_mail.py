"""E-mail against a real server: both texts, nobody's headers but ours, sent again when that helps."""

import email
import socket
from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from sqlalchemy import Engine

from domain.errors import CannotAnswer, InvalidInput
from domain.settings import Settings
from programme.alert_notices import plan_notices, send_mail
from programme.mail import Letter, compose, send
from tests.conftest import NOW, FixedClock
from tests.programme.test_alerts import Programme
from worker.handlers import HANDLERS

LETTER = Letter("anna@example.com", "Anna", "News", ("Hello Anna,", "<b>1 & 2</b>"), "key")


class Box:
    """Takes mail, and answers each time what it was told to."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.receivers: list[str] = []
        self.answers: list[str] = []

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:
        answer = self.answers.pop(0) if self.answers else "250 taken"
        if answer.startswith("250"):
            self.messages.append(email.message_from_bytes(envelope.content, policy=default))
            self.receivers += envelope.rcpt_tos
        return answer


@pytest.fixture
def box() -> Box:
    return Box()


@pytest.fixture
def settings(tmp_path: Path, box: Box) -> Iterator[Settings]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    yield Settings(
        home=tmp_path, smtp_host="127.0.0.1", smtp_port=port, smtp_starttls=False, smtp_from="Desk <desk@example.com>"
    )
    controller.stop()


def test_a_message_is_text_and_html(settings: Settings, box: Box) -> None:
    send(compose(LETTER, settings, NOW), settings)
    (message,) = box.messages
    assert (message["From"], message["To"], message["Subject"]) == (
        "Desk <desk@example.com>",
        "Anna <anna@example.com>",
        "News",
    )
    assert message["Auto-Submitted"] == "auto-generated"
    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert html is not None
    assert plain.get_content().replace("\r\n", "\n") == "Hello Anna,\n\n<b>1 & 2</b>\n"
    assert "<p>&lt;b&gt;1 &amp; 2&lt;/b&gt;</p>" in html.get_content()
    assert compose(LETTER, settings, NOW)["Message-ID"] == message["Message-ID"]


@pytest.mark.parametrize(
    "bad", ["a\r\nBcc: thief@example.com", "a\nBcc: thief@example.com", "a\u2028Bcc: x", "a\0b", "ü\r"]
)
def test_line_breaks_begin_no_header(settings: Settings, box: Box, bad: str) -> None:
    letter = LETTER._replace(subject=bad, name=bad, paragraphs=(bad,))
    send(compose(letter, settings, NOW), settings)
    (message,) = box.messages
    assert message["Bcc"] is None
    assert box.receivers == ["anna@example.com"]
    assert "\n" not in str(message["Subject"])


@pytest.mark.parametrize("address", ["", "anna", "anna@", "anna@example.com\r\nBcc: x@y.z", "a b@c.d", "ü@example.com"])
def test_what_is_no_address_is_refused(settings: Settings, address: str) -> None:
    with pytest.raises(InvalidInput):
        compose(LETTER._replace(email=address), settings, NOW)


@pytest.mark.parametrize(
    ("answer", "error"), [("451 later", CannotAnswer), ("550 never", InvalidInput), ("554 spam", InvalidInput)]
)
def test_what_the_server_refuses(settings: Settings, box: Box, answer: str, error: type[Exception]) -> None:
    box.answers = [answer]
    with pytest.raises(error):
        send(compose(LETTER, settings, NOW), settings)


@pytest.mark.parametrize(
    "wrong", [{"smtp_port": 1}, {"smtp_host": ""}, {"smtp_starttls": True}, {"smtp_user": "u", "smtp_password": "p"}]
)
def test_a_server_that_is_away_or_set_wrong(settings: Settings, wrong: dict[str, Any]) -> None:
    with pytest.raises(CannotAnswer):
        send(compose(LETTER, settings, NOW), settings.model_copy(update=wrong))


def test_alerts_reach_a_person_once(sqlite_engine: Engine, settings: Settings, clock: FixedClock, box: Box) -> None:
    programme = Programme(sqlite_engine, settings, clock)
    anna = programme.add_user("anna@example.com", "Anna")
    programme.prefer(anna, "message", email="immediate")
    for number in range(2):
        programme.happens("message.sent", "P-1", note=f"N-{number}", partner="P-1", **{"from": "partner"})
    programme.watch()
    with programme.work() as work:
        plan_notices(work, settings)
    (payload,) = programme.mail_jobs()
    box.answers = ["451 later"]
    with pytest.raises(CannotAnswer):
        send_mail(sqlite_engine, settings, clock, **payload)
    assert send_mail(sqlite_engine, settings, clock, **payload) == 2
    assert send_mail(sqlite_engine, settings, clock, **payload) == 0
    (message,) = box.messages
    assert message["Subject"] == "2 alerts of your partner programme"
    assert "alert_mail" in HANDLERS


def test_a_digest_comes_once_a_day(sqlite_engine: Engine, settings: Settings, clock: FixedClock, box: Box) -> None:
    programme = Programme(sqlite_engine, settings, clock)
    anna = programme.add_user("anna@example.com", "Anna")
    programme.prefer(anna, "message", email="daily")
    programme.happens("message.sent", "P-1", note="N-1", partner="P-1", **{"from": "partner"})
    programme.watch()
    with programme.work() as work:
        assert plan_notices(work, settings) == 0
    clock.advance(hours=20)
    with programme.work() as work:
        assert plan_notices(work, settings) == 1
    (payload,) = programme.mail_jobs()
    assert send_mail(sqlite_engine, settings, clock, **payload) == 1
    assert box.messages[0]["Subject"] == "Partner P-1 wrote a message."


def test_who_left_gets_nothing(sqlite_engine: Engine, settings: Settings, clock: FixedClock, box: Box) -> None:
    programme = Programme(sqlite_engine, settings, clock)
    anna = programme.add_user("anna@example.com", "Anna")
    programme.prefer(anna, "message", email="immediate")
    programme.happens("message.sent", "P-1", note="N-1", partner="P-1", **{"from": "partner"})
    programme.watch()
    with programme.work() as work:
        work.users.change(anna.user_id, {"status": "deactivated"})
    assert send_mail(sqlite_engine, settings, clock, f"user:{anna.user_id}", "immediate") == 0
    assert box.messages == []
