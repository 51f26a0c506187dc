"""Every way to remove confounders, on simulated batches with a known truth."""

from __future__ import annotations

import numpy as np
import pytest

from meristem.config.represent import RepresentOptions
from meristem.records import FloatArray
from meristem.representation.confound.adversary import (
    AdversarialSettings,
    fit_adversarial,
)
from meristem.representation.confound.clean import CLEANERS, fit_cleaner
from meristem.representation.confound.confounders import Confounder
from meristem.representation.confound.linear import (
    fit_combat,
    fit_components,
    fit_regression,
)
from meristem.representation.confound.probe import (
    held_folds,
    probe_confounder,
    probe_values,
)

N, P, K = 160, 50, 4


def simulated(
    spread: float = 1.0,
) -> tuple[FloatArray, FloatArray, tuple[Confounder, ...]]:
    """Return values with a batch and a number in them, what they are without, both."""
    rng = np.random.default_rng(4)
    pure = rng.normal(size=(N, K)) @ rng.normal(size=(K, P))
    pure += 0.5 * rng.normal(size=(N, P))
    label = np.array(["a", "b"])[rng.permutation(N) % 2]
    number = rng.normal(size=N)
    value = pure.copy()
    value[label == "b"] *= spread
    value += np.outer(label == "b", rng.normal(0, 2, P))
    value += np.outer(number, rng.normal(0, 1, P))
    sd = value.std(axis=0)
    both = (
        Confounder("batch", label),
        Confounder("ph", number.astype(str), number),
    )
    return (value - value.mean(axis=0)) / sd, pure / sd, both


@pytest.mark.parametrize("method", sorted(CLEANERS))
def test_rows_held_out_do_not_tell_confounders_and_keep_biology(method: str) -> None:
    x, pure, both = simulated()
    options = RepresentOptions(k=(8,), deconfound=method, confounders=("batch", "ph"))
    rng = np.random.default_rng(1)
    folds = held_folds(np.arange(N), 2, rng)
    kept: dict[bytes, FloatArray] = {}

    def learn(train: np.ndarray) -> FloatArray:
        if train.tobytes() not in kept:
            about = [one.take(train) for one in both]
            cleaner = fit_cleaner(x[train], about, options, np.random.default_rng(1))
            assert cleaner is not None
            kept[train.tobytes()] = cleaner.clean(x, both)
        return kept[train.tobytes()]

    batch, number = both
    exact = method in ("regression", "adversarial")
    assert probe_confounder(lambda train: x, batch, folds) > 0.95
    # shrunken locations leave a trace, components are removed whole or not at all
    assert probe_confounder(learn, batch, folds) < (0.68 if exact else 0.8)
    limit = 0.8 if method == "components" else 0.45  # these go whole or stay
    assert abs(probe_confounder(learn, number, folds)) < limit
    axes = np.linalg.svd(pure - pure.mean(axis=0))[0][:, :K]
    raw = probe_values(lambda train: x, axes, folds).mean()
    # an adversary and whole components cost some of what is to be kept
    least = {"components": 0.7, "adversarial": 0.75}.get(method, 0.9)
    assert probe_values(learn, axes, folds).mean() > least * raw


def test_regression_over_gaps_is_that_over_known_rows() -> None:
    x, _, both = simulated()
    x = x[:30].copy()
    about = [one.take(np.arange(30)) for one in both]
    x[[3, 9], 2] = np.nan
    found = fit_regression(x, about)
    seen = ~np.isnan(x[:, 2])
    design = np.column_stack([np.ones(30), found.design.columns(about)])
    slope = np.linalg.lstsq(design[seen], x[seen, 2], rcond=None)[0]
    said = design @ slope
    mine = design[:, 1:] @ found.effect[:, 2]
    assert mine - mine.mean() == pytest.approx(said - said.mean(), abs=2e-3)


def test_combat_makes_locations_and_scales_equal() -> None:
    x, _, both = simulated(spread=3.0)
    cleaned = fit_combat(x, both).clean(x, both)
    a, b = (cleaned[both[0].label == level] for level in "ab")
    assert a.mean(axis=0) == pytest.approx(b.mean(axis=0), abs=0.2)
    before = x[both[0].label == "b"].std() / x[both[0].label == "a"].std()
    assert before > 1.8
    assert b.std(axis=0).mean() / a.std(axis=0).mean() == pytest.approx(1, abs=0.15)


def test_combat_shrinks_features_towards_each_other() -> None:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(12, 200)) + np.repeat([0.0, 1.0], 6)[:, None]
    label = np.repeat(["a", "b"], 6)
    found = fit_combat(x, [Confounder("batch", label)])
    location = found.batches[0][3]
    raw = x[6:].mean(axis=0)
    assert location[1].std() < 0.8 * (raw / found.batches[0][2]).std()


def test_a_row_alone_with_its_label_keeps_no_shift() -> None:
    """A fold may leave it so; it tells nothing then, and no factor follows it."""
    rng = np.random.default_rng(1)
    x = rng.normal(size=(21, 50))
    x[20] += 8.0
    batch = [Confounder("batch", np.array([*"ab" * 10, "c"]))]
    assert np.abs(fit_combat(x, batch).clean(x, batch)[20]).max() < 1e-9


def test_confounded_components_go_and_no_others() -> None:
    x, _, both = simulated()
    found = fit_components(x, both[:1], 8)
    assert 1 <= found.confounded.sum() <= 4
    z = found.code.encode(found.clean(x, both))[0]
    gone = found.confounded.astype(bool)
    assert np.abs(z[:, gone]).max() < 0.1


def test_the_game_removes_what_regression_leaves() -> None:
    """A batch that differs in spread alone is nothing to a regression."""
    rng = np.random.default_rng(2)
    label = np.array(["a", "b"])[np.arange(300) % 2]
    batch = Confounder("batch", label)
    z = rng.normal(size=(300, 6))
    z[label == "b", 0] *= 6.0  # one direction tells the batch by its spread
    x = z @ np.linalg.qr(rng.normal(size=(20, 6)))[0].T * 3
    x += 0.1 * rng.normal(size=x.shape)
    folds = held_folds(np.arange(300), 2, rng)

    def told(weight: float) -> float:
        settings = AdversarialSettings(k=3, weight=weight, rounds=200)

        def learn(train: np.ndarray) -> FloatArray:
            found = fit_adversarial(
                x[train],
                [batch.take(train)],
                rng=np.random.default_rng(1),
                settings=settings,
            )
            return found.factors(x, [batch])

        return probe_confounder(learn, batch, folds, nonlinear=True)

    assert told(0.0) > 0.65
    assert told(30.0) < told(0.0) - 0.1


def test_nothing_to_remove() -> None:
    x, _, both = simulated()
    rng = np.random.default_rng(1)
    assert fit_cleaner(x, (), RepresentOptions(), rng) is None
    assert fit_cleaner(x, both, RepresentOptions(deconfound="none"), rng) is None
