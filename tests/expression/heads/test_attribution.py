"""What a linear head says of one variant is its weights times the change."""

import numpy as np
from tests.expression.toys import toy_panel

from meristem.expression.embedding.motif import MotifEmbedder
from meristem.expression.haplotypes.singles import SingleVariants
from meristem.expression.heads.attribution import COLUMNS, attribute_gene
from meristem.expression.heads.shared_ridge import SharedRidgeHead

EMBEDDER = MotifEmbedder(8, 1, (), (1,), 5.0)  # counts of A or T, and of C or G


def singles(**given):
    fields = {
        "reference": "AAAACCCC",
        "name": ["v1", "v2"],
        "distance": np.array([-3, 2]),
        "ref": ["A", "C"],
        "alt": ["C", "A"],
        "sequence": ["CAAACCCC", "AAAACCCA"],
        "dosage": np.array([[0, 1.0, 1, np.nan], [0, 0, 0, 1.0]]),
    } | given
    return SingleVariants(**fields)


def head():
    return SharedRidgeHead(np.array([1]), np.array([0.5]), {"gene0": (7.0, 2.0)}, 1.0)


def test_effects_are_in_units_of_expression_and_shares_of_variance() -> None:
    panel = toy_panel(n_line=4, n_gene=1, n_bin=1, n_channel=2)
    table = attribute_gene(head(), panel, 0, singles(), EMBEDDER, np.arange(4))
    assert table.columns.tolist() == COLUMNS
    assert table["variant"].tolist() == ["v1", "v2"]
    np.testing.assert_allclose(table["effect"], [1.0, -1.0])
    np.testing.assert_allclose(table["frequency"], [2 / 3, 1 / 4])
    np.testing.assert_allclose(table["variance"], [2 / 9, 3 / 16])
    np.testing.assert_allclose(table["share"].sum(), 1)


def test_a_promoter_without_variants_has_no_rows() -> None:
    panel = toy_panel(n_line=4, n_gene=1, n_bin=1, n_channel=2)
    none = singles(
        name=[],
        distance=np.zeros(0, int),
        ref=[],
        alt=[],
        sequence=[],
        dosage=np.zeros((0, 4)),
    )
    assert attribute_gene(head(), panel, 0, none, EMBEDDER, np.arange(4)).empty
