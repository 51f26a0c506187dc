from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError
from tests import toys
from tests.models.test_wheat import WHEAT, wheat_dataset

from meristem.config.models import DominanceOptions, GBLUPOptions, KernelsOptions
from meristem.config.represent import RepresentOptions
from meristem.errors import DataError
from meristem.models.catalog import needs
from meristem.models.linear.dominance import DominanceBLUP
from meristem.models.linear.gblup import GBLUP
from meristem.models.linear.kernels import SeveralKernels, restore_kernels
from meristem.models.omics.reference import MeasuredOmics
from meristem.models.protocol import needs_measured_omics, predict_measured
from meristem.pipeline.represented import OnFactors
from meristem.records import ErrorCovariance, OmicsTable

N, N_NEW, P = 60, 9, 45
ROWS = np.arange(N + N_NEW)


@pytest.fixture
def data():
    rng = np.random.default_rng(4)
    dosage = rng.integers(0, 3, (N + N_NEW, P)).astype(np.int8)
    y = (dosage - 1.0) @ rng.standard_normal(P) / 4 + 2.0 * (dosage[:, 5] == 1)
    return toys.dataset(dosage, y + 0.5 * rng.standard_normal(y.size), "l")


def fit(data, *kernels, **options):
    chosen = KernelsOptions(kernels=kernels, **options)
    train = data.take(np.arange(N))
    return SeveralKernels(chosen).fit(train, rng=np.random.default_rng(0))


def new(data):
    return data.take(np.arange(N, N + N_NEW)).genotypes


def test_the_additive_kernel_alone_is_gblup(data):
    train = data.take(np.arange(N))
    plain = GBLUP(GBLUPOptions()).fit(train, rng=np.random.default_rng(0))
    found = fit(data, "additive")
    expected = plain.predict(new(data))
    assert found.predict(new(data)).value == pytest.approx(expected.value, abs=1e-3)


@pytest.mark.parametrize("known", [True, False])
def test_so_it_is_where_errors_are_correlated(data, known):
    root = np.random.default_rng(1).normal(size=(N + N_NEW, 30)) / 8
    errors = ErrorCovariance(root @ root.T + np.eye(N + N_NEW) / 9, ROWS, known)
    data = replace(data, phenotypes=replace(data.phenotypes, errors=(errors,)))
    train = data.take(np.arange(N))
    plain = GBLUP(GBLUPOptions()).fit(train, rng=np.random.default_rng(0))
    found = fit(data, "additive")
    expected = plain.predict(new(data))
    assert found.predict(new(data)).value == pytest.approx(expected.value, abs=2e-3)
    assert found.variance[0, 0] == pytest.approx(plain.solved.genetic[0], rel=2e-3)
    spread = plain.marginal(new(data)).spread
    assert found.predict(new(data)).spread == pytest.approx(spread, rel=2e-3)
    unread = replace(data, phenotypes=replace(data.phenotypes, errors=()))
    other = fit(unread, "additive").predict(new(data)).value
    assert np.abs(other - expected.value).max() > 0.02
    one, two = found.posterior(new(data)), plain.posterior(new(data))
    assert one.sd == pytest.approx(two.sd, rel=1e-2)


def test_the_biological_coding_is_that_of_the_model_of_dominance(data):
    train = data.take(np.arange(N))
    spec = DominanceBLUP(DominanceOptions())
    plain = spec.fit(train, rng=np.random.default_rng(0)).predict(new(data))
    found = fit(data, "additive", "heterozygosity").predict(new(data))
    # there heterozygosity is centred on its mean, here on its expectation
    assert np.corrcoef(found.value[:, 0], plain.value[:, 0])[0, 1] > 0.98


def test_components_have_errors_and_bandwidths_are_averaged(data):
    found = fit(data, "additive", "gaussian", bandwidths=(0.5, 2.0))
    table = found.components()
    names = ["additive", "gaussian 0.5", "gaussian 2", "error"]
    assert table["component"].tolist() == names
    assert (table["value"] >= 0).all()
    assert (table["se"] > 0).all()


def write_pedigree(folder, names):
    path = folder / "pedigree.csv"
    rows = [f"{n},m{k % 4},f{k % 3}" for k, n in enumerate(names)]
    path.write_text("\n".join(["line,parent_1,parent_2", *rows]) + "\n")
    return path


def test_pedigree_and_single_step_are_read(data, tmp_path):
    path = write_pedigree(tmp_path, data.sample_id.tolist())
    found = fit(data, "pedigree", pedigree=path)
    value = found.predict(new(data)).value
    assert np.unique(value.round(6)).size > 3
    joined = fit(data, "single_step", pedigree=path)
    calls = data.genotypes.call_dosage.copy()
    calls[:5] = -1  # five lines without calls: the pedigree speaks for them
    hidden = toys.dataset(calls, data.phenotypes.value, "l")
    again = fit(hidden, "single_step", pedigree=path)
    assert np.isfinite(again.predict(new(data)).value).all()
    train = data.take(np.arange(N)).genotypes
    assert np.ptp(joined.predict(train).value) > np.ptp(value)


def test_single_step_reads_the_markers_of_new_lines(data, tmp_path):
    path = write_pedigree(tmp_path, data.sample_id[:N].tolist())
    found = fit(data, "single_step", pedigree=path).predict(new(data)).value[:, 0]
    expected = fit(data, "additive").predict(new(data)).value[:, 0]
    assert np.corrcoef(found, expected)[0, 1] > 0.9


def test_a_table_of_relationships_is_used(data, tmp_path):
    z = data.genotypes.call_dosage - 1.0
    names = data.sample_id
    frame = pd.DataFrame(z @ z.T / P, names, names)
    frame.to_csv(tmp_path / "k.csv", index_label="line")
    found = fit(data, "table", table=tmp_path / "k.csv")
    expected = fit(data, "additive").predict(new(data)).value[:, 0]
    assert np.corrcoef(found.predict(new(data)).value[:, 0], expected)[0, 1] > 0.95


def test_state_is_complete(data, tmp_path):
    path = write_pedigree(tmp_path, data.sample_id.tolist())
    names = (
        "additive",
        "additive_dominance",
        "dominance_dominance",
        "pedigree",
        "single_step",
    )
    found = fit(data, *names, pedigree=path)
    again = restore_kernels(found.state())
    one, two = found.posterior(new(data)), again.posterior(new(data))
    assert np.array_equal(one.mean, two.mean)
    assert two.sd == pytest.approx(one.sd)
    assert again.components().equals(found.components())


def test_faults(data, tmp_path):
    with pytest.raises(ValidationError, match="name the pedigree file"):
        KernelsOptions(kernels=("pedigree",))
    with pytest.raises(ValidationError, match="named twice"):
        KernelsOptions(kernels=("additive", "additive"))
    with pytest.raises(ValidationError, match="name its file"):
        KernelsOptions(kernels=("table",))
    path = write_pedigree(tmp_path, ["other"])
    with pytest.raises(DataError, match="no training line is in the pedigree"):
        fit(data, "pedigree", pedigree=path)
    inbred = toys.dataset(
        2 * (data.genotypes.call_dosage > 0), data.phenotypes.value, "l"
    )
    calls, y = data.genotypes.call_dosage, data.phenotypes.value
    polyploid = toys.dataset(calls, y, "l", ploidy=4)
    with pytest.raises(DataError, match="not of ploidy"):
        fit(polyploid, "dominance")
    assert np.isfinite(fit(inbred, "additive").predict(new(data)).value).all()


@pytest.mark.skipif(not WHEAT.exists(), reason="shared data are not here")
def test_wheat_with_pedigree_has_the_golden_components(tmp_path):
    """G + A on environment 1: pysommer and a dense search agree (trials.md, 1)."""
    whole = wheat_dataset()
    dosage = whole.genotypes.call_dosage.astype(float)
    z = (dosage - dosage.mean(axis=0)) / dosage.std(axis=0, ddof=1)
    names = whole.sample_id
    path = tmp_path / "g.csv"
    pd.DataFrame(z @ z.T / z.shape[1], names, names).to_csv(path, index_label="line")
    data = whole.take_targets(np.array([0]))
    tables = {}
    for name, file in (("g", path), ("a", WHEAT / "pedigree_A.csv.gz")):
        options = KernelsOptions(kernels=("additive", "table"), table=file)
        found = SeveralKernels(options).fit(data, rng=np.random.default_rng(0))
        tables[name] = found.components().set_index("component")
    # centred and standardised markers differ a little: components are near
    assert tables["a"].loc["error", "value"] == pytest.approx(0.433788, abs=0.02)
    diagonal = 1.98  # mean of the pedigree's diagonal
    value = tables["a"].loc["table", "value"] / diagonal
    assert value == pytest.approx(0.102283, abs=0.02)


def with_omics(data, n_feature=25):
    """Return the data with features that know half of the trait, and some gaps."""
    rng = np.random.default_rng(8)
    truth = data.phenotypes.value[:, :1]
    value = truth @ rng.normal(size=(1, n_feature)) + 3 * rng.normal(
        size=(data.n_sample, n_feature)
    )
    value[3] = np.nan
    value[::9, 4] = np.nan
    name = np.array([f"g{j}" for j in range(n_feature)])
    table = OmicsTable("leaf", data.sample_id, name, name, value)
    return replace(data, omics=(table,))


def test_a_kernel_of_omics_beside_that_of_markers_is_the_upper_reference(data):
    data = with_omics(data)
    train, test = data.take(np.arange(N)), data.take(np.arange(N, N + N_NEW))
    rng = np.random.default_rng(0)
    known = MeasuredOmics().fit(train, rng=rng).predict(test.genotypes, test.omics)
    found = fit(data, "additive", "omics")
    assert needs_measured_omics(found)
    assert not needs_measured_omics(fit(data, "additive"))
    said = predict_measured(found, test.genotypes, test.omics)
    assert said.value == pytest.approx(known.value, abs=0.02 * known.value.std())
    assert (said.spread > 0).all()
    again = restore_kernels(found.state()).predict(test.genotypes, test.omics)
    assert again.value == pytest.approx(said.value)
    assert "omics" in found.components()["component"].tolist()
    assert needs(KernelsOptions(kernels=("additive", "omics"))).deployable is False
    assert needs(KernelsOptions()).deployable


def test_a_kernel_of_omics_needs_them_in_training_and_at_prediction(data):
    with pytest.raises(DataError, match="there are none"):
        fit(data, "omics")
    found = fit(with_omics(data), "additive", "omics")
    with pytest.raises(DataError, match="measured omics of the lines it predicts"):
        found.predict(new(data))


def test_a_kernel_may_be_made_of_factors(data):
    data = with_omics(data)
    how = RepresentOptions(represent="pca", k=(3,))
    predictor = OnFactors(
        SeveralKernels(KernelsOptions(kernels=("additive", "omics"))),
        (("leaf", how),),
        {},
        1,
    )
    fitted = predictor.fit(data.take(np.arange(N)), rng=np.random.default_rng(0))
    test = data.take(np.arange(N, N + N_NEW))
    said = predict_measured(fitted, test.genotypes, test.omics).value
    factors = fitted.learned["leaf"][0].factors(test.omics[0])
    inner = fitted.fitted
    assert inner.source.train.features.shape == (N, 3)
    assert np.array_equal(said, inner.predict(test.genotypes, (factors,)).value)
