import numpy as np
import pytest
from tests.models.toys import marker_panel

from meristem.config.models import WeightedGBLUPOptions
from meristem.mixed.reml import decompose, estimate
from meristem.mixed.targets import Target
from meristem.models.linear.gblup import GBLUP
from meristem.models.linear.gwablup import (
    WeightedGBLUP,
    log_ratios,
    posterior,
    smoothed,
)
from meristem.models.panel import make_panel

N, N_NEW = 150, 60


def test_scan_equals_the_dense_score_test():
    dataset, _, causal = marker_panel(3)
    train = dataset.take(np.arange(N))
    panel = make_panel(train.genotypes)
    y = train.phenotypes.value[:, 0]
    ratio = log_ratios(panel, Target(0, np.arange(N), y, np.ones(N)))
    fit = estimate(decompose(panel.kernel), y, np.ones((N, 1)))
    v = fit.genetic * panel.kernel + fit.residual * np.eye(N)
    inverse = np.linalg.inv(v)
    p = inverse - np.outer(inverse.sum(0), inverse.sum(0)) / inverse.sum()
    for column in (0, 17, int(causal[0])):
        z = train.genotypes.call_dosage[:, column].astype(float)
        expected = 0.5 * (z @ p @ y) ** 2 / (z @ p @ z)
        assert ratio[column] == pytest.approx(expected, rel=1e-6)
    assert set(np.argsort(-ratio)[:2]) & set(causal)


def test_smoothing_stays_within_a_contig():
    values = np.array([0.0, 0, 3, 9, 9, 9])
    contig = np.array(["1", "1", "1", "2", "2", "2"])
    assert smoothed(values, contig, 3) == pytest.approx([0, 1, 1.5, 9, 9, 9])
    assert smoothed(values, contig, 1) == pytest.approx(values)


def test_posterior_is_bayes_rule():
    ratio = np.log(np.array([1.0, 9.0]))
    assert posterior(ratio, 0.1) == pytest.approx([0.1, 0.5])
    assert (posterior(ratio, 1.0) == 1).all()


def test_few_large_effects_are_weighted_and_help():
    dataset, g, _ = marker_panel(3)
    train, test = dataset.take(np.arange(N)), dataset.take(np.arange(N, N + N_NEW))
    options = WeightedGBLUPOptions(prior=(0.01, 1.0), window=1)
    fitted = WeightedGBLUP(options).fit(train, rng=np.random.default_rng(0))
    assert fitted.tuning["prior"] == [0.01]
    plain = GBLUP().fit(train, rng=np.random.default_rng(0))
    weighted = fitted.predict(test.genotypes).value[:, 0]
    unweighted = plain.predict(test.genotypes).value[:, 0]
    r = [np.corrcoef(v, g[N:])[0, 1] for v in (weighted, unweighted)]
    assert r[0] > r[1] + 0.05


def test_a_prior_of_one_is_gblup():
    dataset, _, _ = marker_panel(50)
    train = dataset.take(np.arange(N))
    options = WeightedGBLUPOptions(prior=(1.0,))
    fitted = WeightedGBLUP(options).fit(train, rng=np.random.default_rng(0))
    plain = GBLUP().fit(train, rng=np.random.default_rng(0))
    assert fitted.predict(dataset.genotypes).value == pytest.approx(
        plain.predict(dataset.genotypes).value, abs=1e-6
    )
