"""What answers need is loaded before a process serves; what they need of today's data is read in the background."""

from functools import partial
from threading import Thread

from fastapi import FastAPI

from api.console.rendering import compile_templates
from api.dependencies import Services
from api.middleware import OLDER
from domain.context import SYSTEM
from domain.terms import ModelName
from intelligence.analytics.book import Book, make_ready
from intelligence.matching.readiness import make_ready_to_match
from store.figures import shelf_of


def load_served_models(services: Services) -> None:
    """Load and verify the models that serve now, if any do: at once where they are loaded already.

    Raises
    ------
    ArtefactInvalid
        If a file of one of them is missing or was altered.
    """
    for name in ModelName:
        services.intelligence.load_model(name)


def load_what_is_fixed(app: FastAPI, services: Services) -> None:
    """Load what stays the same whatever is written to the store: models, templates, routes."""
    load_served_models(services)
    compile_templates()
    for route in app.router.routes:  # FastAPI works out included routes when they are first looked through
        route.matches({"type": "http", "method": "GET", "path": "/", "root_path": "", "headers": []})


def start_warming(services: Services) -> Thread:
    """Begin to make ready what requests ask for, and return the thread that does it; none of them waits for it."""
    thread = Thread(target=warm, args=(services,), name="warming")
    thread.start()
    return thread


def warm(services: Services) -> None:
    """Read the books that figures are counted from, and the history that predictions are made of."""
    present, crowd = services.intelligence.present, services.settings.serving_crowd
    present.newest.crowd, present.newest.on_older = crowd, OLDER.inc
    present.prepare = partial(make_ready_to_match, services.intelligence)
    with services.unit_of_work(SYSTEM, read_only=True) as work:
        currency, shelf = services.settings.currency, shelf_of(work.engine)
        shelf.newest.crowd, shelf.newest.on_older = crowd, OLDER.inc
        make_ready(Book(work.connection, services.clock(), currency, shelf=shelf))
    if any(services.intelligence.registry.serving(name, services.clock()) for name in ModelName):
        services.intelligence.history()
