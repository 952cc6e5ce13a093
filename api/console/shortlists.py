"""Shortlists: companies put aside, with today's chance beside that of the day they were added; comparing them."""

from collections.abc import Sequence
from typing import Annotated, Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Form, Path, Query
from fastapi.responses import HTMLResponse, Response

from api import recruiting
from api.console.exports import csv_file
from api.console.lists import Page, Start
from api.console.prospects import Reader, Writer, may_write, names_of_lists
from api.console.shell import Visitor, own_path
from domain.errors import AllywiseError, NotFound
from domain.terms import ModelName
from programme import records
from programme.shortlists import LONGEST_NAME, LONGEST_NOTE, MOST_ENTRIES, put_aside
from store.shortlists import points_then, shortlists
from store.unit_of_work import UnitOfWork

router = APIRouter(default_response_class=HTMLResponse)

Row = dict[str, Any]
Name = Annotated[str, Path(max_length=400)]
EntryId = Annotated[int, Path(ge=1, lt=2**63)]
Keys = Annotated[list[str], Form(max_length=MOST_ENTRIES)]
_ROWS = 50
_MOST_COMPARED = 4
_HEAD = ("id", "name", "status", "country", "chance", "low", "high", "chance_when_added", "expected_revenue", "reach",
         "note", "added_by", "added_at")  # fmt: skip


@router.get("/shortlists")
def all_lists(visit: Reader, start: Start = 0) -> Response:
    """Show all shortlists, the one that was added to last first."""
    with visit.work() as work:
        found = shortlists(work.connection, work.actor, start=start, limit=_ROWS + 1)
    return visit.page("shortlists.html", page=Page.of(found, start))


@router.get("/shortlists.csv")
def list_csv(visit: Reader, name: Annotated[str, Query(max_length=400)]) -> Response:
    """Return a shortlist as a file."""
    return csv_file("shortlist.csv", _HEAD, [_line(row) for row in _entries(visit, name)])


@router.get("/shortlists/{name:path}")
def one_list(visit: Reader, name: Name) -> Response:
    """Show who stands on a shortlist."""
    return _list(visit, name)


@router.post("/shortlists")
def add(
    visit: Writer,
    shortlist: Annotated[str, Form(max_length=2000)] = "",
    note: Annotated[str, Form(max_length=20_000)] = "",
    back: Annotated[str, Form(max_length=2000)] = "",
    partner: Keys = [],  # noqa: B006  # read only
) -> Response:
    """Put chosen companies on a shortlist; what was refused is shown with everything that was typed."""
    try:
        with visit.work(read_only=False) as work:
            made = put_aside(work, shortlist, partner, note or None)
    except AllywiseError as error:
        return _refused(visit, error, shortlist, note, partner)
    return visit.go(own_path(back) if back else _path(made.shortlist), "put_aside")


def _refused(visit: Visitor, error: AllywiseError, shortlist: str, note: str, chosen: Sequence[str]) -> Response:
    with visit.work() as work:
        rows = _partners(work, chosen)
        lists = names_of_lists(work)
    typed = {"shortlist": shortlist, "note": note}
    limits = {"longest_name": LONGEST_NAME, "longest_note": LONGEST_NOTE}
    return visit.refused("put_aside.html", error, rows=rows, lists=lists, typed=typed, **limits)


@router.post("/shortlist-entries/{entry}/note")
def write_note(visit: Writer, entry: EntryId, note: Annotated[str, Form(max_length=20_000)] = "") -> Response:
    """Change what is noted of an entry."""
    with visit.work() as work:
        name = work.repository("shortlist_entries").get(entry)["shortlist"]
    try:
        with visit.work(read_only=False) as work:
            records.change(work, "shortlist_entries", entry, {"note": note})
    except AllywiseError as error:
        return _list(visit, name, error, typed={entry: note})
    return visit.go(_path(name), "saved")


@router.post("/shortlist-entries/{entry}/remove")
def remove(visit: Writer, entry: EntryId, back: Annotated[str, Form(max_length=2000)] = "") -> Response:
    """Take a company off a shortlist; with the last one the list goes."""
    with visit.work(read_only=False) as work:
        name = work.repository("shortlist_entries").get(entry)["shortlist"]
        records.remove(work, "shortlist_entries", entry)
        is_left = bool(work.repository("shortlist_entries").list({"shortlist": name}, limit=1).rows)
    return visit.go(own_path(back) if back else _path(name) if is_left else "/shortlists", "unlisted")


@router.post("/prospects/compare")
def choose(visit: Reader, partner: Keys = []) -> Response:  # noqa: B006  # read only
    """Send the browser to the comparison of those chosen."""
    return visit.go(f"/prospects/compare?{urlencode([('partner', key) for key in partner])}")


@router.get("/prospects/compare")
def compare(visit: Reader, partner: Annotated[list[str], Query(max_length=MOST_ENTRIES)] = []) -> Response:  # noqa: B006
    """Show two to four companies side by side."""
    wanted = list(dict.fromkeys(partner))
    with visit.work() as work:
        rows = _partners(work, wanted[:_MOST_COMPARED])
        lists = names_of_lists(work)
    scores = recruiting.scores_of(visit.services, rows)
    return visit.page(
        "compare.html",
        rows=rows,
        scores=scores,
        factors=_aligned([scores.get(row["external_id"]) for row in rows]),
        left_out=max(len(wanted) - _MOST_COMPARED, 0),
        most=_MOST_COMPARED,
        lists=lists,
        may_write=may_write(visit),
    )


def _aligned(scores: Sequence[Any], most: int = 10) -> list[Row]:
    """Return the weightiest factors of all, each with its part in each company's score; None where it plays none."""
    parts = [
        {factor.name: factor for factor in score.factors if factor.name != "others"} if score else {}
        for score in scores
    ]
    sizes: dict[str, float] = {}
    for own in parts:
        for name, factor in own.items():
            sizes[name] = max(sizes.get(name, 0.0), abs(factor.contribution))
    names = sorted(sizes, key=lambda name: -sizes[name])[:most]
    top = max(sizes.values(), default=1.0)
    return [{"name": name, "cells": [own.get(name) for own in parts], "top": top} for name in names]


def _list(
    visit: Visitor, name: str, error: AllywiseError | None = None, typed: dict[int, str] | None = None
) -> Response:
    rows = _entries(visit, name)
    values: Row = {"name": name, "rows": rows, "typed": typed or {}, "may_write": may_write(visit)}
    return visit.page("shortlist.html", **values) if error is None else visit.refused("shortlist.html", error, **values)


def _entries(visit: Visitor, name: str) -> list[Row]:
    """Return the entries of a list, the most promising company first, each with its company and scores."""
    with visit.work() as work:
        entries = work.repository("shortlist_entries").list({"shortlist": name}, limit=MOST_ENTRIES).rows
        if not entries:
            raise NotFound("There is no such shortlist, or nobody on it that you may see.")
        partners = {row["external_id"]: row for row in _partners(work, [row["partner"] for row in entries])}
        horizon = visit.services.settings.fit_horizon_days
        then = points_then(work.connection, [row["id"] for row in entries], ModelName.FIT, horizon)
    scores = recruiting.scores_of(visit.services, list(partners.values()))
    rows = [
        {
            "entry": row,
            "partner": partners[row["partner"]],
            "score": scores.get(row["partner"]),
            "then": then.get(row["id"]),
        }
        for row in entries
    ]
    return sorted(rows, key=lambda row: -row["score"].p_productive if row["score"] else 1.0)


def _partners(work: UnitOfWork, keys: Sequence[str]) -> list[Row]:
    """Return the rows of companies that are there, in the order asked for."""
    found = work.repository("partners").list({"external_id": list(keys)}, limit=len(keys) or 1).rows if keys else []
    return sorted(found, key=lambda row: list(keys).index(row["external_id"]))


def _line(row: Row) -> Sequence[Any]:
    entry, partner, score, then = (row[name] for name in ("entry", "partner", "score", "then"))
    who = [partner[name] for name in ("external_id", "name", "status", "country")]
    said = [None] * 3 if score is None else [score.p_productive, score.low, score.high]
    more = [None] * 2 if score is None else [score.expected_revenue, score.reach]
    return [*who, *said, then and then.p, *more, *(entry[name] for name in ("note", "added_by", "added_at"))]


def _path(name: str) -> str:
    return f"/shortlists/{quote(name, safe='')}"
