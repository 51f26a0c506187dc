from __future__ import annotations

import numpy as np
import pytest
from tests.prepare.covariates.toys import covariates

from meristem.prepare.adjust import adjusted_means, observed_values
from meristem.prepare.covariates.within import within_effects
from meristem.records import Observations


def trial(n_line: int = 15, n_environment: int = 3):
    rng = np.random.default_rng(5)
    line, place = (part.ravel() for part in np.indices((n_line, n_environment)))
    keep = rng.random(line.size) < 0.9
    line, place = line[keep], place[keep]
    days = rng.normal(100, 5, line.size) + 3 * place
    how = rng.choice(["hand", "combine", "none"], line.size)
    value = rng.normal(0, 3, n_line)[line] + 4.0 * place + 0.5 * days
    value += np.where(how == "hand", 2.0, 0.0) + rng.normal(0, 0.1, line.size)
    weight = rng.uniform(0.5, 2, line.size)
    return line, place, days, how, value, weight


def test_effects_are_those_of_one_joint_least_squares_fit():
    line, place, days, how, value, weight = trial()
    found = covariates({"days": days.tolist(), "how": how.tolist()})
    effects = within_effects(
        found, value, weight, line, place, np.zeros(line.size, dtype=np.int64)
    )
    hot = [(code[:, None] == np.unique(code)) * 1.0 for code in (line, place)]
    x = np.column_stack([days, how == "hand", how == "none", *hot]).astype(float)
    root = np.sqrt(weight)
    beta = np.linalg.lstsq(root[:, None] * x, root * value, rcond=None)[0]
    assert effects.effect[0] / effects.code.scale[0] == pytest.approx(beta[0])
    expected = x[:, :3] @ beta[:3]
    np.testing.assert_allclose(
        effects.of(found) - effects.of(found).mean(), expected - expected.mean()
    )


def test_what_never_differs_within_lines_has_no_effect():
    line, place, days, _, value, weight = trial()
    found = covariates({"size": (line * 1.0).tolist(), "days": days.tolist()})
    effects = within_effects(
        found, value, weight, line, place, np.zeros(line.size, dtype=np.int64)
    )
    assert effects.effect[0] == 0
    assert effects.effect[1] != 0


def test_means_are_adjusted_and_test_rows_bring_their_own_values_alone():
    line, place, days, how, value, weight = trial()
    names = np.array([f"L{k:02d}" for k in range(15)])

    def means(shift: float):
        held = np.isin(line, [2, 7])
        table = Observations(
            names[line],
            np.array(["a", "b", "c"])[place],
            np.full(line.size, ""),
            np.full(line.size, "yield"),
            value + shift * held,
            weight,
            covariates=covariates({"days": days.tolist(), "how": how.tolist()}),
        )
        return adjusted_means(table)

    honest, spoilt = means(0.0), means(50.0)
    test = np.array([2, 7])
    train = np.setdiff1d(np.arange(15), test)
    one = observed_values(honest, train, test)
    other = observed_values(spoilt, train, test)
    np.testing.assert_allclose(other - one, 50.0)
    plain = adjusted_means(
        Observations(
            names[line],
            np.array(["a", "b", "c"])[place],
            np.full(line.size, ""),
            np.full(line.size, "yield"),
            value,
            weight,
        )
    )
    truth = np.random.default_rng(5)
    truth.random(45)
    assert honest.measurements is not None
    assert honest.value.std() < plain.value.std()
