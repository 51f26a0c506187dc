import numpy as np
import pytest

from meristem.mixed import blup
from meristem.mixed.reduced import fit
from meristem.mixed.targets import Target

N, N_NEW = 40, 7


@pytest.fixture
def problem():
    rng = np.random.default_rng(9)
    z = rng.normal(size=(N + N_NEW, 90)) / np.sqrt(90)
    y = z @ rng.normal(size=(90, 3)) + 0.6 * rng.normal(size=(N + N_NEW, 3)) + 4
    some = np.flatnonzero(rng.random(N) < 0.7)
    weight = rng.uniform(0.5, 2, some.size)
    fixed = rng.normal(size=(N, 2))
    targets = [
        Target(0, np.arange(N), y[:N, 0], np.ones(N), fixed),
        Target(1, some, y[some, 1], weight / weight.mean()),
        Target(2, np.arange(N), y[:N, 2], np.ones(N), fixed),
    ]
    return z @ z.T, targets


def test_equals_the_fit_by_eigenvectors(problem, monkeypatch):
    kernel, targets = problem
    cross, diagonal = kernel[N:, :N], np.diag(kernel)[N:]
    slow = blup.fit_kernel_blup(kernel[:N, :N], targets)
    monkeypatch.setattr(fit, "MIN_ROWS", 1)
    fast = blup.fit_kernel_blup(kernel[:N, :N], targets)
    assert all(isinstance(group, fit.ReducedGroup) for group in fast.fitted)
    for name in ("intercept", "dual", "genetic", "residual", "log_likelihood"):
        assert getattr(fast, name) == pytest.approx(getattr(slow, name), rel=1e-6)
    wanted = slow.averaged_variance(cross, diagonal)
    assert fast.averaged_variance(cross, diagonal) == pytest.approx(wanted, rel=1e-6)
    # what needs eigenvectors makes them
    assert fast.error_variance(cross, diagonal) == pytest.approx(
        slow.error_variance(cross, diagonal), rel=1e-6
    )
    assert fast.component_se == pytest.approx(slow.component_se, rel=1e-5)


def test_pays_only_where_few_traits_share_many_rows():
    few = [Target(0, np.arange(450), np.zeros(450), np.ones(450))]
    assert fit.pays(few * 2)
    assert not fit.pays(few * 3)
