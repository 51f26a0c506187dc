from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.plan.toys import omics_panel

from meristem.config.models import AutoOptions, LearnOptions
from meristem.errors import DataError, PlanError
from meristem.knowledge.build import Knowledge
from meristem.knowledge.graph import make_graph
from meristem.models.catalog import build, restore
from meristem.plan.compile import make_plan
from meristem.plan.learned.of_options import is_learned, learned_network
from meristem.records import Dataset, Genotypes

QUICK = {"fit": "descent", "epochs": 40, "patience": 40, "seeds": 1, "inner_folds": 2}


def panel(seed=3):
    return omics_panel(seed, 80, 14, n_gene=40, p=100)


def options(graph="learned", **update):
    learn = LearnOptions(**{"n_genes": 12, "variants_per_gene": 5} | update)
    return AutoOptions(graph=graph, omics="soft", learn=learn, **QUICK)


def curated_plan():
    simulated = panel()
    kinds = dict.fromkeys(simulated.genes.gene_id.tolist(), "gene")
    kinds |= {name: "term" for name, _ in simulated.pathways}
    pairs = [(gene, name) for name, genes in simulated.pathways for gene in genes]
    ids = simulated.train.genotypes.variants.variant_id
    windows = zip(simulated.genes.gene_id.tolist(), simulated.cis_window, strict=True)
    claims = [(gene, str(ids[v])) for gene, window in windows for v in window]
    graph = make_graph(
        kinds, [pair[0] for pair in pairs], [pair[1] for pair in pairs], claims=claims
    )
    return make_plan(Knowledge(graph), simulated.train.genotypes.variants)


def fit(dataset, chosen, plan=None, seed=1):
    return build(chosen, plan).fit(dataset, rng=np.random.default_rng(seed))


def test_a_network_is_learned_without_any_knowledge():
    simulated = panel()
    fitted = fit(simulated.train, options())
    assert fitted.plan.n_node == 12
    assert fitted.plan.node_level.max() == 0
    value = fitted.predict(simulated.test).value
    assert value.shape == (14, 1)
    again = restore(fitted.state())
    assert again.plan.hash == fitted.plan.hash
    assert again.predict(simulated.test).value == pytest.approx(value, abs=1e-5)


def test_causal_genes_are_in_the_network_more_often_than_by_chance():
    hits = chance = 0.0
    for seed in range(5):
        simulated = panel(seed)
        fitted = fit(simulated.train, options(n_genes=8))
        causal = simulated.truth.causal_gene
        hits += np.isin(fitted.plan.node_name, causal).sum()
        chance += 8 * causal.size / 40
    assert hits > 1.25 * chance


def test_curated_terms_stand_on_learned_genes_and_windows_come_from_the_plan():
    fitted = fit(
        panel().train, options("both", n_genes=30, trans=False), curated_plan()
    )
    plan = fitted.plan
    assert set(plan.node_kind) == {"gene", "term"}
    assert plan.levels[0].n_node == 30
    windows = {
        gene: set(window.tolist())
        for gene, window in zip(
            panel().genes.gene_id.tolist(), panel().cis_window, strict=True
        )
    }
    level = plan.levels[0]
    for row, variant in zip(level.variant_row, level.variant_col, strict=True):
        assert int(variant) in windows[str(plan.node_name[row])]
    alone = fit(panel().train, options(n_genes=30), curated_plan())
    assert set(alone.plan.node_kind) == {"gene"}


@pytest.mark.parametrize("null", ["shuffled", "random"])
def test_controls_rewire_what_was_learned(null):
    train = panel().train
    rng = np.random.default_rng

    def plan(kind):
        return learned_network(train, options(null=kind), None, (), rng(0))

    true, control = plan("none"), plan(null)
    assert control.node_name.tolist() == true.node_name.tolist()
    assert control.n_edge == true.n_edge
    assert control.hash != true.hash


def test_no_fitted_number_depends_on_the_test_rows():
    simulated = panel()
    train = simulated.train
    rows = np.arange(0, 80, 2)
    other = np.arange(1, 80, 2)
    mixed = np.arange(80)
    mixed[other] = np.random.default_rng(0).permutation(other)
    table, phenotypes = train.omics[0], train.phenotypes
    changed = Dataset(
        Genotypes(
            train.sample_id,
            train.genotypes.variants,
            train.genotypes.call_dosage[mixed],
        ),
        replace(phenotypes, value=phenotypes.value[mixed]),
        (replace(table, value=table.value[mixed]),),
        train.groups,
    )
    one = fit(train.take(rows), options()).state()
    two = fit(changed.take(rows), options()).state()
    assert one.arrays.keys() == two.arrays.keys()
    for name, array in one.arrays.items():
        assert np.array_equal(array, two.arrays[name]), name


def test_the_order_of_new_lines_does_not_matter():
    simulated = panel()
    fitted = fit(simulated.train, options())
    order = np.random.default_rng(0).permutation(14)
    one = fitted.predict(simulated.test).value[order]
    two = fitted.predict(simulated.test.take_samples(order)).value
    assert one == pytest.approx(two, abs=1e-6)


def test_what_cannot_be_learned_is_said():
    simulated = panel()
    with pytest.raises(PlanError, match="needs curated knowledge"):
        fit(simulated.train, options("both"))
    with pytest.raises(DataError, match="no omics to learn"):
        fit(replace(simulated.train, omics=()), options())
    rng = np.random.default_rng(0)
    with pytest.raises(DataError, match="7 training rows have omics"):
        learned_network(simulated.train.take(np.arange(7)), options(), None, (), rng)
    assert not is_learned(AutoOptions())
    assert is_learned(options("both"))
