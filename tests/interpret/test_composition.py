"""What predictions are made of, told of cores and of trained networks."""

from __future__ import annotations

import numpy as np
import pytest
from tests.models.toys import core_data, core_plan

from meristem.config.models import AutoOptions
from meristem.interpret.composition import parts_table
from meristem.models.catalog import build, restore


@pytest.fixture(name="data", scope="module")
def make_data():
    return core_data(n=90)[0]


def fit(data, **options):
    model = build(AutoOptions(**options), core_plan())
    return model.fit(data, rng=np.random.default_rng(0))


def test_shares_of_a_core(data):
    fitted = fit(data, omics="soft")
    table = parts_table("net", fitted)
    assert table["trait"].tolist() == data.phenotypes.trait_name.tolist()
    assert table["network_share"].tolist() == fitted.share.tolist()
    total = table["network_share"] + table["linear_share"]
    assert total.tolist() == pytest.approx([1, 1])
    assert table["scan_share"].between(0, 1).all()
    assert table["products_share"].tolist() == fitted.network.meta["share"]
    assert set(table["fit"]) == {"variance components"}
    again = parts_table("net", restore(fitted.state()))
    assert again.equals(table)


def test_a_core_without_a_path_beside_it(data):
    table = parts_table("net", fit(data, omics="soft", polygenic="joint"))
    assert table["network_share"].tolist() == [1, 1]
    assert table["scan_share"].isna().all()


def test_shares_of_a_trained_network(data):
    fitted = fit(data, omics="none", fit="descent", epochs=3, seeds=1)
    table = parts_table("net", fitted)
    assert table["network_share"].tolist() == fitted.share.tolist()
    assert table["fit"].tolist() == ["gradient descent"] * 2
    assert table["products_share"].isna().all()
    assert table["scan_share"].between(0, 1).all()
    assert not table["off_graph"].any()
