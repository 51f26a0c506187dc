import numpy as np
import pytest
from tests.expression.toys import toy_panel

from meristem.errors import DataError
from meristem.expression.features import gene_features


def test_products_of_columns_are_those_of_scaled_deltas() -> None:
    panel = toy_panel(n_line=12)
    found = gene_features(panel, panel.lines, panel.genes)
    own = np.concatenate([panel.haplotypes(g) for g in range(3)])
    spread = np.sqrt((own.astype(float) ** 2).mean(axis=0))
    for gene in range(3):
        delta = panel.delta(gene) / spread
        assert found[gene].shape[1] < panel.n_haplotype()[gene]
        assert found[gene] @ found[gene].T == pytest.approx(delta @ delta.T)


def test_lines_and_genes_are_matched_by_name() -> None:
    panel = toy_panel(n_line=6)
    panel.call[1, 2] = -1
    lines = np.array(["line4", "other", "line2"])
    found = gene_features(panel, lines, np.array(["gene1", "none"]))
    whole = gene_features(panel, panel.lines, panel.genes)[1]
    assert found[0][0] == pytest.approx(whole[4])
    assert np.isnan(found[0][1:]).all()
    assert found[1].shape == (3, 0)
    with pytest.raises(DataError, match="none of the genes"):
        gene_features(panel, lines, np.array(["none"]))
    with pytest.raises(DataError, match="none of the lines"):
        gene_features(panel, np.array(["q"]), panel.genes)
