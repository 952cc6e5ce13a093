"""A served process makes ready in the background what its first requests ask for."""

import threading

import pytest
from fastapi.testclient import TestClient

from api.app import create_app
from api.console import rendering
from api.warm import load_what_is_fixed
from domain.context import SYSTEM
from domain.settings import Settings
from intelligence.analytics.book import Book
from store import figures


def test_the_books_are_read_before_anybody_asks(tmp_path, monkeypatch):
    with TestClient(create_app(Settings(home=tmp_path), warm=True)) as client:
        for thread in threading.enumerate():
            if thread.name == "warming":
                thread.join(60)
        services = client.app.state.services
        with services.unit_of_work(SYSTEM, read_only=True) as work:
            monkeypatch.setattr(figures, "_read", lambda *_: pytest.fail("read again"))
            book = Book(work.connection, services.clock(), "USD", shelf=figures.shelf_of(work.engine))
            assert len(book.partners) == 0
    assert "warming" not in {thread.name for thread in threading.enumerate()}


def test_all_templates_are_compiled(tmp_path, monkeypatch):
    compiled = []
    monkeypatch.setattr(rendering._templates, "get_template", compiled.append)
    with TestClient(create_app(Settings(home=tmp_path))) as client:
        load_what_is_fixed(client.app, client.app.state.services)
    assert {"layout.html", "overview.html", "ranking.html"} <= set(compiled)
