"""The console in a real browser, on a real server, at a desk's and at a phone's width."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import URLError

import psutil
import pytest

from domain.context import SYSTEM
from domain.terms import Role
from programme.passwords import hash_password
from programme.people import invite_user, set_password
from store.engine import create_store_engine
from store.unit_of_work import UnitOfWork
from tests.e2e.browser import CHROMIUM, FLAGS, sign_in_with_key
from tests.programmes import Programme

PASSWORD = "a long enough secret"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def served(programme: Programme) -> Iterator[str]:
    """Run ``allywise serve`` and yield its address."""
    port = free_port()
    environment = os.environ | {"ALLYWISE_HOME": str(programme.settings.home), "ALLYWISE_TRAINING_THREADS": "1"}
    command = [sys.executable, "-m", "cli", "serve", "--port", str(port)]
    with subprocess.Popen(command, env=environment) as server:
        try:
            wait_until_ready(f"http://127.0.0.1:{port}/readyz")
            yield f"http://127.0.0.1:{port}"
        finally:
            children = psutil.Process(server.pid).children(recursive=True)
            server.terminate()
            server.wait(timeout=30)
            _, left = psutil.wait_procs(children, timeout=30)
            assert left == []


def wait_until_ready(url: str) -> None:
    for _ in range(120):
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310
                return
        except (URLError, ConnectionError, TimeoutError):
            time.sleep(0.5)
    raise TimeoutError(url)


@pytest.fixture
def secret(programme: Programme) -> str:
    engine = create_store_engine(programme.settings.store_url)
    with UnitOfWork(engine, SYSTEM) as work:
        secret = work.keys.create("browser", Role.MANAGER).secret
        made = invite_user(work, programme.settings, "ann@acme.example", "Ann Ash", Role.MANAGER)
        set_password(work, made.user, hash_password(PASSWORD))
    engine.dispose()
    return secret


def sign_in_with_password(page: Any, password: str) -> None:
    page.get_by_label("E-mail address").fill("ann@acme.example")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_a_manager_signs_in_and_sees_what_waits(programme: Programme, secret: str, tmp_path: Path) -> None:
    from playwright.sync_api import sync_playwright

    with served(programme) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        ways = ((1280, 800, sign_in_with_key, secret), (390, 844, sign_in_with_password, PASSWORD))
        for width, height, sign_in, known in ways:
            page = browser.new_page(viewport={"width": width, "height": height})
            foreign: list[str] = []
            page.on("request", lambda request, urls=foreign: urls.append(request.url))
            page.goto(address)
            sign_in(page, "wrong")
            assert "did not work" in page.get_by_role("alert").inner_text()
            sign_in(page, known)
            for heading in ("Overview", "Leads that need a person", "Models that serve"):
                assert page.get_by_role("heading", name=heading).is_visible()
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert [url for url in foreign if not url.startswith(address)] == []
            page.get_by_role("button", name="Sign out").click()
            assert page.get_by_label("Password").is_visible()
            page.close()
        browser.close()
