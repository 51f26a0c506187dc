"""A plan as a picture of its own: one SVG document, text as text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from meristem.pages.boxes import (
    BAR,
    BELOW,
    draw_boxes,
    draw_trait,
    draw_variants,
    read_nodes,
    row_places,
)
from meristem.pages.layered import TRAIT, links_through, place
from meristem.pages.numbers import plural
from meristem.pages.palette import SOFT, category
from meristem.pages.panel import draw_legend
from meristem.pages.routing import BOX_HEIGHT, draw_curve, draw_edges
from meristem.pages.svg import Canvas
from meristem.plan.summary import network_json
from meristem.records import NetworkPlan

WIDTH = 840.0
TOP = 72.0  # px, room for the title
ROWS = 2  # per level, at most


def draw_plan(
    plan: NetworkPlan,
    values: Mapping[str, float] | None = None,
    *,
    trait: str = "trait",
    title: str = "",
    per_row: int = 7,
) -> str:
    """Draw a plan from the variants at the bottom to the trait at the top.

    Of a large level two rows are drawn: nodes that feed a node shown above, those with
    the largest values or, without values, with most inputs first; how many are left
    out is said.

    Parameters
    ----------
    plan
        The plan.
    values
        A value per node name (a sensitivity, say): thickness and colour follow its
        size, and it is written in the box.
    trait, title
        What the top end and the whole picture are called.
    per_row
        At most so many boxes beside each other.

    Returns
    -------
    str
        A stand-alone SVG document.

    Examples
    --------
    >>> import numpy as np
    >>> from meristem.knowledge.build import Knowledge
    >>> from meristem.knowledge.graph import make_graph
    >>> from meristem.plan.compile import make_plan
    >>> from meristem.records import VariantTable
    >>> graph = make_graph({"g": "gene"}, claims=[("g", "v")])
    >>> table = VariantTable(*(np.array([text]) for text in ("v", "1")),
    ...     np.array([5]), np.array(["A"]), np.array(["C"]))
    >>> draw_plan(make_plan(Knowledge(graph), table)).startswith("<svg")
    True
    """
    record = network_json(plan)
    names = plan.node_name.tolist()
    share = _shares(values, names) if values is not None else None
    nodes = read_nodes(record, share or {})
    edges = [(edge["source"], edge["target"]) for edge in record["edges"]]
    heads = plan.node_name[plan.head_node].tolist()
    layout = place(nodes, edges, WIDTH, per_row, ROWS)
    layout = replace(
        layout, heads=tuple(name for name in heads if name in layout.placed)
    )
    through = links_through([*edges, *((head, TRAIT) for head in heads)], layout.placed)
    y = row_places(layout, TOP)
    bottom = y[0] + BOX_HEIGHT / 2 + BELOW + BAR
    canvas = Canvas(WIDTH, bottom + 48, title or "Network")
    canvas.text(0, 24, title or "Network", 18, WIDTH, font_weight=650)
    canvas.text(0, 46, _headline(plan), 12, fill=SOFT)
    inner = [link for link in through if link[1] != TRAIT]
    draw_trait(
        canvas, trait, layout, y, WIDTH, top=TOP, strength=share, through=through
    )
    draw_edges(canvas, layout, y, share, inner)
    colours = kind_colours(plan.node_kind.tolist())
    notes = {name: f"{value:.3g}" for name, value in (values or {}).items()}
    draw_boxes(canvas, layout, y, colours, notes)
    draw_variants(canvas, plan.variants.n_variant, layout, y, WIDTH)
    entries = [(kind or "node", colour) for kind, colour in colours.items()]
    draw_legend(canvas, entries, 0, bottom + 28)
    if through:
        left = WIDTH - 200
        ends = [(left, bottom + 24), (left + 30, bottom + 24)]
        draw_curve(canvas, ends, SOFT, 0.9, dashed=True)
        canvas.text(left + 38, bottom + 28, "through nodes not drawn", 11, fill=SOFT)
    return canvas.to_svg() + "\n"


def _shares(values: Mapping[str, float], names: list[str]) -> dict[str, float]:
    """Return the size of every value as a share of the largest."""
    size = np.abs([values.get(name, 0.0) for name in names])
    size = np.nan_to_num(size)
    top = float(size.max(initial=0.0)) or 1.0
    return dict(zip(names, (size / top).tolist(), strict=True))


def kind_colours(kinds: list[str]) -> dict[str, str]:
    """Return a colour for every kind, in order of appearance."""
    distinct = dict.fromkeys(kinds)
    return {kind: category(number) for number, kind in enumerate(distinct)}


def _headline(plan: NetworkPlan) -> str:
    read = len({name for level in plan.levels for name in level.variant_col.tolist()})
    return " · ".join(
        [
            f"{read:,} of {plural(plan.variants.n_variant, 'variant')} read",
            plural(plan.n_node, "node"),
            plural(len(plan.levels), "level"),
            plural(plan.n_edge, "edge"),
        ]
    )
