"""How a partner fared in the matches of a period, and what of its own would have changed that.

Leads that the partner was not offered are only counted, so that none of them can be told; so are its rivals.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import TYPE_CHECKING, Any

from domain.context import SYSTEM
from domain.errors import InvalidInput
from domain.language import spoken
from domain.routing import Rule
from intelligence.matching.counterfactual import Entry, Need, entry_of, gains
from intelligence.matching.own_words import advice, change_text, gains_text, rule_text
from intelligence.matching.standing import FEWEST, flat, need_of
from store.standing import Run, demanding_products, features_of, newest_leads, newest_lines, wishes_of
from store.unit_of_work import UnitOfWork

if TYPE_CHECKING:
    from intelligence.context import Intelligence

MOST_RUNS = 500
"""Matches of a period that are looked at: the newest."""
DEFAULT_DAYS = 90
_MOST_CHANGES = 20


@dataclass(frozen=True)
class Exclusion:
    """A rule that kept leads from the partner.

    Parameters
    ----------
    code, text : str
        The rule.
    leads, alone : int
        How many; for how many it was the only one.
    own : bool
        Whether the partner can do something about it.
    advice : str
        What.
    """

    code: str
    text: str
    leads: int
    alone: int
    own: bool
    advice: str


@dataclass(frozen=True)
class Chance:
    """A change of the partner's own over a period.

    Parameters
    ----------
    change, what : str
        Which.
    better, first_more : int
        Leads for which its chance would have been better, and those for which it would have been first, and was not.
    of : int
        Leads for which it was listed.
    text : str
        In words.
    """

    change: str
    what: str
    better: int
    first_more: int
    of: int
    text: str


@dataclass(frozen=True)
class PartnerStanding:
    """How a partner fared in the matches of a period.

    Parameters
    ----------
    since, until : datetime
        The period; with more than `MOST_RUNS` matches in it the newest of them.
    considered, ranked, excluded, first : int
        Leads for which it was looked at; listed; kept out by a rule; listed first. The rest ranked below those listed.
    median_rank : float or None
        Of the lists that it is on. A partner is told `first`, `median_rank` and `chances` of lists of three and more.
    exclusions : tuple of Exclusion
        The most frequent first.
    chances : tuple of Chance
        The best first.
    """

    since: datetime
    until: datetime
    considered: int
    ranked: int
    excluded: int
    first: int
    median_rank: float | None
    exclusions: tuple[Exclusion, ...]
    chances: tuple[Chance, ...]


def partner_standing(
    context: "Intelligence",
    partner: str,
    since: datetime | None = None,
    until: datetime | None = None,
    *,
    to_partner: bool,
) -> PartnerStanding:
    """Return how a partner fared in the matches of a period, and what of its own would have changed that.

    Of several matches of one lead the first counts.

    Parameters
    ----------
    context : Intelligence
        Store and registry.
    partner : str
        External id.
    since, until : datetime, optional
        Matches as of instants in ``(since, until]``; default: the last 90 days.
    to_partner : bool
        Whether the reader is the partner.

    Raises
    ------
    InvalidInput
        If the period ends before it begins.
    """
    start, end = _period(context, since, until)
    seen = _seen(context, partner, start, end)
    entries = [one for one in seen if isinstance(one, Entry)]
    excluded = [one for one in seen if not isinstance(one, Entry) and one]
    placed = [entry for entry in entries if entry.ranked >= FEWEST or not to_partner]
    return PartnerStanding(
        start,
        end,
        len(seen),
        len(entries),
        len(excluded),
        sum(entry.rank == 1 for entry in placed),
        float(median(entry.rank for entry in placed)) if placed else None,
        _exclusions(excluded, to_partner=to_partner),
        _chances(context, placed),
    )


def _period(context: "Intelligence", since: datetime | None, until: datetime | None) -> tuple[datetime, datetime]:
    now = context.instant(None)
    end = now if until is None else min(until, now)
    first = datetime.min.replace(tzinfo=end.tzinfo)
    start = end - min(timedelta(days=DEFAULT_DAYS), end - first) if since is None else since
    if start >= end:
        raise InvalidInput(
            f"The period ends ({end.isoformat()}) before it begins ({start.isoformat()}).", field="since"
        )
    return start, end


def _seen(context: "Intelligence", partner: str, since: datetime, until: datetime) -> list[Entry | list[Rule]]:
    """Return what each lead's first match of a period says of a partner: its line, or the rules that kept it out."""
    runs: dict[Any, tuple[Run, list[Rule]]] = {}
    with UnitOfWork(context.engine, SYSTEM, read_only=True) as work:
        demanding = demanding_products(work.connection)
        wishes = wishes_of(work.connection, newest_leads(work.connection, since, until, MOST_RUNS))
        for run, codes in newest_lines(work.connection, partner, since, until, MOST_RUNS):
            key = run.id if run.lead_id is None else run.lead_id
            runs[key] = run, [Rule(code) for code in codes if code in set(Rule)]
        found: dict[str, Entry | list[Rule]] = {run.id: rules for run, rules in runs.values()}
        listed = {run.id: run for run, _ in runs.values() if run.response["candidates"]}
        for id_, features in features_of(work.connection, list(listed)):
            run = listed[id_]
            wish = None if run.lead_id is None else wishes.get(run.lead_id)
            given = run.request["lead"] or {}
            need = need_of(flat(given), demanding) if wish is None else Need.of(wish, demanding)
            found[id_] = entry_of(run._replace(features=features), partner, need) or found[id_]
    return list(found.values())


def _exclusions(every: Sequence[Sequence[Rule]], *, to_partner: bool) -> tuple[Exclusion, ...]:
    """Count the rules by the code under which the reader is told of them: several may be told as one."""
    language = spoken()
    told = {rule: rule_text(rule, language, to_partner=to_partner) for rule in Rule}
    leads: Counter[str] = Counter()
    alone: Counter[str] = Counter()
    texts: dict[str, tuple[Rule, str]] = {}
    for rules in every:
        codes = {told[rule][0] for rule in rules}
        leads.update(codes)
        alone.update(codes if len(codes) == 1 else ())
        texts |= {told[rule][0]: (rule, told[rule][1]) for rule in rules}
    found = []
    for code, n in leads.items():
        rule, text = texts[code]
        hint = advice(rule, alone[code], language)
        found.append(Exclusion(code, text, n, alone[code], bool(hint), hint))
    return tuple(sorted(found, key=lambda one: (-one.leads, one.code)))


def _chances(context: "Intelligence", entries: Sequence[Entry]) -> tuple[Chance, ...]:
    language = spoken()
    better: Counter[tuple[str, str]] = Counter()
    first: Counter[tuple[str, str]] = Counter()
    texts: dict[tuple[str, str], str] = {}
    for entry, every in zip(entries, gains(context, entries), strict=True):
        for gain in every:
            key = gain.lever.name, gain.what
            texts.setdefault(key, change_text(gain, language))
            better[key] += 1
            first[key] += int(gain.rank == 1 < entry.rank)
    total = len(entries)
    found = [
        Chance(*key, n, first[key], total, gains_text(texts[key], first[key], n, total, language))
        for key, n in better.items()
    ]
    return tuple(sorted(found, key=lambda one: (-one.first_more, -one.better, one.change, one.what))[:_MOST_CHANGES])
