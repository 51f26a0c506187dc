from dataclasses import replace

import numpy as np
import pytest
from tests import toys

from meristem.config import models as kinds
from meristem.errors import DataError
from meristem.genetics.products import with_products
from meristem.models.catalog import build
from meristem.models.effects import FittedLinear, predict_linear, restore_linear
from meristem.models.panel import kernel_factor, marker_effects
from meristem.prepare.scale import fit_scale
from meristem.records import Genotypes
from meristem.stats.folds import random_splits

N, P, T = 12, 9, 2


@pytest.fixture
def calls():
    rng = np.random.default_rng(1)
    dosage = rng.integers(0, 3, (N, P)).astype(np.int8)
    dosage[2, 3] = -1
    dosage[:, 5] = 1
    return dosage


def test_effects_and_predictions_equal_the_plain_products(calls):
    rng = np.random.default_rng(2)
    scale = fit_scale(calls)
    z = np.where(calls < 0, 0, calls - scale.mean)
    z[:, 5] = 0
    dual = rng.normal(size=(N, T))
    effect = marker_effects(calls, scale, dual)
    assert effect == pytest.approx(z.T @ dual, abs=1e-12)
    value = predict_linear(calls, scale, effect, np.array([1.0, -1.0]))
    assert value == pytest.approx([1.0, -1.0] + z @ effect, abs=1e-12)


def test_kernel_factor_brings_the_mean_diagonal_to_one():
    kernel = np.diag([1.0, 2.0, 6.0])
    assert np.trace(kernel * kernel_factor(kernel)) == pytest.approx(3)
    with pytest.raises(DataError, match="no variant varies"):
        kernel_factor(np.zeros((3, 3)))


def test_a_fitted_linear_model_ignores_unknown_variants_and_survives_its_state(calls):
    table = toys.variant_table(P)
    fitted = FittedLinear(
        "ridge",
        table,
        np.array(["t"]),
        np.array([""]),
        fit_scale(calls),
        np.arange(P, dtype=float)[:, None],
        np.array([2.0]),
        {"penalty": [3.0]},
    )
    genotypes = toys.genotypes(calls)
    order = np.array([8, 0, 4])
    subset = fitted.predict(genotypes.take_variants(order)).value
    blanked = calls.copy()
    blanked[:, np.setdiff1d(np.arange(P), order)] = -1
    expected = fitted.predict(Genotypes(genotypes.sample_id, table, blanked)).value
    assert subset == pytest.approx(expected, abs=1e-12)
    again = restore_linear(fitted.state())
    assert again.tuning == {"penalty": [3.0]}
    assert np.array_equal(
        again.predict(genotypes).value, fitted.predict(genotypes).value
    )


@pytest.mark.parametrize("options", [kinds.ElasticNetOptions(), kinds.GBLUPOptions()])
def test_the_posterior_of_rows_that_share_products_is_around_the_predictions(options):
    """The error that a model borrows is that of BLUP; its values are its own."""
    rng = np.random.default_rng(4)
    calls = rng.integers(0, 3, (60, 40)).astype(np.int8)
    whole = toys.dataset(calls, calls[:, 0] + 0.5 * rng.normal(size=60))
    whole = replace(whole, genotypes=with_products(whole.genotypes))
    assert whole.genotypes.products is not None
    fitted = build(options).fit(
        whole.take(np.arange(45)), rng=rng, inner=random_splits(45, 3, rng)
    )
    new = whole.take(np.arange(45, 60)).genotypes
    said = fitted.predict(new).value
    assert fitted.posterior(new).predictions().value == pytest.approx(said, abs=1e-4)
