import numpy as np
import pytest

from meristem.simulate.expression import (
    ExpressionLaw,
    draw_expression_law,
    genetic_expression,
    nearest_variants,
    standardise,
)


def test_standardise_leaves_constants_at_zero():
    found = standardise(np.array([[1.0, 3.0], [1.0, 5.0], [1.0, 7.0]]))
    np.testing.assert_array_equal(found[:, 0], 0.0)
    assert found[:, 1].std() == pytest.approx(1.0)


def test_nearest_variants_stay_on_the_chromosome():
    rng = np.random.default_rng(0)
    variant_chromosome = np.repeat([0, 1], [30, 40])
    variant_position = np.concatenate(
        [np.sort(rng.choice(1000, size, replace=False)) for size in (30, 40)]
    )
    gene_chromosome = np.array([0, 1, 1])
    gene_position = np.array([0, 999, 500])
    found = nearest_variants(
        gene_position, gene_chromosome, variant_position, variant_chromosome, 6
    )
    for gene in range(3):
        distance = {
            v: abs(int(variant_position[v]) - int(gene_position[gene]))
            for v in range(70)
            if variant_chromosome[v] == gene_chromosome[gene]
        }
        farthest = max(distance[v] for v in found[gene])
        closer = [v for v, d in distance.items() if d < farthest]
        assert set(closer) <= set(found[gene].tolist())
        assert len(set(found[gene].tolist())) == 6


def test_expression_equals_the_sum_written_out():
    rng = np.random.default_rng(1)
    dosage = (2 * rng.integers(0, 2, (50, 12))).astype(np.int8)
    law = ExpressionLaw(
        cis_variant=np.array([[0, 1], [4, 5], [8, 9]]),
        cis_effect=rng.standard_normal((3, 2)),
        regulator=np.array([1]),
        regulator_of=np.array([[1], [1], [1]]),
        trans_effect=np.array([[0.7], [0.0], [-0.4]]),
    )

    def z(x):
        return (x - x.mean()) / x.std()

    cis = [
        z(
            sum(
                law.cis_effect[gene, k]
                * z(dosage[:, law.cis_variant[gene, k]].astype(float))
                for k in range(2)
            )
        )
        for gene in range(3)
    ]
    expected = [z(cis[0] + 0.7 * cis[1]), cis[1], z(cis[2] - 0.4 * cis[1])]
    np.testing.assert_allclose(genetic_expression(dosage, law), np.array(expected).T)


def test_law_draws_varying_variants_and_distinct_regulators():
    rng = np.random.default_rng(2)
    window = np.array([np.sort(rng.choice(90, 8, replace=False)) for _ in range(40)])
    varying = rng.random(90) < 0.7
    law = draw_expression_law(
        window,
        varying,
        n_cis=3,
        n_regulator=5,
        n_trans=2,
        trans_scale=0.5,
        rng=rng,
    )
    for gene in range(40):
        causal = law.cis_variant[gene]
        assert len(set(causal.tolist())) == 3
        assert set(causal.tolist()) <= set(window[gene].tolist())
        if varying[window[gene]].sum() >= 3:
            assert varying[causal].all()
        assert len(set(law.regulator_of[gene].tolist())) == 2
    assert set(law.regulator_of.ravel().tolist()) <= set(law.regulator.tolist())
    assert (law.trans_effect[law.regulator] == 0).all()
    others = np.setdiff1d(np.arange(40), law.regulator)
    assert (law.trans_effect[others] != 0).all()
