"""What figures are called elsewhere: the words that goals, CRMs and people use for them."""

ALIASES: dict[str, str] = {
    alias: name
    for name, aliases in {
        "revenue": "won_revenue sales sales_revenue turnover bookings won_amount closed_won_amount",
        "deals_won": "wins won_deals deals_closed closed_won",
        "deals_lost": "lost_deals losses",
        "new_customers": "customers customers_won new_logos logos",
        "registrations": "deal_registrations deals_registered registered_deals deals new_deals opportunities",
        "leads_offered": "leads leads_received offered_leads",
        "leads_accepted": "accepted_leads leads_taken",
        "certifications": "certificates certs certificates_passed certifications_passed new_certifications",
        "average_deal_size": "deal_size avg_deal_size",
        "sales_cycle_days": "sales_cycle cycle_days",
        "lead_response_hours": "response_hours response_time lead_response_time",
        "pipeline": "pipeline_amount open_pipeline",
        "recruited": "partners_recruited new_partners recruits",
        "activities": "activity engagements",
        "csat": "satisfaction",
        "nps": "net_promoter_score",
        "sla_kept": "sla",
        "acquisition_cost": "cac customer_acquisition_cost",
    }.items()
    for alias in aliases.split()
}
"""Other names of figures; the names themselves are those of the registry."""


def canonical(metric: str) -> str:
    """Return the name of the figure that a metric means: case, blanks and hyphens do not matter.

    Examples
    --------
    >>> canonical("Won revenue"), canonical("activities.Training")
    ('revenue', 'activities.Training')
    """
    head, dot, kind = metric.strip().partition(".")
    word = "_".join(head.lower().replace("-", " ").replace("_", " ").split())
    return ALIASES.get(word, word) + dot + kind.strip()
