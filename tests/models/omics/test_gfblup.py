import numpy as np
import pytest

from meristem.config.models import FeatureBLUPOptions
from meristem.models.linear.gblup import GBLUP
from meristem.models.omics.gfblup import FeatureBLUP
from meristem.records import (
    Dataset,
    Genotypes,
    NetworkPlan,
    Phenotypes,
    PlanLevel,
    VariantTable,
)

N, N_NEW, P = 160, 80, 400


@pytest.fixture
def setting():
    """Two sets of 20 variants; all causal variants lie in the first."""
    rng = np.random.default_rng(6)
    calls = rng.integers(0, 3, (N + N_NEW, P)).astype(np.int8)
    g = calls[:, :20] @ rng.normal(size=20)
    y = g / g.std() + rng.normal(size=g.size)
    names = np.array([f"v{i}" for i in range(P)])
    blank = np.full(P, "")
    table = VariantTable(names, blank, np.zeros(P, np.int64), blank, blank)
    sample = np.arange(N + N_NEW).astype(str)
    weight = np.ones((N + N_NEW, 1))
    phenotypes = Phenotypes(sample, np.array(["t"]), np.array([""]), y[:, None], weight)
    none = np.empty(0, dtype=np.int64)
    genes = PlanLevel(0, 8, np.repeat(np.arange(8), 5), np.arange(40), none, none)
    terms = PlanLevel(8, 2, none, none, np.repeat([0, 1], 4), np.arange(8))
    nodes = np.array([*(f"g{i}" for i in range(8)), "causal", "other"])
    plan = NetworkPlan(
        table,
        nodes,
        np.repeat(["gene", "term"], [8, 2]),
        np.repeat([0, 1], [8, 2]),
        (genes, terms),
        np.array([8, 9]),
    )
    return Dataset(Genotypes(sample, table, calls), phenotypes), g, plan


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
