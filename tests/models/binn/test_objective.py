from dataclasses import replace

import numpy as np
import pytest
import torch
from tests.models.binn.toys import toy_data, toy_plan

from meristem.config.models import BINNOptions
from meristem.models.binn.objective import (
    OmicsTargets,
    make_objective,
    omics_targets,
    stage,
)
from meristem.models.binn.spec import BINN
from meristem.models.networks.members import TraitTensors
from meristem.nn.dag import NodeShape, PlanNetwork


def network():
    generator = torch.Generator().manual_seed(0)
    shape = NodeShape((4,), (), 1, "tanh")
    return PlanNetwork(toy_plan(), shape, n_target=1, members=2, generator=generator)


def targets(reliability, form="soft", n=7):
    rng = np.random.default_rng(3)
    value = rng.normal(size=(n, 2))
    value[2, 0] = np.nan
    return OmicsTargets(np.array([0, 1]), value, np.array(reliability), form)


def losses(omics, stage_at=lambda _: 2, *, weight=0.5, n=7):
    rng = np.random.default_rng(4)
    net = network()
    traits = TraitTensors(
        observed=torch.from_numpy(rng.normal(size=(1, n)).astype(np.float32)),
        weight=torch.ones(1, n),
        learn=torch.ones(2, n),
        held=torch.zeros(2, n),
    )
    objective = make_objective(
        net, traits, omics, torch.full((2,), weight), lambda _: 1.0, stage_at
    )
    x = torch.from_numpy(rng.normal(size=(9, n)).astype(np.float32))
    net.train()
    found = objective(x, torch.arange(n), 0)
    gradient = torch.autograd.grad(found.train.sum(), net.head, allow_unused=True)[0]
    return found.train.detach().numpy(), gradient


def test_unknown_reliability_is_reliability_one():
    known, _ = losses(targets([1.0, 1.0]))
    unknown, _ = losses(targets([np.nan, np.nan]))
    np.testing.assert_array_equal(known, unknown)


def test_hard_latents_are_the_shrunken_measurements():
    omics = targets([0.25, 0.5], "hard")
    shrunken = replace(
        omics, value=omics.value * omics.reliability, reliability=np.ones(2)
    )
    # without the omics term, only what the trait reads differs
    np.testing.assert_allclose(
        losses(omics, weight=0.0)[0], losses(shrunken, weight=0.0)[0], rtol=1e-6
    )


def test_the_first_stage_learns_omics_alone():
    omics = targets([1.0, 1.0])
    first, head = losses(omics, lambda _: 0)
    assert head is None
    assert np.all(first < losses(omics)[0])


def test_the_second_stage_is_the_hard_form():
    second, _ = losses(targets([1.0, 1.0]), lambda _: 1)
    np.testing.assert_array_equal(second, losses(targets([1.0, 1.0], "hard"))[0])
    assert not np.array_equal(second, losses(targets([1.0, 1.0]))[0])


def test_correlation_has_no_second_stage():
    omics = targets([1.0, 1.0], "correlation")
    np.testing.assert_array_equal(losses(omics, lambda _: 1)[0], losses(omics)[0])


def test_stages_follow_each_other_and_others_have_one():
    found = [stage("staged", epoch, 50) for epoch in range(50)]
    assert found == sorted(found)
    assert set(found) == {0, 1, 2}
    assert {stage("decay", epoch, 50) for epoch in range(50)} == {2}


def test_reliability_comes_with_its_feature():
    data = toy_data(n=30)
    table = replace(data.omics[0], reliability=np.array([0.9, 0.3, 0.5]))
    found = omics_targets((table,), 30, toy_plan(), BINNOptions(omics="soft"))
    assert found.reliability.tolist() == [0.9, 0.3]
    plain = omics_targets(data.omics, 30, toy_plan(), BINNOptions(omics="soft"))
    assert np.isnan(plain.reliability).all()


@pytest.mark.parametrize("fit", ["auto", "descent"])
def test_staged_training_descends_and_ends_well(fit):
    data = toy_data(n=120)
    options = BINNOptions(
        omics="soft",
        omics_schedule="staged",
        fit=fit,
        epochs=150,
        patience=20,
        learning_rate=0.03,
        seeds=1,
        inner_folds=2,
        hidden=(4,),
    )
    fitted = BINN(options, toy_plan()).fit(data, rng=np.random.default_rng(1))
    fitted = fitted.network
    assert fitted.meta["fit"] == "descent"
    assert fitted.meta["epochs"] > 60  # patience waits for the last stage
    fresh = toy_data(n=50, seed=9)
    value = fitted.predict(fresh.genotypes).value
    assert np.corrcoef(value[:, 0], fresh.phenotypes.value[:, 0])[0, 1] > 0.8
    latents = fitted.latents(fresh.genotypes).value
    track = np.corrcoef(latents[:, 0], fresh.omics[0].value[:, 0])[0, 1]
    assert track > 0.9


def test_a_noisy_measurement_is_trusted_less_by_the_evidence():
    data = toy_data(n=80)
    rng = np.random.default_rng(0)
    noisy = data.omics[0].value + 2 * rng.normal(size=data.omics[0].value.shape)
    table = replace(data.omics[0], value=noisy)
    options = BINNOptions(omics="soft", rounds=15, seeds=1, inner_folds=2, hidden=(4,))
    fresh = toy_data(n=60, seed=5)

    def error(table):
        model = BINN(options, toy_plan())
        data_ = replace(data, omics=(table,))
        fitted = model.fit(data_, rng=np.random.default_rng(1))
        value = fitted.predict(fresh.genotypes).value[:, 0]
        return np.mean((value - fresh.phenotypes.value[:, 0]) ** 2)

    known = replace(table, reliability=np.full(3, 0.2))
    assert error(known) <= 1.1 * error(table)
