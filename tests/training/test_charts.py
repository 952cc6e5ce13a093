"""Charts are well-formed SVG, whatever the numbers."""

from xml.etree import ElementTree

import numpy as np
import pytest

from training.charts import Axis, Series, chart


def drawn(*series: Series, x: Axis | None = None, y: Axis | None = None) -> ElementTree.Element:
    text = chart("A <title> & more", series, x or Axis("x"), y or Axis("y"))
    return ElementTree.fromstring(f"<div>{text}</div>")  # noqa: S314  # made a line above


def test_points_lie_where_the_axes_say() -> None:
    line = Series("one", np.array([0.0, 1.0]), np.array([0.0, 1.0]), np.array([0.0, 0.5]), np.array([0.2, 1.0]))
    found = drawn(line, x=Axis("x", (0, 1)), y=Axis("y", (0, 1)))
    first, last = (tuple(float(one.get(side)) for side in ("cx", "cy")) for one in found.iter("circle"))
    assert first[0] < last[0]
    assert first[1] > last[1]
    assert found.find("svg").get("aria-label") == "A <title> & more"
    assert len([one for one in found.iter("line") if "span" in one.get("class")]) == 2


@pytest.mark.parametrize(
    "values", [[], [1.0], [np.nan, np.nan], [2.0, 2.0, 2.0], [0.0, 0.0], [1e-9, 1e9], [-5.0, np.inf, 7.0]]
)
@pytest.mark.parametrize("log", [False, True])
def test_any_numbers_can_be_drawn(values: list[float], log: bool) -> None:
    numbers = np.array(values, dtype=np.float64)
    found = drawn(Series("one", numbers, numbers, numbers, numbers), x=Axis("x", log=log))
    assert "nan" not in ElementTree.tostring(found, encoding="unicode").lower()


def test_names_are_escaped_and_every_series_is_in_the_legend() -> None:
    series = [Series(f"<b>{k}</b>", np.arange(2.0), np.arange(2.0)) for k in range(12)]
    assert [one.text for one in drawn(*series).iter("li")] == [one.name for one in series]


def test_an_axis_may_have_names_instead_of_numbers() -> None:
    found = drawn(Series("one", np.arange(2.0), np.ones(2)), x=Axis("cutoff", names=("2024-01-01", "2024-06-01")))
    assert {"2024-01-01", "2024-06-01", "cutoff"} <= {one.text for one in found.iter("text")}
