"""The fitted core: prediction, clamping, gradients, state."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.models.toys import (
    N_GENE,
    N_SET,
    N_VARIANT,
    core_data,
    core_plan,
    fitted_core,
)

from meristem.errors import ConfigError
from meristem.io.stores.state import read_state, write_state
from meristem.models.core.fitted import FittedCore, restore_core
from meristem.models.protocol import Fitted, FittedNetwork


@pytest.fixture(scope="module")
def fitted():
    model = fitted_core(core_data(n=140)[0], folds=3)
    return replace(model, products_share=np.array([0.8, 0.5]))


@pytest.fixture(scope="module")
def fresh():
    return core_data(n=23, seed=3)[0].genotypes


def by_hand(fitted, genotypes, held=None):
    """One line, one gene, one set at a time."""
    held = held or {}
    core, scale = fitted.core, fitted.markers
    latents = core.latents
    names = fitted.plan.node_name.tolist()
    value = np.zeros((genotypes.n_sample, fitted.products_share.size))
    for i, calls in enumerate(genotypes.call_dosage.astype(float)):
        z = (calls - scale.mean) / scale.sd * scale.weight
        z[calls < 0] = 0
        own = np.zeros(N_GENE)
        for g in range(N_GENE):
            part = slice(latents.genes.start[g], latents.genes.start[g + 1])
            own[g] = z[latents.genes.member[part]] @ latents.cis[part]
            own[g] -= latents.centre[g]
            own[g] = held.get(names[g], own[g])
        genes = own.copy()
        for r, gene in enumerate(latents.regulator):
            genes += own[gene] * latents.trans[r]
        for g in range(N_GENE):
            genes[g] = held.get(names[g], genes[g])
        for t, head in enumerate(core.heads):
            activity = np.zeros(N_SET)
            for k in range(N_SET):
                part = slice(core.sets.start[k], core.sets.start[k + 1])
                activity[k] = genes[core.sets.member[part]] @ head.loading[part]
                activity[k] = held.get(names[N_GENE + k], activity[k])
            products = sum(
                e * (activity[a] * activity[b] - c)
                for a, b, e, c in zip(
                    head.products.first,
                    head.products.second,
                    head.products.effect,
                    head.products.centre,
                    strict=True,
                )
            )
            value[i, t] = head.intercept + genes @ head.gene_effect
            value[i, t] += (
                activity @ head.set_effect + fitted.products_share[t] * products
            )
            value[i, t] += z * scale.sd @ core.marker_effect[:, t]
    return value


def test_it_keeps_the_protocol(fitted, fresh):
    assert isinstance(fitted, Fitted)
    assert isinstance(fitted, FittedNetwork)
    predicted = fitted.predict(fresh)
    assert predicted.value.shape == predicted.spread.shape == (23, 2)
    assert predicted.trait_name.tolist() == ["y", "z"]
    assert predicted.environment_name.tolist() == ["", "dry"]
    assert np.isnan(predicted.spread).all()


def test_prediction_is_the_one_by_hand(fitted, fresh):
    calls = fresh.call_dosage.copy()
    calls[::5, ::3] = -1
    genotypes = replace(fresh, call_dosage=calls)
    assert fitted.predict(genotypes).value == pytest.approx(
        by_hand(fitted, genotypes), abs=1e-4
    )


def test_what_a_line_gets_does_not_depend_on_the_lines_beside_it(fitted):
    lines = core_data(n=1100, seed=3)[0].genotypes  # more than are computed at one time
    whole, node = fitted.predict(lines).value, fitted.node_gradient(lines)
    for rows in (np.arange(7), np.arange(500, 520), np.arange(1020, 1100)):
        some = lines.take_samples(rows)
        assert fitted.predict(some).value == pytest.approx(whole[rows], abs=1e-6)
    few, many = (
        fitted.node_gradient(lines.take_samples(rows))
        for rows in (np.arange(300), np.arange(300, 1100))
    )
    assert (300 * few + 800 * many) / 1100 == pytest.approx(node, abs=1e-6)


def test_order_of_samples_and_variants_does_not_matter(fitted, fresh):
    rng = np.random.default_rng(3)
    rows, columns = rng.permutation(23), rng.permutation(N_VARIANT)
    shuffled = fresh.take_samples(rows).take_variants(columns)
    expected = fitted.predict(fresh).value[rows]
    assert fitted.predict(shuffled).value == pytest.approx(expected, abs=1e-5)


def test_latents_are_the_genes_and_the_activities_of_the_first_target(fitted, fresh):
    latents = fitted.latents(fresh)
    assert latents.node_name.tolist() == core_plan().node_name.tolist()
    assert latents.value.shape == (23, N_GENE + N_SET)
    genes = latents.value[:, :N_GENE]
    assert latents.value[:, N_GENE:] == pytest.approx(fitted.core.activity(genes, 0))
    measured = core_data(n=23, seed=3)[0].omics[0].value
    r = [np.corrcoef(genes[:, g], measured[:, g])[0, 1] for g in range(N_GENE)]
    assert np.mean(r) > 0.7


@pytest.mark.parametrize(
    "nodes", [("g00",), ("g07", "set4"), ("set0",), ("g25", "g00", "set6")]
)
def test_clamping_is_the_one_by_hand(fitted, fresh, nodes):
    values = np.linspace(-1.5, 2, len(nodes))[None]
    held = dict(zip(nodes, values[0], strict=True))
    expected = by_hand(fitted, fresh, held)
    got = fitted.clamp(fresh, nodes, values)
    assert got.shape == (1, 23, 2)
    assert got[0] == pytest.approx(expected, abs=1e-4)


def test_holding_latents_at_their_values_changes_nothing(fitted, fresh):
    one = fresh.take_samples(np.array([5]))
    latent = fitted.member_latents(one)
    names = fitted.plan.node_name
    held = fitted.clamp(one, (str(names[3]), str(names[-1])), latent[:, 0, [3, -1]])
    # the activity that is held is that of the first target
    expected = fitted.member_predictions(one)
    assert held[:, :, 0] == pytest.approx(expected[:, :, 0], abs=1e-5)


def test_an_unknown_node_is_one_clear_error(fitted, fresh):
    with pytest.raises(ConfigError, match="no node called 'nobody'"):
        fitted.clamp(fresh, ("nobody",), np.zeros((1, 1)))


def test_dosage_gradients_are_finite_differences(fitted, fresh):
    network, polygenic = fitted.dosage_gradient(fresh)
    assert network.shape == polygenic.shape == (N_VARIANT, 2)
    assert not network[N_GENE * 4 :].any()  # unclaimed: through the path alone
    calls = fresh.call_dosage
    for j in (0, 2, 17, 81, 143, 150):
        up, down = calls.copy(), calls.copy()
        up[:, j], down[:, j] = 4, 0  # products are quadratic: central differences
        middle = calls.copy()
        middle[:, j] = 2
        high = fitted.predict(replace(fresh, call_dosage=up, ploidy=4)).value
        low = fitted.predict(replace(fresh, call_dosage=down, ploidy=4)).value
        at = replace(fresh, call_dosage=middle)
        total = sum(part[j] for part in fitted.dosage_gradient(at))
        assert total == pytest.approx((high - low).mean(axis=0) / 4, abs=1e-4)


def test_node_gradients_are_finite_differences(fitted, fresh):
    slope = fitted.node_gradient(fresh)
    assert slope.shape == (1, N_GENE + N_SET, 2)
    step = 1e-2
    core = fitted.core
    own = core.latents.own(fitted.markers.standardise(fresh.call_dosage))
    genes = core.latents.join(own)

    def value(own_values, activity_step):
        genes = core.latents.join(own_values)
        total = np.zeros((23, 2))
        for t, head in enumerate(core.heads):
            activity = core.activity(genes, t) + activity_step
            total[:, t] = genes @ head.gene_effect + activity @ head.set_effect
            total[:, t] += fitted.products_share[t] * head.products.value(activity)
        return total

    assert genes.shape == (23, N_GENE)
    for gene in (0, 4, 33):
        move = np.zeros(N_GENE)
        move[gene] = step
        change = value(own + move, 0) - value(own - move, 0)
        expected = change.mean(axis=0) / (2 * step)
        assert slope[0, gene] == pytest.approx(expected, abs=1e-6)
    for k in (0, 4, 6):
        move = np.zeros(N_SET)
        move[k] = step
        change = value(own, move) - value(own, -move)
        expected = change.mean(axis=0) / (2 * step)
        assert slope[0, N_GENE + k] == pytest.approx(expected, abs=1e-6)


def test_the_state_brings_the_model_back(fitted, fresh, tmp_path):
    write_state(fitted.state(), tmp_path, "binn")
    back = restore_core(read_state(tmp_path, "binn"))
    assert isinstance(back, FittedCore)
    assert np.array_equal(back.predict(fresh).value, fitted.predict(fresh).value)
    assert np.array_equal(back.latents(fresh).value, fitted.latents(fresh).value)
    assert back.plan.hash == fitted.plan.hash
    assert back.meta == fitted.meta
    for one, two in zip(back.core.heads, fitted.core.heads, strict=True):
        assert (one.intercept, one.residual) == (two.intercept, two.residual)
        assert np.array_equal(one.inclusion, two.inclusion)
        assert np.array_equal(one.variance, two.variance)
