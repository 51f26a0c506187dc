from __future__ import annotations

import re

import numpy as np

from meristem.pages.layered import Layout, Node, place
from meristem.pages.routing import BOX_HEIGHT, draw_edges
from meristem.pages.svg import Canvas


def layout_of(seed: int) -> Layout:
    rng = np.random.default_rng(seed)
    nodes = [Node(f"n{i}", "", "", i // 6, 0, 0, 0.0) for i in range(30)]
    edges = set()
    for _ in range(40):
        a, b = sorted(rng.choice(30, 2, replace=False))
        if a // 6 < b // 6:
            edges.add((f"n{a}", f"n{b}"))
    return place(nodes, sorted(edges), 756, 6, 2)


def bezier(points: np.ndarray, steps: int = 60) -> np.ndarray:
    t = np.linspace(0, 1, steps)[:, None]
    a, b, c, d = points
    return (
        a * (1 - t) ** 3 + 3 * b * t * (1 - t) ** 2 + 3 * c * t**2 * (1 - t) + d * t**3
    )


def test_no_line_passes_through_a_box() -> None:
    for seed in range(12):
        layout = layout_of(seed)
        y = [500.0 - 90 * row for row in range(len(layout.rows))]
        canvas = Canvas(756, 600, "edges")
        draw_edges(canvas, layout, y)
        paths = re.findall(r'<path d="([^"]+)"', canvas.to_svg())
        assert len(paths) == len(layout.edges)
        for path in paths:
            start, *curves = path[1:].split("C")
            here = np.array(start.split(), dtype=float)
            for curve in curves:
                rest = np.array(curve.split(), dtype=float).reshape(3, 2)
                line = bezier(np.vstack([here, rest]))
                here = rest[-1]
                for item in layout.placed.values():
                    half = layout.box_width(item.row) / 2
                    inside = np.abs(line[:, 0] - item.x) < half - 0.5
                    inside &= np.abs(line[:, 1] - y[item.row]) < BOX_HEIGHT / 2 - 0.5
                    assert not inside.any(), (seed, path, item.node.name)
