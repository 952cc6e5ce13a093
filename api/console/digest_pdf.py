"""The digest as a PDF: A4, with page numbers, a small chart, and letters of all languages that the font has."""

import logging
import unicodedata
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from pathlib import Path

from fontTools.ttLib import TTFont  # type: ignore[import-untyped]
from fpdf import FPDF
from fpdf.enums import TableCellFillMode, XPos, YPos
from fpdf.fonts import FontFace

from api.console import digest_words as words
from api.console.formats import day, moment, number
from api.console.words import gettext
from programme.digest import Digest

_INK, _SOFT, _LINE, _ACCENT, _GROUND = (24, 33, 45), (82, 94, 109), (217, 223, 231), (21, 88, 192), (244, 246, 249)
_FONT, _MARGIN, _CHART = "DejaVu", 16.0, 22.0
_UNKNOWN = "\u25a1"
_WIDTHS = {2: (34, 66), 3: (36, 40, 24), 4: (34, 26, 22, 18), 6: (22, 22, 14, 12, 12, 18)}
_WHY_WIDTHS = (28, 18, 54)

logging.getLogger("fontTools").setLevel(logging.WARNING)  # one line for each table of a font says nothing here


def written(found: Digest, currency: str, now: datetime) -> bytes:
    """Return the digest as the bytes of a PDF, in the language that is spoken.

    Parameters
    ----------
    found : Digest
        What is told.
    currency : str
        Of amounts.
    now : datetime
        When it is written.
    """
    paper = _Paper(words.title_of(found), now)
    paper.add_page()
    paper.heading(found)
    paper.figures(words.figures(found, currency))
    paper.chart(words.chart_rows(found))
    made = words.tables(found, currency)
    for table in made:
        paper.rows(table)
    nothing = words.quiet(found)
    if nothing:
        paper.soft(gettext("Nothing this week: %(sections)s.") % {"sections": ", ".join(nothing)})
    return bytes(paper.output())


class _Paper(FPDF):
    def __init__(self, title: str, now: datetime) -> None:
        super().__init__(format="A4")
        folder = _fonts()
        self.add_font(_FONT, "", folder / "DejaVuSans.ttf")
        self.add_font(_FONT, "B", folder / "DejaVuSans-Bold.ttf")
        self.set_margins(_MARGIN, _MARGIN, _MARGIN)
        self.set_auto_page_break(auto=True, margin=_MARGIN + 4)
        self.set_title(title)
        self.set_creator("allywise")
        self.set_creation_date(now)
        self.title_ = title

    def header(self) -> None:
        """Write the running head."""
        self._ink(_SOFT, 8)
        self.cell(0, 5, "allywise", new_x=XPos.LMARGIN, new_y=YPos.TOP)
        self.cell(0, 5, _plain(self.title_), align="R", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.set_draw_color(*_LINE)
        self.line(self.l_margin, self.get_y() + 1, self.w - self.r_margin, self.get_y() + 1)
        self.ln(5)

    def footer(self) -> None:
        """Write the page's number."""
        self.set_y(-_MARGIN)
        self._ink(_SOFT, 8)
        told = gettext("Page %(page)s of %(pages)s") % {"page": self.page_no(), "pages": self.str_alias_nb_pages}
        self.cell(0, 5, told, align="C")

    def heading(self, found: Digest) -> None:
        """Write what this is."""
        self._ink(_INK, 16, bold=True)
        self.multi_cell(0, 8, _plain(self.title_), new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        mine = gettext("Partners that you manage.") + " " if found.mine else ""
        self.soft(mine + gettext("As of %(moment)s.") % {"moment": moment(found.as_of)})

    def soft(self, text: str) -> None:
        """Write a line that is less important."""
        self._ink(_SOFT, 9)
        self.multi_cell(0, 5, _plain(text), new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.ln(2)

    def figures(self, found: Sequence[words.Figure]) -> None:
        """Write the numbers side by side, each in a box."""
        if not found:
            return
        gap, top, height = 4.0, self.get_y() + 1, 22.0
        width = (self.epw - gap * (len(found) - 1)) / len(found)
        for place, one in enumerate(found):
            left = self.l_margin + place * (width + gap)
            self.set_fill_color(*_GROUND)
            self.rect(left, top, width, height, style="F", round_corners=True, corner_radius=2)
            for y, (text, size, bold) in zip(
                (2, 8, 15), ((one.label, 8, False), (one.value, 13, True), (one.note, 8, False)), strict=True
            ):
                self._ink(_INK if bold else _SOFT, size, bold=bold)
                self.set_xy(left + 3, top + y)
                self.cell(width - 6, 5, self._fitting(_plain(text), width - 6))
        self.set_xy(self.l_margin, top + height + 5)

    def chart(self, points: Sequence[tuple[object, int | None]]) -> None:
        """Draw how many partners were at high risk, week by week, as bars with their numbers."""
        known = [n for _, n in points if n is not None]
        if len(known) < 2:
            return
        self._ink(_INK, 9, bold=True)
        told = gettext("Partners at high risk at the end of each of the last weeks")
        self.cell(0, 5, _plain(told), new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        top, step, most = self.get_y() + 5, self.epw / len(points), max(known) or 1
        for place, (end, n) in enumerate(points):
            left = self.l_margin + place * step
            self._ink(_SOFT, 7)
            self.set_xy(left, top + _CHART + 1)
            self.cell(step, 4, _plain(day(end)), align="C")  # type: ignore[arg-type]
            if n is None:
                continue
            height = _CHART * n / most
            self.set_fill_color(*_ACCENT)
            self.rect(left + step * 0.3, top + _CHART - height, step * 0.4, max(height, 0.3), style="F")
            self._ink(_INK, 8)
            self.set_xy(left, top + _CHART - height - 5)
            self.cell(step, 4, number(n), align="C")
        self.set_xy(self.l_margin, top + _CHART + 8)

    def rows(self, table: words.Table) -> None:
        """Write a table under its title; its head is repeated on each page."""
        if self.will_page_break(26):
            self.add_page()
        self._ink(_INK, 11, bold=True)
        self.multi_cell(0, 7, _plain(table.title), new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self._ink(_INK, 8)
        self.set_draw_color(*_LINE)
        self.set_fill_color(255, 255, 255)
        columns = len(table.head)
        widths = _WHY_WIDTHS if columns == 3 and table.where.startswith("/risk") else _WIDTHS.get(columns)
        style = FontFace(emphasis="BOLD", color=_SOFT)
        with self.table(
            borders_layout="HORIZONTAL_LINES", line_height=4.6, padding=(0.9, 1.5, 0.9, 0), col_widths=widths,
            text_align="LEFT", headings_style=style, cell_fill_mode=TableCellFillMode.NONE,
        ) as made:  # fmt: skip
            made.row([_plain(name) for name in table.head])
            for cells, (_, partner) in zip(table.rows, table.partners, strict=True):
                made.row([_named(cells[0], partner), *(_plain(cell) or "–" for cell in cells[1:])])
        if table.more:
            self.soft(table.more)
        self.ln(4)

    def _ink(self, colour: tuple[int, int, int], size: float, *, bold: bool = False) -> None:
        self.set_font(_FONT, "B" if bold else "", size)
        self.set_text_color(*colour)

    def _fitting(self, text: str, width: float) -> str:
        while text and self.get_string_width(text) > width:
            text = text[:-2] + "…" if len(text) > 2 else ""
        return text


@cache
def _fonts() -> Path:
    """Return the folder of the fonts that matplotlib brings."""
    import matplotlib

    return Path(matplotlib.get_data_path()) / "fonts" / "ttf"


@cache
def _letters() -> frozenset[int]:
    with TTFont(_fonts() / "DejaVuSans.ttf", lazy=True) as font:
        return frozenset(font.getBestCmap())


def _plain(text: str) -> str:
    """Return a text in letters that the font has; others become boxes, what is no letter goes."""
    composed = unicodedata.normalize("NFC", text)
    shown = "".join(letter for letter in composed if unicodedata.category(letter)[0] != "C" or letter in "\n\t")
    return "".join(letter if ord(letter) in _letters() or letter.isspace() else _UNKNOWN for letter in shown)


def _named(name: str, partner: str) -> str:
    """Return a partner's name, with its id where letters of the name are missing."""
    shown = _plain(name)
    return f"{shown} ({_plain(partner)})" if _UNKNOWN in shown and _UNKNOWN not in name else shown
