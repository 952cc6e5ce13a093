"""A real browser before a real server: whoever opens a page here also checks that it is whole."""

import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import uvicorn

from api.app import create_app
from domain.context import SYSTEM, Clock
from domain.settings import Settings
from domain.terms import Role
from store.unit_of_work import UnitOfWork

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
AXE = (Path(__file__).parent / "vendor" / "axe-core-4.14.1.min.js").read_text(encoding="utf-8")
RULES = (
    "{resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']}"
)


@dataclass(frozen=True)
class Look:
    """A window: a desk's in light, a phone's in the dark."""

    width: int
    height: int
    theme: str


DESK, PHONE = Look(1280, 800, "light"), Look(390, 844, "dark")


@contextmanager
def serving(settings: Settings, clock: Clock) -> Iterator[tuple[str, Any]]:
    """Serve the application on a free port, and yield its address and its services."""
    app = create_app(settings, clock)
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="warning"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive(), "the server did not start"
            time.sleep(0.05)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}", app.state.services
    finally:
        server.should_exit = True
        thread.join(30)


@dataclass
class House:
    """A served programme and a browser.

    Parameters
    ----------
    address : str
        Of the server.
    services : Services
        Of the server, to put rows there and to look at what was written.
    browser : playwright Browser
    """

    address: str
    services: Any
    browser: Any
    _keys: dict[tuple[Role, str | None], str] = field(default_factory=dict)

    def work(self) -> UnitOfWork:
        """Open a transaction on the system's behalf."""
        found: UnitOfWork = self.services.unit_of_work(SYSTEM)
        return found

    def key(self, role: Role, partner: str | None = None) -> str:
        """Return the key of a role, or of the partner with an external id."""
        if (role, partner) not in self._keys:
            with self.work() as work:
                id_ = work.repository("partners").get(partner)["id"] if partner else None
                self._keys[role, partner] = work.keys.create(f"browser of {partner or role}", role, id_).secret
        return self._keys[role, partner]

    @contextmanager
    def desk(self, role: Role, partner: str | None = None, look: Look = DESK) -> Iterator["Desk"]:
        """Yield a window in which somebody is signed in."""
        context = self.browser.new_context(
            viewport={"width": look.width, "height": look.height}, color_scheme=look.theme, locale="en"
        )
        desk = Desk(self.address, context.new_page(), look)
        try:
            desk.page.goto(f"{self.address}/login?next=/models" if partner is None else f"{self.address}/login")
            sign_in_with_key(desk.page, self.key(role, partner))
            desk.said.clear()
            yield desk
        finally:
            context.close()


class Desk:
    """A window in which somebody works.

    Attributes
    ----------
    page : playwright Page
    said : list of str
        What the browser complained about, and requests to other hosts; `check` tells of them.
    """

    def __init__(self, address: str, page: Any, look: Look) -> None:
        self.address = address
        self.page = page
        self.look = look
        self.said: list[str] = []
        page.on("console", lambda message: self.said.append(f"console: {message.text}"))
        page.on("pageerror", lambda error: self.said.append(f"script: {error}"))
        page.on("request", self._asked)

    def _asked(self, request: Any) -> None:
        if not request.url.startswith((self.address, "data:", "blob:")):
            self.said.append(f"asks for {request.url}")

    def open(self, path: str, status: int = 200) -> Any:
        """Open a page, check it, and return it."""
        answer = self.page.goto(self.address + path)
        assert answer.status == status, (path, answer.status, self.page.locator("main").inner_text()[:500])
        if status != 200:  # the browser itself complains of it
            self.said = [one for one in self.said if f"status of {status}" not in one]
        self.check()
        return self.page

    def check(self) -> None:
        """Assert that the page as it stands is whole: nothing found by axe, no wider than the window, no complaint."""
        assert self.faults() == [], self.page.url

    def faults(self) -> list[str]:
        """Return what is wrong with the page as it stands."""
        self.page.wait_for_load_state("load")  # what was clicked may still be on its way
        over = self.page.evaluate("document.documentElement.scrollWidth")
        wide = [f"{over} pixels wide"] if over > self.look.width else []
        return findings(self.page) + wide + self.said


def findings(page: Any) -> list[str]:
    """Return what axe finds: rule and the elements that break it."""
    page.evaluate(f"{AXE}; undefined")
    found = page.evaluate(f"axe.run(document, {RULES})")
    return [f"{one['id']}: {node['html'][:200]}" for one in found["violations"] for node in one["nodes"]]


def sign_in_with_key(page: Any, secret: str) -> None:
    """Sign in on the page that is open."""
    page.get_by_text("With an API key").click()
    page.get_by_label("API key").fill(secret)
    page.get_by_role("button", name="Use key").click()
