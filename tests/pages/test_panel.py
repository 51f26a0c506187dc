from __future__ import annotations

from xml.etree import ElementTree

import pytest
from tests.drawing import parse

from meristem.pages.panel import (
    draw_frame,
    draw_legend,
    draw_slope,
    draw_x_axis,
    draw_y_axis,
    make_panel,
    tick_room,
)
from meristem.pages.svg import Canvas

SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("width", [40, 120, 700])
@pytest.mark.parametrize("high", [1.0, 123456.0, 1e-5])
def test_axes_never_let_their_labels_touch(width: float, high: float) -> None:
    canvas = Canvas(900, 300, "axes")
    panel = make_panel((100, 40, width, 180), (0, high), (0, high))
    draw_x_axis(canvas, panel, "x", grid=True)
    draw_y_axis(canvas, panel, "y")
    draw_frame(canvas, panel)
    parse(canvas.to_svg())


def test_tick_room_grows_with_the_labels() -> None:
    small = make_panel((0, 0, 10, 100), (0, 1), (0, 1)).y
    large = make_panel((0, 0, 10, 100), (0, 1), (0, 1e5)).y
    assert tick_room(large) > tick_room(small)


@pytest.mark.parametrize("slope", [0.0, 0.2, 5.0, -5.0, -1000.0])
def test_a_slope_stays_inside_its_panel(slope: float) -> None:
    canvas = Canvas(300, 300, "slope")
    panel = make_panel((50, 50, 200, 100), (-1, 1), (-1, 1))
    draw_slope(canvas, panel, slope, 0.1, stroke="#000")
    lines = list(ElementTree.fromstring(canvas.to_svg()).iter(f"{SVG}line"))
    assert len(lines) == 1
    for end in ("1", "2"):
        assert 50 <= float(lines[0].get(f"x{end}", "0")) <= 250
        assert 50 <= float(lines[0].get(f"y{end}", "0")) <= 150


def test_a_slope_outside_its_panel_is_not_drawn() -> None:
    canvas = Canvas(300, 300, "slope")
    panel = make_panel((50, 50, 200, 100), (-1, 1), (-1, 1))
    draw_slope(canvas, panel, 0.1, 9.0, stroke="#000")
    assert "<line" not in canvas.to_svg()


def test_a_legend_breaks_into_rows_within_the_drawing() -> None:
    canvas = Canvas(300, 200, "legend")
    entries = [(f"a rather long label {i}", "#000") for i in range(8)]
    height = draw_legend(canvas, entries, 0, 16)
    parse(canvas.to_svg())
    assert height > 60
