import numpy as np
import pytest

from meristem.errors import ConfigError
from meristem.sequence.motifs.scan import MotifBank
from meristem.sequence.simulation.regulatory import (
    RegulatoryConfig,
    simulate_regulatory,
)
from meristem.sequence.variants.occupancy import Change, occupancy_changes

SMALL = RegulatoryConfig(
    n_train=60,
    n_test=11,
    n_chromosome=3,
    n_gene=25,
    n_variant=2500,
    n_factor=4,
    n_causal_gene=12,
)


@pytest.fixture(scope="module")
def panel():
    return simulate_regulatory(SMALL, rng=np.random.default_rng(2))


def test_the_reference_allele_is_the_genome(panel):
    variants = panel.train.variants
    for contig, position, ref in zip(
        variants.variant_contig,
        variants.variant_position,
        variants.variant_ref,
        strict=True,
    ):
        assert "ACGT"[panel.contigs[contig][position - 1]] == ref


def test_scores_are_what_the_motifs_say_of_promoter_variants(panel):
    bank = MotifBank(panel.motifs)
    truth, variants = panel.truth, panel.train.variants
    assert truth.variant.size > 5
    for row, place in enumerate(truth.variant[:5]):
        gene = panel.genes[truth.variant_gene[row]]
        at = int(variants.variant_position[place]) - 1
        assert gene.promoter[0] <= at < gene.promoter[1]
        change = Change(at, at + 1, str(variants.variant_alt[place]))
        found = occupancy_changes(panel.contigs[gene.contig], [change], bank, 110)[0]
        assert np.allclose(found, truth.change[row], atol=1e-6)
        assert np.isclose(panel.scores.score[row], found[np.abs(found).argmax()])


def test_expression_of_a_gene_without_factors_is_the_sum_of_its_variants():
    alone = RegulatoryConfig(
        n_train=30,
        n_test=5,
        n_chromosome=2,
        n_gene=15,
        n_variant=2000,
        n_factor=3,
        n_causal_gene=7,
        trans_scale=0.0,
    )
    panel = simulate_regulatory(alone, rng=np.random.default_rng(7))
    dosage = np.concatenate([panel.train.call_dosage, panel.test.call_dosage])
    truth = panel.truth
    expected = np.zeros((35, 15))
    for row, (place, gene) in enumerate(
        zip(truth.variant, truth.variant_gene, strict=True)
    ):
        effect = truth.change[row] @ truth.activity
        expected[:, gene] += dosage[:, place] / 2 * effect
    assert np.allclose(truth.expression, expected)


def test_the_trait_has_its_heritability_and_lines_are_inbred(panel):
    assert set(np.unique(panel.train.call_dosage)) <= {0, 2}
    assert panel.truth.genetic.shape == (71,)
    assert panel.truth.genetic.std() == pytest.approx(1.0)
    noise = panel.trait - panel.truth.genetic[:60]
    assert noise.std() == pytest.approx(1.0, abs=0.3)
    measured = ~np.isnan(panel.measured).any(axis=1)
    assert measured.sum() == 30


def test_the_same_seed_gives_the_same_panel(panel):
    again = simulate_regulatory(SMALL, rng=np.random.default_rng(2))
    assert np.array_equal(again.trait, panel.trait)


@pytest.mark.parametrize(
    "wrong", [{"h2": 0.0}, {"n_causal_gene": 999}, {"n_variant": 10**6}]
)
def test_impossible_sizes_are_refused(wrong):
    with pytest.raises(ConfigError, match=next(iter(wrong))):
        RegulatoryConfig(**wrong)
