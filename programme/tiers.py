"""Tiers: what each takes, where a partner stands, and reviews that propose promotions and demotions to people.

A tier is earned by its thresholds over the last 365 days. The highest tier of the partner's programme of which all
thresholds are met is proposed; the lowest one is the floor, whatever it asks for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple

from domain.errors import Conflict, InvalidInput
from domain.terms import PartnerStatus, ReviewStatus
from programme import records
from programme.ledger import all_rows, service_rows
from programme.money import ZERO, rounded, shown
from programme.rule import Row
from store import ledger as queries
from store import tiers as facts
from store.unit_of_work import UnitOfWork

TRAILING_DAYS = 365
REVIEWED = (PartnerStatus.ACTIVE, PartnerStatus.INACTIVE)
"""Statuses of partners whose tier is reviewed."""

SUPERSEDED = "service: a later review came to another result"
CHANGE = "change"
"""Attribute of a review: promotion or demotion."""


class Criterion(NamedTuple):
    """A threshold of a tier and where a partner stands.

    Parameters
    ----------
    name : str
        ``revenue``, ``deals``, ``certified`` or ``certification <course>``.
    actual, threshold : Decimal
        In the unit of the name; a certification is 1 or 0.
    met : bool
        Whether it is reached.
    text : str
        Both, in words.
    """

    name: str
    actual: Decimal
    threshold: Decimal
    met: bool
    text: str


@dataclass(frozen=True)
class Level:
    """A tier of a programme, and where a partner stands with it."""

    name: str
    position: int
    criteria: list[Criterion]

    @property
    def met(self) -> bool:
        """Whether all thresholds are reached."""
        return all(criterion.met for criterion in self.criteria)


@dataclass(frozen=True)
class Standing:
    """Where a partner stands in its programme.

    Parameters
    ----------
    partner : str
        External id.
    program : str or None
        Of the partner.
    tier : str or None
        As it is.
    levels : list of Level
        Tiers of the programme, the lowest first.
    """

    partner: str
    program: str | None
    tier: str | None
    levels: list[Level] = field(default_factory=list)

    @property
    def current(self) -> Level | None:
        """The level that the partner's tier names; None if its programme has no such tier."""
        return next((level for level in self.levels if _plain(level.name) == _plain(self.tier)), None)

    @property
    def earned(self) -> Level | None:
        """The highest level all of whose thresholds are met, else the lowest one; None without tiers."""
        met = [level for level in self.levels if level.met]
        return met[-1] if met else next(iter(self.levels), None)

    @property
    def following(self) -> Level | None:
        """The level above the present one; None at the top."""
        above = -1 if self.current is None else self.levels.index(self.current)
        return self.levels[above + 1] if above + 1 < len(self.levels) else None

    @property
    def change(self) -> str | None:
        """``promotion`` or ``demotion`` to the earned level; None if it is the present one."""
        if self.earned is None or self.earned is self.current:
            return None
        up = self.current is None or self.levels.index(self.earned) > self.levels.index(self.current)
        return "promotion" if up else "demotion"


class Proposal(NamedTuple):
    """A review that waits for an answer, with the criteria that it rests on."""

    review: Row
    change: str
    criteria: list[Criterion]


class Reviewed(NamedTuple):
    """What a round of reviews came to; `next_cursor` is None when all partners were looked at."""

    partners: int
    unchanged: int
    proposals: list[Proposal]
    next_cursor: str | None


def partner_standing(work: UnitOfWork, key: int | str) -> Standing:
    """Return where a partner that the actor sees stands; errors as of `Repository.get`."""
    return _standings(work, [work.repository("partners").get(key)], work.clock())[0]


def review_tiers(
    work: UnitOfWork, *, program: str | None = None, cursor: str | None = None, limit: int = 100
) -> Reviewed:
    """Compare a page of the active partners that the actor sees with their tiers' thresholds, and propose changes.

    Safe to repeat: a proposal that waits for an answer stays, one that no longer holds is closed, and what a person
    rejected in this quarter is not proposed again before the next.

    Parameters
    ----------
    work : UnitOfWork
        The transaction.
    program : str, optional
        Of this programme only.
    cursor : str, optional
        ``next_cursor`` of the page before.
    limit : int, default=100
        How many partners at the most.
    """
    filters: dict[str, Any] = {"status": list(REVIEWED)} | ({"program": program} if program else {})
    page = work.repository("partners").list(filters, cursor=cursor, limit=limit)
    found = [standing for standing in _standings(work, page.rows, work.clock()) if standing.levels]
    proposals = [_propose(work, standing) for standing in found]
    made = [proposal for proposal in proposals if proposal is not None]
    return Reviewed(len(found), len(found) - len(made), made, page.next_cursor)


def accept_review(work: UnitOfWork, key: int | str) -> Row:
    """Give the partner the proposed tier, and return the review.

    Raises
    ------
    NotFound
        If the actor sees no such review.
    Conflict
        If it was answered already, or the partner's tier has changed since.
    """
    review = _open_review(work, key)
    partner = work.repository("partners").get(review["partner"])
    if _plain(partner["tier"]) != _plain(review["tier"]):
        raise Conflict(
            f"The partner's tier has become {partner['tier'] or 'none'} since; review it again.", tier=partner["tier"]
        )
    records.change(work, "partners", partner["id"], {"tier": review["proposed_tier"]})
    payload = {"partner": review["partner"], "from": review["tier"], "to": review["proposed_tier"]}
    work.journal.announce("partner.tier_changed", payload, partner["id"])
    return _decide(work, review, ReviewStatus.ACCEPTED)


def reject_review(work: UnitOfWork, key: int | str, reason: str) -> Row:
    """Leave the partner's tier as it is, and return the review; errors as of `accept_review`."""
    if not reason.strip():
        raise InvalidInput("reason must say why", field="reason")
    return _decide(work, _open_review(work, key), ReviewStatus.REJECTED, reason.strip())


def quarter_start(day: date) -> date:
    """Return the first day of the quarter.

    Examples
    --------
    >>> quarter_start(date(2024, 5, 31)).isoformat()
    '2024-04-01'
    """
    return date(day.year, (day.month - 1) // 3 * 3 + 1, 1)


def _standings(work: UnitOfWork, partners: Sequence[Row], now: datetime) -> list[Standing]:
    ids = [row["id"] for row in partners]
    tiers: dict[str, list[Row]] = {}
    for row in all_rows(work, "tiers"):
        tiers.setdefault(row["program"], []).append(row)
    won = facts.won_by_partner(work.connection, ids, now - timedelta(days=TRAILING_DAYS), now)
    held = facts.valid_certificates(work.connection, ids, now.date())
    names = _course_names(work)
    standings = []
    for partner in partners:
        of_program = sorted(tiers.get(partner["program"], []), key=lambda row: (row["position"], row["id"]))
        own = _Facts(won.get(partner["id"], []), held.get(partner["id"], []), names, work.currency)
        levels = [Level(row["name"], row["position"], _criteria(row, own)) for row in of_program]
        standings.append(Standing(partner["external_id"], partner["program"], partner["tier"], levels))
    return standings


class _Facts(NamedTuple):
    won: list[facts.Won]
    certificates: list[facts.Certificate]
    course_names: Mapping[str, frozenset[str]]
    currency: str | None


def _course_names(work: UnitOfWork) -> dict[str, frozenset[str]]:
    """Return by name and by id of a course both: certificates and tiers may use either."""
    found: dict[str, frozenset[str]] = {}
    for row in all_rows(work, "courses"):
        for name in (row["external_id"], row["name"]):
            found[name] = found.get(name, frozenset()) | {row["external_id"], row["name"]}
    return found


def _criteria(tier: Row, own: _Facts) -> list[Criterion]:
    found = []
    if tier["min_revenue"] is not None:
        found.append(_revenue(tier, own))
    if tier["min_deals"] is not None:
        deals = sum(won.deals for won in own.won)
        found.append(_counted("deals", deals, tier["min_deals"], f"deals won in the last {TRAILING_DAYS} days"))
    if tier["min_certified"] is not None:
        people = {held.contact_id for held in own.certificates if held.contact_id is not None}
        unnamed = {held.course for held in own.certificates if held.contact_id is None}
        certified = len(people) + len(unnamed)
        found.append(_counted("certified", certified, tier["min_certified"], "certified people"))
    return found + [_certification(course, own) for course in dict.fromkeys(tier["required_certifications"])]


def _revenue(tier: Row, own: _Facts) -> Criterion:
    currency = tier["currency"] or own.currency
    actual = sum((won.revenue for won in own.won if won.currency == currency), ZERO)
    others = [won for won in own.won if won.currency not in (currency, None) and won.revenue]
    if currency:
        actual = rounded(actual, currency)
    told = _shown(actual, currency)
    if others:
        told += f" (besides {', '.join(shown(won.revenue, str(won.currency)) for won in others)}, which do not count)"
    text = f"Revenue of the last {TRAILING_DAYS} days: {told}, needed {_shown(tier['min_revenue'], currency)}"
    return Criterion("revenue", actual, tier["min_revenue"], actual >= tier["min_revenue"], text)


def _counted(name: str, actual: int, threshold: int, noun: str) -> Criterion:
    text = f"{noun[0].upper()}{noun[1:]}: {actual}, needed {threshold}"
    return Criterion(name, Decimal(actual), Decimal(threshold), actual >= threshold, text)


def _certification(course: str, own: _Facts) -> Criterion:
    wanted = own.course_names.get(course, frozenset()) | {course}
    has = any(held.course in wanted for held in own.certificates)
    text = f"Certification {course!r}: {'valid' if has else 'missing'}"
    return Criterion(f"certification {course}", Decimal(int(has)), Decimal(1), has, text)


def _shown(amount: Decimal, currency: str | None) -> str:
    return shown(amount, currency) if currency else f"{amount:,}"


def _propose(work: UnitOfWork, standing: Standing) -> Proposal | None:
    rows = service_rows(work, "tier_reviews")
    today = work.clock().date()
    waiting = rows.list({"partner": standing.partner, "status": ReviewStatus.PROPOSED}, limit=1000).rows
    wanted, change = standing.earned, standing.change
    criteria = [] if wanted is None or change is None else _reasons(standing, wanted, change)
    kept: Row | None = None
    for row in waiting:
        same = change is not None and wanted is not None and row["proposed_tier"] == wanted.name
        if same and _plain(row["tier"]) == _plain(standing.tier):
            kept = row
        else:
            _decide(work, row, ReviewStatus.REJECTED, SUPERSEDED, by="service")
    if wanted is None or change is None or (kept is None and _refused(work, standing.partner, wanted.name, today)):
        return None
    values = {"partner": standing.partner, "reviewed_on": today, "tier": standing.tier, "proposed_tier": wanted.name}
    text = _explained(standing, wanted, change, criteria)
    made = kept or rows.create(
        {**values, "explanation": text, "status": ReviewStatus.PROPOSED, "attributes": {CHANGE: change}}
    )
    return Proposal(made, change, criteria)


def _reasons(standing: Standing, wanted: Level, change: str) -> list[Criterion]:
    """Return the criteria that tell why: those of the level reached, or those of the one that is lost."""
    if change == "promotion" or standing.current is None:
        return wanted.criteria
    return standing.current.criteria


def _explained(standing: Standing, wanted: Level, change: str, criteria: Sequence[Criterion]) -> str:
    told = "; ".join(f"{criterion.text} ({'met' if criterion.met else 'not met'})" for criterion in criteria)
    was = standing.tier or "no tier"
    if change == "promotion":
        return f"Promotion from {was} to {wanted.name}: all that {wanted.name} takes is met. {told}".strip(" .") + "."
    return f"Demotion from {was} to {wanted.name}: what {was} takes is not met. {told}".strip(" .") + "."


def _refused(work: UnitOfWork, partner: str, tier: str, today: date) -> bool:
    filters = {
        "partner": partner,
        "status": ReviewStatus.REJECTED,
        "proposed_tier": tier,
        "reviewed_on.gte": quarter_start(today),
    }
    found = service_rows(work, "tier_reviews").list(filters, limit=1000).rows
    return any(row["decided_by"] != "service" for row in found)


def _open_review(work: UnitOfWork, key: int | str) -> Row:
    review = work.repository("tier_reviews").get(key)
    queries.lock_row(work.connection, "tier_reviews", review["id"])
    review = work.repository("tier_reviews").get(review["id"])
    if review["status"] != ReviewStatus.PROPOSED:
        raise Conflict(f"The review is {review['status']} already.", current=review["status"])
    return review


def _decide(
    work: UnitOfWork, review: Row, status: ReviewStatus, reason: str | None = None, by: str | None = None
) -> Row:
    values: dict[str, Any] = {"status": status, "decided_by": by or work.actor.name, "decided_at": work.clock()}
    if reason is not None:
        values["attributes"] = {"reason": reason}
    return service_rows(work, "tier_reviews").patch(review["id"], values)


def _plain(tier: str | None) -> str:
    return (tier or "").strip().casefold()
