"""Which events raise an alert, and which are the end of one; read from the feed, each once."""

import logging
from collections.abc import Callable, Mapping
from typing import Any

from domain.settings import Settings
from programme.alert_kinds import KINDS
from programme.alerts import raise_alert, resolve_alerts
from store.alerts import Draft
from store.events import Event
from store.unit_of_work import UnitOfWork

_READER = "alerts"
_PAGE = 500
_DECISIONS = frozenset({"registration.approved", "registration.rejected", "registration.expired"})
_MOST_PAGES = 20

_log = logging.getLogger(__name__)


def watch_events(work: UnitOfWork, settings: Settings) -> int:
    """Raise and resolve alerts by what happened since the last time; return how many events were looked at.

    In one transaction with the mark of how far it got, so that nothing is missed or told twice.
    """
    work.alerts.lock()
    after, looked = work.alerts.mark(_READER), 0
    for _ in range(_MOST_PAGES):
        page = work.events.list(after, _PAGE).items
        names = work.events.partners_of(page)
        for event in page:
            _look(work, event, names, settings)
        if page:
            after, looked = page[-1].id, looked + len(page)
        if len(page) < _PAGE:
            break
    if looked:
        work.alerts.set_mark(_READER, after)
    return looked


def is_behind(work: UnitOfWork) -> bool:
    """Whether something happened since the last time."""
    return bool(work.events.list(work.alerts.mark(_READER), 1).items)


def _look(work: UnitOfWork, event: Event, names: Mapping[int, str], settings: Settings) -> None:
    make = _RAISED_BY.get(event.name)
    try:
        over = _over(event, names)
        draft = None if make is None else make(event, names.get(event.partner_id or 0, ""))
    except (KeyError, TypeError, ValueError) as error:  # announced without what an alert tells: the others go on
        _log.warning("event %s (%s) raises no alert: %r", event.id, event.name, error)
        return
    for kind, key in over:
        resolve_alerts(work, kind, key)
    if draft is not None:
        raise_alert(work, draft, settings)


def _draft(kind: str, severity: str, message: str, event: Event, key: str, **more: Any) -> Draft:
    told = KINDS[kind]
    values: dict[str, Any] = {
        "dedup_key": f"{kind}/{event.id}",
        "resource": event.resource,
        "partner_id": event.partner_id,
        "for_staff": told.for_staff,
        "for_partner": told.for_partner and event.partner_id is not None,
        "details": dict(event.payload),
    }
    return Draft(kind=kind, severity=severity, message=message, key=key, **(values | more))


def _agreement_expiring(event: Event, partner: str) -> Draft:
    told = event.payload
    left, key = int(told["days_left"]), str(told["agreement"])
    text = f"Agreement {key} of {partner} ends on {told['valid_to']}, in {left} days, and is not renewed."
    severity = "critical" if left <= 7 else "warning"
    dedup = f"agreement_expiring/{key}/{told['valid_to']}/{told['threshold_days']}"
    return _draft("agreement_expiring", severity, text, event, key, dedup_key=dedup, resource="agreements")


def _certificate_expiring(event: Event, partner: str) -> Draft:
    told = event.payload
    key = f"{partner}/{told['course']}"
    until = f"{told['expires_on']}, in {told['days_left']} days"
    text = f"The certificate {told['course']} of {partner} runs out on {until}."
    dedup = f"certificate_expiring/{key}/{told['expires_on']}/{told['threshold_days']}"
    details = {name: value for name, value in told.items() if name != "contact"}
    return _draft(
        "certificate_expiring", "warning", text, event, key, dedup_key=dedup, resource="certifications", details=details
    )


def _registration_conflict(event: Event, _partner: str) -> Draft:
    deal = str(event.payload["deal"])
    text = f"The registration of deal {deal} conflicts with another claim; it waits for a decision."
    dedup = f"registration_conflict/{deal}"
    return _draft("registration_conflict", "warning", text, event, deal, dedup_key=dedup, details={"deal": deal})


def _registration_decided(event: Event, _partner: str) -> Draft:
    deal, what = str(event.payload["deal"]), event.name.partition(".")[2]
    severity = "info" if what == "approved" else "warning"
    text = f"The registration of deal {deal} was {what}."
    return _draft("registration_decided", severity, text, event, deal, details={"deal": deal, "decision": what})


def _registration_expiring(event: Event, _partner: str) -> Draft:
    deal = str(event.payload["deal"])
    text = f"The protection of deal {deal} ends soon; extend it if the deal goes on."
    return _draft("registration_expiring", "warning", text, event, deal)


def _lead_offered(event: Event, _partner: str) -> Draft:
    lead = str(event.payload["lead"])
    text = f"Lead {lead} was offered to you; accept or decline it."
    dedup = f"lead_offered/{event.payload['id']}"
    return _draft("lead_offered", "info", text, event, str(event.payload["id"]), dedup_key=dedup)


def _lead_reminded(event: Event, partner: str) -> Draft:
    told = event.payload
    text = f"Lead {told['lead']}, offered to {partner}, waits for an answer until {str(told['answer_until'])[:16]} UTC."
    key = str(told["id"])
    return _draft("lead_unanswered", "warning", text, event, key, dedup_key=f"lead_unanswered/{key}")


def _lead_needs_person(event: Event, _partner: str) -> Draft:
    lead = str(event.payload["lead"])
    text = f"Lead {lead} waits for a person: {event.payload['note']}"
    return _draft("lead_needs_person", "critical", text, event, lead, resource="leads")


def _lead_customer_waiting(event: Event, _partner: str) -> Draft:
    lead = str(event.payload["lead"])
    text = f"The customer of lead {lead} has waited since {str(event.payload['contact_until'])[:16]} UTC for a partner."
    dedup = f"lead_customer_waiting/{lead}/{event.payload['contact_until']}"
    return _draft("lead_customer_waiting", "critical", text, event, lead, dedup_key=dedup, resource="leads")


def _message(event: Event, partner: str) -> Draft:
    from_partner = event.payload["from"] == "partner"
    text = f"Partner {partner} wrote a message." if from_partner else "You have a message from your partner team."
    return _draft(
        "message",
        "info",
        text,
        event,
        str(event.payload["note"]),
        resource="notes",
        for_staff=from_partner,
        for_partner=not from_partner,
    )


def _goal_off_track(event: Event, partner: str) -> Draft:
    told = event.payload
    chance = "" if told.get("p_reach") is None else f": the chance to reach it is {told['p_reach']:.0%}"
    text = f"The goal of {partner} for {told['metric']} until {told['period_end']} is off track{chance}."
    key = f"{partner}/{told['metric']}/{told['period_start']}"
    return _draft("goal_off_track", "warning", text, event, key, dedup_key=f"goal_off_track/{key}", resource="goals")


def _webhook_disabled(event: Event, _partner: str) -> Draft:
    told = event.payload
    text = f"Webhook {told['id']} ({told['origin']}) was switched off: {told['reason']}."
    return _draft("webhook_disabled", "critical", text, event, str(told["id"]))


def _risk_changed(event: Event, partner: str) -> Draft:
    told = event.payload
    is_worse = told["p_inactive"] > told["previous"]
    severity = "critical" if told["band"] == "high" else ("warning" if is_worse else "info")
    text = (
        f"The risk of {partner} to go silent within {told['horizon_days']} days is {told['band']} now "
        f"({told['p_inactive']:.0%}, was {told['previous']:.0%})."
    )
    dedup = f"risk_changed/{partner}/{told['as_of']}"
    return _draft("risk_changed", severity, text, event, partner, dedup_key=dedup, resource="partners")


_LEAD_GOES_ON = frozenset({"assignment.offered", "lead.routing_started", "lead.routing_stopped"})
_CUSTOMER_WAITS_NO_MORE = frozenset({"assignment.accepted", "lead.routing_stopped"})

_RAISED_BY: Mapping[str, Callable[[Event, str], Draft | None]] = {
    "agreement.expiring": _agreement_expiring,
    "certification.expiring": _certificate_expiring,
    "registration.conflict": _registration_conflict,
    "registration.expiring": _registration_expiring,
    **dict.fromkeys(_DECISIONS, _registration_decided),
    "goal.off_track": _goal_off_track,
    "assignment.offered": _lead_offered,
    "assignment.reminded": _lead_reminded,
    "lead.needs_person": _lead_needs_person,
    "lead.customer_waiting": _lead_customer_waiting,
    "message.sent": _message,
    "webhook.disabled": _webhook_disabled,
    "partner.risk_changed": _risk_changed,
}


def _over(event: Event, names: Mapping[int, str]) -> list[tuple[str, str]]:
    """Return kind and key of the alerts that an event is the end of."""
    told, key, partner = event.payload, event.key or "", names.get(event.partner_id or 0, "")
    row: Mapping[str, Any] = told.get("row") or {}
    found: list[tuple[str, str]] = []
    if event.name == "partner.risk_changed":
        found.append(("risk_changed", partner))
    if event.name == "agreement.renewed":
        found.append(("agreement_expiring", str(told.get("agreement") or key)))
    if event.name == "agreement.changed" and {"valid_to", "status"} & set(told["changed"]):
        found.append(("agreement_expiring", key))
    if event.name == "certification.created":
        found.append(("certificate_expiring", f"{partner}/{row.get('course')}"))
    if event.name == "assignment.changed" and row.get("response") is not None:
        found += [(kind, str(row["id"])) for kind in ("lead_unanswered", "lead_offered")]
    if event.name in _LEAD_GOES_ON:
        found.append(("lead_needs_person", str(told.get("lead"))))
    if event.name in _CUSTOMER_WAITS_NO_MORE:
        found.append(("lead_customer_waiting", str(told.get("lead"))))
    if event.name in _DECISIONS:
        found += [(kind, str(told["deal"])) for kind in ("registration_conflict", "registration_expiring")]
    if event.name == "webhook.deleted" or (event.name == "webhook.changed" and told["active"]):
        found.append(("webhook_disabled", key))
    return found
