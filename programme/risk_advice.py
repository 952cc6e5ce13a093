"""What a partner's risk calls for: one action, and the fact that it answers to."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from domain.terms import MEDIUM_RISK, InterventionKind

SOON = timedelta(days=60)
LONG = timedelta(days=180)
_GAPS = 2.0
_SILENT_DAYS = 60


class Call(StrEnum):
    """Why something is to be done, the most pressing first."""

    LEADS_WAIT = "leads_wait"
    AGREEMENT_ENDS = "agreement_ends"
    SILENT = "silent"
    CERTIFICATE_ENDS = "certificate_ends"
    NO_DEAL = "no_deal"
    NO_WIN = "no_win"
    RISK = "risk"


@dataclass(frozen=True)
class Advice:
    """One thing to do.

    Parameters
    ----------
    call : Call
        What it answers to.
    kind : InterventionKind
        What to do.
    on : date, optional
        The day that the call is about: when something ends, or since when something is so.
    number : float, optional
        How many: leads, or days of the usual gap.
    """

    call: Call
    kind: InterventionKind
    on: date | None = None
    number: float | None = None


def advice(facts: Mapping[str, Any], p: float, as_of: datetime) -> Advice | None:
    """Return what dated facts (`intelligence.scoring.facts`) and the risk call for; None if nothing does.

    Waiting leads and what ends soon are worth an action at any risk; the others from a medium one on.
    """
    today = as_of.date()
    pressing = _pressing(facts, today)
    if pressing is not None or p < MEDIUM_RISK:
        return pressing
    return _silence(facts, as_of) or _sales(facts, as_of) or Advice(Call.RISK, InterventionKind.CALL)


def _pressing(facts: Mapping[str, Any], today: date) -> Advice | None:
    waiting = facts.get("unanswered_leads") or 0
    if waiting > 0:
        return Advice(Call.LEADS_WAIT, InterventionKind.CALL, number=waiting)
    for name, call, kind in (
        ("agreement_ends_on", Call.AGREEMENT_ENDS, InterventionKind.PLAN),
        ("certificate_expires_on", Call.CERTIFICATE_ENDS, InterventionKind.TRAINING),
    ):
        ends = facts.get(name)
        if ends is not None and ends <= today + SOON:
            return Advice(call, kind, on=ends)
    return None


def _silence(facts: Mapping[str, Any], as_of: datetime) -> Advice | None:
    last, gap = facts.get("last_sign_at"), facts.get("usual_gap_days")
    if last is None:
        return None
    usual = max(_GAPS * gap, 1.0) if gap is not None else _SILENT_DAYS
    is_silent = as_of - last > timedelta(days=min(usual, _SILENT_DAYS))
    return Advice(Call.SILENT, InterventionKind.CALL, last.date(), gap) if is_silent else None


def _sales(facts: Mapping[str, Any], as_of: datetime) -> Advice | None:
    deal, won = facts.get("last_deal_at"), facts.get("last_won_at")
    if deal is None:
        return Advice(Call.NO_DEAL, InterventionKind.TRAINING)
    if won is None or as_of - won > LONG:
        return Advice(Call.NO_WIN, InterventionKind.OFFER, None if won is None else won.date())
    return None
