"""Which resources stand under /v1, and who may read and write each: the one table of it."""

from dataclasses import dataclass

from domain.resources import RESOURCES, Resource
from domain.terms import PartnerStatus, Role

EVERYBODY = tuple(Role)
STAFF = (Role.RECRUITER, Role.MANAGER, Role.ANALYST, Role.ROUTER)
_MANAGER = (Role.MANAGER,)
_RECRUITERS = (Role.RECRUITER, Role.MANAGER)
_MACHINES = (*_RECRUITERS, Role.ROUTER)

PROSPECT_STATUSES = (
    PartnerStatus.PROSPECT,
    PartnerStatus.APPLIED,
    PartnerStatus.ONBOARDING,
    PartnerStatus.REJECTED,
)
"""Statuses of the companies under /prospects."""


@dataclass(frozen=True)
class Exposure:
    """A resource under /v1.

    Parameters
    ----------
    path : str
        First part of its paths.
    singular : str
        For the names of operations.
    writers : tuple of Role
        Who may create and change rows, besides admin; none: written by the service's own endpoints only.
    table : str, optional
        The resource, when it is not called like the path.
    personal : bool, default=False
        Whether rows say something about persons: each read is written into the audit trail.
    own_create : bool, default=False
        Whether the POST that creates a row stands in a module of its own.
    staff_only : bool, default=False
        Whether partners may not read them: they belong to no partner and are nobody's business.
    own_remove : bool, default=False
        Whether partners may delete their own, as far as its rules let them.
    """

    path: str
    singular: str
    writers: tuple[Role, ...] = ()
    table: str = ""
    personal: bool = False
    own_create: bool = False
    staff_only: bool = False
    own_remove: bool = False

    @property
    def resource(self) -> Resource:
        """Its columns."""
        return RESOURCES[self.table or self.path.replace("-", "_")]

    @property
    def readers(self) -> tuple[Role, ...]:
        """Who may read rows, besides admin; which rows, says the store."""
        return STAFF if self.staff_only or self.resource.hidden_from_partner else EVERYBODY

    @property
    def removers(self) -> tuple[Role, ...]:
        """Who may delete rows: writers that are people of the vendor, and partners where it says so."""
        own = (Role.PARTNER,) if self.own_remove else ()
        return tuple(role for role in self.writers if role in (*_RECRUITERS, *own))


EXPOSED = (
    Exposure("programs", "program", _MANAGER),
    Exposure("program-rules", "program_rule", _MANAGER),
    Exposure("tiers", "tier", _MANAGER),
    Exposure("products", "product", _MANAGER),
    Exposure("partners", "partner", _RECRUITERS),
    Exposure("prospects", "prospect", _RECRUITERS, table="partners"),
    Exposure("contacts", "contact", (*_RECRUITERS, Role.PARTNER), personal=True),
    Exposure("agreements", "agreement", _RECRUITERS),
    Exposure("terms", "term", _MANAGER),
    Exposure("certifications", "certification", _RECRUITERS),
    Exposure("courses", "course", _MANAGER),
    Exposure("enrolments", "enrolment", (*_RECRUITERS, Role.PARTNER)),
    Exposure("criteria", "criterion", _RECRUITERS),
    Exposure("ratings", "rating", _RECRUITERS),
    Exposure("stage-changes", "stage_change"),
    Exposure("onboarding-steps", "onboarding_step", _RECRUITERS),
    Exposure("tasks", "task", _RECRUITERS),
    Exposure("leads", "lead", _MACHINES, personal=True),
    Exposure("assignments", "assignment", (Role.MANAGER, Role.ROUTER), own_create=True),
    Exposure("deals", "deal", _MACHINES),
    Exposure("registrations", "registration"),
    Exposure("activities", "activity", _MACHINES),
    Exposure("assets", "asset", _MANAGER),
    Exposure("offers", "offer", _MANAGER),
    Exposure("feedback", "feedback_entry", _RECRUITERS),
    Exposure("surveys", "survey", _MANAGER),
    Exposure("goals", "goal", _MANAGER),
    Exposure("plans", "plan", (Role.MANAGER, Role.PARTNER)),
    Exposure("notes", "note", (*_RECRUITERS, Role.PARTNER), personal=True),
    Exposure("commission-plans", "commission_plan", _MANAGER, staff_only=True),
    Exposure("commission-bands", "commission_band", _MANAGER, staff_only=True),
    Exposure("commission-shares", "commission_share", _MANAGER),
    Exposure("incentives", "incentive", _MANAGER),
    Exposure("ledger", "ledger_entry"),
    Exposure("statements", "statement"),
    Exposure("fund-requests", "fund_request", (Role.MANAGER, Role.PARTNER)),
    Exposure("tier-reviews", "tier_review"),
    Exposure("costs", "cost", _MANAGER),
    Exposure("routing-policies", "routing_policy", _MANAGER),
    Exposure("routing-rules", "routing_rule", _MANAGER),
    Exposure("routing-limits", "routing_limit", _MANAGER),
    Exposure("routing-overrides", "routing_override", _MANAGER),
    Exposure("absences", "absence", (*_RECRUITERS, Role.PARTNER), own_remove=True),
    Exposure("shortlist-entries", "shortlist_entry", _RECRUITERS, staff_only=True),
    Exposure("interventions", "intervention", _RECRUITERS, staff_only=True),
    Exposure("listings", "listing", (*_RECRUITERS, Role.PARTNER)),
)
"""In the order of the documentation."""
