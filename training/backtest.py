"""Rolling-origin back-test of a model and its baselines, as a table and as an HTML report with plots."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from domain.context import Clock, system_clock
from domain.errors import TrainingImpossible
from domain.settings import Settings
from intelligence.features.text import TextEncoder
from models.artefact import as_utc
from models.registry import Registry
from store.engine import Engine
from store.history import load_history
from store.privacy import without_erased
from training.evaluation import Evaluation, render_table
from training.leaks import guarded
from training.service import Progress, load_task
from training.task import TrainingContext


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
        By part and cutoff, and those of learning curves (``share`` below 1).
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

    @property
    def origins(self) -> tuple[Evaluation, ...]:
        """The comparisons on all earlier rows, by part and cutoff."""
        return tuple(evaluation for evaluation in self.evaluations if evaluation.share >= 1)

    def curve(self, part: str) -> tuple[Evaluation, ...]:
        """Return the comparisons at the last cutoff of a part on growing shares of the earlier rows, all last."""
        shares = [one for one in self.evaluations if one.part == part and one.share < 1]
        whole = [one for one in self.origins if one.part == part][-1:]
        return (*sorted(shares, key=lambda one: one.n_train), *whole) if shares else ()

    def table(self) -> pd.DataFrame:
        """Return part, cutoff, method, kind, rows and one column per metric."""
        frames = []
        for evaluation in self.origins:
            frame = evaluation.table().rename_axis("method").reset_index()
            judged = evaluation.losses.notna().sum().reindex(frame["method"]).to_numpy()
            frames.append(frame.assign(part=evaluation.part, cutoff=evaluation.cutoff, rows=judged))
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
        for evaluation in self.origins:
            lines += ["", f"part {evaluation.part}, cutoff {evaluation.cutoff}: {evaluation.how}"]
            lines += [render_table(evaluation.methods)]
        lines += ["", "mean over cutoffs", self.summary().round(4).to_string(index=False)]
        for part in dict.fromkeys(evaluation.part for evaluation in self.origins):
            lines += self._render_curve(part)
        return "\n".join(lines)

    def _render_curve(self, part: str) -> list[str]:
        curve = self.curve(part)
        if not curve:
            return []
        names = [method.name for method in curve[-1].methods]
        rows = {f"{one.n_train:,}": {m.name: m.metrics["log_loss"].value for m in one.methods} for one in curve}
        frame = pd.DataFrame.from_dict(rows, orient="index")[names].round(4)
        return ["", f"part {part}: log loss by rows fitted on, same test window", frame.to_string()]


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
        history = without_erased(connection, load_history(connection, instant))
    champion = Registry.of(settings).champion(name)
    context = TrainingContext(
        settings,
        TextEncoder(engine, settings),
        instant,
        champion=champion,
        report=lambda sentence: show(f"{name}: {sentence}", 0.1),
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
    return replace(report, path=path)


def write_report(report: BackTest, folder: Path) -> Path:
    """Write the report as one HTML file that needs no other, and return its path."""
    from training.backtest_page import page  # not above: it draws what this module defines

    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{report.name}-{report.as_of:%Y%m%dT%H%M%S}.html"
    path.write_text(page(report), encoding="utf-8")
    return path


def _mean(values: "pd.Series[Any]", weight: "pd.Series[Any]") -> float:
    judged = values.notna()
    return float(np.average(values[judged], weights=weight[judged])) if judged.any() else float("nan")


def _no_progress(_text: str, _done: float) -> None:
    """Show nothing."""
