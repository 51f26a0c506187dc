"""When the core is in charge, what it is fitted on, and what its bends earn."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

import numpy as np
import pytest
from tests.models.toys import N_GENE, N_SET, core_data, core_plan, recovery_plan

from meristem.config.models import CoreOptions
from meristem.errors import DataError
from meristem.mixed.targets import random_inner, training_targets
from meristem.models.core.fit import (
    core_part,
    core_problem,
    held_out_predictions,
)
from meristem.models.core.settings import CoreSettings
from meristem.models.core.spec import VarianceCore
from meristem.models.linear.gblup import GBLUP
from meristem.models.mixture.problem import make_problem
from meristem.models.panel import make_panel
from meristem.plan.null import shuffle_plan
from meristem.records import Split
from meristem.simulate.recovery import RecoveryConfig, simulate_recovery

SOFT = CoreOptions()
SETTINGS = CoreSettings()


def part(dataset, options=SOFT, folds=4, plan=None, settings=SETTINGS):
    inner = random_inner(dataset.n_sample, np.random.default_rng(2), folds)
    rng = np.random.default_rng(0)
    problem = make_problem(dataset, inner, folds, rng)
    plan = plan or core_plan()
    return core_part(problem, plan, (), options, rng, settings=settings)


def fit(dataset, **more):
    return part(dataset, **more).fitted


def mixed(dataset, plan=None):
    """The core beside the mixture of models of all variants."""
    inner = random_inner(dataset.n_sample, np.random.default_rng(2), 4)
    model = VarianceCore(SOFT, plan or core_plan())
    return model.fit(dataset, rng=np.random.default_rng(0), inner=inner)


def correlation(fitted, fresh, true):
    value = fitted.predict(fresh.genotypes).value
    return [np.corrcoef(value[:, t], true[:, t])[0, 1] for t in range(value.shape[1])]


@pytest.fixture(scope="module")
def training():
    return core_data(n=200)[0]


@pytest.fixture(scope="module")
def fresh():
    return core_data(n=110, seed=1)


def spoil(dataset, rows, value=1e3):
    phenotype, omics = dataset.phenotypes.value.copy(), dataset.omics[0].value.copy()
    phenotype[rows], omics[rows] = value, value
    return replace(
        dataset,
        phenotypes=replace(dataset.phenotypes, value=phenotype),
        omics=(replace(dataset.omics[0], value=omics),),
    )


def test_it_predicts_new_lines_better_than_gblup(training, fresh):
    dataset, true = fresh
    mine = correlation(fit(training), dataset, true)
    theirs = correlation(
        GBLUP().fit(training, rng=np.random.default_rng(0)), dataset, true
    )
    assert mine[0] > theirs[0] + 0.05
    assert mine[1] > theirs[1] - 0.01
    assert min(mine) > 0.8


def test_a_share_of_the_products_is_earned_where_they_act(training):
    fitted = fit(training)
    assert fitted.products_share[0] > 0.6
    bare = fit(training, folds=4, plan=None, options=SOFT)
    assert np.array_equal(bare.products_share, fitted.products_share)  # no randomness


def test_noise_earns_no_products():
    data = core_data(n=130)[0]
    value = np.random.default_rng(5).normal(size=(130, 2))
    data = replace(data, phenotypes=replace(data.phenotypes, value=value))
    fitted = fit(data)
    genotypes = core_data(n=130, seed=6)[0].genotypes
    straight = replace(fitted, products_share=np.zeros(2)).predict(genotypes).value
    bend = fitted.predict(genotypes).value - straight
    assert bend.std() < 0.1


def additive(n, seed):
    """Every variant acts a little; expression has nothing to do with it."""
    data, _ = core_data(n=n, seed=seed)
    law = np.random.default_rng(4).normal(size=data.genotypes.n_variant)
    true = (data.genotypes.call_dosage - 1.0) @ law
    true = (true / 12)[:, None]
    noise = np.random.default_rng(seed + 50).normal(size=true.shape)
    phenotypes = replace(
        data.phenotypes.take_targets(np.array([0])), value=true + noise
    )
    return replace(data, phenotypes=phenotypes), true


def test_an_additive_trait_gives_nearly_what_gblup_gives():
    data, _ = additive(180, 0)
    dataset, true = additive(120, 1)
    core, gblup = mixed(data), GBLUP().fit(data, rng=np.random.default_rng(0))
    one = core.predict(dataset.genotypes).value[:, 0]
    two = gblup.predict(dataset.genotypes).value[:, 0]
    assert np.corrcoef(one, two)[0, 1] > 0.93
    loss = correlation(gblup, dataset, true)[0] - correlation(core, dataset, true)[0]
    assert loss < 0.02


def test_lines_with_omics_alone_teach_the_genes(fresh):
    dataset, true = fresh
    data = core_data(n=150, noise=1.8)[0]
    value = data.phenotypes.value.copy()
    value[60:] = np.nan
    rich = replace(data, phenotypes=replace(data.phenotypes, value=value))
    poor = rich.take(np.arange(60))
    track = []
    for part in (rich, poor):
        latents = fit(part).latents(dataset.genotypes).value[:, :N_GENE]
        measured = dataset.omics[0].value
        track.append(
            np.mean(
                [np.corrcoef(latents[:, g], measured[:, g])[0, 1] for g in range(36)]
            )
        )
    assert track[0] > track[1] + 0.02


def test_missing_omics_and_targets_of_different_length(fresh):
    data = core_data(n=150)[0]
    omics, value = data.omics[0].value.copy(), data.phenotypes.value.copy()
    omics[:70] = np.nan
    omics[70::3, 4] = np.nan
    value[:20] = np.nan  # neither phenotype nor omics
    value[90:, 1] = np.nan
    data = replace(
        data,
        omics=(replace(data.omics[0], value=omics),),
        phenotypes=replace(data.phenotypes, value=value),
    )
    fitted = fit(data)
    assert np.isfinite(fitted.predict(fresh[0].genotypes).value).all()
    assert min(correlation(fitted, *fresh)) > 0.6


def test_rows_outside_the_training_part_do_not_leak(training, fresh):
    """A model of some rows is a model of those rows, whatever the others hold."""
    rows = np.arange(0, 200, 2)
    other = spoil(training, np.arange(1, 200, 2))
    one, two = mixed(training.take(rows)), mixed(other.take(rows))
    genotypes = fresh[0].genotypes
    assert np.array_equal(one.predict(genotypes).value, two.predict(genotypes).value)


def predicted_without(data, split, expression=None):
    panel = make_panel(data.genotypes)
    problem = core_problem(data, core_plan(), SOFT, SETTINGS, panel)
    if expression is not None:
        problem = replace(problem, expression=expression(problem.expression))
    targets = training_targets(data.phenotypes)
    return held_out_predictions([problem], data, targets, (split,))


def test_held_out_rows_of_an_inner_fold_do_not_teach_it(training):
    """What is predicted of the rows of a fold comes from fits without them."""
    split = Split("kfold", 0, 0, np.arange(40, 200), np.arange(40))
    one = predicted_without(training, split)
    phenotype = training.phenotypes.value.copy()
    phenotype[:40] += 1e3
    spoiled = replace(
        training, phenotypes=replace(training.phenotypes, value=phenotype)
    )

    def wild(expression):
        expression[:40] = 1e3
        return expression

    two = predicted_without(spoiled, split, wild)
    assert one.shape == (2, 200, 2)
    assert np.isfinite(one[:, :40]).all()
    assert np.isnan(one[:, 40:]).all()
    assert np.array_equal(one, two, equal_nan=True)
    assert np.ptp(one[:, :40], axis=0).max() > 0  # with and without products


def test_an_inner_fold_learns_expression_from_its_own_rows_alone(training):
    """Parents of the lines left out have omics and no phenotype, and are left out."""
    value = training.phenotypes.value.copy()
    value[:25] = np.nan
    data = replace(training, phenotypes=replace(training.phenotypes, value=value))
    train = np.r_[np.arange(10, 25), np.arange(60, 200)]
    split = Split("parents", 0, 0, train, np.arange(25, 60))

    def without(rows):
        def wild(expression):
            expression[rows] = 1e3 * np.arange(rows.size)[:, None]
            return expression

        return predicted_without(data, split, wild)[:, 25:60]

    plain = predicted_without(data, split)[:, 25:60]
    assert np.array_equal(without(np.r_[np.arange(10), np.arange(25, 60)]), plain)
    assert not np.array_equal(without(np.arange(10, 25)), plain)


def test_the_fitted_core_keeps_its_settings(training):
    settings = replace(SETTINGS, penalty=31.0)
    fitted = fit(training, settings=settings)
    kept = fitted.state().meta["fit"]["settings"]
    assert kept["penalty"] == 31.0
    assert kept["sets"]["rounds"] == SETTINGS.sets.rounds
    assert json.loads(json.dumps(kept)) == json.loads(json.dumps(asdict(settings)))


def test_a_reliability_changes_the_predictions_and_none_does_not(training, fresh):
    table = training.omics[0]

    def predict(reliability):
        known = None if reliability is None else np.full(N_GENE, reliability)
        omics = (replace(table, reliability=known),)
        fitted = fit(replace(training, omics=omics))
        return fitted.predict(fresh[0].genotypes).value

    plain = predict(None)
    assert np.array_equal(predict(1.0), plain)
    assert np.abs(predict(0.05) - plain).max() > 0.05 * plain.std()


def test_no_polygenic_path(training):
    fitted = fit(training, options=SOFT.model_copy(update={"polygenic": "none"}))
    assert not fitted.core.marker_effect.any()
    assert fitted.meta["polygenic_variance"] == [0.0, 0.0]


def test_what_is_reported(training):
    fitted = fit(training)
    meta = fitted.meta
    assert meta["fit"] == "core"
    assert meta["plan_hash"] == core_plan().hash
    best = meta["set_inclusion"][1]
    assert len(best) == N_SET
    assert next(iter(best)) == "set2"
    assert "g00" in meta["regulators"]
    assert fitted.plan.node_name[fitted.gene_node].tolist() == [
        f"g{i:02d}" for i in range(N_GENE)
    ]


def test_genes_measured_on_too_few_rows_leave_their_sets():
    data = core_data(n=90)[0]
    omics = data.omics[0].value.copy()
    omics[4:, 0] = np.nan
    fitted = fit(replace(data, omics=(replace(data.omics[0], value=omics),)))
    names = fitted.core.latents.genes.name.tolist()
    assert "g00" not in names
    assert fitted.core.sets.of(0).size == 5
    genotypes = data.genotypes
    assert not fitted.latents(genotypes).value[:, 0].any()


def test_no_gene_measured_enough_is_one_clear_error():
    data = core_data(n=40)[0]
    omics = np.full(data.omics[0].value.shape, np.nan)
    omics[:4] = data.omics[0].value[:4]
    data = replace(data, omics=(replace(data.omics[0], value=omics),))
    with pytest.raises(DataError, match="measured on five training rows"):
        fit(data)


def test_folds_too_small_for_a_target_are_passed_over(fresh):
    data = core_data(n=60)[0]
    value = data.phenotypes.value.copy()
    value[8:, 1] = np.nan
    data = replace(data, phenotypes=replace(data.phenotypes, value=value))
    split = Split("kfold", 0, 0, np.arange(6, 60), np.arange(6))
    problem = make_problem(data, (split,), 5, np.random.default_rng(0))
    rng = np.random.default_rng(0)
    fitted = core_part(problem, core_plan(), (), SOFT, rng).fitted
    assert fitted.products_share == pytest.approx([0.3, 0.3])  # as beforehand
    assert np.isfinite(fitted.predict(fresh[0].genotypes).value).all()


@pytest.mark.slow
def test_biology_helps_on_the_recovery_panel():
    """Full size; over draws the gain is .20 with an interval of .06."""
    panel = simulate_recovery(RecoveryConfig(), rng=np.random.default_rng(42))
    data = panel.train.take(np.arange(450))
    fitted = mixed(data, recovery_plan(panel))
    gblup = GBLUP().fit(data, rng=np.random.default_rng(0))
    mine, theirs = (
        np.corrcoef(model.predict(panel.test).value[:, 0], panel.test_genetic)[0, 1]
        for model in (fitted, gblup)
    )
    assert mine > theirs + 0.08


def test_a_core_on_a_wrong_graph_has_no_share(training, fresh):
    plan = shuffle_plan(core_plan(), np.random.default_rng(3))
    wrong, right = part(training, plan=plan), part(training)
    gain, error = wrong.fitted.meta["cis_gain"]
    assert wrong.wrong
    assert gain < SETTINGS.cis_errors * error
    assert not right.wrong
    fitted = mixed(training, plan)
    assert not fitted.share.any()
    genotypes = fresh[0].genotypes
    alone = fitted.mixture.predict(genotypes).value
    assert np.array_equal(fitted.predict(genotypes).value, alone)
    assert (mixed(training).share > 0.5).all()
