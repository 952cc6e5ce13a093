"""What the world talks about: topics, and sentences that carry them without naming them as codes.

The number of distinct texts is bounded on purpose (some 1,300 in a default world), because a real
programme repeats itself too and because every distinct text costs an embedding.
"""

from itertools import combinations
from typing import NamedTuple


class Topic(NamedTuple):
    """One theme: how a customer asks for it, how a partner claims it, what a paper about it says."""

    name: str
    needs: tuple[str, str, str]
    claim: str
    subject: str


TOPICS = (
    Topic(
        "invoicing",
        (
            "late invoices and slow billing",
            "automatic dunning of unpaid bills",
            "e-invoicing that the tax office accepts",
        ),
        "billing and electronic invoicing",
        "Invoicing without paper",
    ),
    Topic(
        "payroll",
        ("paying wages correctly each month", "timesheets and holiday balances", "payroll for staff in several places"),
        "payroll and time tracking",
        "Payroll that closes on time",
    ),
    Topic(
        "inventory",
        ("stock counts that never match", "warehouse picking with scanners", "knowing what is on the shelf"),
        "warehouse and stock control",
        "Stock you can trust",
    ),
    Topic(
        "ecommerce",
        ("opening an online shop", "selling on marketplaces", "carts that are abandoned at checkout"),
        "web shops and marketplaces",
        "Selling online",
    ),
    Topic(
        "crm",
        ("sales people losing track of contacts", "a pipeline everybody can see", "following up customer enquiries"),
        "customer relationship management",
        "A pipeline that tells the truth",
    ),
    Topic(
        "payments",
        ("card payments at the counter", "instant transfers and QR payments", "fees of the current card acquirer"),
        "card terminals and payment acceptance",
        "Getting paid at once",
    ),
    Topic(
        "analytics",
        ("dashboards for the board", "reports that take days in spreadsheets", "seeing margins by product"),
        "dashboards and business intelligence",
        "Figures for decisions",
    ),
    Topic(
        "security",
        ("protection against ransomware", "access rights after an audit finding", "backups nobody has tested"),
        "cyber security and backup",
        "Sleeping well: security",
    ),
    Topic(
        "migration",
        ("moving old servers to the cloud", "replacing a legacy system", "migrating years of data safely"),
        "cloud migration of legacy systems",
        "Moving to the cloud",
    ),
    Topic(
        "manufacturing",
        ("planning of machines and shifts", "bills of material and work orders", "traceability of batches"),
        "production planning and shop floors",
        "Planning the shop floor",
    ),
    Topic(
        "projects",
        ("project budgets that overrun", "billing hours to the right project", "planning of field crews"),
        "project accounting and field service",
        "Projects in budget",
    ),
    Topic(
        "support",
        ("a help desk with too many tickets", "answering customers on chat", "service contracts and response times"),
        "help desk and customer service",
        "Service that answers",
    ),
    Topic(
        "compliance",
        ("privacy rules for personal data", "audit trails for the regulator", "keeping records as the law asks"),
        "data protection and regulatory compliance",
        "Ready for the auditor",
    ),
    Topic(
        "procurement",
        ("purchase approvals on paper", "comparing suppliers' prices", "contracts with vendors that expire unnoticed"),
        "purchasing and supplier management",
        "Buying with discipline",
    ),
    Topic(
        "loyalty",
        ("bringing shoppers back with points", "gift cards and vouchers", "campaigns to dormant customers"),
        "loyalty programmes and marketing automation",
        "Customers who come back",
    ),
    Topic(
        "integration",
        ("systems that do not talk to each other", "an interface to the bank", "connecting apps through an API"),
        "system integration and APIs",
        "Everything connected",
    ),
)

_ASKS = (
    "We need help with {need}.",
    "Looking for somebody who knows {need}; decision this quarter.",
    "Our problem is {need}, and the present tool does not cope.",
    "The owner asks for advice on {need}.",
    "Budget is set aside for {need}; several branches are involved.",
    "Called twice about {need}, wants a demonstration.",
    "Growing fast, pain point is {need}.",
    "Asked at the fair for an offer around {need}.",
)

_PROFILES = (
    "Specialists in {a} and {b}.",
    "We advise companies on {a}; our second practice is {b}.",
    "Family business known for {a}, with projects in {b}.",
    "Local consultants: {a}, {b}, training and support.",
)

_TITLES = (
    "{subject}: a {kind} for {audience}",
    "{audience}: {subject} ({kind})",
    "{subject} in practice, {kind} for {audience}",
)
_AUDIENCES = (
    "beginners",
    "sales teams",
    "consultants",
    "technical staff",
    "owners",
    "retail customers",
    "account teams",
)
_BODIES = (
    "How to talk with customers about {a} and {b}, with questions to ask.",
    "Step by step: setting up a solution for {a}, from first call to go-live.",
    "A customer story about {b}: what it cost and what it brought.",
    "Competitors, objections and prices when the project is {c}.",
)
_OFFERS = (
    "Bonus for every deal on {claim}",
    "Marketing money for a campaign on {claim}",
    "Free training seats in {claim}",
    "Double commission on {claim}",
)

STRENGTH_PAIRS = tuple(combinations(range(len(TOPICS)), 2))
ASKS_A_TOPIC = len(_ASKS) * 3

COMMENTS = {
    "low": ("Too slow when we need an answer.", "Portal is confusing.", "Leads do not fit us.", "Nobody calls back."),
    "mid": ("Works most of the time.", "Training was fine.", "Could be simpler."),
    "high": ("Great support from our manager.", "Good leads this season.", "Easy to work with.", "Recommended."),
}

INDUSTRIES = (
    "retail",
    "healthcare",
    "manufacturing",
    "finance",
    "education",
    "logistics",
    "energy",
    "public sector",
    "hospitality",
    "legal",
    "construction",
    "media",
)

PRODUCT_NAMES = ("Ledger", "Storefront", "Payroll", "Insight", "Warehouse", "Terminal", "Connect", "Shield")
SOURCES = ("web form", "event", "referral", "campaign", "marketplace", "cold call")
TIERS = ("bronze", "silver", "gold", "platinum")
ASSET_KINDS = ("guide", "webinar", "datasheet", "case study", "playbook", "course")

_FIRST = (
    "Alta",
    "Boreal",
    "Cedro",
    "Delta",
    "Ember",
    "Fjord",
    "Granit",
    "Harbor",
    "Íris",
    "Jasper",
    "Kestrel",
    "Lumen",
)
_SECOND = (
    "Soft",
    "Works",
    "Data",
    "Consult",
    "Systems",
    "Net",
    "Partner",
    "Logic",
    "Cloud",
    "Gestão",
    "Técnica",
    "Haus",
)
_PEOPLE = ("Ana", "Bruno", "Carla", "Dieter", "Ewa", "Felipe", "Grace", "Hugo", "Inês", "Jan", "Kasia", "Luis")
_FAMILIES = ("Silva", "Kowalska", "Müller", "García", "Smith", "Costa", "Nowak", "Weber", "López", "Brown")


def ask(topic: int, variant: int) -> str:
    """Return how a customer words a need; ``variant`` below `ASKS_A_TOPIC`.

    Examples
    --------
    >>> ask(0, 0)
    'We need help with late invoices and slow billing.'
    """
    form, need = divmod(variant, 3)
    return _ASKS[form].format(need=TOPICS[topic].needs[need])


def profile(pair: int, variant: int) -> str:
    """Return how a partner with the strengths `STRENGTH_PAIRS` [pair] presents itself."""
    a, b = STRENGTH_PAIRS[pair]
    return _PROFILES[variant % len(_PROFILES)].format(a=TOPICS[a].claim, b=TOPICS[b].claim)


def asset_title(topic: int, kind: int, variant: int) -> str:
    """Return an asset's title."""
    form, audience = variant % len(_TITLES), variant // len(_TITLES) % len(_AUDIENCES)
    words = {"subject": TOPICS[topic].subject, "kind": ASSET_KINDS[kind], "audience": _AUDIENCES[audience]}
    return _TITLES[form].format(**words)


def asset_body(topic: int, variant: int) -> str:
    """Return an asset's body, one of four a topic."""
    a, b, c = TOPICS[topic].needs
    return _BODIES[variant % len(_BODIES)].format(a=a, b=b, c=c)


def offer_title(topic: int, variant: int) -> str:
    """Return an offer's title."""
    return _OFFERS[variant % len(_OFFERS)].format(claim=TOPICS[topic].claim)


def company_name(number: int) -> str:
    """Return a company's name.

    Examples
    --------
    >>> company_name(13)
    'Boreal Works 0'
    """
    first, second = number % len(_FIRST), number // len(_FIRST) % len(_SECOND)
    return f"{_FIRST[first]} {_SECOND[second]} {number // (len(_FIRST) * len(_SECOND))}"


def person_name(number: int) -> str:
    """Return a person's name."""
    return f"{_PEOPLE[number % len(_PEOPLE)]} {_FAMILIES[number // len(_PEOPLE) % len(_FAMILIES)]}"


def product_name(number: int) -> str:
    """Return a product's name."""
    family = PRODUCT_NAMES[number % len(PRODUCT_NAMES)]
    series = number // len(PRODUCT_NAMES)
    return family if series == 0 else f"{family} {series + 1}"
