"""A plan as a picture: SVG, light, text as text."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

import numpy as np

from meristem.pages.plan_layout import Layout, layered
from meristem.pages.plan_svg import (
    CARD,
    GAP,
    LANE,
    MARGIN,
    STACK,
    STYLE,
    Card,
    column_x,
    draw_card,
    draw_edge,
    draw_legend,
    draw_more,
    draw_trait,
    kind_colours,
    plural,
    text_at,
)
from meristem.plan.assemble import node_edges, node_labels
from meristem.plan.summary import count_parents
from meristem.records import FloatArray, IntArray, NetworkPlan
from meristem.report.shown_nodes import (
    Choice,
    choose_nodes,
    hidden_links,
    node_scores,
)


def _cards(
    plan: NetworkPlan,
    choice: Choice,
    values: Mapping[str, float] | None,
) -> list[Card]:
    n_variant, n_parent = count_parents(plan)
    label = node_labels(plan)
    score = node_scores(plan, values)
    top = float(score[choice.node].max()) if choice.node.size else 0.0
    cards = []
    for node in choice.node.tolist():
        name = str(plan.node_name[node])
        value = None if values is None else values.get(name)
        share = score[node] / top if values is not None and top > 0 else 0.0
        reads = []
        if n_variant[node]:
            reads.append(plural(int(n_variant[node]), "variant"))
        if n_parent[node]:
            reads.append(plural(int(n_parent[node]), "input"))
        cards.append(
            Card(
                name,
                str(label[node]),
                str(plan.node_kind[node]),
                " + ".join(reads),
                int(n_variant[node]),
                float(share),
                value,
            )
        )
    return cards


def _shown_edges(
    plan: NetworkPlan,
    choice: Choice,
) -> tuple[list[tuple[int, int]], int]:
    """Return edges by item, and how many of them, at the start, are direct.

    The trait is the item after the last node.
    """
    item = np.full(plan.n_node + 1, -1, dtype=np.int64)
    item[choice.node] = np.arange(choice.node.size)
    item[plan.n_node] = choice.node.size
    source, target = node_edges(plan)
    shown = (item[source] >= 0) & (item[target] >= 0)
    edges = list(
        zip(item[source[shown]].tolist(), item[target[shown]].tolist(), strict=True)
    )
    heads = item[plan.head_node]
    edges += [(head, choice.node.size) for head in heads[heads >= 0].tolist()]
    through = hidden_links(plan, choice)
    linked = [(int(item[one]), int(item[other])) for one, other in through]
    return edges + linked, len(edges)


def _columns(
    plan: NetworkPlan,
    choice: Choice,
    edges: list[tuple[int, int]],
) -> list[int]:
    """Return a column per item: after its inputs, level 0 alone in the first."""
    n_card = choice.node.size
    column = [int(level > 0) for level in plan.node_level[choice.node]] + [1]
    readers: list[list[int]] = [[] for _ in range(n_card + 1)]
    for source, target in edges:
        readers[source].append(target)
    # Cards are numbered level by level, so that one pass settles all of them.
    for source in range(n_card):
        for target in readers[source]:
            column[target] = max(column[target], column[source] + 1)
    column[n_card] = max(column[:n_card], default=0) + 1
    return column


def _edge_points(
    layout: Layout,
    column: list[int],
    edges: list[tuple[int, int]],
    y: FloatArray,  # (n_item,)
) -> list[list[tuple[float, float]]]:
    ways = []
    shift = float(y[0] - layout.y[0])
    width = CARD[0]
    for (source, target), route in zip(edges, layout.route, strict=True):
        points = [(column_x(column[source]) + width, y[source])]
        for place, height in route:
            lane = height + shift
            points += [(column_x(place), lane), (column_x(place) + width, lane)]
        points.append((column_x(column[target]), y[target]))
        ways.append(points)
    return ways


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


def draw_plan(
    plan: NetworkPlan,
    values: Mapping[str, float] | None = None,
    *,
    trait: str = "trait",
    title: str = "",
    max_outer: int = 14,
    max_inner: int = 16,
) -> str:
    """Draw a plan from variants on the left to the trait on the right.

    Of a large plan the top nodes are drawn, those with the largest values or, without
    values, with the most paths from variants; how many are left out is said.

    Parameters
    ----------
    plan
        The plan.
    values
        A value per node name (a sensitivity, say): thickness and colour follow its
        size, and it is written on the card.
    trait, title
        What the right end and the whole picture are called.
    max_outer, max_inner
        At most so many nodes of level 0, and of all higher levels together.

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
    choice = choose_nodes(plan, values, max_outer, max_inner)
    cards = _cards(plan, choice, values)
    edges, n_direct = _shown_edges(plan, choice)
    column = _columns(plan, choice, edges)
    size = [CARD[1] + GAP] * (len(cards) + 1)
    layout = layered(column, size, edges, LANE)
    y = layout.y + MARGIN[1] + CARD[1] / 2 - float(layout.y.min())
    colours = kind_colours([card.kind for card in cards])
    drawn = []
    ways = _edge_points(layout, column, edges, y)
    for number, ((source, _), points) in enumerate(zip(edges, ways, strict=True)):
        share = None if values is None else cards[source].share
        drawn.append(draw_edge(points, share, dashed=number >= n_direct))
    for card, place, centre in zip(cards, column[:-1], y[:-1], strict=True):
        drawn.append(draw_card(card, column_x(place), centre, colours[card.kind]))
    right, trait_width = draw_trait(trait, column_x(column[-1]), y[-1])
    lowest, more = _more_cards(plan, choice, column, y)
    height = lowest + CARD[1] / 2 + MARGIN[3]
    width = column_x(column[-1]) + trait_width + MARGIN[2]
    left = MARGIN[0] - STACK - 12
    name = title or "Network"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} '
        f'{height:.0f}" width="{width:.0f}" height="{height:.0f}" role="img" '
        f'aria-label="{escape(name, quote=True)}">'
        f"<style>{STYLE}</style>"
        '<rect width="100%" height="100%" fill="#ffffff"/>'
        + text_at(left, 36, name, ' class="title"')
        + text_at(left, 56, _headline(plan), ' class="head"')
        + "".join([*drawn, right, *more])
        + draw_legend(colours, height - 26, dashed=len(edges) > n_direct)
        + "</svg>\n"
    )


def _noun(plan: NetworkPlan, nodes: IntArray) -> str:
    """Return what hidden nodes are called: their kind if they share one."""
    kinds = np.unique(plan.node_kind[nodes])
    kind = str(kinds[0]) if kinds.size == 1 and kinds[0] else "node"
    return kind if nodes.size == 1 else kind + "s"


def _more_cards(
    plan: NetworkPlan,
    choice: Choice,
    column: list[int],
    y: FloatArray,  # (n_item,)
) -> tuple[float, list[str]]:
    """Return the lowest point and the cards that say how much is not drawn."""
    places = np.array(column[:-1])
    lowest = float(y.max())
    drawn = []
    inner_place = int(places.max()) if places.max() > 0 else 1
    for nodes, place in (
        (choice.hidden_outer, 0),
        (choice.hidden_inner, inner_place),
    ):
        if nodes.size == 0:
            continue
        here = y[:-1][places == place]
        centre = (float(here.max()) if here.size else float(y.min())) + CARD[1] + 4
        drawn.append(draw_more(nodes.size, column_x(place), centre, _noun(plan, nodes)))
        lowest = max(lowest, centre)
    return lowest, drawn
