import numpy as np
import pytest
from tests.toys import network_plan

from meristem.mixed.groups import gather
from meristem.plan.gene_sets import gene_variants, node_sets


def integers(*values):
    return np.array(values, dtype=np.int64)


@pytest.fixture
def plan():
    """Two genes, a term over them, a mixed node that reads a variant and the term."""
    return network_plan(
        {"g1": (2, 0), "g2": (1,)},
        {"term": ("g1", "g2")},
        {"mixed": (3, "term")},
        variants=4,
        heads=["mixed"],
    )


def test_genes_are_the_nodes_that_read_variants(plan):
    genes = gene_variants(plan)
    assert genes.name.tolist() == ["g1", "g2", "mixed"]
    assert [genes.of(i).tolist() for i in range(3)] == [[0, 2], [1], [3]]


def test_sets_hold_every_gene_below_and_the_node_itself_if_it_is_one(plan):
    sets = node_sets(plan)
    assert sets.name.tolist() == ["term", "mixed"]
    assert sets.of(0).tolist() == [0, 1]
    assert sets.of(1).tolist() == [0, 1, 2]


def test_matrix_puts_each_weight_in_its_column(plan):
    genes = gene_variants(plan)
    matrix = genes.matrix(np.array([1.0, 2.0, 3.0, 4.0]), 4).toarray()
    assert matrix.tolist() == [[1, 0, 0], [0, 3, 0], [2, 0, 0], [0, 0, 4]]


def test_no_groups_at_all():
    nothing = gather([], [])
    assert nothing.n_group == 0
    assert nothing.member.size == 0
