"""A mixture: who shares in it, and that nothing judges what it chose."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.models.toys import core_data, core_plan, marker_panel

from meristem.config.models import CoreOptions, LearnOptions
from meristem.mixed.targets import random_inner
from meristem.models.catalog import build
from meristem.models.core.fit import core_part
from meristem.models.linear.gblup import GBLUP
from meristem.models.linear.kernel_average import KernelAverage
from meristem.models.mixture.fit import NetworkPart, fit_mixture
from meristem.models.mixture.problem import make_problem
from meristem.models.mixture.settings import MixtureSettings
from meristem.plan.learned.of_options import inner_plans, network_plan

LEARN = LearnOptions(
    genes="all", variants="eqtl", variants_per_gene=4, gene_edges="modules"
)


def problem_of(data, folds=4):
    rng = np.random.default_rng(1)
    return make_problem(data, random_inner(data.n_sample, rng, folds), folds, rng)


def r(fitted, test, true):
    value = fitted.predict(test.genotypes).value[:, 0]
    return np.corrcoef(value, true)[0, 1]


def test_a_few_large_effects_give_the_scan_its_share():
    data, g, _ = marker_panel(2, n=260, p=200)
    train, test = data.take(np.arange(200)), data.take(np.arange(200, 260))
    fitted = fit_mixture(problem_of(train), None, np.random.default_rng(0))
    share = {one.part: one for one in fitted.shares()}
    assert share["kernels"].value[0] < 0.5
    assert share["scan"].value[0] + share["forest"].value[0] > 0.5
    gblup = GBLUP().fit(train, rng=np.random.default_rng(0))
    assert r(fitted, test, g[200:]) > r(gblup, test, g[200:]) + 0.03


def test_shares_stay_near_what_they_are_beforehand_as_asked():
    data = marker_panel(3, n=120, p=60)[0]
    problem = problem_of(data)
    near = MixtureSettings(prior={"kernels": 1, "scan": 0, "forest": 0}, sd=1e-4)
    fitted = fit_mixture(problem, None, np.random.default_rng(0), near)
    base = KernelAverage().fit(data, rng=np.random.default_rng(0))
    apart = fitted.predict(data.genotypes).value - base.predict(data.genotypes).value
    assert apart.std() < 1e-3  # the mean is that of rows left out


def test_settings_decide():
    data = marker_panel(3, n=120, p=60)[0]
    problem = problem_of(data)
    y = problem.dataset.phenotypes.value
    network = core_like(problem, y + np.random.default_rng(0).normal(size=y.shape))
    found = []
    for prior in (0.0, 1.0):
        settings = MixtureSettings(network_sd=1e-6)
        part = replace(network, prior=prior)
        fitted = fit_mixture(problem, part, np.random.default_rng(0), settings)
        found.append(float(fitted.share[0]))
    # rows say about one half: no belief lifts the share far above that
    assert found[0] == pytest.approx(0.0, abs=1e-3)
    assert 0.3 < found[1] < 0.8
    wrong = replace(network, prior=1.0, wrong=True)
    assert not fit_mixture(problem, wrong, np.random.default_rng(0)).share.any()


def core_like(problem, held):
    data, _ = core_data(n=60)
    own = problem_of(data)
    part = core_part(own, core_plan(), (), CoreOptions(), np.random.default_rng(0))
    return NetworkPart("core", part.fitted, held)


def learned(data, rng=0):
    options = CoreOptions(graph="learned", learn=LEARN, inner_folds=3)
    problem = problem_of(data, 3)
    plan = network_plan(data, options, None, problem.inner, np.random.default_rng(rng))
    folds = inner_plans(data, options, None, problem.inner, np.random.default_rng(rng))
    part = core_part(problem, plan, folds, options, np.random.default_rng(0))
    return problem, folds, part


def test_a_learned_graph_is_judged_by_rows_that_did_not_choose_it():
    """What is said of a fold's rows does not change with their values."""
    data, _ = core_data(n=90)
    problem, folds, part = learned(data)
    test = problem.inner[0].test
    value = data.phenotypes.value.copy()
    omics = data.omics[0].value.copy()
    value[test] = value[test][::-1] * 3
    omics[test] = -omics[test][::-1]
    spoiled = replace(
        data,
        phenotypes=replace(data.phenotypes, value=value),
        omics=(replace(data.omics[0], value=omics),),
    )
    _, other_folds, other = learned(spoiled)
    assert folds[0].hash == other_folds[0].hash
    assert folds[1].hash != other_folds[1].hash
    # expression is standardised over all rows: alike, not equal
    one, two = part.held[test], other.held[test]
    assert np.corrcoef(one[:, 0], two[:, 0])[0, 1] > 0.95


def test_a_learned_graph_of_permuted_traits_has_next_to_no_share():
    data, _ = core_data(n=120)
    value = np.random.default_rng(3).permutation(data.phenotypes.value)
    data = replace(data, phenotypes=replace(data.phenotypes, value=value))
    problem, _, part = learned(data)
    fitted = fit_mixture(problem, part, np.random.default_rng(0))
    network = fitted.shares()[-1]
    assert network.part == "core"
    # what noise is predicted by is next to nothing, whatever its share
    said = (
        fitted.predict(data.genotypes).value
        - fitted.mixture.predict(data.genotypes).value
    )
    assert said.std(axis=0).max() < 0.35 * value.std()


def test_a_network_that_helps_has_a_share_and_its_interval():
    data, true = core_data(n=170)
    test, new = core_data(n=80, seed=1)
    fitted = build(CoreOptions(inner_folds=4), core_plan()).fit(
        data, rng=np.random.default_rng(0)
    )
    network = fitted.shares()[-1]
    assert network.value[0] > 0.5
    assert (network.low <= network.value).all()
    assert (network.value <= network.high).all()
    assert r(fitted, test, new[:, 0]) > r(fitted.mixture, test, new[:, 0]) + 0.02
    parts = np.sum([one.value for one in fitted.shares()], axis=0)
    assert (parts <= 1 + 1e-9).all()
    assert true.shape == (170, 2)
