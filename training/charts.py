"""Line charts as SVG text: no other file, no script; colours by class, so that a page can be light or dark."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_WIDTH, _HEIGHT = 400.0, 290.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 60.0, 14.0, 10.0, 46.0
_COLOURS = 9


@dataclass(frozen=True, eq=False)
class Series:
    """One line of a chart.

    Parameters
    ----------
    name : str
        For the legend.
    x, y : float arrays of shape (n,)
        Points; those that are not finite are left out.
    low, high : float arrays of shape (n,), optional
        Interval of each point.
    marks : bool, default=True
        Whether points are marked.
    """

    name: str
    x: Floats
    y: Floats
    low: Floats | None = None
    high: Floats | None = None
    marks: bool = True


@dataclass(frozen=True)
class Axis:
    """One axis.

    Parameters
    ----------
    label : str
        What it shows.
    limits : tuple of float, optional
        Smallest and largest value; default: of the data.
    log : bool, default=False
        Whether steps are factors.
    names : tuple of str, optional
        Labels of the positions 0, 1, ... instead of numbers.
    """

    label: str
    limits: tuple[float, float] | None = None
    log: bool = False
    names: tuple[str, ...] = ()


def chart(title: str, series: Sequence[Series], x: Axis, y: Axis, *, diagonal: bool = False) -> str:
    """Return a chart as an SVG element with a text alternative.

    Parameters
    ----------
    title : str
        Says what is shown, also to who cannot see it.
    series : sequence of Series
        Drawn in order; the first on top.
    x, y : Axis
        What they show.
    diagonal : bool, default=False
        Whether to draw the line of equal x and y.
    """
    over = _Scale(x, [one.x for one in series], _LEFT, _WIDTH - _RIGHT)
    up = _Scale(y, [part for one in series for part in (one.y, one.low, one.high)], _HEIGHT - _BOTTOM, _TOP)
    parts = [f'<svg viewBox="0 0 {_WIDTH:.0f} {_HEIGHT:.0f}" role="img" aria-label="{escape(title)}">']
    parts += _frame(over, up)
    if diagonal:
        low, high = max(over.low, up.low), min(over.high, up.high)
        parts.append(_line("diagonal", over(low), up(low), over(high), up(high)))
    for place, one in reversed(list(enumerate(series))):
        parts += _drawn(one, over, up, f"s{place % _COLOURS}")
    return "".join([*parts, "</svg>", _legend(series)])


class _Scale:
    """Maps values to a range of pixels, and chooses ticks."""

    def __init__(self, axis: Axis, values: Sequence[Floats | None], start: float, end: float) -> None:
        self.axis, self._start, self._end = axis, start, end
        known = [part[np.isfinite(part)] for part in values if part is not None]
        every = np.concatenate(known) if known else np.zeros(0)
        if axis.log:
            every = every[every > 0]
        low, high = (float(every.min()), float(every.max())) if len(every) else (1.0, 10.0) if axis.log else (0.0, 1.0)
        if axis.names:
            low, high = -0.3, len(axis.names) - 0.7
        elif axis.limits is None and not axis.log:
            margin = 0.06 * (high - low) or 0.05 * max(abs(high), 0.1)
            low, high = low - margin, high + margin
        self.low, self.high = axis.limits or (low, high)
        if self.high <= self.low:
            self.high = self.low * 2 if axis.log else self.low + 1.0

    def shows(self, values: Floats) -> npt.NDArray[np.bool_]:
        """Tell which values have a place."""
        return np.asarray(np.isfinite(values) & ((values > 0) | (not self.axis.log)))

    def __call__(self, value: float) -> float:
        low, high = self.low, self.high
        if self.axis.log:
            value, low, high = np.log(value), np.log(low), np.log(high)
        return float(self._start + (value - low) / (high - low) * (self._end - self._start))

    def ticks(self) -> list[tuple[float, str]]:
        """Return positions in values with their labels."""
        if self.axis.names:
            return [(float(place), name) for place, name in enumerate(self.axis.names)]
        if self.axis.log:
            powers = range(int(np.floor(np.log10(self.low))), int(np.ceil(np.log10(self.high))) + 1)
            found = [factor * 10.0**power for power in powers for factor in (1, 3)]
            inside = [value for value in found if self.low * 0.999 <= value <= self.high * 1.001]
            return [(value, f"{value:,.0f}") for value in inside or [self.low, self.high]]
        step = _step((self.high - self.low) / 5)
        first = int(np.ceil(self.low / step - 1e-9))
        places = [number * step for number in range(first, first + 8) if number * step <= self.high + 1e-9]
        digits = max(0, -int(np.floor(np.log10(step))))
        return [(value, f"{value:.{digits}f}") for value in places]


def _step(wanted: float) -> float:
    power = 10.0 ** np.floor(np.log10(wanted))
    return float(next(factor * power for factor in (1, 2, 5, 10) if factor * power >= wanted * 0.999))


def _frame(over: _Scale, up: _Scale) -> list[str]:
    bottom, right = _HEIGHT - _BOTTOM, _WIDTH - _RIGHT
    parts = []
    for value, label in up.ticks():
        parts.append(_line("grid", _LEFT, up(value), right, up(value)))
        parts.append(_text(_LEFT - 6, up(value) + 4, label, "end"))
    for value, label in over.ticks():
        parts.append(_line("grid", over(value), _TOP, over(value), bottom))
        parts.append(_text(over(value), bottom + 16, label, "middle"))
    parts.append(_text((_LEFT + right) / 2, _HEIGHT - 8, over.axis.label, "middle", "label"))
    middle = (_TOP + bottom) / 2
    turned = (
        f'<g transform="translate(12 {middle:.1f}) rotate(-90)">{_text(0, 0, up.axis.label, "middle", "label")}</g>'
    )
    return [*parts, turned]


def _drawn(one: Series, over: _Scale, up: _Scale, style: str) -> list[str]:
    there = over.shows(one.x) & up.shows(one.y)
    points = [(over(x), up(y)) for x, y in zip(one.x[there], one.y[there], strict=True)]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    parts = [f'<polyline class="{style}" points="{path}"/>'] if len(points) > 1 else []
    if one.low is not None and one.high is not None:
        spans = zip(points, one.low[there], one.high[there], strict=True)
        parts += [_line(f"{style} span", x, up(low), x, up(high)) for (x, _), low, high in spans if low < high]
    if one.marks:
        parts += [f'<circle class="{style}" cx="{x:.1f}" cy="{y:.1f}" r="3"/>' for x, y in points]
    return parts


def _legend(series: Sequence[Series]) -> str:
    names = (f'<li class="s{place % _COLOURS}">{escape(one.name)}</li>' for place, one in enumerate(series))
    return f'<ul class="legend">{"".join(names)}</ul>'


def _line(style: str, x1: float, y1: float, x2: float, y2: float) -> str:
    return f'<line class="{style}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def _text(x: float, y: float, text: str, anchor: str, style: str = "tick") -> str:
    return f'<text class="{style}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'
