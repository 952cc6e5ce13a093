"""What time alone brings about: offers that nobody answers, risks that moved with the night's scores."""

from datetime import timedelta

from domain.settings import Settings
from domain.terms import ModelName
from programme.alerts import raise_alert
from store.alert_sweeps import OpenOffer, last_told, open_offers, partner_names
from store.alerts import Draft
from store.unit_of_work import UnitOfWork

LOOK_BACK = timedelta(days=30)
"""Offers older than this are history that nobody will answer."""

HYSTERESIS = 0.05
"""A risk that crosses the edge of a band by less than this since it was told last is not told."""


def sweep_offers(work: UnitOfWork, settings: Settings) -> int:
    """Raise an alert for each offered lead that waits for long, once; return how many were raised."""
    now = work.clock()
    waiting = open_offers(work.connection, now - LOOK_BACK, now - timedelta(hours=settings.alert_lead_hours))
    return sum(raise_alert(work, _unanswered(offer), settings) is not None for offer in waiting)


def _unanswered(offer: OpenOffer) -> Draft:
    return Draft(
        kind="lead_unanswered",
        severity="warning",
        message=f"Lead {offer.lead}, offered to {offer.partner} on {offer.offered_at:%Y-%m-%d %H:%M} UTC, waits.",
        dedup_key=f"lead_unanswered/{offer.id}",
        resource="assignments",
        key=str(offer.id),
        partner_id=offer.partner_id,
        for_partner=True,
        details={"lead": offer.lead, "partner": offer.partner, "offered_at": offer.offered_at},
    )


def tell_risk_changes(work: UnitOfWork, horizon_days: int) -> int:
    """Announce ``partner.risk_changed`` for partners whose newest churn score is in another band; return how many.

    Other than told last, or, where nothing was told yet, than in the score before.
    """
    newest = work.scores.latest(ModelName.CHURN, horizon_days)
    if not newest:
        return 0
    as_of = max(score.as_of for score in newest.values())
    before = work.scores.previous(ModelName.CHURN, horizon_days, as_of)
    known = last_told(work.connection, "risk_changed")
    names = partner_names(work.connection, list(newest))
    told = 0
    for id_, score in newest.items():
        band, last = score.details.get("band"), known.get(id_)
        if score.as_of != as_of or (last is None and id_ not in before):
            continue
        p, was = (last["p_inactive"], last["band"]) if last else (before[id_].p, before[id_].details.get("band"))
        if band == was or abs(score.p - p) < HYSTERESIS:
            continue
        payload = {"partner": names[id_], "horizon_days": horizon_days, "as_of": as_of, "p_inactive": score.p}
        payload |= {"band": band, "previous": p, "previous_band": was}
        work.journal.announce("partner.risk_changed", payload, id_, private=True)  # no partner sees its own risk
        told += 1
    return told
