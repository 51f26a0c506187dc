"""The batched fit: same as alone, recovers what was planted, leaves rows out."""

import math

import numpy as np
import pytest

from meristem.errors import ConfigError
from meristem.kinetics.network.design import ABSENT_LOG_RATE
from meristem.kinetics.network.features import Window, position_basis
from meristem.kinetics.network.fit import fit_kinns
from meristem.kinetics.network.kinn import Architecture, FitOptions, Measurements
from meristem.kinetics.network.simulate import planted_benchmark, simulate
from meristem.kinetics.scheme.catalog import cas9
from meristem.stats.metrics import pearson

QUICK = FitOptions(epochs=6, batch=128, learning_rate=0.05)


@pytest.fixture(scope="module")
def planted() -> tuple:
    rng = np.random.default_rng(0)
    simulation = planted_benchmark(rng)
    _, data = simulate(simulation, 900, n_change=(4,), rng=rng)
    truth = Architecture(tuple(Window(r.start, r.stop) for r in simulation.rates))
    return simulation, data, truth


def weights(data: Measurements, n: int) -> tuple[np.ndarray, np.ndarray]:
    held = (np.arange(len(data.y)) % 5 == 0).astype(float)
    return np.tile(1 - held, (n, 1)), np.tile(held, (n, 1))


def fitted(architectures, simulation, data, rng, options=QUICK):
    """Fit networks on four fifths of the rows, the others held out."""
    held = weights(data, len(architectures))
    scheme = simulation.scheme
    return fit_kinns(scheme, architectures, data, *held, rng=rng, options=options)


def test_batch_equals_one_by_one(planted: tuple) -> None:
    simulation, data, truth = planted
    other = Architecture(
        tuple(Window(w.start, w.stop + 2, 3, 2) for w in truth.windows)
    )
    pair = fitted([truth, other], simulation, data, np.random.default_rng(1))
    for index, architecture in enumerate((truth, other)):
        alone = fitted([architecture], simulation, data, np.random.default_rng(1))
        assert np.allclose(pair.kinns[index].weights, alone.kinns[0].weights, atol=2e-3)
        assert pair.loss[index] == pytest.approx(alone.loss[0], abs=1e-3)


def test_planted_network_is_recovered(planted: tuple) -> None:
    simulation, data, truth = planted
    options = FitOptions(
        loss="squared",
        limits=(-math.inf, math.inf),
        epochs=80,
        batch=128,
        learning_rate=0.05,
    )
    fit = fitted([truth], simulation, data, np.random.default_rng(2), options)
    held = np.isfinite(fit.validation[0])
    assert pearson(fit.validation[0][held], data.y[held]) > 0.95


def test_rows_without_weight_do_not_matter(planted: tuple) -> None:
    simulation, data, truth = planted
    train, valid = weights(data, 1)
    spoiled = Measurements(data.x, data.y.copy(), data.censored, data.group)
    out = np.arange(len(data.y)) % 7 == 3
    spoiled.y[out] = 1e3
    train[:, out] = 0
    valid[:, out] = 0
    fits = [
        fit_kinns(
            simulation.scheme,
            [truth],
            rows,
            train,
            valid,
            rng=np.random.default_rng(3),
            options=QUICK,
        )
        for rows in (data, spoiled)
    ]
    assert np.array_equal(fits[0].kinns[0].weights, fits[1].kinns[0].weights)
    assert fits[0].loss[0] == fits[1].loss[0]


def test_prediction_is_the_features_times_weights(planted: tuple) -> None:
    simulation, data, truth = planted
    fit = fitted([truth], simulation, data, np.random.default_rng(4))
    kinn = fit.kinns[0]
    log_rates = kinn.log_rates(data.x)
    for index, window in enumerate(truth.windows):
        basis = position_basis(window, data.x.shape[1])
        phi = np.einsum("npc,pt->nc", data.x.astype(float), basis)
        # kernel 1: every position of the window carries the same weights
        expected = phi @ kinn.weights[index, window.start] + kinn.bias[index]
        assert np.allclose(log_rates[:, index], expected, atol=1e-6)


def test_hidden_units_and_low_rank_are_alive_at_the_start(planted: tuple) -> None:
    simulation, data, truth = planted
    windows = list(truth.windows)
    windows[0] = Window(5, 10, kernel=3, hidden=3)
    windows[6] = Window(30, 45, form="pwm", rank=2)
    fit = fitted(
        [Architecture(tuple(windows)), truth],
        simulation,
        data,
        np.random.default_rng(5),
    )
    kinn = fit.kinns[0]
    assert kinn.hidden[0].reaction == 0
    assert np.abs(kinn.hidden[0].outer).max() > 0.01
    low_rank = kinn.weights[6, 30:45]
    assert np.linalg.matrix_rank(low_rank, tol=1e-5) == 2
    assert fit.kinns[1].hidden == ()


def test_left_out_reaction_never_happens(planted: tuple) -> None:
    simulation, data, truth = planted
    windows = (*truth.windows[:1], None, *truth.windows[2:])
    fit = fitted([Architecture(windows)], simulation, data, np.random.default_rng(6))
    kinn = fit.kinns[0]
    assert kinn.bias[1] == ABSENT_LOG_RATE
    assert not kinn.weights[1].any()
    assert np.isfinite(kinn.log10_rate(data.x)).all()


def test_same_seed_same_network(planted: tuple) -> None:
    simulation, data, truth = planted
    fits = [
        fitted([truth], simulation, data, np.random.default_rng(seed))
        for seed in (7, 7, 8)
    ]
    assert np.array_equal(fits[0].kinns[0].weights, fits[1].kinns[0].weights)
    assert not np.array_equal(fits[0].kinns[0].weights, fits[2].kinns[0].weights)


def test_censored_rows_are_predicted_below_the_limit() -> None:
    rng = np.random.default_rng(9)
    simulation = planted_benchmark(rng)
    _, full = simulate(simulation, 800, n_change=(4,), rng=np.random.default_rng(1))
    limit = float(np.median(full.y))
    _, data = simulate(
        simulation, 800, n_change=(4,), rng=np.random.default_rng(1), limit=limit
    )
    truth = Architecture(tuple(Window(r.start, r.stop) for r in simulation.rates))
    options = FitOptions(
        loss="censored",
        limits=(limit, math.inf),
        epochs=60,
        batch=128,
        learning_rate=0.05,
    )
    fit = fitted([truth], simulation, data, rng, options)
    kinn = fit.kinns[0]
    latent = kinn.log10_rate(data.x)
    assert pearson(latent[data.censored], full.y[data.censored]) > 0.5
    assert (kinn.predict(data.x) >= limit).all()


def test_faults_are_refused(planted: tuple) -> None:
    simulation, data, truth = planted
    train, valid = weights(data, 1)
    rng = np.random.default_rng(0)
    with pytest.raises(ConfigError, match="one window per reaction"):
        fit_kinns(cas9(5), [truth], data, train, valid, rng=rng)
    with pytest.raises(ConfigError, match="no training row"):
        fit_kinns(simulation.scheme, [truth], data, train * 0, valid, rng=rng)
    with pytest.raises(ConfigError, match="per member"):
        fit_kinns(simulation.scheme, [truth, truth], data, train, valid, rng=rng)


def test_spread_is_that_of_rows_held_out_above_the_limit(planted: tuple) -> None:
    simulation, data, truth = planted
    limit = float(np.quantile(data.y, 0.3))
    rows = Measurements(data.x, np.maximum(data.y, limit), data.y <= limit, data.group)
    train, valid = weights(rows, 1)
    kinn = fit_kinns(
        simulation.scheme,
        [truth],
        rows,
        train,
        valid,
        rng=np.random.default_rng(5),
        options=FitOptions(epochs=6, limits=(limit, math.inf)),
    ).kinns[0]
    kept = (valid[0] > 0) & ~rows.censored
    reading = np.maximum(kinn.log10_rate(rows.x[kept]), limit)
    expected = np.sqrt(np.mean((reading - rows.y[kept]) ** 2))
    assert np.exp(kinn.log_sigma) == pytest.approx(expected)
