import numpy as np
import pytest

from meristem.mixed.majors import MAX_MAJOR, major_candidates
from meristem.mixed.spike_slab import fit_sets
from meristem.mixed.targets import Target


def panel(n=120, p=70, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 2, size=(n, p)) * 2.0
    return rng, (x - x.mean(axis=0)) / x.std(axis=0)


def target_of(y):
    return Target(0, np.arange(y.size), y, np.linspace(0.5, 2, y.size))


def test_scores_are_those_of_a_fixed_effect_beside_the_kernels():
    rng, x = panel()
    kernel = x @ x.T / x.shape[1]
    target = target_of(x[:, 5] + rng.normal(size=x.shape[0]))
    covariance = 0.5 * kernel + np.diag(0.5 / target.weight)
    inverse = np.linalg.inv(covariance)
    found = major_candidates(x, [kernel], target)
    statistic = []
    for j in range(x.shape[1]):  # generalised least squares, one variant at a time
        design = np.column_stack([np.ones(x.shape[0]), x[:, j]])
        precision = design.T @ inverse @ design
        effect = np.linalg.solve(precision, design.T @ inverse @ target.y)[1]
        statistic.append(effect**2 / np.linalg.inv(precision)[1, 1])
    best = np.argsort(statistic)[::-1][: MAX_MAJOR // 2]
    assert set(best.tolist()) <= set(found.tolist())
    assert found.size == MAX_MAJOR
    assert found.tolist() == sorted(found.tolist())


def test_one_candidate_per_locus():
    rng, x = panel()
    x = np.concatenate([x, x[:, [5]], -x[:, [5]]], axis=1)
    target = target_of(2 * x[:, 5] + rng.normal(size=x.shape[0]))
    found = major_candidates(x, [np.eye(x.shape[0])], target)
    assert len({5, 70, 71} & set(found.tolist())) == 1


def test_a_rare_allele_does_not_take_the_noise_of_its_carriers():
    rng, x = panel()
    rare = np.zeros(x.shape[0])
    rare[:2] = 2.0
    x[:, 9] = (rare - rare.mean()) / rare.std()
    y = rng.normal(size=x.shape[0])
    y[:2] += 9
    assert 9 not in major_candidates(x, [np.eye(y.size)], target_of(y))


def test_nothing_varies():
    _, x = panel()
    target = target_of(np.arange(120.0))
    assert major_candidates(np.zeros_like(x), [np.eye(120)], target).size == 0


@pytest.mark.parametrize(("effect", "included"), [(1.5, True), (0.0, False)])
def test_a_large_effect_leaves_the_kernels_and_noise_does_not(effect, included):
    rng, x = panel(seed=3)
    y = effect * x[:, 11] + rng.normal(size=x.shape[0])
    target = Target(0, np.arange(y.size), y, np.ones(y.size))
    kernel = x @ x.T / x.shape[1]
    found = major_candidates(x, [kernel], target)
    factors = [x[:, [j]] for j in found]
    fit = fit_sets([kernel], factors, target, np.full(found.size, 1e-4))
    named = dict(zip(found.tolist(), fit.inclusion.tolist(), strict=True))
    assert (named.get(11, 0.0) > 0.9) is included
    assert sum(share > 0.5 for share in named.values()) == int(included)
