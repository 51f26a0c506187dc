"""Simulation: the published table from its parameter file, planted windows, rules."""

import csv
import gzip
import itertools
import math

import numpy as np
import pytest
import torch
from tests.kinetics.network.published_parameters import (
    parse_weight_rule,
    simulation_from_dict,
)
from tests.kinetics.shared_data import FOLDER, needs_data

from meristem.errors import DataError
from meristem.kinetics.network.simulate import (
    mutate,
    one_hot,
    planted_benchmark,
    simulate,
    true_log_rates,
)
from meristem.kinetics.scheme.solve import log_flux


@needs_data
def test_published_table_is_reproduced() -> None:
    yaml = pytest.importorskip("yaml")
    folder = FOLDER / "simulated"
    content = yaml.safe_load((folder / "test_3_model_params.yaml").read_text())
    simulation = simulation_from_dict(content)
    with gzip.open(folder / "test_3_full_connect.csv.gz", "rt") as handle:
        rows = list(csv.DictReader(handle))
    sequences = [row["seq"] for row in rows]
    log_rates = true_log_rates(simulation, sequences)
    names = simulation.scheme.reaction_names
    table = np.array([[float(row[name]) for name in names] for row in rows])
    assert np.allclose(np.exp(log_rates), table, rtol=1e-12, atol=0)
    v = log_flux(simulation.scheme, torch.as_tensor(log_rates)).exp().numpy()
    raw = np.array([float(row["raw_activity"]) for row in rows])
    assert np.allclose(v, raw, rtol=1e-12, atol=0)
    phenotype = np.array([float(row["phenotype_activity"]) for row in rows])
    assert np.allclose(1 / (1 + np.exp(-v)), phenotype, rtol=1e-12)
    assert np.allclose(table[0], 0.1 * math.exp(-5))
    assert v[0] == pytest.approx(8.4224e-5, rel=1e-4)
    assert table[1, names.index("k_{21}")] == pytest.approx(0.1 * math.exp(-3))
    assert table[1, names.index("k_{20}")] == pytest.approx(0.1 * math.exp(-4.1))


@needs_data
def test_every_parameter_file_is_understood() -> None:
    yaml = pytest.importorskip("yaml")
    for path in sorted((FOLDER / "simulated").glob("*.yaml")):
        simulation = simulation_from_dict(yaml.safe_load(path.read_text()))
        kind = "decay" if "deplete" in path.name else "flux"
        assert simulation.scheme.observable == kind


def test_rules_are_parsed_and_never_evaluated() -> None:
    same = parse_weight_rule(
        "nuc_distr(length, ind_scale=[1.0,.1,-.1,-1.0,])", "", 2, 5
    )
    assert np.array_equal(same, np.tile([1.0, 0.1, -0.1, -1.0], (3, 1)))
    weight = parse_weight_rule(
        "gen_pos_weight_mat(self.template, self.input_range, ind_scale=[0., 10.])",
        "ACGT",
        1,
        3,
    )
    assert weight.tolist() == [[10, 0, 10, 10], [10, 10, 0, 10]]
    table = parse_weight_rule("np.asarray([[1, 2, 3, 4]])", "", 0, 1)
    assert table.tolist() == [[1, 2, 3, 4]]
    for bad in (
        "__import__('os').system('true')",
        "nuc_distr(length, ind_scale=__import__('os'))",
        "np.asarray([[1, 2, 3]])",
        "nuc_distr(length)",
    ):
        with pytest.raises(DataError, match="weight rule"):
            parse_weight_rule(bad, "A", 0, 1)


def test_missing_parameters_are_named() -> None:
    with pytest.raises(DataError, match="template"):
        simulation_from_dict({"Input": {}, "States": []})


def test_mutations_change_what_they_say() -> None:
    template = "ACGTACGTAC"
    out = mutate(template, 50, (2, 3), np.random.default_rng(0))
    assert out[0] == template
    counts = {sum(a != b for a, b in zip(s, template, strict=True)) for s in out[1:]}
    assert counts == {2, 3}


def test_measurements_follow_the_planted_rates() -> None:
    rng = np.random.default_rng(1)
    simulation = planted_benchmark(rng)
    sequences, data = simulate(simulation, 60, n_change=(4,), rng=rng, limit=-4.0)
    assert data.x.shape == (60, 50, 4)
    k = np.exp(true_log_rates(simulation, sequences))
    # the cycle by hand: v = product of the forward rates over the sum of the ten trees
    links = [(0, 1), (1, 0), (1, 2), (2, 1), (2, 3), (3, 2), (3, 0)]
    total = np.zeros(60)
    for chosen in itertools.combinations(range(7), 3):
        sources = [links[i][0] for i in chosen]
        parent = {links[i][0]: links[i][1] for i in chosen}
        if len(set(sources)) < 3:
            continue
        (root,) = {0, 1, 2, 3} - set(sources)
        ends = []
        for state in range(4):
            for _ in range(4):
                state = parent.get(state, state)
            ends.append(state)
        if set(ends) == {root}:
            total += k[:, chosen].prod(axis=1)
    v = k[:, [0, 2, 4, 6]].prod(axis=1) / total
    assert np.allclose(data.y, np.maximum(np.log10(v), -4.0))
    assert np.array_equal(data.censored, np.log10(v) <= -4.0)


def test_one_hot_order() -> None:
    assert one_hot(["ACGT"])[0].tolist() == np.eye(4).tolist()
