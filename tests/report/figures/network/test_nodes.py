from __future__ import annotations

from dataclasses import replace

import numpy as np

from meristem.report.figures.network.nodes import SHOWN, draw_nodes, top_nodes
from meristem.report.view import View


def test_the_most_sensitive_come_first(large_view: View, parse_svg) -> None:
    target = large_view.targets[0]
    rows = top_nodes(large_view, target)
    assert len(rows) == SHOWN
    nodes = large_view.of(large_view.artefacts.nodes, target)
    assert rows["sensitivity"].min() >= nodes["sensitivity"].sort_values().iloc[-SHOWN]
    figure = draw_nodes(large_view, target, "nodes")
    assert figure is not None
    parse_svg(figure.svg)


def test_readable_names_stand_beside_the_ids(large_view: View) -> None:
    figure = draw_nodes(large_view, large_view.targets[0], "nodes")
    assert figure is not None
    named = figure.table[figure.table["node"].str.startswith("GO:")]
    assert not named.empty
    assert named["label"].str.startswith("carbohydrate").all()


def test_without_q_values_or_intervals(small_view: View, parse_svg) -> None:
    nodes = small_view.artefacts.nodes[
        ["node", "kind", "model", "trait", "environment", "sensitivity"]
    ]
    view = replace(small_view, artefacts=replace(small_view.artefacts, nodes=nodes))
    figure = draw_nodes(view, view.targets[0], "nodes")
    assert figure is not None
    assert "q value" not in "".join(parse_svg(figure.svg).itertext())


def test_q_values_are_said_to_be_met_or_not(small_view: View) -> None:
    figure = draw_nodes(small_view, small_view.targets[0], "nodes")
    assert figure is not None
    clear = (figure.table["null_q"] < 0.05).sum()
    assert 0 < clear < len(figure.table)
    assert figure.svg.count('fill="#ffffff" stroke') == len(figure.table) - clear


def with_nodes(view: View, **columns: object) -> View:
    nodes = view.artefacts.nodes.assign(**columns)
    return replace(view, artefacts=replace(view.artefacts, nodes=nodes))


def test_a_node_has_to_pass_both_tests(small_view: View, parse_svg) -> None:
    n = len(small_view.artefacts.nodes)
    held = np.where(np.arange(n) < 2, 0.001, 0.8)
    view = with_nodes(small_view, held_q=held, null_high=0.1)
    figure = draw_nodes(view, view.targets[0], "nodes")
    assert figure is not None
    both = (figure.table["null_q"] < 0.05) & (figure.table["held_q"] < 0.05)
    assert both.sum() == 2
    assert figure.svg.count('fill="#ffffff" stroke') == n - 2
    text = "".join(parse_svg(figure.svg).itertext())
    assert "shuffled" in text
    assert "left out" in text
    assert "both q values" in figure.caption
    assert "shuffled labels reached" in figure.caption


def test_a_network_without_a_part_has_no_top_nodes(small_view: View) -> None:
    view = with_nodes(small_view, sensitivity=0.0)
    assert draw_nodes(view, view.targets[0], "nodes") is None


def test_missing_sensitivities_are_left_out(small_view: View) -> None:
    nodes = small_view.artefacts.nodes.assign(sensitivity=np.nan)
    view = replace(small_view, artefacts=replace(small_view.artefacts, nodes=nodes))
    assert draw_nodes(view, view.targets[0], "nodes") is None
