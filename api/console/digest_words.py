"""The digest in the reader's words: figures and tables, the same on the page, in the e-mail and in the PDF."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from api.console.figure_words import figure_label
from api.console.formats import day, money, number, percent
from api.console.words import gettext, ngettext
from programme.digest import Digest
from programme.intervention_outcomes import Outcome
from store.digest import Line


@dataclass(frozen=True)
class Figure:
    """A number, what it is, and what to compare it with."""

    label: str
    value: str
    note: str


@dataclass(frozen=True)
class Table:
    """Rows of text about partners; the first cell of each is the partner, ``partners`` has their ids.

    Parameters
    ----------
    title : str
        With the number of rows that there are.
    head : sequence of str
        Names of the columns.
    rows : sequence of sequence of str
        At most ten.
    partners : sequence of tuple
        Of each row our id, and the callers' id.
    more : str
        How many are not shown; empty if none.
    where : str
        Path of the page with all of them.
    """

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    partners: Sequence[tuple[int, str]]
    more: str
    where: str


def title_of(found: Digest) -> str:
    """Return the digest's name."""
    return gettext("Week of %(first)s to %(last)s") % {
        "first": day(found.start),
        "last": day(found.end - timedelta(days=1)),
    }


def figures(found: Digest, currency: str) -> list[Figure]:
    """Return the numbers that stand at the top, each beside that of the week before."""
    now, before = found.now, found.before
    if now is None:
        return []
    was = {
        "silent": None if before is None else number(before.silent),
        "stake": None if before is None else money(before.stake, currency),
        "high": None if before is None else number(before.n_high),
    }
    notes = {
        name: gettext("%(number)s a week before") % {"number": value} if value else gettext("no scores a week before")
        for name, value in was.items()
    }
    if before is not None and not before.stake and now.stake:  # no amounts were known then
        notes["stake"] = ""
    days = {"days": number(found.horizon_days)}
    return [
        Figure(gettext("Revenue at risk"), money(now.stake, currency), notes["stake"]),
        Figure(gettext("At high risk"), number(now.n_high), notes["high"]),
        Figure(gettext("Expected to go silent in %(days)s days") % days, number(now.silent), notes["silent"]),
    ]


def tables(found: Digest, currency: str) -> list[Table]:
    """Return the tables that have rows, in their order."""
    made = [_table(found, name, *columns) for name, columns in _columns().items() if found.found[name].total]
    made += [_outcomes(gettext("Done this week"), found.done, currency)] if found.done else []
    made += [_outcomes(gettext("Done a month ago: what came of it"), found.came, currency)] if found.came else []
    return made


def quiet(found: Digest) -> list[str]:
    """Return the names of what there was nothing of."""
    return [columns[0] for name, columns in _columns().items() if not found.found[name].total]


_Cell = tuple[str, Callable[[Line], str]]


def _columns() -> dict[str, tuple[str, Sequence[_Cell], str]]:
    """Return title, columns and page of each section."""
    moved: list[_Cell] = [
        (gettext("Risk"), lambda line: f"{percent(line.before)} → {percent(line.now)}"),
        (gettext("Why"), lambda line: line.what),
    ]
    since, ends = gettext("Since"), gettext("Ends")
    return {
        "new_at_risk": (gettext("New at high risk"), moved, "/risk?band=high"),
        "recovered": (gettext("Recovered"), moved, "/risk"),
        "leads": (gettext("Leads without an answer"), _what_on(gettext("Lead"), since), "/leads?state=offered"),
        "registrations": (gettext("Registrations that wait"), _what_on(gettext("Deal"), since), "/alerts"),
        "agreements": (gettext("Agreements that end soon"), _what_on(gettext("Agreement"), ends), "/partners"),
        "certificates": (gettext("Certificates that run out soon"), _what_on(gettext("Course"), ends), "/partners"),
        "goals": (
            gettext("Goals off track"),
            [
                (gettext("Goal"), lambda line: figure_label(line.what)),
                (ends, lambda line: day(line.on)),
                (gettext("Chance"), lambda line: percent(line.details.get("p_reach"))),
            ],
            "/alerts?kind=goal_off_track",
        ),
        "due": (gettext("Actions due"), _what_on(gettext("Action"), gettext("Due")), "/interventions"),
    }


def _what_on(what: str, on: str) -> list[_Cell]:
    return [(what, lambda line: line.what), (on, lambda line: day(line.on))]


def _table(found: Digest, name: str, title: str, columns: Sequence[_Cell], where: str) -> Table:
    total, lines = found.found[name]
    return Table(
        f"{title} ({number(total)})",
        [gettext("Partner"), *(head for head, _ in columns)],
        [[line.name or line.partner, *(write(line) for _, write in columns)] for line in lines],
        [(line.partner_id, line.partner) for line in lines],
        _more(total - len(lines)),
        where,
    )


def _more(n: int) -> str:
    return ngettext("and %(num)s more", "and %(num)s more", n) % {"num": number(n)} if n > 0 else ""


def _outcomes(title: str, done: Sequence[Outcome], currency: str) -> Table:
    head = [gettext("Partner"), gettext("Action"), gettext("Done"), gettext("Risk"), gettext("Signs of life")]
    rows = []
    for one in done:
        month = one.windows[0]
        signs = f"{number(month.signs_before)} → {number(month.signs_after)}"
        risk = f"{percent(one.done.p_inactive_before)} → {percent(one.p_now)}"
        revenue = f"{money(month.revenue_before, currency)} → {money(month.revenue_after, currency)}"
        rows.append([one.done.name or one.done.partner, one.done.title, day(one.done.done_at), risk, signs, revenue])
    partners = [(one.done.partner_id, one.done.partner) for one in done]
    days = {"days": number(done[0].windows[0].days)}
    head.append(gettext("Revenue, %(days)s days before → after") % days)
    return Table(title, head, rows, partners, "", "/interventions/outcomes")


def chart_rows(found: Digest) -> list[tuple[date, int | None]]:
    """Return the end of each week of the chart, and how many partners were at high risk then."""
    last = found.as_of.date()
    weeks = len(found.high)
    return [(last - timedelta(weeks=weeks - 1 - place), n) for place, n in enumerate(found.high)]
