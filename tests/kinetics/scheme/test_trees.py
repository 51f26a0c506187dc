"""Spanning in-trees: known counts, the published pattern matrices, brute force."""

import itertools

import numpy as np
import pytest
from tests.kinetics.shared_data import FOLDER, needs_data

from meristem.errors import ConfigError
from meristem.kinetics.scheme.catalog import cas9, two_substrate_enzyme
from meristem.kinetics.scheme.scheme import Reaction, Scheme
from meristem.kinetics.scheme.trees import count_trees, spanning_trees


def scheme_of(links: list[str], observed: str) -> Scheme:
    states = sorted({name for link in links for name in link})
    reactions = tuple(
        Reaction(link, link[0], link[1], observed=link == observed) for link in links
    )
    return Scheme("test", tuple(states), reactions)


def per_root(scheme: Scheme) -> list[int]:
    root = spanning_trees(scheme).root
    return [int((root == i).sum()) for i in range(len(scheme.states))]


def rows(matrix: np.ndarray) -> set[tuple[int, ...]]:
    return {tuple(int(i) for i in row) for row in matrix}


def test_four_state_cycle_has_ten_trees() -> None:
    assert per_root(cas9(4)) == [4, 3, 2, 1]


@needs_data
def test_cycle_equals_published_patterns() -> None:
    links = ["01", "10", "12", "21", "23", "32", "30"]
    trees = spanning_trees(scheme_of(links, "30"))
    oracle = np.loadtxt(FOLDER / "simulated" / "test_1_homotemplate_ka_mat.nptxt")
    assert oracle.shape == (10, 7)
    assert rows(trees.pattern) == rows(oracle)


@needs_data
def test_full_link_graph_equals_published_patterns() -> None:
    links = ["01", "10", "12", "21", "23", "32", "02", "20", "30"]
    scheme = scheme_of(links, "30")
    oracle = np.loadtxt(FOLDER / "simulated" / "test_3_full_connect_ka_mat.nptxt")
    assert per_root(scheme) == [8, 7, 6, 3]
    assert rows(spanning_trees(scheme).pattern) == rows(oracle)


def test_cycle_away_from_the_start() -> None:
    links = ["01", "10", "12", "21", "23", "32", "13", "31"]
    assert per_root(scheme_of(links, "10")) == [3, 3, 3, 3]


def test_complete_graph() -> None:
    links = ["".join(p) for p in itertools.permutations("0123", 2)]
    scheme = scheme_of(links, "10")
    assert per_root(scheme) == [16, 16, 16, 16]
    assert count_trees(scheme) == 64


def test_brute_force_agrees() -> None:
    scheme = two_substrate_enzyme()
    links = scheme.links
    size = len(scheme.states)
    found = set()
    for chosen in itertools.combinations(range(len(links)), size - 1):
        sources = [links[i][0] for i in chosen]
        if len(set(sources)) < size - 1:
            continue
        parent = {links[i][0]: links[i][1] for i in chosen}
        (root,) = set(range(size)) - set(sources)
        ends = set()
        for state in range(size):
            for _ in range(size):
                state = parent.get(state, state)
            ends.add(state)
        if ends == {root}:
            row = np.zeros(len(links), dtype=int)
            row[list(chosen)] = 1
            found.add(tuple(int(i) for i in row))
    assert rows(spanning_trees(scheme).pattern) == found


def test_parallel_reactions_make_separate_trees() -> None:
    twice = Scheme(
        "twice",
        ("a", "b"),
        (
            Reaction("forth", "a", "b"),
            Reaction("back", "b", "a"),
            Reaction("cut", "b", "a", observed=True),
        ),
    )
    assert per_root(twice) == [2, 1]


def test_too_many_trees_refused() -> None:
    names = "0123456"
    links = ["".join(p) for p in itertools.permutations(names, 2)]
    with pytest.raises(ConfigError, match="spanning trees"):
        spanning_trees(scheme_of(links, "10"))
