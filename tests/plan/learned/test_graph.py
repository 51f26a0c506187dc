from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.plan.toys import omics_panel

from meristem.config.models import LearnOptions
from meristem.errors import DataError, PlanError
from meristem.knowledge.build import Knowledge
from meristem.knowledge.graph import make_graph
from meristem.knowledge.levels import node_levels
from meristem.plan.learned.graph import learn_graph
from meristem.records import Dataset, Genotypes, OmicsTable


def panel(seed=1, n_train=90):
    return omics_panel(seed, n_train, 12, n_gene=60, p=150)


def learn(dataset, knowledge=None, positions=None, seed=0, **options):
    return learn_graph(
        dataset,
        LearnOptions(**options),
        rng=np.random.default_rng(seed),
        knowledge=knowledge,
        genes=positions,
    )


def same(one, other):
    return (
        one.node_name.tolist() == other.node_name.tolist()
        and one.gene.tolist() == other.gene.tolist()
        and one.variant.tolist() == other.variant.tolist()
        and np.array_equal(one.p, other.p, equal_nan=True)
        and one.edge_source == other.edge_source
        and one.edge_target == other.edge_target
    )


@pytest.mark.parametrize("method", ["elastic_net", "twas"])
def test_causal_genes_are_found_more_often_than_by_chance(method):
    hits = chance = 0.0
    for seed in (1, 2, 3):
        simulated = panel(seed)
        found = learn(simulated.train, genes=method, n_genes=12)
        assert found.node_name.size == 12
        causal = simulated.truth.causal_gene
        hits += np.isin(found.node_name, causal).sum()
        chance += 12 * causal.size / 60
    assert hits > 1.3 * chance


def test_causal_variants_are_found_more_often_than_by_chance():
    simulated = panel()
    found = learn(simulated.train, genes="all", variants_per_gene=5)
    window = simulated.cis_window
    number = {name: k for k, name in enumerate(simulated.genes.gene_id.tolist())}
    inside = [
        variant in window[number[name]]
        for name, variant in zip(
            found.node_name[found.gene].tolist(), found.variant.tolist(), strict=True
        )
    ]
    # a window holds 20 of 300 variants
    assert np.mean(inside) > 0.25
    assert np.bincount(found.gene).tolist() == [5] * 60
    for gene in range(60):
        assert (np.diff(found.p[found.gene == gene]) >= 0).all()


def test_nothing_outside_the_training_rows_matters():
    simulated = panel()
    rows = np.arange(0, 90, 2)
    rng = np.random.default_rng(5)
    train = simulated.train
    other = np.setdiff1d(np.arange(90), rows)
    shuffled = np.arange(90)
    shuffled[other] = rng.permutation(other)
    table = train.omics[0]
    value = table.value.copy()
    value[other] = 1e9
    phenotype = train.phenotypes.value[shuffled]
    phenotype[other] *= 3
    changed = Dataset(
        Genotypes(
            train.sample_id,
            train.genotypes.variants,
            train.genotypes.call_dosage[shuffled],
        ),
        replace(train.phenotypes, value=phenotype),
        (replace(table, value=value),),
        train.groups,
    )
    options = {"n_genes": 10, "gene_edges": "modules"}
    one = learn(train.take(rows), **options)
    assert same(one, learn(changed.take(rows), **options))
    whole = learn(train, **options)
    assert not same(one, whole)


def test_lines_with_omics_alone_serve_the_scan():
    simulated = panel()
    train = simulated.train
    value = train.phenotypes.value.copy()
    value[60:] = np.nan
    part = replace(train, phenotypes=replace(train.phenotypes, value=value))
    first = train.take(np.arange(60))
    one, other = learn(part, n_genes=8), learn(first, n_genes=8)
    # they have a say in the features' scale, not in what goes with the trait
    assert one.node_name[:4].tolist() == other.node_name[:4].tolist()
    assert len(set(one.node_name) & set(other.node_name)) >= 6
    assert not np.array_equal(one.p, other.p)


def test_lines_without_omics_count_for_nothing():
    simulated = panel()
    train = simulated.train
    table = train.omics[0]
    value = table.value.copy()
    value[70:] = np.nan
    part = replace(train, omics=(replace(table, value=value),))
    assert same(learn(part, n_genes=8), learn(train.take(np.arange(70)), n_genes=8))


def test_genes_that_do_not_vary_are_no_nodes():
    train = panel().train
    table = train.omics[0]
    value = table.value.copy()
    value[:, 10] = 4.0
    value[:, 11] = np.nan
    part = replace(train, omics=(replace(table, value=value),))
    found = learn(part, genes="all")
    assert found.node_name.size == 58
    assert not set(table.feature_id[[10, 11]]) & set(found.node_name)


def test_features_stand_for_their_nodes_and_each_node_is_taken_once():
    train = panel().train
    table = train.omics[0]
    node = table.node_name.copy()
    node[:2] = "twin"
    node[2] = ""
    again = OmicsTable(
        "metabolites",
        table.sample_id,
        np.array(["m1", "m2"]),
        np.array([str(table.node_name[5]), "sugar"]),
        table.value[:, 20:22],
    )
    part = replace(train, omics=(replace(table, node_name=node), again))
    found = learn(part, genes="all", variants_per_gene=2)
    names = found.node_name.tolist()
    assert len(names) == len(set(names)) == 60
    assert names.count("twin") == 1
    assert str(table.feature_id[2]) in names
    assert "sugar" in names
    assert found.omics.tolist().count("metabolites") == 1
    # the second table's genes come after those of the first
    sugar = names.index("sugar")
    assert (found.gene == sugar).sum() == 2
    alone = learn(part, genes="all", variants_per_gene=2, omics="metabolites")
    assert alone.node_name.tolist() == [str(table.node_name[5]), "sugar"]
    assert alone.variant[2:].tolist() == found.variant[found.gene == sugar].tolist()


def test_the_nearest_variants_of_the_cis_window():
    simulated = panel()
    found = learn(
        simulated.train,
        positions=simulated.genes,
        variants="cis",
        variants_per_gene=3,
        n_genes=5,
    )
    assert found.cis.all()
    assert np.isnan(found.p).all()
    number = {name: k for k, name in enumerate(simulated.genes.gene_id.tolist())}
    position = simulated.train.genotypes.variants.variant_position
    contig = simulated.train.genotypes.variants.variant_contig
    for gene, name in enumerate(found.node_name.tolist()):
        place = number[name]
        middle = (simulated.genes.gene_start + simulated.genes.gene_end)[place] / 2
        distance = np.abs(position - 0.5 - middle)
        distance[contig != simulated.genes.gene_contig[place]] = np.inf
        nearest = np.sort(distance)[:3]
        chosen = np.sort(distance[found.variant[found.gene == gene]])
        assert chosen == pytest.approx(nearest, abs=1001)


def test_claims_of_knowledge_are_cis_windows():
    simulated = panel()
    ids = simulated.train.genotypes.variants.variant_id
    claims = [
        (name, str(ids[v]))
        for name, window in zip(
            simulated.genes.gene_id.tolist(), simulated.cis_window, strict=True
        )
        for v in window
    ]
    kinds = dict.fromkeys(simulated.genes.gene_id.tolist(), "gene")
    known = Knowledge(make_graph(kinds, claims=claims))
    found = learn(simulated.train, known, trans=False, n_genes=6)
    assert found.cis.all()
    assert np.bincount(found.gene).tolist() == [20] * 6


def test_a_table_of_variants_is_taken_in_its_order(tmp_path):
    simulated = panel()
    ids = simulated.train.genotypes.variants.variant_id
    gene = simulated.genes.gene_id
    path = tmp_path / "eqtl.csv"
    rows = [(ids[k], gene[7]) for k in (90, 4, 55)] + [(ids[3], gene[9])]
    path.write_text("variant,gene\n" + "\n".join(f"{v},{g}" for v, g in rows) + "\n")
    found = learn(
        simulated.train,
        variants="table",
        table=path,
        variants_per_gene=2,
        genes="all",
    )
    at = found.node_name.tolist().index(str(gene[7]))
    assert found.variant[found.gene == at].tolist() == [90, 4]
    with pytest.raises(PlanError, match="none is named"):
        learn(simulated.train, variants="table")


def test_regulators_and_modules_make_edges_without_cycles():
    simulated = panel(n_train=200)
    by_module = learn(simulated.train, gene_edges="modules", n_genes=60)
    assert {name.split("_")[0] for name in by_module.edge_target} == {
        "expression:module"
    }
    found = learn(
        simulated.train,
        positions=simulated.genes,
        gene_edges="regulators",
        genes="all",
        cis_window_bp=100_000,
    )
    number = {name: k for k, name in enumerate(found.node_name.tolist())}
    source = np.array([number[name] for name in found.edge_source])
    target = np.array([number[name] for name in found.edge_target])
    assert source.size > 0
    assert (node_levels(60, source, target) >= 0).all()
    # four regulators act on all other genes: they are most of the sources
    law = simulated.truth.law
    gene_id = simulated.genes.gene_id
    true = set(gene_id[np.unique(law.regulator)].tolist())
    share = np.mean([name in true for name in found.edge_source])
    assert share > 0.5


def test_few_lines_and_missing_tables_are_refused():
    train = panel().train
    with pytest.raises(DataError, match="9 training rows have omics"):
        learn(train.take(np.arange(9)))
    with pytest.raises(DataError, match="no omics to learn"):
        learn(replace(train, omics=()))
    with pytest.raises(DataError, match="no omics table called 'proteins'"):
        learn(train, omics="proteins")
    with pytest.raises(PlanError, match="no gene positions were given"):
        learn(train, variants="cis")
    far = replace(panel().genes, gene_contig=np.full(60, "scaffold"))
    with pytest.raises(PlanError, match="within 10 bp"):
        learn(train, positions=far, trans=False, cis_window_bp=10)
