"""`meristem.models.core.exact`: exact answers, held against clamping and paths."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.models.toys import core_data, fitted_core

from meristem.interpret.attribution.shares import attribution_table
from meristem.interpret.importance.interactions import interaction_table
from meristem.interpret.importance.sensitivity import clamping_sensitivity
from meristem.models.core.exact import (
    CoreState,
    explicit_shares,
    multiplied_sets,
)
from meristem.models.core.fitted import FittedCore


@pytest.fixture(scope="module")
def core() -> FittedCore:
    """Two traits, regulators, and products that earned a share."""
    data, _ = core_data(n=160)
    fitted = fitted_core(data, folds=3)
    assert fitted.products_share[0] > 0
    assert fitted.core.latents.regulator.size > 0
    return fitted


@pytest.fixture(scope="module")
def lines():
    return core_data(n=13, seed=5)[0]


@pytest.mark.parametrize(
    "nodes",
    [("g07",), ("g00",), ("set4",), ("set0", "set4"), ("g00", "g21"), ("g21", "set4")],
    ids=lambda nodes: "+".join(nodes),
)
def test_holding_nodes_is_a_prediction_with_them_held(core, lines, nodes) -> None:
    values = np.linspace(-1.3, 0.8, len(nodes))[None]
    expected = core.clamp(lines.genotypes, nodes, values)
    expected = expected - core.member_predictions(lines.genotypes)
    found = core.hold(lines.genotypes)(nodes, values)
    assert found.shape == (1, 13, 2)
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert np.abs(expected).max() > 0.01


def test_a_node_without_genes_or_sets_changes_nothing(core, lines) -> None:
    state = CoreState(core, lines.genotypes)
    assert (state.hold([], np.empty(0)) == 0).all()


def test_shares_of_variants_are_complete(core, lines) -> None:
    shares = explicit_shares(core, lines.genotypes)
    np.testing.assert_allclose(shares.gap, 0, atol=1e-5)
    part = core.network_value(lines.genotypes)
    moved = part - part[0]
    np.testing.assert_allclose(
        shares.difference - shares.difference[0], moved, atol=1e-5
    )


def test_shares_are_integrals_along_the_path(core, lines) -> None:
    """The midpoint is exact: many steps along the path give the same."""
    sample = lines.genotypes.take_samples(np.array([4]))
    shares = explicit_shares(core, sample)
    x = core.markers.standardise(sample.call_dosage).astype(np.float64)
    total = np.zeros((x.shape[1], 2))
    steps = 40
    for step in range(steps):
        total += _slopes(core, x * (step + 0.5) / steps) / steps
    np.testing.assert_allclose(shares.variant[0], x[0][:, None] * total, atol=1e-6)


def _slopes(core: FittedCore, x: np.ndarray) -> np.ndarray:
    """Return d network part / d standardised variant by differences."""
    step = 1e-3
    slope = np.zeros((x.shape[1], 2))
    for j in range(x.shape[1]):
        up, down = x.copy(), x.copy()
        up[0, j] += step
        down[0, j] -= step
        slope[j] = (_part(core, up) - _part(core, down)) / (2 * step)
    return slope


def _part(core: FittedCore, x: np.ndarray) -> np.ndarray:
    genes = core.core.latents.join(core.core.latents.own(x))
    value = []
    for t, head in enumerate(core.core.heads):
        activity = core.core.activity(genes, t)
        linear = genes @ head.gene_effect + activity @ head.set_effect
        value.append(
            (linear + core.products_share[t] * head.products.value(activity))[0]
        )
    return np.array(value)


def test_sets_account_for_what_they_add(core, lines) -> None:
    """Without products the share of a set is its effect times its deviation."""
    core = replace(core, products_share=np.zeros(2))
    shares = explicit_shares(core, lines.genotypes)
    head = core.core.heads[1]
    genes = core.member_latents(lines.genotypes)[0][:, core.gene_node]
    activity = core.core.activity(genes, 1)
    own = shares.node[:, core.set_node, 1]
    moved = head.set_effect * (activity - activity[0])
    np.testing.assert_allclose(own - own[0], moved, atol=1e-6)


def test_sensitivities_are_those_of_clamping(core, lines) -> None:
    found = clamping_sensitivity(core, lines.genotypes, nodes=("g00", "set4"))
    latent = core.member_latents(lines.genotypes)[0]
    base = core.member_predictions(lines.genotypes)
    for place, name in enumerate(("g00", "set4")):
        column = latent[:, list(core.plan.node_name).index(name)]
        naive = np.zeros(2)
        for sign in (1, -1):
            value = np.array([[column.mean() + sign * column.std()]])
            moved = core.clamp(lines.genotypes, (name,), value) - base
            naive += np.abs(moved.mean(axis=1))[0] / 2
        np.testing.assert_allclose(found.published[0, place], naive, atol=1e-6)
    low, high = found.interval()
    assert np.isnan(low).all()
    assert np.isnan(high).all()


def test_multiplied_sets_come_first(core, lines) -> None:
    pairs = multiplied_sets(core, 0)
    assert ("set0", "set4") in pairs
    sensitivity = clamping_sensitivity(core, lines.genotypes)
    table = interaction_table(
        core, lines.genotypes, lines.phenotypes, sensitivity, top=4
    )
    own = table[table["trait"] == "y"].set_index(["node_1", "node_2"])
    assert own["absolute"].idxmax() == ("set0", "set4")
    assert own["low"].isna().all()


def test_attributions_of_both_kinds_are_equal(core, lines) -> None:
    table = attribution_table(core, lines.genotypes, lines.phenotypes, top=5)
    np.testing.assert_allclose(table["integrated"], table["deeplift"])
    assert (table["integrated_gap"] < 1e-5).all()
    first = table[(table["kind"] == "node") & (table["trait"] == "y")].iloc[0]
    assert first["name"] in ("set0", "set4", "g00")


def test_the_value_of_the_network_leaves_the_polygenic_path_out(core, lines) -> None:
    bare = replace(core.core, marker_effect=np.zeros_like(core.core.marker_effect))
    expected = replace(core, core=bare).predict(lines.genotypes).value
    np.testing.assert_allclose(core.network_value(lines.genotypes), expected, atol=1e-9)
