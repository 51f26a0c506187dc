from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from meristem.interpret.biology.gene_evidence import COLUMNS, gene_evidence


def nodes() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "node": ["a", "b", "c", "term"],
            "kind": ["gene", "gene", "gene", "term"],
            "trait": "yield",
            "environment": "",
            "sensitivity": [3.0, 2.0, 1.0, 9.0],
            "null_q": [0.5, 0.01, 0.02, 0.01],
        }
    )


def variants() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "variant_id": ["v1", "v2", "v3", "v4"],
            "gene": ["a;b", "a", "c", ""],
            "trait": "yield",
            "environment": "",
            "gwas_p": [0.4, 0.001, np.nan, 1e-9],
        }
    )


def twas() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "feature_id": ["f1", "f2", "f3"],
            "node": ["c", "c", ""],
            "trait": "yield",
            "environment": "",
            "p": [0.9, 1e-4, 1e-9],
        }
    )


def test_every_method_speaks_of_every_gene():
    table = gene_evidence(nodes(), variants(), twas()).set_index("gene")
    assert [*table.index] == ["b", "a", "c"]
    assert table["found_by"].to_dict() == {
        "a": "gwas",
        "b": "network",
        "c": "network;twas",
    }
    # two variants of gene a: its best p is doubled; one of gene b
    assert table.loc["a", "gwas_p"] == pytest.approx(0.002)
    assert table.loc["a", "gwas_variant"] == "v2"
    assert table.loc["b", "gwas_p"] == pytest.approx(0.4)
    # two genes tested: Benjamini-Hochberg doubles the smaller
    assert table.loc["a", "gwas_q"] == pytest.approx(0.004)
    assert np.isnan(table.loc["c", "gwas_q"])
    assert table.loc["c", "twas_q"] == pytest.approx(1e-4)


def test_columns_and_absent_scans():
    silent = variants().assign(gwas_p=np.nan)
    table = gene_evidence(nodes(), silent)
    assert list(table.columns) == list(COLUMNS)
    assert table["gwas_p"].isna().all()
    assert table["twas_q"].isna().all()
    assert set(table["found_by"]) == {"", "network"}


def test_targets_are_corrected_apart():
    both = [nodes(), nodes().assign(trait="height")]
    scans = [variants(), variants().assign(trait="height", gwas_p=0.5)]
    table = gene_evidence(pd.concat(both), pd.concat(scans))
    table = table.set_index(["trait", "gene"])
    assert table.loc[("yield", "a"), "gwas_q"] == pytest.approx(0.004)
    assert table.loc[("height", "a"), "gwas_q"] == 1.0


def test_the_test_on_lines_left_out_is_the_networks_evidence():
    tested = nodes().assign(held_p=[0.001, 0.5, 0.02, 1e-9], rank=[2, 3, 4, 1])
    table = gene_evidence(tested, variants(), twas()).set_index("gene")
    # three genes are tested, the term is none of them
    assert table.loc["a", "network_q"] == pytest.approx(0.003)
    assert table.loc["c", "network_q"] == pytest.approx(0.03)
    assert table["found_by"].to_dict() == {
        "a": "network;gwas",
        "b": "",
        "c": "network;twas",
    }
    assert table.loc["c", "rank"] == 4
    assert table.loc["b", "null_q"] == 0.01


def test_what_the_network_adds_comes_first_and_what_none_found_last():
    tested = nodes().assign(held_p=[0.001, 0.001, 0.9, 1.0])
    table = gene_evidence(tested, variants())
    assert table["gene"].tolist() == ["b", "a", "c"]
    assert table["found_by"].tolist() == ["network", "network;gwas", ""]


def test_a_gene_the_prediction_does_not_use_is_not_found():
    unused = nodes().assign(held_p=[0.001, 0.001, 0.9, 1.0])
    unused.loc[1, "sensitivity"] = 0.0
    table = gene_evidence(unused, variants()).set_index("gene")
    assert table.loc["b", "found_by"] == ""


def test_without_genes_the_nodes_that_read_variants_stand_in():
    plain = nodes().assign(kind="metabolite", n_variants=[2, 1, 0, 0])
    assert set(gene_evidence(plain, variants())["gene"]) == {"a", "b"}
