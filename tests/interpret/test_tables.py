from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from meristem.interpret.attribution.gradients import (
    gene_effects,
    node_effects,
    variant_effects,
)
from meristem.interpret.biology.scans import gwas
from meristem.interpret.importance.sensitivity import clamping_sensitivity
from meristem.interpret.importance.shuffled_labels import Corrected
from meristem.interpret.tables import (
    GENE_COLUMNS,
    NODE_COLUMNS,
    VARIANT_COLUMNS,
    gene_table,
    node_table,
    variant_table,
)
from meristem.records import GeneTable


@pytest.fixture
def parts(network, data_factory):
    fitted, data = network(), data_factory(n_sample=31)
    found = clamping_sensitivity(fitted, data.genotypes)
    return fitted, data, found


def nodes(parts, **options):
    fitted, data, found = parts
    gradient = node_effects(fitted, data.genotypes)
    return node_table(fitted.plan, "binn", data.phenotypes, found, gradient, **options)


def test_node_table_follows_the_contract(parts):
    table = nodes(parts)
    assert list(table.columns) == list(NODE_COLUMNS)
    assert len(table) == 8
    found = parts[2]
    for trait, target in (("yield", 0), ("height", 1)):
        part = table[table["trait"] == trait].set_index("node")
        assert part["rank"].tolist() == sorted(part["rank"])
        for k, name in enumerate(found.node_name):
            row = part.loc[name]
            assert row["sensitivity"] == pytest.approx(found.mean()[k, target])
            assert row["sensitivity_low"] <= row["sensitivity"]
    height = table[table["trait"] == "height"].set_index("node")
    assert height.loc["g3", "rank"] == 1
    assert height.loc["g3", "gradient"] < 0
    assert table.set_index("node").loc["term", "n_parents"].tolist() == [2, 2]


def test_agreement_and_null_are_joined_by_name(parts):
    agreement = pd.DataFrame(
        {
            "node": ["g2", "g2", "elsewhere"],
            "omics": ["a", "b", "a"],
            "agreement": [0.2, 0.6, 0.9],
            "agreement_low": [0.1, 0.5, 0.8],
            "agreement_high": [0.3, 0.7, 1.0],
            "agreement_p": [0.5, 0.01, 0.01],
        }
    )
    numbers = np.array([0.3, 0.04])
    corrected = Corrected(np.array(["term", "g1"]), numbers, numbers, 2 * numbers)
    tested = pd.DataFrame(
        {
            "node": ["g3", "g1"],
            "trait": ["height", "yield"],
            "environment": "",
            "held_slope": [0.9, 1.1],
            "held_p": [0.2, 0.3],
            "held_q": [0.4, 0.6],
        }
    )
    table = nodes(parts, agreement=agreement, null={0: corrected}, further=(tested,))
    first = table[table["trait"] == "yield"].set_index("node")
    assert first.loc["g2", "agreement"] == 0.6
    assert first.loc["g2", "measured_in"] == "b"
    assert first.loc["g1", "measured_in"] == ""
    assert np.isnan(first.loc["g1", "agreement"])
    assert first.loc["g1", "null_q"] == 0.04
    assert first.loc["g1", "null_high"] == 0.08
    assert np.isnan(first.loc["g3", "null_q"])
    assert first.loc["g1", "held_p"] == 0.3
    assert np.isnan(first.loc["g3", "held_slope"])
    height = table[table["trait"] == "height"].set_index("node")
    assert height.loc["g3", "held_q"] == 0.4
    assert table.loc[table["trait"] == "height", "null_q"].isna().all()


def test_variant_table_follows_the_contract(parts):
    fitted, data, _ = parts
    effects = variant_effects(fitted, data.genotypes)
    scan = gwas(data).sample(frac=1, random_state=1)
    table = variant_table(fitted.plan, data.phenotypes, effects, scan)
    assert list(table.columns) == list(VARIANT_COLUMNS)
    assert len(table) == 18
    row = table[(table["variant_id"] == "v2") & (table["trait"] == "yield")].iloc[0]
    assert row["gene"] == "g1;g2"
    assert row["position"] == 30
    assert row["effect_total"] == row["effect_network"] + row["effect_polygenic"]
    same = scan[(scan["variant_id"] == "v2") & (scan["trait"] == "yield")]
    assert row["gwas_p"] == same["p"].item()
    assert table.loc[table["variant_id"] == "v8", "gene"].tolist() == ["", ""]
    without = variant_table(fitted.plan, data.phenotypes, effects)
    assert without["gwas_p"].isna().all()


def test_gene_table_follows_the_contract(parts):
    fitted, data, found = parts
    effects = variant_effects(fitted, data.genotypes)
    genes = gene_effects(fitted.plan, effects, data.genotypes)
    places = GeneTable(
        np.array(["other", "g2"]),
        np.array(["9", "1"]),
        np.array([0, 100]),
        np.array([10, 200]),
        np.array(["+", "-"]),
    )
    table = gene_table(fitted.plan, data.phenotypes, genes, found, places)
    assert list(table.columns) == list(GENE_COLUMNS)
    first = table[table["trait"] == "yield"].set_index("gene")
    assert first.loc["g2", "position"] == 151  # 100..200, end excluded, 1-based
    # no gene position: the middle of its variants
    assert (first.loc["g1", "contig"], first.loc["g1", "position"]) == ("1", 20)
    row = found.node_name.tolist().index("g3")
    assert first.loc["g3", "sensitivity"] == pytest.approx(found.mean()[row, 0])
    assert first["n_variants"].tolist() == [3, 3, 1]
