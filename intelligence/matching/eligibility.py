"""Who may be offered a lead at an instant, and for everyone else the rules that speak against it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from domain.context import system_clock
from domain.routing import Rule
from domain.terms import AgreementStatus, PartnerStatus
from intelligence.features.pair_events import NEVER, cleared_at, micros, positions
from intelligence.features.pair_profiles import PartnerProfiles
from intelligence.features.pair_world import DAY_US, LeadQuery, PairWorld, held

if TYPE_CHECKING:
    from store.history import History

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

EVERYWHERE = "*"


SENTENCES: dict[Rule, str] = {
    Rule.NOT_ACTIVE: "The partner is not active.",
    Rule.NO_AGREEMENT: "The partner has no valid agreement.",
    Rule.TERRITORY: "The lead lies outside the partner's territories.",
    Rule.PRODUCT_NOT_COVERED: "The partner's agreement does not cover the product.",
    Rule.CERTIFICATION_MISSING: "The partner lacks a certification that the product requires.",
    Rule.CERTIFICATION_EXPIRED: "A certification that the product requires has expired.",
    Rule.AT_CAPACITY: "The partner has as many open leads as it takes.",
    Rule.DECLINED_BEFORE: "The partner has declined this lead.",
    Rule.EXCLUSIVE_TO_OTHER: "Another partner has exclusive rights there.",
    Rule.CONFLICT: "Another partner has an open deal with this customer.",
    Rule.COOLING_DOWN: "The partner let an offer expire lately.",
    Rule.AWAY: "The partner is away.",
    Rule.LANGUAGE: "The partner does not speak the customer's language.",
    Rule.TIER: "The partner's tier does not get these leads.",
    Rule.DISTANCE: "The partner is too far from the customer.",
}


def covers(territories: tuple[str, ...], country: str | None, region: str | None, *, surely: bool = False) -> bool:
    """Whether a place lies in the territories.

    Parameters
    ----------
    territories : tuple of str
        A country (``BR``), country and region (``BR-SP``), ``*`` for everywhere; none covers all.
    country, region : str, optional
        Of the lead; the region with or without its country. What is not known may be anything.
    surely : bool, default=False
        Whether it must lie there whatever is not known turns out to be.

    Examples
    --------
    >>> covers(("BR-SP", "AR"), "BR", "SP"), covers(("BR-SP",), "BR", None), covers(("BR-SP",), "BR", None, surely=True)
    (True, True, False)
    """
    if not territories:
        return True
    land, part = (country or "").casefold(), (region or "").casefold()
    part = part.removeprefix(f"{land}-") if land else part
    return any(_covers(token.strip().casefold(), land, part, surely) for token in territories)


def _covers(token: str, land: str, part: str, surely: bool) -> bool:
    if token == EVERYWHERE:
        return True
    token_land, _, token_part = token.partition("-")
    if not land and part.startswith(f"{token_land}-"):
        land, part = token_land, part.removeprefix(f"{token_land}-")
    same_land = token_land == land or (not land and not surely)
    return same_land and (not token_part or token_part == part or (not part and not surely))


@dataclass(frozen=True, eq=False)
class _Agreements:
    """Agreements with positions of partners; valid from `since` until before `until`."""

    partner: Ints
    known: Ints
    since: Ints
    until: Ints
    territories: list[tuple[str, ...]]
    products: list[tuple[str, ...]]
    exclusive: Bools
    ran_out: Bools
    ids: Ints


class Eligibility:
    """Rules of a programme as of instants that only move forward (profiles of a `PairState` may be shared).

    Parameters
    ----------
    world : PairWorld
        Partners, offers, deals and certificates.
    profiles : PartnerProfiles
        Advanced by the caller to the instant that is asked about.
    """

    def __init__(self, world: PairWorld, profiles: PartnerProfiles) -> None:
        self._world = world
        self._profiles = profiles
        self._n = len(world.partner_ids)
        self._agreements = _agreements(world.history, world.partner_ids)
        offers, deals = world.pairs.offers, world.pairs.deals
        columns = (offers["partner"], offers["offered"], cleared_at(offers, world.horizon_days))
        self._offers: tuple[Ints, Ints, Ints] = tuple(np.asarray(column, dtype=np.int64) for column in columns)  # type: ignore[assignment]
        declined = offers[offers["response"] == "declined"]
        self._declined = tuple(declined[name].to_numpy(np.int64) for name in ("partner", "responded"))
        self._deals = deals[~deals["status"].isin(["rejected", "expired"])].reset_index(drop=True)
        self._declined_of_lead = _rows_by(declined["lead"].to_numpy(np.int64))
        self._deals_of_customer = _rows_by(world.batch.customers[self._deals["lead"].to_numpy(np.int64)])
        self._deals_of_lead = _rows_by(self._deals["lead"].to_numpy(np.int64))
        self._deal_columns = {
            name: self._deals[name].to_numpy(np.int64) for name in ("partner", "registered", "closed", "lead")
        }
        self._product_of = world.batch.frame["product"].astype(object).where(world.batch.frame["product"].notna(), None)
        self._static: Bools | None = None
        self._places: dict[tuple[str | None, str | None, bool], Bools] = {}

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
            Rules that speak against nobody are left out.
        """
        found = {Rule.NOT_ACTIVE: self._not_active(), Rule.AT_CAPACITY: self._at_capacity(at_us)}
        found |= self._agreement_rules(lead, at_us)
        found |= self._certification_rules(lead, at_us)
        found[Rule.DECLINED_BEFORE] = self._declined_before(at_us, lead_row)
        found[Rule.CONFLICT] = self._conflict(lead, at_us, lead_row)
        return {rule: mask for rule, mask in found.items() if mask.any()}

    def allowed(self, lead: LeadQuery, at_us: int, lead_row: int = -1) -> Bools:
        """Eligible partners, shape (p,)."""
        allowed = np.ones(self._n, dtype=bool)
        for mask in self.blocked(lead, at_us, lead_row).values():
            allowed &= ~mask
        return allowed

    def open_leads(self, at_us: int) -> Ints:
        """Open leads of each partner: offered, and not turned down, closed or forgotten by then."""
        partner, since, until = self._offers
        here = (since <= at_us) & (at_us < until)
        return np.bincount(partner[here], minlength=self._n).astype(np.int64)

    def room(self, at_us: int) -> npt.NDArray[np.float64]:
        """How many more leads each partner takes; infinite where it sets no limit."""
        limit = self._profiles.values["max_open_leads"]
        return np.where(np.isnan(limit), np.inf, np.maximum(limit - self.open_leads(at_us), 0.0))

    def _not_active(self) -> Bools:
        return ~self._profiles.equals("status", PartnerStatus.ACTIVE)

    def _at_capacity(self, at_us: int) -> Bools:
        return self.room(at_us) < 1.0

    def _agreement_rules(self, lead: LeadQuery, at_us: int) -> dict[Rule, Bools]:
        agreements = self._agreements
        if not (agreements.known <= at_us).any():
            return {Rule.TERRITORY: ~self._territory_of_profile(lead)}
        rows = np.flatnonzero((agreements.since <= at_us) & (at_us < agreements.until) & self._signed(at_us))
        place = self._territory_of_agreements(lead, surely=False)[rows]
        product = np.array([_names(agreements.products[row], lead.product) for row in rows.tolist()], dtype=bool)
        valid, in_place, covered = (np.zeros(self._n, dtype=bool) for _ in range(3))
        valid[agreements.partner[rows]] = True
        in_place[agreements.partner[rows[place]]] = True
        covered[agreements.partner[rows[place & product]]] = True
        return {
            Rule.NO_AGREEMENT: ~valid,
            Rule.TERRITORY: valid & ~in_place,
            Rule.PRODUCT_NOT_COVERED: in_place & ~covered,
            Rule.EXCLUSIVE_TO_OTHER: self._exclusive(lead, rows),
        }

    def _signed(self, at_us: int) -> Bools:
        """Agreements whose status lets them hold; one without status counts as active.

        An agreement that has run out is marked as ended today without having been so then: where no history of its
        status says more, and its last day is past today, its dates rule.
        """
        if self._static is not None:
            return self._static
        ids = self._agreements.ids
        status = self._world.history.value_as_of("agreements", "status", ids, np.datetime64(at_us, "us"))
        ran_out = self._agreements.ran_out & (status == AgreementStatus.ENDED).to_numpy(bool)
        signed = ((status == AgreementStatus.ACTIVE) | status.isna()).to_numpy(bool) | ran_out
        if not (self._world.history.changes["resource"] == "agreements").any():
            self._static = signed
        return signed

    def _territory_of_profile(self, lead: LeadQuery) -> Bools:
        key = ("place", lead.country, lead.region)
        return self._profiles.mask("territories", key, lambda value: covers(value, lead.country, lead.region))

    def _territory_of_agreements(self, lead: LeadQuery, *, surely: bool) -> Bools:
        key = (lead.country, lead.region, surely)
        if key not in self._places:
            every = self._agreements.territories
            found = [covers(territories, lead.country, lead.region, surely=surely) for territories in every]
            self._places[key] = np.array(found, dtype=bool)
        return self._places[key]

    def _exclusive(self, lead: LeadQuery, valid: Ints) -> Bools:
        agreements = self._agreements
        rows = valid[agreements.exclusive[valid]]
        if not len(rows):
            return np.zeros(self._n, dtype=bool)
        rows = rows[self._territory_of_agreements(lead, surely=True)[rows]]
        rows = rows[[_names(agreements.products[row], lead.product, surely=True) for row in rows.tolist()]]
        owner = np.zeros(self._n, dtype=bool)
        owner[agreements.partner[rows]] = True
        return ~owner if owner.any() else owner

    def _certification_rules(self, lead: LeadQuery, at_us: int) -> dict[Rule, Bools]:
        missing, expired = (np.zeros(self._n, dtype=bool) for _ in range(2))
        for course in self._world.required.get(lead.product or "", ()):
            now, ever = held(self._world.courses.get(course), at_us, self._n)
            missing |= ~ever
            expired |= ever & ~now
        return {Rule.CERTIFICATION_MISSING: missing, Rule.CERTIFICATION_EXPIRED: expired}

    def _declined_before(self, at_us: int, lead_row: int) -> Bools:
        mask = np.zeros(self._n, dtype=bool)
        rows = self._declined_of_lead.get(lead_row, np.zeros(0, np.int64))
        partner, responded = self._declined
        mask[partner[rows[responded[rows] <= at_us]]] = True
        return mask

    def _conflict(self, lead: LeadQuery, at_us: int, lead_row: int) -> Bools:
        """Partners other than the one that has an open deal for the lead, or for the customer and no other product."""
        mask = np.zeros(self._n, dtype=bool)
        of_lead = self._deals_of_lead.get(lead_row, np.zeros(0, np.int64)) if lead_row >= 0 else np.zeros(0, np.int64)
        of_customer = self._deals_of_customer.get(lead.customer, np.zeros(0, np.int64))
        for row in np.union1d(of_lead, of_customer).astype(np.int64).tolist():
            deal = {name: int(values[row]) for name, values in self._deal_columns.items()}
            is_open = deal["registered"] <= at_us < deal["closed"]
            product = self._product_of.iloc[deal["lead"]]
            other = lead_row != deal["lead"] and None not in (product, lead.product) and product != lead.product
            if is_open and not other:
                others = np.ones(self._n, dtype=bool)
                others[deal["partner"]] = False
                mask |= others
        return mask


def _names(products: tuple[str, ...], wanted: str | None, *, surely: bool = False) -> bool:
    """Whether a list of products (none: all) holds the wanted one (none: any may be meant)."""
    return not products or wanted in products or (wanted is None and not surely)


def _rows_by(keys: Ints) -> dict[int, Ints]:
    """Group positions by key; negative keys are nobody's."""
    order = np.argsort(keys, kind="stable")
    values, starts = np.unique(keys[order], return_index=True)
    rows = np.split(order, starts[1:]) if len(values) else []
    return {int(value): part for value, part in zip(values, rows, strict=True) if value >= 0}


def _agreements(history: "History", partner_ids: Ints) -> _Agreements:
    frame = history.agreements
    since, to = micros(frame["valid_from"]), micros(frame["valid_to"])
    signed = micros(frame["signed_on"])
    changes = history.changes
    told = changes.loc[(changes["resource"] == "agreements") & (changes["field"] == "status"), "external_id"]
    exclusive: Any = frame["exclusive"].fillna(0.0).to_numpy(np.float64) > 0
    return _Agreements(
        positions(frame["partner_id"], partner_ids),
        np.minimum(since, signed),
        since,
        np.where(to == NEVER, NEVER, np.minimum(to, NEVER - DAY_US) + DAY_US),
        list(frame["territories"]),
        list(frame["products"]),
        exclusive,
        (to < system_clock().timestamp() * 1e6) & ~frame["external_id"].isin(told).to_numpy(bool),
        frame["id"].to_numpy(np.int64),
    )
