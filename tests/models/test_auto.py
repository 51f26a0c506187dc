"""`auto`: which network stands beside the mixture, and none without a graph."""

from __future__ import annotations

import numpy as np
import pytest
from tests.models.toys import core_data, core_plan

from meristem.config.models import AutoOptions, BINNOptions, CoreOptions
from meristem.errors import ConfigError
from meristem.models.catalog import build, restore
from meristem.models.mixture.fitted import FittedMixture
from meristem.models.protocol import as_network

SMALL = {"seeds": 1, "inner_folds": 2, "hidden": (2,), "rounds": 2}


@pytest.fixture(scope="module")
def data():
    return core_data(n=60)[0]


def fit(options, data, plan):
    return build(options, plan).fit(data, rng=np.random.default_rng(0))


@pytest.mark.parametrize(
    ("auto", "chosen"),
    [
        (AutoOptions(omics="soft", **SMALL), CoreOptions(inner_folds=2)),
        (AutoOptions(**SMALL), BINNOptions(**SMALL)),
        (
            AutoOptions(omics="soft", omics_weight=0.0, **SMALL),
            BINNOptions(omics="soft", omics_weight=0.0, **SMALL),
        ),
    ],
    ids=["core", "none", "weight 0"],
)
def test_its_network_is_of_the_kind_it_chooses(auto, chosen, data):
    one, two = fit(auto, data, core_plan()), fit(chosen, data, core_plan())
    assert one.state().kind == two.state().kind == "auto"
    assert type(one.network) is type(two.network)
    assert one.network.state().kind == chosen.kind
    for name, array in two.state().arrays.items():
        assert np.array_equal(array, one.state().arrays[name]), name
    again = restore(one.state()).predict(data.genotypes).value
    assert again == pytest.approx(one.predict(data.genotypes).value, abs=1e-6)


def test_without_a_graph_it_is_a_mixture_of_models_of_all_variants(data):
    fitted = fit(AutoOptions(omics="soft"), data, None)
    assert isinstance(fitted, FittedMixture)
    assert as_network(fitted) is None
    parts = [share.part for share in fitted.shares()]
    assert parts == ["kernels", "scan", "forest", "predicted omics"]
    value = fitted.predict(data.genotypes).value
    again = restore(fitted.state()).predict(data.genotypes).value
    assert np.array_equal(again, value)
    off = fit(AutoOptions(omics="soft", graph="none"), data, core_plan())
    assert np.array_equal(off.predict(data.genotypes).value, value)
    with pytest.raises(ConfigError, match=r"needs a graph[\s\S]*auto"):
        fit(BINNOptions(), data, None)
