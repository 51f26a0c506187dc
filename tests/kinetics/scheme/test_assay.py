"""The second worked case: constants of a two-substrate enzyme, with intervals."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import f as f_distribution

from meristem.errors import DataError
from meristem.kinetics.scheme.assay import (
    Constants,
    _Assay,
    fit_constants,
    predict_rate,
    profile_intervals,
    sensitivity,
    simulate_assay,
)
from meristem.kinetics.scheme.catalog import two_substrate_enzyme
from meristem.kinetics.scheme.identify import identify
from meristem.kinetics.scheme.michaelis import michaelis_constants
from meristem.kinetics.scheme.scheme import Reaction, Scheme

SCHEME = two_substrate_enzyme()
GRID = {
    "A": np.array([0.1, 0.3, 1.0, 3.0, 10.0, 30.0]),
    "B": np.array([0.1, 0.5, 2.0, 8.0, 30.0]),
    "I": np.array([0.0, 0.5, 2.0]),
}
TRUTH = {"kcat": 10.0, "Ka": 2.5, "Kb": 5.0, "Kia": 2.0, "Ki": 0.5}


def assay(noise: float = 0.05, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return simulate_assay(SCHEME, GRID, rng=rng, noise=noise)


def test_rate_law_of_the_textbook() -> None:
    table = assay(noise=0.0)
    a, b, i = (table[name].to_numpy() for name in "ABI")
    k = TRUTH
    bound = 1 + i / k["Ki"]
    expected = (
        k["kcat"]
        * a
        * b
        / (k["Kia"] * k["Kb"] * bound + k["Kb"] * a + k["Ka"] * b * bound + a * b)
    )
    assert np.allclose(table["rate"], expected, rtol=1e-9)


def test_constants_are_recovered_with_intervals() -> None:
    covered = 0
    for seed in range(5):
        rng = np.random.default_rng(seed)
        found = fit_constants(SCHEME, assay(seed=seed), rng=rng, starts=4)
        table = michaelis_constants(found).set_index("constant")
        assert found.sigma == pytest.approx(0.05, rel=0.25)
        for name, truth in TRUTH.items():
            row = table.loc[name]
            assert row["value"] == pytest.approx(truth, rel=0.15)
            covered += row["low"] <= truth <= row["high"]
    assert covered >= 22  # of 25, at 95 %


def test_only_five_combinations_are_identifiable() -> None:
    rng = np.random.default_rng(0)
    found = fit_constants(SCHEME, assay(), rng=rng, starts=4)
    reading = identify(SCHEME.reaction_names, found.information)
    assert reading.rank == 5
    assert {"bind_I", "leave_I"} <= set(SCHEME.reaction_names) - set(reading.identified)


def test_profiles_say_which_constants_are_bounded() -> None:
    rng = np.random.default_rng(0)
    table = assay()
    found = fit_constants(SCHEME, table, rng=rng, starts=4)
    profile = profile_intervals(found, table).set_index("parameter")
    assert profile.loc["cat", "low"] < 10.0 < profile.loc["cat", "high"]
    assert np.isfinite(profile.loc["leave_A", ["low", "high"]].astype(float)).all()
    assert profile.loc["bind_I", "high"] == np.inf
    assert not profile.loc["leave_B", "bounded"]
    assert not profile.loc["leave_I", "bounded"]
    assert profile.loc["cat", "bounded"]


def test_sensitivity_by_differences() -> None:
    log_rates = np.array([SCHEME.log_rates])
    step = 1e-6
    got = sensitivity(SCHEME, log_rates)[0]
    one = {name: np.ones(1) for name in "ABI"}
    base = predict_rate(SCHEME, log_rates[0], one)
    for index in range(7):
        moved = log_rates[0].copy()
        moved[index] += step
        slope = (predict_rate(SCHEME, moved, one) - base) / step
        assert got[index] == pytest.approx(slope[0], abs=1e-5)


def test_faults_are_refused() -> None:
    rng = np.random.default_rng(0)
    table = assay()
    with pytest.raises(DataError, match="'rate'"):
        fit_constants(SCHEME, table.drop(columns="rate"), rng=rng)
    with pytest.raises(DataError, match="column 'B'"):
        fit_constants(SCHEME, table.drop(columns="B"), rng=rng)
    with pytest.raises(DataError, match="row 3"):
        fit_constants(SCHEME, table.assign(rate=[1, 1, 0] + [1] * 87), rng=rng)
    with pytest.raises(DataError, match="'A' is negative"):
        fit_constants(SCHEME, table.assign(A=-1.0), rng=rng)
    with pytest.raises(DataError, match="no concentration of 'I'"):
        predict_rate(SCHEME, np.zeros(7), {"A": np.ones(1), "B": np.ones(1)})


def test_shifts_are_recovered_and_predict_other_conditions() -> None:
    """Temperature speeds up catalysis and leaving; a mutant binds A worse."""
    rng = np.random.default_rng(5)
    table = pd.concat([assay(noise=0.0)] * 3, ignore_index=True)
    table["warm"] = rng.uniform(-1, 1, len(table))
    table["mutant"] = rng.integers(0, 2, len(table)).astype(float)
    shifts = {"warm": ("cat", "leave_A"), "mutant": ("bind_A",)}
    truth = np.array([*SCHEME.log_rates, 0.7, 0.4, -1.1])
    planted = Constants(SCHEME, shifts, truth, 0.03, np.eye(10), len(table))
    table["rate"] = np.exp(planted.predict(table) + rng.normal(0, 0.03, len(table)))
    found = fit_constants(SCHEME, table, rng=rng, starts=4, shifts=shifts)
    assert found.names[7:] == ("cat:warm", "leave_A:warm", "bind_A:mutant")
    assert found.theta[7:] == pytest.approx([0.7, 0.4, -1.1], abs=0.1)
    other = assay(noise=0.0, seed=9).assign(warm=0.5, mutant=1.0)
    assert found.predict(other) == pytest.approx(planted.predict(other), abs=0.05)
    profile = profile_intervals(found, table, level=0.99).set_index("parameter")
    low, high = profile.loc["bind_A:mutant", ["low", "high"]]
    assert -1.3 < low < -1.1 < high < -0.9
    with pytest.raises(DataError, match="'warm'"):
        fit_constants(SCHEME, table.drop(columns="warm"), rng=rng, shifts=shifts)


def test_slopes_of_shifts_by_differences() -> None:
    shifts = {"warm": ("cat", "leave_B")}
    table = assay().assign(warm=np.linspace(-1, 1, 90))
    problem = _Assay.of(SCHEME, table, shifts)
    theta = np.array([*SCHEME.log_rates, 0.3, -0.2])
    got = problem.slope(theta)
    for index in range(theta.size):
        moved = theta.copy()
        moved[index] += 1e-6
        slope = (problem.residual(moved) - problem.residual(theta)) / 1e-6
        assert got[:, index] == pytest.approx(slope, abs=1e-4)


def test_units_change_nothing_but_the_unit() -> None:
    """Other units of concentration and time: constants far from 1, same intervals."""
    table = assay()
    other = table.assign(A=table["A"] * 1e-9, rate=table["rate"] * 1e-6)
    found, moved = (
        fit_constants(SCHEME, each, rng=np.random.default_rng(0), starts=2)
        for each in (table, other)
    )
    factor = np.full(7, 1e-6)
    factor[SCHEME.reaction_names.index("bind_A")] = 1e3
    assert moved.sigma == pytest.approx(found.sigma)
    ends = profile_intervals(found, table).set_index("parameter")
    after = profile_intervals(moved, other).set_index("parameter")
    scale = dict(zip(SCHEME.reaction_names, factor, strict=True))
    for name in ("bind_A", "leave_A", "cat"):
        wanted = ends.loc[name, ["low", "value", "high"]].astype(float) * scale[name]
        got = after.loc[name, ["low", "value", "high"]].astype(float)
        assert got.to_numpy() == pytest.approx(wanted.to_numpy(), rel=1e-4)
        assert after.loc[name, "bounded"]


def test_a_column_far_from_zero_shifts_as_one_around_it() -> None:
    """Kelvin: the rate at zero is far beyond what any assay could hold."""
    rng = np.random.default_rng(2)
    dose, kelvin = np.meshgrid([0.1, 0.3, 1, 3, 10, 30], [290.0, 300, 310, 320])
    cat = 2.0 * np.exp(0.08 * (kelvin - 300)).ravel()
    ligand, noise = dose.ravel(), rng.normal(0, 0.05, dose.size)
    rate = cat * 1.5 * ligand / (cat + 0.7 + 1.5 * ligand) * np.exp(noise)
    table = pd.DataFrame({"S": ligand, "rate": rate, "t": kelvin.ravel()})
    steps = (
        Reaction("bind", "E", "ES", ligand="S"),
        Reaction("leave", "ES", "E"),
        Reaction("cat", "ES", "E", observed=True),
    )
    scheme = Scheme("enzyme", ("E", "ES"), steps)
    found, around = (
        fit_constants(
            scheme, table.assign(t=table["t"] - zero), rng=rng, shifts={"t": ("cat",)}
        )
        for zero in (0.0, 300.0)
    )
    assert found.sigma == pytest.approx(0.05, rel=0.3)
    assert found.sigma == pytest.approx(around.sigma, rel=1e-4)
    at_zero = around.theta[2] - 300 * around.theta[3]
    assert found.theta[2] == pytest.approx(at_zero, rel=1e-3)
    profile = profile_intervals(found, table).set_index("parameter")
    shift = profile.loc["cat:t"]
    assert shift["low"] < 0.08 < shift["high"]
    assert profile["bounded"].all()
    assert profile.loc["cat", "low"] < 2 * np.exp(-24) < profile.loc["cat", "high"]
    reading = identify(found.names, found.centred_information)
    assert reading.rank == 4


def test_ends_of_intervals_are_where_the_fit_is_as_bad_as_the_level_allows() -> None:
    table = assay()
    rng = np.random.default_rng(0)
    found = fit_constants(SCHEME, table, rng=rng, starts=2)
    problem = _Assay.of(SCHEME, table, {})
    z = (found.theta - problem.centre) / problem.unit
    best = 2 * problem.solve(z).cost
    worst = best + f_distribution.ppf(0.95, 1, 85) * found.sigma**2
    row = profile_intervals(found, table).set_index("parameter").loc["cat"]
    index = SCHEME.reaction_names.index("cat")
    for end in (row["low"], row["high"]):
        at = (np.log(end) - problem.centre[index]) / problem.unit[index]
        assert 2 * problem.solve(z, (index, at)).cost == pytest.approx(worst, rel=1e-3)
