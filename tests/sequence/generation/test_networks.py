import numpy as np
import pytest

from meristem.sequence.generation.networks import GenerateOptions, train_generator
from meristem.sequence.inputs.onehot import one_hot


@pytest.mark.parametrize("method", ["vae", "gan"])
def test_bases_follow_the_training_rows_and_what_is_wanted(method) -> None:
    """High rows are rich in G, low rows in A; C and T hardly occur."""
    rng = np.random.default_rng(4)
    high = rng.random(240) < 0.5
    share = np.where(
        high[:, None], [[0.05, 0.05, 0.85, 0.05]], [[0.85, 0.05, 0.05, 0.05]]
    )
    draw = rng.random((240, 30, 1)) < share.cumsum(axis=1)[:, None]
    codes = draw.argmax(axis=2).astype(np.uint8)
    value = np.where(high, 2.0, -2.0)[:, None]
    options = GenerateOptions(
        method=method, noise=4, channels=16, batch=24, epochs=30, learning_rate=2e-3
    )
    made = train_generator(one_hot(codes), value, options, rng)
    wanted = np.repeat([[2.0], [-2.0]], 60, axis=0)
    found = made.draw(wanted, np.random.default_rng(5))
    assert found.shape == (120, 30)
    g, a = ((found == base).mean(axis=1) for base in (2, 0))
    assert g[:60].mean() > g[60:].mean() + 0.3
    assert a[60:].mean() > a[:60].mean() + 0.3
    assert np.isin(found, (1, 3)).mean() < 0.3
    again = made.draw(wanted, np.random.default_rng(5))
    assert np.array_equal(found, again)
    assert len(np.unique(found, axis=0)) > 60
