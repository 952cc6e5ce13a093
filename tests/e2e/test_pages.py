"""Every page in a real browser: whole at a desk's and a phone's width, light and dark, without a finding of axe."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from domain.context import SYSTEM
from domain.terms import Role
from programme.offers import offer_lead
from store.engine import create_store_engine
from store.unit_of_work import UnitOfWork
from tests.e2e.test_console import CHROMIUM, FLAGS, served, sign_in_with_key
from tests.programmes import END, Programme

AXE = (Path(__file__).parent / "vendor" / "axe-core-4.14.1.min.js").read_text(encoding="utf-8")
RULES = (
    "{resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']}"
)
PAGES = ("/", "/prospects", "/risk", "/leads", "/models", "/models/churn", "/no-such-page")
LOOKS = ((1280, 800, "light"), (390, 844, "dark"))


@pytest.fixture
def callers(programme: Programme) -> dict[str, tuple[str, ...]]:
    """Keys of an admin, and of a partner that has been offered a lead, each with the pages that it sees."""
    engine = create_store_engine(programme.settings.store_url)
    with UnitOfWork(engine, SYSTEM) as work:
        lead = work.repository("leads").create({"external_id": "of-the-pages", "created_at": END})
        partner = work.repository("partners").list({"status": "active"}, limit=1).rows[0]
        offer = offer_lead(work, {"lead": lead["external_id"], "partner": partner["external_id"]})
        admin = work.keys.create("pages", Role.ADMIN).secret
        own = work.keys.create("portal", Role.PARTNER, partner["id"]).secret
    engine.dispose()
    return {admin: (*PAGES, f"/leads/{lead['id']}"), own: ("/", f"/offers/{offer['id']}", "/leads")}


def findings(page: Any) -> list[str]:
    """Return what axe finds: rule and the elements that break it."""
    page.evaluate(f"{AXE}; undefined")
    found = page.evaluate(f"axe.run(document, {RULES})")
    return [f"{one['id']}: {node['html'][:200]}" for one in found["violations"] for node in one["nodes"]]


def faults(page: Any, width: int) -> Iterator[str]:
    """Yield what is wrong with the page that is open."""
    yield from findings(page)
    over = page.evaluate("document.documentElement.scrollWidth")
    if over > width:
        yield f"{over} pixels wide"


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_every_page_is_whole_and_accessible(programme: Programme, callers: dict[str, tuple[str, ...]]) -> None:
    from playwright.sync_api import sync_playwright

    wrong: dict[str, list[str]] = {}
    seen: dict[tuple[str, bool], int] = {}
    with served(programme) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        for width, height, theme in LOOKS:
            page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=theme)
            said: list[str] = []
            page.on("console", lambda message, said=said: said.append(message.text))
            page.on("request", lambda request, said=said: said.append(f"asks for {request.url}"))
            page.goto(address)
            wrong[f"/login {width}"] = list(faults(page, width))
            for secret, paths in callers.items():
                page.context.clear_cookies()
                page.goto(f"{address}/login")
                sign_in_with_key(page, secret)
                for path in paths:
                    answer = page.goto(address + path)
                    wrong[f"{path} {width} {secret[:9]}"] = list(faults(page, width))
                    seen[path, secret == next(iter(callers))] = answer.status
            usual = (f"asks for {address}/", "status of 40")  # two pages are refused
            wrong[f"console {width}"] = [text for text in said if not any(word in text for word in usual)]
            page.close()
        browser.close()
    assert {place: found for place, found in wrong.items() if found} == {}
    refused = {("/no-such-page", True): 404, ("/leads", False): 403}
    assert {place: status for place, status in seen.items() if status != 200} == refused
