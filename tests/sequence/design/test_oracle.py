"""Several models as one oracle, and the gain they agree on."""

import numpy as np
import pytest
from tests.sequence.toys import fitted, planted, rows, specify

from meristem.sequence.design.oracle import Oracle
from meristem.sequence.inputs.onehot import code_matrix, one_hot
from meristem.sequence.models.catalog import fit_model


def _members(kind):
    data, found = rows(), []
    for seed in range(3):
        rng = np.random.default_rng(seed)
        part = data.take(np.isin(data.group, rng.permutation(60)[:40]))
        found.append(fit_model(specify(kind), part, tasks=("a", "b"), rng=rng))
    return tuple(found)


@pytest.mark.parametrize("kind", ["kmer", "motif", "curved"])
def test_gains_are_the_mean_over_models_less_their_spread(kind):
    models, weight = _members(kind), np.array([1.0, -0.5])
    code = code_matrix(planted().sequence[:5])
    onehot = one_hot(code)
    slow = np.stack([m.predict(onehot) @ weight for m in models])
    assert Oracle(models, weight).members(onehot) == pytest.approx(slow, abs=1e-6)
    gain = slow - slow[:, :1]
    found = Oracle(models, weight, caution=2.0).gains(code[0])(onehot)
    assert found == pytest.approx(
        gain.mean(axis=0) - 2 * gain.std(axis=0, ddof=1), abs=1e-5
    )
    assert found[0] == pytest.approx(0.0, abs=1e-5)


def test_one_model_has_no_spread():
    oracle = Oracle((fitted("cnn"),), np.array([0.0, 1.0]), caution=3.0)
    code = code_matrix(planted().sequence[:4])
    value = fitted("cnn").predict(one_hot(code))[:, 1]
    found = oracle.gains(code[2])(one_hot(code))
    assert found == pytest.approx(value - value[2], abs=1e-6)
