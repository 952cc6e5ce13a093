"""The portal's pages beside its home, put together."""

from fastapi import APIRouter

from api.console import portal_leads, portal_training

router = APIRouter()
for part in (
    portal_leads,
    portal_training,
):
    router.include_router(part.router)
