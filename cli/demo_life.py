"""What the service itself adds to the demo programme: decisions, bookings, offers under way, alerts, people."""

from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

from cli.demo_partner import demo_partner
from domain.context import SYSTEM, Actor
from domain.errors import AllywiseError
from domain.settings import Settings
from domain.terms import AssignmentResponse, DealStatus, FundStatus, Role
from intelligence.context import Intelligence
from programme.rule import Row
from store.unit_of_work import UnitOfWork

_ROUTED, _OFFERED_TO_PARTNER = 18, 2
_STAFF = "Programme desk"
_MONTHS = 2
_PAID = 12


class Life:
    """Lives through a first day of the service with the imported programme.

    Parameters
    ----------
    context : Intelligence
        Store, settings and models.
    folder : Path
        The generated programme.
    end : datetime
        Of its history.
    """

    def __init__(self, context: Intelligence, folder: Path, end: datetime) -> None:
        self._context = context
        self._settings: Settings = context.settings
        self._end = end
        self.partner = demo_partner(folder)
        with self._work() as work:
            self._manager = str(work.repository("partners").get(self.partner)["account_manager"] or _STAFF)

    def live(self) -> None:
        """Do all of it; what the rules refuse in a small programme is left out."""
        for step in (self._lead_desk, self._claims, self._money, self._night, self._messages, self._alerts):
            step()

    # --- the day ------------------------------------------------------------------------------

    def _lead_desk(self) -> None:
        """Offer the newest open leads by policy; some are accepted or declined at once, some left to a person."""
        from intelligence.matching.service import open_leads
        from programme.assignments import policy_for
        from programme.routing import pull_back, start
        from programme.routing_ranking import decide
        from programme.routing_round import RoutingUpkeep

        context = copy(self._context)  # what was known at the end is in memory since the scoring
        context.clock = lambda: self._end
        newest = open_leads(context).nlargest(_ROUTED + _OFFERED_TO_PARTNER, "created_at")
        leads = newest["external_id"].astype(str).tolist()
        routed = leads[_OFFERED_TO_PARTNER:]
        with self._work() as work:
            policies = {lead: policy_for(work, work.repository("leads").get(lead)) for lead in routed}
        ranked = decide(context, policies)
        for lead in leads[:_OFFERED_TO_PARTNER]:
            self._offer(lead)
        for lead in routed:
            with self._allowed() as work:
                start(work, lead)
        RoutingUpkeep(context.engine, self._context.clock, lambda _policies: ranked).run()
        for lead in routed[0::4]:
            self._answer(lead, AssignmentResponse.ACCEPTED)
        for lead in routed[1::6]:
            with self._allowed() as work:
                pull_back(work, lead, go_on=False, reason="The customer asked to be called by us first.")

    def _offer(self, lead: str) -> None:
        from programme.offers import offer_lead

        with self._allowed(Role.ROUTER) as work:
            offer_lead(work, {"lead": lead, "partner": self.partner})

    def _answer(self, lead: str, response: AssignmentResponse) -> None:
        from programme.offers import answer_offer

        with self._allowed() as work:
            waiting = work.repository("assignments").list({"lead": lead, "response": None}, limit=1).rows
            for row in waiting:
                answer_offer(work, row["id"], response)

    def _claims(self) -> None:
        """Register deals in partners' names: some wait, some conflict with others' claims, some are decided."""
        from programme.claim_keys import catch_up_keys
        from programme.registrations import appeal, approve, reject, submit_registration

        with self._work() as work:
            catch_up_keys(work)
            held = self._held_customers(work)
            names = [row["external_id"] for row in self._partners(work, 5)]
        made = []
        for number, (name, company) in enumerate(zip([self.partner, *names] * 2, _CUSTOMERS + held, strict=False)):
            with self._allowed(Role.PARTNER, name) as work:
                known = {"company": company, "product": "PR-001", "amount": 4_000 + 1_500 * number}
                made.append((name, submit_registration(work, known)["external_id"]))
        for _, deal in made[1:3]:
            with self._allowed() as work:
                approve(work, deal)
        for _, deal in made[4:6]:
            with self._allowed() as work:
                reject(work, deal, "We talk to this customer ourselves already.")
        for name, deal in made[4:5]:
            with self._allowed(Role.PARTNER, name) as work:
                appeal(work, deal, "We have been their supplier for years and brought the project up.")

    def _held_customers(self, work: UnitOfWork) -> list[str]:
        wanted = {"status": str(DealStatus.APPROVED), "outcome": None}
        rows = work.repository("deals").list(wanted, sort="-registered_at", limit=50).rows
        return [str(row["company"]) for row in rows if row["partner"] != self.partner and row["company"]][:3]

    def _partners(self, work: UnitOfWork, n: int) -> list[Row]:
        rows = work.repository("partners").list({"status": "active"}, limit=4 * n + 1).rows
        return [row for row in rows if row["external_id"] != self.partner][::4][:n]

    def _money(self) -> None:
        """Book what was earned since some months, close their statements, pay for the first of them, and funds."""
        from programme.ledger import pay_out
        from programme.settlement import run_commissions
        from programme.statements import close_all_statements

        months = _months_before(self._end.date())
        with self._work() as work:
            run_commissions(work, limit=10_000, won_since=months[0][0])
        self._funds()
        for first, last in months:
            after: int | None = 0
            while after is not None:
                with self._work() as work:
                    closed = close_all_statements(work, first, last, after=after)
                    due = [row for row in closed.statements if (first, last) == months[0]]
                    for row in due:
                        balance = Decimal(row["credit"] or 0) - Decimal(row["debit"] or 0)
                        if balance > 0:
                            pay_out(work, row["partner"], balance, currency=row["currency"], reference=f"{first:%Y-%m}")
                    after = closed.next_after

    def _funds(self) -> None:
        from programme.funds import pay_request

        with self._work() as work:
            rows = work.repository("fund_requests").list({"status": str(FundStatus.CLAIMED)}, limit=_PAID).rows
        for row in rows:
            with self._allowed() as work:
                pay_request(work, row["external_id"])

    def _night(self) -> None:
        """Announce what a night announces: what runs out, what moved, which tiers do not fit any more."""
        from programme import agreements, training
        from programme.alert_sweeps import tell_risk_changes
        from programme.goals import tell_off_track
        from programme.onboarding import tell_overdue
        from programme.tiers import review_tiers

        with self._work() as work:
            agreements.tell_expiring(work)
            training.tell_expiring(work, self._settings.certification_warning_days)
            tell_overdue(work)
            tell_risk_changes(work, self._settings.churn_horizons_days[-1])
            tell_off_track(work, self._settings.currency)
            review_tiers(work, limit=100)

    def _messages(self) -> None:
        from programme import records

        said = (
            (Role.PARTNER, "We have two leads in hand and could take one more this week."),
            (Role.MANAGER, "Thank you! Have a look at the two that were just offered to you."),
        )
        for role, body in said:
            with self._allowed(role) as work:
                records.create(work, "notes", {"partner": self.partner, "kind": "message", "body": body})

    def _alerts(self) -> None:
        from programme.alert_upkeep import AlertUpkeep

        AlertUpkeep(self._context.engine, self._settings, self._context.clock).run()

    # --- transactions -------------------------------------------------------------------------

    def _work(self, actor: Actor = SYSTEM) -> UnitOfWork:
        return UnitOfWork(self._context.engine, actor, self._context.clock, currency=self._settings.currency)

    @contextmanager
    def _allowed(self, role: Role = Role.MANAGER, partner: str | None = None) -> Iterator[UnitOfWork]:
        """Open a transaction of somebody; what the rules refuse does not happen."""
        try:
            with self._work(self._actor(role, partner or self.partner)) as work:
                yield work
        except AllywiseError:
            return

    def _actor(self, role: Role, partner: str) -> Actor:
        if role is not Role.PARTNER:
            return Actor(self._manager if role is Role.MANAGER else _STAFF, role)
        with self._work() as work:
            row = work.repository("partners").get(partner)
        return Actor(str(row["name"]), role, partner_id=row["id"])


_CUSTOMERS = ["Northgate Bakeries", "Ponte Nova Logistics", "Wiesental Clinics", "Marisol Hotels", "Oakfield Tools"]


def _months_before(day: date) -> list[tuple[date, date]]:
    """Return first and last days of the whole months before a day, the oldest first."""
    found = []
    after = day.replace(day=1)
    for _ in range(_MONTHS):
        last = after - timedelta(days=1)
        after = last.replace(day=1)
        found.append((after, last))
    return found[::-1]
