from __future__ import annotations

import numpy as np
import pytest

from meristem.interpret.importance.lines import COLUMNS, line_contributions, line_table


def test_linear_contributions_are_slope_times_deviation(network, genotypes):
    fitted = network()
    few = genotypes.take_samples(np.arange(5))
    found = line_contributions(fitted, few, genotypes)
    assert found.shape == (5, 4, 2)
    g3 = genotypes.call_dosage @ fitted.weights()[:, 2]
    np.testing.assert_allclose(found[:, 2, 0], 2 * (g3[:5] - g3.mean()))
    np.testing.assert_allclose(found[:, 2, 1], -(g3[:5] - g3.mean()))
    np.testing.assert_allclose(found[:, 3, 1], 0, atol=1e-12)


def test_the_table_names_what_moves_each_line_most(network, genotypes, data_factory):
    fitted = network()
    few = genotypes.take_samples(np.array([7, 2, 9]))
    phenotypes = data_factory().phenotypes
    table = line_table(fitted, few, genotypes, phenotypes, top=2)
    assert list(table.columns) == list(COLUMNS)
    assert len(table) == 3 * 2 * 2
    contribution = line_contributions(fitted, few, genotypes)
    part = table[(table["trait"] == "yield") & (table["sample_id"] == "s2")]
    best = np.abs(contribution[1, :, 0]).argmax()
    assert part["node"].iloc[0] == fitted.plan.node_name[best]
    assert part["contribution"].iloc[0] == pytest.approx(contribution[1, best, 0])
    assert part["rank"].tolist() == [1, 2]
    g3 = genotypes.call_dosage @ fitted.weights()[:, 2]
    height = table[(table["trait"] == "height") & (table["sample_id"] == "s9")]
    score = (g3[9] - g3.mean()) / g3.std()
    assert height["node"].iloc[0] == "g3"
    assert height["latent_sd"].iloc[0] == pytest.approx(score)


def test_more_rows_asked_for_than_there_are_nodes(network, genotypes, data_factory):
    few = genotypes.take_samples(np.arange(2))
    table = line_table(
        network(), few, genotypes, data_factory().phenotypes, nodes=("g1",), top=9
    )
    assert len(table) == 4
