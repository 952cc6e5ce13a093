"""Fixed words of the field: the enumerations that the import format and the interface promise."""

from enum import StrEnum


class PartnerStatus(StrEnum):
    """Where a company stands in the programme, from first sight to the end of the relation."""

    PROSPECT = "prospect"
    APPLIED = "applied"
    ONBOARDING = "onboarding"
    ACTIVE = "active"
    INACTIVE = "inactive"
    ENDED = "ended"
    REJECTED = "rejected"


class PartnerKind(StrEnum):
    """How a partner does business with the vendor."""

    RESELLER = "reseller"
    DISTRIBUTOR = "distributor"
    VAR = "var"
    SI = "si"
    MSP = "msp"
    AGENCY = "agency"
    AFFILIATE = "affiliate"
    REFERRAL = "referral"
    BPO = "bpo"
    ISV = "isv"
    TECHNOLOGY = "technology"
    STRATEGIC = "strategic"
    OTHER = "other"


class AgreementStatus(StrEnum):
    """State of signed terms."""

    DRAFT = "draft"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    ENDED = "ended"


class AssignmentResponse(StrEnum):
    """A partner's answer to an offered lead; no answer yet is ``None``."""

    ACCEPTED = "accepted"
    DECLINED = "declined"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"


class DealStatus(StrEnum):
    """State of a deal registration."""

    SUBMITTED = "submitted"
    APPROVED = "approved"
    REJECTED = "rejected"
    EXPIRED = "expired"


class DealOutcome(StrEnum):
    """How a deal ended; an open deal has ``None``."""

    WON = "won"
    LOST = "lost"


class Evidence(StrEnum):
    """How much of the subject's own history a number rests on."""

    NONE = "none"
    THIN = "thin"
    ADEQUATE = "adequate"
    STRONG = "strong"


class Role(StrEnum):
    """What a caller may do; see docs/roles.md for the matrix."""

    ADMIN = "admin"
    RECRUITER = "recruiter"
    MANAGER = "manager"
    ROUTER = "router"
    ANALYST = "analyst"
    PARTNER = "partner"


class PartnerRole(StrEnum):
    """What a person of a partner may do within the role partner; see docs/roles.md."""

    PARTNER_ADMIN = "partner_admin"
    SELLER = "seller"
    LEARNER = "learner"


class UserStatus(StrEnum):
    """State of a person's account."""

    INVITED = "invited"
    ACTIVE = "active"
    DEACTIVATED = "deactivated"


class CriterionKind(StrEnum):
    """What a qualification criterion looks at."""

    REPUTATION = "reputation"
    RECORD = "record"
    VALUES = "values"
    AUDIENCE = "audience"
    MATURITY = "maturity"
    COMPLEMENTARY_PRODUCTS = "complementary_products"
    OTHER = "other"


class NoteKind(StrEnum):
    """What a note about a partner is."""

    NOTE = "note"
    INTERVIEW = "interview"
    CALL = "call"
    MEETING = "meeting"
    MESSAGE = "message"


class InterventionKind(StrEnum):
    """What was done so that a partner stays active."""

    CALL = "call"
    VISIT = "visit"
    TRAINING = "training"
    OFFER = "offer"
    PLAN = "plan"
    OTHER = "other"


class CommissionBase(StrEnum):
    """Which won deals of a customer a commission plan pays for."""

    EVERY = "every"
    FIRST_YEAR = "first_year"
    RENEWAL = "renewal"


class IncentiveKind(StrEnum):
    """What an incentive rewards."""

    EARLY_REGISTRATION = "early_registration"
    SPIFF = "spiff"
    OTHER = "other"


class LedgerKind(StrEnum):
    """Why an entry stands in the ledger."""

    COMMISSION = "commission"
    REWARD = "reward"
    FUND = "fund"
    ADJUSTMENT = "adjustment"
    REVERSAL = "reversal"
    PAYOUT = "payout"


class FundStatus(StrEnum):
    """State of a request for market development funds."""

    REQUESTED = "requested"
    APPROVED = "approved"
    REJECTED = "rejected"
    CLAIMED = "claimed"
    PAID = "paid"
    WITHDRAWN = "withdrawn"


class ReviewStatus(StrEnum):
    """State of a proposed change of tier."""

    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


class AppealStatus(StrEnum):
    """State of an appeal against a rejected registration."""

    OPEN = "open"
    UPHELD = "upheld"
    DISMISSED = "dismissed"


class PlanStatus(StrEnum):
    """State of a joint business plan."""

    DRAFT = "draft"
    AGREED = "agreed"
    CLOSED = "closed"


class ModelName(StrEnum):
    """The four models of the service."""

    FIT = "fit"
    CHURN = "churn"
    MATCH = "match"
    RECOMMEND = "recommend"


RECRUITABLE = (PartnerStatus.PROSPECT, PartnerStatus.APPLIED, PartnerStatus.ONBOARDING)
"""Statuses that fit scoring ranks."""


def evidence_level(n: int) -> Evidence:
    """Name how much own history stands behind a number.

    Parameters
    ----------
    n : int
        Own past outcomes or events of the subject.

    Examples
    --------
    >>> [str(evidence_level(n)) for n in (0, 3, 10, 200)]
    ['none', 'thin', 'adequate', 'strong']
    """
    if n <= 0:
        return Evidence.NONE
    if n < 10:
        return Evidence.THIN
    return Evidence.ADEQUATE if n < 50 else Evidence.STRONG


HIGH_RISK, MEDIUM_RISK = 0.5, 0.25
"""Probabilities of going silent from which a risk is called high, and medium."""


def risk_band(p: float) -> str:
    """Name the band of a probability of going silent.

    Examples
    --------
    >>> [risk_band(p) for p in (0.1, 0.25, 0.5)]
    ['low', 'medium', 'high']
    """
    return "high" if p >= HIGH_RISK else "medium" if p >= MEDIUM_RISK else "low"
