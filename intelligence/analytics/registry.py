"""All figures of the programme, each defined once; docs/kpis.md is made from here."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from types import MappingProxyType

from domain.errors import NotFound
from intelligence.analytics import leads, money, people, sales
from intelligence.analytics.figure import Figure, Shape
from intelligence.analytics.names import ALIASES, canonical

_SUM, _RATIO, _QUANTILE, _TOP = Shape.SUM, Shape.RATIO, Shape.QUANTILE, Shape.TOP
_NONE = "0: there was none"

_SALES = (
    Figure("revenue", "money", "sum of the amounts of deals won in the period (by closed_at)",
           "0: nothing was won, or no amount named", sales.revenue, by_product=True),
    Figure("deals_won", "count", "deals won in the period (by closed_at)", _NONE, sales.deals_won, by_product=True),
    Figure("deals_lost", "count", "deals lost in the period (by closed_at)", _NONE, sales.deals_lost, better=-1,
           by_product=True),
    Figure("win_rate", "share", "deals won / (deals won + deals lost), of those closed in the period",
           "no deal was closed", sales.wins_of_closed, _RATIO, by_product=True),
    Figure("average_deal_size", "money", "sum of amounts / number of deals, of deals won in the period that name one",
           "no deal with an amount was won", sales.deal_sizes, _RATIO, by_product=True),
    Figure("sales_cycle_days", "days", "median of closed_at - registered_at of deals won in the period",
           "no deal was won", sales.sales_cycles, _QUANTILE, better=-1, by_product=True),
    Figure("new_customers", "count",
           "customers whose first won deal of all was won in the period, counted for the partner that won it; a "
           "customer is told by its domain, else by its company name without case, accents and legal form, else by the "
           "lead, else by the deal", _NONE, sales.new_customers, by_product=True),
    Figure("registrations", "count", "deals registered in the period", _NONE, sales.registrations, by_product=True),
    Figure("registration_approval_rate", "share",
           "approved / decided (approved, rejected, expired), of deals registered in the period; expired ones had been "
           "approved", "none was decided", sales.registration_decisions, _RATIO, by_product=True),
    Figure("registration_win_rate", "share", "won / approved, of deals registered in the period (open ones: not won)",
           "none was approved", sales.registration_wins, _RATIO, by_product=True),
    Figure("pipeline", "money", "sum of the amounts of deals that are open at the end of the period; neither rejected "
           "nor expired", "0: no open deal, or no amount named", sales.pipeline, stock=True, by_product=True),
    Figure("open_deals", "count", "deals that are open at the end of the period; neither rejected nor expired", _NONE,
           sales.open_deals, stock=True, by_product=True),
    Figure("pipeline_coverage", "ratio",
           "pipeline / what is left to win of revenue goals that run at the end of the period and are not reached, of "
           "partners with such goals", "no revenue goal is left to reach", sales.pipeline_coverage, _RATIO, stock=True),
    Figure("top_partners_share", "share", "revenue of the ten partners with most revenue / revenue",
           "there was no revenue", sales.revenue, _TOP, better=0, internal=True, by_product=True),
)  # fmt: skip

_LEADS = (
    Figure("leads_offered", "count", "leads offered to partners in the period (by offered_at)", _NONE,
           leads.leads_offered, by_product=True),
    Figure("leads_accepted", "count", "offers accepted in the period (by responded_at)", _NONE, leads.leads_accepted,
           by_product=True),
    Figure("acceptance_rate", "share", "accepted / offered, of leads offered in the period (waiting: not accepted)",
           "no lead was offered", leads.acceptances, _RATIO, by_product=True),
    Figure("accepted_to_deal_rate", "share",
           "with a deal of the same partner for the lead / accepted, of leads offered in the period",
           "none was accepted", leads.deals_of_accepted, _RATIO, by_product=True),
    Figure("deal_to_won_rate", "share",
           "won / with a deal, of leads offered in the period and accepted (open deals: not won)",
           "none became a deal", leads.wins_of_dealt, _RATIO, by_product=True),
    Figure("offered_to_won_rate", "share", "accepted and won / offered, of leads offered in the period",
           "no lead was offered", leads.wins_of_offered, _RATIO, by_product=True),
    Figure("lead_response_hours", "hours",
           "median of responded_at - offered_at of offers accepted or declined in the period", "none was answered",
           leads.response_hours, _QUANTILE, better=-1, by_product=True),
    Figure("lead_response_hours_p90", "hours",
           "90th percentile of responded_at - offered_at of offers accepted or declined in the period",
           "none was answered", leads.response_hours, _QUANTILE, 0.9, better=-1, by_product=True),
    Figure("sla_kept", "share",
           "accepted or declined within answer_hours of the programme's rules / offers whose time is over or that "
           "were answered, of leads offered in the period; the lead's programme counts, else the partner's; offers "
           "withdrawn in time do not count", "no programme with answer_hours offered a lead", leads.answers_in_time,
           _RATIO, by_product=True),
    Figure("lead_spread", "ratio",
           "Gini coefficient of first offers of leads in the period over the partners that were active at its end or "
           "got one; 0: all the same, towards 1: all to one", "no lead was offered", leads.first_offers, Shape.GINI,
           better=-1, internal=True),
    Figure("routing_agreement", "share",
           "made to the partner that the match put first, of those not asked before / offers of people in the period "
           "that came of a match, overrides among them; what is offered automatically does not count",
           "no person made an offer after a match", leads.agreements, _RATIO, better=0, internal=True,
           by_product=True),
)  # fmt: skip

_PEOPLE = (
    Figure("partners", "count", "companies on the books, of every status: ask for it by status", _NONE, people.partners,
           better=0, stock=True),
    Figure("active_partners", "count", "partners with the status active at the end of the period", _NONE,
           people.active_partners, stock=True),
    Figure("recruited", "count", "partners with recruited_at in the period", _NONE, people.recruited),
    Figure("ended", "count", "partners with ended_at in the period", _NONE, people.ended, better=-1),
    Figure("time_to_onboard_days", "days",
           "median of days that partners were onboarding before they became active, of those that did in the period; "
           "by the history of status", "none became active after onboarding", people.onboarding_days, _QUANTILE,
           better=-1),
    Figure("time_to_first_deal_days", "days",
           "median of days from recruited_at to the first won deal, of partners that won it in the period",
           "no partner won its first deal", people.days_to_first_deal, _QUANTILE, better=-1),
    Figure("certifications", "count", "certificates passed in the period (by passed_on)", _NONE, people.certificates),
    Figure("certified_share", "share",
           "active partners with a certificate that is valid at the end of the period / active partners",
           "there is no active partner", people.certified, _RATIO, stock=True),
    Figure("certification_coverage", "share",
           "required certificates that are held and valid at the end of the period / required ones, of active "
           "partners; required are those of the partner's tier and of the products that its running agreements name",
           "nothing is required", people.certification_coverage, _RATIO, stock=True),
    Figure("activities", "count", "activities in the period (by occurred_at)", _NONE, people.activities),
    Figure("engagement", "ratio", "activities in the period / partners, of partners active at its end",
           "there is no active partner", people.engagement, _RATIO),
    Figure("engaged_share", "share",
           "active partners with an activity within 90 days before the end of the period / active partners",
           "there is no active partner", people.engaged, _RATIO, stock=True),
    Figure("nps", "points",
           "100 x (share of scores 9 and 10 - share of scores 0 to 6) of feedback of the kind nps in the period",
           "there was no answer", people.promoters, _RATIO),
    Figure("csat", "share", "share of scores 4 and 5 of feedback of the kind csat (1 to 5) in the period",
           "there was no answer", people.satisfied, _RATIO),
)  # fmt: skip

_MONEY = (
    Figure("spend", "money",
           "costs in the period (by incurred_on) + ledger entries other than payouts, credit less debit (by earned_on)",
           "0: nothing was spent", money.spend, better=0, internal=True),
    Figure("roi", "ratio", "(revenue - spend) / spend, both in the currency told", "nothing was spent",
           money.returns, _RATIO, internal=True),
    Figure("acquisition_cost", "money", "spend / new customers, in the currency told", "there was no new customer",
           money.acquisition, _RATIO, better=-1, internal=True),
)  # fmt: skip

FIGURES: Mapping[str, Figure] = MappingProxyType({f.name: f for f in (*_SALES, *_LEADS, *_PEOPLE, *_MONEY)})
"""All figures by name."""

FAMILIES: Mapping[str, str] = MappingProxyType(
    {
        "activities": "activities of the kind",
        "nps": "as nps, of feedback of the kind (0 to 10)",
        "csat": "as csat, of feedback of the kind (1 to 5)",
        "score": "mean score of feedback of the kind",
    }
)
"""Figures by kind, asked for as ``<family>.<kind>``."""

_SCORE = Figure("score", "points", FAMILIES["score"], "there was no answer", people.promoters, _RATIO)


def figure_named(name: str) -> Figure:
    """Return the figure of a name, an alias, or ``<family>.<kind>``.

    Raises
    ------
    NotFound
        If there is none.

    Examples
    --------
    >>> figure_named("won_revenue").name, figure_named("activities.training").name
    ('revenue', 'activities.training')
    """
    known = canonical(name)
    family, dot, kind = known.partition(".")
    if dot and kind and family in FAMILIES and "\0" not in kind:
        return _of_kind(family, kind)
    if known not in FIGURES:
        raise NotFound(
            f"There is no figure {name!r}; there are {', '.join(FIGURES)}, and <kind>s of {', '.join(FAMILIES)}.",
            figure=name,
        )
    return FIGURES[known]


def is_figure(metric: str) -> bool:
    """Tell whether a metric names a figure."""
    try:
        figure_named(metric)
    except NotFound:
        return False
    return True


def _of_kind(family: str, kind: str) -> Figure:
    base = FIGURES.get(family, _SCORE)
    source = {
        "activities": partial(people.activities, kind=kind),
        "nps": partial(people.promoters, kind=kind),
        "csat": partial(people.satisfied, kind=kind),
        "score": partial(people.scores, kind=kind),
    }[family]
    return replace(base, name=f"{family}.{kind}", formula=f"{FAMILIES[family]} {kind}", facts=source)


def definitions_table() -> str:
    """Return the table of all figures in docs/kpis.md."""
    also: dict[str, list[str]] = {}
    for alias, name in ALIASES.items():
        also.setdefault(name, []).append(alias)
    rows = ["| figure | unit | formula | null or 0 means | also called |", "|---|---|---|---|---|"]
    for figure in FIGURES.values():
        marks = " (state)" * figure.stock + " (staff only)" * figure.internal
        names = ", ".join(f"`{alias}`" for alias in also.get(figure.name, []))
        rows.append(f"| `{figure.name}` | {figure.unit}{marks} | {figure.formula} | {figure.empty} | {names} |")
    rows += [f"| `{family}.<kind>` | | {words} | | |" for family, words in FAMILIES.items()]
    return "\n".join(rows)
