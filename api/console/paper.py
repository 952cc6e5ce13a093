"""Documents to print: PDF with one font for all languages, a title, facts, tables that run over pages, page numbers."""

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from pathlib import Path

import matplotlib
from fpdf import FPDF
from fpdf.enums import TableBordersLayout, TextEmphasis, VAlign
from fpdf.fonts import FontFace

from api.console.words import gettext

_FONT = "DejaVu"
_INK, _SOFT, _LINE = (24, 33, 45), (82, 94, 109), 217
_GROUND = (244, 246, 249)


@cache
def _font_file(name: str) -> Path:
    return Path(matplotlib.get_data_path()) / "fonts" / "ttf" / name


class Paper(FPDF):
    """A document on A4, begun with its title.

    Parameters
    ----------
    title : str
        Of the document.
    made_at : datetime
        The instant that it names as its creation.
    foot : str
        Stands at the foot of each page, before the page number.
    """

    def __init__(self, title: str, made_at: datetime, foot: str = "") -> None:
        super().__init__(format="A4")
        self._foot = foot
        self.add_font(_FONT, fname=_font_file("DejaVuSans.ttf"))
        self.add_font(_FONT, style="B", fname=_font_file("DejaVuSans-Bold.ttf"))
        self.set_creation_date(made_at)
        self.set_title(title)
        self.set_margins(18, 18)
        self.set_auto_page_break(True, margin=20)
        self.add_page()
        self._write(title, 16, bold=True)
        self.ln(2)

    def footer(self) -> None:
        """Write the foot of a page."""
        self.set_y(-14)
        self.set_font(_FONT, size=8)
        self.set_text_color(*_SOFT)
        told = gettext("Page %(page)s of %(pages)s") % {"page": self.page_no(), "pages": "{nb}"}
        self.cell(self.epw * 0.7, 6, self._foot)
        self.cell(0, 6, told, align="R")

    def heading(self, text: str) -> None:
        """Write the heading of a part."""
        self.ln(4)
        self._write(text, 12, bold=True)
        self.ln(1)

    def paragraph(self, text: str) -> None:
        """Write a paragraph."""
        self._write(text, 9)

    def facts(self, rows: Sequence[tuple[str, str]]) -> None:
        """Write names and values, one beside the other."""
        for name, value in rows:
            self.set_font(_FONT, size=9)
            self.set_text_color(*_SOFT)
            self.cell(45, 5.5, name)
            self.set_text_color(*_INK)
            self.multi_cell(0, 5.5, value, new_x="LMARGIN", new_y="NEXT")
        self.ln(2)

    def rows(self, head: Sequence[str], rows: Sequence[Sequence[str]], widths: Sequence[int], numbers: str) -> None:
        """Write a table; its head stands on each page.

        Parameters
        ----------
        head : sequence of str
            Names of the columns.
        rows : sequence
            Texts.
        widths : sequence of int
            Shares of the width.
        numbers : str
            One letter for each column: ``L`` for texts, ``R`` for numbers.
        """
        self.set_font(_FONT, size=8)
        self.set_text_color(*_INK)
        self.set_draw_color(_LINE)
        style = FontFace(emphasis=TextEmphasis.B, fill_color=_GROUND)
        with self.table(
            borders_layout=TableBordersLayout.HORIZONTAL_LINES,
            col_widths=tuple(widths),
            text_align=tuple({"L": "LEFT", "R": "RIGHT"}[letter] for letter in numbers),
            headings_style=style,
            line_height=5,
            padding=(0.8, 1),
            v_align=VAlign.T,
        ) as table:
            for row in (head, *rows):
                table.row([str(cell) for cell in row])

    def content(self) -> bytes:
        """Return the document."""
        return bytes(self.output())

    def _write(self, text: str, size: int, *, bold: bool = False) -> None:
        self.set_font(_FONT, style="B" if bold else "", size=size)
        self.set_text_color(*_INK)
        self.multi_cell(0, size * 0.5, text, new_x="LMARGIN", new_y="NEXT")
