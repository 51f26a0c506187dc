from __future__ import annotations

from dataclasses import replace

from meristem.report.figures.genes.interactions import (
    FLAT,
    draw_interactions,
    largest_interaction,
)
from meristem.report.view import View


def with_pairs(view: View, **columns: object) -> View:
    table = view.artefacts.interactions.assign(**columns)
    return replace(view, artefacts=replace(view.artefacts, interactions=table))


def test_every_pair_is_drawn_twice_and_most_sensitive_nodes_first(
    small_view: View, parse_svg
) -> None:
    target = small_view.targets[0]
    figure = draw_interactions(small_view, target, "interactions")
    assert figure is not None
    root = parse_svg(figure.svg)
    tips = [item.text or "" for item in root.iter() if item.tag.endswith("title")]
    pairs = [tip for tip in tips if " and " in tip]
    assert len(pairs) == 2 * len(figure.table) == 72
    nodes = small_view.of(small_view.artefacts.nodes, target)
    first = nodes.sort_values("sensitivity", ascending=False)["node"].iloc[0]
    texts = [item.text for item in root.iter() if item.tag.endswith("text")]
    assert small_view.node_name(first) == texts[0]


def test_a_small_pair_is_called_none(small_view: View) -> None:
    target = small_view.targets[0]
    pair, single = largest_interaction(small_view, target)
    assert pair > FLAT * single
    values = small_view.artefacts.interactions["signed"].to_numpy().copy()
    values[:] = 0.5 * FLAT * single
    values[7] = single
    figure = draw_interactions(with_pairs(small_view, signed=values), target, "x")
    assert figure is not None
    assert figure.svg.count(">0</text>") == 2 * (values.size - 1)


def test_effects_that_add_up_are_not_drawn(small_view: View) -> None:
    target = small_view.targets[0]
    view = with_pairs(small_view, signed=1e-6)
    assert draw_interactions(view, target, "interactions") is None


def test_without_pairs(small_view: View) -> None:
    table = small_view.artefacts.interactions.head(0)
    view = replace(
        small_view, artefacts=replace(small_view.artefacts, interactions=table)
    )
    assert largest_interaction(view, view.targets[0])[0] == 0
    assert draw_interactions(view, view.targets[0], "interactions") is None
