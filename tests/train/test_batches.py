from __future__ import annotations

import numpy as np
import pytest
import torch

from meristem.train.batches import DosageBatches, WholeBatch


def test_whole_batch_is_everything():
    x = torch.randn(3, 5)
    batches = WholeBatch(x)
    ((got, rows),) = list(batches.epoch(np.random.default_rng(0)))
    assert batches.n_batch == 1
    assert got is x
    assert rows.tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("n_variant", [7, 4099])
@pytest.mark.parametrize("batch_size", [4, 11, 50])
def test_every_row_once_and_missing_at_the_mean(n_variant, batch_size):
    rng = np.random.default_rng(1)
    dosage = rng.integers(-1, 3, (11, n_variant)).astype(np.int8)
    mean = torch.from_numpy(rng.random(n_variant).astype(np.float32))
    batches = DosageBatches(dosage, mean, batch_size)
    expected = np.where(dosage < 0, mean.numpy(), dosage)
    for _ in range(2):
        seen = []
        parts = 0
        for x, rows in batches.epoch(rng):
            np.testing.assert_allclose(x.numpy().T, expected[rows.numpy()], rtol=1e-6)
            seen += rows.tolist()
            parts += 1
        assert sorted(seen) == list(range(11))
        assert parts == batches.n_batch
    assert seen != list(range(11))


def test_factor_standardises_and_none_leaves_missing():
    rng = np.random.default_rng(2)
    dosage = rng.integers(-1, 3, (5, 6)).astype(np.int8)
    mean, factor = torch.rand(6), torch.rand(6)
    ((x, rows),) = DosageBatches(dosage, mean, 9, factor=factor).epoch(rng)
    filled = np.where(dosage < 0, mean.numpy(), dosage)[rows.numpy()]
    expected = (filled - mean.numpy()) * factor.numpy()
    np.testing.assert_allclose(x.numpy().T, expected, rtol=1e-5, atol=1e-6)
    ((x, rows),) = DosageBatches(dosage, None, 9).epoch(rng)
    assert np.array_equal(x.numpy().T, dosage[rows.numpy()])
