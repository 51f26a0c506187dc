import tomllib

import numpy as np
import pytest

from meristem.errors import ConfigError
from meristem.simulate.bud_equations import bud_delay, node_values
from meristem.simulate.shoot_branching import (
    EDGES,
    EFFECT_SUM,
    QTL_NODES,
    domain_graph_toml,
    plant_dataset,
    plant_genotypes,
    simulate_shoot_branching,
)


def population(seed=1, n_train=30, n_test=20, **options):
    rng = np.random.default_rng(seed)
    return simulate_shoot_branching(n_train=n_train, n_test=n_test, rng=rng, **options)


def test_trait_follows_from_dosage_locus_by_locus():
    simulated = population(n_null=3, effects="simplex")
    plants = simulated.test
    assert plants.dosage.shape == (20, 43)
    for i in range(20):
        inputs = [0.0, 0.0, 0.0, 0.0]
        for locus in range(40):
            node = simulated.qtl_node[locus]
            inputs[node] += plants.dosage[i, locus] * simulated.qtl_effect[locus]
        nodes = node_values(*inputs)[0]
        np.testing.assert_allclose(plants.node_value[i], nodes)
        assert plants.genetic_raw[i] == pytest.approx(bud_delay(nodes[4]))


@pytest.mark.parametrize("effects", ["uniform", "equal", "simplex"])
def test_effects_are_positive_and_sum_to_the_sheet(effects):
    simulated = population(effects=effects)
    for node, total in enumerate(EFFECT_SUM):
        effect = simulated.qtl_effect[simulated.qtl_node == node]
        assert effect.size == 10
        assert effect.sum() == pytest.approx(total)
        assert effect.min() > 0
        if effects == "simplex":
            assert effect.min() >= 0.001
            assert effect.max() <= total / 2
    if effects == "equal":
        assert np.unique(simulated.qtl_effect.round(9)).size == 3


def test_f2_frequencies():
    dosage = population(n_train=4000).train.dosage
    share = [(dosage == copies).mean() for copies in (0, 1, 2)]
    np.testing.assert_allclose(share, [0.25, 0.5, 0.25], atol=0.01)


def test_linked_loci_follow_haldane():
    simulated = population(n_train=6000, linkage="linked")
    dosage = simulated.train.dosage.astype(float)
    correlation = np.corrcoef(dosage[:, :40].T)
    # In an F2 in coupling the correlation of dosages is 1 - 2 r = exp(-2 d).
    assert correlation[0, 1] == pytest.approx(np.exp(-2 / 9), abs=0.03)
    assert correlation[0, 9] == pytest.approx(np.exp(-2), abs=0.04)
    assert correlation[9, 10] == pytest.approx(0.0, abs=0.04)


def test_null_loci_lie_between_their_neighbours_when_linked():
    simulated = population(n_train=3000, linkage="linked", n_null=5)
    table = simulated.variants
    position = table.variant_position.astype(float)
    for null in range(40, 45):
        same = np.flatnonzero(table.variant_contig[:40] == table.variant_contig[null])
        nearest = same[np.argmin(np.abs(position[same] - position[null]))]
        r = np.corrcoef(simulated.train.dosage[:, [nearest, null]].T)[0, 1]
        assert r > 0.8


def test_unlinked_loci_are_independent():
    dosage = population(n_train=6000).train.dosage.astype(float)
    correlation = np.corrcoef(dosage.T) - np.eye(40)
    assert np.abs(correlation).max() < 0.07


@pytest.mark.parametrize("h2", [0.3, 0.8])
def test_noise_has_the_variance_of_the_sheet(h2):
    simulated = population(n_train=20_000, h2=h2)
    plants = simulated.train
    noise = plants.phenotype - plants.genetic
    expected = plants.genetic.var() * (1 - h2) / h2
    assert noise.var() == pytest.approx(expected, rel=0.05)
    assert abs(np.corrcoef(noise, plants.genetic)[0, 1]) < 0.03


def test_without_noise_phenotype_is_genetic():
    plants = population(h2=1.0).train
    np.testing.assert_array_equal(plants.phenotype, plants.genetic)


def test_clipping_caps_the_truth_and_keeps_the_raw_value():
    plants = population(n_train=4000, effects="simplex", linkage="linked").train
    assert plants.genetic.max() == 12.0
    assert plants.genetic_raw.max() > 12.0
    below = plants.genetic_raw < 12.0
    np.testing.assert_array_equal(plants.genetic[below], plants.genetic_raw[below])


@pytest.mark.parametrize(
    ("effects", "linkage", "low", "high"),
    [
        # Smallest and largest of 40 draws, n = 20,000: fact sheet, section 4.
        ("equal", "unlinked", 0.90, 0.91),
        ("uniform", "unlinked", 0.88, 0.90),
        ("simplex", "unlinked", 0.86, 0.89),
        ("uniform", "linked", 0.83, 0.89),
    ],
)
def test_additive_share_of_the_clipped_trait(effects, linkage, low, high):
    simulated = population(
        seed=3, n_train=20_000, n_test=0, effects=effects, linkage=linkage
    )
    x = np.column_stack([np.ones(20_000), simulated.train.dosage])
    y = simulated.train.genetic
    residual = y - x @ np.linalg.lstsq(x, y, rcond=None)[0]
    r2 = 1 - residual.var() / y.var()
    assert low - 0.01 < r2 < high + 0.01


def test_streams_are_separate():
    small = population(n_train=30, h2=0.3, labels=0.1)
    large = population(n_train=40, h2=1.0, labels=0.5, n_null=7)
    np.testing.assert_array_equal(small.qtl_effect, large.qtl_effect)
    np.testing.assert_array_equal(small.qtl_node, large.qtl_node)
    again = population(n_train=40, h2=0.5)
    np.testing.assert_array_equal(small.test.dosage, again.test.dosage)
    np.testing.assert_array_equal(small.train.dosage, again.train.dosage[:30])
    other = population(seed=2)
    assert not np.array_equal(small.qtl_effect, other.qtl_effect)


def test_more_labels_keep_the_labelled_rows():
    few = population(labels=0.1).train
    many = population(labels=0.5).train
    assert few.labelled.sum() == 3
    assert many.labelled.sum() == 15
    assert many.labelled[few.labelled].all()
    np.testing.assert_array_equal(
        few.metabolite[few.labelled], few.node_value[few.labelled]
    )
    assert np.isnan(few.metabolite[~few.labelled]).all()
    assert not population(labels=1.0).test.labelled.any()


def test_metabolite_noise_is_in_units_of_the_node():
    plants = population(n_train=8000, labels=1.0, metabolite_noise=0.5).train
    error = plants.metabolite - plants.node_value
    ratio = error.std(0) / plants.node_value.std(0)
    np.testing.assert_allclose(ratio, 0.5, rtol=0.05)


def test_dataset_has_metabolites_on_labelled_rows_only():
    simulated = population(labels=0.5, n_null=2)
    dataset = plant_dataset(simulated, simulated.train)
    assert dataset.genotypes.call_dosage.shape == (30, 42)
    (table,) = dataset.omics
    assert table.name == "metabolites"
    assert table.feature_id.tolist() == ["A", "S", "CK", "SL", "I"]
    assert (~np.isnan(table.value)).all(1).sum() == 15
    np.testing.assert_array_equal(
        dataset.phenotypes.value[:, 0], simulated.train.phenotype
    )
    assert plant_dataset(population(), population().train).omics == ()
    assert plant_genotypes(simulated, simulated.test).n_sample == 20


def test_graph_names_every_qtl_once_and_every_edge():
    simulated = population()
    graph = tomllib.loads(domain_graph_toml(simulated))
    assert graph["trait_parents"] == ["I"]
    names = [node["name"] for node in graph["nodes"]]
    assert names == [*QTL_NODES, "A", "S", "CK", "SL", "I"]
    named = [v for node in graph["nodes"] for v in node.get("variants", [])]
    assert sorted(named) == sorted(simulated.variants.variant_id[:40])
    edges = {(e["source"], e["target"], e["sign"]) for e in graph["edges"]}
    assert edges == set(EDGES)
    assert len(edges) == 10
    first = graph["nodes"][0]["variants"]
    assert first == simulated.variants.variant_id[simulated.qtl_node == 0].tolist()


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"h2": 0.0}, "h2 is 0.0"),
        ({"h2": 1.5}, "h2 is 1.5"),
        ({"labels": -0.1}, "labels is -0.1"),
        ({"effects": "normal"}, "effects is 'normal'"),
        ({"linkage": "loose"}, "linkage is 'loose'"),
        ({"constants": "mine"}, "constants is 'mine'"),
    ],
)
def test_wrong_requests_are_refused(options, named):
    with pytest.raises(ConfigError, match=named):
        population(**options)
