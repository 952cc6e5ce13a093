"""What is sent and answered. Made from the OpenAPI document by `make openapi`; not to be edited."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict


class Absence(TypedDict):
    """Absence."""

    id: int
    partner: NotRequired[str | None]
    since: NotRequired[str | None]
    until: NotRequired[str | None]
    reason: NotRequired[str | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]
    row_version: int
    row_created_at: str
    row_updated_at: str


class AbsenceCreate(TypedDict):
    """AbsenceCreate."""

    partner: str
    since: str
    until: NotRequired[str | None]
    reason: NotRequired[str | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]


class AbsencePage(TypedDict):
    """AbsencePage."""

    items: list[Absence]
    next_cursor: str | None


class AbsencePatch(TypedDict):
    """AbsencePatch."""

    partner: NotRequired[str | None]
    since: NotRequired[str | None]
    until: NotRequired[str | None]
    reason: NotRequired[str | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]


class Acceptance(TypedDict):
    """The one-time token of an invitation, and the password that it sets."""

    token: str
    password: str


class Activity(TypedDict):
    """Activity."""

    id: int
    partner: NotRequired[str | None]
    occurred_at: NotRequired[str | None]
    kind: NotRequired[str | None]
    asset: NotRequired[str | None]
    offer: NotRequired[str | None]
    deal: NotRequired[str | None]
    contact: NotRequired[str | None]
    quantity: NotRequired[float | None]
    amount: NotRequired[float | None]
    recorded_at: NotRequired[str | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]


class ActivityCreate(TypedDict):
    """ActivityCreate."""

    partner: str
    occurred_at: str
    kind: str
    asset: NotRequired[str | None]
    offer: NotRequired[str | None]
    deal: NotRequired[str | None]
    contact: NotRequired[str | None]
    quantity: NotRequired[float | None]
    amount: NotRequired[float | str | None]
    recorded_at: NotRequired[str | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]


class ActivityPage(TypedDict):
    """ActivityPage."""

    items: list[Activity]
    next_cursor: str | None


class AdjustmentRequest(TypedDict):
    """An entry by hand."""

    partner: str
    credit: NotRequired[float | str | None]
    debit: NotRequired[float | str | None]
    currency: NotRequired[str | None]
    earned_on: NotRequired[str | None]
    reason: str


class Agreement(TypedDict):
    """Agreement."""

    id: int
    external_id: NotRequired[str | None]
    partner: NotRequired[str | None]
    status: NotRequired[Literal["draft", "active", "suspended", "ended"] | None]
    signed_on: NotRequired[str | None]
    valid_from: NotRequired[str | None]
    valid_to: NotRequired[str | None]
    territories: NotRequired[list[str] | None]
    products: NotRequired[list[str] | None]
    commission_rate: NotRequired[float | None]
    exclusive: NotRequired[bool | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]
    row_version: int
    row_created_at: str
    row_updated_at: str


class AgreementCreate(TypedDict):
    """AgreementCreate."""

    external_id: str
    partner: str
    status: NotRequired[Literal["draft", "active", "suspended", "ended"] | None]
    signed_on: NotRequired[str | None]
    valid_from: str
    valid_to: NotRequired[str | None]
    territories: NotRequired[list[str] | None]
    products: NotRequired[list[str] | None]
    commission_rate: NotRequired[float | None]
    exclusive: NotRequired[bool | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]


class AgreementEvent(TypedDict):
    """What changed of an agreement at an instant."""

    changed_at: str
    status: str | None
    reason: str | None
    fields: dict[str, str | None]


class AgreementHistory(TypedDict):
    """What changed of an agreement, the latest first."""

    agreement: str
    items: list[AgreementEvent]


class AgreementPage(TypedDict):
    """AgreementPage."""

    items: list[Agreement]
    next_cursor: str | None


class AgreementPatch(TypedDict):
    """AgreementPatch."""

    external_id: NotRequired[str | None]
    partner: NotRequired[str | None]
    status: NotRequired[Literal["draft", "active", "suspended", "ended"] | None]
    signed_on: NotRequired[str | None]
    valid_from: NotRequired[str | None]
    valid_to: NotRequired[str | None]
    territories: NotRequired[list[str] | None]
    products: NotRequired[list[str] | None]
    commission_rate: NotRequired[float | None]
    exclusive: NotRequired[bool | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]


class AlertAnswer(TypedDict):
    """Something that asks for attention."""

    id: int
    kind: str
    severity: Literal["info", "warning", "critical"]
    partner: str | None
    resource: str
    key: str | None
    message: str
    details: dict[str, Any]
    created_at: str
    read_at: str | None
    resolved_at: str | None
    resolved_by: str | None


class AlertPage(TypedDict):
    """Some alerts, and the cursor of the next page."""

    items: list[AlertAnswer]
    next_cursor: str | None


class AllocatedLead(TypedDict):
    """A lead and the partner that it is given to."""

    lead: str
    partner: str
    p_win: float
    low: float
    high: float
    expected_amount: float | None
    value: float | None
    evidence: Evidence
    n: int
    reasons: list[str]


class AllocationAnswer(TypedDict):
    """A list of leads given to partners; stored under ``allocation_id``."""

    allocation_id: str
    as_of: str
    by: Literal["p_win", "value"]
    model_version: str
    leads: int
    items: list[AllocatedLead]
    unassigned: list[UnassignedLead]
    expected_value: float
    bound: float
    limits: list[LimitCost]
    limits_cost: float
    capacity: CapacityCost
    offered: bool


class AllocationRequest(TypedDict):
    """Which leads to give to partners, and how."""

    lead_ids: NotRequired[list[str] | None]
    leads: NotRequired[list[LeadInput] | None]
    as_of: NotRequired[str | None]
    by: NotRequired[Literal["p_win", "value"] | None]
    offer: NotRequired[bool]


class AppealDecision(TypedDict):
    """How an appeal is decided: the partner reads the reason."""

    decision: Literal["upheld", "dismissed"]
    reason: str
    distinct_from: NotRequired[list[str]]


class AppealInput(TypedDict):
    """Why a rejection should be looked at again."""

    reason: str


class Approval(TypedDict):
    """Why a registration is approved, and what only resembles it."""

    reason: NotRequired[str | None]
    distinct_from: NotRequired[list[str]]


class Asset(TypedDict):
    """Asset."""

    id: int
    external_id: NotRequired[str | None]
    title: NotRequired[str | None]
    kind: NotRequired[str | None]
    body: NotRequired[str | None]
    language: NotRequired[str | None]
    topics: NotRequired[list[str] | None]
    products: NotRequired[list[str] | None]
    countries: NotRequired[list[str] | None]
    min_tier: NotRequired[str | None]
    published_at: NotRequired[str | None]
    expires_at: NotRequired[str | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]
    row_version: int
    row_created_at: str
    row_updated_at: str


class AssetCreate(TypedDict):
    """AssetCreate."""

    external_id: str
    title: str
    kind: NotRequired[str | None]
    body: NotRequired[str | None]
    language: NotRequired[str | None]
    topics: NotRequired[list[str] | None]
    products: NotRequired[list[str] | None]
    countries: NotRequired[list[str] | None]
    min_tier: NotRequired[str | None]
    published_at: NotRequired[str | None]
    expires_at: NotRequired[str | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]


class AssetPage(TypedDict):
    """AssetPage."""

    items: list[Asset]
    next_cursor: str | None


class AssetPatch(TypedDict):
    """AssetPatch."""

    external_id: NotRequired[str | None]
    title: NotRequired[str | None]
    kind: NotRequired[str | None]
    body: NotRequired[str | None]
    language: NotRequired[str | None]
    topics: NotRequired[list[str] | None]
    products: NotRequired[list[str] | None]
    countries: NotRequired[list[str] | None]
    min_tier: NotRequired[str | None]
    published_at: NotRequired[str | None]
    expires_at: NotRequired[str | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]


class Assignment(TypedDict):
    """Assignment."""

    id: int
    lead: NotRequired[str | None]
    partner: NotRequired[str | None]
    offered_at: NotRequired[str | None]
    response: NotRequired[Literal["accepted", "declined", "expired", "withdrawn"] | None]
    responded_at: NotRequired[str | None]
    decline_reason: NotRequired[str | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]
    row_version: int
    row_created_at: str
    row_updated_at: str


class AssignmentPage(TypedDict):
    """AssignmentPage."""

    items: list[Assignment]
    next_cursor: str | None


class AssignmentPatch(TypedDict):
    """AssignmentPatch."""

    lead: NotRequired[str | None]
    partner: NotRequired[str | None]
    offered_at: NotRequired[str | None]
    response: NotRequired[Literal["accepted", "declined", "expired", "withdrawn"] | None]
    responded_at: NotRequired[str | None]
    decline_reason: NotRequired[str | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]


AssignmentResponse = Literal["accepted", "declined", "expired", "withdrawn"]
"""A partner's answer to an offered lead; no answer yet is ``None``."""


class AuditEntry(TypedDict):
    """One entry."""

    seq: int
    at: str
    actor: str
    actor_name: str | None
    role: str
    action: str
    resource: str
    key: str | None
    partner_id: int | None
    details: dict[str, Any] | None
    is_erased: bool
    previous_hash: str
    hash: str


class AuditPage(TypedDict):
    """Some entries, and the cursor of the next page."""

    items: list[AuditEntry]
    next_cursor: str | None


class BalanceAnswer(TypedDict):
    """What a partner is owed, per currency: amounts of different ones are never added."""

    partner: str
    items: list[CurrencyBalance]


class BehindRow(TypedDict):
    """A row that a figure is counted from."""

    resource: str
    key: str | None
    words: str | None
    partner: str | None
    at: str | None
    above: float
    below: float


class BesideOthers(TypedDict):
    """Partners after an action beside comparable ones without: an association, no proof that the action made it."""

    days: int
    cases: int
    compared: int
    active_share: float | None
    active_share_beside: float | None
    difference: float | None
    low: float | None
    high: float | None


class Body_start_import(TypedDict):
    """Body_start_import."""

    files: list[str]


class BookedEntry(TypedDict):
    """What stands in the ledger for a deal."""

    external_id: str
    partner: str
    kind: str | None
    credit: float | None
    debit: float | None
    currency: str | None
    earned_on: str
    booked_at: str | None
    plan: str | None
    incentive: str | None
    rate: float | None
    share: float | None
    reverses: str | None
    explanation: str | None


class BulkRequest(TypedDict):
    """Rows to be created or changed."""

    items: list[dict[str, Any]]
    dry_run: NotRequired[bool]
    on_error: NotRequired[Literal["skip", "abort"]]


class BulkResult(TypedDict):
    """What became of the rows, in the order of the request."""

    kept: bool
    created: int
    changed: int
    unchanged: int
    failed: int
    results: list[RowResult]


class Candidate(TypedDict):
    """One partner for the lead."""

    partner: str
    rank: int
    p_win: float
    low: float
    high: float
    expected_amount: float | None
    evidence: Evidence
    n: int
    base: float
    factors: list[Factor]
    similar_wins: list[SimilarWin]
    propensity: float
    p_accept: NotRequired[float | None]
    p_win_if_accepted: NotRequired[float | None]
    margin: NotRequired[float | None]
    value: NotRequired[float | None]
    lift: NotRequired[float | None]
    shadow_price: NotRequired[float]


class CapacityCost(TypedDict):
    """What want of room costs."""

    value_without: float
    value: float
    cost: float
    unassigned: int
    full_partners: int


Certainty = Literal["same", "likely", "possible"]
"""How surely two claims are on the same customer."""


class Certification(TypedDict):
    """Certification."""

    id: int
    partner: NotRequired[str | None]
    course: NotRequired[str | None]
    passed_on: NotRequired[str | None]
    expires_on: NotRequired[str | None]
    contact: NotRequired[str | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]
    row_version: int
    row_created_at: str
    row_updated_at: str


class CertificationCreate(TypedDict):
    """CertificationCreate."""

    partner: str
    course: str
    passed_on: str
    expires_on: NotRequired[str | None]
    contact: NotRequired[str | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]


class CertificationPage(TypedDict):
    """CertificationPage."""

    items: list[Certification]
    next_cursor: str | None


class CertificationPatch(TypedDict):
    """CertificationPatch."""

    partner: NotRequired[str | None]
    course: NotRequired[str | None]
    passed_on: NotRequired[str | None]
    expires_on: NotRequired[str | None]
    contact: NotRequired[str | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]


class ChanceAnswer(TypedDict):
    """A change of the partner's own, and what it would have made of its places."""

    change: str
    what: str
    better: int
    first_more: int
    of: int
    text: str


class CheckAnswer(TypedDict):
    """What a registration of this customer would meet."""

    checked_at: str
    is_clear: bool
    findings: list[ClaimFinding]


class ChecklistItem(TypedDict):
    """A step of a partner's onboarding, or another task of its."""

    step: str | None
    task: str | None
    title: str
    course: str | None
    owner: str | None
    required: bool
    due_on: str | None
    done_at: str | None
    done: bool
    overdue: bool


class ChurnRisk(TypedDict):
    """One partner of the risk list."""

    partner: str
    name: str
    as_of: str
    horizon_days: int
    p_inactive: float
    low: float
    high: float
    band: str
    trend: float | str | None
    revenue_at_risk: float | None
    account_manager: str | None
    evidence: Evidence
    n: int
    reasons: list[str]
    facts: PartnerFacts
    base: float
    factors: list[Factor]
    model_version: str


class ChurnRiskList(TypedDict):
    """The risk list and what to expect of it."""

    as_of: str
    horizon_days: int
    expected_precision: float | None
    revenue_at_risk: float
    items: list[ChurnRisk]


class ClaimFinding(TypedDict):
    """Another claim on what may be the same customer. Who made it, and what it is worth, only staff reads."""

    kind: FindingKind
    certainty: Certainty
    similarity: float
    matched: list[Matched]
    state: ClaimState | None
    claimed_at: str | None
    is_first: bool
    holds: bool
    is_own: bool
    text: str
    resource: NotRequired[Literal["deals", "leads"] | None]
    external_id: NotRequired[str | None]
    partner: NotRequired[str | None]
    partner_name: NotRequired[str | None]
    amount: NotRequired[str | None]
    currency: NotRequired[str | None]
    protected_until: NotRequired[str | None]


ClaimState = Literal["submitted", "approved", "unprotected", "won", "accepted", "offered", "known"]
"""Where another claim stands."""


class CohortAnswer(TypedDict):
    """Partners recruited in one quarter."""

    start: str
    partners: int
    cells: list[CohortCell]


class CohortCell(TypedDict):
    """A quarter of a cohort."""

    quarter: int
    revenue: float
    cumulative: float
    active: int
    is_whole: bool


class CohortsAnswer(TypedDict):
    """Partners by quarter of recruitment, and what they brought in each quarter since."""

    as_of: str
    currency: str
    items: list[CohortAnswer]


class CommissionAnswer(TypedDict):
    """How a commission comes about."""

    reason: str
    amount: float
    currency: str | None
    base_amount: float | None
    earned_on: str | None
    plan: str | None
    agreement: str | None
    rate: float | None
    volume: float | None
    steps: list[CommissionStep]
    parts: list[CommissionPart]
    passed: list[PassedPlan]


class CommissionBand(TypedDict):
    """CommissionBand."""

    id: int
    plan: NotRequired[str | None]
    from_amount: NotRequired[float | None]
    rate: NotRequired[float | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]
    row_version: int
    row_created_at: str
    row_updated_at: str


class CommissionBandCreate(TypedDict):
    """CommissionBandCreate."""

    plan: str
    from_amount: float | str
    rate: float
    attributes: NotRequired[dict[str, str | float | bool | None]]


class CommissionBandPage(TypedDict):
    """CommissionBandPage."""

    items: list[CommissionBand]
    next_cursor: str | None


class CommissionBandPatch(TypedDict):
    """CommissionBandPatch."""

    plan: NotRequired[str | None]
    from_amount: NotRequired[float | str | None]
    rate: NotRequired[float | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]


class CommissionPart(TypedDict):
    """What a partner gets of it."""

    partner: str
    share: float
    credit: float


class CommissionPlan(TypedDict):
    """CommissionPlan."""

    id: int
    external_id: NotRequired[str | None]
    name: NotRequired[str | None]
    program: NotRequired[str | None]
    base: NotRequired[Literal["every", "first_year", "renewal"] | None]
    rate: NotRequired[float | None]
    marginal: NotRequired[bool | None]
    products: NotRequired[list[str] | None]
    tiers: NotRequired[list[str] | None]
    priority: NotRequired[int | None]
    volume_days: NotRequired[int | None]
    valid_from: NotRequired[str | None]
    valid_to: NotRequired[str | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]
    row_version: int
    row_created_at: str
    row_updated_at: str


class CommissionPlanCreate(TypedDict):
    """CommissionPlanCreate."""

    external_id: str
    name: str
    program: NotRequired[str | None]
    base: NotRequired[Literal["every", "first_year", "renewal"] | None]
    rate: NotRequired[float | None]
    marginal: NotRequired[bool | None]
    products: NotRequired[list[str] | None]
    tiers: NotRequired[list[str] | None]
    priority: NotRequired[int | None]
    volume_days: NotRequired[int | None]
    valid_from: NotRequired[str | None]
    valid_to: NotRequired[str | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]


class CommissionPlanPage(TypedDict):
    """CommissionPlanPage."""

    items: list[CommissionPlan]
    next_cursor: str | None


class CommissionPlanPatch(TypedDict):
    """CommissionPlanPatch."""

    external_id: NotRequired[str | None]
    name: NotRequired[str | None]
    program: NotRequired[str | None]
    base: NotRequired[Literal["every", "first_year", "renewal"] | None]
    rate: NotRequired[float | None]
    marginal: NotRequired[bool | None]
    products: NotRequired[list[str] | None]
    tiers: NotRequired[list[str] | None]
    priority: NotRequired[int | None]
    volume_days: NotRequired[int | None]
    valid_from: NotRequired[str | None]
    valid_to: NotRequired[str | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]


class CommissionShare(TypedDict):
    """CommissionShare."""

    id: int
    deal: NotRequired[str | None]
    partner: NotRequired[str | None]
    share: NotRequired[float | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]
    row_version: int
    row_created_at: str
    row_updated_at: str


class CommissionShareCreate(TypedDict):
    """CommissionShareCreate."""

    deal: str
    partner: str
    share: float
    attributes: NotRequired[dict[str, str | float | bool | None]]


class CommissionSharePage(TypedDict):
    """CommissionSharePage."""

    items: list[CommissionShare]
    next_cursor: str | None


class CommissionSharePatch(TypedDict):
    """CommissionSharePatch."""

    deal: NotRequired[str | None]
    partner: NotRequired[str | None]
    share: NotRequired[float | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]


class CommissionStep(TypedDict):
    """A slice of the deal's amount."""

    amount: float
    rate: float
    commission: float
    text: str


class CompanyInput(TypedDict):
    """A company that is not in the store: the columns of partners, custom attributes beside them."""

    name: NotRequired[str | None]
    kind: NotRequired[str | None]
    country: NotRequired[str | None]
    region: NotRequired[str | None]
    city: NotRequired[str | None]
    industries: NotRequired[list[str] | None]
    languages: NotRequired[list[str] | None]
    employees: NotRequired[int | None]
    annual_revenue: NotRequired[float | None]
    founded_on: NotRequired[str | None]
    website: NotRequired[str | None]
    description: NotRequired[str | None]
    program: NotRequired[str | None]


class ComparedAnswer(TypedDict):
    """First offers beside those that lots among the eligible partners would have given."""

    observed: int
    expected: float
    share: float | None
    eligible_share: float | None
    ratio: float | None
    low: float | None
    high: float | None


class CompletionRequest(TypedDict):
    """How an enrolment ended."""

    passed: bool
    score: NotRequired[float | None]
    passed_on: NotRequired[str | None]


class Contact(TypedDict):
    """Contact."""

    id: int
    external_id: NotRequired[str | None]
    partner: NotRequired[str | None]
    name: NotRequired[str | None]
    email: NotRequired[str | None]
    phone: NotRequired[str | None]
    role: NotRequired[str | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]
    row_version: int
    row_created_at: str
    row_updated_at: str


class ContactCreate(TypedDict):
    """ContactCreate."""

    external_id: str
    partner: str
    name: str
    email: NotRequired[str | None]
    phone: NotRequired[str | None]
    role: NotRequired[str | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]


class ContactPage(TypedDict):
    """ContactPage."""

    items: list[Contact]
    next_cursor: str | None


class ContactPatch(TypedDict):
    """ContactPatch."""

    external_id: NotRequired[str | None]
    partner: NotRequired[str | None]
    name: NotRequired[str | None]
    email: NotRequired[str | None]
    phone: NotRequired[str | None]
    role: NotRequired[str | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]


class Cost(TypedDict):
    """Cost."""

    id: int
    external_id: NotRequired[str | None]
    partner: NotRequired[str | None]
    program: NotRequired[str | None]
    kind: NotRequired[str | None]
    amount: NotRequired[float | None]
    currency: NotRequired[str | None]
    incurred_on: NotRequired[str | None]
    description: NotRequired[str | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]
    row_version: int
    row_created_at: str
    row_updated_at: str


class CostCreate(TypedDict):
    """CostCreate."""

    external_id: NotRequired[str | None]
    partner: NotRequired[str | None]
    program: NotRequired[str | None]
    kind: str
    amount: float | str
    currency: NotRequired[str | None]
    incurred_on: str
    description: NotRequired[str | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]


class CostPage(TypedDict):
    """CostPage."""

    items: list[Cost]
    next_cursor: str | None


class CostPatch(TypedDict):
    """CostPatch."""

    external_id: NotRequired[str | None]
    partner: NotRequired[str | None]
    program: NotRequired[str | None]
    kind: NotRequired[str | None]
    amount: NotRequired[float | str | None]
    currency: NotRequired[str | None]
    incurred_on: NotRequired[str | None]
    description: NotRequired[str | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]


class Course(TypedDict):
    """Course."""

    id: int
    external_id: NotRequired[str | None]
    name: NotRequired[str | None]
    description: NotRequired[str | None]
    products: NotRequired[list[str] | None]
    validity_days: NotRequired[int | None]
    hours: NotRequired[float | None]
    website: NotRequired[str | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]
    row_version: int
    row_created_at: str
    row_updated_at: str


class CourseCoverage(TypedDict):
    """Active partners of a programme (None: without one) and how many of them hold a course."""

    program: str | None
    course: str
    partners: int
    held: int
    expiring: int
    enrolled: int
    share: float


class CourseCreate(TypedDict):
    """CourseCreate."""

    external_id: str
    name: str
    description: NotRequired[str | None]
    products: NotRequired[list[str] | None]
    validity_days: NotRequired[int | None]
    hours: NotRequired[float | None]
    website: NotRequired[str | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]


class CoursePage(TypedDict):
    """CoursePage."""

    items: list[Course]
    next_cursor: str | None


class CoursePatch(TypedDict):
    """CoursePatch."""

    external_id: NotRequired[str | None]
    name: NotRequired[str | None]
    description: NotRequired[str | None]
    products: NotRequired[list[str] | None]
    validity_days: NotRequired[int | None]
    hours: NotRequired[float | None]
    website: NotRequired[str | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]


class Credentials(TypedDict):
    """Who signs in."""

    email: str
    password: str


class Criterion(TypedDict):
    """Criterion."""

    id: int
    external_id: NotRequired[str | None]
    program: NotRequired[str | None]
    name: NotRequired[str | None]
    kind: NotRequired[Literal["reputation", "record", "values", "audience", "maturity", "complementary_products", "other"] | None]
    weight: NotRequired[float | None]
    minimum: NotRequired[float | None]
    must_have: NotRequired[bool | None]
    description: NotRequired[str | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]
    row_version: int
    row_created_at: str
    row_updated_at: str


class CriterionCreate(TypedDict):
    """CriterionCreate."""

    external_id: str
    program: NotRequired[str | None]
    name: str
    kind: NotRequired[Literal["reputation", "record", "values", "audience", "maturity", "complementary_products", "other"] | None]
    weight: float
    minimum: NotRequired[float | None]
    must_have: NotRequired[bool | None]
    description: NotRequired[str | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]


class CriterionPage(TypedDict):
    """CriterionPage."""

    items: list[Criterion]
    next_cursor: str | None


class CriterionPatch(TypedDict):
    """CriterionPatch."""

    external_id: NotRequired[str | None]
    program: NotRequired[str | None]
    name: NotRequired[str | None]
    kind: NotRequired[Literal["reputation", "record", "values", "audience", "maturity", "complementary_products", "other"] | None]
    weight: NotRequired[float | None]
    minimum: NotRequired[float | None]
    must_have: NotRequired[bool | None]
    description: NotRequired[str | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]


class CriterionScore(TypedDict):
    """What the ratings by one criterion come to."""

    criterion: str
    name: str
    kind: str | None
    weight: float
    rating: float | None
    points: float
    raters: int
    must_have: bool
    minimum: float | None
    met: bool | None


class CurrencyBalance(TypedDict):
    """What is owed in one currency."""

    currency: str
    credit: float
    debit: float
    balance: float
    open_credit: float
    open_debit: float
    by_kind: dict[str, float]


class CurrencyTotal(TypedDict):
    """Sums of one currency."""

    currency: str
    credit: float
    debit: float
    balance: float


class CustomerInput(TypedDict):
    """A customer that a partner claims: company, domain or lead must be there."""

    partner: NotRequired[str | None]
    company: NotRequired[str | None]
    domain: NotRequired[str | None]
    country: NotRequired[str | None]
    address: NotRequired[str | None]
    product: NotRequired[str | None]
    lead: NotRequired[str | None]


class Deal(TypedDict):
    """Deal."""

    id: int
    external_id: NotRequired[str | None]
    partner: NotRequired[str | None]
    registered_at: NotRequired[str | None]
    lead: NotRequired[str | None]
    company: NotRequired[str | None]
    domain: NotRequired[str | None]
    country: NotRequired[str | None]
    region: NotRequired[str | None]
    industry: NotRequired[str | None]
    product: NotRequired[str | None]
    status: NotRequired[Literal["submitted", "approved", "rejected", "expired"] | None]
    stage: NotRequired[str | None]
    outcome: NotRequired[Literal["won", "lost"] | None]
    amount: NotRequired[float | None]
    currency: NotRequired[str | None]
    closed_at: NotRequired[str | None]
    description: NotRequired[str | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]
    row_version: int
    row_created_at: str
    row_updated_at: str


class DealCommission(TypedDict):
    """How the commission on a deal comes about by today's terms, and what was booked for it."""

    deal: str
    computed: CommissionAnswer
    entries: list[BookedEntry]


class DealCreate(TypedDict):
    """DealCreate."""

    external_id: str
    partner: str
    registered_at: str
    lead: NotRequired[str | None]
    company: NotRequired[str | None]
    domain: NotRequired[str | None]
    country: NotRequired[str | None]
    region: NotRequired[str | None]
    industry: NotRequired[str | None]
    product: NotRequired[str | None]
    status: NotRequired[Literal["submitted", "approved", "rejected", "expired"] | None]
    stage: NotRequired[str | None]
    outcome: NotRequired[Literal["won", "lost"] | None]
    amount: NotRequired[float | str | None]
    currency: NotRequired[str | None]
    closed_at: NotRequired[str | None]
    description: NotRequired[str | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]


DealOutcome = Literal["won", "lost"]
"""How a deal ended; an open deal has ``None``."""


class DealPage(TypedDict):
    """DealPage."""

    items: list[Deal]
    next_cursor: str | None


class DealPatch(TypedDict):
    """DealPatch."""

    external_id: NotRequired[str | None]
    partner: NotRequired[str | None]
    registered_at: NotRequired[str | None]
    lead: NotRequired[str | None]
    company: NotRequired[str | None]
    domain: NotRequired[str | None]
    country: NotRequired[str | None]
    region: NotRequired[str | None]
    industry: NotRequired[str | None]
    product: NotRequired[str | None]
    status: NotRequired[Literal["submitted", "approved", "rejected", "expired"] | None]
    stage: NotRequired[str | None]
    outcome: NotRequired[Literal["won", "lost"] | None]
    amount: NotRequired[float | str | None]
    currency: NotRequired[str | None]
    closed_at: NotRequired[str | None]
    description: NotRequired[str | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]


class DealProgress(TypedDict):
    """What is told of an open deal; what is left out stays."""

    stage: NotRequired[str | None]
    amount: NotRequired[float | str | None]
    currency: NotRequired[str | None]
    expected_close_on: NotRequired[str | None]
    outcome: NotRequired[DealOutcome | None]
    closed_on: NotRequired[str | None]
    reason: NotRequired[str | None]


class Decline(TypedDict):
    """Why a lead is turned down."""

    decline_reason: NotRequired[str | None]


class DeliveryAnswer(TypedDict):
    """An event on its way."""

    id: str
    webhook_id: int
    event_id: int
    event: str | None
    status: Literal["waiting", "delivered", "dead"]
    attempts: int
    next_attempt_at: str
    last_status: int | None
    last_error: str | None
    duration_ms: int | None
    replay_of: str | None
    created_at: str
    finished_at: str | None


class DeliveryPage(TypedDict):
    """Some deliveries, and the cursor of the next page."""

    items: list[DeliveryAnswer]
    next_cursor: str | None


class DirectoryEntry(TypedDict):
    """A partner as it says it wants to be found."""

    partner: str
    name: str
    kind: str | None
    city: str | None
    region: str | None
    country: str | None
    headline: str | None
    description: str | None
    website: str | None
    phone: str | None
    email: str | None
    languages: list[str]
    products: list[str]
    certifications: list[str]


class DirectoryPage(TypedDict):
    """Some partners of the directory, the best performers first; the figures behind the order are not told."""

    items: list[DirectoryEntry]
    total: int


class DossierAnswer(TypedDict):
    """All that is known of a company: people's qualification and the model's fit stand side by side."""

    profile: Partner
    history: list[HistoryEntry]
    qualification: Qualification
    fit: FitBeside | None
    notes: list[Note]
    onboarding: Progress
    tasks: list[Task]
    agreements: list[Agreement]
    unmet: dict[str, list[str]]


class Enrolment(TypedDict):
    """Enrolment."""

    id: int
    external_id: NotRequired[str | None]
    partner: NotRequired[str | None]
    course: NotRequired[str | None]
    contact: NotRequired[str | None]
    enrolled_at: NotRequired[str | None]
    due_on: NotRequired[str | None]
    completed_at: NotRequired[str | None]
    score: NotRequired[float | None]
    passed: NotRequired[bool | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]
    row_version: int
    row_created_at: str
    row_updated_at: str


class EnrolmentCreate(TypedDict):
    """EnrolmentCreate."""

    external_id: NotRequired[str | None]
    partner: str
    course: str
    contact: NotRequired[str | None]
    enrolled_at: NotRequired[str | None]
    due_on: NotRequired[str | None]
    completed_at: NotRequired[str | None]
    score: NotRequired[float | None]
    passed: NotRequired[bool | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]


class EnrolmentPage(TypedDict):
    """EnrolmentPage."""

    items: list[Enrolment]
    next_cursor: str | None


class EnrolmentPatch(TypedDict):
    """EnrolmentPatch."""

    external_id: NotRequired[str | None]
    partner: NotRequired[str | None]
    course: NotRequired[str | None]
    contact: NotRequired[str | None]
    enrolled_at: NotRequired[str | None]
    due_on: NotRequired[str | None]
    completed_at: NotRequired[str | None]
    score: NotRequired[float | None]
    passed: NotRequired[bool | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]


class ErasureCertificate(TypedDict):
    """What an erasure reached."""

    resource: str
    id: int
    key: str | None
    erased_at: str
    reached: dict[str, int]
    repeated: bool


class ErasureRequest(TypedDict):
    """Why somebody is erased."""

    reason: str


class EventAnswer(TypedDict):
    """One event; webhooks get the same."""

    id: int
    name: str
    at: str
    resource: str
    key: str | None
    partner: str | None
    data: dict[str, Any]


class EventFeed(TypedDict):
    """Events in their order."""

    items: list[EventAnswer]
    next_after: int
    oldest: int | None
    newest: int | None


Evidence = Literal["none", "thin", "adequate", "strong"]
"""How much of the subject's own history a number rests on."""


class Exclusion(TypedDict):
    """A partner that may not get the lead, and why."""

    partner: str
    codes: list[str]
    texts: list[str]


class ExclusionAnswer(TypedDict):
    """A rule that kept leads from the partner."""

    code: str
    text: str
    leads: int
    alone: int
    own: bool
    advice: str


class ExpiringAgreement(TypedDict):
    """An agreement that ends soon."""

    agreement: str
    partner: str
    valid_to: str
    days_left: int
    renews: bool | None
    notice_by: str | None
    renewed_by: str | None


class ExpiringCertificate(TypedDict):
    """A certificate that runs out, which nobody has renewed."""

    partner: str
    partner_name: str
    course: str
    passed_on: str
    expires_on: str
    days_left: int
    contact: str | None


Exploration = Literal["none", "epsilon", "thompson"]
"""How a policy tries partners of which less is known."""


class Extension(TypedDict):
    """By how much a protection is extended."""

    days: int
    reason: NotRequired[str | None]


class Factor(TypedDict):
    """What moved a probability, on the log-odds scale; all factors and the base add up to it."""

    name: str
    value: str | float | None
    contribution: float
    sentence: str


class FactorAnswer(TypedDict):
    """What of the partner spoke for or against it."""

    name: str
    direction: str
    text: str
    contribution: float | None


class FairnessAnswer(TypedDict):
    """Shares of leads by group, over the first offers in a window."""

    since: str
    until: str
    as_of: str
    by: str
    leads: int
    compared: int
    nobody_eligible: int
    not_eligible: int
    groups: list[GroupShareAnswer]
    groups_left_out: int
    newcomers: RateAnswer
    others: RateAnswer
    spread: SpreadAnswer
    flags: list[FlagAnswer]


class FeedbackEntry(TypedDict):
    """FeedbackEntry."""

    id: int
    partner: NotRequired[str | None]
    submitted_at: NotRequired[str | None]
    kind: NotRequired[str | None]
    score: NotRequired[float | None]
    comment: NotRequired[str | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]
    row_version: int
    row_created_at: str
    row_updated_at: str


class FeedbackEntryCreate(TypedDict):
    """FeedbackEntryCreate."""

    partner: str
    submitted_at: str
    kind: str
    score: NotRequired[float | None]
    comment: NotRequired[str | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]


class FeedbackEntryPage(TypedDict):
    """FeedbackEntryPage."""

    items: list[FeedbackEntry]
    next_cursor: str | None


class FeedbackEntryPatch(TypedDict):
    """FeedbackEntryPatch."""

    partner: NotRequired[str | None]
    submitted_at: NotRequired[str | None]
    kind: NotRequired[str | None]
    score: NotRequired[float | None]
    comment: NotRequired[str | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]


class FigureAnswer(TypedDict):
    """A figure in all and by group."""

    name: str
    unit: str
    value: float | None
    n: int
    trend: TrendAnswer | None
    other_currencies: dict[str, float]
    definition: FigureDefinition
    as_of: str
    currency: str
    period: PeriodAnswer
    by: str | None
    additive: bool
    numerator: float
    denominator: float
    groups: list[GroupNumber]
    rest: GroupNumber | None


class FigureDefinition(TypedDict):
    """What a figure means."""

    name: str
    unit: str
    formula: str
    empty: str
    better: int
    state: bool
    by_product: bool
    internal: bool


class FigureDefinitions(TypedDict):
    """All figures."""

    items: list[FigureDefinition]


class FigureRows(TypedDict):
    """The rows that a figure is counted from: over all pages they add up to its numerator and denominator."""

    definition: FigureDefinition
    as_of: str
    currency: str
    period: PeriodAnswer
    total: int
    numerator: float
    denominator: float
    items: list[BehindRow]
    next_cursor: str | None


class FigureValue(TypedDict):
    """A figure of a period."""

    name: str
    unit: str
    value: float | None
    n: int
    trend: TrendAnswer | None
    other_currencies: dict[str, float]


class FilledGap(TypedDict):
    """A country, region or industry with more demand than its partners can meet."""

    dimension: Literal["country", "region", "industry"]
    value: str


FindingKind = Literal["conflict", "duplicate", "related"]
"""What another claim means."""


class FitBeside(TypedDict):
    """What the fit model said of a company last: its chance to become productive within a horizon."""

    p_productive: float
    low: float
    high: float
    horizon_days: int
    as_of: str
    band: str | None
    model_version: str


class FitRequest(TypedDict):
    """The company to score."""

    company: CompanyInput
    as_of: NotRequired[str | None]


class FitScore(TypedDict):
    """One prospect of the ranking."""

    partner: str | None
    name: str | None
    as_of: str
    horizon_days: int
    p_productive: float
    low: float
    high: float
    expected_revenue: float | None
    reach: NotRequired[float | None]
    fills: NotRequired[list[FilledGap]]
    band: str
    evidence: Evidence
    n: int
    similar: list[str]
    reasons: list[str]
    base: float
    factors: list[Factor]
    model_version: str


class FlagAnswer(TypedDict):
    """A group whose share surely lies beyond a limit."""

    by: str
    group: str | None
    kind: str
    policy: str | None
    value: float
    low: float
    high: float
    bound: float
    n: int
    text: str


class FundApproval(TypedDict):
    """How much is approved."""

    amount: NotRequired[float | str | None]


class FundClaim(TypedDict):
    """What was spent, and what proves it."""

    evidence: str
    amount: NotRequired[float | str | None]


class FundRequest(TypedDict):
    """FundRequest."""

    id: int
    external_id: NotRequired[str | None]
    partner: NotRequired[str | None]
    offer: NotRequired[str | None]
    purpose: NotRequired[str | None]
    amount: NotRequired[float | None]
    currency: NotRequired[str | None]
    status: NotRequired[Literal["requested", "approved", "rejected", "claimed", "paid", "withdrawn"] | None]
    requested_at: NotRequired[str | None]
    approved_amount: NotRequired[float | None]
    claimed_amount: NotRequired[float | None]
    decided_by: NotRequired[str | None]
    decided_at: NotRequired[str | None]
    claimed_at: NotRequired[str | None]
    paid_at: NotRequired[str | None]
    evidence: NotRequired[str | None]
    reason: NotRequired[str | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]
    row_version: int
    row_created_at: str
    row_updated_at: str


class FundRequestCreate(TypedDict):
    """FundRequestCreate."""

    external_id: NotRequired[str | None]
    partner: str
    offer: NotRequired[str | None]
    purpose: str
    amount: float | str
    currency: NotRequired[str | None]
    status: NotRequired[Literal["requested", "approved", "rejected", "claimed", "paid", "withdrawn"] | None]
    requested_at: NotRequired[str | None]
    approved_amount: NotRequired[float | str | None]
    claimed_amount: NotRequired[float | str | None]
    decided_by: NotRequired[str | None]
    decided_at: NotRequired[str | None]
    claimed_at: NotRequired[str | None]
    paid_at: NotRequired[str | None]
    evidence: NotRequired[str | None]
    reason: NotRequired[str | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]


class FundRequestPage(TypedDict):
    """FundRequestPage."""

    items: list[FundRequest]
    next_cursor: str | None


class FundRequestPatch(TypedDict):
    """FundRequestPatch."""

    external_id: NotRequired[str | None]
    partner: NotRequired[str | None]
    offer: NotRequired[str | None]
    purpose: NotRequired[str | None]
    amount: NotRequired[float | str | None]
    currency: NotRequired[str | None]
    status: NotRequired[Literal["requested", "approved", "rejected", "claimed", "paid", "withdrawn"] | None]
    requested_at: NotRequired[str | None]
    approved_amount: NotRequired[float | str | None]
    claimed_amount: NotRequired[float | str | None]
    decided_by: NotRequired[str | None]
    decided_at: NotRequired[str | None]
    claimed_at: NotRequired[str | None]
    paid_at: NotRequired[str | None]
    evidence: NotRequired[str | None]
    reason: NotRequired[str | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]


class Goal(TypedDict):
    """Goal."""

    id: int
    partner: NotRequired[str | None]
    metric: NotRequired[str | None]
    period_start: NotRequired[str | None]
    period_end: NotRequired[str | None]
    target: NotRequired[float | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]
    row_version: int
    row_created_at: str
    row_updated_at: str


class GoalCreate(TypedDict):
    """GoalCreate."""

    partner: str
    metric: str
    period_start: str
    period_end: str
    target: float
    attributes: NotRequired[dict[str, str | float | bool | None]]


class GoalPage(TypedDict):
    """GoalPage."""

    items: list[Goal]
    next_cursor: str | None


class GoalPatch(TypedDict):
    """GoalPatch."""

    partner: NotRequired[str | None]
    metric: NotRequired[str | None]
    period_start: NotRequired[str | None]
    period_end: NotRequired[str | None]
    target: NotRequired[float | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]


class GoalProgress(TypedDict):
    """A goal and how it stands."""

    goal_id: int
    partner: str
    partner_name: str
    metric: str
    figure: str | None
    period_start: str
    period_end: str
    target: float
    status: GoalStatus
    actual: float | None
    share: float | None
    expected: float | None
    forecast: float | None
    low: float | None
    high: float | None
    p_reach: float | None
    method: str
    note: str | None


GoalStatus = Literal["not_started", "reached", "on_track", "at_risk", "off_track", "missed", "unknown_metric"]
"""How a goal stands."""


class GoalsProgress(TypedDict):
    """Goals, the most pressing first."""

    as_of: str
    currency: str
    counts: dict[str, int]
    total: int
    items: list[GoalProgress]
    next_cursor: str | None


class GroupNumber(TypedDict):
    """A figure of one group."""

    key: str | None
    value: float | None
    n: int
    numerator: float
    denominator: float


class GroupShareAnswer(TypedDict):
    """What a group of partners got."""

    group: str | None
    partners: int
    first_offers: int
    offers: int
    accepted: int
    wins: int
    win_rate: RateAnswer
    expected_wins: float | None
    expected_of: int
    wins_of: int
    compared: ComparedAnswer


class History(TypedDict):
    """The statuses that a partner had, the oldest first."""

    partner: str
    items: list[HistoryEntry]


class HistoryEntry(TypedDict):
    """A partner entered a status."""

    from_status: str | None
    to_status: str
    changed_at: str
    changed_by: str | None
    reason: str | None
    overridden: bool
    days_in_stage: float


class Holding(TypedDict):
    """How a partner stands with one course on a day."""

    course: str
    passed_on: str
    expires_on: str | None
    contact: str | None
    valid: bool
    days_left: int | None


class ImprovementAnswer(TypedDict):
    """A change of the partner's own, and what it would have made of its place."""

    change: str
    what: str
    rank: int | None
    p_win: float | None
    text: str


class Incentive(TypedDict):
    """Incentive."""

    id: int
    external_id: NotRequired[str | None]
    name: NotRequired[str | None]
    kind: NotRequired[Literal["early_registration", "spiff", "other"] | None]
    program: NotRequired[str | None]
    products: NotRequired[list[str] | None]
    amount: NotRequired[float | None]
    currency: NotRequired[str | None]
    rate: NotRequired[float | None]
    within_days: NotRequired[int | None]
    valid_from: NotRequired[str | None]
    valid_to: NotRequired[str | None]
    description: NotRequired[str | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]
    row_version: int
    row_created_at: str
    row_updated_at: str


class IncentiveCreate(TypedDict):
    """IncentiveCreate."""

    external_id: str
    name: str
    kind: NotRequired[Literal["early_registration", "spiff", "other"] | None]
    program: NotRequired[str | None]
    products: NotRequired[list[str] | None]
    amount: NotRequired[float | str | None]
    currency: NotRequired[str | None]
    rate: NotRequired[float | None]
    within_days: NotRequired[int | None]
    valid_from: NotRequired[str | None]
    valid_to: NotRequired[str | None]
    description: NotRequired[str | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]


class IncentivePage(TypedDict):
    """IncentivePage."""

    items: list[Incentive]
    next_cursor: str | None


class IncentivePatch(TypedDict):
    """IncentivePatch."""

    external_id: NotRequired[str | None]
    name: NotRequired[str | None]
    kind: NotRequired[Literal["early_registration", "spiff", "other"] | None]
    program: NotRequired[str | None]
    products: NotRequired[list[str] | None]
    amount: NotRequired[float | str | None]
    currency: NotRequired[str | None]
    rate: NotRequired[float | None]
    within_days: NotRequired[int | None]
    valid_from: NotRequired[str | None]
    valid_to: NotRequired[str | None]
    description: NotRequired[str | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]


class Intervention(TypedDict):
    """Intervention."""

    id: int
    external_id: NotRequired[str | None]
    partner: NotRequired[str | None]
    kind: NotRequired[Literal["call", "visit", "training", "offer", "plan", "other"] | None]
    title: NotRequired[str | None]
    description: NotRequired[str | None]
    owner: NotRequired[str | None]
    due_on: NotRequired[str | None]
    planned_at: NotRequired[str | None]
    done_at: NotRequired[str | None]
    p_inactive_before: NotRequired[float | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]
    row_version: int
    row_created_at: str
    row_updated_at: str


class InterventionCreate(TypedDict):
    """InterventionCreate."""

    external_id: NotRequired[str | None]
    partner: str
    kind: NotRequired[Literal["call", "visit", "training", "offer", "plan", "other"] | None]
    title: str
    description: NotRequired[str | None]
    owner: NotRequired[str | None]
    due_on: NotRequired[str | None]
    planned_at: NotRequired[str | None]
    done_at: NotRequired[str | None]
    p_inactive_before: NotRequired[float | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]


class InterventionOutcome(TypedDict):
    """An action that was taken, and what came of it."""

    intervention: str
    partner: str
    kind: str | None
    title: str
    owner: str | None
    done_at: str
    p_inactive_before: float | None
    p_inactive_now: float | None
    p_inactive_now_as_of: str | None
    windows: list[OutcomeWindow]


class InterventionOutcomes(TypedDict):
    """What came of actions, one by one and beside partners without one."""

    as_of: str
    currency: str
    items: list[InterventionOutcome]
    beside: list[BesideOthers]
    next_cursor: str | None


class InterventionPage(TypedDict):
    """InterventionPage."""

    items: list[Intervention]
    next_cursor: str | None


class InterventionPatch(TypedDict):
    """InterventionPatch."""

    external_id: NotRequired[str | None]
    partner: NotRequired[str | None]
    kind: NotRequired[Literal["call", "visit", "training", "offer", "plan", "other"] | None]
    title: NotRequired[str | None]
    description: NotRequired[str | None]
    owner: NotRequired[str | None]
    due_on: NotRequired[str | None]
    planned_at: NotRequired[str | None]
    done_at: NotRequired[str | None]
    p_inactive_before: NotRequired[float | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]


class InvitationAnswer(TypedDict):
    """A person, and the one-time token for `POST /v1/session/invitation`."""

    user: UserAnswer
    token: str | None
    token_expires_at: str | None


class Job(TypedDict):
    """Long work: how far it is, and what came out."""

    id: str
    kind: str
    status: Literal["queued", "running", "done", "dead"]
    progress: float
    result: dict[str, Any] | None
    error: dict[str, Any] | None
    attempts: int
    created_at: str
    finished_at: str | None


class Journey(TypedDict):
    """Where a partner stands on its way, and what to do next."""

    partner: str
    as_of: str
    stage: str
    reason: str
    status: str | None
    since: str | None
    figures: list[StageFigure]
    next_actions: list[NextAction]


class JourneyOverview(TypedDict):
    """Journey stages over time."""

    as_of: str
    stages: dict[str, str]
    counts: dict[str, int]
    periods: list[JourneyPeriod]


class JourneyPeriod(TypedDict):
    """Counts at the end of a part of the period, and flows within it."""

    start: str
    end: str
    counts: dict[str, int]
    flows: list[StageFlow]


class KeyAnswer(TypedDict):
    """A key; its secret is not kept."""

    prefix: str
    name: str
    role: Role
    partner: str | None
    scopes: list[str]
    created_at: str
    expires_at: str | None
    revoked_at: str | None
    rotated_at: str | None
    former_until: str | None
    last_used_at: str | None


class Lead(TypedDict):
    """Lead."""

    id: int
    external_id: NotRequired[str | None]
    created_at: NotRequired[str | None]
    company: NotRequired[str | None]
    domain: NotRequired[str | None]
    country: NotRequired[str | None]
    region: NotRequired[str | None]
    city: NotRequired[str | None]
    industry: NotRequired[str | None]
    employees: NotRequired[int | None]
    source: NotRequired[str | None]
    product: NotRequired[str | None]
    estimated_amount: NotRequired[float | None]
    currency: NotRequired[str | None]
    description: NotRequired[str | None]
    program: NotRequired[str | None]
    latitude: NotRequired[float | None]
    longitude: NotRequired[float | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]
    row_version: int
    row_created_at: str
    row_updated_at: str


class LeadCreate(TypedDict):
    """LeadCreate."""

    external_id: str
    created_at: str
    company: NotRequired[str | None]
    domain: NotRequired[str | None]
    country: NotRequired[str | None]
    region: NotRequired[str | None]
    city: NotRequired[str | None]
    industry: NotRequired[str | None]
    employees: NotRequired[int | None]
    source: NotRequired[str | None]
    product: NotRequired[str | None]
    estimated_amount: NotRequired[float | str | None]
    currency: NotRequired[str | None]
    description: NotRequired[str | None]
    program: NotRequired[str | None]
    latitude: NotRequired[float | None]
    longitude: NotRequired[float | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]


class LeadErasureRequest(TypedDict):
    """Which attributes hold a person's data, besides those named like it."""

    reason: str
    attributes: NotRequired[list[str]]


class LeadInput(TypedDict):
    """A lead that is not in the store: the columns of leads, custom attributes beside them."""

    external_id: NotRequired[str | None]
    created_at: NotRequired[str | None]
    company: NotRequired[str | None]
    domain: NotRequired[str | None]
    country: NotRequired[str | None]
    region: NotRequired[str | None]
    city: NotRequired[str | None]
    industry: NotRequired[str | None]
    employees: NotRequired[int | None]
    source: NotRequired[str | None]
    product: NotRequired[str | None]
    estimated_amount: NotRequired[float | None]
    currency: NotRequired[str | None]
    description: NotRequired[str | None]
    program: NotRequired[str | None]
    latitude: NotRequired[float | None]
    longitude: NotRequired[float | None]


class LeadPage(TypedDict):
    """LeadPage."""

    items: list[Lead]
    next_cursor: str | None


class LeadPatch(TypedDict):
    """LeadPatch."""

    external_id: NotRequired[str | None]
    created_at: NotRequired[str | None]
    company: NotRequired[str | None]
    domain: NotRequired[str | None]
    country: NotRequired[str | None]
    region: NotRequired[str | None]
    city: NotRequired[str | None]
    industry: NotRequired[str | None]
    employees: NotRequired[int | None]
    source: NotRequired[str | None]
    product: NotRequired[str | None]
    estimated_amount: NotRequired[float | str | None]
    currency: NotRequired[str | None]
    description: NotRequired[str | None]
    program: NotRequired[str | None]
    latitude: NotRequired[float | None]
    longitude: NotRequired[float | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]


class LeadStandingAnswer(TypedDict):
    """Where a partner stood in the match that its offer came of."""

    assignment: int
    lead: str
    partner: str
    match_id: str | None
    as_of: str | None
    model_version: str | None
    rank: int | None
    ranked: int | None
    text: str
    refusals: list[RefusalAnswer]
    factors: list[FactorAnswer]
    improvements: list[ImprovementAnswer]
    p_win: float | None
    low: float | None
    high: float | None


class LedgerEntry(TypedDict):
    """LedgerEntry."""

    id: int
    external_id: NotRequired[str | None]
    partner: NotRequired[str | None]
    kind: NotRequired[Literal["commission", "reward", "fund", "adjustment", "reversal", "payout"] | None]
    deal: NotRequired[str | None]
    plan: NotRequired[str | None]
    incentive: NotRequired[str | None]
    statement: NotRequired[str | None]
    base_amount: NotRequired[float | None]
    rate: NotRequired[float | None]
    share: NotRequired[float | None]
    credit: NotRequired[float | None]
    debit: NotRequired[float | None]
    currency: NotRequired[str | None]
    earned_on: NotRequired[str | None]
    booked_at: NotRequired[str | None]
    reverses: NotRequired[str | None]
    explanation: NotRequired[str | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]
    row_version: int
    row_created_at: str
    row_updated_at: str


class LedgerEntryPage(TypedDict):
    """LedgerEntryPage."""

    items: list[LedgerEntry]
    next_cursor: str | None


LimitBy = Literal["partner", "tier", "kind", "country", "program", "newcomer"]
"""By what partners are grouped where shares of leads are limited."""


class LimitCost(TypedDict):
    """What a limit of a policy costs."""

    policy: str
    program: str | None
    limit: str
    by: str
    value: str | None
    least: float | None
    most: float | None
    binding: bool
    missed: bool
    shadow_price: float
    cost: float | None
    groups: list[LimitGroup]


class LimitGroup(TypedDict):
    """How a group of partners comes off under a limit."""

    group: str
    before: int
    leads: int
    share_before: float
    share: float
    at_least: int | None
    at_most: int | None
    missing: int
    shadow_price: float


class Listing(TypedDict):
    """Listing."""

    id: int
    partner: NotRequired[str | None]
    wanted: NotRequired[bool | None]
    published: NotRequired[bool | None]
    headline: NotRequired[str | None]
    description: NotRequired[str | None]
    website: NotRequired[str | None]
    phone: NotRequired[str | None]
    email: NotRequired[str | None]
    languages: NotRequired[list[str] | None]
    products: NotRequired[list[str] | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]
    row_version: int
    row_created_at: str
    row_updated_at: str


class ListingCreate(TypedDict):
    """ListingCreate."""

    partner: str
    wanted: NotRequired[bool | None]
    published: NotRequired[bool | None]
    headline: NotRequired[str | None]
    description: NotRequired[str | None]
    website: NotRequired[str | None]
    phone: NotRequired[str | None]
    email: NotRequired[str | None]
    languages: NotRequired[list[str] | None]
    products: NotRequired[list[str] | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]


class ListingPage(TypedDict):
    """ListingPage."""

    items: list[Listing]
    next_cursor: str | None


class ListingPatch(TypedDict):
    """ListingPatch."""

    partner: NotRequired[str | None]
    wanted: NotRequired[bool | None]
    published: NotRequired[bool | None]
    headline: NotRequired[str | None]
    description: NotRequired[str | None]
    website: NotRequired[str | None]
    phone: NotRequired[str | None]
    email: NotRequired[str | None]
    languages: NotRequired[list[str] | None]
    products: NotRequired[list[str] | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]


class MatchAnswer(TypedDict):
    """Ranked partners for a lead; stored under ``match_id``."""

    match_id: str
    as_of: str
    model_version: str
    candidates: list[Candidate]
    excluded: list[Exclusion]
    policy: NotRequired[PolicyUsed | None]
    explored: NotRequired[bool]


class MatchReplay(TypedDict):
    """A stored decision taken again: by the same version from the same feature values, by the same policy and key."""

    match_id: str
    as_of: str
    model_version: str
    names: list[str]
    same: bool
    order_same: bool | None
    sentence: str
    rows: list[ReplayedNumbers]


class MatchRequest(TypedDict):
    """Which lead to match, and how."""

    lead: NotRequired[LeadInput | None]
    lead_id: NotRequired[str | None]
    limit: NotRequired[int]
    as_of: NotRequired[str | None]
    by: NotRequired[Literal["p_win", "value"] | None]
    explore: NotRequired[bool]


class Matched(TypedDict):
    """A field in which two claims are alike."""

    field: str
    similarity: float
    ours: str | None
    theirs: str | None


class MissingCourse(TypedDict):
    """A course that products or tiers require and the partner does not hold."""

    course: str
    expired_on: str | None
    enrolled: bool
    products: list[Unlock]
    tiers: list[Unlock]


class ModelFirst(TypedDict):
    """Whom the models put first when they were asked last."""

    partner: str | None
    p_win: float | None
    match_id: str
    as_of: str
    model_version: str


ModelName = Literal["fit", "churn", "match", "recommend"]
"""The four models of the service."""


class ModelSummary(TypedDict):
    """One version in the registry."""

    name: str
    version: int
    label: str
    champion: bool
    approved: bool
    trained_as_of: str
    rows: int
    choice: str
    state: str
    trained_because: str
    promoted_because: str


class NewKeyAnswer(TypedDict):
    """A key and its secret."""

    prefix: str
    name: str
    role: Role
    partner: str | None
    scopes: list[str]
    created_at: str
    expires_at: str | None
    revoked_at: str | None
    rotated_at: str | None
    former_until: str | None
    last_used_at: str | None
    secret: str | None


class NewKeyRequest(TypedDict):
    """A key to be made."""

    name: str
    role: Role
    partner: NotRequired[str | None]
    scopes: NotRequired[list[str]]
    expires_at: NotRequired[str | None]


class NewUser(TypedDict):
    """A person to be invited."""

    email: str
    name: str
    role: Role
    partner: NotRequired[str | None]
    partner_role: NotRequired[PartnerRole | None]


class NewWebhook(TypedDict):
    """An address and what it is told."""

    url: str
    events: list[str]
    description: NotRequired[str | None]
    partner: NotRequired[str | None]


class NextAction(TypedDict):
    """Something to be done next, and the fact that asks for it."""

    code: str
    text: str
    due_on: str | None
    refers_to: str | None


class Note(TypedDict):
    """Note."""

    id: int
    external_id: NotRequired[str | None]
    partner: NotRequired[str | None]
    lead: NotRequired[str | None]
    deal: NotRequired[str | None]
    kind: NotRequired[Literal["note", "interview", "call", "meeting", "message"] | None]
    body: NotRequired[str | None]
    author: NotRequired[str | None]
    written_at: NotRequired[str | None]
    shared: NotRequired[bool | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]
    row_version: int
    row_created_at: str
    row_updated_at: str


class NoteCreate(TypedDict):
    """NoteCreate."""

    external_id: NotRequired[str | None]
    partner: str
    lead: NotRequired[str | None]
    deal: NotRequired[str | None]
    kind: NotRequired[Literal["note", "interview", "call", "meeting", "message"] | None]
    body: str
    author: NotRequired[str | None]
    written_at: NotRequired[str | None]
    shared: NotRequired[bool | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]


class NotePage(TypedDict):
    """NotePage."""

    items: list[Note]
    next_cursor: str | None


class NotePatch(TypedDict):
    """NotePatch."""

    external_id: NotRequired[str | None]
    partner: NotRequired[str | None]
    lead: NotRequired[str | None]
    deal: NotRequired[str | None]
    kind: NotRequired[Literal["note", "interview", "call", "meeting", "message"] | None]
    body: NotRequired[str | None]
    author: NotRequired[str | None]
    written_at: NotRequired[str | None]
    shared: NotRequired[bool | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]


Objective = Literal["p_win", "value"]
"""What a ranking puts first."""


class OfferCreate(TypedDict):
    """OfferCreate."""

    external_id: str
    title: str
    kind: NotRequired[str | None]
    body: NotRequired[str | None]
    valid_from: NotRequired[str | None]
    valid_to: NotRequired[str | None]
    countries: NotRequired[list[str] | None]
    products: NotRequired[list[str] | None]
    min_tier: NotRequired[str | None]
    amount: NotRequired[float | str | None]
    currency: NotRequired[str | None]
    budget: NotRequired[float | str | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]


class OfferInput(TypedDict):
    """A lead to be offered to a partner."""

    lead: str
    partner: str
    offered_at: NotRequired[str | None]
    response: NotRequired[AssignmentResponse | None]
    responded_at: NotRequired[str | None]
    decline_reason: NotRequired[str | None]
    match_id: NotRequired[str | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]


class OfferOutput(TypedDict):
    """OfferOutput."""

    id: int
    external_id: NotRequired[str | None]
    title: NotRequired[str | None]
    kind: NotRequired[str | None]
    body: NotRequired[str | None]
    valid_from: NotRequired[str | None]
    valid_to: NotRequired[str | None]
    countries: NotRequired[list[str] | None]
    products: NotRequired[list[str] | None]
    min_tier: NotRequired[str | None]
    amount: NotRequired[float | None]
    currency: NotRequired[str | None]
    budget: NotRequired[float | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]
    row_version: int
    row_created_at: str
    row_updated_at: str


class OfferPage(TypedDict):
    """OfferPage."""

    items: list[OfferOutput]
    next_cursor: str | None


class OfferPatch(TypedDict):
    """OfferPatch."""

    external_id: NotRequired[str | None]
    title: NotRequired[str | None]
    kind: NotRequired[str | None]
    body: NotRequired[str | None]
    valid_from: NotRequired[str | None]
    valid_to: NotRequired[str | None]
    countries: NotRequired[list[str] | None]
    products: NotRequired[list[str] | None]
    min_tier: NotRequired[str | None]
    amount: NotRequired[float | str | None]
    currency: NotRequired[str | None]
    budget: NotRequired[float | str | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]


class OfferTerms(TypedDict):
    """Until when an offered lead is to be answered, and of which match it came."""

    answer_until: str
    match_id: str | None


class OnboardingAnswer(TypedDict):
    """A partner's checklist, and how long it took."""

    progress: Progress
    times: Times


class OnboardingFigures(TypedDict):
    """Onboarding of one programme, or of all."""

    program: str | None
    onboarding: int
    late: int
    overdue_tasks: int
    to_onboard: Typical
    from_application: Typical
    to_first_deal: Typical


class OnboardingReport(TypedDict):
    """All programmes together and each, and a page of the partners that are being onboarded."""

    all: OnboardingFigures
    programs: list[OnboardingFigures]
    items: list[PartnerOnboarding]
    next_cursor: str | None


class OnboardingStep(TypedDict):
    """OnboardingStep."""

    id: int
    external_id: NotRequired[str | None]
    program: NotRequired[str | None]
    title: NotRequired[str | None]
    description: NotRequired[str | None]
    position: NotRequired[int | None]
    due_days: NotRequired[int | None]
    required: NotRequired[bool | None]
    course: NotRequired[str | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]
    row_version: int
    row_created_at: str
    row_updated_at: str


class OnboardingStepCreate(TypedDict):
    """OnboardingStepCreate."""

    external_id: str
    program: NotRequired[str | None]
    title: str
    description: NotRequired[str | None]
    position: NotRequired[int | None]
    due_days: NotRequired[int | None]
    required: NotRequired[bool | None]
    course: NotRequired[str | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]


class OnboardingStepPage(TypedDict):
    """OnboardingStepPage."""

    items: list[OnboardingStep]
    next_cursor: str | None


class OnboardingStepPatch(TypedDict):
    """OnboardingStepPatch."""

    external_id: NotRequired[str | None]
    program: NotRequired[str | None]
    title: NotRequired[str | None]
    description: NotRequired[str | None]
    position: NotRequired[int | None]
    due_days: NotRequired[int | None]
    required: NotRequired[bool | None]
    course: NotRequired[str | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]


class OptionalReason(TypedDict):
    """Why something is done, if somebody wants to say."""

    reason: NotRequired[str | None]


class OutcomeWindow(TypedDict):
    """Some days after an action against as many before."""

    days: int
    over: bool
    signs_before: int
    signs_after: int
    revenue_before: float
    revenue_after: float


class OverrideAnswer(TypedDict):
    """The lead's routing with the new choice, and what speaks against it."""

    lead: str
    route: RouteNow | None
    offers: list[RoutedOffer]
    override: OverrideRow | None
    model_first: ModelFirst | None
    warnings: list[OverrideWarning]


class OverrideInput(TypedDict):
    """A person's choice."""

    partner: str
    reason: str
    expires_at: NotRequired[str | None]


class OverrideRow(TypedDict):
    """A person's choice of the partner."""

    external_id: str
    partner: str
    reason: str
    set_by: str | None
    set_at: str | None
    expires_at: str | None
    is_used: bool


class OverrideWarning(TypedDict):
    """What speaks against the partner."""

    code: str
    text: str


class Overview(TypedDict):
    """All figures of a period."""

    as_of: str
    currency: str
    period: PeriodAnswer
    figures: list[FigureValue]
    statuses: dict[str, int]
    stages: dict[str, int]


class OverviewAnswer(TypedDict):
    """A programme and who stands where in it."""

    program: Program
    rules: ProgramRule | None
    tiers: list[TierLevel]
    stages: list[Stage]
    criteria: list[Criterion]
    onboarding_steps: list[OnboardingStep]


class Partner(TypedDict):
    """Partner."""

    id: int
    external_id: NotRequired[str | None]
    name: NotRequired[str | None]
    status: NotRequired[Literal["prospect", "applied", "onboarding", "active", "inactive", "ended", "rejected"] | None]
    program: NotRequired[str | None]
    kind: NotRequired[Literal["reseller", "distributor", "var", "si", "msp", "agency", "affiliate", "referral", "bpo", "isv", "technology", "strategic", "other"] | None]
    tier: NotRequired[str | None]
    country: NotRequired[str | None]
    region: NotRequired[str | None]
    city: NotRequired[str | None]
    territories: NotRequired[list[str] | None]
    industries: NotRequired[list[str] | None]
    languages: NotRequired[list[str] | None]
    employees: NotRequired[int | None]
    annual_revenue: NotRequired[float | None]
    founded_on: NotRequired[str | None]
    recruited_at: NotRequired[str | None]
    ended_at: NotRequired[str | None]
    website: NotRequired[str | None]
    description: NotRequired[str | None]
    account_manager: NotRequired[str | None]
    max_open_leads: NotRequired[int | None]
    latitude: NotRequired[float | None]
    longitude: NotRequired[float | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]
    row_version: int
    row_created_at: str
    row_updated_at: str


class PartnerCreate(TypedDict):
    """PartnerCreate."""

    external_id: str
    name: str
    status: NotRequired[Literal["prospect", "applied", "onboarding", "active", "inactive", "ended", "rejected"] | None]
    program: NotRequired[str | None]
    kind: NotRequired[Literal["reseller", "distributor", "var", "si", "msp", "agency", "affiliate", "referral", "bpo", "isv", "technology", "strategic", "other"] | None]
    tier: NotRequired[str | None]
    country: NotRequired[str | None]
    region: NotRequired[str | None]
    city: NotRequired[str | None]
    territories: NotRequired[list[str] | None]
    industries: NotRequired[list[str] | None]
    languages: NotRequired[list[str] | None]
    employees: NotRequired[int | None]
    annual_revenue: NotRequired[float | str | None]
    founded_on: NotRequired[str | None]
    recruited_at: NotRequired[str | None]
    ended_at: NotRequired[str | None]
    website: NotRequired[str | None]
    description: NotRequired[str | None]
    account_manager: NotRequired[str | None]
    max_open_leads: NotRequired[int | None]
    latitude: NotRequired[float | None]
    longitude: NotRequired[float | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]


class PartnerFacts(TypedDict):
    """What a person checks a risk against; empty where there is nothing to tell."""

    last_sign_at: str | None
    last_sign_kind: str | None
    usual_gap_days: float | None
    last_deal_at: str | None
    last_won_at: str | None
    agreement_ends_on: str | None
    certificate_expires_on: str | None
    unanswered_leads: int


PartnerKind = Literal["reseller", "distributor", "var", "si", "msp", "agency", "affiliate", "referral", "bpo", "isv", "technology", "strategic", "other"]
"""How a partner does business with the vendor."""


class PartnerOnboarding(TypedDict):
    """A partner's checklist and times."""

    progress: Progress
    times: Times


class PartnerPage(TypedDict):
    """PartnerPage."""

    items: list[Partner]
    next_cursor: str | None


class PartnerPatch(TypedDict):
    """PartnerPatch."""

    external_id: NotRequired[str | None]
    name: NotRequired[str | None]
    status: NotRequired[Literal["prospect", "applied", "onboarding", "active", "inactive", "ended", "rejected"] | None]
    program: NotRequired[str | None]
    kind: NotRequired[Literal["reseller", "distributor", "var", "si", "msp", "agency", "affiliate", "referral", "bpo", "isv", "technology", "strategic", "other"] | None]
    tier: NotRequired[str | None]
    country: NotRequired[str | None]
    region: NotRequired[str | None]
    city: NotRequired[str | None]
    territories: NotRequired[list[str] | None]
    industries: NotRequired[list[str] | None]
    languages: NotRequired[list[str] | None]
    employees: NotRequired[int | None]
    annual_revenue: NotRequired[float | str | None]
    founded_on: NotRequired[str | None]
    recruited_at: NotRequired[str | None]
    ended_at: NotRequired[str | None]
    website: NotRequired[str | None]
    description: NotRequired[str | None]
    account_manager: NotRequired[str | None]
    max_open_leads: NotRequired[int | None]
    latitude: NotRequired[float | None]
    longitude: NotRequired[float | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]


class PartnerPlan(TypedDict):
    """A partner's plan and its goals."""

    partner: str
    as_of: str
    currency: str
    plan: PlanAnswer | None
    goals: list[GoalProgress]


PartnerRole = Literal["partner_admin", "seller", "learner"]
"""What a person of a partner may do within the role partner; see docs/roles.md."""


class PartnerStandingAnswer(TypedDict):
    """How a partner fared in the matches of a period: at most the newest 500; of a lead its first match counts."""

    partner: str
    since: str
    until: str
    considered: int
    ranked: int
    excluded: int
    first: int
    median_rank: float | None
    exclusions: list[ExclusionAnswer]
    chances: list[ChanceAnswer]


PartnerStatus = Literal["prospect", "applied", "onboarding", "active", "inactive", "ended", "rejected"]
"""Where a company stands in the programme, from first sight to the end of the relation."""


class PassedPlan(TypedDict):
    """A plan that does not pay, and why."""

    plan: str
    reason: str


class PasswordChange(TypedDict):
    """The password until now, and from now on."""

    old_password: str
    new_password: str


class PayoutRequest(TypedDict):
    """A payment to a partner."""

    amount: float | str
    currency: NotRequired[str | None]
    paid_on: NotRequired[str | None]
    reference: NotRequired[str]


class PeersAnswer(TypedDict):
    """A partner among others of its segment, which are never named."""

    segment: str
    n: int
    median: float | None
    percentile: float | None


class PeriodAnswer(TypedDict):
    """A half-open interval: from `start` on, before `end`."""

    start: str
    end: str


class Person(TypedDict):
    """A contact of the partner with the courses it passed that are still valid."""

    contact: str
    name: str
    courses: list[str]


class PersonalData(TypedDict):
    """Everything that is kept on somebody."""

    exported_at: str
    data: dict[str, list[dict[str, Any]]]


class PipelineFigures(TypedDict):
    """The pipeline over all programmes, and of each."""

    stages: list[Stage]
    programs: list[ProgramStages]


class Plan(TypedDict):
    """Plan."""

    id: int
    external_id: NotRequired[str | None]
    partner: NotRequired[str | None]
    title: NotRequired[str | None]
    objective: NotRequired[str | None]
    status: NotRequired[Literal["draft", "agreed", "closed"] | None]
    period_start: NotRequired[str | None]
    period_end: NotRequired[str | None]
    owner: NotRequired[str | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]
    row_version: int
    row_created_at: str
    row_updated_at: str


class PlanAnswer(TypedDict):
    """A joint business plan."""

    external_id: str
    partner: str
    title: str
    objective: str | None
    status: PlanStatus | None
    period_start: str
    period_end: str
    owner: str | None


class PlanCreate(TypedDict):
    """PlanCreate."""

    external_id: str
    partner: str
    title: str
    objective: NotRequired[str | None]
    status: NotRequired[Literal["draft", "agreed", "closed"] | None]
    period_start: str
    period_end: str
    owner: NotRequired[str | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]


class PlanPage(TypedDict):
    """PlanPage."""

    items: list[Plan]
    next_cursor: str | None


class PlanPatch(TypedDict):
    """PlanPatch."""

    external_id: NotRequired[str | None]
    partner: NotRequired[str | None]
    title: NotRequired[str | None]
    objective: NotRequired[str | None]
    status: NotRequired[Literal["draft", "agreed", "closed"] | None]
    period_start: NotRequired[str | None]
    period_end: NotRequired[str | None]
    owner: NotRequired[str | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]


PlanStatus = Literal["draft", "agreed", "closed"]
"""State of a joint business plan."""


class PlanStatusChange(TypedDict):
    """What a plan becomes."""

    status: PlanStatus


class PoliciesInForce(TypedDict):
    """How leads are routed now."""

    items: list[PolicyInForce]
    problems: list[PolicyProblem]


class PolicyChecked(TypedDict):
    """A policy that would be understood."""

    policy: RoutingPolicy
    rules: list[RuleSetting]
    fingerprint: str
    valid: NotRequired[Literal[True]]


class PolicyInForce(TypedDict):
    """A policy that decides."""

    policy: RoutingPolicy
    rules: list[RuleSetting]
    fingerprint: str
    program: str | None
    external_id: str | None


class PolicyProblem(TypedDict):
    """An active policy that does not decide."""

    program: str | None
    external_id: str
    name: str
    problem: str


class PolicyUsed(TypedDict):
    """The policy that decided who is shown first."""

    name: str
    fingerprint: str


class PreferenceAnswer(TypedDict):
    """How you are told of a kind of alert."""

    kind: Literal["risk_changed", "lead_unanswered", "lead_offered", "lead_needs_person", "lead_customer_waiting", "agreement_expiring", "certificate_expiring", "goal_off_track", "registration_conflict", "registration_decided", "registration_expiring", "message", "routing_unfair", "webhook_disabled", "weekly_digest"]
    text: str
    console: bool
    email: Literal["off", "immediate", "daily"]
    webhook: Literal["off", "immediate", "daily"]


class PreferenceInput(TypedDict):
    """How you want to be told of a kind of alert."""

    kind: Literal["risk_changed", "lead_unanswered", "lead_offered", "lead_needs_person", "lead_customer_waiting", "agreement_expiring", "certificate_expiring", "goal_off_track", "registration_conflict", "registration_decided", "registration_expiring", "message", "routing_unfair", "webhook_disabled", "weekly_digest"]
    console: NotRequired[bool]
    email: NotRequired[Literal["off", "immediate", "daily"]]
    webhook: NotRequired[Literal["off", "immediate", "daily"]]


class PreferencesAnswer(TypedDict):
    """How you are told of each kind that there is for you."""

    items: list[PreferenceAnswer]


class PreferencesInput(TypedDict):
    """What is to change; kinds not named stay as they are."""

    items: list[PreferenceInput]


class PreviewRequest(TypedDict):
    """A deal that may be won one day."""

    partner: str
    amount: float | str
    currency: NotRequired[str | None]
    product: NotRequired[str | None]
    company: NotRequired[str | None]
    domain: NotRequired[str | None]
    country: NotRequired[str | None]
    region: NotRequired[str | None]
    closed_at: NotRequired[str | None]
    shares: NotRequired[list[ShareGiven]]


class Problem(TypedDict):
    """What a client gets instead of an answer (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    request_id: str


class Product(TypedDict):
    """Product."""

    id: int
    external_id: NotRequired[str | None]
    name: NotRequired[str | None]
    category: NotRequired[str | None]
    description: NotRequired[str | None]
    price: NotRequired[float | None]
    currency: NotRequired[str | None]
    required_certifications: NotRequired[list[str] | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]
    row_version: int
    row_created_at: str
    row_updated_at: str


class ProductCreate(TypedDict):
    """ProductCreate."""

    external_id: str
    name: str
    category: NotRequired[str | None]
    description: NotRequired[str | None]
    price: NotRequired[float | str | None]
    currency: NotRequired[str | None]
    required_certifications: NotRequired[list[str] | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]


class ProductPage(TypedDict):
    """ProductPage."""

    items: list[Product]
    next_cursor: str | None


class ProductPatch(TypedDict):
    """ProductPatch."""

    external_id: NotRequired[str | None]
    name: NotRequired[str | None]
    category: NotRequired[str | None]
    description: NotRequired[str | None]
    price: NotRequired[float | str | None]
    currency: NotRequired[str | None]
    required_certifications: NotRequired[list[str] | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]


class Program(TypedDict):
    """Program."""

    id: int
    external_id: NotRequired[str | None]
    name: NotRequired[str | None]
    kind: NotRequired[str | None]
    objective: NotRequired[str | None]
    tiers: NotRequired[list[str] | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]
    row_version: int
    row_created_at: str
    row_updated_at: str


class ProgramCreate(TypedDict):
    """ProgramCreate."""

    external_id: str
    name: str
    kind: NotRequired[str | None]
    objective: NotRequired[str | None]
    tiers: NotRequired[list[str] | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]


class ProgramPage(TypedDict):
    """ProgramPage."""

    items: list[Program]
    next_cursor: str | None


class ProgramPatch(TypedDict):
    """ProgramPatch."""

    external_id: NotRequired[str | None]
    name: NotRequired[str | None]
    kind: NotRequired[str | None]
    objective: NotRequired[str | None]
    tiers: NotRequired[list[str] | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]


class ProgramRule(TypedDict):
    """ProgramRule."""

    id: int
    program: NotRequired[str | None]
    protection_days: NotRequired[int | None]
    reminder_days: NotRequired[int | None]
    answer_hours: NotRequired[int | None]
    first_contact_hours: NotRequired[int | None]
    auto_approve: NotRequired[bool | None]
    qualification_note: NotRequired[str | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]
    row_version: int
    row_created_at: str
    row_updated_at: str


class ProgramRuleCreate(TypedDict):
    """ProgramRuleCreate."""

    program: str
    protection_days: NotRequired[int | None]
    reminder_days: NotRequired[int | None]
    answer_hours: NotRequired[int | None]
    first_contact_hours: NotRequired[int | None]
    auto_approve: NotRequired[bool | None]
    qualification_note: NotRequired[str | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]


class ProgramRulePage(TypedDict):
    """ProgramRulePage."""

    items: list[ProgramRule]
    next_cursor: str | None


class ProgramRulePatch(TypedDict):
    """ProgramRulePatch."""

    program: NotRequired[str | None]
    protection_days: NotRequired[int | None]
    reminder_days: NotRequired[int | None]
    answer_hours: NotRequired[int | None]
    first_contact_hours: NotRequired[int | None]
    auto_approve: NotRequired[bool | None]
    qualification_note: NotRequired[str | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]


class ProgramStages(TypedDict):
    """The pipeline of one programme; None: of partners without one."""

    program: str | None
    stages: list[Stage]


class Progress(TypedDict):
    """How far a partner's onboarding is."""

    partner: str
    status: str | None
    program: str | None
    steps: int
    done: int
    overdue: int
    share: float
    required_open: list[str]
    next: ChecklistItem | None
    items: list[ChecklistItem]


class PromoteRequest(TypedDict):
    """Which version is to serve, and why."""

    version: int
    reason: NotRequired[str]


class ProspectItem(TypedDict):
    """A company in a list of recruiters."""

    partner: Partner
    qualification: Qualification
    fit: FitBeside | None


class ProspectPage(TypedDict):
    """A page of companies by people's qualification."""

    items: list[ProspectItem]
    next_cursor: str | None


class ProspectRanking(TypedDict):
    """Prospects, the most promising first."""

    as_of: str
    items: list[FitScore]


class PullBack(TypedDict):
    """What follows when an offer is taken back."""

    next: NotRequired[bool]
    reason: NotRequired[str | None]


class Qualification(TypedDict):
    """What people think of a company."""

    score: float | None
    at_least: float | None
    at_most: float | None
    coverage: float
    missing: list[str]
    failed: list[str]
    criteria: list[CriterionScore]


class QualificationAnswer(TypedDict):
    """People's qualification of a company; the model's fit beside it, never mixed."""

    partner: str
    status: str | None
    program: str | None
    qualification: Qualification
    fit: FitBeside | None


class RankedPartner(TypedDict):
    """A place in a ranking."""

    rank: int
    partner: str
    name: str
    value: float
    n: int


class Ranking(TypedDict):
    """Partners by a figure."""

    definition: FigureDefinition
    as_of: str
    currency: str
    period: PeriodAnswer
    total: int
    items: list[RankedPartner]
    next_cursor: str | None


class RateAnswer(TypedDict):
    """A share of cases with an exact 80 % interval; null of no case."""

    value: float | None
    low: float | None
    high: float | None
    n: int


class Rating(TypedDict):
    """Rating."""

    id: int
    partner: NotRequired[str | None]
    criterion: NotRequired[str | None]
    rated_at: NotRequired[str | None]
    score: NotRequired[float | None]
    comment: NotRequired[str | None]
    rated_by: NotRequired[str | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]
    row_version: int
    row_created_at: str
    row_updated_at: str


class RatingCreate(TypedDict):
    """RatingCreate."""

    partner: str
    criterion: str
    rated_at: str
    score: float
    comment: NotRequired[str | None]
    rated_by: str
    attributes: NotRequired[dict[str, str | float | bool | None]]


class RatingPage(TypedDict):
    """RatingPage."""

    items: list[Rating]
    next_cursor: str | None


class RatingPatch(TypedDict):
    """RatingPatch."""

    partner: NotRequired[str | None]
    criterion: NotRequired[str | None]
    rated_at: NotRequired[str | None]
    score: NotRequired[float | None]
    comment: NotRequired[str | None]
    rated_by: NotRequired[str | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]


class RatingRequest(TypedDict):
    """What the caller thinks of a company by one criterion."""

    criterion: str
    score: float
    comment: NotRequired[str | None]


class ReasonGiven(TypedDict):
    """Why something is done."""

    reason: str


class Recommendation(TypedDict):
    """One recommended asset or offer."""

    rank: int
    kind: Literal["asset", "offer"]
    item: str
    title: str | None
    p_engage: float
    low: float
    high: float
    evidence: Evidence
    n: int
    worth: float | None
    base: float
    factors: list[Factor]
    reason: str
    model_version: str


class RecommendationFeedback(TypedDict):
    """What a partner did with a recommendation."""

    partner: str
    kind: Literal["asset", "offer"]
    item: str
    action: Literal["shown", "opened", "dismissed"]


class RecommendationList(TypedDict):
    """Recommendations for a partner, the best first."""

    partner: str
    as_of: str
    items: list[Recommendation]
    notes: NotRequired[list[str]]


class RefusalAnswer(TypedDict):
    """A rule that spoke against the partner."""

    code: str
    text: str


class Registration(TypedDict):
    """Registration."""

    id: int
    deal: NotRequired[str | None]
    partner: NotRequired[str | None]
    submitted_at: NotRequired[str | None]
    protected_until: NotRequired[str | None]
    reminded_at: NotRequired[str | None]
    decided_at: NotRequired[str | None]
    decided_by: NotRequired[str | None]
    reason: NotRequired[str | None]
    address: NotRequired[str | None]
    distinct_from: NotRequired[list[str] | None]
    appealed_at: NotRequired[str | None]
    appeal_reason: NotRequired[str | None]
    appeal_status: NotRequired[Literal["open", "upheld", "dismissed"] | None]
    appeal_decided_by: NotRequired[str | None]
    appeal_decided_at: NotRequired[str | None]
    appeal_decision: NotRequired[str | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]
    row_version: int
    row_created_at: str
    row_updated_at: str


class RegistrationAnswer(TypedDict):
    """A registered deal and its registration."""

    deal: Deal
    registration: Registration


class RegistrationInput(TypedDict):
    """A deal to be registered."""

    partner: NotRequired[str | None]
    company: NotRequired[str | None]
    domain: NotRequired[str | None]
    country: NotRequired[str | None]
    address: NotRequired[str | None]
    product: NotRequired[str | None]
    lead: NotRequired[str | None]
    external_id: NotRequired[str | None]
    region: NotRequired[str | None]
    industry: NotRequired[str | None]
    stage: NotRequired[str | None]
    amount: NotRequired[float | str | None]
    currency: NotRequired[str | None]
    description: NotRequired[str | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]


class RegistrationPage(TypedDict):
    """RegistrationPage."""

    items: list[Registration]
    next_cursor: str | None


class Rejection(TypedDict):
    """Why a registration is rejected: the partner reads it."""

    reason: str


class RenewalRequest(TypedDict):
    """How an agreement goes on."""

    external_id: NotRequired[str | None]
    valid_to: NotRequired[str | None]


class ReplayAnswer(TypedDict):
    """How many events are on their way again."""

    queued: int


class ReplayedNumbers(TypedDict):
    """Numbers of one partner, as stored and computed again."""

    partner: str
    stored: list[float | None]
    again: list[float | None]
    same: bool


Role = Literal["admin", "recruiter", "manager", "router", "analyst", "partner"]
"""What a caller may do; see docs/roles.md for the matrix."""


class RotationRequest(TypedDict):
    """How a key is rotated."""

    grace_hours: NotRequired[float]


class RouteNow(TypedDict):
    """A routed lead with its clocks."""

    lead: str
    state: RouteState
    policy: str
    max_hops: int
    hops: int
    started_at: str
    started_by: str
    contact_until: str | None
    customer_told_at: str | None
    due_at: str | None
    ended_at: str | None
    note: str | None
    partner: str | None
    answer_until: str | None
    contacted_at: str | None
    is_late: bool


class RouteRow(TypedDict):
    """A routed lead, as lists tell it."""

    lead: str
    state: RouteState
    policy: str
    max_hops: int
    hops: int
    started_at: str
    started_by: str
    contact_until: str | None
    customer_told_at: str | None
    due_at: str | None
    ended_at: str | None
    note: str | None


class RouteRowPage(TypedDict):
    """Some routed leads, and the cursor of the next page."""

    items: list[RouteRow]
    next_cursor: str | None


RouteState = Literal["open", "offered", "accepted", "person", "closed"]
"""Where a lead stands on its way to a partner."""


class RoutedOffer(TypedDict):
    """An offer of the lead."""

    id: int
    partner: str
    hop: int | None
    offered_at: str
    answer_until: str | None
    reminded_at: str | None
    response: AssignmentResponse | None
    responded_at: str | None
    decline_reason: str | None
    match_id: str | None
    rank: int | None
    p_win: float | None
    propensity: float | None
    override: str | None


class Routing(TypedDict):
    """All that is known of the routing of a lead."""

    lead: str
    route: RouteNow | None
    offers: list[RoutedOffer]
    override: OverrideRow | None
    model_first: ModelFirst | None


class RoutingLimit(TypedDict):
    """RoutingLimit."""

    id: int
    external_id: NotRequired[str | None]
    policy: NotRequired[str | None]
    by: NotRequired[Literal["partner", "tier", "kind", "country", "program", "newcomer"] | None]
    value: NotRequired[str | None]
    least: NotRequired[float | None]
    most: NotRequired[float | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]
    row_version: int
    row_created_at: str
    row_updated_at: str


class RoutingLimitCreate(TypedDict):
    """RoutingLimitCreate."""

    external_id: NotRequired[str | None]
    policy: str
    by: Literal["partner", "tier", "kind", "country", "program", "newcomer"]
    value: NotRequired[str | None]
    least: NotRequired[float | None]
    most: NotRequired[float | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]


class RoutingLimitPage(TypedDict):
    """RoutingLimitPage."""

    items: list[RoutingLimit]
    next_cursor: str | None


class RoutingLimitPatch(TypedDict):
    """RoutingLimitPatch."""

    external_id: NotRequired[str | None]
    policy: NotRequired[str | None]
    by: NotRequired[Literal["partner", "tier", "kind", "country", "program", "newcomer"] | None]
    value: NotRequired[str | None]
    least: NotRequired[float | None]
    most: NotRequired[float | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]


class RoutingOverride(TypedDict):
    """RoutingOverride."""

    id: int
    external_id: NotRequired[str | None]
    lead: NotRequired[str | None]
    partner: NotRequired[str | None]
    reason: NotRequired[str | None]
    set_by: NotRequired[str | None]
    set_at: NotRequired[str | None]
    expires_at: NotRequired[str | None]
    ended_at: NotRequired[str | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]
    row_version: int
    row_created_at: str
    row_updated_at: str


class RoutingOverrideCreate(TypedDict):
    """RoutingOverrideCreate."""

    external_id: NotRequired[str | None]
    lead: str
    partner: str
    reason: str
    set_by: NotRequired[str | None]
    set_at: NotRequired[str | None]
    expires_at: NotRequired[str | None]
    ended_at: NotRequired[str | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]


class RoutingOverridePage(TypedDict):
    """RoutingOverridePage."""

    items: list[RoutingOverride]
    next_cursor: str | None


class RoutingOverridePatch(TypedDict):
    """RoutingOverridePatch."""

    external_id: NotRequired[str | None]
    lead: NotRequired[str | None]
    partner: NotRequired[str | None]
    reason: NotRequired[str | None]
    set_by: NotRequired[str | None]
    set_at: NotRequired[str | None]
    expires_at: NotRequired[str | None]
    ended_at: NotRequired[str | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]


class RoutingPolicie(TypedDict):
    """RoutingPolicie."""

    id: int
    external_id: NotRequired[str | None]
    name: NotRequired[str | None]
    program: NotRequired[str | None]
    active: NotRequired[bool | None]
    automatic: NotRequired[bool | None]
    shadow_prices: NotRequired[bool | None]
    objective: NotRequired[Literal["p_win", "value"] | None]
    margin: NotRequired[float | None]
    exploration: NotRequired[Literal["none", "epsilon", "thompson"] | None]
    explored_share: NotRequired[float | None]
    explored_within: NotRequired[float | None]
    max_hops: NotRequired[int | None]
    answer_hours: NotRequired[float | None]
    first_contact_hours: NotRequired[float | None]
    remind_hours: NotRequired[float | None]
    cool_down_days: NotRequired[float | None]
    newcomer_days: NotRequired[float | None]
    working_days: NotRequired[list[str] | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]
    row_version: int
    row_created_at: str
    row_updated_at: str


class RoutingPolicieCreate(TypedDict):
    """RoutingPolicieCreate."""

    external_id: str
    name: str
    program: NotRequired[str | None]
    active: NotRequired[bool | None]
    automatic: NotRequired[bool | None]
    shadow_prices: NotRequired[bool | None]
    objective: NotRequired[Literal["p_win", "value"] | None]
    margin: NotRequired[float | None]
    exploration: NotRequired[Literal["none", "epsilon", "thompson"] | None]
    explored_share: NotRequired[float | None]
    explored_within: NotRequired[float | None]
    max_hops: NotRequired[int | None]
    answer_hours: NotRequired[float | None]
    first_contact_hours: NotRequired[float | None]
    remind_hours: NotRequired[float | None]
    cool_down_days: NotRequired[float | None]
    newcomer_days: NotRequired[float | None]
    working_days: NotRequired[list[str] | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]


class RoutingPoliciePage(TypedDict):
    """RoutingPoliciePage."""

    items: list[RoutingPolicie]
    next_cursor: str | None


class RoutingPoliciePatch(TypedDict):
    """RoutingPoliciePatch."""

    external_id: NotRequired[str | None]
    name: NotRequired[str | None]
    program: NotRequired[str | None]
    active: NotRequired[bool | None]
    automatic: NotRequired[bool | None]
    shadow_prices: NotRequired[bool | None]
    objective: NotRequired[Literal["p_win", "value"] | None]
    margin: NotRequired[float | None]
    exploration: NotRequired[Literal["none", "epsilon", "thompson"] | None]
    explored_share: NotRequired[float | None]
    explored_within: NotRequired[float | None]
    max_hops: NotRequired[int | None]
    answer_hours: NotRequired[float | None]
    first_contact_hours: NotRequired[float | None]
    remind_hours: NotRequired[float | None]
    cool_down_days: NotRequired[float | None]
    newcomer_days: NotRequired[float | None]
    working_days: NotRequired[list[str] | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]


class RoutingPolicy(TypedDict):
    """How leads of a programme find their partner."""

    name: NotRequired[str]
    program: NotRequired[str | None]
    automatic: NotRequired[bool]
    objective: NotRequired[Objective]
    margin: NotRequired[float]
    shadow_prices: NotRequired[bool]
    exploration: NotRequired[Exploration]
    explored_share: NotRequired[float]
    explored_within: NotRequired[float]
    max_hops: NotRequired[int]
    answer_hours: NotRequired[float | None]
    first_contact_hours: NotRequired[float | None]
    remind_hours: NotRequired[float]
    cool_down_days: NotRequired[float]
    newcomer_days: NotRequired[float]
    working_days: NotRequired[list[Weekday]]
    rules: NotRequired[list[RuleSetting]]
    limits: NotRequired[list[ShareLimit]]


class RoutingPolicyGiven(TypedDict):
    """RoutingPolicyGiven."""

    name: NotRequired[str]
    program: NotRequired[str | None]
    automatic: NotRequired[bool]
    objective: NotRequired[Objective]
    margin: NotRequired[float]
    shadow_prices: NotRequired[bool]
    exploration: NotRequired[Exploration]
    explored_share: NotRequired[float]
    explored_within: NotRequired[float]
    max_hops: NotRequired[int]
    answer_hours: NotRequired[float | None]
    first_contact_hours: NotRequired[float | None]
    remind_hours: NotRequired[float]
    cool_down_days: NotRequired[float]
    newcomer_days: NotRequired[float]
    working_days: NotRequired[list[Weekday]]
    rules: NotRequired[list[RuleSettingGiven]]
    limits: NotRequired[list[ShareLimitGiven]]


class RoutingRule(TypedDict):
    """RoutingRule."""

    id: int
    policy: NotRequired[str | None]
    rule: NotRequired[Literal["not_active", "no_agreement", "territory", "product_not_covered", "certification_missing", "certification_expired", "at_capacity", "declined_before", "exclusive_to_other", "conflict", "cooling_down", "away", "language", "tier", "distance"] | None]
    enforced: NotRequired[bool | None]
    number: NotRequired[float | None]
    names: NotRequired[list[str] | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]
    row_version: int
    row_created_at: str
    row_updated_at: str


class RoutingRuleCreate(TypedDict):
    """RoutingRuleCreate."""

    policy: str
    rule: Literal["not_active", "no_agreement", "territory", "product_not_covered", "certification_missing", "certification_expired", "at_capacity", "declined_before", "exclusive_to_other", "conflict", "cooling_down", "away", "language", "tier", "distance"]
    enforced: NotRequired[bool | None]
    number: NotRequired[float | None]
    names: NotRequired[list[str] | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]


class RoutingRulePage(TypedDict):
    """RoutingRulePage."""

    items: list[RoutingRule]
    next_cursor: str | None


class RoutingRulePatch(TypedDict):
    """RoutingRulePatch."""

    policy: NotRequired[str | None]
    rule: NotRequired[Literal["not_active", "no_agreement", "territory", "product_not_covered", "certification_missing", "certification_expired", "at_capacity", "declined_before", "exclusive_to_other", "conflict", "cooling_down", "away", "language", "tier", "distance"] | None]
    enforced: NotRequired[bool | None]
    number: NotRequired[float | None]
    names: NotRequired[list[str] | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]


class RowProblem(TypedDict):
    """Why a row was not taken."""

    code: str
    detail: str
    field: NotRequired[str | None]


class RowResult(TypedDict):
    """What became of one row."""

    index: int
    status: Literal["created", "changed", "unchanged", "failed"]
    id: NotRequired[int | None]
    external_id: NotRequired[str | None]
    row_version: NotRequired[int | None]
    problem: NotRequired[RowProblem | None]


Rule = Literal["not_active", "no_agreement", "territory", "product_not_covered", "certification_missing", "certification_expired", "at_capacity", "declined_before", "exclusive_to_other", "conflict", "cooling_down", "away", "language", "tier", "distance"]
"""Reasons for which a partner is not eligible; codes are public and only grow."""


class RuleSetting(TypedDict):
    """What a policy says of one rule."""

    rule: Rule
    enforced: NotRequired[bool]
    number: NotRequired[float | None]
    names: NotRequired[list[str]]


class RuleSettingGiven(TypedDict):
    """RuleSettingGiven."""

    rule: Rule
    enforced: NotRequired[bool]
    number: NotRequired[float | None]
    names: NotRequired[list[str]]


class RunAnswer(TypedDict):
    """What a run did."""

    deals: int
    booked: int
    reversed: int
    totals: list[CurrencyTotal]
    next_after: int | None


class RunRequest(TypedDict):
    """Which deals to settle."""

    after: NotRequired[int]
    limit: NotRequired[int]
    recompute: NotRequired[bool]
    won_since: NotRequired[str | None]


class Scorecard(TypedDict):
    """All figures of one partner."""

    partner: str
    name: str
    as_of: str
    currency: str
    period: PeriodAnswer
    stage: str
    figures: list[ScorecardFigure]


class ScorecardFigure(TypedDict):
    """A figure of one partner, compared."""

    name: str
    unit: str
    value: float | None
    n: int
    trend: TrendAnswer | None
    other_currencies: dict[str, float]
    peers: list[PeersAnswer]


class ScoringRequest(TypedDict):
    """What to score and store."""

    model: Literal["fit", "churn"]
    horizon_days: NotRequired[int | None]
    as_of: NotRequired[str | None]


class SessionAnswer(TypedDict):
    """Who is asking."""

    name: str
    full_name: str | None
    email: str | None
    role: Role
    partner: str | None
    partner_role: PartnerRole | None
    scopes: list[str]
    csrf_token: str | None
    expires_at: str | None


class ShareGiven(TypedDict):
    """A partner's share of a commission."""

    partner: str
    share: float


class ShareLimit(TypedDict):
    """Bounds of the share of a batch of leads that a group of partners gets."""

    by: LimitBy
    value: NotRequired[str | None]
    least: NotRequired[float | None]
    most: NotRequired[float | None]


class ShareLimitGiven(TypedDict):
    """ShareLimitGiven."""

    by: LimitBy
    value: NotRequired[str | None]
    least: NotRequired[float | None]
    most: NotRequired[float | None]


class ShortlistEntrie(TypedDict):
    """ShortlistEntrie."""

    id: int
    shortlist: NotRequired[str | None]
    partner: NotRequired[str | None]
    note: NotRequired[str | None]
    added_by: NotRequired[str | None]
    added_at: NotRequired[str | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]
    row_version: int
    row_created_at: str
    row_updated_at: str


class ShortlistEntrieCreate(TypedDict):
    """ShortlistEntrieCreate."""

    shortlist: str
    partner: str
    note: NotRequired[str | None]
    added_by: NotRequired[str | None]
    added_at: NotRequired[str | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]


class ShortlistEntriePage(TypedDict):
    """ShortlistEntriePage."""

    items: list[ShortlistEntrie]
    next_cursor: str | None


class ShortlistEntriePatch(TypedDict):
    """ShortlistEntriePatch."""

    shortlist: NotRequired[str | None]
    partner: NotRequired[str | None]
    note: NotRequired[str | None]
    added_by: NotRequired[str | None]
    added_at: NotRequired[str | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]


class SimilarWin(TypedDict):
    """An earlier win of the partner that resembles the lead."""

    deal: str
    text: str


class SpreadAnswer(TypedDict):
    """How unevenly first offers are spread over partners."""

    partners: int
    gini: float | None
    top_share: float | None
    eligible_gini: float | None


class Stage(TypedDict):
    """A stage of the pipeline in figures."""

    stage: str
    next: list[str]
    count: int
    entered: int
    moved_on: int
    lost: int
    conversion: float | None
    median_days: float | None
    median_days_so_far: float | None


class StageChange(TypedDict):
    """StageChange."""

    id: int
    partner: NotRequired[str | None]
    changed_at: NotRequired[str | None]
    from_status: NotRequired[Literal["prospect", "applied", "onboarding", "active", "inactive", "ended", "rejected"] | None]
    to_status: NotRequired[Literal["prospect", "applied", "onboarding", "active", "inactive", "ended", "rejected"] | None]
    reason: NotRequired[str | None]
    changed_by: NotRequired[str | None]
    overridden: NotRequired[bool | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]
    row_version: int
    row_created_at: str
    row_updated_at: str


class StageChangePage(TypedDict):
    """StageChangePage."""

    items: list[StageChange]
    next_cursor: str | None


class StageFigure(TypedDict):
    """A figure that matters in a stage."""

    name: str
    unit: str
    value: float | None
    n: int


class StageFlow(TypedDict):
    """How many partners went from one stage to another."""

    before: str
    after: str
    partners: int


class Statement(TypedDict):
    """Statement."""

    id: int
    external_id: NotRequired[str | None]
    partner: NotRequired[str | None]
    period_start: NotRequired[str | None]
    period_end: NotRequired[str | None]
    currency: NotRequired[str | None]
    credit: NotRequired[float | None]
    debit: NotRequired[float | None]
    closed_at: NotRequired[str | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]
    row_version: int
    row_created_at: str
    row_updated_at: str


class StatementPage(TypedDict):
    """StatementPage."""

    items: list[Statement]
    next_cursor: str | None


class StatementRequest(TypedDict):
    """A period to be closed for a partner."""

    partner: str
    period_start: str
    period_end: str
    currency: NotRequired[str | None]


class StatementRunAnswer(TypedDict):
    """Statements that were made."""

    statements: list[Statement]
    totals: list[CurrencyTotal]
    next_after: int | None


class StatementRunRequest(TypedDict):
    """A period to be closed for all partners."""

    period_start: str
    period_end: str
    after: NotRequired[int]
    limit: NotRequired[int]


class StatementsAnswer(TypedDict):
    """Statements that were made, one per currency."""

    items: list[Statement]


class StatusRequest(TypedDict):
    """Where a partner is to stand."""

    status: PartnerStatus
    reason: NotRequired[str | None]
    override: NotRequired[bool]


class SubmittedAnswer(TypedDict):
    """A registered deal and what was found about it."""

    deal: Deal
    registration: Registration
    findings: list[ClaimFinding]


class Survey(TypedDict):
    """Survey."""

    id: int
    external_id: NotRequired[str | None]
    title: NotRequired[str | None]
    kind: NotRequired[str | None]
    question: NotRequired[str | None]
    program: NotRequired[str | None]
    valid_from: NotRequired[str | None]
    valid_to: NotRequired[str | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]
    row_version: int
    row_created_at: str
    row_updated_at: str


class SurveyAnswerCreate(TypedDict):
    """An answer to a survey."""

    score: float
    comment: NotRequired[str | None]
    partner: NotRequired[str | None]


class SurveyAnswerKept(TypedDict):
    """An answer as it is kept: a row of feedback."""

    id: int
    partner: str
    submitted_at: str
    kind: str
    score: float
    comment: str | None
    attributes: dict[str, Any]


class SurveyCreate(TypedDict):
    """SurveyCreate."""

    external_id: str
    title: str
    kind: str
    question: NotRequired[str | None]
    program: NotRequired[str | None]
    valid_from: NotRequired[str | None]
    valid_to: NotRequired[str | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]


class SurveyPage(TypedDict):
    """SurveyPage."""

    items: list[Survey]
    next_cursor: str | None


class SurveyPatch(TypedDict):
    """SurveyPatch."""

    external_id: NotRequired[str | None]
    title: NotRequired[str | None]
    kind: NotRequired[str | None]
    question: NotRequired[str | None]
    program: NotRequired[str | None]
    valid_from: NotRequired[str | None]
    valid_to: NotRequired[str | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]


class SurveyResultsAnswer(TypedDict):
    """What partners answered in a period, without their names."""

    survey: str
    kind: str
    period_start: str | None
    period_end: str | None
    n: int
    asked: int
    response_rate: float | None
    value: float | None
    mean: float | None
    distribution: dict[str, int]
    comments: list[str]


class Task(TypedDict):
    """Task."""

    id: int
    external_id: NotRequired[str | None]
    partner: NotRequired[str | None]
    step: NotRequired[str | None]
    title: NotRequired[str | None]
    description: NotRequired[str | None]
    owner: NotRequired[str | None]
    due_on: NotRequired[str | None]
    done_at: NotRequired[str | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]
    row_version: int
    row_created_at: str
    row_updated_at: str


class TaskCreate(TypedDict):
    """TaskCreate."""

    external_id: NotRequired[str | None]
    partner: str
    step: NotRequired[str | None]
    title: str
    description: NotRequired[str | None]
    owner: NotRequired[str | None]
    due_on: NotRequired[str | None]
    done_at: NotRequired[str | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]


class TaskPage(TypedDict):
    """TaskPage."""

    items: list[Task]
    next_cursor: str | None


class TaskPatch(TypedDict):
    """TaskPatch."""

    external_id: NotRequired[str | None]
    partner: NotRequired[str | None]
    step: NotRequired[str | None]
    title: NotRequired[str | None]
    description: NotRequired[str | None]
    owner: NotRequired[str | None]
    due_on: NotRequired[str | None]
    done_at: NotRequired[str | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]


class Term(TypedDict):
    """Term."""

    id: int
    agreement: NotRequired[str | None]
    version: NotRequired[int | None]
    body: NotRequired[str | None]
    agreed_on: NotRequired[str | None]
    agreed_by: NotRequired[str | None]
    notice_days: NotRequired[int | None]
    renews: NotRequired[bool | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]
    row_version: int
    row_created_at: str
    row_updated_at: str


class TermCreate(TypedDict):
    """TermCreate."""

    agreement: str
    version: int
    body: NotRequired[str | None]
    agreed_on: NotRequired[str | None]
    agreed_by: NotRequired[str | None]
    notice_days: NotRequired[int | None]
    renews: NotRequired[bool | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]


class TermPage(TypedDict):
    """TermPage."""

    items: list[Term]
    next_cursor: str | None


class TermPatch(TypedDict):
    """TermPatch."""

    agreement: NotRequired[str | None]
    version: NotRequired[int | None]
    body: NotRequired[str | None]
    agreed_on: NotRequired[str | None]
    agreed_by: NotRequired[str | None]
    notice_days: NotRequired[int | None]
    renews: NotRequired[bool | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]


class TermsGiven(TypedDict):
    """The next version of an agreement's terms."""

    body: NotRequired[str | None]
    agreed_on: NotRequired[str | None]
    agreed_by: NotRequired[str | None]
    notice_days: NotRequired[int | None]
    renews: NotRequired[bool | None]


class Tier(TypedDict):
    """Tier."""

    id: int
    external_id: NotRequired[str | None]
    program: NotRequired[str | None]
    name: NotRequired[str | None]
    position: NotRequired[int | None]
    min_revenue: NotRequired[float | None]
    currency: NotRequired[str | None]
    min_deals: NotRequired[int | None]
    min_certified: NotRequired[int | None]
    required_certifications: NotRequired[list[str] | None]
    benefits: NotRequired[str | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]
    row_version: int
    row_created_at: str
    row_updated_at: str


class TierCreate(TypedDict):
    """TierCreate."""

    external_id: str
    program: str
    name: str
    position: int
    min_revenue: NotRequired[float | str | None]
    currency: NotRequired[str | None]
    min_deals: NotRequired[int | None]
    min_certified: NotRequired[int | None]
    required_certifications: NotRequired[list[str] | None]
    benefits: NotRequired[str | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]


class TierCriterion(TypedDict):
    """A threshold of a tier and where the partner stands."""

    name: str
    actual: float
    threshold: float
    met: bool
    text: str


class TierLevel(TypedDict):
    """A level, and how many partners stand on it."""

    id: int
    external_id: NotRequired[str | None]
    program: NotRequired[str | None]
    name: NotRequired[str | None]
    position: NotRequired[int | None]
    min_revenue: NotRequired[float | None]
    currency: NotRequired[str | None]
    min_deals: NotRequired[int | None]
    min_certified: NotRequired[int | None]
    required_certifications: NotRequired[list[str] | None]
    benefits: NotRequired[str | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]
    row_version: int
    row_created_at: str
    row_updated_at: str
    partners: int


class TierPage(TypedDict):
    """TierPage."""

    items: list[Tier]
    next_cursor: str | None


class TierPatch(TypedDict):
    """TierPatch."""

    external_id: NotRequired[str | None]
    program: NotRequired[str | None]
    name: NotRequired[str | None]
    position: NotRequired[int | None]
    min_revenue: NotRequired[float | str | None]
    currency: NotRequired[str | None]
    min_deals: NotRequired[int | None]
    min_certified: NotRequired[int | None]
    required_certifications: NotRequired[list[str] | None]
    benefits: NotRequired[str | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]


class TierProposal(TypedDict):
    """A proposed change of tier with what it rests on."""

    review: TierReview
    change: str
    criteria: list[TierCriterion]


class TierReview(TypedDict):
    """TierReview."""

    id: int
    external_id: NotRequired[str | None]
    partner: NotRequired[str | None]
    reviewed_on: NotRequired[str | None]
    tier: NotRequired[str | None]
    proposed_tier: NotRequired[str | None]
    explanation: NotRequired[str | None]
    status: NotRequired[Literal["proposed", "accepted", "rejected"] | None]
    decided_by: NotRequired[str | None]
    decided_at: NotRequired[str | None]
    attributes: NotRequired[dict[str, str | float | bool | None]]
    row_version: int
    row_created_at: str
    row_updated_at: str


class TierReviewAnswer(TypedDict):
    """What a round of reviews came to."""

    partners: int
    unchanged: int
    proposals: list[TierProposal]
    next_cursor: str | None


class TierReviewPage(TypedDict):
    """TierReviewPage."""

    items: list[TierReview]
    next_cursor: str | None


class TierReviewRequest(TypedDict):
    """Whose tiers to review."""

    program: NotRequired[str | None]
    cursor: NotRequired[str | None]
    limit: NotRequired[int]


class TierStanding(TypedDict):
    """Where a partner stands in its programme, and what is missing to the next tier."""

    partner: str
    program: str | None
    tier: str | None
    earned_tier: str | None
    next_tier: str | None
    criteria: list[TierCriterion]
    missing: list[str]
    at_risk: list[str]


class Times(TypedDict):
    """How long a partner took."""

    applied_at: NotRequired[str | None]
    onboarding_at: NotRequired[str | None]
    active_at: NotRequired[str | None]
    days_to_onboard: NotRequired[float | None]
    days_from_application: NotRequired[float | None]
    first_won_at: NotRequired[str | None]
    days_to_first_deal: NotRequired[float | None]


class TrainingAnswer(TypedDict):
    """How a partner stands with its courses on a day."""

    partner: str
    on: str
    held: list[Holding]
    expiring: list[Holding]
    expired: list[Holding]
    missing: list[MissingCourse]
    persons: list[Person]
    enrolments: list[Enrolment]


class TrainingCoverage(TypedDict):
    """Active partners and the courses they hold."""

    items: list[CourseCoverage]


class TrainingRequest(TypedDict):
    """What to train."""

    models: NotRequired[list[Literal["fit", "churn", "match", "recommend"]]]
    as_of: NotRequired[str | None]


class TrendAnswer(TypedDict):
    """A figure against the period before."""

    before: float | None
    n_before: int
    change: float | None
    change_low: float | None
    change_high: float | None
    relative: float | None


class Typical(TypedDict):
    """The median of so many partners; None of none."""

    median_days: float | None
    n: int


class UnassignedLead(TypedDict):
    """A lead that stays without a partner."""

    lead: str
    code: Literal["no_partner", "no_room", "limits", "refused"]
    text: str


class Unlock(TypedDict):
    """A product or tier that a course opens, and what it takes besides."""

    key: str
    name: str
    also_missing: list[str]


class UserAnswer(TypedDict):
    """A person."""

    id: int
    email: str
    name: str
    role: Role
    partner: str | None
    partner_role: PartnerRole | None
    status: UserStatus
    has_password: bool
    created_at: str
    last_login_at: str | None


class UserPage(TypedDict):
    """Some people, and the cursor of the next page."""

    items: list[UserAnswer]
    next_cursor: str | None


class UserPatch(TypedDict):
    """What is to change; what is not given stays."""

    email: NotRequired[str | None]
    name: NotRequired[str | None]
    role: NotRequired[Role | None]
    partner: NotRequired[str | None]
    partner_role: NotRequired[PartnerRole | None]
    status: NotRequired[UserStatus | None]


UserStatus = Literal["invited", "active", "deactivated"]
"""State of a person's account."""


class VerificationAnswer(TypedDict):
    """What a look at the whole chain found."""

    ok: bool
    entries: int
    erased: int
    head_seq: int
    head_hash: str
    first_bad: int | None
    reason: str | None


class VersionRequest(TypedDict):
    """Which version."""

    version: int


class WebhookAnswer(TypedDict):
    """A webhook and how it does."""

    id: int
    url: str
    events: list[str]
    description: str | None
    partner: str | None
    active: bool
    disabled_reason: str | None
    failures: int
    failing_since: str | None
    paused_until: str | None
    row_version: int
    created_by: str
    created_at: str
    updated_at: str


class WebhookPage(TypedDict):
    """Some webhooks, and the cursor of the next page."""

    items: list[WebhookAnswer]
    next_cursor: str | None


class WebhookPatch(TypedDict):
    """What is to change; what is not given stays."""

    url: NotRequired[str]
    events: NotRequired[list[str]]
    description: NotRequired[str | None]
    active: NotRequired[bool]


class WebhookWithSecret(TypedDict):
    """A webhook, and the secret that its deliveries are signed with."""

    webhook: WebhookAnswer
    secret: str | None


Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
"""Days on which clocks run."""


class WhiteSpace(TypedDict):
    """Where there is demand, and how well partners cover it, the worst gap first."""

    as_of: str
    items: list[WhiteSpaceRow]


class WhiteSpaceRow(TypedDict):
    """Demand and coverage of one value."""

    dimension: Literal["country", "region", "industry", "product"]
    value: str
    name: str
    demand: int
    won: int
    lost: int
    unrouted: int
    partners: int
    capacity: float
    expected: float
    missing_partners: float | None
    unserved: float
    severity: float
    gap: bool
    prospects: int | None


class Withdrawal(TypedDict):
    """Why a claim is given up."""

    reason: NotRequired[str | None]


class api__routes__replays__ReplayRequest(TypedDict):
    """What is to be tried on which leads."""

    policy: NotRequired[RoutingPolicyGiven | None]
    policies: NotRequired[list[RoutingPolicyGiven] | None]
    since: str
    until: NotRequired[str | None]
    limit: NotRequired[int]
    model: NotRequired[int | None]


class api__routes__webhooks__ReplayRequest(TypedDict):
    """From when on events are sent again."""

    since: str


class api__schemas_money__ExpiringPage(TypedDict):
    """Agreements that end soon, the soonest first."""

    items: list[ExpiringAgreement]
    next_cursor: str | None


class api__schemas_people__ExpiringPage(TypedDict):
    """A page of certificates that run out."""

    items: list[ExpiringCertificate]
    next_cursor: str | None
