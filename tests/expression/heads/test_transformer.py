"""More of the transformer than `test_heads` asks of every head."""

import numpy as np
from tests.expression.toys import toy_panel

from meristem.config.expression.heads import TransformerOptions
from meristem.expression.heads.protocol import FittedHead
from meristem.expression.heads.training import training_genes
from meristem.expression.heads.transformer import (
    channel_scale,
    fit_transformer,
    scaled_deltas,
)


def values(panel, seed=1):
    rng = np.random.default_rng(seed)
    weight = rng.normal(size=panel.width)
    return np.stack([panel.delta(g) @ weight for g in range(panel.genes.size)], axis=1)


def test_each_gene_may_have_a_network_of_its_own() -> None:
    panel = toy_panel(n_line=40, n_gene=2)
    options = TransformerOptions(
        scope="each_gene", width=8, heads=2, layers=1, epochs=5
    )
    value = values(panel)
    head: FittedHead = fit_transformer(
        panel, value, np.arange(30), options, np.random.default_rng(1)
    )
    found = head.predict(panel, np.arange(30, 40), np.arange(2))
    for gene in range(2):
        assert np.corrcoef(found[:, gene], value[30:, gene])[0, 1] > 0.8


def test_deltas_are_scaled_by_channel_over_training_genes() -> None:
    panel = toy_panel(n_line=40, n_gene=3, n_bin=2, n_channel=4)
    genes = training_genes(panel, values(panel), np.arange(40))
    scale = channel_scale(panel, genes)
    stacked = np.concatenate([scaled_deltas(panel, g, scale) for g in range(3)])
    moved = stacked[np.abs(stacked).max(axis=(1, 2)) > 0]
    np.testing.assert_allclose((moved**2).mean(axis=(0, 1)), 1, rtol=1e-4)


def test_genes_with_few_measured_or_flagged_lines_do_not_train() -> None:
    panel = toy_panel(n_line=20, n_gene=3)
    value = values(panel)
    value[8:, 0] = np.nan
    panel.call[1, 5] = -1
    found = training_genes(panel, value, np.arange(15))
    assert [one.gene for one in found] == [1, 2]
    assert found[0].rows.tolist() == [i for i in range(15) if i != 5]
    np.testing.assert_allclose(found[0].share.sum(axis=1), 1)
