from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.models.toys import core_data, core_plan

from meristem.config.models import CoreOptions
from meristem.errors import ConfigError
from meristem.models.catalog import build, restore
from meristem.models.core.fitted import FittedCore
from meristem.models.mixture.network import FittedMixedNetwork


def fit(data, plan):
    return build(CoreOptions(), plan).fit(data, rng=np.random.default_rng(0))


def test_it_is_a_core_however_few_genes_are_measured():
    data, _ = core_data(n=60)
    table = data.omics[0]
    few = replace(
        table,
        feature_id=table.feature_id[:12],
        node_name=table.node_name[:12],
        value=table.value[:, :12],
    )
    fitted = fit(replace(data, omics=(few,)), core_plan())
    assert isinstance(fitted, FittedMixedNetwork)
    assert isinstance(fitted.network, FittedCore)
    again = restore(fitted.state())
    assert np.array_equal(
        again.predict(data.genotypes).value, fitted.predict(data.genotypes).value
    )


def test_what_it_needs_is_asked_for():
    data, _ = core_data(n=60)
    with pytest.raises(ConfigError, match="learns its genes from omics"):
        fit(replace(data, omics=()), core_plan())
    with pytest.raises(ConfigError, match=r"needs a graph[\s\S]*auto"):
        fit(data, None)
