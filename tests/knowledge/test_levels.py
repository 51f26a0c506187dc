import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from meristem.knowledge.levels import expand_ranges, find_cycle, node_levels

EDGES = st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=20)


def slow_levels(n_node, edges):
    """Longest path by recursion, one node at a time."""
    causes = {node: [] for node in range(n_node)}
    for source, target in edges:
        causes[target].append(source)

    def level(node):
        return max((level(cause) + 1 for cause in causes[node]), default=0)

    return [level(node) for node in range(n_node)]


def arrays(edges):
    pairs = np.array(edges, dtype=np.int64).reshape(-1, 2)
    return pairs[:, 0], pairs[:, 1]


@given(EDGES)
def test_levels_equal_the_slow_twin(pairs):
    edges = [(low, high) for low, high in pairs if low < high]
    assert node_levels(9, *arrays(edges)).tolist() == slow_levels(9, edges)


@given(EDGES)
def test_cycles_are_found_exactly_where_networkx_finds_them(pairs):
    edges = sorted({pair for pair in pairs if pair[0] != pair[1]})
    source, target = arrays(edges)
    level = node_levels(8, source, target)
    graph = nx.DiGraph(edges)
    assert (level < 0).any() == (not nx.is_directed_acyclic_graph(graph))
    if (level < 0).any():
        cycle = find_cycle(source, target, level)
        steps = list(zip(cycle[:-1], cycle[1:], strict=True))
        assert cycle[0] == cycle[-1]
        assert len(set(cycle)) == len(steps) >= 2
        assert set(steps) <= set(edges)


def test_a_long_chain_is_levelled():
    n_node = 3000
    source = np.arange(n_node - 1)
    level = node_levels(n_node, source, source + 1)
    assert level.tolist() == list(range(n_node))


@pytest.mark.parametrize(
    ("start", "stop", "expected"),
    [([3, 9, 0], [5, 9, 1], [3, 4, 0]), ([], [], []), ([4], [2], [])],
)
def test_ranges_are_expanded(start, stop, expected):
    found = expand_ranges(np.array(start, dtype=int), np.array(stop, dtype=int))
    assert found.tolist() == expected
