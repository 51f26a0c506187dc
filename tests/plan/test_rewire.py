import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meristem.plan.rewire import random_cells, replace_sources, swap_edges


def edge_list(seed, n_source, n_target, n_edge):
    rng = np.random.default_rng(seed)
    cells = rng.choice(n_source * n_target, size=n_edge, replace=False)
    return cells // n_target, cells % n_target


@settings(max_examples=40)
@given(st.integers(0, 2**31), st.integers(1, 30))
def test_swaps_keep_degrees_groups_and_simplicity(seed, n_edge):
    source, target = edge_list(seed, 9, 7, n_edge)
    group = target % 2
    before = source.copy()
    new = swap_edges(source, target, group, np.random.default_rng(seed + 1))
    assert np.array_equal(source, before)
    for one in (0, 1):
        own = group == one
        assert sorted(new[own].tolist()) == sorted(source[own].tolist())
    assert len(set(zip(new.tolist(), target.tolist(), strict=True))) == n_edge


def test_swaps_reach_every_arrangement_evenly():
    # Two targets with two sources each out of four: six simple arrangements.
    source, target = np.arange(4), np.array([0, 0, 1, 1])
    rng = np.random.default_rng(7)
    seen: dict[tuple[int, ...], int] = {}
    for _ in range(480):
        new = swap_edges(source, target, np.zeros(4, dtype=int), rng)
        key = tuple(sorted(new[:2].tolist()))
        seen[key] = seen.get(key, 0) + 1
    assert len(seen) == 6
    # chi-square with 5 degrees of freedom; 20.5 is passed once in a thousand runs
    assert sum((count - 80) ** 2 / 80 for count in seen.values()) < 20.5


def test_a_full_table_cannot_change():
    source, target = np.repeat(np.arange(3), 2), np.tile(np.arange(2), 3)
    new = swap_edges(source, target, np.zeros(6, int), np.random.default_rng(1))
    assert np.array_equal(new, source)


@settings(max_examples=40)
@given(
    st.integers(1, 8),
    st.integers(1, 8),
    st.booleans(),
    st.integers(0, 2**31),
    st.data(),
)
def test_random_cells_are_different_and_cover(n_row, n_col, cover, seed, data):
    n_edge = data.draw(st.integers(n_row if cover else 0, n_row * n_col))
    rng = np.random.default_rng(seed)
    row, col = random_cells(n_row, n_col, n_edge, rng, cover=cover)
    assert len(set(zip(row.tolist(), col.tolist(), strict=True))) == n_edge == row.size
    assert col.min(initial=0) >= 0
    assert col.max(initial=0) < n_col
    if cover:
        assert set(row.tolist()) == set(range(n_row))


def test_random_cells_are_even():
    rng = np.random.default_rng(3)
    count = np.zeros((4, 6))
    for _ in range(4000):
        row, col = random_cells(4, 6, 9, rng, cover=False)
        count[row, col] += 1
    assert np.abs(count / 4000 - 9 / 24).max() < 0.04


def test_replaced_edges_are_new_and_single():
    row, col = edge_list(11, 40, 12, 150)
    row, col = col, row  # targets 0..11, sources 0..39
    chosen = np.zeros(150, dtype=bool)
    chosen[::3] = True
    n_choice = np.full(150, 40)
    new = replace_sources(row, col, chosen, n_choice, np.random.default_rng(2))
    assert np.array_equal(new[~chosen], col[~chosen])
    before = set(zip(row.tolist(), col.tolist(), strict=True))
    wrong = set(zip(row[chosen].tolist(), new[chosen].tolist(), strict=True))
    assert len(wrong) == 50
    assert not wrong & before


def test_where_nothing_is_free_edges_stay():
    row, col = np.zeros(3, dtype=int), np.arange(3)
    new = replace_sources(
        row, col, np.ones(3, dtype=bool), np.full(3, 3), np.random.default_rng(0)
    )
    assert np.array_equal(new, col)


@pytest.mark.parametrize("n_edge", [0, 1])
def test_too_few_edges_to_swap(n_edge):
    edges = np.zeros(n_edge, dtype=np.int64)
    assert np.array_equal(
        swap_edges(edges, edges, edges, np.random.default_rng(0)), edges
    )
