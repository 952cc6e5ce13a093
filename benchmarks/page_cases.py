"""The pages that ``python -m benchmarks pages`` measures, each with the API call that tells the same."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from sqlalchemy import func, select

from domain.terms import Role
from store.tables import RESOURCE_TABLES
from store.unit_of_work import UnitOfWork

_FIELD = re.compile(r"\{(\w+)\}")


class Case(NamedTuple):
    """One page.

    Parameters
    ----------
    path : str
        Its address; a word in braces is one of `Names`.
    role : Role
        Who looks.
    api : str
        The call that gives most of what the page shows; empty where there is none.
    is_list : bool
        Whether it is one of the long lists, which have a bar of their own.
    """

    path: str
    role: Role
    api: str = ""
    is_list: bool = False


_recruiter, _manager, _partner, _admin = (
    partial(Case, role=role) for role in (Role.RECRUITER, Role.MANAGER, Role.PARTNER, Role.ADMIN)
)

_RANKING, _RISK = "/v1/prospects/ranking?limit=50", "/v1/churn-risk?limit=50"

CASES: tuple[Case, ...] = (
    _manager("/"),
    _manager("/alerts", api="/v1/alerts?limit=50", is_list=True),
    _manager("/alerts/preferences", api="/v1/alert-preferences"),
    _manager("/digest"),
    _recruiter("/prospects", api=_RANKING, is_list=True),
    _recruiter("/prospects?start=4000", api=_RANKING, is_list=True),
    _recruiter("/prospects?country=DE&min_p=0.25", api="/v1/prospects/ranking?limit=50&country=DE", is_list=True),
    _recruiter("/prospects/{prospect}", api="/v1/prospects/{prospect}/dossier"),
    _recruiter("/prospects/{prospect}/edit", api="/v1/prospects/{prospect}"),
    _recruiter("/prospects/compare?partner={prospect}", api="/v1/prospects/{prospect}/dossier"),
    _recruiter("/shortlists", api="/v1/shortlist-entries?limit=50"),
    _recruiter("/white-space", api="/v1/prospects/white-space?limit=250"),
    _recruiter("/companies/new-score"),
    _recruiter("/pipeline", api="/v1/pipeline"),
    _recruiter("/pipeline?stage=prospect", api="/v1/pipeline", is_list=True),
    _recruiter("/onboarding", api="/v1/onboarding"),
    _recruiter("/qualification", api="/v1/prospects/qualification?limit=50", is_list=True),
    _recruiter("/qualification/criteria", api="/v1/criteria?limit=50"),
    _recruiter("/uploads"),
    _recruiter("/listings", api="/v1/listings?limit=50", is_list=True),
    _manager("/partners", api="/v1/partners?limit=50", is_list=True),
    _manager("/partners?q=an&sort=-risk", api="/v1/partners?limit=50", is_list=True),
    _manager("/partners/{partner}", api="/v1/partners/{partner}/scorecard"),
    _manager("/partners/{partner}/timeline", api="/v1/partners/{partner}/journey"),
    _manager("/partners/{partner}/scorecard", api="/v1/partners/{partner}/scorecard"),
    _manager("/partners/{partner}/scores"),
    _manager("/partners/{partner}/deals", api="/v1/deals?partner={partner}&limit=50", is_list=True),
    _manager("/partners/{partner}/leads", api="/v1/assignments?partner={partner}&limit=50", is_list=True),
    _manager("/partners/{partner}/agreements", api="/v1/agreements?partner={partner}&limit=50"),
    _manager("/partners/{partner}/goals", api="/v1/partners/{partner}/plan"),
    _manager("/partners/{partner}/training", api="/v1/partners/{partner}/training"),
    _manager("/partners/{partner}/recommended", api="/v1/partners/{partner}/recommendations"),
    _manager("/partners/{partner}/notes", api="/v1/notes?partner={partner}&limit=50"),
    _manager("/partners/{partner}/edit", api="/v1/partners/{partner}"),
    _manager("/risk", api=_RISK, is_list=True),
    _manager("/risk?start=500", api=_RISK, is_list=True),
    _manager("/risk?horizon=30&band=high", api="/v1/churn-risk?limit=50&horizon_days=30&min_p=0.5", is_list=True),
    _manager("/interventions", api="/v1/interventions?limit=50", is_list=True),
    _manager("/interventions/new?partner={partner}", api="/v1/partners/{partner}"),
    _manager("/interventions/outcomes", api="/v1/interventions/outcomes"),
    _manager("/programme", api="/v1/analytics/overview"),
    _manager("/figures", api="/v1/analytics/overview"),
    _manager("/figures/won_revenue", api="/v1/analytics/figures/won_revenue"),
    _manager("/funnel", api="/v1/pipeline"),
    _manager("/cohorts"),
    _manager("/ranking", api="/v1/analytics/ranking?limit=50", is_list=True),
    _manager("/roi"),
    _manager("/goals", api="/v1/goals/progress?limit=50", is_list=True),
    _manager("/plans", api="/v1/plans?limit=50", is_list=True),
    _manager("/leads", api="/v1/leads?sort=-created_at&limit=50", is_list=True),
    _manager("/leads/{lead_id}"),
    _manager("/registrations", api="/v1/deals?status=submitted&limit=50", is_list=True),
    _manager("/policies", api="/v1/routing/policies"),
    _manager("/policies/edit", api="/v1/routing/policies"),
    _manager("/what-if"),
    _manager("/fairness", api="/v1/routing/fairness"),
    _admin("/models", api="/v1/models"),
    _admin("/models/churn", api="/v1/models/churn/drift"),
    _admin("/people", api="/v1/users?limit=50", is_list=True),
    _admin("/keys", api="/v1/keys"),
    _admin("/audit", api="/v1/audit?limit=50", is_list=True),
    _admin("/jobs", is_list=True),
    _admin("/webhooks", api="/v1/webhooks?limit=50"),
    _admin("/privacy?partner={partner}", api="/v1/partners/{partner}"),
    _manager("/approvals", api="/v1/fund-requests?status=requested&limit=50", is_list=True),
    _manager("/approvals?what=tiers", api="/v1/tier-reviews?status=proposed&limit=50", is_list=True),
    _admin("/programs", api="/v1/programs"),
    _partner("/"),
    _partner("/portal/leads", api="/v1/assignments?limit=50"),
    _partner("/offers/{offer_id}", api="/v1/assignments/{offer_id}/standing"),
    _partner("/portal/deals", api="/v1/deals?limit=50", is_list=True),
    _partner("/portal/deals/{deal_id}", api="/v1/deals/{deal}"),
    _partner("/portal/deals/new"),
    _partner("/portal/tasks", api="/v1/tasks?limit=50"),
    _partner("/portal/training", api="/v1/partners/{partner}/training"),
    _partner("/portal/goals", api="/v1/partners/{partner}/plan"),
    _partner("/portal/money", api="/v1/partners/{partner}/balance"),
    _partner("/portal/money/lines", api="/v1/ledger?limit=50", is_list=True),
    _partner("/portal/money/statements", api="/v1/statements?limit=50"),
    _partner("/portal/money/terms"),
    _partner("/portal/money/funds", api="/v1/fund-requests?limit=50"),
    _partner("/portal/standing", api="/v1/partners/{partner}/standing"),
    _partner("/portal/standing/journey", api="/v1/partners/{partner}/journey"),
    _partner("/portal/standing/scorecard", api="/v1/partners/{partner}/scorecard"),
    _partner("/portal/library", api="/v1/partners/{partner}/recommendations?limit=6"),
    _partner("/portal/library/content", api="/v1/assets?limit=50"),
    _partner("/portal/messages", api="/v1/notes?limit=50"),
    _partner("/portal/messages/alerts", api="/v1/alerts?limit=50"),
    _partner("/portal/listing", api="/v1/listings?limit=50"),
    _partner("/portal/company", api="/v1/partners/{partner}"),
    _partner("/portal/suggestions", api="/v1/partners/{partner}/recommendations?limit=6"),
)
"""In the order of the menu."""


@dataclass(frozen=True)
class Names:
    """What stands for the places in paths: rows of the store with much to show.

    Parameters
    ----------
    external : mapping
        External ids.
    ids : mapping
        Our ids.
    sizes : str
        What the store holds.
    """

    external: Mapping[str, str]
    ids: Mapping[str, int]
    sizes: str

    def fill(self, path: str) -> str:
        """Return an address with its places filled; of a place that ends with ``_id``, by our id."""
        return _FIELD.sub(lambda place: self._value(place[1]), path)

    def _value(self, name: str) -> str:
        return str(self.ids[name.removesuffix("_id")]) if name.endswith("_id") else self.external[name]

    def has_all(self, *paths: str) -> bool:
        """Say whether there is a row for each place of some addresses."""
        return all(name.removesuffix("_id") in self.ids for path in paths for name in _FIELD.findall(path))

    def ours(self, name: str) -> int:
        """Return our id of a row."""
        return self.ids[name]


def names_of(work: UnitOfWork) -> Names:
    """Choose the partner with most deals and rows of its own, and the newest of the others."""
    deals, partners = RESOURCE_TABLES["deals"], RESOURCE_TABLES["partners"]
    busiest = select(deals.c.partner_id).group_by(deals.c.partner_id).order_by(func.count().desc()).limit(1)
    found = {"partner": work.repository("partners").get(int(work.connection.execute(busiest).scalar_one()))}
    own = {"partner": found["partner"]["external_id"]}
    for name, resource, filters, sort in (
        ("prospect", "partners", {"status": "prospect"}, None),
        ("lead", "leads", {}, "-created_at"),
        ("deal", "deals", own, "-registered_at"),
        ("offer", "assignments", own, "-offered_at"),
    ):
        rows = work.repository(resource).list(filters, sort=sort, limit=1).rows
        found |= {name: rows[0]} if rows else {}
    counted = {
        "partners": partners.c.status != "prospect",
        "prospects": partners.c.status == "prospect",
    }
    sizes = [f"{_count(work, 'partners', condition):,} {name}" for name, condition in counted.items()]
    sizes += [f"{_count(work, name):,} {name}" for name in ("leads", "deals", "activities")]
    external = {name: str(row.get("external_id")) for name, row in found.items()}
    return Names(external, {name: int(row["id"]) for name, row in found.items()}, ", ".join(sizes))


def _count(work: UnitOfWork, resource: str, *conditions: object) -> int:
    wanted = select(func.count()).select_from(RESOURCE_TABLES[resource]).where(*conditions)  # type: ignore[arg-type]
    return int(work.connection.execute(wanted).scalar_one())
