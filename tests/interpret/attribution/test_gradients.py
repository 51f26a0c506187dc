from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from meristem.interpret.attribution.gradients import (
    centred_dosage,
    gene_effects,
    gene_nodes,
    node_effects,
    variant_effects,
)


def test_variant_effects_are_the_gradients(network, genotypes):
    effects = variant_effects(network(), genotypes)
    # v2 is read by g1 (weight 1) and g2 (1.5); the polygenic path adds .25
    assert effects.network[2, 0] == 2.5
    assert effects.total[2, 0] == 2.75
    assert effects.total[8].tolist() == [0.25, 0.0]


def test_gene_effect_is_the_sd_of_its_score(network, genotypes, plan):
    effects = variant_effects(network(), genotypes)
    genes = gene_effects(plan, effects, genotypes)
    assert genes.gene_id.tolist() == ["g1", "g2", "g3"]
    assert genes.n_variants.tolist() == [3, 3, 1]
    score = genotypes.call_dosage[:, [0, 1, 2]] @ effects.total[[0, 1, 2]]
    np.testing.assert_allclose(genes.effect[0], score.std(axis=0))


def test_variants_that_cancel_leave_no_gene_effect(network, genotypes, plan):
    dosage = genotypes.call_dosage.copy()
    dosage[:, 3] = 2 - dosage[:, 4]
    dosage[:, 2] = 1
    mirrored = replace(genotypes, call_dosage=dosage)
    genes = gene_effects(plan, variant_effects(network(), genotypes), mirrored)
    assert genes.effect[1, 0] == pytest.approx(0, abs=1e-12)


def test_genes_match_variants_by_name(network, genotypes, plan):
    order = np.random.default_rng(1).permutation(genotypes.n_variant)
    effects = variant_effects(network(), genotypes)
    one = gene_effects(plan, effects, genotypes)
    two = gene_effects(plan, effects, genotypes.take_variants(order))
    np.testing.assert_allclose(one.effect, two.effect)
    fewer = gene_effects(plan, effects, genotypes.take_variants(np.array([0, 1])))
    assert fewer.effect[2].tolist() == [0, 0]


def test_without_genes_the_nodes_that_read_variants_stand_for_them(plan):
    kinds = np.array(["metabolite"] * 4)
    assert gene_nodes(replace(plan, node_kind=kinds)).tolist() == [0, 1, 2]


def test_missing_calls_count_as_the_mean():
    dosage = np.array([[0, 2], [-1, 2], [2, -1]], dtype=np.int8)
    np.testing.assert_allclose(centred_dosage(dosage), [[-1, 0], [0, 0], [1, 0]])


def test_node_effects_align_the_members_signs(network, genotypes):
    fitted = network()
    effects = node_effects(fitted, genotypes)
    g1 = genotypes.call_dosage @ fitted.weights()[:, 0]
    # slope 1 per unit of the unscaled g1, whatever sign a member gave it
    assert effects[0, 0] == pytest.approx(g1.std())
    assert effects[2, 1] == pytest.approx(
        -(genotypes.call_dosage @ fitted.weights()[:, 2]).std()
    )
