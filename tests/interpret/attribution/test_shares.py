from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from tests.models.binn.toys import untrained

from meristem.interpret.attribution.shares import ATTRIBUTION_COLUMNS, attribution_table
from meristem.nn.dag import NodeShape, PlanNetwork


@pytest.fixture
def fitted(plan, genotypes):
    generator = torch.Generator().manual_seed(3)
    shape = NodeShape((5,), (3,), 1, "tanh")
    network = PlanNetwork(plan, shape, n_target=2, members=2, generator=generator)
    return untrained(network.eval(), plan, genotypes)


def test_the_top_of_both_kinds_with_the_gaps(fitted, genotypes, data_factory):
    phenotypes = data_factory().phenotypes
    table = attribution_table(fitted, genotypes, phenotypes, top=3, steps=16)
    assert list(table.columns) == list(ATTRIBUTION_COLUMNS)
    assert len(table) == 2 * 2 * 3
    found = fitted.contributions(genotypes, steps=16)
    part = table[(table["trait"] == "height") & (table["kind"] == "variant")]
    size = np.abs(found.variant[:, :, 1]).mean(axis=0)
    assert part["rank"].tolist() == [1, 2, 3]
    np.testing.assert_allclose(part["integrated"], np.sort(size)[::-1][:3])
    assert part["name"].iloc[0] == found.variant_id[size.argmax()]
    assert (table["integrated_gap"] < 0.02).all()
    assert (table["deeplift_gap"] < 1e-5).all()
    np.testing.assert_allclose(table["deeplift"], table["integrated"], rtol=0.4)
    assert (table["n_lines"] == 50).all()


def test_a_network_without_a_part_has_no_rows(fitted, genotypes, data_factory):
    none = replace(fitted, share=np.zeros(2))
    table = attribution_table(none, genotypes, data_factory().phenotypes)
    assert table.empty
    assert list(table.columns) == list(ATTRIBUTION_COLUMNS)


def test_many_lines_are_thinned(fitted, genotypes, data_factory):
    many = replace(
        genotypes,
        sample_id=np.array([f"s{k}" for k in range(500)]),
        call_dosage=np.tile(genotypes.call_dosage, (10, 1)),
    )
    table = attribution_table(fitted, many, data_factory().phenotypes, steps=2)
    assert (table["n_lines"] == 200).all()
