"""For every partner that is not eligible: the rules that speak against it and what each of them found."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from domain.routing import Rule
from domain.terms import AssignmentResponse
from intelligence.features.pair_events import NEVER
from intelligence.features.pair_world import DAY_US, LeadQuery, held
from intelligence.matching.eligibility import Eligibility
from intelligence.matching.refusals import Fact

Ints = npt.NDArray[np.int64]

_ANSWERS = tuple(AssignmentResponse)
_NOTHING: Fact = ()


@dataclass(frozen=True, eq=False)
class Reason:
    """Partners that one rule speaks against, and the facts.

    Parameters
    ----------
    rule : Rule
        The rule.
    partners : int64 array of shape (n,)
        Positions, ascending.
    which : int64 array of shape (n,)
        Place of each partner's fact in `facts`.
    facts : sequence of Fact
        Different ones, for `refusals.sentence`.
    """

    rule: Rule
    partners: Ints
    which: Ints
    facts: Sequence[Fact]


@dataclass(frozen=True, eq=False)
class _Asked:
    """What was asked: rules, lead, instant, the lead's row in the world's table (-1: none)."""

    rules: Eligibility
    lead: LeadQuery
    at_us: int
    lead_row: int


_Found = tuple[Ints, Sequence[Fact]]


def reasons(rules: Eligibility, lead: LeadQuery, at_us: int, lead_row: int = -1) -> list[Reason]:
    """Return all that speaks against partners, in the order of `Rule`; parameters as of `Eligibility.blocked`."""
    asked = _Asked(rules, lead, at_us, lead_row)
    found = []
    for rule, mask in rules.blocked(lead, at_us, lead_row).items():
        partners = np.flatnonzero(mask).astype(np.int64)
        which, facts = _FACTS.get(rule, _none)(asked, partners)
        found.append(Reason(rule, partners, which, facts))
    return found


def _same(partners: Ints, fact: Fact) -> _Found:
    return np.zeros(len(partners), dtype=np.int64), [fact]


def _none(_asked: _Asked, partners: Ints) -> _Found:
    return _same(partners, _NOTHING)


def _each(keys: npt.NDArray[np.int64], fact: Callable[[int], Fact]) -> _Found:
    """Facts by a number for each partner."""
    different, which = np.unique(keys, return_inverse=True)
    return which.astype(np.int64), [fact(key) for key in different.tolist()]


def _named(values: Iterable[Hashable], fact: Callable[[Hashable], Fact]) -> _Found:
    """Facts by a value for each partner that has no order."""
    places: dict[Hashable, int] = {}
    which = np.array([places.setdefault(value, len(places)) for value in values], dtype=np.int64)
    return which, [fact(value) for value in places]


def _agreement(asked: _Asked, partners: Ints) -> _Found:
    ended = asked.rules.agreements.ended(asked.at_us)[partners]
    last_day = np.where(ended == NEVER, NEVER, ended // DAY_US - 1)
    return _each(last_day, lambda day: _NOTHING if day == NEVER else (day,))


def _place(asked: _Asked, partners: Ints) -> _Found:
    country, region = asked.lead.country or "", asked.lead.region or ""
    part = region.removeprefix(f"{country}-")
    place = "-".join(filter(None, (country, part)))
    return _same(partners, (place,) if place else _NOTHING)


def _product(asked: _Asked, partners: Ints) -> _Found:
    return _same(partners, (asked.lead.product,) if asked.lead.product else _NOTHING)


def _courses(asked: _Asked, partners: Ints, *, expired: bool) -> _Found:
    """Courses that are missing, or whose certificates have expired, as bits of a number."""
    world = asked.rules.world
    courses = world.required.get(asked.lead.product or "", ())[:60]
    keys = np.zeros(len(partners), dtype=np.int64)
    for bit, course in enumerate(courses):
        now, ever = held(world.courses.get(course), asked.at_us, len(world.partner_ids))
        keys |= ((ever & ~now if expired else ~ever)[partners]).astype(np.int64) << bit
    return _each(keys, lambda key: (", ".join(name for bit, name in enumerate(courses) if key >> bit & 1),))


def _missing(asked: _Asked, partners: Ints) -> _Found:
    return _courses(asked, partners, expired=False)


def _expired(asked: _Asked, partners: Ints) -> _Found:
    return _courses(asked, partners, expired=True)


def _capacity(asked: _Asked, partners: Ints) -> _Found:
    open_ = asked.rules.open_leads(asked.at_us)[partners]
    most = asked.rules.profiles.values["max_open_leads"][partners]
    return _named(zip(open_.tolist(), most.tolist(), strict=True), lambda pair: pair)  # type: ignore[arg-type,return-value]


def _declined(asked: _Asked, partners: Ints) -> _Found:
    refused = asked.rules.refused.of_lead(asked.lead_row, asked.at_us)
    order = np.argsort(refused.at_us, kind="stable")
    last = {int(refused.partner[row]): row for row in order.tolist()}
    rows = [last[partner] for partner in partners.tolist()]
    return np.arange(len(rows)), [(_ANSWERS[refused.answer[row]], int(refused.at_us[row]) // DAY_US) for row in rows]


def _cooling(asked: _Asked, partners: Ints) -> _Found:
    terms = asked.rules.terms(asked.lead)
    refused = asked.rules.refused.expired(asked.at_us, terms.cool_down_us)
    last = np.zeros(len(asked.rules.world.partner_ids), dtype=np.int64)
    last[:] = -NEVER
    np.maximum.at(last, refused.partner, refused.at_us)
    return _named(
        ((at // DAY_US, (at + terms.cool_down_us) // DAY_US) for at in last[partners].tolist()),
        lambda days: days,  # type: ignore[arg-type,return-value]
    )


def _away(asked: _Asked, partners: Ints) -> _Found:
    who, until = asked.rules.away(asked.at_us)
    last = np.zeros(len(asked.rules.world.partner_ids), dtype=np.int64)
    np.maximum.at(last, who, until)
    days = np.where(last == NEVER, NEVER, last // DAY_US)[partners]
    return _each(days, lambda day: _NOTHING if day == NEVER else (day,))


def _language(asked: _Asked, partners: Ints) -> _Found:
    return _same(partners, (str(asked.lead.language),))


def _tier(asked: _Asked, partners: Ints) -> _Found:
    tiers = asked.rules.profiles.values["tier"][partners]
    return _named(tiers.tolist(), lambda tier: (str(tier),) if tier else _NOTHING)


def _distance(asked: _Asked, partners: Ints) -> _Found:
    most = asked.rules.terms(asked.lead).most_km
    return _each(np.ceil(asked.rules.kilometres(asked.lead)[partners]).astype(np.int64), lambda km: (km, most))


_FACTS: dict[Rule, Callable[[_Asked, Ints], _Found]] = {
    Rule.NO_AGREEMENT: _agreement,
    Rule.TERRITORY: _place,
    Rule.PRODUCT_NOT_COVERED: _product,
    Rule.CERTIFICATION_MISSING: _missing,
    Rule.CERTIFICATION_EXPIRED: _expired,
    Rule.AT_CAPACITY: _capacity,
    Rule.DECLINED_BEFORE: _declined,
    Rule.COOLING_DOWN: _cooling,
    Rule.AWAY: _away,
    Rule.LANGUAGE: _language,
    Rule.TIER: _tier,
    Rule.DISTANCE: _distance,
}
