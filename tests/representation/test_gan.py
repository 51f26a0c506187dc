"""The adversarial generator draws what a normal distribution cannot."""

import numpy as np
import pytest
from tests.representation.toys import table_of

from meristem.config.represent import RepresentOptions
from meristem.representation.gan import fit_factor_gan
from meristem.representation.generate import judge_samples


def curved(n: int, seed: int) -> np.ndarray:
    t = np.random.default_rng(seed).uniform(-2, 2, n)
    return np.stack([t, t**2], axis=1)


def test_factors_on_a_curve_are_drawn_near_it() -> None:
    z = curved(200, 1)
    gan = fit_factor_gan(z, rng=np.random.default_rng(2), steps=400)
    drawn = gan.draw(1000, np.random.default_rng(3))
    assert drawn.shape == (1000, 2)
    np.testing.assert_array_equal(drawn, gan.draw(1000, np.random.default_rng(3)))
    off = np.abs(drawn[:, 1] - drawn[:, 0] ** 2).mean()
    normal = np.random.default_rng(4).multivariate_normal(z.mean(0), np.cov(z.T), 1000)
    assert off < 0.35 * np.abs(normal[:, 1] - normal[:, 0] ** 2).mean()
    assert np.abs(drawn.mean(axis=0) - z.mean(axis=0)).max() < 0.4


@pytest.mark.slow
def test_samples_are_harder_to_tell_from_rows() -> None:
    rng = np.random.default_rng(1)
    value = curved(200, 5) @ rng.normal(size=(2, 20))
    value += 0.3 * rng.normal(size=value.shape)

    def told(kind: str) -> float:
        options = RepresentOptions(represent="pca", samples_from=kind)
        return judge_samples(
            table_of(value), options, 2, rng=np.random.default_rng(1)
        ).classifier

    assert told("gan") < told("normal") - 0.05
