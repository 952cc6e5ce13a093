"""What monitoring found, as text for a terminal."""

from collections.abc import Mapping, Sequence
from typing import Any

_SHOWN = 12


def render_drift(report: Mapping[str, Any], *, every: bool = False) -> str:
    """Return a drift report as text.

    Parameters
    ----------
    report : mapping
        Of `intelligence.monitoring.drift.drift_report`.
    every : bool, default=False
        All features instead of the twelve that moved most.
    """
    lines = [f"{report['model_version']}, trained as of {_day(report['trained_as_of'])}, on {_day(report['as_of'])}:"]
    lines += [report["sentence"], *([report["note"]] if report["note"] else [])]
    rows = [
        *([("score", report["score"])] if report["score"] else []),
        *([("score, since it serves", report["score_since_served"])] if report["score_since_served"] else []),
        *((str(one["name"]), one) for one in report["features"][: None if every else _SHOWN]),
    ]
    if rows:
        lines += ["", f"{'':<34} {'PSI':>7}  {'verdict':<9} {'then':>12} {'now':>12} {'rows then':>10} {'now':>7}"]
        lines += [_drift_line(name, one) for name, one in rows]
        left = len(report["features"]) - _SHOWN
        lines += [f"and {left} features that moved less (--all)"] if left > 0 and not every else []
    return "\n".join([*lines, *_calibration(report["calibration"])])


def render_outcomes(report: Mapping[str, Any]) -> str:
    """Return a report of realised outcomes (`intelligence.monitoring.outcomes.outcomes_report`) as text."""
    lines = [f"{report['name']}: {report['outcomes']:,} stored predictions with an outcome by {_day(report['as_of'])}"]
    lines += [report["note"]] if report["note"] else []
    if report["months"]:
        lines += ["", f"{'month':<8} {'days':>4}  {'band':<14} {'n':>6}  {'predicted':>9}  realised (80 %)"]
        lines += [
            f"{row['month']:<8} {row['horizon_days']:>4}  {row['band']:<14} {row['n']:>6,}  {row['predicted']:>9.1%}  "
            f"{row['realised']:.1%} ({row['low']:.1%} to {row['high']:.1%})"
            for row in report["months"]
        ]
    return "\n".join([*lines, *_calibration(report["calibration"]), *_shadow(report["shadow"])])


def _drift_line(name: str, one: Mapping[str, Any]) -> str:
    index = "-" if one["psi"] is None else f"{one['psi']:.3f}"
    numbers = f"{one['n_reference']:>10,} {one['n']:>7,}"
    return f"{name:<34} {index:>7}  {one['verdict']:<9} {one['then'][:12]:>12} {one['now'][:12]:>12} {numbers}"


def _calibration(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    if not rows:
        return []
    head = f"{'calibration':<14} {'days':>4}  {'n':>6}  {'predicted':>9}  {'realised':>8}  gap (99 %)"
    return [
        "",
        head,
        *(
            f"{row['model_version']:<14} {row['horizon_days']:>4}  {row['n']:>6,}  {row['predicted']:>9.1%}  "
            f"{row['realised']:>8.1%}  {row['gap']:+.3f} ({row['low']:+.3f} to {row['high']:+.3f}) {row['verdict']}"
            for row in rows
        ),
    ]


def _shadow(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    lines = [""] if rows else []
    for row in rows:
        against = ", ".join(row["compared_with"]) or "nothing stored"
        lines.append(
            f"in shadow: {row['model_version']}, {row['horizon_days']} days, {row['n']:,} scores beside {against}: "
            f"mean {row['mean_p']:.1%} against {row['mean_p_served']:.1%}"
            if row["n"]
            else f"in shadow: {row['model_version']}, {row['horizon_days']} days: no score beside it yet"
        )
        if row["loss_difference"] is not None:
            interval = f"{row['low']:+.4f} to {row['high']:+.4f}"
            lines.append(f"  log loss {row['loss_difference']:+.4f} ({interval}) on {row['outcomes']:,} outcomes")
    return lines


def _day(instant: str) -> str:
    return instant[:10]
