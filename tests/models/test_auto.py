"""`auto` gives what the kind it chooses gives, under that kind's name."""

from __future__ import annotations

import numpy as np
import pytest
from tests.models.toys import core_data, core_plan

from meristem.config.models import AutoOptions, BINNOptions, CoreOptions, GBLUPOptions
from meristem.errors import ConfigError
from meristem.models.catalog import build, restore
from meristem.models.effects import FittedLinear

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
def test_it_is_the_kind_it_chooses(auto, chosen, data):
    one, two = fit(auto, data, core_plan()), fit(chosen, data, core_plan())
    assert type(one) is type(two)
    state, same = one.state(), two.state()
    assert state.kind == same.kind == chosen.kind
    for name, array in state.arrays.items():
        assert np.array_equal(array, same.arrays[name]), name
    again = restore(state).predict(data.genotypes).value
    assert again == pytest.approx(one.predict(data.genotypes).value, abs=1e-6)


def test_without_a_graph_it_is_the_linear_path(data):
    fitted = fit(AutoOptions(omics="soft"), data, None)
    assert isinstance(fitted, FittedLinear)
    value = fitted.predict(data.genotypes).value
    expected = fit(GBLUPOptions(), data, None).predict(data.genotypes).value
    assert value == pytest.approx(expected, abs=1e-4)
    again = restore(fitted.state()).predict(data.genotypes).value
    assert np.array_equal(again, value)
    with pytest.raises(ConfigError, match=r"needs a graph[\s\S]*auto"):
        fit(BINNOptions(), data, None)
