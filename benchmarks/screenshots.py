"""Pictures of the console and the portal: ``python -m benchmarks.screenshots [--home HOME] [--out docs/screenshots]``.

A demo programme is built (or one that is there is taken: a copy of it, since looking writes), served to a real
Chromium, and each page of `benchmarks.page_cases.CASES` is taken as its reader sees it: the staff's at a desk's width,
partners' at a phone's. ``README.md`` beside the pictures shows them all.
"""

import argparse
import io
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from PIL import Image

from benchmarks.page_cases import CASES, Case
from benchmarks.pages import CHROMIUM, Served, served
from benchmarks.workspace import ROOT
from domain.terms import Role

OUT = ROOT / "docs" / "screenshots"
_DESK, _PHONE = (1280, 800), (390, 844)
_TALLEST = 1500
"""Pixels of a picture; what lies further down is cut."""
_COLOURS = 64
_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


def main(arguments: list[str] | None = None) -> None:
    """Take all pictures and write the page that shows them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, help="of a demo that is built already; default: one is built")
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--only", default="", help="regular expression: only pages whose path fits")
    chosen = parser.parse_args(arguments)
    if CHROMIUM is None:
        parser.error("no Chromium on this machine")
    cases = [case for case in CASES if re.search(chosen.only, case.path)]
    with tempfile.TemporaryDirectory() as folder:
        home = _home(chosen.home, Path(folder) / "home")
        with served(home) as service:
            taken = list(_taken(service, cases, chosen.out))
    if not chosen.only:
        _index(taken, chosen.out)


def _home(given: Path | None, home: Path) -> Path:
    if given is not None:
        shutil.copytree(given, home)
    else:
        command = [sys.executable, "-m", "cli", "demo", "--no-serve"]
        subprocess.run(command, check=True, cwd=ROOT, env=os.environ | {"ALLYWISE_HOME": str(home)})
    return home


def _taken(service: Served, cases: Sequence[Case], out: Path) -> Iterator[tuple[Case, str]]:
    """Take a picture of each page there is a row for; yield its case and file."""
    from playwright.sync_api import sync_playwright

    out.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=_FLAGS)
        for role in dict.fromkeys(case.role for case in cases):
            page = _window(browser, service, role)
            for case in cases:
                if case.role is role and "start=" not in case.path and service.names.has_all(case.path):
                    name = f"{_file_of(case)}.png"
                    page.goto(service.address + service.names.fill(case.path))
                    page.wait_for_timeout(400)  # charts are drawn after the page
                    _save(_picture(page), out / name)
                    sys.stdout.write(f"{case.path}\n")
                    yield case, name
            page.context.close()
        browser.close()


def _window(browser: Any, service: Served, role: Role) -> Any:
    """Return a window in which somebody with a role is signed in."""
    width, height = _PHONE if role is Role.PARTNER else _DESK
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme="light", locale="en")
    page = context.new_page()
    page.goto(f"{service.address}/login")
    page.get_by_text("With an API key").click()
    page.get_by_label("API key").fill(service.keys[role])
    page.get_by_role("button", name="Use key").click()
    return page


def _picture(page: Any) -> bytes:
    """Take the whole page in a window as high as it is: what sticks to the window's edge then covers nothing."""
    window = page.viewport_size
    height = page.evaluate("document.documentElement.scrollHeight")
    page.set_viewport_size({"width": window["width"], "height": min(max(height, window["height"]), _TALLEST)})
    page.wait_for_timeout(200)
    picture: bytes = page.screenshot()
    page.set_viewport_size(window)
    return picture


def _file_of(case: Case) -> str:
    """Return the name of a page's picture.

    Examples
    --------
    >>> _file_of(Case("/partners/{partner}/deals", Role.MANAGER)), _file_of(Case("/", Role.PARTNER))
    ('partners-one-deals', 'portal')
    """
    plain = re.sub(r"[{]\w+[}]", "one", case.path).strip("/")
    first = "portal" if case.role is Role.PARTNER else "overview"
    return re.sub(r"[^a-z0-9]+", "-", plain.lower()).strip("-") or first


def _save(picture: bytes, path: Path) -> None:
    """Write a picture in few colours, as pages have: a quarter of the bytes."""
    with Image.open(io.BytesIO(picture)) as image:
        image.convert("RGB").quantize(_COLOURS, dither=Image.Dither.NONE).save(path, optimize=True)


def _index(taken: Sequence[tuple[Case, str]], out: Path) -> None:
    """Write the page that shows all pictures; files of pages that are no more go."""
    for old in set(out.glob("*.png")) - {out / name for _, name in taken}:
        old.unlink()
    lines = ["# Pages", "", "Made from the demo programme by `make screenshots`.", ""]
    for case, name in taken:
        width = 300 if case.role is Role.PARTNER else 800
        lines += [f"## `{case.path}`", "", f'<img src="{name}" width="{width}" alt="{case.path}, for {case.role}">', ""]
    (out / "README.md").write_text("\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
