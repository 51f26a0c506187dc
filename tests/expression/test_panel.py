import numpy as np
import pytest
from tests.expression.toys import toy_panel

from meristem.errors import DataError


def test_dosage_sums_to_the_ploidy_and_delta_is_the_mean_over_copies() -> None:
    panel = toy_panel(n_line=7, n_gene=3, ploidy=3)
    for gene in range(3):
        dosage = panel.dosage(gene)
        assert dosage.shape == (7, gene + 2)
        np.testing.assert_array_equal(dosage.sum(axis=1), 3)
        rows = panel.haplotype_row[gene]
        for line in range(7):
            copies = [panel.embedding[rows[c]] for c in panel.call[gene, line]]
            np.testing.assert_allclose(
                panel.absolute(gene)[line], np.mean(copies, axis=0), atol=1e-6
            )
            np.testing.assert_allclose(
                panel.delta(gene)[line],
                np.mean(copies, axis=0) - panel.embedding[rows[0]],
                atol=1e-6,
            )


def test_the_delta_of_the_reference_is_zero_and_missing_lines_are_nan() -> None:
    panel = toy_panel(n_line=5, n_gene=2)
    panel.call[0, :2] = 0
    panel.call[0, 3] = -1
    assert not panel.delta(0)[:2].any()
    assert np.isnan(panel.dosage(0)[3]).all()
    assert np.isnan(panel.delta(0)[3]).all()
    assert panel.haplotypes(0)[0].any() == np.False_


def test_genes_are_taken_in_order() -> None:
    panel = toy_panel(n_gene=3)
    part = panel.take_genes(np.array([2, 0]))
    assert part.genes.tolist() == ["gene2", "gene0"]
    np.testing.assert_array_equal(part.delta(0), panel.delta(2))
    assert part.n_haplotype().tolist() == [4, 2]


def test_shapes_that_do_not_fit_are_refused() -> None:
    panel = toy_panel(n_gene=3)
    with pytest.raises(DataError, match="has shape"):
        type(panel)(**{**vars(panel), "missing": panel.missing[:2]})
