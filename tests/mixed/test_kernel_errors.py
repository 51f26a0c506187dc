import numpy as np
import pytest

from meristem.mixed.kernel_errors import several_errors
from meristem.mixed.reml import Components, component_errors, decompose
from meristem.mixed.several import precision_multi


def test_of_one_kernel_they_are_those_of_reml():
    rng = np.random.default_rng(1)
    z = rng.standard_normal((23, 40)) / 6
    kernel, weight = z @ z.T, rng.uniform(0.4, 2, 23)
    x = np.ones((23, 1))
    fitted = precision_multi([kernel], x, np.array([1.3]), 0.6, weight)
    split = decompose(kernel, weight)
    known = component_errors(
        split.values, split.rotate(x[:, 0]), Components(1.3, 0.6, 0, 0)
    )
    found = several_errors([kernel], weight, fitted)
    assert found == pytest.approx(known[:2], rel=1e-6)


def test_kernels_that_are_alike_are_known_badly():
    rng = np.random.default_rng(2)
    z = rng.standard_normal((30, 50)) / 7
    one = z @ z.T
    other = one + 1e-3 * np.eye(30)
    x, weight = np.ones((30, 1)), np.ones(30)
    apart = np.kron(np.eye(6), np.ones((5, 5)))
    errors = [
        several_errors([one, k], weight, precision_multi([one, k], x, np.ones(2), 0.5))
        for k in (apart, other)
    ]
    assert errors[1][0] > 3 * errors[0][0]
    same = precision_multi([one, one], x, np.ones(2), 0.5)
    assert several_errors([one, one], weight, same)[0] > 100
