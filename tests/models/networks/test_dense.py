from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests import toys

from meristem.config.models import CNNOptions, DenseOptions
from meristem.errors import DataError
from meristem.io.stores.state import read_state, write_state
from meristem.models.networks.cnn import CNN, restore_cnn
from meristem.models.networks.dense import Dense, restore_dense
from meristem.models.networks.ensemble import FittedEnsemble
from meristem.models.protocol import Fitted
from meristem.records import Dataset

DENSE = DenseOptions(seeds=1, inner_folds=3, hidden=(8,), epochs=150)
CONVOLUTION = CNNOptions(
    seeds=1,
    inner_folds=3,
    channels=2,
    kernel=3,
    stride=1,
    hidden=6,
    epochs=150,
    dropout=0.1,
)
MODELS = [
    (Dense(DENSE), restore_dense),
    (CNN(CONVOLUTION), restore_cnn),
    (Dense(DENSE.model_copy(update={"batch_size": 16, "epochs": 60})), restore_dense),
    (CNN(CONVOLUTION.model_copy(update={"batch_size": 16, "epochs": 60})), restore_cnn),
]
IDS = ["dense", "cnn", "dense in batches", "cnn in batches"]


def data(n=80, p=9, seed=0, t=2):
    rng = np.random.default_rng(seed)
    dosage = rng.integers(0, 3, (n, p)).astype(np.int8)
    value = dosage[:, :t] - dosage[:, t : 2 * t] + 0.1 * rng.normal(size=(n, t))
    return toys.dataset(dosage, value)


@pytest.mark.parametrize(("model", "restore"), MODELS, ids=IDS)
def test_learns_and_comes_back(model, restore, tmp_path):
    fitted = model.fit(data(), rng=np.random.default_rng(1))
    assert isinstance(fitted, Fitted)
    fresh = data(n=30, seed=2)
    predicted = fitted.predict(fresh.genotypes)
    assert predicted.value.shape == predicted.spread.shape == (30, 2)
    for t in range(2):
        r = np.corrcoef(predicted.value[:, t], fresh.phenotypes.value[:, t])[0, 1]
        assert r > 0.6
    write_state(fitted.state(), tmp_path, "model")
    again = restore(read_state(tmp_path, "model"))
    assert isinstance(again, FittedEnsemble)
    np.testing.assert_allclose(
        again.predict(fresh.genotypes).value, predicted.value, rtol=1e-6
    )


@pytest.mark.parametrize(("model", "restore"), MODELS[:2], ids=IDS[:2])
def test_variants_are_matched_by_name(model, restore):
    fitted = model.fit(data(n=40), rng=np.random.default_rng(1))
    fresh = data(n=12, seed=3).genotypes
    columns = np.random.default_rng(0).permutation(9)
    np.testing.assert_allclose(
        fitted.predict(fresh.take_variants(columns)).value,
        fitted.predict(fresh).value,
        rtol=1e-5,
    )


def test_missing_phenotypes_are_masked():
    full = data()
    value = full.phenotypes.value.copy()
    value[::4, 1] = np.nan
    value[5] = np.nan
    part = Dataset(
        full.genotypes,
        replace(full.phenotypes, value=value),
    )
    fitted = Dense(DENSE).fit(part, rng=np.random.default_rng(1))
    predicted = fitted.predict(full.genotypes).value
    assert np.corrcoef(predicted[:, 1], full.phenotypes.value[:, 1])[0, 1] > 0.8


def test_one_member_has_no_spread():
    from_one = DENSE.model_copy(update={"epochs": 2, "inner_folds": 2})
    fitted = Dense(from_one).fit(data(n=20), rng=np.random.default_rng(1))
    assert np.isfinite(fitted.predict(data(n=3).genotypes).spread).all()


def test_no_variants_is_refused():
    empty = data(n=20).take_variants(np.zeros(0, dtype=int))
    with pytest.raises(DataError, match="no variants"):
        Dense(DENSE).fit(empty, rng=np.random.default_rng(1))


def test_no_samples_no_predictions():
    fitted = Dense(DENSE.model_copy(update={"epochs": 2})).fit(
        data(n=20), rng=np.random.default_rng(1)
    )
    none = data(n=5).genotypes.take_samples(np.zeros(0, dtype=int))
    assert fitted.predict(none).value.shape == (0, 2)
