"""Notices that are given once, however often somebody looks whether they are due."""

from datetime import datetime

from sqlalchemy import Connection, select

from store.notice_tables import notices
from store.sql import insert_into


def note_once(connection: Connection, name: str, subject: str, at: datetime) -> bool:
    """Note that a notice is given; whether it is the first time.

    Parameters
    ----------
    connection : Connection
        In a transaction that writes.
    name : str
        Of the event, such as ``agreement.expiring``.
    subject : str
        What tells one notice from another.
    at : datetime
        Now.
    """
    insert = insert_into(connection, notices).values(name=name, subject=subject, told_at=at)
    return connection.execute(insert.on_conflict_do_nothing().returning(notices.c.name)).first() is not None


def was_noted(connection: Connection, name: str, subject: str) -> bool:
    """Return whether a notice was given."""
    same = (notices.c.name == name, notices.c.subject == subject)
    return connection.execute(select(notices.c.name).where(*same)).first() is not None
