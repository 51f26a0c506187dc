import numpy as np
import pytest
import scipy.stats

from meristem.expression.cis.single_effect import mean_effect, single_effect


def test_evidence_and_effects_are_those_of_dense_models() -> None:
    rng = np.random.default_rng(2)
    x, y = rng.standard_normal((14, 3)), rng.standard_normal(14)
    inverse = 1 / rng.uniform(0.5, 2, (2, 14))
    ratio = np.array([0.0, 0.7])
    found = single_effect(inverse, y, x, ratio)
    for h in range(2):
        for c in range(2):
            own = []
            for j in range(3):
                v = np.diag(1 / inverse[h]) + ratio[c] * np.outer(x[:, j], x[:, j])
                q = y @ np.linalg.solve(v, y)
                scaled = scipy.stats.multivariate_normal(
                    np.zeros(14), v * q / 14
                ).logpdf(y)
                own.append(scaled + 7 * (np.log(2 * np.pi) + 1))
            expected = np.log(np.mean(np.exp(own)))
            assert found.log_likelihood[h, c] == pytest.approx(expected)
            assert found.chosen[h, c] == pytest.approx(np.exp(own) / np.exp(own).sum())
    weight = np.array([[0.2, 0.3], [0.1, 0.4]])
    told = mean_effect(found, weight)
    expected = np.zeros((2, 3))
    for h in range(2):
        for j in range(3):
            v = np.diag(1 / inverse[h]) + 0.7 * np.outer(x[:, j], x[:, j])
            slope = 0.7 * x[:, j] @ np.linalg.solve(v, y)
            expected[h, j] = weight[h, 1] * found.chosen[h, 1, j] * slope
    assert told == pytest.approx(expected)
