"""Pages for whoever looks after the service itself."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from api.console import approvals, audit, jobs, keys, people, privacy, programs, webhooks

router = APIRouter(default_response_class=HTMLResponse)
for part in (people, keys, audit, jobs, webhooks, privacy, programs, approvals):
    router.include_router(part.router)
