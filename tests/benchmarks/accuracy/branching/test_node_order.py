from __future__ import annotations

import csv

import numpy as np
import pytest
from benchmarks.accuracy.branching import node_order
from benchmarks.accuracy.branching.node_order import (
    HORMONES,
    INPUTS,
    replicate_agreement,
    run_node_order,
    true_effects,
)

from meristem.errors import ConfigError
from meristem.simulate.bud_equations import NODES, node_values
from meristem.simulate.shoot_branching import simulate_shoot_branching


def population(seed=1):
    return simulate_shoot_branching(
        n_train=5, n_test=5, rng=np.random.default_rng(seed)
    )


def test_setting_a_node_sets_it_and_nothing_else():
    made = population()
    one, other = (
        node_order._inputs(made, 40, np.random.default_rng(seed)) for seed in (1, 2)
    )
    for node, kept in (("CK", ["A", "S", "SL"]), ("SL", ["A", "S", "CK"])):
        changed = node_values(*node_order._with_node(made, one, node, other).T)
        before, wanted = node_values(*one.T), node_values(*other.T)
        column = NODES.index(node)
        np.testing.assert_allclose(changed[:, column], wanted[:, column])
        rest = [NODES.index(name) for name in kept]
        np.testing.assert_allclose(changed[:, rest], before[:, rest])


def test_cytokinin_rules_and_strigolactone_hardly_counts():
    found = true_effects(population(), np.random.default_rng(3), 5000)
    assert max(HORMONES, key=found.get) == "CK"
    assert min(INPUTS, key=found.get) == "QTL_SL"
    assert 0.9 < sum(found[name] for name in INPUTS) < 1.3


def test_replicates_are_kept_and_compared(tmp_path):
    text = run_node_order(120, 1.0, 1, tmp_path, 4)
    assert "rank correlation" in text
    with (tmp_path / "sensitivity.csv").open() as handle:
        rows = list(csv.DictReader(handle))
    assert [row["node"] for row in rows] == [*INPUTS, *HORMONES]
    before = (tmp_path / "sensitivity.csv").read_text()
    run_node_order(120, 1.0, 1, tmp_path, 4)
    assert (tmp_path / "sensitivity.csv").read_text() == before
    # the network was trained on clean data of the right graph
    assert replicate_agreement(rows)["hormones"][0][2] > 0.7


def test_bad_options(tmp_path):
    with pytest.raises(ConfigError, match="at least 20"):
        run_node_order(5, 1.0, 1, tmp_path)
