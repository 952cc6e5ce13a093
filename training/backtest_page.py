"""The report of a back-test as one HTML page: charts and tables, no script, no other host, light and dark."""

from collections.abc import Callable, Iterator, Sequence
from html import escape

import numpy as np
import pandas as pd

from training.backtest import BackTest
from training.charts import Axis, Series, chart
from training.dataset import Floats, Rows
from training.evaluation import Evaluation, Method, Metric, is_loss
from training.measures import BinaryMeasures, group_draws, log_losses

_DRAWS = 100
_BINS = 10
_CURVE_POINTS = 120
_LEAST_SEGMENT = 30
_HEADINGS = {
    "log_loss": "log loss",
    "auc": "AUC",
    "ap": "average precision",
    "ece": "calibration error",
    "brier": "Brier score",
    "precision_10pct": "precision, first 10 %",
    "ndcg_10": "NDCG@10",
    "ndcg@10": "NDCG@10",
    "mrr": "MRR",
}


def page(report: BackTest) -> str:
    """Return the report as HTML."""
    title = f"{report.name}: back-test as of {report.as_of:%Y-%m-%d %H:%M} UTC"
    body = [f"<h1>{escape(title)}</h1>"]
    if not report.origins:
        body.append(f"<p>{escape(report.problem)}</p>")
    else:
        body.append(f"<p>{_INTRODUCTION}</p>")
    for part in dict.fromkeys(evaluation.part for evaluation in report.origins):
        body += _part(report, part)
    return _PAGE.format(title=escape(title), style=STYLE, body="\n".join(body))


def _part(report: BackTest, part: str) -> list[str]:
    chosen = [evaluation for evaluation in report.origins if evaluation.part == part]
    body = [f"<h2>{escape(_part_name(part))}</h2>", '<div class="charts">']
    body += [f"<figure><figcaption>{escape(title)}</figcaption>{svg}</figure>" for title, svg in _charts(report, part)]
    body += ["</div>", "<h3>Mean over cutoffs</h3>", _table(_mean_rows(chosen)), *_against_champion(chosen)]
    segments = _segment_rows(chosen)
    if len(segments) > 1:
        body += ["<h3>Segments, all cutoffs together</h3>", f"<p>{_SEGMENTS}</p>", _table(segments)]
    body += ["<h3>Every cutoff</h3>", _table(_cutoff_rows(chosen))]
    return body


def _part_name(part: str) -> str:
    return f"{part} days" if part.isdigit() else part


def _charts(report: BackTest, part: str) -> Iterator[tuple[str, str]]:
    chosen = [evaluation for evaluation in report.origins if evaluation.part == part]
    for metric in _shown(chosen):
        yield _over_cutoffs(chosen, metric)
    rows = _Predictions.of(chosen)
    if rows is not None:
        yield "Calibration: of those predicted p, which share happened", _calibration(rows)
        yield "Gain (lift): events found by rows looked at, highest p first", _gain(rows)
        yield "Precision by recall", _precision_recall(rows)
    curve = report.curve(part)
    if len(curve) > 1:
        yield "Learning curve: log loss by rows fitted on, same test window (lower is better)", _learning(curve)


def _shown(evaluations: Sequence[Evaluation]) -> list[str]:
    metrics = list(evaluations[0].methods[0].metrics)
    return [name for name in ("log_loss", "auc", "ndcg@10", "mrr") if name in metrics] or metrics[:2]


def _over_cutoffs(evaluations: Sequence[Evaluation], metric: str) -> tuple[str, str]:
    at = tuple(evaluation.cutoff or str(place + 1) for place, evaluation in enumerate(evaluations))
    names = _names(evaluations)
    places = np.arange(len(at), dtype=np.float64)
    series = []
    for order, name in enumerate(names):
        found = [_metric(evaluation.methods, name, metric) for evaluation in evaluations]
        value, low, high = (np.array([getattr(one, side) for one in found]) for side in ("value", "low", "high"))
        aside = (order - (len(names) - 1) / 2) * min(0.05, 0.4 / len(names))  # so that intervals do not hide each other
        series.append(Series(name, places + aside, value, low, high))
    better = "lower" if is_loss(metric) else "higher"
    heading = _heading(metric)
    title = f"{heading[0].upper()}{heading[1:]} at each cutoff ({better} is better; 80 % intervals)"
    return title, chart(title, series, Axis("cutoff", names=at), Axis(_heading(metric)))


def _learning(curve: Sequence[Evaluation]) -> str:
    x = np.array([max(evaluation.n_train, 1) for evaluation in curve], dtype=np.float64)
    series = []
    for name in _names(curve, kinds=("model", "baseline")):
        found = [_metric(evaluation.methods, name, "log_loss") for evaluation in curve]
        value, low, high = (np.array([getattr(one, side) for one in found]) for side in ("value", "low", "high"))
        series.append(Series(name, x, value, low, high))
    axis = Axis("rows fitted on", limits=(float(x.min()) * 0.8, float(x.max()) * 1.25), log=True)
    return chart("Learning curve", series, axis, Axis("log loss"))


class _Predictions:
    """Test rows of all cutoffs together, with groups to draw."""

    def __init__(self, rows: pd.DataFrame, group: Rows, names: Sequence[str]) -> None:
        self.rows, self.group, self.names = rows, group, list(names)

    @classmethod
    def of(cls, evaluations: Sequence[Evaluation]) -> "_Predictions | None":
        with_rows = [one for one in evaluations if one.predictions is not None and len(one.predictions)]
        frames = [one.predictions for one in with_rows if one.predictions is not None]
        if not frames:
            return None
        rows = pd.concat(frames, ignore_index=True)
        return cls(rows, np.concatenate([one.group for one in with_rows]), _names(evaluations))

    def each(self) -> Iterator[tuple[str, Floats, Floats, Floats, Rows]]:
        """Yield name, y, p, weight and group of each method on the rows that judge it."""
        for name in self.names:
            if name in self.rows:
                judged = self.rows[name].notna().to_numpy()
                part = self.rows[judged]
                y, p, weight = (part[column].to_numpy(np.float64) for column in ("label", name, "weight"))
                if len(part):
                    yield name, y, p, weight, self.group[judged]


def _calibration(found: _Predictions) -> str:
    series = []
    for name, y, p, weight, group in found.each():
        edges = np.unique(np.quantile(p, np.linspace(0, 1, _BINS + 1)[1:-1]))
        bins = np.searchsorted(edges, p, side="left")

        def share(counts: Floats, y: Floats = y, bins: Rows = bins, n: int = len(edges) + 1) -> Floats:
            with np.errstate(invalid="ignore", divide="ignore"):
                return np.asarray(np.bincount(bins, counts * y, n) / np.bincount(bins, counts, n))

        low, high = _interval(share, weight, group)
        with np.errstate(invalid="ignore", divide="ignore"):
            x = np.bincount(bins, weight * p, len(edges) + 1) / np.bincount(bins, weight, len(edges) + 1)
        series.append(Series(name, np.asarray(x), share(weight), low, high))
    axes = (Axis("predicted", limits=(0.0, 1.0)), Axis("realised", limits=(0.0, 1.0)))
    largest = max((float(np.nanmax([one.x.max(), np.nanmax(one.y)])) for one in series), default=1.0)
    if largest < 0.5:
        top = min(1.0, largest * 1.25)
        axes = (Axis("predicted", limits=(0.0, top)), Axis("realised", limits=(0.0, top)))
    return chart("Calibration", series, *axes, diagonal=True)


def _interval(statistic: Callable[[Floats], Floats], weight: Floats, group: Rows) -> tuple[Floats, Floats]:
    """80 % interval of each number of `statistic`, by drawing groups."""
    draws = np.array([statistic(weight * counts) for counts in group_draws(group, _DRAWS, 7)])
    known = np.isfinite(draws).any(axis=0)
    low, high = np.full((2, draws.shape[1]), np.nan)
    low[known], high[known] = np.nanquantile(draws[:, known], [0.1, 0.9], axis=0)
    return low, high


def _gain(found: _Predictions) -> str:
    series = []
    for name, y, p, weight, _ in found.each():
        seen, hits = _ranked(y, p, weight)
        if hits[-1] > 0:
            places = _thinned(len(seen))
            x, y_ = np.r_[0.0, seen[places] / seen[-1]], np.r_[0.0, hits[places] / hits[-1]]
            series.append(Series(name, x, y_, marks=False))
    unit = (0.0, 1.0)
    return chart("Gain", series, Axis("looked at", unit), Axis("found", unit), diagonal=True)


def _precision_recall(found: _Predictions) -> str:
    series = []
    for name, y, p, weight, _ in found.each():
        seen, hits = _ranked(y, p, weight)
        if hits[-1] > 0:
            places = _thinned(len(seen), first=len(seen) // 100)
            series.append(Series(name, hits[places] / hits[-1], hits[places] / seen[places], marks=False))
    return chart("Precision by recall", series, Axis("recall", (0.0, 1.0)), Axis("precision", (0.0, 1.0)))


def _ranked(y: Floats, p: Floats, weight: Floats) -> tuple[Floats, Floats]:
    """Return rows looked at and events found, highest p first; rows of one p come in as one."""
    order = np.argsort(-p, kind="stable")
    last = np.flatnonzero(np.r_[np.diff(p[order]) != 0, True])
    return np.cumsum(weight[order])[last], np.cumsum((weight * y)[order])[last]


def _thinned(n: int, first: int = 0) -> Rows:
    return np.unique(np.linspace(min(first, n - 1), n - 1, min(n, _CURVE_POINTS)).astype(np.int64))


def _names(evaluations: Sequence[Evaluation], kinds: Sequence[str] = ("model", "champion", "baseline")) -> list[str]:
    """Return the methods, the champion right after the model."""
    methods = list({method.name: method for one in evaluations for method in one.methods}.values())
    return [method.name for kind in kinds for method in methods if method.kind == kind]


def _metric(methods: Sequence[Method], name: str, metric: str) -> Metric:
    nothing = Metric(float("nan"), float("nan"), float("nan"))
    return next((method.metrics.get(metric, nothing) for method in methods if method.name == name), nothing)


def _against_champion(evaluations: Sequence[Evaluation]) -> list[str]:
    """Compare model and champion on the rows that judge both: the table's means are over different rows."""
    pairs = [
        (one.losses[one.methods[0].name] - one.losses[method.name], one.group)
        for one in evaluations
        for method in one.named("champion")
    ]
    if not pairs:
        return []
    gap = np.concatenate([difference.to_numpy(np.float64) for difference, _ in pairs])
    judged = np.isfinite(gap)
    group = np.concatenate([group for _, group in pairs])[judged]
    if not judged.any():
        return []

    def mean(counts: Floats) -> Floats:
        return np.array([np.average(gap[judged], weights=counts)])

    low, high = _interval(mean, np.ones(len(group)), group)
    sentence = (
        f"On the {judged.sum():,} rows that the champion has not seen, the loss of a model fitted afresh is "
        f"{gap[judged].mean():+.4f} ({low[0]:+.4f} to {high[0]:+.4f}) against the champion's; below zero it is better."
    )
    return [f"<p>{sentence}</p>"]


def _mean_rows(evaluations: Sequence[Evaluation]) -> list[list[str]]:
    metrics = list(evaluations[0].methods[0].metrics) if evaluations[0].methods else []
    rows = [["method", "cutoffs", "rows", *(_heading(metric) for metric in metrics)]]
    for name in _names(evaluations):
        mine = [one for one in evaluations if any(method.name == name for method in one.methods)]
        weight = np.array([one.losses[name].notna().sum() for one in mine], dtype=np.float64)
        cells = [_mean_cell([_metric(one.methods, name, metric) for one in mine], weight) for metric in metrics]
        rows.append([name, str(len(mine)), f"{int(weight.sum()):,}", *cells])
    return rows


def _mean_cell(found: Sequence[Metric], weight: Floats) -> str:
    """Mean over cutoffs; its interval takes the cutoffs as independent."""
    value = np.array([metric.value for metric in found])
    half = np.array([(metric.high - metric.low) / 2 for metric in found])
    judged = np.isfinite(value)
    if not judged.any() or weight[judged].sum() <= 0:
        return "-"
    share = weight[judged] / weight[judged].sum()
    return f"{(share * value[judged]).sum():.3f} ± {np.sqrt(((share * half[judged]) ** 2).sum()):.3f}"


def _cutoff_rows(evaluations: Sequence[Evaluation]) -> list[list[str]]:
    metrics = list(evaluations[0].methods[0].metrics) if evaluations[0].methods else []
    rows = [["cutoff", "method", "fitted on", "rows", *(_heading(metric) for metric in metrics)]]
    for one in evaluations:
        for method in one.methods:
            cells = [_mean_cell([_metric([method], method.name, metric)], np.ones(1)) for metric in metrics]
            judged = int(one.losses[method.name].notna().sum())
            rows.append([one.cutoff or "-", method.name, f"{one.n_train:,}", f"{judged:,}", *cells])
    return rows


def _segment_rows(evaluations: Sequence[Evaluation]) -> list[list[str]]:
    rows = [["segment", "rows", "realised", "predicted", "AUC", "log loss", "of the first baseline"]]
    judged = [one for one in evaluations if one.segments is not None and one.predictions is not None]
    if not judged:
        return rows
    every = pd.concat([one.predictions for one in judged], ignore_index=True)
    segments = pd.concat([one.segments for one in judged], ignore_index=True)
    model, first = judged[0].methods[0].name, judged[0].named("baseline")[0].name
    for name in segments:
        for level, places in segments.groupby(str(name), sort=True).groups.items():
            part = every.loc[places]
            if len(part) >= _LEAST_SEGMENT:
                rows.append([f"{name}: {level}", *_segment_cells(part, model, first)])
    return rows


def _segment_cells(part: pd.DataFrame, model: str, first: str) -> list[str]:
    y, p, other, weight = (part[name].to_numpy(np.float64) for name in ("label", model, first, "weight"))
    auc = BinaryMeasures(y, p)(weight)["auc"]
    mean, loss, theirs = (np.average(values, weights=weight) for values in (p, log_losses(y, p), log_losses(y, other)))
    realised = np.average(y, weights=weight)
    shown = "-" if np.isnan(auc) else f"{auc:.3f}"
    return [f"{len(part):,}", f"{realised:.3f}", f"{mean:.3f}", shown, f"{loss:.3f}", f"{theirs:.3f}"]


def _heading(metric: str) -> str:
    return _HEADINGS.get(metric, metric.replace("_", "@"))


def _table(rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in rows[0])
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows[1:])
    return f'<div class="wide" tabindex="0"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


_INTRODUCTION = (
    "At each cutoff everything was fitted afresh on what was known then, and compared on what came after, until the "
    "next cutoff. The model is set beside its baselines, and the champion where it has not seen the rows."
)
_SEGMENTS = "Realised and predicted shares should agree in each; segments of fewer than 30 rows are left out."
STYLE = """
:root { --back: #fff; --ink: #1d2329; --soft: #5b6670; --rule: #d9dee3;
  --c0: #0b62a8; --c1: #b3261e; --c2: #8a6100; --c3: #2f7d32; --c4: #7b4fa3; --c5: #00757d; --c6: #6b6b6b;
  --c7: #b8336a; --c8: #4b5d16 }
@media (prefers-color-scheme: dark) { :root { --back: #14181c; --ink: #e6eaee; --soft: #9aa6b1; --rule: #333c45;
  --c0: #6cb4f5; --c1: #ff8a80; --c2: #e6b94f; --c3: #81c784; --c4: #c9a0e8; --c5: #5fcdd6; --c6: #b0b0b0;
  --c7: #f48fb1; --c8: #c0ca7a } }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; padding: 1rem; max-width: 72rem;
  background: var(--back); color: var(--ink) }
h1 { font-size: 1.5rem } h2 { margin-top: 2.5rem; border-bottom: 1px solid var(--rule) }
.charts { display: grid; gap: 1.5rem; grid-template-columns: repeat(auto-fill, minmax(min(100%, 21rem), 1fr)) }
figure { margin: 0; min-width: 0 } figcaption { font-weight: 600; font-size: .95rem }
svg { width: 100%; height: auto; display: block }
svg text { fill: var(--soft); font-size: 13px } svg text.label { fill: var(--ink) }
svg .grid { stroke: var(--rule) } svg .diagonal { stroke: var(--soft); stroke-dasharray: 4 4 }
svg polyline { fill: none; stroke: currentColor; stroke-width: 2 }
svg circle { fill: currentColor } svg .span { stroke: currentColor; opacity: .55; stroke-width: 1.5 }
.s0 { color: var(--c0) } .s1 { color: var(--c1) } .s2 { color: var(--c2) } .s3 { color: var(--c3) }
.s4 { color: var(--c4) } .s5 { color: var(--c5) } .s6 { color: var(--c6) } .s7 { color: var(--c7) }
.s8 { color: var(--c8) }
.legend { list-style: none; display: flex; flex-wrap: wrap; gap: .2rem 1rem; margin: .3rem 0 0; padding: 0;
  font-size: .9rem }
.legend li::before { content: ""; display: inline-block; width: 1rem; height: .25rem; margin-right: .4rem;
  vertical-align: middle; background: currentColor }
.wide { overflow-x: auto } table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .9rem }
td, th { padding: .25rem .7rem; text-align: right; border-bottom: 1px solid var(--rule); white-space: nowrap }
td:first-child, th:first-child { text-align: left }
"""
"""Of pages with tables and charts: light and dark, wide tables that scroll by themselves."""
_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>{title}</title><style>{style}</style></head><body>
{body}
</body></html>
"""
