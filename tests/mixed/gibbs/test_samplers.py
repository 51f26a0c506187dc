"""Geweke's joint test of every sampler, twins, conjugate cases and golden values.

Golden values: BGLR 1.1.5 on wheat environment 1, 12,000 iterations, in the fact sheet
`trials.md`, section 5.
"""

import numpy as np
import pytest
from tests.models.test_wheat import WHEAT, wheat_dataset

from meristem.mixed.gibbs.alphabet import Inclusion, Laplace, Mixture, Normal, Student
from meristem.mixed.gibbs.chains import Schedule, run_chains
from meristem.mixed.gibbs.defaults import Expected, column_variance, marker_prior
from meristem.mixed.gibbs.kernel import sweep_block, sweep_columns
from meristem.mixed.gibbs.markers import ChainRows, MarkerSampler, chain_rows
from meristem.mixed.gibbs.rotated import KernelSampler
from meristem.mixed.reml import decompose, estimate

N, P, COLUMNS, DF = 13, 9, 300, 8.0
SCALE = np.array([2.0])
LABEL = np.arange(P) % 2
SIZES = (0.0, 0.05, 0.3, 1.0)


def gamma(rng, shape, rate, size):
    return rng.gamma(shape, 1 / rate, size)


def draw_normal(rng, prior, noise):
    variance = prior.scale / rng.chisquare(prior.df, COLUMNS)
    on, hyper = included(rng, prior.inclusion)
    effect = on * np.sqrt(variance)[:, None] * rng.standard_normal((COLUMNS, P))
    return effect, {"variance": variance, **hyper}


def included(rng, inclusion):
    if inclusion is None:
        return np.ones((COLUMNS, P)), {}
    n_class = 1 if inclusion.label is None else 2
    rate = rng.beta(inclusion.yes, inclusion.no, (COLUMNS, n_class))
    label = np.zeros(P, int) if inclusion.label is None else inclusion.label
    return rng.random((COLUMNS, P)) < rate[:, label], {"rate": rate}


def draw_student(rng, prior, noise):
    scale = gamma(rng, prior.shape, prior.rate, COLUMNS)
    variance = scale[:, None] / rng.chisquare(prior.df, (COLUMNS, P))
    on, hyper = included(rng, prior.inclusion)
    effect = on * np.sqrt(variance) * rng.standard_normal((COLUMNS, P))
    return effect, {"scale": scale, "variance": variance, **hyper}


def draw_laplace(rng, prior, noise):
    penalty = gamma(rng, prior.shape, prior.rate, COLUMNS)
    tau2 = rng.exponential(2 / penalty[:, None], (COLUMNS, P))
    effect = np.sqrt(noise[:, None] * tau2) * rng.standard_normal((COLUMNS, P))
    return effect, {"penalty": penalty, "tau2": tau2}


def draw_mixture(rng, prior, noise):
    variance = prior.scale / rng.chisquare(prior.df, COLUMNS)
    label = np.zeros(P, int) if prior.label is None else prior.label
    counts = np.full(len(prior.sizes), prior.counts)
    share = rng.dirichlet(counts, (COLUMNS, label.max() + 1))
    at = share[:, label].cumsum(axis=2)
    which = (rng.random((COLUMNS, P, 1)) > at).sum(axis=2)
    size = np.array(prior.sizes)[which]
    effect = np.sqrt(variance[:, None] * size) * rng.standard_normal((COLUMNS, P))
    return effect, {"variance": variance, "share": share}


PRIORS = {
    "ridge": (Normal(DF, SCALE), draw_normal),
    "a": (Student(DF, SCALE, shape=4.0), draw_student),
    "b": (Student(DF, SCALE, Inclusion(2.0, 3.0), shape=4.0), draw_student),
    "c": (Normal(DF, SCALE, Inclusion(2.0, 3.0)), draw_normal),
    "c-annotated": (Normal(DF, SCALE, Inclusion(2.0, 3.0, LABEL)), draw_normal),
    "lasso": (Laplace(np.array([3.0]), shape=6.0), draw_laplace),
    "r": (Mixture(DF, SCALE, sizes=SIZES), draw_mixture),
    "r-annotated": (Mixture(DF, SCALE, sizes=SIZES, label=LABEL), draw_mixture),
}


def features(mean, noise, effect, hyper):
    found = [mean, mean**2, np.log(noise), effect[:, 0], effect[:, 3] ** 2]
    found += [np.abs(effect).sum(axis=1), (effect == 0).mean(axis=1)]
    for value in hyper.values():
        value = np.log(value)
        value = value if value.ndim == 1 else value.reshape(COLUMNS, -1)
        found += [value] if value.ndim == 1 else [value[:, 0], value.mean(axis=1)]
    return np.stack(found)  # (n_feature, n_column)


def agree(simulated, sampled):
    """Return the largest z of the difference of means; columns are independent."""
    spread = simulated.var(axis=1) / simulated.shape[1]
    spread = spread + sampled.var(axis=1) / sampled.shape[1]
    difference = np.abs(simulated.mean(axis=1) - sampled.mean(axis=1))
    return (difference / np.sqrt(np.maximum(spread, 1e-12))).max()


@pytest.mark.parametrize("name", PRIORS)
def test_sampled_jointly_with_data_everything_has_its_prior(name):
    """Geweke 2004, JASA 99:799: prior draws beside successive-conditional ones."""
    prior, draw = PRIORS[name]
    rng = np.random.default_rng(11)
    z = rng.standard_normal((P, N)).astype(np.float32) * 0.7
    root = np.sqrt(rng.uniform(0.4, 2.0, N))
    rows = ChainRows(rng.standard_normal((COLUMNS, N)), root)
    sampler = MarkerSampler(z, rows, prior, np.array([6.0]), DF, mean_variance=0.5)
    state = sampler.init(rng)
    total, number = 0.0, 0
    for sweep in range(300):
        sampler.sweep(state, rng)
        fitted = state.mean[:, None] * rows.level + state.effect @ z
        error = np.sqrt(state.noise)[:, None] * rng.standard_normal((COLUMNS, N))
        state.y, state.residual = fitted + error, error.astype(np.float32)
        if sweep >= 100:
            total = total + features(state.mean, state.noise, state.effect, state.hyper)
            number += 1
    simulated = []
    for _ in range(30):
        noise = 6.0 / rng.chisquare(DF, COLUMNS)
        mean = np.sqrt(0.5) * rng.standard_normal(COLUMNS)
        simulated.append(features(mean, noise, *draw(rng, prior, noise)))
    assert agree(np.concatenate(simulated, axis=1), total / number) < 4


def test_values_of_lines_have_their_prior():
    rng = np.random.default_rng(5)
    half = rng.standard_normal((N, 5))  # of rank 5: some eigenvalues do not count
    root = np.sqrt(rng.uniform(0.4, 2.0, N))
    split = decompose(half @ half.T / 5, root**2)
    rows = ChainRows(rng.standard_normal((COLUMNS, N)), root)
    sampler = KernelSampler(
        split, rows, SCALE, np.array([6.0]), DF, DF, mean_variance=0.5
    )
    state = sampler.init(rng)
    found = []
    for sweep in range(200):
        sampler.sweep(state, rng)
        fitted = sampler.values(state) * root
        error = np.sqrt(state.noise)[:, None] * rng.standard_normal((COLUMNS, N))
        sampler.redraw(state, fitted + error)
        if sweep >= 50:
            scores = state.score[:, sampler.kept]
            logs = [np.log(state.noise), np.log(state.genetic)]
            found.append([state.mean, state.mean**2, *logs, scores[:, 0] ** 2])
    size = (COLUMNS * 30,)
    genetic = SCALE / rng.chisquare(DF, size)
    mean = np.sqrt(0.5) * rng.standard_normal(size)
    prior = [mean, mean**2, np.log(6.0 / rng.chisquare(DF, size)), np.log(genetic)]
    prior += [genetic * rng.standard_normal(size) ** 2]
    assert agree(np.array(prior), np.mean(found, axis=0)) < 4


@pytest.mark.parametrize("n_component", [1, 2, 4])
def test_the_compiled_loop_draws_what_its_twin_draws(n_component):
    pytest.importorskip("numba")
    rng = np.random.default_rng(3)
    width, n_column = 17, 6
    x = rng.standard_normal((2, width, 40)).astype(np.float32)
    gram, fit = x @ x.transpose(0, 2, 1), np.array([0, 1, 1, 0, 0, 1])
    shape = (n_component, n_column, width)
    shrink = rng.uniform(0.001, 0.02, shape).astype(np.float32)
    level = rng.standard_normal(shape).astype(np.float32)
    if n_component > 1:
        shrink[0] = 0
    random = (
        rng.standard_normal((n_column, width), dtype=np.float32),
        rng.random((n_column, width), dtype=np.float32),
    )
    half = np.full(n_column, 0.6, dtype=np.float32)
    right = (10 * rng.standard_normal((n_column, width))).astype(np.float32)
    results = []
    for loop in (sweep_columns, sweep_block()):
        effect = np.full((n_column, width), 0.1, dtype=np.float32)
        component = np.ones((n_column, width), dtype=np.int8)
        change = np.empty_like(effect)
        terms = (level, shrink, np.sqrt(shrink), half)
        loop(right.copy(), gram, fit, (effect, component, change), terms, random)
        results.append((effect, component, change))
    for one, two in zip(*results, strict=True):
        assert one == pytest.approx(two, abs=2e-5)
    assert len(np.unique(results[0][1])) == n_component


def small_trait(n=60, p=25, seed=2):
    rng = np.random.default_rng(seed)
    z = rng.standard_normal((p, n))
    z -= z.mean(axis=1, keepdims=True)
    y = 3 + z.T @ rng.standard_normal(p) * 0.4 + rng.standard_normal(n)
    return z, y, rng.uniform(0.3, 2.0, n)


def fit(z, y, kind, weight=None, *, folds=None, seed=1, **schedule):
    weight = np.ones(y.size) if weight is None else weight
    plan = Schedule(**{"draws": 800, "most_draws": 800, "burn_in": 200} | schedule)
    rows = chain_rows(y, weight, plan.chains, folds)
    variance, size, expected = column_variance(rows), z.var(axis=1).sum(), Expected()
    if kind == "kernel":
        split = decompose(z.T @ z, weight)
        scale = expected.genetic_scale(variance, size)
        sampler = KernelSampler(split, rows, scale, expected.noise_scale(variance))
    else:
        prior = marker_prior(kind, variance, size, expected)
        narrow = (z * np.sqrt(weight)).astype(np.float32)
        sampler = MarkerSampler(narrow, rows, prior, expected.noise_scale(variance))
    watched = None
    if folds is not None:
        seen = [np.flatnonzero(mask)[:20] for mask in folds]
        watched = np.repeat(np.stack(seen), plan.chains, axis=0)
    return run_chains(sampler, plan, np.random.default_rng(seed), rows=watched)


def test_ridge_by_markers_is_ridge_by_eigenvectors():
    z, y, weight = small_trait()
    markers, kernel = (fit(z, y, kind, weight)[0] for kind in ("ridge", "kernel"))
    assert markers.value == pytest.approx(kernel.value, abs=0.08)
    assert markers.coefficient == pytest.approx(z @ kernel.coefficient, abs=0.04)
    for one, two in zip(markers.watched[:3], kernel.watched[:3], strict=True):
        assert one.mean == pytest.approx(two.mean, rel=0.1, abs=0.03)


def test_ridge_is_near_the_blup_at_reml():
    z, y, weight = small_trait(n=150)
    found = fit(z, y, "ridge", weight)[0]
    split = decompose(z.T @ z, weight)
    components = estimate(split, y, np.ones((y.size, 1)))
    ratio = components.residual / components.genetic
    root = np.sqrt(weight)
    centred = z - (z @ weight / weight.sum())[:, None]
    level = weight @ y / weight.sum()
    left = (centred * weight) @ centred.T + ratio * np.eye(z.shape[0])
    blup = np.linalg.solve(left, (centred * root) @ (root * (y - level)))
    assert np.corrcoef(found.coefficient, blup)[0, 1] > 0.99
    assert found.coefficient == pytest.approx(blup, abs=0.05)


def test_folds_swept_together_are_the_folds_alone():
    z, y, weight = small_trait()
    folds = np.ones((2, y.size), dtype=bool)
    folds[0, :20], folds[1, 35:] = False, False
    together = fit(z, y, "c", weight, folds=folds)
    for mask, found in zip(folds, together, strict=True):
        alone = fit(z[:, mask], y[mask], "c", weight[mask])[0]
        # scales of prior follow the markers of all rows, or of the fold
        assert np.corrcoef(found.coefficient, alone.coefficient)[0, 1] > 0.99
        assert found.coefficient == pytest.approx(alone.coefficient, abs=0.06)


def test_sparse_effects_are_found_and_shrunk():
    rng = np.random.default_rng(4)
    z = rng.standard_normal((80, 200))
    y = 1.0 * z[7] - 0.8 * z[40] + rng.standard_normal(200)
    for kind in ("b", "c", "r"):
        found = fit(z, y, kind, draws=400, most_draws=400)[0]
        assert found.inclusion is not None
        assert (found.inclusion[[7, 40]] > 0.95).all()
        assert np.median(found.inclusion) < 0.5
        assert found.coefficient[7] == pytest.approx(1.0, abs=0.25)


def test_chains_run_until_they_agree_and_say_if_not():
    z, y, _ = small_trait()
    good = fit(z, y, "ridge", draws=100, most_draws=6400)[0]
    assert good.converged
    assert 100 < good.trace["residual"].shape[1] <= 6400
    assert good.worst[0] < 1.01
    short = fit(z, y, "ridge", draws=20, most_draws=20, burn_in=0)[0]
    assert not short.converged
    assert short.n_sweep == 100


def test_draws_kept_are_those_of_the_posterior():
    z, y, _ = small_trait()
    found = fit(z, y, "ridge", kept=60)[0]
    assert 30 <= found.coefficient_draw.shape[0] <= 60
    assert found.coefficient_draw.mean(axis=0) == pytest.approx(
        found.coefficient, abs=0.12
    )
    assert found.kept["mean"].shape == (found.coefficient_draw.shape[0],)


def test_intervals_of_simulated_effects_hold_what_they_promise():
    rng = np.random.default_rng(6)
    inside = []
    for _ in range(12):
        z = rng.standard_normal((12, 50))
        b = 0.4 * rng.standard_normal(12)
        y = z.T @ b + rng.standard_normal(50)
        draws = fit(z, y, "ridge", draws=200, most_draws=200)[0].coefficient_draw
        low, high = np.quantile(draws, (0.05, 0.95), axis=0)
        inside.append((low < b) & (b < high))
    assert 0.83 < np.mean(inside) < 0.96


GOLDEN = {  # varE, cor(yHat, y), variance of the mean genetic values
    "ridge": (0.53448, 0.8180, 0.3280),
    "a": (0.53733, 0.8170, 0.3312),
    "b": (0.53994, 0.8150, 0.3276),
    "c": (0.53853, 0.8153, 0.3246),
    "lasso": (0.55320, 0.8082, 0.3102),
    "kernel": (0.53351, 0.8183, None),
}


def wheat(kind, draws):
    data = wheat_dataset()
    dosage = data.genotypes.call_dosage.astype(np.float64)
    z = ((dosage - dosage.mean(axis=0)) / dosage.std(axis=0, ddof=1)).T
    y = data.phenotypes.value[:, 0]
    return fit(z, y, kind, draws=draws, most_draws=draws, burn_in=500)[0], y


@pytest.mark.skipif(not WHEAT.exists(), reason="shared data are not here")
@pytest.mark.parametrize(
    "kind", ["kernel", *(pytest.param(k, marks=pytest.mark.slow) for k in GOLDEN)]
)
def test_wheat_gives_the_values_of_bglr(kind):
    noise, fitted, genetic = GOLDEN[kind]
    found, y = wheat(kind, 800)
    assert found.converged
    watched = {one.name: one for one in found.watched}
    error = watched["residual"].sd / np.sqrt(watched["residual"].ess_bulk)
    # the run of BGLR has a standard error of .0017 (.0053: Lasso)
    theirs = 0.0053 if kind == "lasso" else 0.0017
    assert watched["residual"].mean == pytest.approx(
        noise, abs=4 * np.hypot(error, theirs)
    )
    assert np.corrcoef(found.value, y)[0, 1] == pytest.approx(fitted, abs=0.004)
    if genetic is not None:
        assert found.value.var() == pytest.approx(genetic, abs=0.01)
    if kind == "ridge":
        assert found.coefficient[:3] == pytest.approx(
            [-0.0016, 0.0145, 0.0061], abs=2e-3
        )
        assert watched["effect_variance"].mean == pytest.approx(4.248e-4, rel=0.03)
    if kind == "c":
        assert watched["inclusion_rate"].mean == pytest.approx(0.504, abs=0.06)
    if kind == "lasso":
        assert watched["lambda"].mean == pytest.approx(54.33, abs=2.0)
