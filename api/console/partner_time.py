"""What happened with a partner, from many tables put together in the order of time, page by page."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from itertools import groupby, pairwise
from typing import NamedTuple, Self

from api.console.formats import day, money, number
from api.console.partner_reading import note_reading
from api.console.rendering import partner_page
from api.console.terms import term
from api.console.words import gettext, mark
from domain.settings import Settings
from domain.terms import LedgerKind, ModelName
from programme.ledger import service_rows
from programme.recruitment import partner_history
from programme.rule import Row
from store.partner_facts import activity_days, score_points
from store.unit_of_work import UnitOfWork

MOST_SHOWN = 50
_MOST_READ = 1000
_TOLD_FIELDS = ("tier", "account_manager", "program")


class Entry(NamedTuple):
    """Something that happened: when, what, more of it, and where it is shown."""

    at: datetime
    kind: str
    title: str
    text: str = ""
    href: str = ""


@dataclass(frozen=True)
class Place:
    """A place in time: what happened at `until` or before, less the first `skip` entries of that very instant."""

    until: datetime
    skip: int = 0

    @classmethod
    def parse(cls, text: str, skip: int, now: datetime) -> Self:
        """Return the place that an address names; without one, or one that is no instant, now.

        Examples
        --------
        >>> Place.parse("soon", 3, datetime(2026, 11, 5, tzinfo=UTC)).skip
        0
        """
        try:
            until = datetime.fromisoformat(text)
        except ValueError:
            return cls(now)
        return cls(until.replace(tzinfo=UTC) if until.tzinfo is None else until, skip)

    def after(self, rows: list[Entry]) -> "Place":
        """Return the place that comes after some rows that were shown from here."""
        last = rows[-1].at
        same = sum(row.at == last for row in rows)
        return Place(last, same + (self.skip if last == self.until else 0))


@dataclass(frozen=True)
class _Asked:
    """Whose past is asked for, from when backwards, and how much of it."""

    work: UnitOfWork
    partner: Row
    place: Place
    limit: int
    settings: Settings

    def rows(self, resource: str, column: str, *, days: bool = False, **filters: object) -> list[Row]:
        """Return the latest rows of the partner by a column."""
        until = self.place.until.date() if days else self.place.until
        wanted = {"partner": self.partner["external_id"], f"{column}.lte": until, **filters}
        found = self.work.repository(resource).list(wanted, sort=f"-{column}", limit=self.limit)
        return found.rows

    def part(self, name: str) -> str:
        """Return the address of a part of the partner's page."""
        return partner_page(self.partner["external_id"], self.partner["id"], name)


def happened(
    work: UnitOfWork, partner: Row, kind: str, place: Place, settings: Settings
) -> tuple[list[Entry], Place | None]:
    """Return what happened until a place in time, the newest first, and the place of what comes next.

    Parameters
    ----------
    work : UnitOfWork
        In the visitor's name.
    partner : dict
        Whose.
    kind : str
        One of `PLACES`; any other word: all of them.
    place : Place
        Where to begin.
    settings : Settings
        Of the service.
    """
    limit = min(MOST_SHOWN + place.skip + 1, _MOST_READ)
    asked = _Asked(work, partner, place, limit, settings)
    chosen = {kind: PLACES[kind]} if kind in PLACES else PLACES
    found = [entry for name, read in chosen.items() for entry in read(asked) if entry.at <= place.until]
    found.sort(key=lambda entry: entry.at, reverse=True)
    rest = found[place.skip :]
    shown = rest[:MOST_SHOWN]
    return shown, place.after(shown) if len(rest) > MOST_SHOWN else None


def _deals(asked: _Asked) -> list[Entry]:
    href = asked.part("deals")
    opened = [
        Entry(
            row["registered_at"],
            "deals",
            gettext("Deal registered: %(deal)s") % {"deal": row["company"] or row["external_id"]},
            money(row["amount"], row["currency"]) if row["amount"] is not None else "",
            href,
        )
        for row in asked.rows("deals", "registered_at")
    ]
    closed = [
        Entry(
            row["closed_at"],
            "deals",
            (gettext("Deal won: %(deal)s") if row["outcome"] == "won" else gettext("Deal lost: %(deal)s"))
            % {"deal": row["company"] or row["external_id"]},
            money(row["amount"], row["currency"]) if row["amount"] is not None else "",
            href,
        )
        for row in asked.rows("deals", "closed_at", outcome=["won", "lost"])
    ]
    return opened + closed


def _leads(asked: _Asked) -> list[Entry]:
    href = asked.part("leads")
    offered = [
        Entry(row["offered_at"], "leads", gettext("Lead offered: %(lead)s") % {"lead": row["lead"]}, "", href)
        for row in asked.rows("assignments", "offered_at")
    ]
    answered = [
        Entry(
            row["responded_at"],
            "leads",
            gettext("Lead %(answer)s: %(lead)s") % {"answer": term(row["response"]), "lead": row["lead"]},
            row["decline_reason"] or "",
            href,
        )
        for row in asked.rows("assignments", "responded_at")
        if row["response"] is not None
    ]
    return offered + answered


def _agreements(asked: _Asked) -> list[Entry]:
    href = asked.part("agreements")
    told = (
        ("signed_on", mark("Agreement signed: %(name)s")),
        ("valid_from", mark("Agreement in force: %(name)s")),
        ("valid_to", mark("Last day of an agreement: %(name)s")),
    )
    return [
        Entry(_midnight(row[column]), "agreements", gettext(text) % {"name": row["external_id"]}, "", href)
        for column, text in told
        for row in asked.rows("agreements", column, days=True)
    ]


def _certificates(asked: _Asked) -> list[Entry]:
    href = asked.part("training")
    told = (
        ("passed_on", mark("Certificate passed: %(course)s")),
        ("expires_on", mark("Certificate ran out: %(course)s")),
    )
    return [
        Entry(_midnight(row[column]), "certificates", gettext(text) % {"course": row["course"]}, "", href)
        for column, text in told
        for row in asked.rows("certifications", column, days=True)
    ]


def _stages(asked: _Asked) -> list[Entry]:
    found = []
    for one in partner_history(asked.work, asked.partner["id"]):
        text = " · ".join(part for part in (one.reason, one.changed_by) if part)
        found.append(
            Entry(one.changed_at, "stages", gettext("Status: %(status)s") % {"status": term(one.to_status)}, text)
        )
    changes = service_rows(asked.work, "changes")
    for field in _TOLD_FIELDS:
        filters = {"resource": "partners", "external_id": asked.partner["external_id"], "field": field}
        for row in changes.list(filters, sort="-changed_at", limit=asked.limit).rows:
            title = gettext("%(field)s: %(value)s") % {"field": term(field).capitalize(), "value": row["value"] or "–"}
            found.append(Entry(row["changed_at"], "stages", title))
    return found


def _notes(asked: _Asked) -> list[Entry]:
    rows = asked.rows("notes", "written_at")
    note_reading(asked.work, "notes", rows)
    titles = {
        "message": mark("Message"),
        "call": mark("Call"),
        "meeting": mark("Meeting"),
        "interview": mark("Interview"),
    }
    return [
        Entry(
            row["written_at"],
            "notes",
            " · ".join(part for part in (gettext(titles.get(str(row["kind"]), "Note")), row["author"]) if part),
            _short(row["body"]),
            asked.part("notes"),
        )
        for row in rows
    ]


def _interventions(asked: _Asked) -> list[Entry]:
    told = (("planned_at", mark("Planned: %(title)s")), ("done_at", mark("Done: %(title)s")))
    return [
        Entry(row[column], "interventions", gettext(text) % {"title": row["title"]}, row["owner"] or "")
        for column, text in told
        for row in asked.rows("interventions", column)
    ]


def _paid(asked: _Asked) -> list[Entry]:
    href = asked.part("agreements")
    paid = [
        Entry(
            row["booked_at"],
            "money",
            gettext("Paid out: %(amount)s") % {"amount": money(row["debit"], row["currency"])},
            "",
            href,
        )
        for row in asked.rows("ledger", "booked_at", kind=str(LedgerKind.PAYOUT))
    ]
    closed = asked.rows("statements", "closed_at")
    return paid + [
        Entry(row["closed_at"], "money", gettext("Statement closed: %(start)s to %(end)s") % _period(row), "", href)
        for row in closed
    ]


def _period(row: Row) -> dict[str, str]:
    return {"start": day(row["period_start"]), "end": day(row["period_end"])}


def _bands(asked: _Asked) -> list[Entry]:
    """Tell when the chance of inactivity moved to another band."""
    horizon = asked.settings.churn_horizons_days[-1]
    points = score_points(
        asked.work.connection, asked.partner["id"], ModelName.CHURN, horizon, until=asked.place.until, limit=_MOST_READ
    )
    return [
        Entry(
            later.as_of,
            "scores",
            gettext("Risk of inactivity: %(before)s, then %(after)s")
            % {"before": term(before.band), "after": term(later.band)},
            later.model_version,
            asked.part("scores"),
        )
        for before, later in pairwise(points)
        if before.band != later.band
    ]


def _activities(asked: _Asked) -> list[Entry]:
    """Tell of each day what was done, the most frequent first."""
    days = activity_days(asked.work.connection, asked.partner["id"], asked.place.until, asked.limit)
    found = []
    for at, kinds in groupby(days, key=lambda one: one.at):
        told = ", ".join(term(one.kind) + (f" × {number(one.n)}" if one.n > 1 else "") for one in kinds)
        found.append(Entry(at, "activities", gettext("Activity: %(what)s") % {"what": told}))
    return found


PLACES: Mapping[str, Callable[[_Asked], list[Entry]]] = {
    "deals": _deals,
    "leads": _leads,
    "agreements": _agreements,
    "money": _paid,
    "certificates": _certificates,
    "stages": _stages,
    "notes": _notes,
    "interventions": _interventions,
    "scores": _bands,
    "activities": _activities,
}
"""What is read of each kind of happening."""

PLACE_NAMES: Mapping[str, str] = {
    "deals": mark("Deals"),
    "leads": mark("Leads"),
    "agreements": mark("Agreements"),
    "money": mark("Money"),
    "certificates": mark("Certificates"),
    "stages": mark("Status and profile"),
    "notes": mark("Notes"),
    "interventions": mark("Actions"),
    "scores": mark("Risk"),
    "activities": mark("Activities"),
}
"""What each kind is called."""


def _midnight(on: date) -> datetime:
    return datetime.combine(on, time(), UTC)


def _short(text: str, most: int = 300) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"
