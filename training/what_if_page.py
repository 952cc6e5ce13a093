"""A replay as one HTML page: tables and charts, no script, no other host, light and dark."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import numpy as np

from training.backtest_page import STYLE
from training.charts import Axis, Series, chart
from training.what_if_text import (
    COLUMNS,
    OPINION,
    change_rows,
    change_text,
    clock_text,
    figure_rows,
    group_names,
    group_rows,
    heading,
    limit_rows,
    off_policy_rows,
    off_policy_text,
    why_rows,
)

Report = Mapping[str, Any]

_SPREAD = (
    "Partners from those with fewest leads to those with most, and the share of all leads that they have together. The "
    "further below the dashed line, the more unequal."
)
_GROUPS = (
    "Eligible: the share that an even draw among the eligible partners of each lead would give. Bars: what happened "
    "(upper) and this policy (lower)."
)


def page(report: Report) -> str:
    """Return the report of `training.what_if.what_if` as HTML."""
    body = [f"<h1>What if: {escape(', '.join(policy['name'] for policy in report['policies']))}</h1>"]
    body += [f"<p>{escape(heading(report))}. {escape(report['model']['text'])}</p>"]
    if report["model"]["warning"]:
        body.append(f'<p class="warning" role="note">{escape(report["model"]["warning"])}</p>')
    body += [f"<p>{escape(note)}</p>" for note in report["notes"]]
    if not report["leads"]:
        body.append("<p>No lead arrived in that time.</p>")
    else:
        body += _found(report)
    body.append(f"<details><summary>The policy</summary>{_policies(report)}</details>")
    return _PAGE.format(title="What if", style=STYLE + _MORE_STYLE, body="\n".join(body))


def _found(report: Report) -> list[str]:
    body = ["<h2>Side by side</h2>", _table(figure_rows(report), "narrow"), f"<p>{escape(OPINION)}</p>"]
    body.append(f"<p>{escape(clock_text(report))}</p>")
    body += ["<h2>By the outcomes on record</h2>", f"<p>{escape(off_policy_text(report))}</p>"]
    if report["off_policy"]["estimates"]:
        body.append(_table(off_policy_rows(report)))
    body += ['<div class="charts">', *_charts(report), "</div>"]
    body += ["<h2>Who gets the leads</h2>", f"<p>{escape(_GROUPS)}</p>", '<div class="pairs">']
    body += [_group(report, by) for by in group_names(report)]
    body += ["</div>", _table(limit_rows(report)) if report["limits"] else ""]
    body += ["<h2>What changes</h2>", f"<p>{escape(change_text(report))}</p>", _table(why_rows(report))]
    return [*body, "<h3>Largest changes</h3>", _table(change_rows(report, len(report["changes"]["largest"])), "told")]


def _charts(report: Report) -> list[str]:
    found = []
    points = report["over_time"]
    if len(points) > 1:
        places = np.array([point["leads"] for point in points], dtype=np.float64)
        series = [
            Series(name, places, np.array([point[key] for point in points], dtype=np.float64), marks=False)
            for key, name in (("policy", "this policy"), ("happened_by_model", "partners really asked first"))
        ]
        days = [point["on"] for point in points]
        axis = Axis(f"leads, {days[0]} to {days[-1]}")
        found.append(
            _figure(
                "Expected wins by the model, added up", chart("Expected wins by the model", series, axis, Axis("wins"))
            )
        )
    lorenz = [
        Series(name, np.linspace(0, 1, len(line)), np.array(line, dtype=np.float64), marks=False)
        for side, name in (("policy", "this policy"), ("happened", COLUMNS[0]))
        if (line := report["sides"][side]["lorenz"])
    ]
    if lorenz:
        whole = Axis("share of partners", limits=(0.0, 1.0)), Axis("share of leads", limits=(0.0, 1.0))
        found.append(_figure("Spread of leads over partners", chart(_SPREAD, lorenz, *whole, diagonal=True), _SPREAD))
    return found


def _figure(title: str, svg: str, text: str = "") -> str:
    more = f"<p>{escape(text)}</p>" if text else ""
    return f"<figure><figcaption>{escape(title)}</figcaption>{svg}{more}</figure>"


def _group(report: Report, by: str) -> str:
    """Return a table of shares with bars: what happened, and the policy."""
    head, *rows = group_rows(report, by)
    of = [one for one in report["groups"] if one["by"] == by]
    most = max([max(one["happened_share"], one["policy_share"]) for one in of] + [1e-9])
    body = []
    for row, one in zip(rows, of, strict=True):
        cells = "".join(f"<td>{escape(cell)}</td>" for cell in row)
        bars = "".join(
            f'<span class="bar {style}" style="width:{100 * one[name] / most:.1f}%"></span>'
            for name, style in (("happened_share", "s1"), ("policy_share", "s0"))
        )
        body.append(f'<tr>{cells}<td class="bars" aria-hidden="true">{bars}</td></tr>')
    top = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in head)
    table = f'<table><thead><tr>{top}<th aria-hidden="true"></th></tr></thead><tbody>{"".join(body)}</tbody></table>'
    return f'<div class="wide" tabindex="0">{table}</div>'


def _table(rows: Sequence[Sequence[str]], style: str = "") -> str:
    head = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in rows[0])
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows[1:])
    table = f'<table class="{style}"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>'
    return f'<div class="wide" tabindex="0">{table}</div>'


def _policies(report: Report) -> str:
    lists = []
    for policy in report["policies"]:
        said = "".join(
            f"<tr><td>{escape(name)}</td><td>{escape(_said(value))}</td></tr>" for name, value in policy.items()
        )
        lists.append(f'<div class="wide" tabindex="0"><table class="told"><tbody>{said}</tbody></table></div>')
    return "".join(lists)


def _said(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {_said(part)}" for name, part in value.items() if part not in (None, []))
    if isinstance(value, list):
        return "; ".join(_said(part) for part in value) or "none"
    if value is None or isinstance(value, bool):
        return {None: "none", True: "yes", False: "no"}[value]
    return f"{value:g}" if isinstance(value, float) else str(value)


_MORE_STYLE = """
.warning { border-left: 4px solid var(--c1); padding-left: .8rem }
.bars { width: 8rem; min-width: 6rem }
.bar { display: block; height: .45rem; margin: .15rem 0; background: currentColor }
.charts, .pairs { margin: 1.5rem 0 }
.pairs { display: grid; gap: 1.5rem 2rem; grid-template-columns: repeat(auto-fill, minmax(min(100%, 27rem), 1fr)) }
.pairs table, table.narrow { width: 100% }
table.narrow td:first-child, table.narrow th { white-space: normal } table.narrow { max-width: 52rem }
@media (max-width: 34rem) { td, th { padding: .25rem .35rem } .bars { width: 3rem; min-width: 3rem } }
table.told td, table.told th { text-align: left }
table.told td { white-space: normal; min-width: 4rem } table.told td:last-child { min-width: 16rem }
figure p { font-size: .9rem; color: var(--soft) }
"""
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>{title}</title><style>{style}</style></head><body>
{body}
</body></html>
"""
