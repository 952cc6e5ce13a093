"""Model cards: what a version is, how good it is, on what data; as data, Markdown and HTML (Mitchell et al. 2019)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from models.artefact import (
    GroupRecord,
    Manifest,
    MethodRecord,
    MetricRecord,
    PartRecord,
    SegmentRecord,
    StabilityRecord,
)
from models.card_charts import calibration_chart, gain_chart
from models.card_words import INTENDED_USE, LIMITS, LIMITS_OF_ALL

_GROUP_COLUMNS = {
    "rate": "happened",
    "mean_p": "predicted",
    "selected": "selected",
    "auc": "AUC",
    "brier": "Brier",
    "ece": "calibration error",
}


@dataclass(frozen=True)
class _Block:
    """A heading (level 1 to 3), a paragraph, a list, a table (first row: titles) or drawings (HTML only)."""

    kind: str
    text: str = ""
    level: int = 0
    rows: tuple[tuple[str, ...], ...] = ()


def make_card(manifest: Manifest) -> dict[str, Any]:
    """Return the card as JSON-serialisable data: the manifest without file hashes, with purpose and limits."""
    card = manifest.model_dump(mode="json", exclude={"files", "golden", "format"})
    card["passed"] = manifest.passed
    card["summary"] = _summary(manifest)
    card["intended_use"] = INTENDED_USE.get(manifest.name, "")
    card["limits"] = list(_limits(manifest))
    return card


def render_card(manifest: Manifest, curve: Sequence[Mapping[str, Any]] = ()) -> str:
    """Return the card as Markdown.

    Parameters
    ----------
    manifest : Manifest
        Of the version.
    curve : sequence of mapping, optional
        Learning curve, if known: rows of a table with the same keys.
    """
    return "\n\n".join(_markdown(block) for block in _blocks(manifest, curve) if block.kind != "drawing") + "\n"


def render_card_html(manifest: Manifest, curve: Sequence[Mapping[str, Any]] = ()) -> str:
    """Return the card as one HTML page that needs no other, with drawings of calibration and gain.

    Parameters as for `render_card`.
    """
    body = "\n".join(_html(block) for block in _blocks(manifest, curve))
    title = escape(f"{manifest.name}, trained as of {manifest.trained_as_of:%Y-%m-%d}")
    return f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>{_STYLE}</head>\n' + (
        f"<body>\n{body}\n</body></html>\n"
    )


def _summary(manifest: Manifest) -> str:
    rows = f"{manifest.rows:,} rows ({sum(part.positives for part in manifest.parts):,} positive)"
    return f"Fitted on {rows}, {len(manifest.columns):,} features; chosen: {manifest.choice}."


def _limits(manifest: Manifest) -> Iterator[str]:
    yield from LIMITS.get(manifest.name, ())
    yield from LIMITS_OF_ALL
    for part in manifest.parts:
        if not part.methods:
            yield f"Part {part.part}: too few rows to compare with anything."
        elif part.test_rows < 200 or min(part.test_positives, part.test_rows - part.test_positives) < 20:
            yield f"Part {part.part}: compared on {part.test_rows:,} rows only; read the intervals."


def _blocks(manifest: Manifest, curve: Sequence[Mapping[str, Any]]) -> Iterator[_Block]:
    yield _heading(1, f"{manifest.name}, trained as of {manifest.trained_as_of:%Y-%m-%d %H:%M} UTC")
    yield _said(_summary(manifest))
    yield _said(f"**Intended use.** {INTENDED_USE.get(manifest.name, 'Not described.')}")
    yield _said(f"**What it predicts.** {manifest.label_rule}")
    for part in manifest.parts:
        yield from _part_blocks(part)
    if curve:
        yield _heading(2, "Learning curve")
        yield _table(list(curve[0]), [[_shown(value) for value in row.values()] for row in curve])
    yield from _leak_blocks(manifest)
    yield _heading(2, "Gates")
    yield _listed(
        f"{'passed' if gate.passed else 'FAILED'} {gate.name}{f' ({gate.part})' if gate.part else ''}: {gate.sentence}"
        for gate in manifest.gates
    )
    yield _heading(2, "Limits")
    yield _listed(_limits(manifest))
    yield _heading(2, "Data and making")
    yield _listed(_data(manifest))


def _part_blocks(part: PartRecord) -> Iterator[_Block]:
    yield _heading(2, f"Part {part.part}: {part.horizon_days} days")
    windows = f"Final fit on {part.rows:,} rows ({part.positives:,} positive), {' to '.join(part.train_window)}."
    tested = f" Test rows from {' to '.join(part.test_window)}." if any(part.test_window) else ""
    yield _said(f"{windows} Comparison: {part.split}.{tested}")
    if part.methods:
        yield _methods_table(part.methods)
    if part.duel is not None:
        yield _heading(3, "Against the champion, with the same knowledge")
        yield _said(f"{part.duel.split}.")
        yield _methods_table(part.duel.methods)
    if part.calibration:
        yield _heading(3, "Calibration")
        yield _Block("drawing", calibration_chart(part.calibration) + gain_chart(part.calibration))
        cells = [[_number(p), _number(share), f"{rows:,}"] for p, share, rows in part.calibration]
        yield _table(["predicted", "happened", "rows"], cells)
    if part.strongest:
        named = ", ".join(f"{name} {alone:.3f}" for name, alone in part.strongest)
        yield _said(f"**Strongest features alone, by AUC.** {named}.")
    if part.stability is not None:
        yield _said(_stable(part.stability))
    if part.segments:
        yield _heading(3, "Segments")
        yield _said(
            "Loss against the baseline that answers otherwise, with 80 % interval; below 0 the model is better."
        )
        yield _table(
            ["segment", "rows", "happened", "predicted", "AUC", "loss difference", ""], _segments(part.segments)
        )
    if part.groups:
        yield from _group_blocks(part)


def _group_blocks(part: PartRecord) -> Iterator[_Block]:
    yield _heading(3, "Protected groups")
    yield _said(
        "The attributes are in no feature. Selected: share of the group among the fifth of all rows with the highest "
        "probabilities. 80 % intervals."
    )
    yield _table(["group", "rows", *_GROUP_COLUMNS.values()], [_group(group) for group in part.groups])
    gain = part.protected_gain
    if gain is not None:
        yield _said(
            f"A model that may use {', '.join(gain.attributes)} would change the AUC by {_cell(gain.auc, '+.4f')} "
            f"and the log loss by {_cell(gain.log_loss, '+.4f')} on the same rows."
        )


def _stable(found: StabilityRecord) -> str:
    """Say whether factors can be relied on from one training to the next."""
    rows = "" if found.rows is None else f", within one row's {found.rows:.2f}"
    return (
        f"**Factors under retraining.** Between the fit on the earlier rows alone and the final one: rank correlation "
        f"of the features' importance {found.features:.2f}{rows} (over {found.n:,} of the later rows; 1 is equal)."
    )


def _leak_blocks(manifest: Manifest) -> Iterator[_Block]:
    yield _heading(2, "Leaks")
    if manifest.leaks:
        yield _listed(leak.sentence for leak in manifest.leaks)
    else:
        yield _said("No field knew more of the outcome than what was known at the time could tell.")


def _segments(segments: Sequence[SegmentRecord]) -> list[list[str]]:
    return [
        [
            f"{one.segment}: {one.value}",
            f"{one.rows:,}",
            _number(one.rate),
            _number(one.mean_p),
            _number(one.auc),
            _cell(one.loss_difference, "+.4f"),
            "broken" if one.broken else "",
        ]
        for one in segments
    ]


def _group(group: GroupRecord) -> list[str]:
    measured = [_cell(group.metrics.get(name)) for name in _GROUP_COLUMNS]
    return [f"{group.attribute}: {group.value}", f"{group.rows:,}", *measured]


def _data(manifest: Manifest) -> Iterator[str]:
    yield from (f"{name}: {count:,}" for name, count in manifest.counts.items())
    said = {leak.sentence for leak in manifest.leaks}
    yield from (note for note in manifest.notes if note not in said)
    yield f"feature set {manifest.feature_set} ({manifest.fingerprint[:12]}), seed {manifest.seed}"
    yield from (f"setting {name}: {value}" for name, value in manifest.settings.items())
    if manifest.git_sha:
        yield f"source at {manifest.git_sha[:12]}"
    yield ", ".join(f"{name} {version}" for name, version in manifest.libraries.items())


def _heading(level: int, text: str) -> _Block:
    return _Block("heading", text, level)


def _said(text: str) -> _Block:
    return _Block("paragraph", text)


def _listed(items: "Iterator[str] | Sequence[str]") -> _Block:
    return _Block("list", rows=tuple((item,) for item in items))


def _table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> _Block:
    return _Block("table", rows=(tuple(str(title) for title in titles), *(tuple(row) for row in rows)))


def _methods_table(methods: Sequence[MethodRecord]) -> _Block:
    names = list(methods[0].metrics)
    return _table(
        ["method", *names], [[one.name, *(_cell(one.metrics.get(name)) for name in names)] for one in methods]
    )


def _markdown(block: _Block) -> str:
    match block.kind:
        case "heading":
            return f"{'#' * block.level} {block.text}"
        case "list":
            return "\n".join(f"- {row[0]}" for row in block.rows)
        case "table":
            rows = [f"| {' | '.join(cell.replace('|', '/') for cell in row)} |" for row in block.rows]
            return "\n".join([rows[0], "|---" * len(block.rows[0]) + "|", *rows[1:]])
    return block.text


def _html(block: _Block) -> str:
    match block.kind:
        case "heading":
            return f"<h{block.level}>{escape(block.text)}</h{block.level}>"
        case "list":
            return "<ul>" + "".join(f"<li>{escape(row[0])}</li>" for row in block.rows) + "</ul>"
        case "table":
            rows = ("".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in row) for tag, row in _tagged(block))
            return f"<table>{''.join(f'<tr>{row}</tr>' for row in rows)}</table>"
        case "drawing":
            return f"<figure>{block.text}</figure>"
    first, mark, rest = block.text.removeprefix("**").partition("**")
    if block.text.startswith("**") and mark:
        return f"<p><strong>{escape(first)}</strong>{escape(rest)}</p>"
    return f"<p>{escape(block.text)}</p>"


def _tagged(block: _Block) -> Iterator[tuple[str, tuple[str, ...]]]:
    return (("td" if place else "th", row) for place, row in enumerate(block.rows))


def _cell(metric: MetricRecord | None, form: str = ".3f") -> str:
    if metric is None or metric.value is None:
        return "-"
    return f"{_number(metric.value, form)} ({_number(metric.low, form)} to {_number(metric.high, form)})"


def _number(value: float | None, form: str = ".3f") -> str:
    return "-" if value is None else format(value, form)


def _shown(value: Any) -> str:
    return f"{value:,.4g}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)


_STYLE = """<style>
body { font: 15px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; color: #1d2733; }
table { display: block; overflow-x: auto; border-collapse: collapse; margin: .6rem 0; }
table { font-variant-numeric: tabular-nums; }
th, td { border-bottom: 1px solid #d7dde4; padding: .2rem .6rem; text-align: left; font-size: 13px; }
figure { margin: 0; display: flex; gap: 2rem; flex-wrap: wrap; }
svg text { font-size: 11px; text-anchor: middle; fill: #4a5868; } svg .title { font-weight: 600; }
svg polyline { fill: none; } .axis { stroke: #8a97a5; } .even { stroke: #b9c3cd; stroke-dasharray: 4 3; }
.own { stroke: #1f6feb; stroke-width: 2; } .dot { fill: #1f6feb; fill-opacity: .7; }
</style>"""
