"""One batch is read and parsed while the database takes the one before it."""

from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")
_END: Any = object()


def ahead(items: Iterator[T]) -> Generator[T, None, None]:
    """Yield `items`, each made in another thread while the one before it is worked on; errors come in their turn.

    Examples
    --------
    >>> list(ahead(iter([1, 2])))
    [1, 2]
    """
    with ThreadPoolExecutor(1, "import") as reader:
        pending = reader.submit(next, items, _END)
        while (item := pending.result()) is not _END:
            pending = reader.submit(next, items, _END)
            yield item
