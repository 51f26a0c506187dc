"""Effects of fitted models: exact where they are sums, refused where they are not."""

import numpy as np
import pytest
from tests import toys

from meristem.config.models import (
    DominanceOptions,
    GBLUPOptions,
    KernelOptions,
    RidgeOptions,
)
from meristem.errors import ConfigError
from meristem.genetics.locus_effects import LocusEffects
from meristem.models.catalog import build
from meristem.select.exports.effects import (
    exact_effects,
    linearise,
    predict_calls,
    refuse_poor_line,
)


def panel(seed: int = 1, p: int = 25):
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 3, (50, p)).astype(np.int8)
    x[2, 3] = -1
    effect = rng.normal(size=(p, 2))
    y = np.maximum(x, 0) @ effect + rng.normal(size=(50, 2))
    return toys.dataset(x, y, traits=["a", "b"])


@pytest.mark.parametrize(
    "options",
    [GBLUPOptions(), RidgeOptions(), DominanceOptions()],
    ids=lambda o: o.kind,
)
def test_sums_are_exact(options) -> None:
    data = panel()
    fitted = build(options, plan=None).fit(data, rng=toys.rng())
    predicted = fitted.predict(data.genotypes).value
    for target in (0, 1):
        effects = exact_effects(fitted, target)
        value = effects.value(data.genotypes.call_dosage)
        assert value == pytest.approx(predicted[:, target], abs=1e-9)
        assert effects.r2 == 1


def test_a_kernel_is_linearised_with_its_r2() -> None:
    data = panel()
    fitted = build(KernelOptions(), plan=None).fit(data, rng=toys.rng())
    assert exact_effects(fitted, 0) is None

    def progeny(n: int, rng: np.random.Generator) -> np.ndarray:
        return (2 * rng.integers(0, 2, (n, 25))).astype(np.int8)

    line = linearise(
        fitted, 1, data.genotypes, progeny, toys.rng(3), n_fit=300, n_test=100
    )
    calls = progeny(80, toys.rng(9))
    truth = predict_calls(fitted, data.genotypes, calls)[:, 1]
    left = truth - line.effects.value(calls)
    assert line.r2_progeny == pytest.approx(1 - left.var() / truth.var(), abs=0.1)
    out = len(data.genotypes.sample_id) // 5
    assert out >= 10
    lesser = min(line.r2_lines, line.r2_progeny)
    assert line.effects.r2 == pytest.approx(np.clip(lesser, 0, 1))


def test_the_line_of_a_linear_model_is_the_model() -> None:
    data = panel()
    fitted = build(GBLUPOptions(), plan=None).fit(data, rng=toys.rng())

    def progeny(n: int, rng: np.random.Generator) -> np.ndarray:
        return rng.integers(0, 3, (n, 25)).astype(np.int8)

    line = linearise(fitted, 0, data.genotypes, progeny, toys.rng(3), n_fit=200)
    exact = exact_effects(fitted, 0)
    assert line.effects.additive == pytest.approx(exact.additive, abs=1e-4)
    assert line.r2_lines > 0.9999


def test_poor_lines_are_refused() -> None:
    effects = LocusEffects(toys.variant_table(3), np.zeros(3), 0, np.zeros(3), r2=0.89)
    with pytest.raises(ConfigError, match=r"0\.89"):
        refuse_poor_line(effects, "net")


def test_draws_of_effects_have_the_error_of_the_values() -> None:
    """x'(a - mean) over draws varies as the joint posterior of lines says."""
    data = panel()
    fitted = build(GBLUPOptions(), plan=None).fit(data, rng=toys.rng())
    draws = fitted.effect_draws(0, 4000, toys.rng(5))
    assert draws.mean(axis=0) == pytest.approx(
        fitted.marker_effect[:, 0], abs=0.1 * draws.std()
    )
    sd = fitted.effect_sd(0)
    assert draws.std(axis=0) == pytest.approx(sd, rel=0.06)
    calls = data.genotypes.call_dosage[5:11]
    centred = calls - fitted.scale.mean
    between = centred[:3] - centred[3:]  # differences: the level drops out
    shown = (between @ draws.T).std(axis=1)
    covariance = fitted.posterior(data.genotypes).covariance(0)[5:11, 5:11]
    contrast = np.hstack([np.eye(3), -np.eye(3)])
    expected = np.sqrt(np.diag(contrast @ covariance @ contrast.T))
    assert shown == pytest.approx(expected, rel=0.06)
