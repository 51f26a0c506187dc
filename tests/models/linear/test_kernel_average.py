"""Several kernels in one REML: their form, their fit, lines and crosses."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.models.toys import halves, inner_of, marker_panel

from meristem.config.models import KernelAverageOptions
from meristem.mixed.several import KernelREML
from meristem.mixed.targets import random_inner, training_targets
from meristem.models.catalog import build, restore
from meristem.models.linear.gblup import GBLUP
from meristem.models.linear.kernel_average import (
    KernelAverage,
    fit_several_left_out,
    kernel_space,
)


def crosses(n=60, p=80, seed=0):
    """Crosses of parents of two pools whose alleles are worth different things."""
    data, _, _ = marker_panel(20, n=n, p=p, seed=seed)
    rng = np.random.default_rng(seed)
    first, second = rng.integers(0, 2, (2, n, p)).astype(np.int8)
    genotypes = replace(data.genotypes, call_dosage=first + second, first_gamete=first)
    effect = rng.normal(size=(2, p))
    y = first @ effect[0] + second @ effect[1]
    y = y / y.std() + 0.3 * rng.normal(size=n)
    phenotypes = replace(data.phenotypes, value=y[:, None])
    return replace(data, genotypes=genotypes, phenotypes=phenotypes)


@pytest.mark.parametrize("crossed", [False, True], ids=["lines", "crosses"])
def test_kernels_are_those_of_their_formulas(crossed):
    data = crosses() if crossed else halves()[0]
    space, kernels = kernel_space(data.genotypes, KernelAverageOptions())
    x = [side.astype(float) for side in space.sides]
    for part, side in zip(x, space.sides, strict=True):
        part[side < 0] = np.nan
        part -= np.nanmean(part, axis=0)
        part[side < 0] = 0
    linear = [z @ z.T for z in x]
    linear = [k * k.shape[0] / np.trace(k) for k in linear]
    product = linear[0] * linear[-1]
    z = np.hstack(x)
    distance = ((z[:, None] - z) ** 2).sum(axis=2)
    distance /= np.median(distance[np.triu_indices_from(distance, 1)])
    widths = (0.5, 2.0) if crossed else (0.5, 2.0, 5.0)
    expected = [*linear, product * product.shape[0] / np.trace(product)]
    expected += [np.exp(-h * distance) for h in widths]
    assert len(kernels) == len(expected) == len(space.names)
    for one, two in zip(kernels, expected, strict=True):
        assert one == pytest.approx(two, rel=1e-4, abs=1e-5)


@pytest.mark.parametrize("crossed", [False, True], ids=["lines", "crosses"])
def test_predictions_are_those_of_the_components(crossed):
    data = crosses(70) if crossed else marker_panel(30, n=90, p=120)[0]
    train, test = data.take(np.arange(50)), data.take(np.arange(50, data.n_sample))
    fitted = KernelAverage().fit(train, rng=np.random.default_rng(0))
    target = training_targets(train.phenotypes)[0]
    _, kernels = kernel_space(train.genotypes, KernelAverageOptions())
    fit = KernelREML(kernels).fit(target)
    sides = fitted._sides(test.genotypes)
    cross = fitted.space.cross(sides, fitted.space.sides)
    expected = fit.intercept + sum(
        s * k @ fit.dual for s, k in zip(fit.genetic, cross, strict=True)
    )
    value = fitted.predict(test.genotypes).value[:, 0]
    assert np.corrcoef(value, expected)[0, 1] > 0.999
    assert value == pytest.approx(expected, abs=0.05 * expected.std())
    posterior = fitted.posterior(test.genotypes)
    assert np.array_equal(posterior.predictions().value[:, 0], value)
    spread = posterior.predictions().spread
    assert (spread > 0).all()
    again = restore(fitted.state())
    assert np.array_equal(again.predict(test.genotypes).value[:, 0], value)
    assert again.posterior(test.genotypes).predictions().spread == pytest.approx(spread)


def test_pairs_of_loci_are_seen_and_additive_traits_cost_nothing():
    data, g, causal = marker_panel(12, n=260, p=60)
    z = data.genotypes.call_dosage[:, causal] - 1.0
    pairs = z[:, :6] * z[:, 6:] @ np.ones(6)
    rng = np.random.default_rng(0)
    gain = []
    for true in (g, pairs):
        y = true / true.std() + 0.5 * rng.normal(size=true.size)
        both = replace(data, phenotypes=replace(data.phenotypes, value=y[:, None]))
        train, test = both.take(np.arange(200)), both.take(np.arange(200, 260))
        r = [
            np.corrcoef(
                model.fit(train, rng=rng).predict(test.genotypes).value[:, 0],
                true[200:],
            )[0, 1]
            for model in (KernelAverage(), GBLUP())
        ]
        gain.append(r[0] - r[1])
    assert gain[0] > -0.03
    assert gain[1] > 0.1


def test_rows_left_out_taught_nothing():
    data = marker_panel(20, n=80, p=90)[0]
    targets = training_targets(data.phenotypes)
    inner = random_inner(80, np.random.default_rng(1))
    space, kernels = kernel_space(data.genotypes, KernelAverageOptions())
    fitted, held = fit_several_left_out(data, space, kernels, targets, inner)
    inside = fitted.predict(data.genotypes).value
    y = data.phenotypes.value
    assert np.isfinite(held).all()
    assert np.mean((held - y) ** 2) > np.mean((inside - y) ** 2)


def test_options_reach_the_kernels():
    train, test = halves()
    one = build(KernelAverageOptions()).fit(
        train, rng=np.random.default_rng(0), inner=inner_of(train)
    )
    wide = build(KernelAverageOptions(bandwidths=(0.01,))).fit(
        train, rng=np.random.default_rng(0)
    )
    assert len(one.space.names) == 5
    assert wide.space.names == ("additive", "additive x additive", "Gaussian 0.01")
    both = [model.predict(test.genotypes).value for model in (one, wide)]
    assert not np.allclose(*both)
    widths = KernelAverageOptions(hybrid_bandwidths=(1.0,))
    assert len(kernel_space(crosses().genotypes, widths)[1]) == 4
    h2 = one.variance_components().h2
    assert ((h2 >= 0) & (h2 <= 1)).all()
