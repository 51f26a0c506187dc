from __future__ import annotations

import numpy as np
import pytest

from meristem.interpret.importance.gain import COLUMNS, parent_gain


def test_a_node_that_multiplies_gains_and_one_that_adds_does_not(plan):
    rng = np.random.default_rng(1)
    gene = rng.standard_normal((150, 3))
    noise = 0.3 * rng.standard_normal(150)
    product = gene[:, 0] * gene[:, 1]
    total = gene[:, 0] + gene[:, 1]
    for term, low, high in ((product, 0.6, 1.5), (total, -0.05, 0.05)):
        latent = np.column_stack([gene, term])
        table = parent_gain(plan, latent, term + noise, np.random.default_rng(2))
        assert list(table.columns) == list(COLUMNS)
        row = table.iloc[0]
        assert (row["node"], row["n_sources"]) == ("term", 2)
        assert low < row["gain"] < high
        assert row["gain"] == pytest.approx(row["r_node"] - row["r_sources"])
        assert row["r_node"] > 0.9


def test_rows_without_phenotype_are_left_out(plan):
    rng = np.random.default_rng(1)
    latent = rng.standard_normal((40, 4))
    y = latent[:, 3].copy()
    y[:5] = np.nan
    latent[:5] = 1e6
    table = parent_gain(plan, latent, y, np.random.default_rng(2))
    assert table["r_node"].item() > 0.99


def test_a_dead_node_gains_nothing(plan):
    rng = np.random.default_rng(1)
    latent = rng.standard_normal((40, 4))
    latent[:, 3] = 2.0
    table = parent_gain(plan, latent, latent[:, 0], np.random.default_rng(2))
    assert table["gain"].item() < -0.8


def test_nodes_may_be_chosen(plan):
    latent = np.random.default_rng(1).standard_normal((40, 4))
    rng = np.random.default_rng(2)
    none = parent_gain(plan, latent, latent[:, 0], rng, nodes=np.array([0, 2]))
    one = parent_gain(plan, latent, latent[:, 0], rng, nodes=np.array([0, 3]))
    assert none.empty
    assert one["node"].tolist() == ["term"]
