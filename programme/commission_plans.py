"""Which commission plan pays for a sale, and how much: pure rules over plans and sales."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import NamedTuple

from domain.terms import CommissionBase
from programme.companies import company_domain, company_name
from programme.money import ZERO, percent, rounded, shown

FIRST_YEAR_DAYS = 365
"""A customer's first year counts from the partner's first won deal with it."""


class Band(NamedTuple):
    """From which volume on which rate holds."""

    from_amount: Decimal
    rate: Decimal


@dataclass(frozen=True)
class CommissionPlan:
    """Terms of a commission.

    Parameters
    ----------
    key, name : str
        External id, and what people call it.
    program : str, optional
        Pays partners of this programme only.
    base : CommissionBase, default=CommissionBase.EVERY
        All won deals of a customer, those of its first year, or the later ones.
    rate : Decimal, optional
        Fraction of the deal's amount; with bands, what holds below the first.
    bands : tuple of Band
        Rates by volume, ascending.
    marginal : bool, default=False
        Whether a band's rate holds for the slice of volume inside it only, not for the whole deal.
    products, tiers : tuple of str
        Pays for these only; none: for all.
    priority : int, default=0
        The highest wins.
    volume_days : int, optional
        Volume of so many days before the deal; none: of its calendar year.
    valid_from, valid_to : date, optional
        Days on which a deal is won, both inclusive.
    """

    key: str
    name: str
    program: str | None = None
    base: CommissionBase = CommissionBase.EVERY
    rate: Decimal | None = None
    bands: tuple[Band, ...] = ()
    marginal: bool = False
    products: tuple[str, ...] = ()
    tiers: tuple[str, ...] = ()
    priority: int = 0
    volume_days: int | None = None
    valid_from: date | None = None
    valid_to: date | None = None

    @property
    def narrowness(self) -> int:
        """How many conditions it sets: among equals in priority the narrower one wins."""
        told = (self.program, self.products, self.tiers, self.base is not CommissionBase.EVERY)
        return sum(bool(condition) for condition in told)

    def volume_from(self, closed_on: date) -> date:
        """Return the first day whose won deals count as volume of a deal won on `closed_on`."""
        if self.volume_days is None:
            return date(closed_on.year, 1, 1)
        return closed_on - timedelta(days=min(self.volume_days, closed_on.toordinal() - 1))


@dataclass(frozen=True)
class Sale:
    """What a plan looks at.

    Parameters
    ----------
    program, tier, product : str, optional
        Of the partner, and what was sold.
    amount : Decimal
        Above 0.
    currency : str
        Of the amount.
    closed_on : date
        When it was won, in UTC.
    first_won_on : date, optional
        When the partner first won the customer; none: with this sale.
    """

    program: str | None
    tier: str | None
    product: str | None
    amount: Decimal
    currency: str
    closed_on: date
    first_won_on: date | None = None

    @property
    def in_first_year(self) -> bool:
        """Whether it falls into the customer's first year."""
        since = self.first_won_on or self.closed_on
        return (self.closed_on - since).days < FIRST_YEAR_DAYS


class Step(NamedTuple):
    """A slice of the sale and what is paid for it, before rounding."""

    amount: Decimal
    rate: Decimal
    commission: Decimal
    text: str


class Passed(NamedTuple):
    """A plan that does not pay, and why."""

    plan: str
    reason: str


class Choice(NamedTuple):
    """The plan that pays, if one does, why it, and why not the others."""

    plan: CommissionPlan | None
    reason: str
    passed: list[Passed]


def choose_plan(plans: Sequence[CommissionPlan], sale: Sale) -> Choice:
    """Pick the one plan that pays for `sale`: of those that fit the one of highest priority.

    Among equals the one with more conditions, then the one that began later, then the first by external id.
    """
    fitting, passed = [], []
    for plan in plans:
        reason = objection(plan, sale)
        if reason is None:
            fitting.append(plan)
        else:
            passed.append(Passed(plan.key, reason))
    if not fitting:
        return Choice(None, "No commission plan fits the deal.", passed)
    best, *others = sorted(fitting, key=_rank)
    passed += [Passed(plan.key, _why_later(best, plan)) for plan in others]
    reason = f"Plan {best.name!r} is the only one that fits."
    if others:
        reason = f"Plan {best.name!r} comes first of {len(fitting)} that fit: {_why_first(best, others[0])}."
    return Choice(best, reason, passed)


def plans_for(plans: Sequence[CommissionPlan], program: str | None, tier: str | None, on: date) -> list[CommissionPlan]:
    """Return the plans that pay a partner of this programme and tier for some sale won on a day, in their order."""
    found = []
    for plan in sorted(plans, key=_rank):
        since = on - timedelta(days=FIRST_YEAR_DAYS) if plan.base is CommissionBase.RENEWAL else on
        sale = Sale(program, tier, next(iter(plan.products), None), Decimal(1), "", on, since)
        if objection(plan, sale) is None:
            found.append(plan)
    return found


def objection(plan: CommissionPlan, sale: Sale) -> str | None:
    """Say why `plan` does not pay for `sale`; None if it does."""
    checks = (
        (plan.rate is None and not plan.bands, "It names no rate."),
        (any(not 0 <= rate <= 1 for rate in _rates(plan)), "A rate of it is no fraction between 0 and 1."),
        (plan.program not in (None, sale.program), f"It is for programme {plan.program!r} only."),
        (plan.valid_from is not None and sale.closed_on < plan.valid_from, f"It holds from {plan.valid_from} on."),
        (plan.valid_to is not None and sale.closed_on > plan.valid_to, f"It held until {plan.valid_to}."),
        (plan.products and sale.product not in plan.products, f"It is for {', '.join(plan.products)} only."),
        (
            plan.tiers and _plain(sale.tier) not in {_plain(tier) for tier in plan.tiers},
            f"It is for tier {', '.join(plan.tiers)} only.",
        ),
        (plan.base is CommissionBase.FIRST_YEAR and not sale.in_first_year, "The customer's first year is over."),
        (plan.base is CommissionBase.RENEWAL and sale.in_first_year, "The customer is in its first year."),
    )
    return next((reason for speaks_against, reason in checks if speaks_against), None)


def commission_steps(plan: CommissionPlan, sale: Sale, volume: Decimal) -> list[Step]:
    """Return the slices of the sale's amount with their rates.

    Parameters
    ----------
    plan : CommissionPlan
        One that fits.
    sale : Sale
        The sale.
    volume : Decimal
        Volume before it, in the sale's currency; of no matter to a plan without bands.
    """
    if not plan.bands:
        return [_step(sale, sale.amount, plan.rate or ZERO, "")]
    edges = _edges(plan)
    if not plan.marginal:
        reached = volume + sale.amount
        band = [edge for edge in edges if edge.from_amount <= reached][-1]
        told = f" as volume reaches {shown(reached, sale.currency)}, from {shown(band.from_amount, sale.currency)} on"
        return [_step(sale, sale.amount, band.rate, told)]
    steps = []
    ends = [edge.from_amount for edge in edges[1:]]
    for band, end in zip(edges, [*ends, volume + sale.amount], strict=True):
        slice_amount = min(end, volume + sale.amount) - max(band.from_amount, volume)
        if slice_amount > 0:
            told = f" for volume from {shown(max(band.from_amount, volume), sale.currency)} on"
            steps.append(_step(sale, slice_amount, band.rate, told))
    return steps


def commission(steps: Sequence[Step], currency: str) -> Decimal:
    """Return what the steps come to, rounded once."""
    return rounded(sum((step.commission for step in steps), ZERO), currency)


def customer_key(domain: str | None, company: str | None) -> str | None:
    """Return what tells a customer apart: its registered domain, else the words of its name; None: unknown.

    Examples
    --------
    >>> customer_key("https://shop.Acme.de/", None), customer_key(None, " ACME  Ltd. ") == customer_key(None, "acme")
    ('acme.de', True)
    """
    return company_domain(domain) or company_name(company).key or None


def _edges(plan: CommissionPlan) -> list[Band]:
    bands = sorted(plan.bands)
    return bands if bands[0].from_amount <= 0 else [Band(ZERO, plan.rate or ZERO), *bands]


def _step(sale: Sale, amount: Decimal, rate: Decimal, told: str) -> Step:
    return Step(amount, rate, amount * rate, f"{percent(rate)} of {shown(amount, sale.currency)}{told}")


def _rates(plan: CommissionPlan) -> list[Decimal]:
    return [rate for rate in (plan.rate, *(band.rate for band in plan.bands)) if rate is not None]


def _rank(plan: CommissionPlan) -> tuple[int, int, int, str]:
    return -plan.priority, -plan.narrowness, -_began(plan), plan.key


def _began(plan: CommissionPlan) -> int:
    return 0 if plan.valid_from is None else plan.valid_from.toordinal()


def _why_first(best: CommissionPlan, other: CommissionPlan) -> str:
    if best.priority != other.priority:
        return f"its priority {best.priority} is above {other.priority}"
    if best.narrowness != other.narrowness:
        return "of the same priority, it sets more conditions"
    if _began(best) != _began(other):
        return "of the same priority, it began later"
    return "of the same priority, its id comes first"


def _why_later(best: CommissionPlan, plan: CommissionPlan) -> str:
    return f"It fits too, but plan {best.name!r} comes first: {_why_first(best, plan)}."


def _plain(tier: str | None) -> str:
    return (tier or "").strip().casefold()
