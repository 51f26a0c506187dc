from __future__ import annotations

from dataclasses import replace

import pytest

from meristem.errors import DataError
from meristem.plan.summary import network_json
from meristem.report.figures.network.network import draw_network, scaled_sensitivity
from meristem.report.view import View


def test_a_small_network_is_drawn_whole(small_view: View, parse_svg) -> None:
    figure = draw_network(small_view)
    assert figure is not None
    text = "".join(parse_svg(figure.svg).itertext())
    network = small_view.artefacts.network
    assert network is not None
    for node in network["nodes"]:
        assert node["name"] in text
    assert "40 variants" in text
    assert "days to bud outgrowth" in text
    assert "polygenic path" in text
    reads = dict(
        zip(figure.table["node"], figure.table["reads"].str.split(";"), strict=True)
    )
    assert sorted(reads["I"]) == ["CK", "S", "SL"]


def test_a_large_network_says_how_much_is_left_out(large_view: View, parse_svg) -> None:
    figure = draw_network(large_view)
    assert figure is not None
    text = "".join(parse_svg(figure.svg).itertext())
    assert "+ 1,494 more" in text
    assert "1,590 nodes" in figure.caption
    assert "Shown are" in figure.caption


def test_the_keys_are_those_the_plan_writes(small_view: View) -> None:
    documented = network_json.__doc__ or ""
    network = small_view.artefacts.network
    assert network is not None
    for key in network["nodes"][0]:
        assert key in documented


def test_sensitivities_are_relative_to_the_largest(small_view: View) -> None:
    scaled = scaled_sensitivity(small_view)
    assert max(scaled.values()) == pytest.approx(1.0)
    assert min(scaled.values()) >= 0


def test_edges_as_pairs_and_heads_as_flags(small_view: View, parse_svg) -> None:
    network = {
        "nodes": [
            {"name": "a", "level": 0, "n_variants": 3, "head": True},
            {"name": "b", "level": 1, "n_parents": 1, "head": True},
        ],
        "edges": [["a", "b"]],
    }
    view = replace(small_view, artefacts=replace(small_view.artefacts, network=network))
    figure = draw_network(view)
    assert figure is not None
    root = parse_svg(figure.svg)
    curves = [
        p for p in root.iter() if p.tag.endswith("path") and "C" in p.get("d", "")
    ]
    assert len(curves) == 3  # a -> b, a -> trait, b -> trait


def test_a_damaged_edge_is_named(small_view: View) -> None:
    network = {"nodes": [{"name": "a", "level": 0}], "edges": [["a"]]}
    view = replace(small_view, artefacts=replace(small_view.artefacts, network=network))
    with pytest.raises(DataError, match="edge"):
        draw_network(view)


def test_without_network(small_view: View) -> None:
    view = replace(small_view, artefacts=replace(small_view.artefacts, network=None))
    assert draw_network(view) is None


def test_without_sensitivities_boxes_stay_white(small_view: View, parse_svg) -> None:
    empty = replace(small_view.artefacts, nodes=small_view.artefacts.nodes.head(0))
    figure = draw_network(replace(small_view, artefacts=empty))
    assert figure is not None
    assert "largest" not in "".join(parse_svg(figure.svg).itertext())


def test_a_deep_network_fits(small_view: View, parse_svg) -> None:
    nodes = [{"name": f"n{i}", "level": i % 14, "n_parents": 1} for i in range(70)]
    edges = [
        {"source": f"n{i}", "target": f"n{j}"}
        for i in range(70)
        for j in (i + 1, i + 16)
        if j < 70 and j % 14 > i % 14
    ]
    network = {"nodes": nodes, "edges": edges}
    view = replace(small_view, artefacts=replace(small_view.artefacts, network=network))
    figure = draw_network(view)
    assert figure is not None
    parse_svg(figure.svg)
    assert len(figure.table) == 70
