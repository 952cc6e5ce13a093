"""Commissions: what a won deal earns its partner, booked in the ledger, taken back when the deal changes.

What was booked for a deal stays until the deal itself changes: later plans, rates and tiers hold for later deals.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import cached_property
from typing import Any, NamedTuple

from domain.errors import InvalidInput
from domain.terms import CommissionBase, DealOutcome, DealStatus, Role
from intelligence.matching.eligibility import covers
from programme.commission_plans import (
    Band,
    CommissionPlan,
    Passed,
    Sale,
    Step,
    choose_plan,
    commission,
    commission_steps,
    customer_key,
)
from programme.incentives import Incentive, load_incentives
from programme.ledger import all_rows
from programme.money import ZERO, fraction, percent, shared_out, shown
from programme.rule import Row
from store import ledger as queries
from store.ledger import DealFacts
from store.unit_of_work import UnitOfWork

_NEW_DEAL = 2**62
"""Comes after all deals of the store that closed at the same instant."""


class Part(NamedTuple):
    """A partner's part of a commission."""

    partner: str
    share: Decimal
    credit: Decimal


@dataclass(frozen=True)
class Commission:
    """How the commission on a deal comes about.

    Parameters
    ----------
    reason : str
        Why this plan or agreement pays, or why nothing is due.
    amount : Decimal, default=0
        Rounded to whole minor units; 0: nothing is due.
    currency : str, optional
        Of all amounts.
    base_amount : Decimal, optional
        Amount of the deal.
    earned_on : date, optional
        When it was won.
    plan, agreement : str, optional
        Which of both pays.
    volume : Decimal, optional
        Volume before the deal, where bands ask for it.
    steps : list of Step
        Slices with their rates; their commissions add up to the amount before rounding.
    parts : list of Part
        The partners' parts; they add up to the amount.
    passed : list of Passed
        Plans that do not pay, and why.
    """

    reason: str
    amount: Decimal = ZERO
    currency: str | None = None
    base_amount: Decimal | None = None
    earned_on: date | None = None
    plan: str | None = None
    agreement: str | None = None
    volume: Decimal | None = None
    steps: list[Step] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)
    passed: list[Passed] = field(default_factory=list)

    @property
    def rate(self) -> Decimal | None:
        """Commission as a fraction of the deal's amount."""
        if not self.base_amount or not self.steps:
            return None
        if len({step.rate for step in self.steps}) == 1:
            return self.steps[0].rate
        return sum((step.commission for step in self.steps), ZERO) / self.base_amount


@dataclass
class Terms:
    """What commissions are computed by, read once per transaction."""

    work: UnitOfWork

    @cached_property
    def plans(self) -> list[CommissionPlan]:
        """All plans."""
        return load_plans(self.work)

    @cached_property
    def incentives(self) -> list[Incentive]:
        """Incentives that are paid by themselves."""
        return load_incentives(self.work)

    @property
    def rewards_registering(self) -> bool:
        """Whether something rewards a deal before it is won."""
        return any(incentive.rewards_registering for incentive in self.incentives)

    @cached_property
    def _first_wins(self) -> dict[int, dict[str, date]]:
        return {}

    def first_won_on(self, deal: DealFacts) -> date | None:
        """Return when the partner of `deal` first won its customer; None if nothing asks for it or it is unknown."""
        key = customer_key(deal.domain, deal.company)
        if key is None or all(plan.base is CommissionBase.EVERY for plan in self.plans):
            return None
        if deal.partner_id not in self._first_wins:
            found: dict[str, date] = {}
            for domain, company, closed_at in queries.won_customers(self.work.connection, deal.partner_id):
                other = customer_key(domain, company)
                if other is not None:
                    found[other] = min(found.get(other, date.max), closed_at.date())
            self._first_wins[deal.partner_id] = found
        return self._first_wins[deal.partner_id].get(key)


def load_plans(work: UnitOfWork) -> list[CommissionPlan]:
    """Return all commission plans with their bands, by external id."""
    bands: dict[str, list[Band]] = {}
    for row in all_rows(work, "commission_bands"):
        bands.setdefault(row["plan"], []).append(Band(row["from_amount"], fraction(row["rate"])))
    rows = sorted(all_rows(work, "commission_plans"), key=lambda row: str(row["external_id"]))
    return [_plan(row, bands.get(row["external_id"], [])) for row in rows]


def explain_commission(
    work: UnitOfWork, terms: Terms, deal: DealFacts, shares: Mapping[str, Decimal], at: datetime | None = None
) -> Commission:
    """Return how the commission on a deal comes about; of the store nothing is changed.

    Parameters
    ----------
    work : UnitOfWork
        The transaction.
    terms : Terms
        Plans and incentives.
    deal : DealFacts
        The deal.
    shares : mapping of str to Decimal
        Fractions by partner; what they leave of 1 is the deal's partner's.
    at : datetime, optional
        By when the deal must be won; default: now.
    """
    reason = why_not_due(deal, at or work.clock())
    if reason is not None:
        return Commission(reason)
    sale = _sale(terms, deal)
    choice = choose_plan(terms.plans, sale)
    if choice.plan is None:
        found = _by_agreement(work, deal, sale, choice.passed)
    else:
        volume = _volume(work, choice.plan, deal, sale) if choice.plan.bands else None
        steps = commission_steps(choice.plan, sale, volume or ZERO)
        found = Commission(choice.reason, plan=choice.plan.key, volume=volume, steps=steps, passed=choice.passed)
    total = commission(found.steps, sale.currency)
    named = {"amount": total, "currency": sale.currency, "base_amount": sale.amount, "earned_on": sale.closed_on}
    return replace(found, **named, parts=_parts(deal.partner, shares, total, sale.currency))  # type: ignore[arg-type]


def facts_of(work: UnitOfWork, deal_id: int) -> DealFacts:
    """Return what of a deal money depends on."""
    return queries.deal_facts(work.connection, [deal_id])[0]


def deal_commission(work: UnitOfWork, key: int | str) -> tuple[Commission, list[Row]]:
    """Return how the commission on a deal that the actor sees comes about today, and what is booked for it.

    Raises
    ------
    NotFound
        If the actor sees no such deal.
    """
    deal = facts_of(work, work.repository("deals").get(key)["id"])
    shares = shares_of_deal(work, deal)
    return explain_commission(work, Terms(work), deal, shares), queries.entries_of_deal(work.connection, deal.id)


def told_commission(work: UnitOfWork, key: int | str) -> tuple[Commission, list[Row]]:
    """Return what `deal_commission` does, as far as the actor may know: a partner its own part, no other plans.

    Raises
    ------
    NotFound
        If the actor sees no such deal.
    """
    found, entries = deal_commission(work, key)
    own = _own_name(work)
    return _as_told(work, found), [row for row in entries if own in (None, row["partner"])]


def preview_commission(
    work: UnitOfWork, partner: str, values: Mapping[str, Any], shares: Mapping[str, Decimal]
) -> Commission:
    """Return what a deal would earn if it were won like this; nothing is kept.

    Parameters
    ----------
    work : UnitOfWork
        The transaction.
    partner : str
        External id of one that the actor sees.
    values : mapping
        ``amount``, and any of ``currency``, ``product``, ``company``, ``domain``, ``country``, ``region``,
        ``closed_at``.
    shares : mapping of str to Decimal
        Fractions by partner.

    Raises
    ------
    NotFound
        If the actor sees no such partner.
    InvalidInput
        If shares come to more than 1.
    """
    check_shares(shares)
    found = work.repository("partners").get(partner)
    now = work.clock()
    deal = DealFacts(
        id=_NEW_DEAL,
        external_id="",
        partner_id=found["id"],
        partner=found["external_id"],
        program=found["program"],
        tier=found["tier"],
        lead_id=None,
        status=DealStatus.APPROVED,
        outcome=DealOutcome.WON,
        registered_at=now,
        closed_at=values.get("closed_at") or now,
        amount=values["amount"],
        currency=values.get("currency") or work.currency,
        **{name: values.get(name) for name in ("company", "domain", "country", "region", "product")},
    )
    return _as_told(work, explain_commission(work, Terms(work), deal, shares, deal.closed_at))


def check_shares(shares: Mapping[str, Decimal]) -> None:
    """Raise `InvalidInput` unless shares are above 0 and come to at most 1."""
    if any(not ZERO < share <= 1 for share in shares.values()) or sum(shares.values(), ZERO) > 1:
        raise InvalidInput(
            "shares are fractions above 0 that come to at most 1; what they leave is the deal's partner's",
            field="share",
            value=str(sum(shares.values(), ZERO)),
        )


def _as_told(work: UnitOfWork, found: Commission) -> Commission:
    own = _own_name(work)
    if own is None:
        return found
    return replace(found, parts=[part for part in found.parts if part.partner == own], passed=[])


def _own_name(work: UnitOfWork) -> str | None:
    """Return the actor's own partner, None for staff."""
    actor = work.actor
    if actor.role is not Role.PARTNER or actor.partner_id is None:
        return None
    return str(work.repository("partners").get(actor.partner_id)["external_id"])


def shares_of_deal(work: UnitOfWork, deal: DealFacts) -> dict[str, Decimal]:
    """Return the fractions of a deal's commission by partner, as they are set."""
    return {partner: fraction(share) for partner, share in queries.shares_of(work.connection, deal.id)}


def why_not_due(deal: DealFacts, now: datetime) -> str | None:
    """Say why a deal earns no commission, whatever the plans say; None if it may."""
    closed_at = _closed_at(deal)
    checks = (
        (deal.outcome != DealOutcome.WON, "The deal is not won."),
        (deal.status in queries.UNEARNED, f"Its registration is {deal.status}."),
        (deal.amount is None, "The deal has no amount."),
        (not deal.currency, "The deal's amount has no currency."),
        (closed_at > now, f"It closes on {closed_at.date()} only."),
    )
    return next((reason for speaks_against, reason in checks if speaks_against), None)


def _closed_at(deal: DealFacts) -> datetime:
    return deal.closed_at or deal.registered_at


def _sale(terms: Terms, deal: DealFacts) -> Sale:
    return Sale(
        program=deal.program,
        tier=deal.tier,
        product=deal.product,
        amount=deal.amount or ZERO,
        currency=deal.currency or "",
        closed_on=_closed_at(deal).astimezone(UTC).date(),
        first_won_on=terms.first_won_on(deal),
    )


def _volume(work: UnitOfWork, plan: CommissionPlan, deal: DealFacts, sale: Sale) -> Decimal:
    if not work.read_only:  # two deals won at once must not both be the first of a band
        queries.lock_row(work.connection, "partners", deal.partner_id)
    since = plan.volume_from(sale.closed_on)
    return queries.volume_before(work.connection, deal, since, _closed_at(deal), plan.products)


def _by_agreement(work: UnitOfWork, deal: DealFacts, sale: Sale, passed: list[Passed]) -> Commission:
    """Return the commission by the partner's agreement: the fallback where no plan fits."""
    for row in _rated_agreements(work, deal, sale):
        rate, told = fraction(row["commission_rate"]), f"agreement {row['external_id']!r}"
        if not 0 <= rate <= 1:
            return Commission(f"No plan fits, and the rate of {told} is no fraction between 0 and 1.", passed=passed)
        step = Step(sale.amount, rate, sale.amount * rate, f"{percent(rate)} of {shown(sale.amount, sale.currency)}")
        reason = f"No commission plan fits; {told} names a rate."
        return Commission(reason, agreement=row["external_id"], steps=[step], passed=passed)
    return Commission("No commission plan fits, and no agreement in force names a rate.", passed=passed)


def _rated_agreements(work: UnitOfWork, deal: DealFacts, sale: Sale) -> list[Row]:
    """Return agreements in force that cover the deal and name a rate: the narrower, then the later ones first."""
    found = [
        row
        for row in queries.valid_agreements(work.connection, deal.partner_id, sale.closed_on)
        if row["commission_rate"] is not None
        and covers(tuple(row["territories"] or ()), deal.country, deal.region)
        and (not row["products"] or deal.product is None or deal.product in row["products"])
    ]
    return sorted(found, key=_narrowness)


def _narrowness(row: Row) -> tuple[bool, bool, int, str]:
    return not row["products"], not row["territories"], -row["valid_from"].toordinal(), str(row["external_id"])


def _parts(partner: str, shares: Mapping[str, Decimal], total: Decimal, currency: str) -> list[Part]:
    """Split a commission; shares that came by import and exceed the whole are scaled down to it."""
    weights = dict(shares)
    rest = 1 - sum(weights.values(), ZERO)
    if rest > 0:
        weights[partner] = weights.get(partner, ZERO) + rest
    names = sorted(weights)
    amounts = shared_out(total, [weights[name] for name in names], currency)
    return [Part(name, weights[name], amount) for name, amount in zip(names, amounts, strict=True)]


def _plan(row: Row, bands: list[Band]) -> CommissionPlan:
    return CommissionPlan(
        key=row["external_id"],
        base=CommissionBase(row["base"] or CommissionBase.EVERY),
        rate=None if row["rate"] is None else fraction(row["rate"]),
        bands=tuple(sorted(bands)),
        marginal=bool(row["marginal"]),
        products=tuple(row["products"]),
        tiers=tuple(row["tiers"]),
        priority=row["priority"] or 0,
        volume_days=None if row["volume_days"] is None else max(row["volume_days"], 0),
        **{name: row[name] for name in ("name", "program", "valid_from", "valid_to")},
    )
