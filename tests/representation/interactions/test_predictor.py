"""The predictor: symmetric, ordered, and able to learn a rule of two proteins."""

import numpy as np
import pytest

from meristem.representation.interactions.pairs import Pairs
from meristem.representation.interactions.predictor import fit_predictor


def test_a_planted_rule_is_learned_symmetrically() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(60, 4))
    x[:, 0] = rng.choice([-1.0, 1.0], 60)
    first, second = np.triu_indices(60, 1)
    level = np.where(x[first, 0] * x[second, 0] < 0, 2, 0)
    level[::9] = 1
    train = Pairs(first, second, level)
    fitted = fit_predictor(x, train, hidden=8, epochs=120, seeds=2, rng=rng)
    new = rng.normal(size=(6, 4))
    new[:, 0] = [1, -1, 1, 1, -1, -1]
    one, two = np.triu_indices(6, 1)
    there, back = fitted.chances(new, one, two), fitted.chances(new, two, one)
    np.testing.assert_allclose(there, back, rtol=1e-5)
    assert there.shape == (15, 2)
    assert (there[:, 0] >= there[:, 1]).all()
    binds = new[one, 0] * new[two, 0] < 0
    assert there[binds, 0].min() > there[~binds, 0].max()
    again = fit_predictor(
        x, train, hidden=8, epochs=3, seeds=1, rng=np.random.default_rng(5)
    ).chances(new, one, two)
    same = fit_predictor(
        x, train, hidden=8, epochs=3, seeds=1, rng=np.random.default_rng(5)
    ).chances(new, one, two)
    assert again == pytest.approx(same)
