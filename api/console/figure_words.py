"""The programme's figures as people read them: what each is called, and what it means in a sentence."""

from collections.abc import Mapping
from typing import NamedTuple

from api.console.words import gettext, mark
from intelligence.analytics.names import canonical
from intelligence.analytics.registry import figure_named


class Words(NamedTuple):
    """What a figure is called, and what it means."""

    label: str
    meaning: str


def _of(label: str, meaning: str) -> Words:
    return Words(label, meaning)


WORDS: Mapping[str, Words] = {
    "revenue": _of(mark("Revenue"), mark("What partners won, by the amounts of their deals.")),
    "deals_won": _of(mark("Deals won"), mark("Deals that customers signed.")),
    "deals_lost": _of(mark("Deals lost"), mark("Deals that went to somebody else or to nobody.")),
    "win_rate": _of(mark("Win rate"), mark("Of the deals that were closed, how many were won.")),
    "average_deal_size": _of(mark("Deal size"), mark("What a won deal brings on average.")),
    "sales_cycle_days": _of(mark("Sales cycle"), mark("From registering a deal to winning it, in the middle case.")),
    "new_customers": _of(mark("New customers"), mark("Customers that bought for the first time.")),
    "registrations": _of(mark("Deals registered"), mark("Deals that partners registered.")),
    "registration_approval_rate": _of(
        mark("Registrations approved"), mark("Of the registrations that were decided, how many were approved.")
    ),
    "registration_win_rate": _of(
        mark("Registrations won"), mark("Of the registrations that were approved, how many were won.")
    ),
    "pipeline": _of(mark("Pipeline"), mark("What the open deals are worth.")),
    "open_deals": _of(mark("Open deals"), mark("Deals that are still to be won or lost.")),
    "pipeline_coverage": _of(
        mark("Pipeline coverage"), mark("Open deals against what is left to win of the partners' revenue goals.")
    ),
    "top_partners_share": _of(
        mark("Share of the top ten"), mark("How much of the revenue comes from the ten largest partners.")
    ),
    "leads_offered": _of(mark("Leads offered"), mark("Leads that were offered to partners.")),
    "leads_accepted": _of(mark("Leads accepted"), mark("Offered leads that partners took.")),
    "acceptance_rate": _of(mark("Acceptance"), mark("Of the leads offered, how many were taken.")),
    "accepted_to_deal_rate": _of(
        mark("Accepted leads that became deals"), mark("Of the leads taken, how many became a deal.")
    ),
    "deal_to_won_rate": _of(
        mark("Lead deals won"), mark("Of the deals that came of offered leads, how many were won so far.")
    ),
    "offered_to_won_rate": _of(
        mark("Lead conversion"), mark("Of the leads offered, how many ended in a won deal so far.")
    ),
    "lead_response_hours": _of(
        mark("Answer time"), mark("How long partners take to answer a lead, in the middle case.")
    ),
    "lead_response_hours_p90": _of(
        mark("Answer time, slow cases"), mark("Nine of ten answers to a lead come within this time.")
    ),
    "sla_kept": _of(mark("Answered in time"), mark("Leads that were answered within the programme's time.")),
    "lead_spread": _of(
        mark("Spread of leads"), mark("How unevenly leads are spread over partners: 0 is even, 1 is all to one.")
    ),
    "routing_agreement": _of(
        mark("Agreement with the match"),
        mark("How often people offer a lead to the partner that the match puts first."),
    ),
    "partners": _of(mark("Companies"), mark("All companies on the books, prospects among them.")),
    "active_partners": _of(mark("Active partners"), mark("Partners whose status is active.")),
    "recruited": _of(mark("Partners recruited"), mark("Partners that joined.")),
    "ended": _of(mark("Partners ended"), mark("Partners that left.")),
    "time_to_onboard_days": _of(
        mark("Time to onboard"), mark("How long partners are onboarding before they are active, in the middle case.")
    ),
    "time_to_first_deal_days": _of(
        mark("Time to first deal"), mark("From joining to the first won deal, in the middle case.")
    ),
    "certifications": _of(mark("Certificates passed"), mark("Certificates that people of partners passed.")),
    "certified_share": _of(mark("Certified partners"), mark("Of the active partners, how many hold a certificate.")),
    "certification_coverage": _of(
        mark("Required certificates held"), mark("Of the certificates that partners must hold, how many they do.")
    ),
    "activities": _of(mark("Activities"), mark("Everything that partners did: logins, content, events and more.")),
    "engagement": _of(mark("Activities per partner"), mark("How much an active partner did on average.")),
    "engaged_share": _of(
        mark("Engaged partners"), mark("Of the active partners, how many did anything in the last 90 days.")
    ),
    "nps": _of(
        mark("Recommendation (NPS)"), mark("Partners that would recommend us, less those that would not: -100 to 100.")
    ),
    "csat": _of(mark("Satisfaction"), mark("Of the partners asked, how many gave 4 or 5 of 5.")),
    "score": _of(mark("Mean answer"), mark("The mean of the partners' answers.")),
    "spend": _of(mark("Spend"), mark("What the programme costs: costs, commissions, rewards and funds.")),
    "roi": _of(mark("Return on spend"), mark("Revenue less spend, for each unit spent.")),
    "acquisition_cost": _of(mark("Cost of a customer"), mark("What was spent for each new customer.")),
}
"""By name; of families such as ``activities.training`` the family's words are told."""

GROUPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (mark("Sales"), ("revenue", "deals_won", "deals_lost", "win_rate", "average_deal_size", "sales_cycle_days",
                     "new_customers", "registrations", "registration_approval_rate", "registration_win_rate",
                     "pipeline", "open_deals", "pipeline_coverage", "top_partners_share")),
    (mark("Leads"), ("leads_offered", "leads_accepted", "acceptance_rate", "accepted_to_deal_rate",
                     "deal_to_won_rate", "offered_to_won_rate", "lead_response_hours", "lead_response_hours_p90",
                     "sla_kept", "lead_spread", "routing_agreement")),
    (mark("Partners"), ("partners", "active_partners", "recruited", "ended", "time_to_onboard_days",
                        "time_to_first_deal_days", "certifications", "certified_share", "certification_coverage",
                        "activities", "engagement", "engaged_share", "nps", "csat")),
    (mark("Money"), ("spend", "roi", "acquisition_cost")),
)  # fmt: skip
"""All figures, as they stand together."""


def figure_label(name: str) -> str:
    """Return what a figure is called in the reader's language.

    Examples
    --------
    >>> figure_label("won_revenue"), figure_label("activities.training"), figure_label("score.support")
    ('Revenue', 'Activities: training', 'Mean answer: support')
    """
    family, _, kind = canonical(name).partition(".")
    label = gettext(WORDS[family].label) if family in WORDS else family
    return f"{label}: {kind}" if kind else label


def figure_meaning(name: str) -> str:
    """Return what a figure means in the reader's language; empty where its formula says it all."""
    words = WORDS.get(name) or (WORDS["score"] if name.startswith("score.") else None)
    return "" if words is None else gettext(words.meaning)


def figure_unit(name: str | None) -> str:
    """Return the unit of a figure; of what is none of ours, such as a goal that somebody made up, a count.

    Examples
    --------
    >>> figure_unit("revenue"), figure_unit("win_rate"), figure_unit(None)
    ('money', 'share', 'count')
    """
    return "count" if name is None else str(figure_named(name).unit)
