import numpy as np
import pytest
from scipy.stats import norm

from meristem.mixed.gibbs.chains import Schedule, run_chains
from meristem.mixed.gibbs.defaults import Expected
from meristem.mixed.gibbs.liability import (
    LiabilitySampler,
    expected_class,
    liability_rows,
    log_between,
    truncated_normal,
)
from meristem.mixed.gibbs.markers import chain_rows
from meristem.mixed.gibbs.rotated import KernelSampler
from meristem.mixed.reml import decompose

N, P = 500, 60


def test_numbers_between_bounds_are_exact_far_out():
    rng = np.random.default_rng(1)
    low = np.repeat([-np.inf, 1.0, 9.0, -12.0], 20_000)
    high = np.repeat([0.5, 2.0, np.inf, -11.0], 20_000)
    drawn = truncated_normal(low, high, rng)
    assert ((drawn >= low) & (drawn <= high)).all()
    parts = drawn.reshape(4, -1)
    assert parts[0].mean() == pytest.approx(-norm.pdf(0.5) / norm.cdf(0.5), abs=0.02)
    assert parts[2].mean() == pytest.approx(norm.pdf(9) / norm.sf(9), abs=0.01)
    expected = (norm.pdf(1) - norm.pdf(2)) / (norm.cdf(2) - norm.cdf(1))
    assert parts[1].mean() == pytest.approx(expected, abs=0.01)


def test_log_probabilities_keep_their_digits():
    found = log_between(np.array([-1.0, 20.0, -np.inf]), np.array([0.5, np.inf, 0.0]))
    expected = [np.log(norm.cdf(0.5) - norm.cdf(-1)), norm.logsf(20), np.log(0.5)]
    assert found == pytest.approx(expected)


def ordered(cuts, seed=2):
    rng = np.random.default_rng(seed)
    z = rng.standard_normal((N, P)) / np.sqrt(P)
    g = z @ rng.standard_normal(P)
    liability = 0.3 + g + rng.standard_normal(N)
    return z, g, np.searchsorted(cuts, liability)


@pytest.mark.parametrize("cuts", [[0.0], [0.0, 0.7, 1.6]])
def test_liabilities_and_thresholds_are_recovered(cuts):
    z, g, code = ordered(cuts)
    rows = liability_rows(code, chain_rows(code.astype(float), np.ones(N), 4))
    expected = Expected()
    split = decompose(z @ z.T)
    variance = np.full(4, 2.0)
    inner = KernelSampler(
        split,
        rows,
        expected.genetic_scale(variance, 1.0),
        expected.noise_scale(variance),
        fixed_noise=True,
    )
    schedule = Schedule(draws=300, most_draws=300, burn_in=300, thin=3)
    sampler = LiabilitySampler(inner, code)
    (found,) = run_chains(sampler, schedule, np.random.default_rng(3))
    watched = {one.name: one for one in found.watched}
    assert np.corrcoef(found.value, g)[0, 1] > 0.6
    assert watched["mean"].mean == pytest.approx(0.3, abs=0.25)
    one = watched["effect_variance"]
    # over ten such data sets the mean is 1.09, with a standard error of .06
    assert one.mean == pytest.approx(1.0, abs=3 * one.sd)
    assert "residual" not in watched
    for k, cut in enumerate(cuts[1:], start=2):
        one = watched[f"threshold_{k}"]
        assert one.mean == pytest.approx(cut, abs=3.5 * one.sd)
        assert one.rhat < 1.05


def test_expected_class_of_two_classes_is_a_probability():
    found = expected_class(np.array([-1.0, 0.4]), np.zeros((2, 1)), np.array([0.0, 1]))
    assert found == pytest.approx(norm.cdf([-1.0, 0.4]))
    cut = np.array([[0.0, 1.0]])
    found = expected_class(np.array([0.2]), cut, np.array([1.0, 2.0, 5.0]))
    chance = np.diff([0, norm.cdf(-0.2), norm.cdf(0.8), 1])
    assert found == pytest.approx(chance @ [1, 2, 5])
