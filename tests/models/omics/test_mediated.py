"""Omics-mediated models on a small panel of the recovery simulation."""

from functools import cache

import numpy as np
import pytest
from tests.models.toys import recovery_plan

from meristem.config import models as options
from meristem.errors import ConfigError, DataError
from meristem.mixed.targets import random_inner
from meristem.models.linear.gblup import GBLUP
from meristem.models.omics.gfblup import FeatureBLUP
from meristem.models.omics.mediated import Mediated
from meristem.models.omics.reference import MeasuredOmics
from meristem.plan.learned.of_options import learned_network
from meristem.records import Dataset, OmicsTable
from meristem.simulate.recovery import RecoveryConfig, simulate_recovery

SMALL = RecoveryConfig(
    n_train=240,
    n_test=120,
    n_chromosome=2,
    variants_per_chromosome=250,
    n_gene=60,
    window=8,
    n_regulator=6,
    n_pathway=10,
    pathway_size=8,
    causal_genes_per_pathway=6,
    reliability=0.9,
    h2=0.8,
)


@cache
def panel():
    return simulate_recovery(SMALL, rng=np.random.default_rng(5))


def fit(predictor, dataset=None):
    dataset = panel().train if dataset is None else dataset
    inner = random_inner(dataset.n_sample, np.random.default_rng(1), 3)
    return predictor.fit(dataset, rng=np.random.default_rng(0), inner=inner)


def ability(fitted):
    value = fitted.predict(panel().test).value[:, 0]
    return float(np.corrcoef(value, panel().test_genetic)[0, 1])


def mediated(method, **more):
    chosen = options.MediatedOptions(method=method, **more)
    return Mediated(chosen, recovery_plan(panel()))


@pytest.mark.parametrize(
    "method",
    [
        "goblup",
        "one_kernel",
        "predicted_expression",
        "pathway_reml",
        "pathway_average",
    ],
)
def test_predictions_are_linear_in_the_genotypes_and_near_or_above_gblup(method):
    more = {"set_counts": (0, 2, 5)} if method == "pathway_reml" else {}
    fitted = fit(mediated(method, **more))
    assert ability(fitted) > ability(fit(GBLUP())) - 0.05
    test = panel().test
    scale = fitted.scale
    z = (test.call_dosage - scale.mean) * scale.weight
    assert fitted.predict(test).value == pytest.approx(
        fitted.intercept + z @ fitted.marker_effect
    )


def test_pathway_kernels_find_causal_pathways_and_beat_gblup():
    fitted = fit(mediated("pathway_reml", set_counts=(0, 3, 5)))
    kept = fitted.tuning["kept"][0]
    assert len(kept) > 0
    assert set(kept) & set(panel().truth.causal_pathway)
    assert ability(fitted) > ability(fit(GBLUP())) + 0.02
    assert len(fitted.tuning["variance"][0]) == 3 + len(kept)


def test_set_counts_of_zero_keep_no_pathway():
    fitted = fit(mediated("pathway_reml", set_counts=(0,)))
    assert fitted.tuning["kept"] == [[]]


def test_rows_without_omics_and_rows_without_phenotype_are_used():
    train = panel().train
    table = train.omics[0]
    value = table.value.copy()
    value[150:] = np.nan
    partly = OmicsTable(
        table.name, table.sample_id, table.feature_id, table.node_name, value
    )
    fitted = fit(
        mediated("goblup"), Dataset(train.genotypes, train.phenotypes, (partly,))
    )
    assert ability(fitted) > 0.3


def test_omics_are_required_and_so_is_knowledge_where_used():
    train = panel().train
    bare = Dataset(train.genotypes, train.phenotypes)
    with pytest.raises(DataError, match="needs omics"):
        fit(mediated("goblup"), bare)
    with pytest.raises(DataError, match="needs omics"):
        fit(mediated("pathway_reml"), bare)
    chosen = options.MediatedOptions(method="pathway_reml")
    with pytest.raises(ConfigError, match="needs knowledge"):
        fit(Mediated(chosen, None))


def test_shuffled_expression_earns_the_pathways_nothing():
    train = panel().train
    table = train.omics[0]
    order = np.random.default_rng(2).permutation(train.n_sample)
    shuffled = OmicsTable(
        table.name,
        table.sample_id,
        table.feature_id,
        table.node_name,
        table.value[order],
    )
    dataset = Dataset(train.genotypes, train.phenotypes, (shuffled,))
    spoiled = fit(mediated("pathway_reml"), dataset)
    polygenic, expression = spoiled.tuning["variance"][0][:2]
    assert spoiled.tuning["kept"] == [[]]
    assert expression < 0.05 * polygenic
    assert ability(spoiled) == pytest.approx(ability(fit(GBLUP())), abs=0.03)


def test_feature_blup_needs_knowledge_and_stays_near_gblup():
    chosen = options.FeatureBLUPOptions(max_sets=4)
    fitted = fit(FeatureBLUP(chosen, recovery_plan(panel())))
    assert ability(fitted) > ability(fit(GBLUP())) - 0.05
    with pytest.raises(ConfigError, match="gene sets"):
        fit(FeatureBLUP(chosen, None))


def test_measured_omics_see_more_and_refuse_genotypes_alone():
    fitted = fit(MeasuredOmics())
    with pytest.raises(DataError, match="needs measured omics"):
        fitted.predict(panel().test)
    assert not fitted.needs.deployable
    tables = (panel().test_expression,)
    value = fitted.predict(panel().test, tables).value[:, 0]
    assert np.corrcoef(value, panel().test_genetic)[0, 1] > ability(fit(GBLUP()))
    reordered = OmicsTable(
        tables[0].name,
        tables[0].sample_id,
        tables[0].feature_id[::-1],
        tables[0].node_name[::-1],
        tables[0].value[:, ::-1],
    )
    again = fitted.predict(panel().test, (reordered,)).value[:, 0]
    assert again == pytest.approx(value)


LEARN = options.LearnOptions(n_genes=30, variants_per_gene=6, gene_edges="modules")


@pytest.mark.parametrize("graph", ["learned", "both"])
@pytest.mark.parametrize("kind", ["mediated", "gfblup"])
def test_rivals_learn_the_graph_of_the_network(kind, graph):
    """The plan is that of a network with equal options, rows and inner splits."""
    simulated = panel()
    curated = recovery_plan(simulated)
    inner = random_inner(240, np.random.default_rng(1), 3)
    network = options.BINNOptions(graph=graph, omics="soft", learn=LEARN)
    plan = learned_network(
        simulated.train, network, curated, inner, np.random.default_rng(7)
    )
    if kind == "mediated":
        chosen = options.MediatedOptions(
            method="pathway_average", set_counts=(0, 2), graph=graph, learn=LEARN
        )
        given = chosen.model_copy(update={"graph": "knowledge"})
        learned, fixed = Mediated(chosen, curated), Mediated(given, plan)
    else:
        chosen = options.FeatureBLUPOptions(graph=graph, learn=LEARN)
        given = chosen.model_copy(update={"graph": "knowledge"})
        learned, fixed = FeatureBLUP(chosen, curated), FeatureBLUP(given, plan)
    one = learned.fit(simulated.train, rng=np.random.default_rng(0), inner=inner)
    two = fixed.fit(simulated.train, rng=np.random.default_rng(0), inner=inner)
    np.testing.assert_allclose(one.marker_effect, two.marker_effect, atol=1e-8)
    r = np.corrcoef(one.predict(simulated.test).value[:, 0], simulated.test_genetic)
    assert r[0, 1] > 0.2


def test_a_learned_graph_without_sets_or_knowledge():
    simulated = panel()
    chosen = options.MediatedOptions(
        method="pathway_average",
        graph="learned",
        learn=options.LearnOptions(n_genes=20, variants_per_gene=5),
    )
    fitted = fit(Mediated(chosen))
    assert np.isfinite(fitted.predict(simulated.test).value).all()
    assert fitted.tuning["kept"] == [[]]
    without = options.FeatureBLUPOptions(graph="learned", learn=chosen.learn)
    assert np.isfinite(fit(FeatureBLUP(without)).marker_effect).all()
    with pytest.raises(ConfigError, match="learned"):
        fit(FeatureBLUP(options.FeatureBLUPOptions()))
