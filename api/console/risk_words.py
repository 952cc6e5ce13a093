"""Risks in words: what to do, why, and the dates that a person checks them against."""

from api.console.formats import day, number
from api.console.words import gettext, ngettext
from api.schemas_scores import ChurnRisk
from programme.risk_advice import Advice, Call


def what_to_do(told: Advice) -> str:
    """Say an advice in words."""
    words = {
        Call.LEADS_WAIT: gettext("Ask about the leads that wait"),
        Call.AGREEMENT_ENDS: gettext("Talk about the next agreement"),
        Call.CERTIFICATE_ENDS: gettext("Get the certificate renewed"),
        Call.SILENT: gettext("Call and ask how it goes"),
        Call.NO_DEAL: gettext("Help with the first deal"),
        Call.NO_WIN: gettext("Offer a lead or a promotion"),
        Call.RISK: gettext("Call before it goes quiet"),
    }
    return words[told.call]


def why(told: Advice) -> str:
    """Say what an advice answers to."""
    n = told.number
    leads = ngettext("%(num)s lead waits for an answer", "%(num)s leads wait for an answer", int(n or 0))
    silent = gettext("silent since %(day)s, usually %(num)s days apart") if n else gettext("silent since %(day)s")
    words = {
        Call.LEADS_WAIT: leads,
        Call.AGREEMENT_ENDS: gettext("the agreement ends on %(day)s"),
        Call.CERTIFICATE_ENDS: gettext("a certificate runs out on %(day)s"),
        Call.SILENT: silent,
        Call.NO_DEAL: gettext("no deal was ever registered"),
        Call.NO_WIN: gettext("nothing won since %(day)s") if told.on else gettext("nothing won yet"),
        Call.RISK: gettext("the chance to go silent is not small"),
    }
    return words[told.call] % {"day": day(told.on), "num": number(n, 1)}


def dated_facts(row: ChurnRisk) -> list[tuple[str, str]]:
    """Return what a person checks a risk against: what, and when."""
    facts = row.facts
    kind = f" ({facts.last_sign_kind})" if facts.last_sign_kind else ""
    gap = facts.usual_gap_days
    found = [
        (gettext("Last sign of life"), day(facts.last_sign_at) + kind),
        (gettext("Usual gap"), "" if gap is None else gettext("%(num)s days") % {"num": number(gap, 1)}),
        (gettext("Last deal"), day(facts.last_deal_at)),
        (gettext("Last win"), day(facts.last_won_at)),
        (gettext("Agreement ends"), day(facts.agreement_ends_on) if facts.agreement_ends_on else ""),
        (gettext("Certificate runs out"), day(facts.certificate_expires_on) if facts.certificate_expires_on else ""),
        (gettext("Leads without an answer"), number(facts.unanswered_leads) if facts.unanswered_leads else ""),
    ]
    return [(name, value) for name, value in found if value]
