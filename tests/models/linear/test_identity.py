import numpy as np
import pytest

from meristem.mixed.several import estimate_multi
from meristem.mixed.targets import Target
from meristem.models.linear.identity import fit_with_identities, identity_kernel


def test_samples_share_a_known_label_and_an_unknown_one_with_nobody():
    kernel = identity_kernel(np.array(["a", "b", "a", "", ""]))
    assert kernel.tolist() == [
        [1, 0, 1, 0, 0],
        [0, 1, 0, 0, 0],
        [1, 0, 1, 0, 0],
        [0, 0, 0, 1, 0],
        [0, 0, 0, 0, 1],
    ]


def test_the_genomic_part_alone_predicts_and_identities_count_as_residual():
    rng = np.random.default_rng(3)
    n = 60
    z = rng.normal(size=(n, 100)) / 10
    kernel = z @ z.T
    label = np.array([f"p{i % 12}" for i in range(n)])
    identity = identity_kernel(label)
    own = dict(zip(np.unique(label), 1.5 * rng.normal(size=12), strict=True))
    y = z @ rng.normal(size=100) + [own[name] for name in label]
    y = y + 0.3 * rng.normal(size=n)
    rows = np.setdiff1d(np.arange(n), [4, 50])
    target = Target(0, rows, y[rows], np.ones(rows.size))
    fit = fit_with_identities(kernel, [identity], [target])
    block = np.ix_(rows, rows)
    parts = [kernel[block], identity[block]]
    multi = estimate_multi(parts, y[rows], np.ones((rows.size, 1)))
    assert fit.genetic[0] == pytest.approx(multi.genetic[0])
    assert multi.genetic[1] > 0.5
    assert fit.residual[0] == pytest.approx(multi.residual + multi.genetic[1])
    assert (fit.dual[[4, 50], 0] == 0).all()
    v = multi.genetic[0] * parts[0] + multi.genetic[1] * parts[1]
    v += multi.residual * np.eye(rows.size)
    solved = np.linalg.solve(v, y[rows] - fit.intercept[0])
    assert fit.dual[rows, 0] == pytest.approx(multi.genetic[0] * solved, abs=1e-8)
