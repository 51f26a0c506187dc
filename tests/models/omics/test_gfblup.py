import numpy as np
import pytest
from tests import toys

from meristem.config.models import FeatureBLUPOptions
from meristem.models.linear.gblup import GBLUP
from meristem.models.omics.gfblup import FeatureBLUP
from meristem.records import (
    NetworkPlan,
)

N, N_NEW, P = 160, 80, 400


@pytest.fixture
def setting():
    """Two sets of 20 variants; all causal variants lie in the first."""
    rng = np.random.default_rng(6)
    calls = rng.integers(0, 3, (N + N_NEW, P)).astype(np.int8)
    g = calls[:, :20] @ rng.normal(size=20)
    y = g / g.std() + rng.normal(size=g.size)
    plan = toys.network_plan(
        {f"g{i}": range(5 * i, 5 * i + 5) for i in range(8)},
        {"causal": ("g0", "g1", "g2", "g3"), "other": ("g4", "g5", "g6", "g7")},
        variants=P,
        heads=("causal", "other"),
    )
    return toys.dataset(calls, y), g, plan


def test_the_set_with_the_effects_is_kept_and_helps(setting):
    dataset, g, plan = setting
    train, test = dataset.take(np.arange(N)), dataset.take(np.arange(N, N + N_NEW))
    predictor = FeatureBLUP(FeatureBLUPOptions(max_sets=2), plan)
    fitted = predictor.fit(train, rng=np.random.default_rng(0))
    assert fitted.tuning["kept"][0][0] == "causal"
    plain = GBLUP().fit(train, rng=np.random.default_rng(0))
    r = [
        np.corrcoef(f.predict(test.genotypes).value[:, 0], g[N:])[0, 1]
        for f in (fitted, plain)
    ]
    assert r[0] > r[1] + 0.05


def test_genes_are_the_sets_where_nothing_lies_above_them(setting):
    dataset, _, plan = setting
    genes = NetworkPlan(
        plan.variants,
        plan.node_name[:8],
        plan.node_kind[:8],
        plan.node_level[:8],
        plan.levels[:1],
        np.arange(8),
    )
    predictor = FeatureBLUP(FeatureBLUPOptions(max_sets=2), genes)
    fitted = predictor.fit(dataset, rng=np.random.default_rng(0))
    assert set(fitted.tuning["kept"][0]) <= {f"g{i}" for i in range(4)}
