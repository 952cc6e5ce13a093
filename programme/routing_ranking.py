"""Whom the models would offer leads to: ranked for all leads at once, and kept as those of ``POST /v1/match`` are."""

import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd

from domain.routing import Policies, RoutingPolicy
from intelligence.context import BASELINE, Intelligence
from intelligence.matching.service import MatchResult, match_leads
from store.unit_of_work import UnitOfWork

Row = dict[str, Any]

SHOWN = 10
"""Candidates of a decision, beside as many as a lead may be offered to."""


@dataclass(frozen=True)
class Decision:
    """A ranking of partners for one lead, with what has to be kept to explain and replay it.

    Parameters
    ----------
    match_id : str
        Under which it is kept.
    as_of : datetime
        Of what was known.
    model_version : str
        That ranked.
    request, response, features, decision : mappings
        As of a match.
    """

    match_id: str
    as_of: datetime
    model_version: str
    request: Row
    response: Row
    features: list[Row]
    decision: Row | None = None

    @property
    def partners(self) -> list[str]:
        """External ids of the candidates, the first to be shown first."""
        return [str(candidate["partner"]) for candidate in self.response["candidates"]]

    def exclusions_of(self, partner: str) -> list[tuple[str, str]]:
        """Return codes and sentences of what speaks against a partner."""
        found = next((one for one in self.response["excluded"] if one["partner"] == partner), None)
        return [] if found is None else list(zip(found["codes"], found["texts"], strict=True))

    def keep(self, work: UnitOfWork, lead_id: int) -> str:
        """Store the decision in `work` and return its id."""
        return work.match_runs.put(
            id=self.match_id,
            as_of=self.as_of,
            created_by=work.actor.name,
            lead_id=lead_id,
            model_version=self.model_version,
            request=self.request,
            response=self.response,
            features=self.features,
            decision=self.decision,
        )


Decide = Callable[[Mapping[str, RoutingPolicy]], Mapping[str, Decision]]
"""Ranks partners for leads, by external id, each under its policy."""


def decide(context: Intelligence, leads: Mapping[str, RoutingPolicy]) -> dict[str, Decision]:
    """Rank partners for leads as of now, each lead under its policy; the history is read once.

    Parameters
    ----------
    context : Intelligence
        Store and models.
    leads : mapping
        Policy by external id of the lead.

    Raises
    ------
    UnknownReference
        If a lead is not known now.
    """
    now, current = context.clock(), context.policies()
    groups: dict[RoutingPolicy, list[str]] = {}
    for lead, policy in leads.items():
        groups.setdefault(policy, []).append(lead)
    found: dict[str, Decision] = {}
    for policy, names in groups.items():
        in_force = current.of(policy.program) == policy
        policies = current if in_force else Policies(policy.model_copy(update={"program": None}))
        top = SHOWN + policy.max_hops
        result = match_leads(context, names, now, top, str(policy.objective), details=True, policies=policies, key="")
        asked = {"limit": top, "by": str(policy.objective)}
        found |= _decisions(result, names, now, asked)
    return found


def _decisions(result: MatchResult, leads: list[str], now: datetime, asked: Row) -> dict[str, Decision]:
    candidates: dict[str, list[Row]] = {lead: [] for lead in leads}
    features: dict[str, list[Row]] = {lead: [] for lead in leads}
    for row, details in zip(_records(result.candidates), result.details, strict=True):
        lead = str(row.pop("lead"))
        factors = [{"sentence": factor["text"]} | factor for factor in details["factors"]]
        more = {name: value for name, value in details.items() if name != "features"} | {"factors": factors}
        candidates[lead].append({name: row[name] for name in row if not name.startswith("reason_")} | more)
        features[lead].append(details["features"])
    excluded = _excluded(result.exclusions, leads)
    made = {decision.lead: decision for decision in result.decisions}
    found = {}
    for lead, rows in candidates.items():
        version = str(rows[0]["model_version"]) if rows else BASELINE
        id_ = uuid.uuid4().hex
        answer = {"match_id": id_, "as_of": now, "model_version": version, "candidates": rows}
        answer |= {"excluded": excluded[lead], "policy": None, "explored": False}
        decision = made.get(lead)
        if decision is not None:
            features[lead] += decision.left_out
            answer |= {"policy": decision.policy_used, "explored": decision.explored}
        kept = None if decision is None else decision.as_json()
        found[lead] = Decision(id_, now, version, {"lead_id": lead, **asked}, answer, features[lead], kept)
    return found


def _excluded(exclusions: pd.DataFrame, leads: list[str]) -> dict[str, list[Row]]:
    """Return codes and sentences by partner for each lead: plain loops, as there may be thousands of partners."""
    found: dict[str, dict[str, Row]] = {lead: {} for lead in leads}
    columns = [exclusions[name].tolist() for name in ("lead", "partner", "code", "text")]
    for lead, partner, code, text in zip(*columns, strict=True):
        one = found[lead].setdefault(partner, {"partner": partner, "codes": [], "texts": []})
        one["codes"].append(code)
        one["texts"].append(text)
    return {lead: list(partners.values()) for lead, partners in found.items()}


def _records(frame: pd.DataFrame) -> list[Row]:
    plain = frame.astype(object).where(frame.notna(), None)
    return [{str(name): value for name, value in row.items()} for row in plain.to_dict("records")]
