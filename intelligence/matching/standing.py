"""Where a partner stood for a lead that it was offered, and what of its own would have raised it.

Nothing of a rival is told: no name, no number, and no place among fewer than three.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from domain.context import SYSTEM
from domain.language import spoken
from domain.routing import Rule
from intelligence.matching.counterfactual import Entry, Need, entry_of, gains
from intelligence.matching.own_words import BEYOND, FEW, PLACE, UNRANKED, Hidden, OwnWords, gain_text, rule_text
from store.match_runs import as_answered
from store.standing import Run, Wish, demanding_products
from store.unit_of_work import UnitOfWork

if TYPE_CHECKING:
    from intelligence.context import Intelligence

FEWEST = 3
"""Partners among which a place is told: of fewer it would tell of the others."""
_MOST_FACTORS = 12


@dataclass(frozen=True)
class Factor:
    """What of the partner spoke for or against it; its contribution (log-odds) is told the staff only."""

    name: str
    direction: str
    text: str
    contribution: float | None


@dataclass(frozen=True)
class Improvement:
    """A change of the partner's own, and the place that it would have had; p_win is told the staff only."""

    change: str
    what: str
    rank: int | None
    p_win: float | None
    text: str


@dataclass(frozen=True)
class Refusal:
    """A rule that spoke against the partner."""

    code: str
    text: str


@dataclass(frozen=True)
class LeadStanding:
    """Where a partner stood in the match that an offer came of.

    Parameters
    ----------
    match_id, as_of, model_version : str, datetime, str
        The match; None where the offer came of none.
    rank, ranked : int or None
        Its place among the partners listed; None where these are fewer than three, or it is not listed.
    text : str
        The same in words.
    refusals : tuple of Refusal
        What spoke against it, where a person offered the lead all the same.
    factors : tuple of Factor
        Of its own, the strongest first.
    improvements : tuple of Improvement
        The best first.
    p_win, low, high : float or None
        Told the staff only.
    """

    text: str
    match_id: str | None = None
    as_of: datetime | None = None
    model_version: str | None = None
    rank: int | None = None
    ranked: int | None = None
    refusals: tuple[Refusal, ...] = ()
    factors: tuple[Factor, ...] = ()
    improvements: tuple[Improvement, ...] = ()
    p_win: float | None = None
    low: float | None = None
    high: float | None = None


def lead_standing(
    context: "Intelligence",
    match_id: str | None,
    partner: str,
    lead: Mapping[str, Any],
    *,
    hidden: Hidden,
    to_partner: bool,
) -> LeadStanding:
    """Return where a partner stood for a lead that it was offered.

    Parameters
    ----------
    context : Intelligence
        Store and registry.
    match_id : str or None
        The match that the offer came of.
    partner : str
        External id.
    lead : mapping
        The lead's row.
    hidden : callable
        Whether the reader may not know a field of the lead.
    to_partner : bool
        Whether the reader is the partner.
    """
    language = spoken()
    if match_id is None:
        return LeadStanding(language.text(UNRANKED))
    with UnitOfWork(context.engine, SYSTEM, read_only=True) as work:
        kept = work.match_runs.get(match_id)
        run = Run(*(getattr(kept, name) for name in Run._fields))
        demanding = demanding_products(work.connection)
    fields = flat(lead)
    entry = entry_of(run, partner, need_of(fields, demanding))
    match = LeadStanding("", match_id, run.as_of, run.model_version)
    if entry is None:
        return _unlisted(match, run, partner, to_partner=to_partner)
    with_places = not to_partner or entry.ranked >= FEWEST
    words = OwnWords(language, fields, hidden)
    place = language.text(PLACE if with_places else FEW)
    found = replace(
        match,
        text=place.replace("{rank}", str(entry.rank)).replace("{n}", str(entry.ranked)),
        rank=entry.rank if with_places else None,
        ranked=entry.ranked if with_places else None,
        factors=_factors(words, entry, run.as_of, to_partner=to_partner),
        improvements=_improvements(context, entry, words, to_partner=to_partner, with_places=with_places),
    )
    if to_partner:
        return found
    chance = entry.candidate
    return replace(found, p_win=entry.p_win, low=chance.get("low"), high=chance.get("high"))


def _unlisted(match: LeadStanding, run: Run, partner: str, *, to_partner: bool) -> LeadStanding:
    language = spoken()
    refused = [rule_text(rule, language, to_partner=to_partner) for rule in rules_against(run, partner)]
    refusals = tuple(Refusal(*pair) for pair in dict.fromkeys(refused))
    listed = len(run.response.get("candidates") or [])
    beyond = language.text(BEYOND).replace("{n}", language.number(listed, ",.0f"))
    return replace(match, text=refusals[0].text if refusals else beyond, refusals=refusals)


def _factors(words: OwnWords, entry: Entry, as_of: datetime, *, to_partner: bool) -> tuple[Factor, ...]:
    at_us = int(np.datetime64(as_of.astimezone(UTC).replace(tzinfo=None), "us").astype(np.int64))
    found: dict[str, Factor] = {}
    for name, direction, text, contribution in words.factors(entry.candidate, entry.values, at_us):
        found.setdefault(text, Factor(name, direction, text, None if to_partner else contribution))
    return tuple(found.values())[:_MOST_FACTORS]


def _improvements(
    context: "Intelligence", entry: Entry, words: OwnWords, *, to_partner: bool, with_places: bool
) -> tuple[Improvement, ...]:
    language = spoken()
    return tuple(
        Improvement(
            gain.lever.name,
            gain.what,
            gain.rank if with_places else None,
            None if to_partner else gain.p_win,
            gain_text(gain, entry.rank, entry.ranked, language, with_places=with_places),
        )
        for gain in gains(context, [entry])[0]
        if words.tells(_TOLD_BY.get(gain.lever.name, gain.lever.name))
    )


_TOLD_BY = {"certification": "certified", "language": "language_match", "industry": "industry_match"}


def flat(lead: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a lead with its custom attributes beside them."""
    attributes = lead.get("attributes") or {}
    return {**lead, **{f"attributes.{name}": value for name, value in attributes.items()}}


def need_of(fields: Mapping[str, Any], demanding: frozenset[str]) -> Need:
    """Return what a lead, as `flat` gives it, asks for; `demanding` are the products that ask for certificates."""
    language = fields.get("attributes.language", fields.get("language"))
    told = (fields.get("industry"), fields.get("product"), language)
    return Need.of(Wish(*(None if value is None else str(value) for value in told)), demanding)


def rules_against(run: Run, partner: str) -> list[Rule]:
    """Return the rules by which a stored match kept a partner out."""
    excluded = as_answered(run.response).get("excluded") or []
    codes: list[str] = next((one["codes"] for one in excluded if one["partner"] == partner), [])
    return [Rule(code) for code in codes if code in set(Rule)]
