from __future__ import annotations

from tests.drawing import parse

from meristem.pages.boxes import (
    draw_boxes,
    draw_trait,
    read_nodes,
    row_places,
)
from meristem.pages.layered import place
from meristem.pages.routing import BOX_HEIGHT
from meristem.pages.svg import Canvas

RECORD = {
    "nodes": [
        {"name": f"n{i}", "kind": "gene" if i < 9 else "", "level": i // 9}
        for i in range(10)
    ]
}


def test_rows_of_boxes_do_not_touch() -> None:
    layout = place(read_nodes(RECORD, {}), [], 600, 3, 2)
    places = row_places(layout, top=20.0)
    assert all(
        low - high > BOX_HEIGHT for low, high in zip(places, places[1:], strict=False)
    )
    assert places[-1] > 20 + BOX_HEIGHT


def test_boxes_not_shown_are_counted_by_what_they_are() -> None:
    layout = place(read_nodes(RECORD, {"n1": 1.0}), [("n1", "n9")], 600, 3, 1)
    canvas = Canvas(600, 400, "boxes")
    y = row_places(layout)
    draw_boxes(canvas, layout, y, notes={"n1": "0.5"})
    right = draw_trait(canvas, "yield", layout, y, 600)
    text = [item.text for item in parse(canvas.to_svg()).iter() if item.text]
    assert "+ 7 more genes" in text
    assert "0.5" in text
    assert "yield" in text
    assert 300 < right <= 600
