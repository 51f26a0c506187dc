import numpy as np
import pytest

from meristem.mixed.reduced.tridiagonal import tridiagonalise
from meristem.mixed.reml import (
    components_at,
    decompose,
    estimate,
    most_likely,
    profile_likelihood,
)


@pytest.fixture(params=["plain", "weights", "fewer markers than lines"])
def problem(request):
    rng = np.random.default_rng(4)
    n, p = 30, 12 if request.param.startswith("fewer") else 70
    z = rng.standard_normal((n, p)).astype(np.float32)
    z -= z.mean(axis=0)
    kernel = (z @ z.T).astype(float) / p
    weight = rng.uniform(0.3, 3, n) if request.param == "weights" else None
    x = np.column_stack([np.ones(n), rng.standard_normal(n)])
    return kernel, weight, x, rng.standard_normal(n)


def test_likelihoods_and_solutions_are_those_of_eigenvectors(problem):
    kernel, weight, x, y = problem
    form, split = tridiagonalise(kernel, weight), decompose(kernel, weight)
    h2 = np.array([1e-4, 0.3, 0.9, 0.99])
    found = form.likelihood(form.rotate(y), form.rotate(x), h2)
    wanted = profile_likelihood(split.values, split.rotate(y), split.rotate(x), h2)
    assert found[0] == pytest.approx(wanted[0], rel=1e-3)
    assert found[1] == pytest.approx(wanted[1], rel=1e-3)
    part = components_at(split, y, x, 0.4)
    root = np.ones(y.size) if weight is None else np.sqrt(weight)
    dense = part.genetic * kernel * np.outer(root, root) + part.residual * np.eye(30)
    columns = np.column_stack([x, y])
    solved = form.back(form.solve(part, form.rotate(columns)))
    expected = root[:, None] * np.linalg.solve(dense, root[:, None] * columns)
    assert solved == pytest.approx(expected, rel=1e-4, abs=1e-6)


def test_the_estimate_and_the_later_eigenvectors_agree(problem):
    kernel, weight, x, y = problem
    form, split = tridiagonalise(kernel, weight), decompose(kernel, weight)
    rotated = form.rotate(y), form.rotate(x)
    found = most_likely(lambda h2: form.likelihood(*rotated, h2))
    wanted = estimate(split, y, x)
    assert found.h2 == pytest.approx(wanted.h2, abs=1e-5)
    later = form.decomposition()
    assert later.values == pytest.approx(split.values, abs=1e-6)
    back = (later.vectors * later.values) @ later.vectors.T
    assert back == pytest.approx((split.vectors * split.values) @ split.vectors.T)


def test_the_kernel_is_left_alone_unless_told():
    kernel = np.array([[2.0, 1.0, 0.5], [1.0, 2.0, 0.2], [0.5, 0.2, 1.0]])
    before = kernel.copy()
    tridiagonalise(kernel)
    tridiagonalise(kernel, np.array([1.0, 2.0, 3.0]))
    assert np.array_equal(kernel, before)


def test_a_matrix_of_one_row():
    form = tridiagonalise(np.array([[2.0]]))
    assert form.decomposition().values.tolist() == [2.0]
    assert form.rotate(np.array([3.0])).tolist() == [3.0]
