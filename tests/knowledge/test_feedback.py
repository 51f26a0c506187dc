import networkx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from meristem.errors import KnowledgeError
from meristem.knowledge.feedback import EdgeList, without_feedback


def listed(pairs, signs=None):
    cause, effect = zip(*pairs, strict=True) if pairs else ((), ())
    n = len(pairs)
    sign = tuple(signs or [0] * n)
    return EdgeList("net", cause, effect, ("",) * n, sign, tuple(range(2, n + 2)))


LOOPS = listed([("a", "b"), ("c", "c"), ("b", "a"), ("d", "d")])


def test_every_loop_and_cycle_is_named_at_once():
    with pytest.raises(KnowledgeError) as caught:
        without_feedback([LOOPS], "refuse")
    for words in ("'c' has an edge to itself (line 3)", "'d'", "a -> b -> a"):
        assert words in caught.value.what
    assert 'knowledge.feedback = "break"' in caught.value.remedy


def test_breaking_drops_loops_and_closing_edges_and_says_so():
    (kept,), notes = without_feedback([LOOPS], "break")
    assert kept.graph().node_name.tolist() == ["a", "b", "c", "d"]
    assert list(zip(kept.cause, kept.effect, strict=True)) == [("a", "b")]
    assert "2 edges that join a node to itself: c -> c (line 3)" in notes[0]
    assert "1 edges that closed a cycle: b -> a (line 4)" in notes[1]


def test_a_cycle_over_two_files_is_found():
    one, two = listed([("a", "b")]), listed([("b", "a")])
    with pytest.raises(KnowledgeError, match="has a cycle"):
        without_feedback([one, two], "refuse")
    kept, _ = without_feedback([one, two], "break")
    assert [edges.cause for edges in kept] == [("a",), ()]


def test_edges_of_both_signs_are_named():
    edges = listed([("a", "b"), ("a", "b")], [1, -1])
    kept, notes = without_feedback([edges], "refuse")
    assert kept == [edges]
    assert "1 edges stand with both signs" in notes[0]


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from("abcdef"))))
def test_what_is_kept_has_no_cycle_and_nothing_else_is_dropped(pairs):
    (kept,), _ = without_feedback([listed(pairs)], "break")
    graph = networkx.DiGraph(zip(kept.cause, kept.effect, strict=True))
    assert networkx.is_directed_acyclic_graph(graph)
    full = networkx.DiGraph(pairs)
    dropped = len(pairs) - len(kept.line)
    in_cycle = {
        n for c in networkx.strongly_connected_components(full) if len(c) > 1 for n in c
    }
    innocent = [p for p in pairs if p[0] != p[1] and not set(p) <= in_cycle]
    assert dropped <= len(pairs) - len(innocent)


def test_long_rings_are_broken_at_once():
    n = 20_000
    names = [f"n{i}" for i in range(n)]
    ring = listed(list(zip(names, np.roll(names, -1).tolist(), strict=True)))
    (kept,), _ = without_feedback([ring], "break")
    assert len(kept.line) == n - 1
