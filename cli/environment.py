"""What every command needs: settings from options and environment, the store, progress, errors as exit statuses."""

import os
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING

import typer
from pydantic import ValidationError
from pydantic_settings import SettingsError

from domain.errors import InvalidInput
from domain.settings import Settings

if TYPE_CHECKING:
    from intelligence.context import Intelligence
    from store.engine import Engine

_GLOBAL_OPTIONS = {"--home": "ALLYWISE_HOME", "--db": "ALLYWISE_DATABASE_URL"}

Progress = Callable[[str, float], None]
"""Receives what is being done and how much of it (0 to 1, or a count of rows above 1)."""


def take_global_options(arguments: Sequence[str]) -> list[str]:
    """Move ``--home`` and ``--db``, which may stand anywhere, from `arguments` into the environment.

    Returns
    -------
    list of str
        The other arguments, in order.
    """
    rest: list[str] = []
    pending = iter(arguments)
    for argument in pending:
        name, _, value = argument.partition("=")
        variable = _GLOBAL_OPTIONS.get(name)
        if variable is None:
            rest.append(argument)
            continue
        value = value or next(pending, "")
        if not value:
            say(f"allywise: {name} needs a value")
            raise SystemExit(2)
        os.environ[variable] = value
    return rest


def read_settings() -> Settings:
    """Read the settings from the environment.

    Raises
    ------
    InvalidInput
        If a variable holds a value that its setting does not allow.
    """
    try:
        return Settings()
    except ValidationError as error:
        first = error.errors()[0]
        name = "_".join(str(part) for part in first["loc"])
        raise InvalidInput(f"setting ALLYWISE_{name.upper()}: {first['msg']} (got {first['input']!r})") from None
    except SettingsError as error:
        field = str(error).partition('"')[2].partition('"')[0]
        variable = f"ALLYWISE_{field.upper()}"
        raise InvalidInput(
            f'setting {variable}: is written as JSON, a list such as ["a", "b"], a mapping such as {{"a": 2}} '
            f"(got {os.environ.get(variable, '')!r})"
        ) from None


def open_store(settings: Settings) -> "Engine":
    """Open the store and bring its schema up to date; a new store is made where there is none."""
    from store.at_rest import AtRest
    from store.engine import create_store_engine
    from store.migrate import upgrade

    engine = create_store_engine(settings.store_url, AtRest.of(settings))
    upgrade(engine)
    return engine


@lru_cache(maxsize=1)
def open_intelligence() -> "Intelligence":
    """Return the context of all predictions over the configured store."""
    from intelligence.context import open_intelligence as open_context

    settings = read_settings()
    return open_context(open_store(settings), settings)


def parse_as_of(text: str | None) -> datetime | None:
    """Parse an instant of the command line: ISO 8601, UTC when no offset stands, a date is its midnight.

    Raises
    ------
    typer.BadParameter
        If `text` is no such instant.

    Examples
    --------
    >>> parse_as_of("2025-03-01").isoformat()
    '2025-03-01T00:00:00+00:00'
    """
    if text is None:
        return None
    try:
        instant = datetime.fromisoformat(text)
        instant = instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)
    except (ValueError, OverflowError):
        raise typer.BadParameter(f"{text!r} is no instant; write 2025-03-01 or 2025-03-01T12:00:00Z") from None
    return instant


def progress_printer() -> Progress:
    """Return a callable that shows progress on stderr when that is a terminal, and does nothing otherwise."""
    if not sys.stderr.isatty():
        return lambda _text, _done: None

    def show(text: str, done: float) -> None:
        amount = f"{done:4.0%}" if done <= 1 else f"{done:,.0f} rows"
        sys.stderr.write(f"\r\x1b[2K{text} {amount}")
        if done == 1:
            sys.stderr.write("\n")
        sys.stderr.flush()

    return show


def say(text: str) -> None:
    """Write a line for a person to stderr, where it does not mix with results."""
    print(text, file=sys.stderr, flush=True)
