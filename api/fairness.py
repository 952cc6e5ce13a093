"""Who gets the leads, as routes and pages tell it."""

from dataclasses import replace
from datetime import datetime

from api.dependencies import Services
from api.schemas_fairness import FairnessAnswer
from domain.access import is_managed
from domain.context import Actor
from intelligence.matching.fairness import fairness


def fairness_answer(
    services: Services, actor: Actor, since: datetime | None, until: datetime | None, by: str, limit: int
) -> FairnessAnswer:
    """Compare groups of partners; whoever is confined to a portfolio sees no single partner outside it."""
    found = fairness(services.intelligence, since, until, by)
    if by == "partner" and actor.portfolio is not None:
        partners = services.intelligence.history().partners
        managers = dict(zip(partners["external_id"], partners["account_manager"], strict=True))
        mine = [is_managed(managers.get(one.group), actor.portfolio) for one in found.groups]
        shown = tuple(one for one, own in zip(found.groups, mine, strict=True) if own)
        names = {one.group for one in shown}
        found = replace(found, groups=shown, flags=tuple(flag for flag in found.flags if flag.group in names))
    return FairnessAnswer.of(found, limit)
