"""Pages for whoever looks after the service itself."""

from fastapi import APIRouter
from fastapi.responses import HTMLResponse

from api.console import people

router = APIRouter(default_response_class=HTMLResponse)
for part in (people,):
    router.include_router(part.router)
