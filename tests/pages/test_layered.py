from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from meristem.pages.layered import TRAIT, Layout, Node, choose, links_through, place


def node(name: str, level: int, sensitivity: float = 0.0) -> Node:
    return Node(name, name, "gene", level, 1, 0, sensitivity)


def crossings(layout: Layout) -> int:
    lines = [
        (
            layout.placed[s].x,
            layout.placed[t].x,
            layout.placed[s].row,
            layout.placed[t].row,
        )
        for s, t in layout.edges
    ]
    return sum(
        (a[0] - b[0]) * (a[1] - b[1]) < 0 and a[2:] == b[2:]
        for a, b in itertools.combinations(lines, 2)
    )


def test_sorting_by_neighbours_undoes_a_tangle() -> None:
    nodes = [node(f"g{i}", 0) for i in range(5)] + [node(f"t{i}", 1) for i in range(5)]
    edges = [(f"g{i}", f"t{4 - i}") for i in range(5)]
    assert crossings(place(nodes, edges, 600, 6, 1)) == 0


def test_what_does_not_fit_is_counted() -> None:
    nodes = [node(f"g{i}", 0, i / 30) for i in range(30)] + [node("t", 1)]
    layout = place(nodes, [("g3", "t")], 600, 6, 1)
    assert layout.hidden == {0: 25, 1: 0}
    assert "g29" in layout.placed
    assert layout.slots(0) == 6


def test_nodes_that_feed_a_shown_node_come_first() -> None:
    nodes = [node("weak", 0, 0.1), node("strong", 0, 0.9), node("top", 1)]
    edges = [("weak", "top"), ("strong", "elsewhere"), ("elsewhere", "top")]
    chosen, hidden = choose([*nodes, node("other", 0, 0.5)], edges, 2)
    assert [item.name for item in chosen[0]] == ["other"]
    chosen, hidden = choose(nodes, edges, 1)
    assert hidden[0] == 2


def test_heads_are_the_nodes_that_nothing_reads() -> None:
    nodes = [node("a", 0), node("b", 1), node("free", 0)]
    layout = place(nodes, [("a", "b")], 600, 6, 2)
    assert set(layout.heads) == {"b", "free"}


@settings(max_examples=60)
@given(
    st.lists(st.integers(0, 4), min_size=1, max_size=60), st.integers(2, 7), st.data()
)
def test_no_two_boxes_overlap_and_no_node_is_lost(
    levels: list[int], per_row: int, data: st.DataObject
) -> None:
    nodes = [node(f"n{i}", level) for i, level in enumerate(levels)]
    pairs = [(a, b) for a in nodes for b in nodes if a.level < b.level]
    some = data.draw(st.lists(st.sampled_from(pairs), max_size=30)) if pairs else []
    edges = sorted({(a.name, b.name) for a, b in some})
    layout = place(nodes, edges, 756, per_row, 2)
    assert len(layout.placed) + sum(layout.hidden.values()) == len(nodes)
    for row, names in enumerate(layout.rows):
        xs = sorted(layout.placed[name].x for name in names)
        width = layout.box_width(row)
        assert all(b - a >= width for a, b in zip(xs, xs[1:], strict=False))
        if xs:
            assert xs[0] - width / 2 >= 0
            assert xs[-1] + width / 2 <= 756


@settings(max_examples=60)
@given(st.integers(0, 2**31))
def test_no_shown_node_floats(seed: int) -> None:
    rng = np.random.default_rng(seed)
    nodes = [node(f"n{i}", i // 10, float(rng.random())) for i in range(40)]
    pairs = {tuple(sorted(rng.integers(0, 40, 2).tolist())) for _ in range(60)}
    edges = [(f"n{a}", f"n{b}") for a, b in sorted(pairs) if a // 10 < b // 10]
    reading = {source for source, _ in edges}
    edges += [(item.name, TRAIT) for item in nodes if item.name not in reading]
    layout = place(nodes, edges[: len(pairs)], 756, 3, 1)
    shown = {*layout.placed, TRAIT}
    direct = {(one, two) for one, two in edges if {one, two} <= shown}
    links = set(links_through(edges, layout.placed))
    assert not direct & links
    assert {one for one, _ in direct | links} == set(layout.placed)
    assert all({one, two} <= shown for one, two in links)
