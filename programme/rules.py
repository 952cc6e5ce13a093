"""Which rules stand over which resource."""

from collections.abc import Mapping

from programme.agreement_rules import AGREEMENT_RULES
from programme.assignments import AssignmentRule
from programme.claim_rules import DealClaims, LeadKeys, RegistrationRule
from programme.fund_rules import FUND_RULES
from programme.goals import GoalRule
from programme.interventions import InterventionRule
from programme.listing_rules import ListingRule
from programme.money_rules import MONEY_RULES, DealMoney
from programme.notes import NoteRule
from programme.onboarding import CertificateTasks, StepRule, TaskRule
from programme.pipeline import PartnerPipeline
from programme.plans import PlanRule
from programme.qualification import CriterionRule, RatingRule
from programme.routing_hooks import DealRoutes, OverrideRule
from programme.routing_rules import ROUTING_RULES
from programme.rule import Rule
from programme.shortlists import ShortlistRule
from programme.surveys import FeedbackRule, SurveyRule
from programme.training_rules import CertificationRule, CourseRule, EnrolmentRule

RULES: Mapping[str, tuple[Rule, ...]] = {
    **MONEY_RULES,
    **AGREEMENT_RULES,
    **FUND_RULES,
    **ROUTING_RULES,
    "deals": (DealClaims(), DealMoney(), DealRoutes()),  # first: it knows decisions of its services by their class
    "leads": (LeadKeys(),),
    "registrations": (RegistrationRule(),),
    "assignments": (AssignmentRule(),),
    "routing_overrides": (OverrideRule(),),
    "partners": (PartnerPipeline(),),  # first: it knows a change that somebody answers for by its class
    "criteria": (CriterionRule(),),
    "ratings": (RatingRule(),),
    "onboarding_steps": (StepRule(),),
    "tasks": (TaskRule(),),
    "goals": (GoalRule(),),
    "plans": (PlanRule(),),
    "surveys": (SurveyRule(),),
    "feedback": (FeedbackRule(),),
    "certifications": (CertificationRule(), CertificateTasks()),
    "courses": (CourseRule(),),
    "enrolments": (EnrolmentRule(),),
    "notes": (NoteRule(),),
    "shortlist_entries": (ShortlistRule(),),
    "interventions": (InterventionRule(),),
    "listings": (ListingRule(),),
}
"""Rules by resource, each asked in turn; a resource that is not named has none."""
