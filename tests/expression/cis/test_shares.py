import numpy as np
import pytest

from meristem.expression.cis.shares import (
    fit_shares,
    learn_prior,
    share_grid,
    share_kernel,
)


def _problem(n=23, p=9, genes=4, seed=3):
    rng = np.random.default_rng(seed)
    z = rng.standard_normal((n, 31))
    kernel = z @ z.T / 31
    own = [rng.integers(0, 3, (n, p + g)).astype(float) for g in range(genes)]
    other = [rng.standard_normal((n, 2)) for _ in range(genes)]
    y = rng.standard_normal((n, genes)) + own[0][:, [0]]
    return kernel, own, other, y


def _dense(kernel, sets, y, grid, single=False):
    """Average over the grid with whole covariance matrices; even prior."""
    n = y.size
    centre = np.eye(n) - 1 / n
    contrast = np.linalg.svd(centre)[0][:, : n - 1]
    parts, logs, covs = [], [], []

    def unit(x):
        x = x - x.mean(axis=0)
        k = x @ x.T
        return x, k / (np.trace(k) / n), np.trace(k) / n

    found = [unit(x) for x in sets]
    for mixture in grid.mixtures:
        mixed = sum(s * f[1] for s, f in zip(mixture, found, strict=True))
        for h in grid.polygenic:
            for c in grid.own:
                g = c / (1 - c)
                v = h * kernel + (1 - h) * np.eye(n) + g * mixed
                inside = contrast.T @ v @ contrast
                t = contrast.T @ y
                alpha = contrast @ np.linalg.solve(inside, t)
                q = t @ np.linalg.solve(inside, t)
                logs.append(
                    -0.5
                    * ((n - 1) * np.log(q / (n - 1)) + np.linalg.slogdet(inside)[1])
                )
                weights = [
                    g * s / f[2] * f[0].T @ alpha
                    for s, f in zip(mixture, found, strict=True)
                ]
                parts.append((h * alpha, weights))
                covs.append((c, h * (1 - c)))
    w = np.exp(np.array(logs) - max(logs))
    w /= w.sum()
    dual = sum(a * part[0] for a, part in zip(w, parts, strict=True))
    weight = [
        sum(a * part[1][k] for a, part in zip(w, parts, strict=True))
        for k in range(len(sets))
    ]
    return dual, weight, w @ np.array(covs)


def test_the_fast_path_is_that_of_whole_matrices() -> None:
    kernel, own, other, y = _problem()
    grid = share_grid(2)
    for gene in range(2):
        sets = [own[gene], other[gene]]
        fit = fit_shares(share_kernel(kernel), y[:, [gene]], [sets], grid)[0]
        dual, weight, share = _dense(kernel, sets, y[:, gene], grid)
        # directions beyond .999 of the spread are dropped
        assert fit.dual == pytest.approx(dual, abs=2e-2 * np.abs(dual).max())
        for k in range(2):
            assert fit.weight[k] == pytest.approx(
                weight[k], abs=2e-2 * np.abs(weight[k]).max()
            )
        assert fit.own.sum() == pytest.approx(share[0], abs=0.01)
        assert fit.polygenic == pytest.approx(share[1], abs=0.01)


def test_batches_change_nothing(monkeypatch) -> None:
    kernel, own, other, y = _problem()
    sets = [[a, b] for a, b in zip(own, other, strict=True)]
    whole = fit_shares(share_kernel(kernel), y, sets, share_grid(2))
    monkeypatch.setattr("meristem.expression.cis.shares.BATCH", 1)
    single = fit_shares(share_kernel(kernel), y, sets, share_grid(2))
    for a, b in zip(whole, single, strict=True):
        assert a.dual == pytest.approx(b.dual)
        assert a.weight[0] == pytest.approx(b.weight[0])


def test_a_gene_without_columns_is_polygenic_alone() -> None:
    kernel, own, _, y = _problem()
    none = np.zeros((y.shape[0], 0))
    fits = fit_shares(
        share_kernel(kernel), y[:, :2], [[own[0]], [none]], share_grid(1), single=True
    )
    assert fits[1].weight[0].shape == (0,)
    assert fits[1].own[0] == 0
    assert np.isfinite(fits[1].dual).all()
    assert abs(fits[1].dual.sum()) < 1e-9


def test_without_a_kernel_the_dual_is_zero() -> None:
    _, own, _, y = _problem()
    shared = share_kernel(None, y.shape[0])
    fit = fit_shares(shared, y[:, [0]], [[own[0]]], share_grid(1, polygenic=False))[0]
    assert not fit.dual.any()
    assert fit.weight[0].any()


def test_one_causal_column_is_found_among_its_neighbours() -> None:
    rng = np.random.default_rng(8)
    base = rng.integers(0, 2, (150, 1)) * 2.0
    x = np.where(rng.random((150, 20)) < 0.1, 2 - base, base)
    y = x[:, [7]] + 0.5 * rng.standard_normal((150, 1))
    kernel = np.eye(150)
    ridge = fit_shares(share_kernel(kernel), y, [[x]], share_grid(1))[0]
    both = fit_shares(share_kernel(kernel), y, [[x]], share_grid(1), single=True)[0]
    assert abs(both.weight[0][7] - 1) < abs(ridge.weight[0][7] - 1)
    assert np.abs(np.delete(both.weight[0], 7)).max() < 0.05


def test_genes_teach_each_other_the_prior() -> None:
    rng = np.random.default_rng(1)
    told = np.concatenate([rng.normal([3, 0, 0], 0.1, (50, 3)), np.zeros((1, 3))])
    posterior = learn_prior(told)
    assert posterior[-1, 0] > 0.6
    assert posterior.sum(axis=1) == pytest.approx(np.ones(51))
    assert learn_prior(np.zeros((1, 4)))[0] == pytest.approx(np.full(4, 0.25))
