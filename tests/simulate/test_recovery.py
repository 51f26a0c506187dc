import numpy as np
import pytest

from meristem.errors import ConfigError
from meristem.simulate.recovery import RecoveryConfig, simulate_recovery

SMALL = {
    "n_train": 60,
    "n_test": 24,
    "n_chromosome": 3,
    "variants_per_chromosome": 110,
    "n_gene": 50,
    "n_regulator": 6,
    "n_pathway": 9,
    "pathway_size": 8,
    "causal_genes_per_pathway": 4,
}


def panel(seed=1, **options):
    config = RecoveryConfig(**(SMALL | options))
    return simulate_recovery(config, rng=np.random.default_rng(seed))


def test_defaults_are_the_benchmark():
    # Section 1 of the fact sheet.
    config = RecoveryConfig()
    assert (config.n_chromosome, config.variants_per_chromosome) == (10, 2000)
    assert (config.n_founder, config.n_ancestor, config.ancestor_tract) == (12, 40, 30)
    assert (config.n_subpopulation, config.ancestors_per_subpopulation) == (4, 14)
    assert config.line_tract == 200
    assert (config.n_gene, config.window, config.cis_causal) == (2000, 20, 3)
    assert (config.n_regulator, config.regulators_per_gene) == (60, 2)
    assert (config.trans_scale, config.reliability) == (0.5, 0.6)
    assert (config.n_pathway, config.pathway_size) == (100, 20)
    assert config.causal_genes_per_pathway == 10
    assert (config.pathway_share, config.h2, config.n_test) == (0.8, 0.5, 300)


def test_shapes_and_names():
    made = panel()
    assert made.train.genotypes.call_dosage.shape == (60, 330)
    assert made.test.call_dosage.shape == (24, 330)
    assert set(np.unique(made.test.call_dosage)) == {0, 2}
    assert not set(made.train.sample_id) & set(made.test.sample_id)
    assert made.test_groups.sample_id.tolist() == made.test.sample_id.tolist()
    assert made.test_expression.sample_id.tolist() == made.test.sample_id.tolist()
    assert made.cis_window.shape == (50, 20)
    assert np.bincount(made.genes.gene_contig.astype(int))[1:].tolist() == [17, 17, 16]
    assert (made.genes.gene_end > made.genes.gene_start).all()


def test_windows_surround_their_genes():
    made = panel()
    table = made.train.genotypes.variants
    contig = table.variant_contig[made.cis_window]
    assert (contig == made.genes.gene_contig[:, None]).all()
    position = table.variant_position[made.cis_window]
    inside = (position.min(1) <= made.genes.gene_end) & (
        position.max(1) >= made.genes.gene_start
    )
    assert inside.all()


def test_trait_is_the_function_of_the_activities():
    made = panel(pathway_share=1.0)
    a = made.truth.activity

    def z(x):
        return (x - x.mean()) / x.std()

    value = z(np.tanh(2 * a[:, 0])) + z(np.clip(2 * a[:, 1], 0, None))
    value += z(a[:, 2] ** 2) + z(np.tanh(2 * a[:, 3])) + z(a[:, 4])
    value += a[:, 0] * a[:, 1]
    np.testing.assert_allclose(made.truth.genetic, z(value), atol=1e-9)
    np.testing.assert_array_equal(made.train_genetic, made.truth.genetic[:60])
    np.testing.assert_array_equal(made.test_genetic, made.truth.genetic[60:])


def test_activities_are_sums_over_genes_of_the_causal_pathways():
    made = panel()
    row = {name: i for i, name in enumerate(made.genes.gene_id.tolist())}
    sets = dict(made.pathways)
    assert len(sets) == 9
    used = set()
    for k, name in enumerate(made.truth.causal_pathway):
        genes = [row[gene] for gene in sets[name] if gene in made.truth.causal_gene]
        x = made.truth.expression[:, genes]
        x = np.column_stack([np.ones(84), x])
        fit = x @ np.linalg.lstsq(x, made.truth.activity[:, k], rcond=None)[0]
        np.testing.assert_allclose(fit, made.truth.activity[:, k], atol=1e-8)
        assert 4 <= len(genes) <= 8
        used |= set(genes)
    assert {made.genes.gene_id[i] for i in used} >= set(made.truth.causal_gene)


def test_names_and_order_do_not_betray_the_causal_pathways():
    first = [panel(seed).truth.causal_pathway for seed in range(6)]
    assert len({name for names in first for name in names}) > 5
    for name, genes in panel().pathways:
        assert list(genes) == sorted(genes), name
        assert len(set(genes)) == 8


def test_share_of_the_polygenic_part():
    made = panel(n_train=3000, pathway_share=0.8)
    dosage = made.train.genotypes.call_dosage.astype(float)
    dosage = np.concatenate([dosage, made.test.call_dosage])
    spread = dosage.std(0)
    spread[spread == 0] = 1
    polygenic = ((dosage - dosage.mean(0)) / spread) @ made.truth.polygenic_effect
    polygenic = (polygenic - polygenic.mean()) / polygenic.std()
    through_pathways = made.truth.genetic - polygenic * (
        np.cov(made.truth.genetic, polygenic)[0, 1] / polygenic.var()
    )
    assert through_pathways.var() > 0.4
    assert np.corrcoef(made.truth.genetic, polygenic)[0, 1] > 0.2


def test_additive_trait_is_linear_in_expression_and_its_pathways_are_random():
    made = panel(trait="additive", pathway_share=1.0)
    total = made.truth.activity.sum(axis=1)
    expected = (total - total.mean()) / total.std()
    np.testing.assert_allclose(made.truth.genetic, expected, atol=1e-9)
    assert made.truth.causal_pathway == ()
    with_pathways = panel()
    np.testing.assert_array_equal(made.truth.activity, with_pathways.truth.activity)
    assert made.pathways != with_pathways.pathways


@pytest.mark.parametrize("reliability", [0.6, 1.0])
def test_measured_expression_has_the_reliability(reliability):
    made = panel(n_train=500, reliability=reliability)
    measured = made.train.omics[0].value
    truth = made.truth.expression[:500]
    r = [np.corrcoef(measured[:, g], truth[:, g])[0, 1] ** 2 for g in range(50)]
    assert np.mean(r) == pytest.approx(reliability, abs=0.02)


def test_expression_on_a_share_of_the_training_lines():
    made = panel(measured_share=0.25)
    value = made.train.omics[0].value
    assert np.isnan(value).all(axis=1).sum() == 45
    assert np.isfinite(made.test_expression.value).all()
    whole = panel().train.omics[0].value
    kept = ~np.isnan(value).all(axis=1)
    np.testing.assert_array_equal(value[kept], whole[kept])


def test_heritability_and_noise():
    made = panel(n_train=4000, h2=0.5)
    noise = made.train.phenotypes.value[:, 0] - made.train_genetic
    assert noise.var() == pytest.approx(1.0, rel=0.08)
    assert abs(np.corrcoef(noise, made.train_genetic)[0, 1]) < 0.05


def test_subpopulations_alternate_and_differ():
    made = panel(n_train=400)
    label = made.train.groups.column("subpopulation")
    assert label[:5].tolist() == ["pop_1", "pop_2", "pop_3", "pop_4", "pop_1"]
    assert made.test_groups.column("subpopulation")[0] == "pop_1"
    dosage = made.train.genotypes.call_dosage.astype(float)
    between = np.var(
        [dosage[label == name].mean(0) for name in np.unique(label)], axis=0
    )
    mixed = np.random.default_rng(0).permutation(label)
    chance = np.var(
        [dosage[mixed == name].mean(0) for name in np.unique(label)], axis=0
    )
    assert between.mean() > 2 * chance.mean()


def test_same_seed_same_panel():
    one, two, other = panel(3), panel(3), panel(4)
    np.testing.assert_array_equal(one.train.omics[0].value, two.train.omics[0].value)
    assert one.pathways == two.pathways
    assert not np.array_equal(one.test_genetic, other.test_genetic)


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"h2": 0.0}, "h2 is 0.0"),
        ({"measured_share": 1.1}, "measured_share is 1.1"),
        ({"n_regulator": 51}, "n_regulator is 51"),
        ({"window": 111}, "window is 111"),
        ({"n_pathway": 4}, "n_pathway is 4"),
    ],
)
def test_wrong_requests_are_refused(options, named):
    with pytest.raises(ConfigError, match=named):
        panel(**options)


@pytest.mark.slow
def test_full_size_gblup_reaches_the_sheet():
    """GBLUP at n = 600: .276 over 4 replicates in the sheet, spread about .03."""
    reached = []
    for seed in range(4):
        made = simulate_recovery(RecoveryConfig(), rng=np.random.default_rng(seed))
        train = made.train.genotypes.call_dosage.astype(np.float32)
        test = made.test.call_dosage.astype(np.float32)
        keep = train.std(0) > 0
        mean, spread = train[:, keep].mean(0), train[:, keep].std(0)
        train, test = (train[:, keep] - mean) / spread, (test[:, keep] - mean) / spread
        y = made.train.phenotypes.value[:, 0]
        kernel = train @ train.T / keep.sum()
        solved = np.linalg.solve(kernel + 2 * np.eye(600), y - y.mean())
        predicted = test @ (train.T @ solved)
        reached.append(np.corrcoef(predicted, made.test_genetic)[0, 1])
    assert np.mean(reached) == pytest.approx(0.28, abs=0.06)
