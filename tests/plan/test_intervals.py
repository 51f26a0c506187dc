import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from meristem.plan.intervals import (
    distance_to,
    keep_closest,
    pairs_nearest,
    pairs_within,
)

POINTS = st.lists(st.integers(0, 60), max_size=12)
GENES = st.lists(st.tuples(st.integers(0, 55), st.integers(1, 25)), max_size=9)


def slow_distance(position, start, end):
    """Count bases to the nearest base of the gene, one base after the other."""
    return min(abs(position - base) for base in range(start, end))


def arrays(points, genes):
    start = np.array([low for low, _ in genes], dtype=np.int64)
    size = np.array([size for _, size in genes], dtype=np.int64)
    return np.array(points, dtype=np.int64), start, start + size


def all_distances(points, genes):
    return {
        (point, gene): slow_distance(position, low, low + size)
        for point, position in enumerate(points)
        for gene, (low, size) in enumerate(genes)
    }


def as_set(pair):
    found = list(zip(pair[0].tolist(), pair[1].tolist(), strict=True))
    assert len(set(found)) == len(found)
    return set(found)


@given(POINTS, GENES, st.integers(0, 15))
def test_pairs_within_equal_the_slow_twin(points, genes, flank):
    slow = {pair for pair, far in all_distances(points, genes).items() if far <= flank}
    assert as_set(pairs_within(*arrays(points, genes), flank)) == slow


@given(POINTS, GENES, st.integers(0, 30))
def test_nearest_genes_equal_the_slow_twin(points, genes, limit):
    distance = all_distances(points, genes)
    slow = set()
    for point in range(len(points)):
        own = {gene: distance[point, gene] for gene in range(len(genes))}
        best = min(own.values(), default=limit + 1)
        slow |= {(point, gene) for gene in own if own[gene] == best <= limit}
    assert as_set(pairs_nearest(*arrays(points, genes), limit)) == slow


@given(POINTS, GENES, st.integers(0, 15), st.integers(1, 3))
def test_closest_genes_equal_the_slow_twin(points, genes, flank, n_keep):
    distance = all_distances(points, genes)
    slow = set()
    for point in range(len(points)):
        near = sorted(
            (distance[point, gene], gene)
            for gene in range(len(genes))
            if distance[point, gene] <= flank
        )
        slow |= {(point, gene) for _, gene in near[:n_keep]}
    position, start, end = arrays(points, genes)
    point, gene = pairs_within(position, start, end, flank)
    far = distance_to(position[point], start[gene], end[gene])
    assert as_set(keep_closest(point, gene, far, n_keep)) == slow


@pytest.mark.parametrize(("position", "expected"), [(4, 1), (5, 0), (9, 0), (10, 1)])
def test_the_end_is_excluded(position, expected):
    assert distance_to(np.array([position]), np.array([5]), np.array([10])) == expected
    assert slow_distance(position, 5, 10) == expected
