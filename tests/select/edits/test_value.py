"""Values of edits: linear exactly, synergy, budgets, planted causes."""

import numpy as np
import pytest

from meristem.select.edits.value import (
    additive_edits,
    choose_edits,
    model_edits,
    synergies,
)


def lines(n: int, p: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 3, (n, p)).astype(np.int8)


def test_a_linear_model_gives_effect_times_copies() -> None:
    x, effect = lines(6, 9, 1), np.random.default_rng(2).normal(size=9)
    some = np.array([0, 3, 8])
    exact = additive_edits(x, effect, some)
    tried = model_edits(lambda calls: 5 + calls @ effect, x, some)
    assert tried.dosage.tolist() == exact.dosage.tolist()
    assert tried.change == pytest.approx(exact.change, abs=1e-12)
    assert (exact.change >= 0).all()
    assert exact.worst == pytest.approx(exact.change.min(axis=1))
    pairs = np.array([[0, 1], [1, 2]])
    together = synergies(lambda calls: calls @ effect, x, exact, pairs)
    assert together == pytest.approx([0, 0], abs=1e-12)


def test_synergy_of_a_product() -> None:
    """y = x1 x2 in a line without either: alone 0, together 4."""
    x = np.zeros((3, 4), dtype=np.int8)

    def value(calls):
        return 1.0 * calls[:, 0] * calls[:, 1] + 0.1 * calls.sum(axis=1)

    edits = model_edits(value, x, np.array([0, 1, 2]))
    pairs = np.array([[0, 1], [0, 2]])
    assert synergies(value, x, edits, pairs) == pytest.approx([4.0, 0.0])


def test_lazy_greedy_is_greedy() -> None:
    """Coverage, a submodular worth: the same set with fewer evaluations."""
    rng = np.random.default_rng(3)
    sets = [set(rng.choice(40, 6).tolist()) for _ in range(25)]

    def worth(rows: tuple[int, ...]) -> float:
        return float(len(set().union(*(sets[row] for row in rows))))

    found = choose_edits(worth, np.ones(25), 6)
    chosen: list[int] = []
    for _ in range(6):
        gains = [worth((*chosen, row)) - worth(tuple(chosen)) for row in range(25)]
        assert found.gain[len(chosen)] == max(gains)
        chosen.append(int(found.edit[len(chosen)]))
    assert found.n_evaluated < 6 * 25


def test_budgets_and_edits_that_do_harm() -> None:
    value, cost = np.array([5.0, 4.0, 3.0, -1.0]), np.array([4.0, 1.0, 1.0, 0.5])
    found = choose_edits(lambda rows: float(value[list(rows)].sum()), cost, 3)
    assert sorted(found.edit.tolist()) == [1, 2]
    assert found.gain.sum() == 7
