"""How many requests a process works on at once: the others wait in line, and whoever would wait too long is told so.

Without it every request that arrives begins: each takes a connection to the store and then waits for a thread, while
those that have a thread wait for a connection.
"""

import asyncio

from fastapi import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from api.dependencies import get_services
from api.problems import problem
from domain.errors import CannotAnswer

_NEVER_WAITS = ("/healthz", "/readyz", "/metrics")
_RETRY_AFTER_SECONDS = 5


class Admission:
    """Lets as many requests begin as there are places.

    Parameters
    ----------
    app : ASGIApp
        What answers.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._places: asyncio.Semaphore | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, after those that came before it."""
        if scope["type"] != "http" or scope["path"] in _NEVER_WAITS or scope["path"].startswith("/static/"):
            await self.app(scope, receive, send)
            return
        request = Request(scope, receive)
        settings = get_services(request).settings
        if self._places is None:
            self._places = asyncio.Semaphore(settings.serving_threads)
        try:
            await asyncio.wait_for(self._places.acquire(), settings.serving_wait_seconds)
        except TimeoutError:
            await _refused(request, settings.serving_wait_seconds)(scope, receive, send)
            return
        try:
            await self.app(scope, receive, send)
        finally:
            self._places.release()


def _refused(request: Request, waited: float) -> ASGIApp:
    detail = f"more requests came than can be answered: this one has waited {waited:g} s; try again in a moment"
    headers = {"Retry-After": str(_RETRY_AFTER_SECONDS)}
    return problem(request, 503, CannotAnswer.code, detail, headers=headers)
