"""The digest as a page and as a PDF, in each language, with letters that the font lacks."""

import shutil
import subprocess
from datetime import date

import pytest

from api.console.digest_pdf import _named, _plain, written
from api.console.digest_words import tables
from domain.context import SYSTEM
from domain.language import LANGUAGES, language_of, speaking
from domain.settings import Settings
from domain.terms import Role
from programme import records
from programme.digest import digest
from store.unit_of_work import UnitOfWork
from tests.api.people import admin_key, service
from tests.api.test_console import open_form, sign_in
from tests.conftest import NOW

NAMES = ("Żółć Gęślą Jaźń", "Açúcar & Irmãos", "山田商事", "<script>alert(1)</script>", "ب" * 200, "")


def browser_of(client, engine, clock):
    browser, form = open_form(client.app)
    key = admin_key(engine, clock)["Authorization"].removeprefix("Bearer ")
    assert browser.post("/login", data={"key": key, "form": form}).status_code == 303
    return browser


def test_the_page_tells_of_any_week_and_of_none(sqlite_engine, tmp_path, clock):
    with service(sqlite_engine, tmp_path, clock) as client:
        browser = browser_of(client, sqlite_engine, clock)
        for path in ("/digest", "/digest?mine=1", "/digest?week=1970-01-01", "/digest?week=2999-01-01"):
            page = browser.get(path)
            assert page.status_code == 200, page.text
            assert "There is nothing to tell of this week" in page.text
            pdf = browser.get(path.replace("/digest", "/digest.pdf"))
            assert (pdf.status_code, pdf.headers["content-type"]) == (200, "application/pdf")
        assert browser.get("/digest?week=yesterday").status_code == 422


def test_who_may_read_it(client, login):
    for role, status in ((Role.MANAGER, 200), (Role.ANALYST, 200), (Role.RECRUITER, 403)):
        browser, _ = sign_in(client, login, role)
        assert browser.get("/digest").status_code == status
        assert browser.get("/digest.pdf").status_code == status


def fill(engine, clock):
    with UnitOfWork(engine, SYSTEM, clock) as work:
        for place, name in enumerate(NAMES):
            key = f"p{place}"
            work.repository("partners").create({"external_id": key, "name": name or key})
            for more in ({"due_on": "2024-06-03"}, {"done_at": NOW}):
                records.create(work, "interventions", {"partner": key, "title": f"Visit {name}"[:400], **more})


def test_hostile_names_are_text(sqlite_engine, tmp_path, clock):
    fill(sqlite_engine, clock)
    with service(sqlite_engine, tmp_path, clock) as client:
        page = browser_of(client, sqlite_engine, clock).get("/digest").text
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert(1)" not in page


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_pdf_holds_the_text_in_each_language(sqlite_engine, clock, tmp_path, code):
    fill(sqlite_engine, clock)
    settings = Settings()
    with UnitOfWork(sqlite_engine, SYSTEM, clock, read_only=True) as work, speaking(language_of(code)):
        found = digest(work, settings, NOW.date(), mine=False)
        body = written(found, settings.currency, NOW)
        assert [len(table.rows) for table in tables(found, "USD")] == [len(NAMES), len(NAMES)]
    assert body.startswith(b"%PDF-1.")
    assert b"/FontFile2" in body
    if shutil.which("pdftotext"):
        file = tmp_path / "digest.pdf"
        file.write_bytes(body)
        text = subprocess.run(["pdftotext", "-layout", file, "-"], capture_output=True, check=True).stdout.decode()
        assert "Żółć Gęślą Jaźń" in text
        assert "Açúcar & Irmãos" in text
        assert "p2" in text


def test_letters_that_the_font_lacks_become_boxes_and_the_id_is_told():
    assert _plain("Zażółć\x00 gęślą") == "Zażółć gęślą"
    assert _named("山田", "P-1") == "□□ (P-1)"
    assert _named("Łódź", "P-1") == "Łódź"


def test_a_digest_of_many_pages_repeats_its_head(sqlite_engine, clock):
    with UnitOfWork(sqlite_engine, SYSTEM, clock) as work:
        for place in range(30):
            work.repository("partners").create({"external_id": f"p{place}", "name": "A very long name " * 12})
            values = {"partner": f"p{place}", "title": "word " * 60, "due_on": date(2024, 6, 3)}
            records.create(work, "interventions", values)
            records.create(work, "interventions", values | {"done_at": NOW})
        found = digest(work, Settings(), NOW.date(), mine=False)
    assert written(found, "EUR", NOW).count(b"/Type /Page\n") >= 2
