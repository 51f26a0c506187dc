from __future__ import annotations

import numpy as np
import pytest
import torch
from tests.representation.toys import low_rank

from meristem.errors import DataError
from meristem.representation.encoders.autoencoder import AutoEncoder
from meristem.representation.encoders.batches import RowBatches, shuffled
from meristem.representation.protocol import Counts, Values


def curved(n: int = 300, p: int = 30, seed: int = 1) -> np.ndarray:
    """Return values on a curve: one factor, two components."""
    rng = np.random.default_rng(seed)
    t = rng.uniform(-2, 2, n)
    basis = np.random.default_rng(0).normal(size=(2, p))
    value = np.stack([t, t**2 - 1.3], axis=1) @ basis
    return value + 0.2 * rng.normal(size=(n, p))


def test_a_curve_needs_one_factor_of_a_network() -> None:
    x = curved()
    x = (x - x.mean(axis=0)) / x.std(axis=0)
    new = curved(seed=2)
    new = (new - new.mean(axis=0)) / new.std(axis=0)
    code = AutoEncoder(
        "vae", 1, hidden=16, seeds=2, epochs=300, learning_rate=1e-2
    ).fit(Values(x), rng=np.random.default_rng(1))
    left = ((new - code.decode(code.encode(new)).mean(axis=0)) ** 2).mean()
    size, vector = np.linalg.eigh(x.T @ x)
    line = new @ np.outer(vector[:, -1], vector[:, -1])
    assert left < 0.6 * ((new - line) ** 2).mean()


def test_a_sparse_code_is_sparser() -> None:
    x, _ = low_rank(100, 40, k=4)
    x = (x - x.mean(axis=0)) / x.std(axis=0)

    def spread(strength: float) -> float:
        kind = AutoEncoder("sparse", 4, strength=strength, seeds=1, epochs=150)
        code = kind.fit(Values(x), rng=np.random.default_rng(1))
        z = code.encode(x)[0]
        return float(
            (
                np.abs(z).mean(axis=0)
                * np.linalg.norm(code.network.loading[0].detach().numpy(), axis=0)
            ).sum()
        )

    assert spread(20.0) < 0.9 * spread(0.0)


def test_the_best_member_has_the_smallest_held_loss() -> None:
    x, _ = low_rank()
    code = AutoEncoder("denoising", 3, seeds=3, epochs=10).fit(
        Values(x), rng=np.random.default_rng(1)
    )
    assert code.held_loss.shape == (3,)
    assert code.best == code.held_loss.argmin()
    assert code.n_factor == 3


def test_few_rows_and_missing_counts_are_refused() -> None:
    x, _ = low_rank()
    with pytest.raises(DataError, match="8 rows"):
        AutoEncoder("vae", 2).fit(Values(x[:7]), rng=np.random.default_rng(1))
    with pytest.raises(DataError, match="counts"):
        AutoEncoder("vae", 2, likelihood="nb").fit(
            Values(x), rng=np.random.default_rng(1)
        )


def test_batches_hold_every_row_once() -> None:
    x = torch.arange(20.0).reshape(2, 10)
    batches = RowBatches(x, 4)
    parts = list(batches.epoch(np.random.default_rng(1)))
    assert len(parts) == batches.n_batch == 3
    assert sorted(torch.cat([rows for _, rows in parts]).tolist()) == list(range(10))
    assert all(torch.equal(part, x[:, rows]) for part, rows in parts)


def test_shuffled_rows_keep_their_counts() -> None:
    x = np.arange(20.0).reshape(10, 2)
    each = np.ones(2)
    values = Values(x, Counts(x + 0.5, x[:, 0], each, each, each))
    assert shuffled(values, 10, np.random.default_rng(1)) is values
    mixed = shuffled(values, 4, np.random.default_rng(1))
    assert mixed.counts is not None
    assert not np.array_equal(mixed.x, x)
    assert sorted(mixed.x[:, 0]) == sorted(x[:, 0])
    assert np.array_equal(mixed.counts.count, mixed.x + 0.5)
    assert np.array_equal(mixed.counts.size, mixed.x[:, 0])
