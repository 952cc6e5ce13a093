"""Rounding, shares that add up, sums per currency."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.errors import InvalidInput
from programme.money import check_amount, minor_unit, percent, rounded, shared_out, sum_exactly, totals

CURRENCIES = st.sampled_from(["EUR", "JPY", "BHD", "USD", "CLF"])
AMOUNTS = st.decimals(min_value=0, max_value=10**12, places=4)


@pytest.mark.parametrize(
    ("amount", "currency", "wanted"),
    [("0.005", "EUR", "0.01"), ("0.015", "EUR", "0.02"), ("-0.005", "EUR", "-0.01"), ("1.5", "JPY", "2")],
)
def test_halves_are_rounded_away_from_zero(amount, currency, wanted):
    assert rounded(Decimal(amount), currency) == Decimal(wanted)


@given(AMOUNTS, st.lists(st.decimals(min_value=0, max_value=1, places=3), min_size=1, max_size=7), CURRENCIES)
def test_shares_add_up_and_lie_within_a_minor_unit_of_their_quota(amount, weights, currency):
    weights = [*weights, Decimal("0.001")]
    total = rounded(amount, currency)
    parts = shared_out(total, weights, currency)
    assert sum_exactly(parts) == total
    whole = sum(weights)
    for part, weight in zip(parts, weights, strict=True):
        assert abs(part - total * weight / whole) < minor_unit(currency)
        assert part == rounded(part, currency) >= 0


@given(st.lists(st.tuples(CURRENCIES, AMOUNTS, AMOUNTS), max_size=20))
def test_sums_are_per_currency(entries):
    found = {total.currency: total for total in totals(entries)}
    assert set(found) == {entry[0] for entry in entries}
    for currency, total in found.items():
        assert total.credit == sum(entry[1] for entry in entries if entry[0] == currency)
        assert total.balance == sum(entry[1] - entry[2] for entry in entries if entry[0] == currency)


def test_huge_amounts_are_rounded_too():
    assert rounded(Decimal("9.2e18"), "EUR") == Decimal("9200000000000000000")


@pytest.mark.parametrize("amount", ["0", "-1", "0.001", "1e13"])
def test_amounts_by_hand_are_positive_and_of_whole_cents(amount):
    with pytest.raises(InvalidInput, match="amount must be"):
        check_amount(Decimal(amount), "EUR", "amount")


def test_rates_for_people():
    assert [percent(Decimal(rate)) for rate in ("0.1", "0.3333333333", "1", "0")] == [
        "10 %",
        "33.333333 %",
        "100 %",
        "0 %",
    ]
