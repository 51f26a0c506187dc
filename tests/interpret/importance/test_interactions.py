from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from meristem.interpret.importance.interactions import (
    INTERACTION_COLUMNS,
    clamping_interactions,
    interaction_table,
)
from meristem.interpret.importance.sensitivity import clamping_sensitivity


def latent_sd(network, genotypes):
    return network.member_latents(genotypes).std(axis=1)  # (n_member, n_node)


def test_interaction_of_a_product_is_its_coefficient(network, genotypes):
    fitted = network(product=0.3)
    found = clamping_interactions(
        fitted, genotypes, (("g1", "g2"), ("g1", "g3")), clamp_sd=2.0
    )
    sd = latent_sd(network(product=0.3), genotypes)
    for m in range(3):
        # the member's g1 is scaled; what counts is g1 / scale
        expected = 0.3 * 4.0 * sd[m, 0] * sd[m, 1] / fitted.scale(m)
        assert found.signed[m, 0, 0] == pytest.approx(expected)
        assert found.absolute[m, 0, 0] == pytest.approx(abs(expected))
    np.testing.assert_allclose(found.signed[:, 1], 0, atol=1e-12)
    np.testing.assert_allclose(found.signed[:, :, 1], 0, atol=1e-12)


def test_the_table_brings_members_to_one_sign(network, genotypes, data_factory):
    fitted = network(product=0.3)
    sensitivity = clamping_sensitivity(fitted, genotypes)
    phenotypes = data_factory().phenotypes
    table = interaction_table(fitted, genotypes, phenotypes, sensitivity)
    assert list(table.columns) == list(INTERACTION_COLUMNS)
    key = ["trait", "node_1", "node_2"]
    rows = table.set_index(key).sort_index()
    # height depends on g3 alone: no pair; yield on all four nodes: six pairs
    assert set(table["trait"]) == {"yield"}
    assert len(table) == 6
    sd = latent_sd(fitted, genotypes)
    expected = 0.3 * sd[0, 0] * sd[0, 1]
    pair = rows.loc[("yield", "g1", "g2")]
    # one member's g1 runs the other way; its interaction does not cancel the others'
    assert pair["signed"] == pytest.approx(expected)
    assert pair["low"] == pytest.approx(expected)
    assert pair["absolute"] == pytest.approx(expected)
    assert rows.loc[("yield", "g1", "g3"), "absolute"] == pytest.approx(0, abs=1e-12)


def test_many_targets_get_fewer_pairs_each(network, genotypes, data_factory):
    fitted = network(product=0.3)
    sensitivity = clamping_sensitivity(fitted, genotypes)
    phenotypes = data_factory().phenotypes
    few = interaction_table(fitted, genotypes, phenotypes, sensitivity, most_pairs=7)
    assert len(few) == 3
    order = np.argsort(-sensitivity.mean()[:, 0])[:3]
    top = set(sensitivity.node_name[order])
    assert set(few["node_1"]) | set(few["node_2"]) == top


def test_a_network_that_uses_nothing_has_no_pairs(network, genotypes, data_factory):
    fitted = network()
    found = clamping_sensitivity(fitted, genotypes)
    nothing = replace(found, published=0 * found.published)
    table = interaction_table(fitted, genotypes, data_factory().phenotypes, nothing)
    assert table.empty
    assert list(table.columns) == list(INTERACTION_COLUMNS)
