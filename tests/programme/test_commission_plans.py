"""Which plan pays, and how much."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.terms import CommissionBase
from programme.commission_plans import (
    Band,
    CommissionPlan,
    Sale,
    choose_plan,
    commission,
    commission_steps,
    objection,
)

AMOUNTS = st.decimals(min_value=0, max_value=10**7, places=2)
RATES = st.decimals(min_value=0, max_value=Decimal("0.5"), places=3)


def a_sale(amount: str | Decimal = "1000", **values) -> Sale:
    fixed = {"program": "resale", "tier": "gold", "product": "crm", "currency": "EUR", "closed_on": date(2024, 5, 1)}
    return Sale(**{**fixed, "amount": Decimal(amount), **values})


def a_plan(key: str = "a", **values) -> CommissionPlan:
    return CommissionPlan(**{"key": key, "name": key, "rate": Decimal("0.1"), **values})


def banded(*, marginal: bool, **values) -> CommissionPlan:
    bands = (Band(Decimal(10_000), Decimal("0.1")), Band(Decimal(50_000), Decimal("0.15")))
    return a_plan(rate=Decimal("0.05"), bands=bands, marginal=marginal, **values)


def paid(plan: CommissionPlan, amount: str | Decimal, volume: str | Decimal) -> Decimal:
    sale = a_sale(amount)
    return commission(commission_steps(plan, sale, Decimal(volume)), "EUR")


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"rate": None}, "no rate"),
        ({"rate": Decimal(12)}, "fraction"),
        ({"program": "referral"}, "referral"),
        ({"valid_from": date(2024, 5, 2)}, "from 2024-05-02"),
        ({"valid_to": date(2024, 4, 30)}, "until 2024-04-30"),
        ({"products": ("erp",)}, "erp"),
        ({"tiers": ("Silver",)}, "Silver"),
        ({"base": CommissionBase.RENEWAL}, "first year"),
    ],
)
def test_a_plan_that_does_not_fit_says_why(values, word):
    assert word in objection(a_plan(**values), a_sale())


def test_a_plan_that_fits_on_its_first_and_last_day():
    day = date(2024, 5, 1)
    assert objection(a_plan(valid_from=day, valid_to=day, tiers=("GOLD",), products=("crm",)), a_sale()) is None


@pytest.mark.parametrize(("days", "base"), [(0, "first_year"), (364, "first_year"), (365, "renewal")])
def test_a_customer_is_in_its_first_year_or_renews(days, base):
    sale = a_sale(first_won_on=date(2024, 5, 1) - timedelta(days=days))
    fitting = [word for word in ("first_year", "renewal") if objection(a_plan(base=CommissionBase(word)), sale) is None]
    assert fitting == [base]


def test_priority_picks_one_plan_and_says_why():
    plans = [a_plan("a"), a_plan("b", priority=2), a_plan("c", products=("erp",))]
    choice = choose_plan(plans, a_sale())
    assert choice.plan.key == "b"
    assert choice.reason == "Plan 'b' comes first of 2 that fit: its priority 2 is above 0."
    assert dict(choice.passed) == {
        "c": "It is for erp only.",
        "a": "It fits too, but plan 'b' comes first: its priority 2 is above 0.",
    }


@pytest.mark.parametrize(
    ("better", "why"),
    [
        ({"tiers": ("gold",)}, "more conditions"),
        ({"valid_from": date(2024, 1, 1)}, "began later"),
        ({"key": "0"}, "id comes first"),
    ],
)
def test_among_equal_priorities_the_narrower_then_the_later_wins(better, why):
    plans = [a_plan("b"), a_plan(**{"key": "c", **better})]
    choice = choose_plan(plans, a_sale())
    assert choice.plan is plans[1]
    assert why in choice.reason
    assert choose_plan(plans[::-1], a_sale()).plan is plans[1]


@pytest.mark.parametrize(
    ("amount", "volume", "slices", "whole"),
    [
        ("8000", "0", "400", "400"),
        ("20000", "0", "1500", "2000"),  # 10,000 at 5 % and 10,000 at 10 %; all at 10 %
        ("20000", "40000", "2500", "3000"),  # 10,000 at 10 % and 10,000 at 15 %; all at 15 %
        ("100", "60000", "15", "15"),
    ],
)
def test_bands(amount, volume, slices, whole):
    assert paid(banded(marginal=True), amount, volume) == Decimal(slices)
    assert paid(banded(marginal=False), amount, volume) == Decimal(whole)


@given(AMOUNTS, AMOUNTS, AMOUNTS, st.lists(st.tuples(AMOUNTS, RATES), min_size=1, max_size=4), st.booleans(), RATES)
def test_more_never_earns_less_where_rates_rise(amount, more, volume, bands, marginal, low):
    starts = sorted({start for start, _ in bands})
    rates = sorted(rate for _, rate in bands)[: len(starts)]
    plan = a_plan(rate=min(low, rates[0]), bands=tuple(map(Band, starts, rates)), marginal=marginal)
    assert paid(plan, amount, volume) <= paid(plan, amount + more, volume)
    assert paid(plan, amount, volume) <= paid(plan, amount, volume + more)


@given(AMOUNTS, AMOUNTS, AMOUNTS)
def test_slices_do_not_care_how_a_volume_is_cut_into_deals(first, second, volume):
    plan = banded(marginal=True)
    together = commission_steps(plan, a_sale(first + second), volume)
    apart = commission_steps(plan, a_sale(first), volume) + commission_steps(plan, a_sale(second), volume + first)
    assert sum(step.commission for step in together) == sum(step.commission for step in apart)
    assert sum(step.amount for step in together) == first + second


def test_volume_counts_from():
    assert a_plan(volume_days=90).volume_from(date(2024, 5, 1)) == date(2024, 2, 1)
    assert a_plan().volume_from(date(2024, 5, 1)) == date(2024, 1, 1)
    assert a_plan(volume_days=10**9).volume_from(date(2024, 5, 1)) == date.min
