"""Sets of features: who belongs, latents with names, and which of them act."""

from __future__ import annotations

import numpy as np
import pytest
from tests.representation.toys import table_of

from meristem.errors import ConfigError, DataError
from meristem.knowledge.graph import make_graph
from meristem.records import FloatArray, NetworkPlan, PlanLevel, VariantTable
from meristem.representation.protocol import Values
from meristem.representation.sets.activity import active_sets
from meristem.representation.sets.decoder import (
    OUTSIDE,
    SetsAutoEncoder,
    first_component,
)
from meristem.representation.sets.membership import (
    feature_sets,
    measured_sets,
    needed_sets,
    sets_of_graph,
    sets_of_plan,
)


def planted(
    seed: int, n: int = 90, n_set: int = 60, p: int = 800
) -> tuple[FloatArray, np.ndarray]:
    """Return values and members; the first eight sets have a factor in half of them."""
    rng = np.random.default_rng(seed)
    member = np.zeros((n_set, p), dtype=bool)
    for row in member:
        row[rng.choice(p, 20, replace=False)] = True
    x = rng.normal(size=(n, p))
    x += rng.normal(size=(n, 1)) * rng.normal(size=p) * 0.3  # all features share it
    for row in member[:8]:
        genes = rng.permutation(np.flatnonzero(row))[:10]
        x[:, genes] += rng.normal(size=(n, 1)) * rng.normal(size=10) * 0.9
    return (x - x.mean(axis=0)) / x.std(axis=0), member


def test_planted_sets_are_found_and_few_others() -> None:
    found = false = true = 0
    for seed in range(4):
        x, member = planted(seed)
        table = active_sets(x, member, rng=np.random.default_rng(1), n_random=60)
        active = table["active"].to_numpy()
        true += active[:8].sum()
        false += active[8:].sum()
        found += active.sum()
    assert true >= 22
    assert false / max(found, 1) <= 0.2


def test_nothing_is_found_in_noise() -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(size=(70, 400))
    member = rng.random((50, 400)) < 0.05
    table = active_sets(x, member, rng=rng, n_random=60)
    assert table["active"].sum() <= 1
    assert 0.2 < table["p"].median() < 0.8


def test_a_set_that_shares_features_is_not_called_active_for_them() -> None:
    x, member = planted(1)
    copy = member[0].copy()
    own = np.flatnonzero(copy)
    copy[own[:8]] = False
    copy[np.flatnonzero(~member[0])[:8]] = True
    both = np.vstack([member, copy])
    table = active_sets(x, both, rng=np.random.default_rng(1), n_random=60)
    assert table["p"].iloc[-1] < 0.05
    assert not (table["active"].iloc[0] and table["active"].iloc[-1])


def test_latents_read_their_sets_alone_and_write_mostly_those() -> None:
    x, member = planted(2)
    kind = SetsAutoEncoder(member[:8], seeds=2, epochs=40)
    code = kind.fit(Values(x), rng=np.random.default_rng(1))
    assert (code.reads[:, ~member[:8]] == 0).all()
    assert code.encode(x).shape == (2, 90, 8)
    loose = SetsAutoEncoder(member[:8], strength=0.1, seeds=1, epochs=40).fit(
        Values(x), rng=np.random.default_rng(1)
    )
    share = code.outside_share(member[:8])
    assert share.mean() < 0.3 < loose.outside_share(member[:8]).mean()


@pytest.mark.parametrize(("n", "p", "n_set"), [(40, 300, 12), (120, 250, 40)])
def test_what_is_written_outside_does_not_hang_on_sizes(
    n: int, p: int, n_set: int
) -> None:
    x, member = planted(3, n, n_set, p)
    x[::7, ::5] = np.nan
    code = SetsAutoEncoder(member, seeds=1, epochs=60).fit(
        Values(x), rng=np.random.default_rng(1)
    )
    share = code.outside_share(member)
    assert share.mean() < 0.3
    assert share.max() < 0.6


def test_weights_are_those_of_the_lasso() -> None:
    """Given the latents: penalised least squares, feature by feature."""
    x, member = planted(4, 50, 9, 70)
    code = SetsAutoEncoder(member, seeds=1, epochs=20).fit(
        Values(x), rng=np.random.default_rng(1)
    )
    z = code.encode(x)[0]
    unit = z / z.std(axis=0)
    weight = code.writes[0] * z.std(axis=0)
    slope = unit.T @ (x - unit @ weight.T) / len(x)  # (n_set, n_feature)
    written = weight.T != 0
    inside, outside = member & written, ~member
    assert np.abs(slope[inside]).max() < 1e-3
    assert np.abs(slope[outside]).max() < OUTSIDE + 1e-3
    kept = outside & written
    assert kept.any()
    assert np.allclose(slope[kept], OUTSIDE * np.sign(weight.T[kept]), atol=1e-3)


def test_the_first_component_is_that_of_the_covariance() -> None:
    for shape in ((30, 6), (6, 30)):
        x = np.random.default_rng(1).normal(size=shape)
        axis = first_component(x)
        assert np.linalg.norm(axis) == pytest.approx(1)
        assert np.linalg.norm(x @ axis) == pytest.approx(np.linalg.norm(x, 2))


def test_sets_of_a_graph_reach_through_terms() -> None:
    kinds = {"a": "gene", "b": "gene", "t": "term", "u": "term"}
    graph = make_graph(kinds, ["a", "b", "t"], ["t", "u", "u"])
    sets, label = sets_of_graph(graph)
    assert sets == {"t": frozenset({"a"}), "u": frozenset({"a", "b"})}
    assert label["t"] == "t"


def test_sets_of_a_plan_are_those_of_its_genes() -> None:
    blank = np.array(["", ""])
    variants = VariantTable(np.array(["v", "w"]), blank, np.zeros(2, int), blank, blank)
    none = np.empty(0, int)
    genes = PlanLevel(0, 2, np.array([0, 1]), np.array([0, 1]), none, none)
    term = PlanLevel(2, 1, none, none, np.array([0, 0]), np.array([0, 1]))
    plan = NetworkPlan(
        variants,
        np.array(["g", "h", "t"]),
        np.array(["gene", "gene", "term"]),
        np.array([0, 0, 1]),
        (genes, term),
        np.array([2]),
    )
    assert sets_of_plan(plan)[0] == {"t": frozenset({"g", "h"})}
    kinds = {"g": "gene", "h": "gene", "bare": "gene", "t": "term", "lost": "term"}
    graph = make_graph(kinds, ["g", "h", "bare", "bare"], ["t", "t", "t", "lost"])
    assert measured_sets(plan, graph) == {"t": frozenset({"g", "h", "bare"})}
    assert measured_sets(None, graph) == {}


def test_sets_that_fit_no_feature_are_refused() -> None:
    table = table_of(np.zeros((2, 4)))
    with pytest.raises(DataError, match="none of 1 gene sets"):
        feature_sets(table, {"s": frozenset({"x", "y", "z"})})
    with pytest.raises(ConfigError, match="needs gene sets"):
        needed_sets(table, {})
