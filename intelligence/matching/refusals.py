"""Why a partner is not eligible, in a sentence of the reader's language, with the fact where there is one.

A fact is a small tuple that a rule gives with a partner; equal facts make equal sentences, so that a list of thousands
of partners is written with a few dozen of them.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from domain.language import Language
from domain.routing import Rule
from domain.terms import AssignmentResponse

Fact = tuple[Any, ...]

SENTENCES: dict[Rule, str] = {
    Rule.NOT_ACTIVE: "Is not an active partner",
    Rule.NO_AGREEMENT: "Has no valid agreement",
    Rule.TERRITORY: "The lead lies outside its territories",
    Rule.PRODUCT_NOT_COVERED: "Its agreement does not cover the product",
    Rule.CERTIFICATION_MISSING: "Lacks a certification that the product requires",
    Rule.CERTIFICATION_EXPIRED: "A certification that the product requires has expired",
    Rule.AT_CAPACITY: "Has as many open leads as it takes",
    Rule.DECLINED_BEFORE: "Was offered this lead before and did not take it",
    Rule.EXCLUSIVE_TO_OTHER: "Another partner has exclusive rights there",
    Rule.CONFLICT: "Another partner has an open deal with this customer",
    Rule.COOLING_DOWN: "Let an offer expire lately",
    Rule.AWAY: "Is away",
    Rule.LANGUAGE: "Does not speak the customer's language",
    Rule.TIER: "Has no tier, and these leads go by tier",
    Rule.DISTANCE: "Is too far from the customer",
}
"""What is said of a rule where there is no fact to give."""

_WITH_FACT: dict[Rule, str] = {
    Rule.NO_AGREEMENT: "Its agreement ended on {day}",
    Rule.TERRITORY: "{place} lies outside its territories",
    Rule.PRODUCT_NOT_COVERED: "Its agreement does not cover {product}",
    Rule.CERTIFICATION_MISSING: "Lacks a certification that the product requires: {names}",
    Rule.CERTIFICATION_EXPIRED: "A certification that the product requires has expired: {names}",
    Rule.COOLING_DOWN: "Let an offer expire on {day}; takes leads again from {until}",
    Rule.AWAY: "Away until {day}",
    Rule.LANGUAGE: "Does not speak the customer's language: {name}",
    Rule.TIER: "These leads do not go to tier {name}",
    Rule.DISTANCE: "{n} km from the customer, at most {most}",
}
_FULL = ("Has {n} open lead and takes {most}", "Has {n} open leads and takes {most}")
_BEFORE: dict[AssignmentResponse, str] = {
    AssignmentResponse.DECLINED: "Declined this lead on {day}",
    AssignmentResponse.EXPIRED: "Let the offer of this lead expire on {day}",
    AssignmentResponse.WITHDRAWN: "This lead was taken back from it on {day}",
}
_FIELDS: dict[Rule, tuple[str, ...]] = {
    Rule.NO_AGREEMENT: ("day",),
    Rule.TERRITORY: ("place",),
    Rule.PRODUCT_NOT_COVERED: ("product",),
    Rule.CERTIFICATION_MISSING: ("names",),
    Rule.CERTIFICATION_EXPIRED: ("names",),
    Rule.COOLING_DOWN: ("day", "until"),
    Rule.AWAY: ("day",),
    Rule.LANGUAGE: ("name",),
    Rule.TIER: ("name",),
    Rule.DISTANCE: ("n", "most"),
}
_DAYS = frozenset({"day", "until"})

MESSAGES = frozenset({*SENTENCES.values(), *_WITH_FACT.values(), *_BEFORE.values()})
"""All sentences that are translated."""
PLURALS = frozenset({_FULL})
"""All pairs of singular and plural that are translated."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def sentence(rule: Rule, fact: Fact, language: Language) -> str:
    """Return why a rule speaks against a partner.

    Parameters
    ----------
    rule : Rule
        The rule.
    fact : tuple
        What it found, in the order of its sentence's fields: days as days since 1970, numbers, names; empty for none.
    language : Language
        Of the reader.

    Examples
    --------
    >>> from domain.language import language_of
    >>> sentence(Rule.AT_CAPACITY, (5, 5), language_of("en")), sentence(Rule.AWAY, (20_515,), language_of("en"))
    ('Has 5 open leads and takes 5', 'Away until 3 March 2026')
    """
    if not fact:
        return language.text(SENTENCES[rule])
    if rule is Rule.AT_CAPACITY:
        return language.plural(*_FULL, fact[0]).replace("{most}", language.number(fact[1], ",.0f"))
    if rule is Rule.DECLINED_BEFORE:
        return language.text(_BEFORE[fact[0]]).format(day=_day(fact[1], language))
    values = zip(_FIELDS[rule], fact, strict=True)
    return language.text(_WITH_FACT[rule]).format_map({name: _shown(name, value, language) for name, value in values})


def _shown(name: str, value: Any, language: Language) -> str:
    if name in _DAYS:
        return _day(value, language)
    return value if isinstance(value, str) else language.number(value, ",.0f")


def _day(days: int, language: Language) -> str:
    return language.day((_EPOCH + timedelta(days=days)).date(), year=True)
