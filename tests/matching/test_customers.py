"""Open deals and registrations of others with the same customer are in the way, however the customer is named."""

from typing import Any

import pandas as pd
import pytest

from domain.routing import Rule
from tests.matching.eligible import blocked, lead_frame


def registration(**columns: Any) -> pd.DataFrame:
    base = {"partner_id": [2], "registered_at": pd.Timestamp("2024-05-03"), "status": "submitted"}
    return pd.DataFrame(base | columns)


@pytest.mark.parametrize(
    ("deal", "lead", "same"),
    [
        ({"company": "Acme"}, {"company": "ACME, Inc."}, True),
        ({"company": "Águas do Sul Ltda."}, {"company": "aguas do sul"}, True),
        ({"company": "Acme", "domain": "acme.com"}, {"company": "Acme"}, True),
        ({"company": "Acme"}, {"company": "Acme", "domain": "acme.com"}, True),
        ({"domain": "www.acme.com"}, {"domain": "https://ACME.com/contact"}, True),
        ({"domain": "acme.com", "company": "Acme Holding"}, {"domain": "acme.com", "company": "Acme"}, True),
        ({"company": "Acme", "domain": "acme.com"}, {"company": "Acme", "domain": "acme.org"}, False),
        ({"company": "Acme", "country": "BR"}, {"company": "Acme", "country": "DE"}, False),
        ({"company": "Acme", "country": "BR"}, {"company": "Acme"}, True),
        ({"company": "Acme"}, {"company": "Bolt"}, False),
        ({}, {"company": "Acme"}, False),
        ({"company": "."}, {"company": "!"}, False),
    ],
)
def test_an_open_registration_of_another_is_a_conflict(deal: Any, lead: Any, same: bool) -> None:
    for status in ("submitted", "approved"):
        found = blocked(lead, deals=registration(status=status, **deal))
        assert found == ({Rule.CONFLICT: [0, 2]} if same else {})
    assert blocked(lead, deals=registration(**deal | {"status": "expired"})) == {}
    assert blocked(lead, at="2024-05-02", deals=registration(**deal)) == {}


def test_a_registration_counts_by_what_its_lead_says_of_the_customer() -> None:
    deal = registration(lead_id=[1])
    assert blocked({"company": "acme"}, leads=lead_frame(), deals=deal) == {Rule.CONFLICT: [0, 2]}
    assert blocked({"company": "none"}, row=0, leads=lead_frame(), deals=deal) == {Rule.CONFLICT: [0, 2]}
    assert blocked({"company": "none"}, row=1, leads=lead_frame(), deals=deal) == {}


def test_a_domain_that_many_customers_share_says_nothing() -> None:
    deals = pd.DataFrame(
        {
            "partner_id": 2,
            "registered_at": pd.Timestamp("2024-05-03"),
            "company": [f"Shop {k}" for k in range(9)],
            "domain": "mail.example",
        }
    )
    assert blocked({"company": "Acme", "domain": "mail.example"}, deals=deals[:3]) == {Rule.CONFLICT: [0, 2]}
    assert blocked({"company": "Acme", "domain": "mail.example"}, deals=deals) == {}
    assert blocked({"company": "Shop 4", "domain": "mail.example"}, deals=deals) == {Rule.CONFLICT: [0, 2]}
