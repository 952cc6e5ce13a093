"""Rolling-origin back-test of a model and its baselines, as a table and as an HTML report with plots."""

import base64
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from domain.context import Clock, system_clock
from domain.errors import TrainingImpossible
from domain.settings import Settings
from intelligence.features.text import TextEncoder
from models.artefact import as_utc
from store.engine import Engine
from store.history import load_history
from training.evaluation import Evaluation, is_loss, render_table
from training.leaks import guarded
from training.measures import BinaryMeasures
from training.service import Progress, load_task
from training.task import TrainingContext

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLOURS = ("#1b5e8c", "#c0504d", "#7a7a7a", "#d99a2b", "#4f8f4f", "#8064a2")


@dataclass(frozen=True, eq=False)
class BackTest:
    """Model and baselines at several instants, everything fitted afresh at each.

    Parameters
    ----------
    name : str
        The model.
    as_of : datetime
        Nothing that became known later was used.
    evaluations : tuple of Evaluation
        By part and cutoff.
    problem : str
        Why there is none, empty if there are some.
    path : Path, optional
        The HTML report.
    """

    name: str
    as_of: datetime
    evaluations: tuple[Evaluation, ...] = ()
    problem: str = ""
    path: Path | None = field(default=None)

    def table(self) -> pd.DataFrame:
        """Return part, cutoff, method, kind, rows and one column per metric."""
        frames = []
        for evaluation in self.evaluations:
            frame = evaluation.table().rename_axis("method").reset_index()
            frames.append(frame.assign(part=evaluation.part, cutoff=evaluation.cutoff, rows=evaluation.n_test))
        if not frames:
            return pd.DataFrame(columns=["part", "cutoff", "method", "kind", "rows"])
        table = pd.concat(frames, ignore_index=True)
        first = ["part", "cutoff", "method", "kind", "rows"]
        return table[[*first, *(column for column in table.columns if column not in first)]]

    def summary(self) -> pd.DataFrame:
        """Return the mean of each metric over cutoffs, weighted by rows, by part and method."""
        table = self.table()
        metrics = list(table.columns[5:])
        rows = []
        for (part, method), group in table.groupby(["part", "method"], sort=False):
            means = {name: _mean(group[name], group["rows"]) for name in metrics}
            rows.append({"part": part, "method": method, "cutoffs": len(group), "rows": group["rows"].sum(), **means})
        return pd.DataFrame(rows, columns=["part", "method", "cutoffs", "rows", *metrics])

    def render(self) -> str:
        """Return the back-test for a terminal."""
        title = f"{self.name}: back-test as of {self.as_of:%Y-%m-%d}"
        if not self.evaluations:
            return f"{title}\n{self.problem}"
        lines = [title]
        for evaluation in self.evaluations:
            lines += ["", f"part {evaluation.part}, cutoff {evaluation.cutoff}: {evaluation.how}"]
            lines += [render_table(evaluation.methods)]
        lines += ["", "mean over cutoffs", self.summary().round(4).to_string(index=False)]
        return "\n".join(lines)


def evaluate(
    engine: Engine,
    settings: Settings,
    name: str,
    cutoffs: int = 3,
    out: Path | None = None,
    as_of: datetime | None = None,
    progress: Progress | None = None,
    clock: Clock = system_clock,
) -> BackTest:
    """Back-test a model and its baselines from rolling origins.

    Parameters
    ----------
    engine : Engine
        Of the store.
    settings : Settings
        Horizons, seeds, home.
    name : str
        The model.
    cutoffs : int, default=3
        How many instants at most; a short history has fewer.
    out : Path, optional
        Folder of the report; default ``reports`` in the home.
    as_of : datetime, optional
        Nothing that became known later is used; default now.
    progress : callable, optional
        Takes what is being done and the share done.
    clock : callable, optional
        Gives the present instant.

    Returns
    -------
    BackTest
        With the path of the report; without evaluations and with a sentence where the history is too short.
    """
    instant = as_utc(as_of) if as_of is not None else clock()
    show = progress or _no_progress
    show("reading the history", 0.0)
    with engine.connect() as connection:
        history = load_history(connection, instant)
    context = TrainingContext(
        settings, TextEncoder(engine, settings), instant, report=lambda sentence: show(f"{name}: {sentence}", 0.1)
    )
    problem = "The history is too short to hold back a later part at any instant."
    evaluations: Sequence[Evaluation] = ()
    try:
        guard = guarded(name, history, context)
        evaluations = load_task(name).back_test(guard.history, guard.context, cutoffs)
    except TrainingImpossible as error:
        problem = error.message
    report = BackTest(name, instant, tuple(evaluations), "" if evaluations else problem)
    path = write_report(report, out or settings.home / "reports")
    show("evaluated", 1.0)
    return BackTest(report.name, report.as_of, report.evaluations, report.problem, path)


def write_report(report: BackTest, folder: Path) -> Path:
    """Write the report as one HTML file that needs no other, and return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{report.name}-{report.as_of:%Y%m%dT%H%M%S}.html"
    body = [f"<h1>{escape(report.name)}: back-test as of {report.as_of:%Y-%m-%d %H:%M} UTC</h1>"]
    if not report.evaluations:
        body.append(f"<p>{escape(report.problem)}</p>")
    for part in dict.fromkeys(evaluation.part for evaluation in report.evaluations):
        chosen = [evaluation for evaluation in report.evaluations if evaluation.part == part]
        body.append(f"<h2>Part {escape(part)}</h2>")
        body += [f'<img alt="{escape(title)}" src="{image}">' for title, image in _plots(chosen)]
    if report.evaluations:
        body += ["<h2>Mean over cutoffs</h2>", _html_table(report.summary())]
        body += ["<h2>Every cutoff</h2>", _html_table(report.table())]
    path.write_text(_PAGE.format(title=escape(report.name), body="\n".join(body)), encoding="utf-8")
    return path


def _plots(evaluations: Sequence[Evaluation]) -> Iterable[tuple[str, str]]:
    metric = _primary(evaluations)
    yield "by cutoff", _image(lambda axes: _plot_by_cutoff(axes, evaluations, metric))
    predicted = [evaluation.predictions for evaluation in evaluations if evaluation.predictions is not None]
    if predicted:
        rows = pd.concat(predicted, ignore_index=True)
        names = [method.name for method in evaluations[0].methods if method.name in rows.columns]
        yield "calibration", _image(lambda axes: _plot_calibration(axes, rows, names))
        yield "lift", _image(lambda axes: _plot_lift(axes, rows, names))


def _primary(evaluations: Sequence[Evaluation]) -> str:
    metrics = list(evaluations[0].methods[0].metrics)
    return "log_loss" if "log_loss" in metrics else metrics[0]


def _plot_by_cutoff(axes: "Axes", evaluations: Sequence[Evaluation], metric: str) -> None:
    at = [evaluation.cutoff or str(position) for position, evaluation in enumerate(evaluations)]
    for position, method in enumerate(evaluations[0].methods):
        found = [_metric_of(evaluation, method.name, metric) for evaluation in evaluations]
        middle = np.array([value for value, _, _ in found])
        spread = np.abs(np.array([(value - low, high - value) for value, low, high in found]).T)
        axes.errorbar(at, middle, yerr=np.nan_to_num(spread), label=method.name, color=_colour(position), marker="o")
    axes.set(title=f"{metric} at each cutoff ({'lower' if is_loss(metric) else 'higher'} is better)", xlabel="cutoff")
    axes.legend()


def _metric_of(evaluation: Evaluation, method: str, metric: str) -> tuple[float, float, float]:
    for found in evaluation.methods:
        if found.name == method and metric in found.metrics:
            return found.metrics[metric].value, found.metrics[metric].low, found.metrics[metric].high
    return float("nan"), float("nan"), float("nan")


def _plot_calibration(axes: "Axes", rows: pd.DataFrame, names: Sequence[str]) -> None:
    axes.plot([0, 1], [0, 1], color="#bbbbbb", linewidth=1)
    for position, name in enumerate(names):
        judged = rows[rows[name].notna()]
        measures = BinaryMeasures(judged["label"].to_numpy(), judged[name].to_numpy())
        table = np.array(measures.calibration(judged["weight"].to_numpy()))
        axes.plot(table[:, 0], table[:, 1], label=name, color=_colour(position), marker="o", markersize=4)
    axes.set(title="Calibration: predicted and realised share", xlabel="predicted", ylabel="realised")
    axes.legend()


def _plot_lift(axes: "Axes", rows: pd.DataFrame, names: Sequence[str]) -> None:
    axes.plot([0, 1], [0, 1], color="#bbbbbb", linewidth=1)
    for position, name in enumerate(names):
        judged = rows[rows[name].notna()].sort_values(name, ascending=False, kind="stable")
        weight = judged["weight"].to_numpy()
        hits = np.cumsum(weight * judged["label"].to_numpy())
        if len(hits) and hits[-1] > 0:
            axes.plot(np.cumsum(weight) / weight.sum(), hits / hits[-1], label=name, color=_colour(position))
    axes.set(title="Gain: share of events found by share of rows looked at", xlabel="looked at", ylabel="found")
    axes.legend()


def _image(draw: "Callable[[Axes], None]") -> str:
    from matplotlib.figure import Figure  # without pyplot: no global state, no display

    figure = Figure(figsize=(6.4, 4.2), dpi=110, layout="constrained")
    axes = figure.subplots()
    draw(axes)
    axes.tick_params(axis="x", labelrotation=20)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")


def _colour(position: int) -> str:
    return _COLOURS[position % len(_COLOURS)]


def _html_table(frame: pd.DataFrame) -> str:
    return str(frame.to_html(index=False, float_format=lambda value: f"{value:.4f}", na_rep="", border=0))


def _mean(values: "pd.Series[Any]", weight: "pd.Series[Any]") -> float:
    judged = values.notna()
    return float(np.average(values[judged], weights=weight[judged])) if judged.any() else float("nan")


def _no_progress(_text: str, _done: float) -> None:
    """Show nothing."""


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title><style>
body {{ font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 64rem; color: #222 }}
table {{ border-collapse: collapse }}
td, th {{ padding: .2rem .7rem; text-align: right; border-bottom: 1px solid #ddd }}
img {{ max-width: 49%; height: auto }}
</style></head><body>
{body}
</body></html>
"""
