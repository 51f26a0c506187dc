from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.representation.toys import low_rank, table_of

from meristem.config.neighbours import NeighboursConfig
from meristem.config.represent import RepresentOptions
from meristem.errors import DataError
from meristem.records import OmicsTable
from meristem.representation.commands.inputs import Inputs
from meristem.representation.commands.neighbours import (
    judge_networks,
    refuse_unjudgeable,
    refuse_unknown,
    smooth_table,
)
from meristem.representation.gene_network import make_network

N, P = 60, 30


def inputs(*tables: OmicsTable) -> Inputs:
    name = tables[0].sample_id
    pairs = [(i, j) for i in range(P) for j in range(i + 1, P) if i // 3 == j // 3]
    first, second = np.array(pairs).T
    gene = tables[0].feature_id
    network = make_network(gene, first, second, np.ones(first.size))
    trait = np.column_stack([tables[0].value[:, 0], np.zeros(N)])
    return Inputs(
        name, tables, None, None, ("t", "flat"), trait, {}, {}, network, (), name
    )


def noisy() -> tuple[OmicsTable, OmicsTable]:
    """Return predicted and measured values of genes that go in threes."""
    rng = np.random.default_rng(1)
    truth = np.repeat(rng.normal(size=(N, P // 3)), 3, axis=1)
    predicted = truth + 1.5 * rng.normal(size=(N, P))
    return table_of(predicted, "said"), table_of(truth + 0.2 * rng.normal(size=(N, P)))


def test_predictions_are_smoothed_where_neighbours_agree() -> None:
    said, measured = noisy()
    measured.value[:5] = np.nan
    asked = NeighboursConfig(networks=("given",), smooth="said")
    made, told = smooth_table(said, measured, inputs(measured, said), asked, 3)
    r = told.set_index("network")["r"]
    assert r["given"] > r["none"] + 0.1
    assert r["shuffled"] < r["given"]
    assert told.set_index("network").loc["given", "share"] > 0.3
    assert made.value.shape == (N, P)
    few = table_of(np.where(np.arange(N)[:, None] < 9, measured.value, np.nan))
    with pytest.raises(DataError, match="rows are in both"):
        smooth_table(said, few, inputs(few, said), asked, 3)


def test_tables_of_other_features_are_refused() -> None:
    said, measured = noisy()
    other = OmicsTable(
        "o",
        said.sample_id,
        np.char.add("x", said.feature_id),
        *(said.feature_id,),
        said.value,
    )
    asked = NeighboursConfig(networks=("given",), smooth="o")
    with pytest.raises(DataError, match="features of o are in"):
        smooth_table(other, measured, inputs(measured), asked, 3)


def test_traits_that_do_not_vary_are_left_out() -> None:
    table = table_of(low_rank(N, P)[0])
    asked = NeighboursConfig(networks=("given",), traits=True, folds=2)
    genes, traits = judge_networks(
        table, RepresentOptions(represent="pca"), inputs(table), asked, 1
    )
    assert set(traits["trait"]) == {"t"}
    assert set(genes["network"]) == {"none", "given", "given, shuffled"}


def test_small_tables_are_refused() -> None:
    with pytest.raises(DataError, match="12 rows with values of 30 features"):
        refuse_unjudgeable(table_of(low_rank(12, P)[0]), None)
    pair = np.zeros(1, dtype=int), np.ones(1, dtype=int)
    strange = make_network(np.array(["x", "y"]), *pair, np.ones(1), "pairs.tsv")
    known = table_of(low_rank(N, P)[0])
    with pytest.raises(DataError, match="joins two features of rna"):
        refuse_unknown(strange, [known])
    node = np.array(["x", "y", *known.node_name[2:]])
    refuse_unknown(strange, [known, replace(known, node_name=node)])
    with pytest.raises(DataError, match="no pair of the network"):
        refuse_unjudgeable(table_of(low_rank(N, P)[0]), strange)
