import re
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest

from meristem.knowledge.build import Knowledge
from meristem.knowledge.graph import make_graph
from meristem.plan.compile import make_plan
from meristem.report.figures.network.plan import draw_plan, kind_colours

SVG = "{http://www.w3.org/2000/svg}"


def parse(svg):
    return ElementTree.fromstring(svg)


def texts(root):
    return [node.text for node in root.iter(f"{SVG}text")]


def cards(root):
    """Return the boxes as (x, y, width, height)."""
    return [
        tuple(float(node.get(name)) for name in ("x", "y", "width", "height"))
        for node in root.iter(f"{SVG}rect")
        if node.get("rx") == "6"
    ]


def test_a_small_plan_shows_every_label(plan):
    root = parse(draw_plan(plan, title="Small", trait="yield"))
    shown = texts(root)
    for label in ("g1", "g2", "g3", "t1", "t2", "sucrose", "yield", "Small"):
        assert label in shown
    assert "2 variants" in shown
    assert "1 variant + 2 inputs" in shown
    assert "4 of 7 variants read · 6 nodes · 4 levels · 10 edges" in shown
    assert not any("more" in text for text in shown)


def test_there_is_one_line_per_edge_and_head(plan):
    root = parse(draw_plan(plan))
    lines = [node for node in root.iter(f"{SVG}path") if "C" in node.get("d")]
    assert len(lines) == 5 + 2


@pytest.mark.parametrize("with_values", [False, True])
def test_no_cards_overlap_and_all_lie_in_the_picture(big, with_values):
    rng = np.random.default_rng(1)
    values = dict(zip(big.node_name.tolist(), rng.normal(size=big.n_node), strict=True))
    root = parse(draw_plan(big, values if with_values else None))
    _, _, width, height = map(float, root.get("viewBox").split())
    boxes = cards(root)
    # two rows per level, the last box of a cut level for the rest; trait and variants
    assert len(boxes) == 14 + 14 + 6 + 2
    for number, (x, y, w, h) in enumerate(boxes):
        assert x >= 0
        assert y >= 60
        assert x + w <= width
        assert y + h <= height
        for other_x, other_y, other_w, other_h in boxes[:number]:
            apart = (
                x >= other_x + other_w
                or other_x >= x + w
                or y >= other_y + other_h
                or other_y >= y + h
            )
            assert apart


def test_a_large_plan_says_how_much_is_left_out(big):
    shown = texts(parse(draw_plan(big, per_row=4)))
    hidden = [level.n_node - 7 for level in big.levels[:2]]
    assert f"+ {hidden[0]} more genes" in shown
    assert f"+ {hidden[1]} more terms" in shown


def test_a_node_whose_readers_are_not_drawn_is_linked_through_them(plan, big):
    assert "through nodes not drawn" not in texts(parse(draw_plan(plan)))
    svg = draw_plan(big, per_row=2)
    assert "through nodes not drawn" in texts(parse(svg))
    assert svg.count('stroke-dasharray="2 5"') > 1


def test_the_largest_values_are_shown(big):
    rng = np.random.default_rng(0)
    values = dict(zip(big.node_name.tolist(), rng.normal(size=big.n_node), strict=True))
    values["g00"] = float("nan")
    drawn = {text.split(":")[0] for text in texts(parse(draw_plan(big, values)))}
    widest = big.node_name[big.node_level == 2].tolist()
    assert drawn >= set(widest)
    terms = big.node_name[big.node_level == 1].tolist()
    best = max(terms, key=lambda name: abs(values[name]))
    assert best in drawn


def test_values_are_written_and_thicken_lines(plan):
    values = {"g1": 0.5, "t1": -2.0, "m": 1.0}
    svg = draw_plan(plan, values)
    shown = texts(parse(svg))
    assert {"0.5", "-2", "1"} <= set(shown)
    widths = {float(width) for width in re.findall(r'stroke-width="([\d.]+)"', svg)}
    assert {4.5, 1.88} <= widths  # t1 and g1


def test_names_are_escaped(plan):
    label = plan.node_label.copy().astype("<U40")
    label[0] = 'a<b> & "c"'
    root = parse(draw_plan(replace(plan, node_label=label), title="x < y"))
    assert 'a<b> & "c"' in texts(root)


def test_long_labels_are_cut_but_kept_as_a_title(plan):
    name = "positive regulation of cell cycle phase transition"
    label = plan.node_label.copy().astype("<U60")
    label[3] = name
    root = parse(draw_plan(replace(plan, node_label=label)))
    assert name not in texts(root)
    assert any(name in title.text for title in root.iter(f"{SVG}title"))


def test_it_needs_nothing_from_outside(plan):
    svg = draw_plan(plan)
    assert "href" not in svg
    assert svg.count("http") == 1  # the name space


def test_kinds_have_colours_of_their_own():
    kinds = ["gene", "term", "set", "metabolite", "hormone", "node", "enzyme"]
    assert len(set(kind_colours(kinds).values())) == len(kinds)


def test_a_plan_of_genes_alone(big):
    graph = make_graph({"g": "gene"}, claims=[("g", "v1")])
    root = parse(draw_plan(make_plan(Knowledge(graph), big.variants)))
    assert "1 variant" in texts(root)
