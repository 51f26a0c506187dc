"""Alignment: the map by its definition, and covariances made equal on new rows."""

import numpy as np

from meristem.representation.confound.alignment import _transport, fit_alignment
from meristem.representation.confound.confounders import Confounder


def batches(seed: int, n: int = 4000) -> tuple[np.ndarray, Confounder]:
    """Return values of which the second batch has its first two axes mixed."""
    rng = np.random.default_rng(seed)
    z = rng.normal(size=(n, 3)) * [3.0, 2.0, 1.0]
    label = np.array(["a", "b"])[np.arange(n) % 2]
    turned = z @ np.array([[1, 0.8, 0], [0, 0.6, 0], [0, 0, 1.0]])
    z = np.where((label == "b")[:, None], turned, z)
    loading = np.random.default_rng(7).normal(size=(3, 12))
    return z @ loading + 0.1 * rng.normal(size=(n, 12)), Confounder("batch", label)


def test_the_map_takes_one_covariance_to_the_other() -> None:
    rng = np.random.default_rng(1)
    one, two = (np.cov(rng.normal(size=(4, 30))) for _ in range(2))
    found = _transport(one, two)
    np.testing.assert_allclose(found, found.T, atol=1e-10)
    np.testing.assert_allclose(found @ one @ found, two, atol=1e-8)


def test_batches_have_one_covariance_on_rows_held_out() -> None:
    x, batch = batches(2)
    new, label = batches(3)
    found = fit_alignment(x, [batch], 6)  # scaling by feature adds to the rank

    def apart(values: np.ndarray) -> float:
        a, b = (np.cov(values[label.label == one].T) for one in ("a", "b"))
        return float(np.abs(a - b).sum() / np.abs(a + b).sum())

    cleaned = found.clean(new, [label])
    assert apart(cleaned) < 0.4 * apart(found.combat.clean(new, [label]))
    shown = [np.corrcoef(cleaned[:, j], new[:, j])[0, 1] for j in range(12)]
    assert np.median(shown) > 0.7
    unknown = Confounder("batch", np.full(4000, ""))
    np.testing.assert_allclose(
        found.clean(new, [unknown]), found.combat.clean(new, [unknown])
    )


def test_a_batch_of_two_rows_does_not_stop_the_others() -> None:
    x, batch = batches(2)
    label = batch.label.copy()
    label[:2] = "c"
    small = fit_alignment(x, [Confounder("batch", label)], 6)
    ((_, _, maps),) = small.steps
    ((_, _, whole),) = fit_alignment(x, [batch], 6).steps
    assert sorted(maps) == ["a", "b"]
    for level in maps:
        np.testing.assert_allclose(maps[level], whole[level], atol=0.05)
