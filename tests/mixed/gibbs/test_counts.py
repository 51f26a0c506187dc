import numpy as np
import pytest

from meristem.mixed.gibbs.chains import Schedule, run_chains
from meristem.mixed.gibbs.counts import CountSampler, draw_rates, expected_count
from meristem.mixed.gibbs.defaults import Expected, column_variance
from meristem.mixed.gibbs.markers import chain_rows
from meristem.mixed.gibbs.rotated import KernelSampler
from meristem.mixed.reml import decompose

N, P = 250, 40


@pytest.mark.parametrize(
    ("count", "centre", "variance", "level"),
    [(0, 0.5, 0.8, 0.0), (0, -3.0, 4.0, 0.0), (40, 0.2, 0.3, 3.0), (2, 0.0, 9.0, 1.0)],
)
def test_rates_have_their_density(count, centre, variance, level):
    grid = np.linspace(-25, 10, 70_001)
    log = count * grid - np.exp(level + grid) - (grid - centre) ** 2 / (2 * variance)
    chance = np.exp(log - log.max())
    chance /= chance.sum()
    mean = chance @ grid
    sd = np.sqrt(chance @ (grid - mean) ** 2)
    rng = np.random.default_rng(1)
    rate = np.zeros(6000)
    for _ in range(12):
        rate = draw_rates(
            rate,
            np.full(6000, float(count)),
            np.full(6000, centre),
            np.full(6000, variance),
            rng,
            level=level,
        )
    assert rate.mean() == pytest.approx(mean, abs=4 * sd / np.sqrt(6000))
    assert rate.std() == pytest.approx(sd, rel=0.05)


def test_simulated_components_are_recovered():
    rng = np.random.default_rng(5)
    z = rng.standard_normal((N, P)) / np.sqrt(P)
    g = z @ rng.standard_normal(P) * np.sqrt(0.6)
    value = 1.2 + g + np.sqrt(0.3) * rng.standard_normal(N)
    count = rng.poisson(np.exp(value)).astype(float)
    level = float(np.log(count.mean()))
    rows = chain_rows(np.log(count + 0.5) - level, np.ones(N), 4)
    variance, expected = column_variance(rows), Expected()
    inner = KernelSampler(
        decompose(z @ z.T),
        rows,
        expected.genetic_scale(variance, 1.0),
        expected.noise_scale(variance),
    )
    schedule = Schedule(draws=300, most_draws=300, burn_in=300, thin=3)
    sampler = CountSampler(inner, count, level)
    (found,) = run_chains(sampler, schedule, np.random.default_rng(3))
    watched = {one.name: one for one in found.watched}
    assert np.corrcoef(found.value, g)[0, 1] > 0.75
    for name, true in (("effect_variance", 0.6), ("residual", 0.3)):
        one = watched[name]
        assert one.mean == pytest.approx(true, abs=3 * one.sd)
        assert one.rhat < 1.05
    assert watched["mean"].mean + level == pytest.approx(1.2, abs=0.3)


def test_mean_counts_hold_the_overdispersion():
    value, noise = np.array([[0.3, 0.1]]), np.array([0.5, 0.2])
    rng = np.random.default_rng(2)
    drawn = np.exp(value[0, 0] + np.sqrt(0.5) * rng.standard_normal(400_000)).mean()
    assert expected_count(value, noise)[0, 0] == pytest.approx(drawn, rel=0.01)
