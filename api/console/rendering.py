"""Templates of the console's pages, and how figures are written in them."""

from datetime import datetime
from pathlib import Path
from typing import Any

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, select_autoescape

HERE = Path(__file__).parent


def percent(p: float) -> str:
    """Write a probability for a person.

    Examples
    --------
    >>> percent(0.347), percent(0.002), percent(0.999)
    ('35 %', '<1 %', '>99 %')
    """
    if p < 0.005:
        return "<1 %"
    return ">99 %" if p > 0.995 else f"{p:.0%}".replace("%", " %")


def money(amount: float | None) -> str:
    """Write an amount for a person, without cents.

    Examples
    --------
    >>> money(1234567.8), money(None)
    ('1,234,568', '–')
    """
    return "–" if amount is None else f"{amount:,.0f}"


def day(instant: datetime | None) -> str:
    """Write the day of an instant."""
    return "now" if instant is None else f"{instant.day} {instant:%B %Y}"


_templates = Environment(loader=FileSystemLoader(HERE / "templates"), autoescape=select_autoescape())
_templates.globals.update(percent=percent, money=money, day=day)


def page(name: str, status: int = 200, **values: Any) -> HTMLResponse:
    """Return the page of a template."""
    return HTMLResponse(_templates.get_template(name).render({"actor": None} | values), status)
