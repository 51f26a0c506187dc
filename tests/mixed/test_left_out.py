"""Rows left out in closed form, against fits without them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from meristem.mixed.left_out import left_out_predictions
from meristem.mixed.several import KernelREML, fit_kernels, precision_multi
from meristem.mixed.targets import Target
from meristem.records import Split


def panel(n=140, p=260, seed=0, h2=0.6):
    """Kernels that are alike, and a trait with pairs of loci; weights differ."""
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(n, p))
    z[: n // 2] += 0.4 * rng.normal(size=p)
    additive = z @ z.T / p
    distance = np.add.outer(np.diag(additive), np.diag(additive)) - 2 * additive
    kernels = [additive, additive**2, np.exp(-distance), np.exp(-3 * distance)]
    kernels = [kernel * n / np.trace(kernel) for kernel in kernels]
    root = np.linalg.cholesky(0.4 * kernels[0] + 0.6 * kernels[2] + 1e-6 * np.eye(n))
    g = root @ rng.normal(size=n)
    y = np.sqrt(h2) * g + np.sqrt(1 - h2) * rng.normal(size=n)
    weight = rng.uniform(0.5, 1.5, n)
    return kernels, Target(0, np.arange(n), y, weight / weight.mean())


def folds(n, k, seed=1):
    fold = np.random.default_rng(seed).permutation(n) % k
    return tuple(
        Split("kfold", 0, f, np.flatnonzero(fold != f), np.flatnonzero(fold == f))
        for f in range(k)
    )


def refitted(kernels, target, splits):
    held = np.full(target.y.size, np.nan)
    for split in splits:
        part = Target(0, split.train, target.y[split.train], target.weight[split.train])
        fit = KernelREML(tuple(kernels)).fit(part)
        held[split.test] = fit.intercept
        for share, kernel in zip(fit.genetic, kernels, strict=True):
            held[split.test] += (
                share * kernel[np.ix_(split.test, split.train)] @ fit.dual
            )
    return held


def test_at_given_components_it_is_exact():
    """Against the solution of the rows that are left, parts of which are in no fold."""
    kernels, target = panel(60, 90)
    fit = fit_kernels(kernels, target)
    train, test = np.arange(0, 40), np.arange(45, 60)
    split = Split("parents", 0, 0, train, test)
    found = left_out_predictions(kernels, fit, target, (split,), corrected=False)
    own = [kernel[np.ix_(train, train)] for kernel in kernels]
    ones = np.ones((40, 1))
    fitted = precision_multi(own, ones, fit.genetic, fit.residual, target.weight[train])
    dual = fitted.apply(target.y[train])
    total = sum(s * k for s, k in zip(fit.genetic, kernels, strict=True))
    whole = total[np.ix_(train, train)] + np.diag(fit.residual / target.weight[train])
    level = np.mean(target.y[train] - whole @ dual)
    expected = level + total[np.ix_(test, train)] @ dual
    assert found[test] == pytest.approx(expected, abs=1e-8)
    assert np.isnan(found[:45]).all()


def test_without_splits_every_row_is_left_out_alone():
    kernels, target = panel(30, 50)
    fit = fit_kernels(kernels, target)
    alone = tuple(
        Split("kfold", 0, k, np.delete(np.arange(30), k), np.array([k]))
        for k in range(30)
    )
    one = left_out_predictions(kernels, fit, target, ())
    assert one == pytest.approx(left_out_predictions(kernels, fit, target, alone))


@pytest.mark.parametrize("seed", range(4))
def test_the_correction_is_what_refits_lose(seed):
    """Refits with REML in each fold err more than components of all rows allow."""
    kernels, target = panel(seed=seed)
    splits = folds(target.y.size, 5)
    fit = fit_kernels(kernels, target)
    truth = refitted(kernels, target, splits)
    plain = left_out_predictions(kernels, fit, target, splits, corrected=False)
    found = left_out_predictions(kernels, fit, target, splits)
    assert np.corrcoef(found, truth)[0, 1] > 0.985

    def error(said):
        return np.average((target.y - said) ** 2, weights=target.weight)

    optimism = error(truth) - error(plain)
    assert abs(error(truth) - error(found)) < max(0.5 * optimism, 0.01)
    assert np.abs(found - truth).mean() < 0.7 * np.abs(plain - truth).mean()


def test_a_level_of_which_the_rest_knows_nothing_is_no_obstacle():
    """A whole cage is left out: its own effect must not be learned from it."""
    kernels, target = panel()
    cage = np.arange(140) // 28
    level = (cage[:, None] == np.arange(4)).astype(float)
    known = replace(target, fixed=level)
    splits = tuple(
        Split("group", 0, k, np.flatnonzero(cage != k), np.flatnonzero(cage == k))
        for k in range(5)
    )
    fit = fit_kernels(kernels, known)
    held = left_out_predictions(kernels, fit, known, splits)
    plain = left_out_predictions(kernels, fit_kernels(kernels, target), target, splits)
    assert np.isfinite(held).all()
    assert np.corrcoef(held, plain)[0, 1] > 0.95
