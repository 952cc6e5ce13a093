"""Where we stand, read out of the tables: ours beside the best reference rows. ``python -m benchmarks summary``."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from benchmarks.workspace import PUBLIC_DATA

OURS = "**allywise**"
_PROTECTED = "with protected"
_NUMBER = re.compile(r"^-?\d+(\.\d+)?$")


@dataclass(frozen=True)
class Figure:
    """A figure of a set's main protocol.

    Parameters
    ----------
    name : str
        Set, as its markers in the document say.
    heading : str
        Text in the bold line that stands before the table; empty: the first table.
    metric : str
        Column; larger is better.
    error : str
        Pattern of the standard error in the set's own README.
    """

    name: str
    heading: str
    metric: str
    error: str


FIGURES = (
    Figure("cdnow", "sample", "AUC", r"sample AUC ([\d.]+)"),
    Figure("cdnow", "full", "AUC", r"full AUC ([\d.]+)"),
    Figure("olist-sellers", "60 days, population `recent`", "AUC", r"([\d.]+) \(`recent`\)"),
    Figure("olist-sellers", "90 days, population `recent`", "AUC", r"([\d.]+) \(`recent`\)"),
    Figure("deskdrop", "", "Recall@10", r"the ranker's Recall@10 ([\d.]+)"),
    Figure("deskdrop", "", "NDCG@10", r"the ranker's Recall@10 [\d.]+, NDCG@10 ([\d.]+)"),
    Figure("fintro", "", "AUC", r"standard error: AUC ([\d.]+)"),
    Figure("ibm-sales-win-loss", "Variant B", "AUC", r"Standard error of AUC ([\d.]+)"),
    Figure("crunchbase-2013", "Variant `new`", "Recall@10", r"`new` Recall@10 ([\d.]+)"),
    Figure("crunchbase-2013", "Variant `new`", "NDCG@10", r"`new` [^;]*?NDCG@10 ([\d.]+\d)"),
)


@dataclass(frozen=True)
class Table:
    """A Markdown table under a bold heading, its cells as text."""

    heading: str
    titles: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def column(self, title: str, start: str) -> dict[str, float]:
        """Return figures of a column by first cell, for rows whose first cell begins with `start`."""
        at = self.titles.index(title)
        found = {row[0]: row[at] for row in self.rows if row[0].startswith(start) and len(row) > at}
        return {label: float(cell) for label, cell in found.items() if _NUMBER.match(cell)}


def read_tables(text: str) -> list[Table]:
    r"""Return the tables of a Markdown text in order, each with the bold words that stand last before it.

    Examples
    --------
    >>> read_tables("**sample** (2 s)\n\n| method | AUC |\n|---|---:|\n| a | 0.5 |")
    [Table(heading='sample', titles=('method', 'AUC'), rows=(('a', '0.5'),))]
    """
    heading, found, block = "", [], list[str]()
    for line in [*text.splitlines(), ""]:
        if line.startswith("|"):
            block.append(line)
        elif block:
            cells = [tuple(cell.strip() for cell in row.strip().strip("|").split("|")) for row in block]
            found.append(Table(heading, cells[0], tuple(cells[2:])))
            block = []
        if bold := re.match(r"\*\*(.+?)\*\*", line):
            heading = bold.group(1)
    return found


def standard_error(figure: Figure) -> float:
    """Return the standard error that the set's README gives; NaN where it is not at hand."""
    path = PUBLIC_DATA / figure.name / "README.md"
    found = re.search(figure.error, path.read_text()) if path.exists() else None
    return float(found.group(1)) if found else float("nan")


def summary(blocks: Mapping[str, str]) -> str:
    """Return the table of where we stand.

    Parameters
    ----------
    blocks : mapping of str to str
        Tables of each set as Markdown; sets that are missing are left out.
    """
    rows = [
        "| set | metric | ours | best hand-made row (c) | its standard error | best other row (a, b) | verdict |",
        "|---|---|---:|---:|---:|---:|---|",
    ]
    for figure in FIGURES:
        tables = [table for table in read_tables(blocks.get(figure.name, "")) if figure.metric in table.titles]
        table = next((each for each in tables if figure.heading in each.heading), None)
        if table is not None and table.column(figure.metric, OURS):
            rows.append(_row(figure, table))
    return "\n".join(rows)


def _row(figure: Figure, table: Table) -> str:
    ours = table.column(figure.metric, OURS)[OURS]
    c = _best(table.column(figure.metric, "c "))
    b = _best(table.column(figure.metric, "a ") | table.column(figure.metric, "b "))
    error = standard_error(figure)
    title = f"{figure.name}, {figure.heading}" if figure.heading else figure.name
    cells = [title, figure.metric, f"{ours:.4f}", _shown(c), _shown(error), _shown(b), _verdict(ours, c, b, error)]
    return f"| {' | '.join(cells)} |"


def _best(rows: Mapping[str, float]) -> float:
    honest = [value for label, value in rows.items() if _PROTECTED not in label]
    return max(honest, default=float("nan"))


def _shown(value: float) -> str:
    return "–" if np.isnan(value) else f"{value:.4f}"


def _verdict(ours: float, c: float, b: float, error: float) -> str:
    known = 0.0 if np.isnan(error) else error
    place = "passes c by more than its error" if ours > c + known else "reaches c" if ours >= c - known else "below c"
    return f"{place}, below a or b" if ours < b else place


def spread(by_seed: Sequence[str]) -> str:
    """Return mean and standard deviation of our rows over runs with other training seeds.

    Parameters
    ----------
    by_seed : sequence of str
        The Markdown of each run; the same tables in the same order.
    """
    runs = [[table for table in read_tables(text) if any(row[0] == OURS for row in table.rows)] for text in by_seed]
    lines = [f"**Over {len(runs)} training seeds: mean and standard deviation of our row**", ""]
    for tables in zip(*runs, strict=True):
        titles = tables[0].titles[1:]
        lines += [f"| {tables[0].heading or 'ours'} | {' | '.join(titles)} |", f"|---|{'---:|' * len(titles)}"]
        given = [[each.column(title, OURS).get(OURS, np.nan) for each in tables] for title in titles]
        cells = ["–" if np.isnan(each).any() else f"{np.mean(each):.4f} ± {np.std(each, ddof=1):.4f}" for each in given]
        lines += [f"| {OURS} | {' | '.join(cells)} |", ""]
    return "\n".join(lines).strip()
