"""Heads on a toy panel whose expression is linear in the deltas."""

import numpy as np
import pytest
from tests.expression.toys import toy_panel

from meristem.config.expression.heads import (
    ElasticNetHeadOptions,
    RidgeHeadOptions,
    SharedRidgeOptions,
    TransformerOptions,
)
from meristem.errors import DataError
from meristem.expression.heads.catalog import HEADS, fit_head
from meristem.expression.heads.elastic_net import distinct_features
from meristem.expression.heads.readout import fit_readout
from meristem.expression.heads.ridge import fit_ridge

SMALL = TransformerOptions(width=16, heads=2, layers=1, epochs=40, dropout=0.0)
OPTIONS = [RidgeHeadOptions(), ElasticNetHeadOptions(), SharedRidgeOptions(), SMALL]


def linear_truth(panel, rng, noise=0.3, sparse=3):
    """Every gene by the same few features of its deltas."""
    weight = np.zeros(panel.width)
    weight[rng.choice(panel.width, sparse, replace=False)] = rng.normal(size=sparse)
    genetic = np.stack(
        [panel.delta(g) @ weight for g in range(panel.genes.size)], axis=1
    )
    genetic = genetic / genetic.std(axis=0) + np.arange(panel.genes.size)
    return genetic, genetic + noise * rng.normal(size=genetic.shape)


@pytest.mark.parametrize("options", OPTIONS, ids=lambda o: o.kind)
def test_predicts_new_lines_and_never_reads_their_values(options) -> None:
    panel = toy_panel(n_line=120, n_gene=12, n_bin=3, n_channel=6)
    genetic, value = linear_truth(panel, np.random.default_rng(3))
    rows, new = np.arange(80), np.arange(80, 120)
    genes = np.arange(12)
    spoiled = value.copy()
    spoiled[new] = 1e6
    head = fit_head(panel, spoiled, rows, options, np.random.default_rng(5))
    assert head.kind == options.kind
    found = head.predict(panel, new, genes)
    assert found.shape == (40, 12)
    r = [np.corrcoef(found[:, g], genetic[new, g])[0, 1] for g in genes]
    assert np.median(r) > 0.9
    # the level of every gene is kept
    np.testing.assert_allclose(found.mean(axis=0), genetic[new].mean(axis=0), atol=0.4)


@pytest.mark.parametrize("options", OPTIONS, ids=lambda o: o.kind)
def test_the_same_seed_gives_the_same_numbers(options) -> None:
    panel = toy_panel(n_line=40, n_gene=4)
    _, value = linear_truth(panel, np.random.default_rng(3))
    rows, genes = np.arange(30), np.arange(4)
    first, second = (
        fit_head(panel, value, rows, options, np.random.default_rng(5)).predict(
            panel, np.arange(40), genes
        )
        for _ in range(2)
    )
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("options", OPTIONS, ids=lambda o: o.kind)
def test_flagged_lines_are_nan_and_unmeasured_genes_as_promised(options) -> None:
    panel = toy_panel(n_line=60, n_gene=6)
    _, value = linear_truth(panel, np.random.default_rng(3))
    value[:, 5] = np.nan
    panel.call[0, 7] = -1
    head = fit_head(panel, value, np.arange(50), options, np.random.default_rng(1))
    found = head.predict(panel, np.arange(60), np.array([0, 5]))
    assert np.isnan(found[7, 0])
    assert np.isfinite(np.delete(found[:, 0], 7)).all()
    assert np.isfinite(found[:, 1]).all() == HEADS[options.kind].new_genes


@pytest.mark.parametrize("kind", [SharedRidgeOptions(), SMALL], ids=lambda o: o.kind)
def test_shared_heads_predict_genes_that_were_never_measured(kind) -> None:
    panel = toy_panel(n_line=80, n_gene=40, n_bin=2, n_channel=4)
    genetic, value = linear_truth(panel, np.random.default_rng(2), noise=0.1)
    value[:, 30:] = np.nan
    head = fit_head(panel, value, np.arange(80), kind, np.random.default_rng(1))
    new = np.arange(30, 40)
    found = head.predict(panel, np.arange(80), new)
    r = [np.corrcoef(found[:, i], genetic[:, g])[0, 1] for i, g in enumerate(new)]
    assert np.median(r) > 0.7


def test_ridge_equals_ridge_on_the_deltas_themselves() -> None:
    panel = toy_panel(n_line=30, n_gene=2)
    _, value = linear_truth(panel, np.random.default_rng(3))
    rows = np.arange(20)
    found = fit_ridge(panel, value, rows).predict(panel, np.arange(30), np.arange(2))
    for gene in range(2):
        delta = panel.delta(gene)
        own = fit_readout(delta[rows], value[rows, gene])
        expected = own.intercept + delta @ own.weight
        np.testing.assert_allclose(found[:, gene], expected, atol=1e-3)


def test_the_readout_picks_the_penalty_of_least_error_left_out() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(25, 4))
    y = x @ [1.0, 0, 0, -1] + rng.normal(size=25)
    found = fit_readout(x, y)
    size = np.mean(np.linalg.svd(x - x.mean(0), compute_uv=False) ** 2)

    def error(penalty):
        total = 0.0
        for out in range(25):
            keep = np.arange(25) != out
            z, level = x[keep] - x[keep].mean(0), y[keep].mean()
            # the penalty is that of the whole set, centring that of the rest
            square = z.T @ z + penalty * size * np.eye(4)
            w = np.linalg.solve(square, z.T @ (y[keep] - level))
            total += (y[out] - level - (x[out] - x[keep].mean(0)) @ w) ** 2
        return total

    assert error(found.penalty) <= 1.001 * min(
        error(p) for p in (0.01, 0.1, 1.0, 10.0, 100.0)
    )


def test_noise_is_shrunk_to_the_mean() -> None:
    rng = np.random.default_rng(4)
    found = fit_readout(rng.normal(size=(60, 2)), rng.normal(size=60))
    assert np.abs(found.weight).max() < 0.25


def test_features_that_are_opposite_or_scaled_are_one() -> None:
    deltas = np.array([[0.0, 0, 0, 0, 0], [1, -2, 1, 0, 3], [1, -2, -1, 0, 3]])
    assert distinct_features(deltas).tolist() == [0, 2]


def test_expression_of_other_shape_or_without_genes_is_refused() -> None:
    panel = toy_panel(n_line=12, n_gene=2)
    with pytest.raises(DataError, match="expression has shape"):
        fit_ridge(panel, np.zeros((12, 3)), np.arange(12))
    with pytest.raises(DataError, match="no gene has 10"):
        fit_ridge(panel, np.full((12, 2), np.nan), np.arange(12))
