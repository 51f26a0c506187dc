"""The fitted network: what it may see, what it predicts, how it is kept."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.models.binn.toys import toy_data, toy_plan
from tests.toys import network_plan

from meristem.config.models import BINNOptions
from meristem.errors import ConfigError, DataError
from meristem.io.stores.state import read_state, write_state
from meristem.models.binn import descent as binn_train
from meristem.models.binn.affordable import affordable
from meristem.models.binn.alignment import align_latents
from meristem.models.binn.descent import Task, node_shape
from meristem.models.binn.evidence import task_work
from meristem.models.binn.objective import OmicsTargets, omics_targets, schedule
from meristem.models.binn.spec import BINN
from meristem.models.catalog import restore
from meristem.models.linear.gblup import GBLUP
from meristem.models.networks.members import assign_members
from meristem.models.packing import plan_arrays
from meristem.models.protocol import Fitted, FittedNetwork
from meristem.nn.dag import NodeShape
from meristem.plan.network_size import node_parameters
from meristem.records import (
    Split,
)

FAST = BINNOptions(seeds=2, inner_folds=3, hidden=(4,), rounds=25)
DESCENT = BINNOptions(
    seeds=2, inner_folds=3, hidden=(4,), fit="descent", epochs=60, learning_rate=2e-2
)


@pytest.fixture(scope="module")
def fitted():
    data = toy_data()
    return BINN(FAST, toy_plan()).fit(data, rng=np.random.default_rng(1))


@pytest.fixture(scope="module")
def fresh():
    return toy_data(n=40, seed=5)


def test_it_keeps_the_protocol(fitted):
    assert isinstance(fitted, Fitted)
    assert isinstance(fitted, FittedNetwork)


def test_it_learns_what_a_line_cannot(fitted, fresh):
    predicted = fitted.predict(fresh.genotypes)
    assert predicted.value.shape == predicted.spread.shape == (40, 2)
    assert predicted.trait_name.tolist() == ["y", "z"]
    linear = GBLUP().fit(toy_data(), rng=np.random.default_rng(1))
    linear = linear.predict(fresh.genotypes).value

    def error(value):
        return np.mean((value[:, 0] - fresh.phenotypes.value[:, 0]) ** 2)

    assert fitted.share[0] > 0.2
    assert error(predicted.value) < 0.8 * error(linear)


@pytest.mark.parametrize("options", [FAST, DESCENT], ids=["evidence", "descent"])
def test_same_seed_same_numbers_and_input_untouched(options, fresh):
    data = toy_data(n=50)
    before = data.genotypes.call_dosage.copy(), data.phenotypes.value.copy()
    options = options.model_copy(update={"rounds": 5, "epochs": 10})
    fits = [
        BINN(options, toy_plan()).fit(data, rng=np.random.default_rng(7))
        for _ in range(2)
    ]
    one, two = (f.predict(fresh.genotypes).value for f in fits)
    assert np.array_equal(one, two)
    assert np.array_equal(before[0], data.genotypes.call_dosage)
    assert np.array_equal(before[1], data.phenotypes.value)


@pytest.mark.parametrize("options", [FAST, DESCENT], ids=["evidence", "descent"])
def test_the_state_brings_the_model_back(options, fresh, tmp_path):
    options = options.model_copy(
        update={"rounds": 4, "epochs": 10, "hidden": (3, 2), "variant_hidden": (2,)}
    )
    one = BINN(options, toy_plan()).fit(toy_data(n=40), rng=np.random.default_rng(2))
    write_state(one.state(), tmp_path, "binn")
    two = restore(read_state(tmp_path, "binn"))
    np.testing.assert_allclose(
        two.predict(fresh.genotypes).value, one.predict(fresh.genotypes).value
    )
    np.testing.assert_allclose(
        two.latents(fresh.genotypes).value, one.latents(fresh.genotypes).value
    )
    assert two.plan.hash == one.plan.hash
    assert two.network.meta == one.network.meta


def test_order_of_samples_and_variants_does_not_matter(fitted, fresh):
    rng = np.random.default_rng(3)
    rows, columns = rng.permutation(40), rng.permutation(12)
    shuffled = fresh.genotypes.take_samples(rows).take_variants(columns)
    np.testing.assert_allclose(
        fitted.predict(shuffled).value,
        fitted.predict(fresh.genotypes).value[rows],
        rtol=1e-5,
    )


def test_the_plan_is_restricted_by_name():
    data = toy_data(n=40)
    order = np.random.default_rng(4).permutation(12)[:10]
    part = data.take_variants(order)
    options = FAST.model_copy(update={"rounds": 3})
    fitted = BINN(options, toy_plan()).fit(part, rng=np.random.default_rng(1))
    names = part.genotypes.variants.variant_id
    assert fitted.plan.variants.variant_id.tolist() == names.tolist()
    level = fitted.plan.levels[0]
    for row, col in zip(level.variant_row, level.variant_col, strict=True):
        number = int(str(names[col])[1:])
        assert str(fitted.plan.node_name[row]) == f"g{number // 3 + 1}"


def test_latents_track_what_they_were_trained_on(fresh):
    options = FAST.model_copy(update={"omics": "soft"})
    fitted = BINN(options, toy_plan()).fit(toy_data(), rng=np.random.default_rng(1))
    latents = fitted.latents(fresh.genotypes)
    assert latents.node_name.tolist() == ["g1", "g2", "g3", "top"]
    measured = fresh.omics[0].value
    for j in range(2):
        r = np.corrcoef(latents.value[:, j], measured[:, j])[0, 1]
        assert r > 0.98  # the sign too


@pytest.mark.parametrize("form", ["soft", "hard", "correlation"])
def test_every_omics_form_runs_with_any_missing_pattern(form):
    data = toy_data(n=60)
    value = data.omics[0].value.copy()
    value[::3] = np.nan
    value[1::5, 0] = np.nan
    phenotype = data.phenotypes.value.copy()
    phenotype[:6] = np.nan  # omics alone
    data = replace(
        data,
        omics=(replace(data.omics[0], value=value),),
        phenotypes=replace(data.phenotypes, value=phenotype),
    )
    options = DESCENT.model_copy(
        update={"omics": form, "epochs": 150, "omics_weight": 3.0}
    )
    fitted = BINN(options, toy_plan()).fit(data, rng=np.random.default_rng(1))
    latent = fitted.latents(data.genotypes).value[:, 0]
    seen = np.isfinite(value[:, 0])
    assert np.corrcoef(latent[seen], value[seen, 0])[0, 1] > 0.6


def test_lines_with_omics_alone_teach_their_latents():
    data = toy_data(n=120, noise=8.0)  # the trait says next to nothing
    phenotype = data.phenotypes.value.copy()
    phenotype[25:] = np.nan
    rich = replace(data, phenotypes=replace(data.phenotypes, value=phenotype))
    poor = rich.take(np.arange(25))
    fresh = toy_data(n=100, seed=9)
    options = FAST.model_copy(update={"omics": "soft"})
    noisy = 2 * np.random.default_rng(0).normal(size=(120, 3))
    track = []
    for part in (rich, poor):
        value = part.omics[0].value + noisy[: part.n_sample]
        part = replace(part, omics=(replace(part.omics[0], value=value),))
        fitted = BINN(options, toy_plan()).fit(part, rng=np.random.default_rng(1))
        latent = fitted.latents(fresh.genotypes).value[:, 0]
        track.append(np.corrcoef(latent, fresh.omics[0].value[:, 0])[0, 1])
    assert track[0] > track[1]


def test_the_weight_with_the_lowest_held_out_error_stays(monkeypatch):
    data = toy_data(n=50)
    options = DESCENT.model_copy(
        update={"omics": "soft", "omics_weight": "auto", "epochs": 6}
    )
    whole = []
    original = binn_train.fit_network

    def spy(network, *rest, **more):
        history = original(network, *rest, **more)
        history.held[:, 12:18] -= 100  # the third candidate, 6 members each
        whole.append(network.members)
        return history

    monkeypatch.setattr(binn_train, "fit_network", spy)
    fitted = BINN(options, toy_plan()).fit(data, rng=np.random.default_rng(1))
    assert whole == [6 * len(binn_train.OMICS_WEIGHTS)]
    assert fitted.network.network.members == 6
    assert fitted.network.meta["omics_weight"] == binn_train.OMICS_WEIGHTS[2]
    assert 0.0 in binn_train.OMICS_WEIGHTS


def test_polygenic_path_alone_or_not_at_all(fresh):
    data = toy_data(n=60)
    part = {
        kind: BINN(
            FAST.model_copy(update={"rounds": 8, "polygenic": kind}), toy_plan()
        ).fit(data, rng=np.random.default_rng(1))
        for kind in ("none", "joint")
    }
    assert not part["none"].polygenic.effect.any()
    assert part["joint"].share.tolist() == [1, 1]
    # v10 is claimed by nobody: the path beside the network finds it
    assert part["joint"].polygenic.effect[10, 0] > 0.1


def test_rows_no_fold_held_out_keep_their_phenotype():
    data = toy_data(n=60)
    rng = np.random.default_rng(0)
    value = rng.normal(size=(60, 2))  # nothing to find: no share
    data = replace(data, phenotypes=replace(data.phenotypes, value=value))
    inner = tuple(
        Split("kfold", 0, k, np.arange(20), 20 + np.arange(20)) for k in range(2)
    )
    fitted = BINN(FAST, toy_plan()).fit(data, rng=rng, inner=inner)
    assert np.isfinite(fitted.predict(data.genotypes).value).all()


def test_no_weight_no_omics():
    data = toy_data(n=30)
    options = BINNOptions(omics="soft", omics_weight=0)
    assert omics_targets(data.omics, 30, toy_plan(), options).node.size == 0
    options = BINNOptions(omics="soft")
    targets = omics_targets(data.omics, 30, toy_plan(), options)
    assert targets.node.tolist() == [0, 1]
    np.testing.assert_allclose(targets.value.mean(0), 0, atol=1e-12)
    np.testing.assert_allclose(targets.value.std(0), 1)


def test_schedule_falls_and_stays():
    values = [schedule("decay", e, 200) for e in range(200)]
    assert values[0] == 1
    assert values[-1] == pytest.approx(0.1)
    assert all(a >= b for a, b in zip(values[:-1], values[1:], strict=True))


def test_clamping_moves_the_prediction(fitted, fresh):
    fitted = fitted.network
    latent = fitted.member_latents(fresh.genotypes)
    members, n, _ = latent.shape
    mean = latent[:, :, 2].mean(axis=1)[:, None]
    sd = latent[:, :, 2].std(axis=1)[:, None]
    low = fitted.clamp(fresh.genotypes, ("g3",), mean - sd)
    high = fitted.clamp(fresh.genotypes, ("g3",), mean + sd)
    assert low.shape == (members, n, 2)
    moved = np.abs((high - low)[:, :, 0]).mean()
    assert moved > 0.1
    with pytest.raises(ConfigError, match="no node called 'nobody'"):
        fitted.clamp(fresh.genotypes, ("nobody",), mean)


def test_holding_latents_at_their_values_changes_nothing(fitted, fresh):
    fitted = fitted.network
    one = fresh.genotypes.take_samples(np.array([3]))
    latent = fitted.member_latents(one)
    held = fitted.clamp(one, ("g1", "top"), latent[:, 0, [0, 3]])
    np.testing.assert_allclose(held, fitted.member_predictions(one), rtol=1e-4)


def test_gradients_are_finite_differences(fitted, fresh):
    fitted = fitted.network
    genotypes = fresh.genotypes.take_samples(np.arange(8))
    network, polygenic = fitted.dosage_gradient(genotypes)
    assert network.shape == polygenic.shape == (12, 2)
    assert np.all(network[9:] == 0)  # unclaimed: through the polygenic path alone
    inside = fitted.network
    x = next(iter(fitted._inputs(genotypes.call_dosage)))
    step = 1e-2
    for j in (0, 5):
        up, down = x.clone(), x.clone()
        up[j] += step
        down[j] -= step
        slope = (inside(up).value - inside(down).value).detach().numpy() / (2 * step)
        expected = slope.mean(axis=(0, 2)) / fitted.markers.sd[j] * fitted.targets.sd
        np.testing.assert_allclose(
            network[j], expected * fitted.share, rtol=0.05, atol=1e-3
        )
    node = fitted.node_gradient(genotypes)
    latent = fitted.member_latents(genotypes)
    assert node.shape == (latent.shape[0], 4, 2)


def test_phenotypes_outside_an_inner_fold_do_not_leak(fresh):
    data = toy_data(n=45)
    plan = toy_plan()
    options = FAST.model_copy(update={"rounds": 3})
    one = BINN(options, plan).fit(
        data.take(np.arange(40)), rng=np.random.default_rng(1)
    )
    changed = data.phenotypes.value.copy()
    changed[40:] = 1e3
    other = replace(data, phenotypes=replace(data.phenotypes, value=changed))
    two = BINN(options, plan).fit(
        other.take(np.arange(40)), rng=np.random.default_rng(1)
    )
    assert np.array_equal(
        one.predict(fresh.genotypes).value, two.predict(fresh.genotypes).value
    )


def test_nothing_to_find_is_gblup():
    data = toy_data(n=60)
    rng = np.random.default_rng(8)
    value = rng.normal(size=(60, 2))
    data = replace(data, phenotypes=replace(data.phenotypes, value=value))
    fitted = BINN(FAST, toy_plan()).fit(data, rng=np.random.default_rng(1))
    assert fitted.share.max() < 0.3


def test_missing_calls_and_constant_variants(fresh):
    data = toy_data(n=50)
    dosage = data.genotypes.call_dosage.copy()
    dosage[::7, 2] = -1
    dosage[:, 4] = 1
    data = replace(data, genotypes=replace(data.genotypes, call_dosage=dosage))
    for options in (FAST, DESCENT.model_copy(update={"batch_size": 16})):
        options = options.model_copy(update={"rounds": 4, "epochs": 20})
        fitted = BINN(options, toy_plan()).fit(data, rng=np.random.default_rng(1))
        holes = fresh.genotypes.call_dosage.copy()
        holes[0] = -1
        predicted = fitted.predict(replace(fresh.genotypes, call_dosage=holes))
        assert np.isfinite(predicted.value).all()


@pytest.mark.parametrize("graph", ["shuffled", "random"])
def test_control_graphs_have_other_edges(graph):
    options = FAST.model_copy(update={"rounds": 2, "graph": graph})
    fitted = BINN(options, toy_plan()).fit(toy_data(n=30), rng=np.random.default_rng(1))
    assert fitted.plan.hash != toy_plan().hash
    assert np.isfinite(fitted.predict(toy_data(n=5).genotypes).value).all()


def test_faults_are_named():
    rng = np.random.default_rng(0)
    with pytest.raises(DataError, match="no variants"):
        BINN(FAST, toy_plan()).fit(
            toy_data(n=20).take_variants(np.zeros(0, dtype=int)), rng=rng
        )


def test_members_are_brought_to_one_sign():
    rng = np.random.default_rng(1)
    truth = rng.normal(size=(50, 2))
    latent = np.stack([s * truth + 0.1 * rng.normal(size=(50, 2)) for s in (1, -2, 3)])
    measured = -truth[:, [1]] + 0.5 * rng.normal(size=(50, 1))
    measured[::3] = np.nan
    scale = align_latents(latent, np.array([1]), measured)
    aligned = (latent - scale.mean[:, None]) / scale.spread[:, None]
    for node in range(2):
        assert np.corrcoef(aligned[:, :, node]).min() > 0.9
    # the majority decides, or the measurement: here against the majority
    assert np.corrcoef(aligned[:, :, 0].mean(axis=0), truth[:, 0])[0, 1] > 0.9
    assert np.corrcoef(aligned[:, :, 1].mean(axis=0), truth[:, 1])[0, 1] < -0.9


def test_a_member_against_its_measurement_does_not_cancel_the_others():
    rng = np.random.default_rng(2)
    truth = rng.normal(size=(60, 1))
    latent = np.stack([s * truth + rng.normal(size=(60, 1)) for s in (1, -1, 1, -1)])
    measured = np.column_stack([truth, truth]) + 0.3 * rng.normal(size=(60, 2))
    node = np.array([0, 0])  # measured twice
    scale = align_latents(latent, node, measured)
    mean = ((latent - scale.mean[:, None]) / scale.spread[:, None]).mean(axis=0)
    single = max(abs(np.corrcoef(m[:, 0], truth[:, 0])[0, 1]) for m in latent)
    assert np.corrcoef(mean[:, 0], truth[:, 0])[0, 1] > single
    constant = align_latents(np.zeros((3, 60, 1)), node, measured)
    assert (np.abs(constant.spread) == 1).all()


def test_parameters_decide_whether_gauss_newton_is_affordable():
    plan = toy_plan()
    options = BINNOptions(hidden=(5, 3), variant_hidden=(), width=1)
    assert node_shape(options) == NodeShape((5, 3), (), 1, "tanh")
    # 3 genes of 3 variants and a bias; top: 3 x 6 edges, 6 biases, 5 x 3 + 3, 3
    assert node_parameters(options, plan) == 12 + 18 + 6 + 18 + 3
    data = toy_data(n=30)
    members = assign_members(data.phenotypes, (), 1)
    omics = OmicsTargets(
        np.zeros(0, dtype=np.int64), np.zeros((30, 0)), np.zeros(0), "none"
    )
    task = Task(data, plan, None, None, members, omics)
    assert affordable(options, plan.n_edge, task_work(task, options, 5))
    wide = options.model_copy(update={"hidden": (20_000,)})
    data = toy_data(n=900)
    work = task_work(replace(task, dataset=data), wide, 5)
    assert not affordable(wide, plan.n_edge, work)


@pytest.mark.parametrize(("n", "work"), [(30, 57**2 * 60), (20, 2 * 40**2 * 57)])
def test_solving_over_observations_counts_twice(n, work):
    """57 parameters; 60 or 40 observations of two targets; 5 folds and 2 networks."""
    data = toy_data(n=n)
    options = BINNOptions(hidden=(5, 3), seeds=1)
    members = assign_members(data.phenotypes, (), 1)
    none = np.zeros(0, dtype=np.int64)
    omics = OmicsTargets(none, np.zeros((n, 0)), np.zeros(0), "none")
    task = Task(data, toy_plan(), None, None, members, omics)
    assert task_work(task, options, 5) == 7 * work


def test_plan_arrays_are_plain():
    for name, array in plan_arrays(toy_plan()).items():
        assert array.dtype.kind in "iuU", name


def test_a_latent_beside_a_skip_edge_is_free_of_the_parent():
    """`mid` reads g1 and g2, and `top`, its only reader, reads g1 as well."""
    skip = network_plan(
        {"g1": (0, 1, 2), "g2": (3, 4, 5), "g3": (6, 7, 8)},
        {"mid": ("g1", "g2")},
        {"top": ("g1", "g3", "mid")},
        variants=12,
        heads=["top"],
    )
    options = FAST.model_copy(update={"rounds": 6, "off_graph": "none"})
    data = toy_data(n=60, labels=False)
    fitted = BINN(options, skip).fit(data, rng=np.random.default_rng(1))
    for member in fitted.member_latents(data.genotypes):
        assert abs(np.corrcoef(member[:, 3], member[:, 0])[0, 1]) < 1e-3
