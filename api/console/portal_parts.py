"""The portal's pages beside its home, put together, and the public directory."""

from fastapi import APIRouter

from api.console import (
    directory,
    listing,
    portal_claims,
    portal_company,
    portal_deals,
    portal_funds,
    portal_goals,
    portal_leads,
    portal_library,
    portal_messages,
    portal_money,
    portal_people,
    portal_standing,
    portal_tasks,
    portal_training,
)

router = APIRouter()
for part in (
    directory,
    listing,
    portal_claims,  # before deals: /portal/deals/new is no deal
    portal_company,
    portal_deals,
    portal_funds,
    portal_goals,
    portal_leads,
    portal_library,
    portal_messages,
    portal_money,
    portal_people,
    portal_standing,
    portal_tasks,
    portal_training,
):
    router.include_router(part.router)
