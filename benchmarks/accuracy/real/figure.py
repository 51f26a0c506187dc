"""The figure of the sparse benchmark: what the flagship adds to each rival."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks.accuracy.cells import Row
from meristem.pages.palette import INK, RULE, category
from meristem.pages.panel import Panel, draw_frame, draw_legend, draw_y_axis, make_panel
from meristem.pages.scale import limits
from meristem.pages.svg import Canvas

WIDTH, HEIGHT = 860, 150
COLUMNS = 2
GAP, LEFT, HEAD = 90, 56, 46
FLAGSHIP = "auto"
METRIC = "spearman_minus"


def draw_sparse(rows: Sequence[Row]) -> str:
    """Return an SVG: rank correlation of the flagship minus that of each rival.

    Parameters
    ----------
    rows
        Rows of `summary.csv`; a panel of the figure for each panel and test, rivals
        side by side at every training size, with their intervals.
    """
    known = [row for row in rows if row.get(METRIC)]
    cells = list(dict.fromkeys((row["panel"], row["test"]) for row in known))
    rivals = list(dict.fromkeys(row["model"] for row in known))
    legend = [(f"minus {name}", category(k)) for k, name in enumerate(rivals)]
    used = draw_legend(Canvas(WIDTH, 0, ""), legend, 0, 44)
    top = used + 50
    n_line = -(-len(cells) // COLUMNS)
    canvas = Canvas(WIDTH, top + n_line * (HEIGHT + GAP), "Few lines, many rivals")
    title = f"Rank correlation of {FLAGSHIP} minus that of each rival, 95 % intervals"
    canvas.text(0, 16, title, 14, fill=INK)
    draw_legend(canvas, legend, 0, 44)
    width = (WIDTH - (COLUMNS - 1) * 30) / COLUMNS - LEFT - 10
    for place, cell in enumerate(cells):
        left = LEFT + (place % COLUMNS) * (width + LEFT + 40)
        box = (left, top + HEAD + (place // COLUMNS) * (HEIGHT + GAP), width, HEIGHT)
        own = [row for row in known if (row["panel"], row["test"]) == cell]
        _draw_cell(canvas, box, own, rivals)
    return canvas.to_svg()


def _draw_cell(
    canvas: Canvas,
    box: tuple[float, float, float, float],
    rows: Sequence[Row],
    rivals: Sequence[str],
) -> None:
    ends = [[float(row[f"{METRIC}_{end}"]) for row in rows] for end in ("low", "high")]
    low, high = limits(ends, include=[0.0])
    sizes = sorted({row["n"] for row in rows}, key=size_order)
    panel = make_panel(box, (0, len(sizes)), (max(low, -1.0), min(high, 1.0)))
    draw_y_axis(canvas, panel)
    zero = float(panel.y(0.0))
    canvas.line(panel.left, zero, panel.right, zero, stroke=INK, stroke_width=1)
    draw_frame(canvas, panel)
    first = rows[0]
    name = f"{first['panel']}, {first['test']} subpopulations"
    canvas.text(panel.left, panel.top - 14, name, 13, width=panel.width, fill=INK)
    for position, size in enumerate(sizes):
        of_size = [row for row in rows if row["n"] == size]
        label = f"all ({of_size[0]['n_train']})" if size == "all" else size
        middle = float(panel.x(position + 0.5))
        canvas.text(middle, panel.bottom + 16, label, 11, anchor="middle", fill=INK)
        edge = float(panel.x(position))
        canvas.line(edge, panel.top, edge, panel.bottom, stroke=RULE)
        for row in of_size:
            share = (rivals.index(row["model"]) + 1) / (len(rivals) + 1)
            _draw_bar(canvas, panel, float(panel.x(position + share)), row, rivals)


def _draw_bar(
    canvas: Canvas, panel: Panel, x: float, row: Row, rivals: Sequence[str]
) -> None:
    colour = category(rivals.index(row["model"]))
    low, mean, high = (
        min(max(float(row[name]), panel.y.low), panel.y.high)
        for name in (f"{METRIC}_low", METRIC, f"{METRIC}_high")
    )
    canvas.line(
        x, float(panel.y(low)), x, float(panel.y(high)), stroke=colour, stroke_width=1.6
    )
    tip = f"minus {row['model']}: {float(row[METRIC]):+.3f}"
    canvas.circle(x, float(panel.y(mean)), 3.4, tip, fill=colour)


def size_order(size: str) -> float:
    """Return where a training size stands among others: `all` is the last."""
    return float("inf") if size == "all" else float(size)
