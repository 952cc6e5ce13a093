"""The digest as an e-mail: text, HTML, and the PDF with it."""

from datetime import date

from api.console import digest_words as words
from api.console.digest_pdf import written
from api.console.rendering import render
from api.console.words import gettext
from domain.context import SYSTEM, Clock
from domain.errors import InvalidInput
from domain.language import language_of, speaking, spoken
from domain.settings import Settings
from programme.digest import Digest
from programme.digest_notices import Receiver, digest_for, note_sent, receiver
from programme.mail import Letter, compose, send
from store.engine import Engine
from store.unit_of_work import UnitOfWork


def send_digest(engine: Engine, settings: Settings, clock: Clock, person: str, week: date) -> bool:
    """Send a person the digest of a week, and return whether that was done now; in the language of the settings.

    At least once: the mail leaves before that is written down. One sent again has the same Message-ID.

    Raises
    ------
    CannotAnswer, InvalidInput
        If the mail server does not take it now, or never will.
    """
    with speaking(language_of(settings.language)):
        with UnitOfWork(engine, SYSTEM, clock, read_only=True, currency=settings.currency) as work:
            found = receiver(work, settings, person, week)
            told = None if found is None else digest_for(work, settings, found.actor, week)
        if found is None or told is None:
            return False
        if not told.is_empty:
            message = compose(letter(found, told, settings, clock), settings, clock())
            try:
                send(message, settings)
            except InvalidInput:  # it will never be taken: trying again next week is early enough
                _note(engine, clock, person, week)
                raise
    _note(engine, clock, person, week)
    return not told.is_empty


def _note(engine: Engine, clock: Clock, person: str, week: date) -> None:
    with UnitOfWork(engine, SYSTEM, clock) as work:
        note_sent(work, person, week)


def letter(found: Receiver, told: Digest, settings: Settings, clock: Clock) -> Letter:
    """Return the digest as a letter to a person."""
    title, where = words.title_of(told), settings.public_url.rstrip("/")
    figures, tables = words.figures(told, settings.currency), words.tables(told, settings.currency)
    hello = gettext("Hello %(name)s,") % {"name": found.user.name}
    end = gettext("You get this once a week because you chose it under Alerts, How you are told.")
    lines = [f"{one.label}: {one.value} ({one.note})" for one in figures]
    for table in tables:
        lines += [table.title.upper(), *(" · ".join(cell for cell in row if cell) for row in table.rows)]
        lines += [table.more] if table.more else []
    values = {"title": title, "hello": hello, "end": end, "figures": figures, "tables": tables, "where": where}
    html = render("digest_mail.html", values | {"language": spoken().code, "week": told.start.isoformat()})
    key = f"{found.user.email}/digest/{told.start.isoformat()}"
    file = (f"digest-{told.start.isoformat()}.pdf", written(told, settings.currency, clock()))
    return Letter(found.user.email, found.user.name, title, (hello, *lines, end), key, html, (file,))
