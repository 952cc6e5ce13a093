"""What the first requests of a fresh process would wait for is made ready in the background."""

from threading import Thread

from api.console.rendering import compile_templates
from api.dependencies import Services
from domain.context import SYSTEM
from intelligence.analytics.book import Book, make_ready
from store.figures import shelf_of


def start_warming(services: Services) -> Thread:
    """Begin to make ready what requests ask for, and return the thread that does it; none of them waits for it."""
    thread = Thread(target=warm, args=(services,), name="warming")
    thread.start()
    return thread


def warm(services: Services) -> None:
    """Read the books that figures are counted from, and compile the templates of pages."""
    with services.unit_of_work(SYSTEM, read_only=True) as work:
        currency, shelf = services.settings.currency, shelf_of(work.engine)
        make_ready(Book(work.connection, services.clock(), currency, shelf=shelf))
    compile_templates()
