"""What a partner earns by, as it may be told: plans and agreements that pay it, and rewards that run."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from domain.terms import CommissionBase
from programme.commission_plans import Band, CommissionPlan, plans_for
from programme.commissions import load_plans
from programme.money import ZERO, fraction
from programme.rule import Row
from store import ledger as queries
from store.unit_of_work import UnitOfWork

_REWARDS = 50


@dataclass(frozen=True)
class EarningTerms:
    """By what a won deal is paid.

    Parameters
    ----------
    name : str
        Of the plan; of an agreement its id.
    is_agreement : bool
        Whether it is the partner's agreement, which pays where no plan does.
    base : CommissionBase
        Of which deals of a customer.
    bands : tuple of Band
        From which volume on which rate holds; a single one from 0: whatever the volume.
    marginal : bool
        Whether a rate holds for the volume above its edge only.
    volume_days : int or None
        Volume of so many days; None: of the calendar year.
    products : tuple of str
        Names; none: all.
    places : tuple of str
        Territories; none: everywhere.
    valid_to : date or None
        The last day.
    """

    name: str
    is_agreement: bool
    base: CommissionBase
    bands: tuple[Band, ...]
    marginal: bool
    volume_days: int | None
    products: tuple[str, ...]
    places: tuple[str, ...]
    valid_to: date | None


def earning_terms(work: UnitOfWork, partner: Row) -> list[EarningTerms]:
    """Return what pays a partner's deals won today, in the order in which it is looked at."""
    today = work.clock().date()
    plans = plans_for(load_plans(work), partner["program"], partner["tier"], today)
    signed = queries.valid_agreements(work.connection, partner["id"], today)
    agreements = [row for row in signed if row["commission_rate"] is not None]
    keys = {key for terms in (plans, agreements) for one in terms for key in _products(one)}
    names = _product_names(work, keys)
    return [*(_of_plan(plan, names) for plan in plans), *(_of_agreement(row, names) for row in agreements)]


def running_rewards(work: UnitOfWork, partner: Row) -> list[Row]:
    """Return incentives that a partner of this programme may earn today; those that end first come first."""
    today = work.clock().date()
    own: dict[str, object] = {"program": [None, partner["program"]] if partner["program"] else None}
    rows = work.repository("incentives")
    ending = rows.list(own | {"valid_to.gte": today}, sort="valid_to", limit=_REWARDS).rows
    lasting = rows.list(own | {"valid_to": None}, sort="name", limit=_REWARDS).rows
    found = [row for row in [*ending, *lasting] if row["valid_from"] is None or row["valid_from"] <= today]
    names = _product_names(work, {key for row in found for key in row["products"]})
    return [row | {"products": [names.get(key, key) for key in row["products"]]} for row in found]


def _products(terms: CommissionPlan | Row) -> tuple[str, ...]:
    return terms.products if isinstance(terms, CommissionPlan) else tuple(terms["products"] or ())


def _product_names(work: UnitOfWork, keys: set[str]) -> dict[str, str]:
    found = work.repository("products").list({"external_id": sorted(keys)}, limit=1000).rows
    return {row["external_id"]: row["name"] for row in found}


def _of_plan(plan: CommissionPlan, names: dict[str, str]) -> EarningTerms:
    bands = plan.bands
    if not bands or bands[0].from_amount > 0:
        bands = (Band(ZERO, plan.rate or ZERO), *bands)
    products = tuple(names.get(key, key) for key in plan.products)
    scope = (plan.marginal, plan.volume_days, products, (), plan.valid_to)
    return EarningTerms(plan.name, False, plan.base, bands, *scope)


def _of_agreement(row: Row, names: dict[str, str]) -> EarningTerms:
    rate: Decimal = fraction(row["commission_rate"])
    products = tuple(names.get(key, key) for key in _products(row))
    scope = (False, None, products, tuple(row["territories"] or ()), row["valid_to"])
    return EarningTerms(row["external_id"], True, CommissionBase.EVERY, (Band(ZERO, rate),), *scope)
