"""Pages for whoever looks after the service itself."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from api.console import audit, jobs, keys, people, webhooks

router = APIRouter(default_response_class=HTMLResponse)
for part in (people, keys, audit, jobs, webhooks):
    router.include_router(part.router)
