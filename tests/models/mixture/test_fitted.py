"""A weighted sum of fitted models, kept and read again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.models.toys import halves, inner_of

from meristem.config.models import GBLUPOptions, KernelAverageOptions
from meristem.mixed.averaging.share import Share
from meristem.models.catalog import build, restore
from meristem.models.mixture.fitted import FittedMixture


@pytest.fixture(scope="module")
def both():
    train, test = halves()
    parts = tuple(
        build(options).fit(train, rng=np.random.default_rng(0), inner=inner_of(train))
        for options in (GBLUPOptions(), KernelAverageOptions())
    )
    weight = np.array([[0.25, 0.0], [0.5, 1.0]])
    shares = tuple(
        Share(name, w, 0.5 * w, w + 0.1)
        for name, w in zip(("one", "two"), weight, strict=True)
    )
    fitted = FittedMixture(
        "auto",
        parts,
        weight,
        np.array([0.5, -1.0]),
        train.genotypes.variants,
        train.phenotypes.trait_name,
        train.phenotypes.environment_name,
        shares,
    )
    return fitted, test


def test_it_adds_what_its_parts_say(both):
    fitted, test = both
    one, two = (part.predict(test.genotypes).value for part in fitted.parts)
    expected = np.array([0.5, -1.0]) + fitted.weight[0] * one + fitted.weight[1] * two
    assert fitted.predict(test.genotypes).value == pytest.approx(expected)
    assert np.isnan(fitted.posterior(test.genotypes).predictions().spread).all()
    assert not fitted.needs.omics


def test_a_state_brings_everything_back(both):
    fitted, test = both
    again = restore(fitted.state())
    assert isinstance(again, FittedMixture)
    value = fitted.predict(test.genotypes).value
    assert np.array_equal(again.predict(test.genotypes).value, value)
    for one, two in zip(fitted.shares(), again.shares(), strict=True):
        assert one.part == two.part
        for name in ("value", "low", "high"):
            assert np.array_equal(getattr(one, name), getattr(two, name))
    order = np.random.default_rng(1).permutation(test.genotypes.n_variant)
    moved = replace(test, genotypes=test.genotypes.take_variants(order))
    assert again.predict(moved.genotypes).value == pytest.approx(value)
