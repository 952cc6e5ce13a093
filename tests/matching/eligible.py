"""Rules of eligibility asked over frames at hand."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from domain.language import language_of
from domain.routing import Policies, RoutingPolicy, Rule
from intelligence.features.pair_leads import describe_leads, lead_table
from intelligence.features.pair_profiles import PartnerProfiles
from intelligence.features.pair_world import LeadQuery, PairWorld
from intelligence.matching.eligibility import Eligibility
from intelligence.matching.facts import Reason, reasons
from intelligence.matching.refusals import sentence
from store.absences import NEVER, Absences
from store.history import History
from tests.matching.worlds import partners

T = "2024-06-01"


def micros(instant: str) -> int:
    return int(np.datetime64(instant, "us").astype(np.int64))


def away(*rows: tuple[int, str, str | None]) -> Absences:
    """Absences of partners by our id: since, until (None: nobody knows)."""
    columns = list(zip(*rows, strict=True))
    until = [NEVER if end is None else micros(end) for end in columns[2]]
    return Absences(
        np.array(columns[0], dtype=np.int64), np.array([micros(since) for since in columns[1]]), np.array(until)
    )


def policy(*rules: dict[str, Any], **values: Any) -> Policies:
    return Policies(RoutingPolicy.model_validate({"rules": rules, **values}))


def rules_of(
    known: History, at: str = T, policies: Policies | None = None, absences: Absences | None = None
) -> tuple[PairWorld, Eligibility]:
    table = lead_table(known)
    world = PairWorld(known, describe_leads(table), 180, None, table)
    profiles = PartnerProfiles(known)
    profiles.advance(micros(at))
    return world, Eligibility(world, profiles, policies, absences)


def asked(world: PairWorld, lead: dict[str, Any] | None) -> LeadQuery:
    return world.ask(pd.DataFrame([lead or {"country": "DE"}])).query(0)


def blocked(
    lead: dict[str, Any] | None = None,
    at: str = T,
    row: int = -1,
    policies: Policies | None = None,
    absences: Absences | None = None,
    **given: Any,
) -> dict[Rule, list[int]]:
    """Positions of partners (three unless given) that each rule speaks against."""
    known = History.of("2026-01-01", **{"partners": partners(3), **given})
    world, rules = rules_of(known, at, policies, absences)
    found = rules.blocked(asked(world, lead), micros(at), row)
    allowed = rules.allowed(asked(world, lead), micros(at), row)
    assert set(np.flatnonzero(~allowed)) == {one for mask in found.values() for one in np.flatnonzero(mask)}
    return {rule: np.flatnonzero(mask).tolist() for rule, mask in found.items()}


def why(
    lead: dict[str, Any] | None = None,
    at: str = T,
    row: int = -1,
    policies: Policies | None = None,
    absences: Absences | None = None,
    **given: Any,
) -> list[Reason]:
    """What speaks against whom."""
    known = History.of("2026-01-01", **{"partners": partners(3), **given})
    world, rules = rules_of(known, at, policies, absences)
    return reasons(rules, asked(world, lead), micros(at), row)


def told(found: list[Reason], language: str = "en") -> dict[Rule, list[str]]:
    """Sentences of each rule, in the order of the partners that it speaks against."""
    words = language_of(language)
    return {one.rule: [sentence(one.rule, one.facts[which], words) for which in one.which] for one in found}


def lead_frame() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "id": [1, 2],
            "external_id": ["L1", "L2"],
            "created_at": pd.Timestamp("2024-01-01"),
            "company": ["Acme", "Bolt"],
        }
    )


def offers(rows: Sequence[tuple[int, int, str, str | None, str | None]]) -> pd.DataFrame:
    """Offers of leads to partners: offered, response, when."""
    lead, partner, offered, response, responded = zip(*rows, strict=True)
    return pd.DataFrame(
        {
            "lead_id": lead,
            "partner_id": partner,
            "offered_at": pd.to_datetime(list(offered)),
            "response": pd.Series(response, dtype="str"),
            "responded_at": pd.to_datetime(list(responded)),
        }
    )
