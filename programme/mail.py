"""E-mail: composed so that nothing in a text becomes a header or a tag, and handed to the mail server."""

import re
import smtplib
import ssl
from datetime import datetime
from email.errors import HeaderParseError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr
from hashlib import sha256
from html import escape
from typing import NamedTuple

from domain.errors import CannotAnswer, InvalidInput
from domain.settings import Settings

_TIMEOUT_SECONDS = 30
_LONGEST_SUBJECT = 200
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_PERMANENT = 500


class Letter(NamedTuple):
    """What is to be told to whom; ``key`` tells one letter from another, so that one sent twice can be known.

    Parameters
    ----------
    email, name, subject : str
        Of whom, and of what.
    paragraphs : tuple of str
        What is told; one of them is one line.
    key : str
        What tells letters apart.
    html : str, optional
        A whole HTML page that says the same; made of the paragraphs if not given.
    files : tuple of tuple
        Name and content of PDF files that come with it.
    """

    email: str
    name: str
    subject: str
    paragraphs: tuple[str, ...]
    key: str
    html: str = ""
    files: tuple[tuple[str, bytes], ...] = ()


def compose(letter: Letter, settings: Settings, at: datetime) -> EmailMessage:
    """Return the message: plain text and HTML of the same.

    Raises
    ------
    InvalidInput
        If sender or receiver are no e-mail addresses.
    """
    name, sender = parseaddr(settings.smtp_from)
    message = EmailMessage()
    message["From"] = _address(name, sender)
    message["To"] = _address(letter.name, letter.email)
    message["Subject"] = _line(letter.subject)[:_LONGEST_SUBJECT]
    message["Date"] = format_datetime(at)
    message["Message-ID"] = f"<{sha256(letter.key.encode()).hexdigest()[:32]}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"
    plain = [_line(paragraph) for paragraph in letter.paragraphs]
    message.set_content("\n\n".join(plain) + "\n", cte="quoted-printable")
    html = "".join(f"<p>{escape(paragraph)}</p>\n" for paragraph in plain)
    page = letter.html or f'<!doctype html>\n<html lang="en"><body>\n{html}</body></html>\n'
    message.add_alternative(page, subtype="html", cte="quoted-printable")
    for file, content in letter.files:
        message.add_attachment(content, maintype="application", subtype="pdf", filename=file)
    return message


def send(message: EmailMessage, settings: Settings) -> None:
    """Hand a message to the mail server.

    Raises
    ------
    CannotAnswer
        If there is no server, it cannot be reached or does not take mail now: trying again later is right.
    InvalidInput
        If it will never take this message.
    """
    if not settings.smtp_host:
        raise CannotAnswer("No mail server is set: ALLYWISE_SMTP_HOST.")
    try:
        with smtplib.SMTP(settings.smtp_host, settings.smtp_port, timeout=_TIMEOUT_SECONDS) as server:
            if settings.smtp_starttls:
                server.starttls(context=ssl.create_default_context())
            if settings.smtp_user:
                server.login(settings.smtp_user, settings.smtp_password)
            server.send_message(message)
    except smtplib.SMTPRecipientsRefused as error:
        code = max(code for code, _ in error.recipients.values())
        raise _failure(code, "the receiver was refused") from error
    except (smtplib.SMTPSenderRefused, smtplib.SMTPDataError) as error:
        raise _failure(error.smtp_code, "the message was refused") from error
    except (smtplib.SMTPException, OSError) as error:  # a login that fails is for the operator to mend
        told = f"{type(error).__name__}: {error}"[:300]
        raise CannotAnswer(
            f"The mail server {settings.smtp_host}:{settings.smtp_port} does not take mail: {told}"
        ) from error


def _failure(code: int, what: str) -> CannotAnswer | InvalidInput:
    text = f"The mail server answered {code}: {what}."
    return InvalidInput(text, smtp_code=code) if code >= _PERMANENT else CannotAnswer(text, smtp_code=code)


def _address(name: str, email: str) -> Address:
    try:
        address = Address(display_name=_line(name), addr_spec=email)
    except (HeaderParseError, IndexError, ValueError) as error:
        raise InvalidInput(f"{email!r} is no e-mail address that mail can be sent to") from error
    if not address.domain or not address.addr_spec.isascii():
        raise InvalidInput(f"{email!r} is no e-mail address that mail can be sent to")
    return address


def _line(text: str) -> str:
    """Return a text on one line: a line break in a subject or a name would begin another header."""
    return _CONTROLS.sub(" ", text).strip()
