"""The service's words as people read them: statuses, kinds, answers, roles."""

from collections.abc import Iterable, Mapping

from api.console.formats import NOTHING
from api.console.words import gettext, mark

TERMS: Mapping[str, str] = {
    # of partners
    "prospect": mark("prospect"),
    "applied": mark("applied"),
    "onboarding": mark("onboarding"),
    "active": mark("active"),
    "inactive": mark("inactive"),
    "ended": mark("ended"),
    "rejected": mark("rejected"),
    "reseller": mark("reseller"),
    "distributor": mark("distributor"),
    "var": mark("value-added reseller"),
    "si": mark("system integrator"),
    "msp": mark("managed service provider"),
    "agency": mark("agency"),
    "affiliate": mark("affiliate"),
    "referral": mark("referral partner"),
    "bpo": mark("business process outsourcer"),
    "isv": mark("software vendor"),
    "technology": mark("technology ally"),
    "strategic": mark("strategic ally"),
    "other": mark("other"),
    # of leads, offers and deals
    "open": mark("open"),
    "won": mark("won"),
    "lost": mark("lost"),
    "offered": mark("offered"),
    "accepted": mark("accepted"),
    "declined": mark("declined"),
    "expired": mark("expired"),
    "withdrawn": mark("taken back"),
    "person": mark("needs a person"),
    "closed": mark("closed"),
    "submitted": mark("submitted"),
    "approved": mark("approved"),
    # of claims on customers
    "conflict": mark("conflict"),
    "duplicate": mark("the same deal again"),
    "related": mark("related"),
    "unprotected": mark("approved, no longer protected"),
    "known": mark("known"),
    # of jobs
    "queued": mark("waits"),
    "running": mark("running"),
    "done": mark("done"),
    "dead": mark("failed"),
    # of what was done for a partner
    "call": mark("call"),
    "visit": mark("visit"),
    "training": mark("training"),
    "offer": mark("offer"),
    "plan": mark("plan"),
    # of versions of models
    "champion": mark("serves"),
    "shadow": mark("in shadow"),
    "candidate": mark("candidate"),
    "rolled back": mark("rolled back"),
    # of evidence and risk
    "rising": mark("rising"),
    "critical": mark("critical"),
    "warning": mark("warning"),
    "info": mark("notice"),
    "falling": mark("falling"),
    "none": mark("none"),
    "low": mark("low"),
    "medium": mark("medium"),
    "high": mark("high"),
    # of money
    "commission": mark("commission"),
    "reward": mark("reward"),
    "fund": mark("funds"),
    "adjustment": mark("adjustment"),
    "reversal": mark("taken back"),
    "payout": mark("payout"),
    "requested": mark("requested"),
    "claimed": mark("claimed"),
    "paid": mark("paid"),
    "early_registration": mark("early registration"),
    "spiff": mark("bonus for a sale"),
    # of goals and plans
    "draft": mark("draft"),
    "agreed": mark("agreed"),
    "not_started": mark("not started"),
    "reached": mark("reached"),
    "on_track": mark("on track"),
    "at_risk": mark("at risk"),
    "off_track": mark("off track"),
    "missed": mark("missed"),
    "unknown_metric": mark("cannot be counted"),
    "attracting": mark("getting started"),
    "first_revenue": mark("first revenue"),
    "acceleration": mark("growing"),
    "maturity": mark("established"),
    # of alerts and messages
    "note": mark("note"),
    "message": mark("message"),
    # of the portal
    "invited": mark("invited"),
    "deactivated": mark("no access"),
    "partner_admin": mark("admin"),
    "revoked": mark("revoked"),
    "waiting": mark("waits"),
    "delivered": mark("delivered"),
    "train": mark("training of models"),
    "score": mark("scores"),
    "check": mark("check of a model"),
    # of the staff's roles
    "admin": mark("admin"),
    "recruiter": mark("recruiter"),
    "manager": mark("manager"),
    "router": mark("router"),
    "analyst": mark("analyst"),
    "partner": mark("partner"),
    "seller": mark("seller"),
    "learner": mark("learner"),
    "upheld": mark("upheld"),
    "dismissed": mark("dismissed"),
    "lead_offered": mark("a lead is offered"),
    "lead_unanswered": mark("a lead waits for long"),
    "agreement_expiring": mark("the agreement ends soon"),
    "certificate_expiring": mark("a certificate ends soon"),
    "goal_off_track": mark("a goal will hardly be reached"),
    "registration_decided": mark("a registration is decided"),
    "registration_expiring": mark("the protection of a deal ends soon"),
}
"""What a word is called; of one that is not here, the word itself is shown."""


def term(word: object) -> str:
    """Return a word of the service in the reader's language.

    Examples
    --------
    >>> term("msp"), term("gold_partner"), term(None)
    ('managed service provider', 'gold partner', '–')
    """
    if word is None or word == "":
        return NOTHING
    known = TERMS.get(str(word))
    return gettext(known) if known is not None else str(word).replace("_", " ")


def named(words: Iterable[object]) -> list[tuple[str, str]]:
    """Return words of the service, each with what it is called: the options of a choice.

    Examples
    --------
    >>> named(["msp", "gold_partner"])
    [('msp', 'managed service provider'), ('gold_partner', 'gold partner')]
    """
    return [(str(word), term(word)) for word in words]
