"""Who may be offered a lead at an instant, and for everyone else the rules that speak against it."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from domain.routing import Policies, RoutingPolicy, Rule
from domain.terms import PartnerStatus
from intelligence.features.pair_events import cleared_at, positions
from intelligence.features.pair_profiles import PartnerProfiles, distance_km
from intelligence.features.pair_world import DAY_US, LeadQuery, PairWorld, held
from intelligence.matching.agreements import Agreements, Standing, covers
from intelligence.matching.claims import OpenClaims
from intelligence.matching.refused import RefusedOffers
from store.absences import Absences

__all__ = ["Eligibility", "Terms", "covers"]

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_BY_AGREEMENT = frozenset({Rule.NO_AGREEMENT, Rule.TERRITORY, Rule.PRODUCT_NOT_COVERED, Rule.EXCLUSIVE_TO_OTHER})


@dataclass(frozen=True)
class Terms:
    """What a policy says of eligibility, ready to be asked.

    Parameters
    ----------
    enforced : frozenset of Rule
        Rules that exclude.
    cool_down_us : int
        Microseconds after an expired offer; 0: none.
    tiers : frozenset of str
        Eligible tiers in small letters.
    most_km : float
        Kilometres at most.
    """

    enforced: frozenset[Rule]
    cool_down_us: int
    tiers: frozenset[str]
    most_km: float

    @classmethod
    def of(cls, policy: RoutingPolicy) -> "Terms":
        """Return the terms of a policy."""
        cool_down, distance = policy.setting(Rule.COOLING_DOWN).number, policy.setting(Rule.DISTANCE).number
        days = policy.cool_down_days if cool_down is None else cool_down
        enforced = {rule for rule in Rule if policy.setting(rule).enforced}
        return cls(
            frozenset(enforced if days > 0 else enforced - {Rule.COOLING_DOWN}),
            int(days * DAY_US),
            frozenset(name.strip().casefold() for name in policy.setting(Rule.TIER).names),
            np.inf if distance is None else float(distance),
        )


class Eligibility:
    """Rules of programmes as of instants that only move forward (profiles of a `PairState` may be shared).

    Parameters
    ----------
    world : PairWorld
        Partners, offers, deals and certificates.
    profiles : PartnerProfiles
        Advanced by the caller to the instant that is asked about.
    policies : Policies, optional
        Which rules hold for leads of which programme; the default ones where nothing is given.
    absences : Absences, optional
        When partners are away.
    """

    def __init__(
        self,
        world: PairWorld,
        profiles: PartnerProfiles,
        policies: Policies | None = None,
        absences: Absences | None = None,
    ) -> None:
        self.world = world
        self.profiles = profiles
        self._policies = policies or Policies()
        self._terms: dict[str | None, Terms] = {}
        self._n = len(world.partner_ids)
        self.agreements = Agreements(world.history, world.partner_ids)
        offers = world.pairs.offers
        columns = (offers["partner"], offers["offered"], cleared_at(offers, world.horizon_days))
        self._offers: tuple[Ints, Ints, Ints] = tuple(np.asarray(column, dtype=np.int64) for column in columns)  # type: ignore[assignment]
        self.refused = RefusedOffers(offers)
        self._claims: OpenClaims | None = None
        self._open: tuple[int, Ints] | None = None
        self._absences = absences or Absences.none()
        self._absent: Ints = positions(self._absences.partner_ids, world.partner_ids)

    def terms(self, lead: LeadQuery) -> Terms:
        """Return the rules for a lead: of its programme's policy, the general one where it names none."""
        policy = self._policies.of(lead.program)
        found = self._terms.get(policy.program)
        if found is None:
            found = self._terms[policy.program] = Terms.of(policy)
        return found

    def blocked(self, lead: LeadQuery, at_us: int, lead_row: int = -1) -> dict[Rule, Bools]:
        """Which partners each rule speaks against.

        Parameters
        ----------
        lead : LeadQuery
            The lead.
        at_us : int
            Instant, microseconds since 1970; what happened by then counts.
        lead_row : int, default=-1
            Row of the lead in the world's table, -1 if it is not in the store: earlier answers and deals of it count.

        Returns
        -------
        dict of Rule to bool array of shape (p,)
            In the order of `Rule`; rules that speak against nobody are left out.
        """
        found = {rule: mask for rule, mask in self._masks(lead, at_us, lead_row) if mask.any()}
        return {rule: found[rule] for rule in Rule if rule in found}

    def allowed(self, lead: LeadQuery, at_us: int, lead_row: int = -1) -> Bools:
        """Eligible partners, shape (p,)."""
        against = np.zeros(self._n, dtype=bool)
        for _, mask in self._masks(lead, at_us, lead_row):
            against |= mask
        return ~against

    def open_leads(self, at_us: int) -> Ints:
        """Open leads of each partner: offered, and not turned down, closed or forgotten by then."""
        if self._open is None or self._open[0] != at_us:
            partner, since, until = self._offers
            here = (since <= at_us) & (at_us < until)
            self._open = at_us, np.bincount(partner[here], minlength=self._n).astype(np.int64)
        return self._open[1]

    def room(self, at_us: int) -> Floats:
        """How many more leads each partner takes; infinite where it sets no limit."""
        limit = self.profiles.values["max_open_leads"]
        return np.where(np.isnan(limit), np.inf, np.maximum(limit - self.open_leads(at_us), 0.0))

    def away(self, at_us: int) -> tuple[Ints, Ints]:
        """Return partners that are away at an instant, a row for each absence, and until when."""
        here = (self._absences.since_us <= at_us) & (at_us < self._absences.until_us) & (self._absent >= 0)
        return self._absent[here], self._absences.until_us[here]

    def kilometres(self, lead: LeadQuery) -> Floats:
        """How far each partner is from a lead, NaN where a place is not known."""
        values = self.profiles.values
        return distance_km(values["latitude"], values["longitude"], lead.latitude, lead.longitude)

    def _masks(self, lead: LeadQuery, at_us: int, lead_row: int) -> Iterator[tuple[Rule, Bools]]:
        """Partners that each enforced rule speaks against."""
        terms = self.terms(lead)
        rules = terms.enforced
        if Rule.NOT_ACTIVE in rules:
            yield Rule.NOT_ACTIVE, ~self.profiles.equals("status", PartnerStatus.ACTIVE)
        if rules & _BY_AGREEMENT:
            yield from self._by_agreement(lead, at_us, rules)
        yield from self._by_certification(lead, at_us, rules)
        if Rule.AT_CAPACITY in rules:
            yield Rule.AT_CAPACITY, self.room(at_us) < 1.0
        if Rule.DECLINED_BEFORE in rules and lead_row >= 0:
            yield Rule.DECLINED_BEFORE, self._having(self.refused.of_lead(lead_row, at_us).partner)
        if Rule.CONFLICT in rules:
            if self._claims is None:
                self._claims = OpenClaims(self.world, at_us)
            yield Rule.CONFLICT, self._claims.in_the_way(lead, at_us, lead_row)
        if Rule.COOLING_DOWN in rules:
            yield Rule.COOLING_DOWN, self._having(self.refused.expired(at_us, terms.cool_down_us).partner)
        if Rule.AWAY in rules and len(self._absences):
            yield Rule.AWAY, self._having(self.away(at_us)[0])
        yield from self._by_profile(lead, terms)

    def _having(self, partners: Ints) -> Bools:
        mask = np.zeros(self._n, dtype=bool)
        mask[partners] = True
        return mask

    def _by_agreement(self, lead: LeadQuery, at_us: int, rules: frozenset[Rule]) -> Iterator[tuple[Rule, Bools]]:
        if not self.agreements.any_known(at_us):
            if Rule.TERRITORY in rules:
                yield Rule.TERRITORY, ~self._territory_of_profile(lead)
            return
        found = self.agreements.standing(lead, at_us, by_place=Rule.TERRITORY in rules)
        if Rule.NO_AGREEMENT in rules:
            yield Rule.NO_AGREEMENT, ~found.valid
        if Rule.TERRITORY in rules:
            yield Rule.TERRITORY, self._out_of_place(lead, found, rules)
        if Rule.PRODUCT_NOT_COVERED in rules:
            yield (
                Rule.PRODUCT_NOT_COVERED,
                (found.in_place if Rule.TERRITORY in rules else found.valid) & ~found.covered,
            )
        if Rule.EXCLUSIVE_TO_OTHER in rules and found.owner.any():
            yield Rule.EXCLUSIVE_TO_OTHER, ~found.owner

    def _out_of_place(self, lead: LeadQuery, found: Standing, rules: frozenset[Rule]) -> Bools:
        """By agreements; where none is asked for, by the profile of those that have none."""
        outside = found.valid & ~found.in_place
        return outside if Rule.NO_AGREEMENT in rules else outside | (~found.valid & ~self._territory_of_profile(lead))

    def _territory_of_profile(self, lead: LeadQuery) -> Bools:
        key = ("place", lead.country, lead.region)
        return self.profiles.mask("territories", key, lambda value: covers(value, lead.country, lead.region))

    def _by_certification(self, lead: LeadQuery, at_us: int, rules: frozenset[Rule]) -> Iterator[tuple[Rule, Bools]]:
        courses = self.world.required.get(lead.product or "", ())
        if not courses:
            return
        missing, expired = (np.zeros(self._n, dtype=bool) for _ in range(2))
        for course in courses:
            now, ever = held(self.world.courses.get(course), at_us, self._n)
            missing |= ~ever
            expired |= ever & ~now
        if Rule.CERTIFICATION_MISSING in rules:
            yield Rule.CERTIFICATION_MISSING, missing
        if Rule.CERTIFICATION_EXPIRED in rules:
            yield Rule.CERTIFICATION_EXPIRED, expired

    def _by_profile(self, lead: LeadQuery, terms: Terms) -> Iterator[tuple[Rule, Bools]]:
        if Rule.LANGUAGE in terms.enforced and lead.language is not None:
            wanted = tongue(lead.language)
            mask = self.profiles.mask("languages", ("speaks", wanted), lambda known: _speaks(known, wanted))
            yield Rule.LANGUAGE, ~mask
        if Rule.TIER in terms.enforced:
            tiers = terms.tiers
            yield Rule.TIER, ~self.profiles.mask("tier", ("among", tiers), lambda tier: _folded(tier) in tiers)
        if Rule.DISTANCE in terms.enforced:
            yield Rule.DISTANCE, self.kilometres(lead) > terms.most_km


def tongue(language: object) -> str:
    """Return what tells one language from another: of a tag such as ``pt-BR`` its first part, in small letters.

    Examples
    --------
    >>> tongue("pt-BR"), tongue("Serbo-Croatian")
    ('pt', 'serbo-croatian')
    """
    name = _folded(str(language))
    first = name.replace("_", "-").partition("-")[0]
    return first if len(first) in (2, 3) else name


def _speaks(known: tuple[str, ...], wanted: str) -> bool:
    return not known or any(tongue(language) == wanted for language in known)


def _folded(text: str | None) -> str:
    return (text or "").strip().casefold()
