"""The menu: which pages there are for whom."""

from dataclasses import dataclass

from api.console.words import mark
from domain.access import partner_may_use
from domain.context import Actor
from domain.terms import Role

STAFF = (Role.RECRUITER, Role.MANAGER, Role.ROUTER, Role.ANALYST)
_RECRUITING = (Role.RECRUITER, Role.MANAGER, Role.ANALYST)
_MANAGING = (Role.MANAGER, Role.ANALYST)


@dataclass(frozen=True)
class Section:
    """An entry of the menu.

    Parameters
    ----------
    path : str
        Of its first page.
    label : str
        In English.
    roles : tuple of Role
        Who sees it, besides admin (who sees no page of partners).
    area : str, optional
        Of a partner's people those see it who use this area (`domain.access`).
    """

    path: str
    label: str
    roles: tuple[Role, ...]
    area: str = ""

    def holds(self, path: str) -> bool:
        """Whether a page belongs to this entry."""
        return path == self.path or (self.path != "/" and path.startswith(f"{self.path}/"))

    def is_for(self, actor: Actor) -> bool:
        """Whether an actor sees this entry."""
        if self.area and not partner_may_use(actor.partner_role, self.area):
            return False
        return actor.role in self.roles or (actor.role is Role.ADMIN and self.roles != (Role.PARTNER,))


@dataclass(frozen=True)
class Group:
    """Entries that stand under one name: the first row of the menu has the names, the second the entries."""

    label: str
    sections: tuple[Section, ...]


MENU = (
    Group(mark("Overview"), (Section("/", mark("Overview"), STAFF),)),
    Group(
        mark("Recruiting"),
        (
            Section("/prospects", mark("Prospects"), _RECRUITING),
            Section("/shortlists", mark("Shortlists"), _RECRUITING),
            Section("/white-space", mark("White space"), _RECRUITING),
            Section("/pipeline", mark("Pipeline"), _RECRUITING),
            Section("/onboarding", mark("Onboarding"), _RECRUITING),
            Section("/qualification", mark("Qualification"), _RECRUITING),
            Section("/uploads", mark("Uploads"), (Role.RECRUITER, Role.MANAGER)),
        ),
    ),
    Group(
        mark("Partners"),
        (
            Section("/partners", mark("All partners"), _RECRUITING),
            Section("/risk", mark("At risk"), _MANAGING),
            Section("/interventions", mark("Actions"), _RECRUITING),
            Section("/alerts", mark("Alerts"), STAFF),
            Section("/digest", mark("Weekly digest"), _MANAGING),
            Section("/listings", mark("Directory"), (Role.RECRUITER, Role.MANAGER)),
        ),
    ),
    Group(
        mark("Leads"),
        (
            Section("/leads", mark("Routing desk"), STAFF),
            Section("/registrations", mark("Registrations"), STAFF),
            Section("/policies", mark("Policies"), (Role.MANAGER, Role.ROUTER, Role.ANALYST)),
            Section("/what-if", mark("What if"), (Role.MANAGER,)),
            Section("/fairness", mark("Fairness"), _RECRUITING),
        ),
    ),
    Group(
        mark("Programme"),
        (
            Section("/programme", mark("Dashboard"), _RECRUITING),
            Section("/funnel", mark("Funnel"), _RECRUITING),
            Section("/cohorts", mark("Cohorts"), _RECRUITING),
            Section("/ranking", mark("Ranking"), _RECRUITING),
            Section("/goals", mark("Goals"), _RECRUITING),
            Section("/plans", mark("Plans"), _RECRUITING),
            Section("/roi", mark("Return on spend"), _RECRUITING),
            Section("/figures", mark("Figures"), _RECRUITING),
            Section("/programs", mark("Programmes"), (Role.MANAGER,)),
            Section("/approvals", mark("Approvals"), (Role.MANAGER,)),
        ),
    ),
    Group(mark("Models"), (Section("/models", mark("Models"), STAFF),)),
    Group(
        mark("Admin"),
        (
            Section("/people", mark("People"), ()),
            Section("/keys", mark("API keys"), ()),
            Section("/audit", mark("Trail"), ()),
            Section("/jobs", mark("Jobs"), ()),
            Section("/webhooks", mark("Webhooks"), ()),
            Section("/privacy", mark("Data protection"), ()),
        ),
    ),
    Group(mark("Home"), (Section("/", mark("Home"), (Role.PARTNER,)),)),
    Group(mark("Leads"), (Section("/portal/leads", mark("Leads"), (Role.PARTNER,), "assignments"),)),
    Group(mark("Deals"), (Section("/portal/deals", mark("Deals"), (Role.PARTNER,), "deals"),)),
    Group(
        mark("Learn"),
        (
            Section("/portal/training", mark("Training"), (Role.PARTNER,), "training"),
            Section("/portal/library", mark("Library"), (Role.PARTNER,), "recommendations"),
        ),
    ),
    Group(mark("Money"), (Section("/portal/money", mark("Money"), (Role.PARTNER,), "tier"),)),
    Group(
        mark("Goals"),
        (
            Section("/portal/goals", mark("Goals"), (Role.PARTNER,), "goals"),
            Section("/portal/standing", mark("Your standing"), (Role.PARTNER,), "standing"),
        ),
    ),
    Group(
        mark("Company"),
        (
            Section("/portal/company", mark("Company"), (Role.PARTNER,), "partners"),
            Section("/portal/messages", mark("Messages"), (Role.PARTNER,), "notes"),
            Section("/portal/listing", mark("Listing"), (Role.PARTNER,), "listings"),
        ),
    ),
)
"""The menu, in its order; who sees no entry sees no page of it either."""


def is_page(actor: Actor, path: str) -> bool:
    """Whether the menu leads an actor to the page at `path`."""
    return any(section.path == path and section.is_for(actor) for group in MENU for section in group.sections)


@dataclass(frozen=True)
class Entry:
    """A link of the menu as a page shows it."""

    path: str
    label: str
    here: bool


def menu_of(actor: Actor | None, path: str) -> tuple[tuple[Entry, ...], tuple[Entry, ...]]:
    """Return both rows of an actor's menu on a page; the second is empty where there is nothing to choose."""
    if actor is None:
        return (), ()
    names: list[Entry] = []
    entries: tuple[Entry, ...] = ()
    for group in MENU:
        seen = [section for section in group.sections if section.is_for(actor)]
        # Of two entries that hold a page, such as /partners and /partners/map, the longer path is meant.
        here = max((section for section in seen if section.holds(path)), key=lambda one: len(one.path), default=None)
        if seen:
            names.append(Entry(seen[0].path, group.label, here is not None))
        if here is not None and len(seen) > 1:
            entries = tuple(Entry(section.path, section.label, section is here) for section in seen)
    return tuple(names), entries
