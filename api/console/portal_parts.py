"""The portal's pages beside its home, put together."""

from fastapi import APIRouter

from api.console import portal_claims, portal_deals, portal_leads, portal_tasks, portal_training

router = APIRouter()
for part in (
    portal_claims,  # before deals: /portal/deals/new is no deal
    portal_deals,
    portal_leads,
    portal_tasks,
    portal_training,
):
    router.include_router(part.router)
