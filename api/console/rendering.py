"""Templates of the console's pages."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from api.console import formats, words
from api.console.assets import address
from api.console.figure_words import figure_label, figure_meaning, figure_unit
from api.console.places import country_name, gap_name, place
from api.console.terms import term
from domain.language import LANGUAGES

HERE = Path(__file__).parent
LANGUAGE_NAMES = {"en": "English", "pt": "Português", "es": "Español", "pl": "Polski"}


def query(values: Mapping[str, Any], **changed: Any) -> str:
    """Return filters as the query of an address, some of them changed; empty ones are left out.

    Examples
    --------
    >>> query({"country": "DE", "tier": ""}, cursor="x")
    '?country=DE&cursor=x'
    """
    kept = {name: value for name, value in {**values, **changed}.items() if value not in (None, "")}
    return f"?{urlencode(kept)}" if kept else "?"


def partner_page(external_id: str, id_: int | None = None, part: str = "") -> str:
    """Return the address of a partner's page, or of one of its parts.

    Parameters
    ----------
    external_id : str
        Any: what an address cannot hold is written so that it can.
    id_ : int, optional
        Ours; names the partner where browsers would read its external id as a way up.
    part : str, optional
        Such as ``deals``.

    Examples
    --------
    >>> partner_page("P-1"), partner_page("ACME/DE & co", part="deals"), partner_page("..", 7)
    ('/partners/P-1', '/partners/ACME%2FDE%20%26%20co/deals', '/partners/id:7')
    """
    is_way_up = external_id in (".", "..") and id_ is not None
    name = f"id:{id_}" if is_way_up else quote(external_id, safe="")
    return f"/partners/{name}" + (f"/{part}" if part else "")


def prospect_page(external_id: str, part: str = "") -> str:
    """Return the address of a prospect's page, or of one of its parts.

    Examples
    --------
    >>> prospect_page("P-1"), prospect_page("ACME/DE & co", "edit")
    ('/prospects/P-1', '/prospects/ACME%2FDE%20%26%20co/edit')
    """
    return f"/prospects/{quote(external_id, safe='')}" + (f"/{part}" if part else "")


def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=select_autoescape(),
        extensions=["jinja2.ext.i18n"],
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
        cache_size=-1,
    )
    made.install_gettext_callables(words.gettext, words.ngettext, newstyle=True)  # type: ignore[attr-defined]  # of i18n
    made.policies["ext.i18n.trimmed"] = True
    shown = (formats.percent, formats.number, formats.fixed, formats.money, formats.day, formats.moment)
    made.globals.update({written.__name__: written for written in shown})
    made.globals.update(
        asset=address,
        query=query,
        term=term,
        partner_page=partner_page,
        prospect_page=prospect_page,
        place=place,
        country_name=country_name,
        gap_name=gap_name,
        figure_label=figure_label,
        figure_meaning=figure_meaning,
        figure_unit=figure_unit,
        languages={code: LANGUAGE_NAMES[code] for code in LANGUAGES},
    )
    return made


_templates = _environment()


def compile_templates() -> None:
    """Compile all templates, which the first page that needs one would wait for."""
    for name in _templates.list_templates(extensions=["html"]):
        _templates.get_template(name)


def render(name: str, values: Mapping[str, Any]) -> str:
    """Return the text of a page."""
    return _templates.get_template(name).render(values)
