"""Two small drawings of a card, as inline SVG: calibration and gain."""

from collections.abc import Sequence

SIDE = 260
_MARGIN = 34

Bin = tuple[float | None, float | None, int]
"""Mean probability, share of events, rows."""


def calibration_chart(bins: Sequence[Bin]) -> str:
    """Draw predicted against realised share; on the diagonal they agree.

    Examples
    --------
    >>> calibration_chart([(0.2, 0.25, 50), (0.8, 0.7, 50)]).count("<circle")
    2
    """
    points = [(p, share, rows) for p, share, rows in bins if p is not None and share is not None]
    most = max((rows for _, _, rows in points), default=1)
    top = min(max([0.1, *(value for p, share, _ in points for value in (p, share))]) * 1.05, 1.0)
    dots = "".join(
        f'<circle cx="{_x(p / top):.1f}" cy="{_y(share / top):.1f}" r="{3 + 4 * (rows / most) ** 0.5:.1f}"'
        f' class="dot"><title>predicted {p:.3f}, happened {share:.3f}, {rows:,} rows</title></circle>'
        for p, share, rows in points
    )
    return _frame("Calibration", "predicted", "happened", _line([(0, 0), (1, 1)], "even") + dots, top)


def gain_chart(bins: Sequence[Bin]) -> str:
    """Draw which share of all events lies in the first rows of the ranking; the diagonal is chance.

    Examples
    --------
    >>> "polyline" in gain_chart([(0.8, 0.7, 50), (0.2, 0.25, 50)])
    True
    """
    points = gain_points(bins)
    return _frame(
        "Gain",
        "share of rows, highest first",
        "share of events",
        _line([(0, 0), (1, 1)], "even") + _line(points, "own"),
        1.0,
    )


def gain_points(bins: Sequence[Bin]) -> list[tuple[float, float]]:
    """Return share of rows and of events in them, the rows with the highest probability first.

    Examples
    --------
    >>> gain_points([(0.2, 0.25, 50), (0.8, 0.75, 50)])
    [(0.0, 0.0), (0.5, 0.75), (1.0, 1.0)]
    """
    known = sorted(((p, share, rows) for p, share, rows in bins if p is not None and share is not None), reverse=True)
    rows_in_all = sum(rows for _, _, rows in known) or 1
    events_in_all = sum(share * rows for _, share, rows in known) or 1.0
    points, seen, found = [(0.0, 0.0)], 0.0, 0.0
    for _, share, rows in known:
        seen, found = seen + rows, found + share * rows
        points.append((seen / rows_in_all, found / events_in_all))
    return points


def _line(points: Sequence[tuple[float, float]], kind: str) -> str:
    places = " ".join(f"{_x(x):.1f},{_y(y):.1f}" for x, y in points)
    return f'<polyline points="{places}" class="{kind}"/>'


def _x(share: float) -> float:
    return _MARGIN + share * (SIDE - 2 * _MARGIN)


def _y(share: float) -> float:
    return SIDE - _MARGIN - share * (SIDE - 2 * _MARGIN)


def _frame(title: str, across: str, up: str, inside: str, top: float) -> str:
    low, high = _MARGIN, SIDE - _MARGIN
    middle = SIDE / 2
    return (
        f'<svg viewBox="0 0 {SIDE} {SIDE}" width="{SIDE}" height="{SIDE}" role="img" aria-label="{title}">'
        f'<text x="{middle}" y="16" class="title">{title}</text>'
        f'<polyline points="{low},{low} {low},{high} {high},{high}" class="axis"/>'
        f'<text x="{middle}" y="{SIDE - 6}" class="label">{across}</text>'
        f'<text x="12" y="{middle}" class="label" transform="rotate(-90 12 {middle})">{up}</text>'
        f'<text x="{high}" y="{high + 14}" class="label">{top:.2g}</text>'
        f'<text x="{low - 16}" y="{low + 4}" class="label">{top:.2g}</text>{inside}</svg>'
    )
