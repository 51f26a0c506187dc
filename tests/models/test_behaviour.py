"""What every model of the catalogue must do, whatever its family."""

import copy
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from tests.models.toys import (
    MONOMORPHIC,
    N_NEW,
    OPTIONS,
    SHORT,
    N,
    P,
    halves,
    inner_of,
    make_plan,
    panel,
)

from meristem.config import models as options
from meristem.errors import ConfigError, DataError
from meristem.io.stores.state import read_state, write_state
from meristem.models.catalog import CATALOG, build, needs, restore
from meristem.models.protocol import predict_measured
from meristem.records import (
    Dataset,
    FittedState,
    Genotypes,
    OmicsTable,
    Phenotypes,
)

VARIATIONS = {
    "gblup-inner": options.GBLUPOptions(variance="inner"),
    "gblup-sample": options.GBLUPOptions(identity="sample"),
    "goblup": options.MediatedOptions(method="goblup"),
    "one-kernel": options.MediatedOptions(method="one_kernel"),
    "pathway-average": options.MediatedOptions(
        method="pathway_average", set_counts=(0, 1)
    ),
    "twas": options.MediatedOptions(method="predicted_expression"),
    "rkhs-inner": options.KernelOptions(variance="inner"),
    "kernels-distance": options.KernelsOptions(kernels=("gaussian", "arc_cosine")),
    "gxe-fa": options.TrialOptions(structure="fa", kernel="gaussian", bandwidth=0.3),
    **{
        f"bayes-{prior}": options.BayesOptions(prior=prior, **SHORT)
        for prior in ("brr", "a", "lasso", "r", "rkhs")
    },
}
ALL = OPTIONS | VARIATIONS
NETWORKS = ("dense", "cnn", "binn", "auto", "reaction_network")


def fit(label, dataset, seed=0):
    chosen = ALL[label]
    predictor = build(chosen, make_plan(dataset.genotypes.variants))
    inner = inner_of(dataset)
    return predictor.fit(dataset, rng=np.random.default_rng(seed), inner=inner)


@cache
def fitted_on_panel(label):
    return fit(label, halves()[0])


def predict(fitted, genotypes):
    table = panel().omics[0]
    place = {name: i for i, name in enumerate(table.sample_id)}
    rows = np.array([place[name] for name in genotypes.sample_id])
    return predict_measured(fitted, genotypes, (table.take_samples(rows),))


@pytest.fixture(params=list(ALL))
def label(request):
    return request.param


def test_every_kind_of_the_catalogue_is_tried():
    assert set(OPTIONS) == set(CATALOG)
    union = options.SingleModelOptions.__args__[0].__args__
    union += (options.StackOptions,)
    assert {o.model_fields["kind"].default: o for o in union} == {
        kind: row.options for kind, row in CATALOG.items()
    }


def test_predictions_are_finite_named_and_shaped(label):
    _, test = halves()
    predicted = predict(fitted_on_panel(label), test.genotypes)
    assert predicted.value.shape == (N_NEW, 2)
    assert predicted.spread.shape == (N_NEW, 2)
    assert np.isfinite(predicted.value).all()
    assert list(predicted.sample_id) == list(test.sample_id)
    assert list(predicted.trait_name) == ["a", "b"]
    assert list(predicted.environment_name) == ["", "field"]
    spread = predicted.spread[np.isfinite(predicted.spread)]
    assert (spread >= 0).all()


def test_fit_learns_something_of_the_training_rows(label):
    train, _ = halves()
    predicted = predict(fitted_on_panel(label), train.genotypes).value
    for target, threshold in ((0, 0.3), (1, 0.3)):
        seen = ~np.isnan(train.phenotypes.value[:, target])
        observed = train.phenotypes.value[seen, target]
        r = np.corrcoef(predicted[seen, target], observed)[0, 1]
        assert r > threshold


def test_same_seed_same_numbers_and_inputs_left_as_found(label):
    train, test = halves()
    before = copy.deepcopy(train)
    described = ALL[label].model_dump_json()
    again = fit(label, train)
    assert np.array_equal(
        predict(again, test.genotypes).value,
        predict(fitted_on_panel(label), test.genotypes).value,
    )
    assert ALL[label].model_dump_json() == described
    assert np.array_equal(train.genotypes.call_dosage, before.genotypes.call_dosage)
    for part in ("value", "weight"):
        new, old = getattr(train.phenotypes, part), getattr(before.phenotypes, part)
        assert np.array_equal(new, old, equal_nan=True)
    assert np.array_equal(train.omics[0].value, before.omics[0].value, equal_nan=True)


def test_order_of_variants_does_not_matter(label):
    fitted, genotypes = fitted_on_panel(label), halves()[1].genotypes
    shuffled = genotypes.take_variants(np.random.default_rng(1).permutation(P))
    assert predict(fitted, shuffled).value == pytest.approx(
        predict(fitted, genotypes).value, abs=1e-9
    )


def test_order_of_samples_is_kept(label):
    fitted, genotypes = fitted_on_panel(label), halves()[1].genotypes
    order = np.random.default_rng(2).permutation(N_NEW)
    mixed = predict(fitted, genotypes.take_samples(order))
    assert list(mixed.sample_id) == list(genotypes.sample_id[order])
    assert mixed.value == pytest.approx(
        predict(fitted, genotypes).value[order], abs=1e-5
    )


def test_a_single_row_gets_what_it_gets_among_others(label):
    fitted, genotypes = fitted_on_panel(label), halves()[1].genotypes
    alone = predict(fitted, genotypes.take_samples(np.array([4])))
    assert alone.value == pytest.approx(predict(fitted, genotypes).value[4:5], abs=1e-5)


def test_a_shift_of_the_phenotype_shifts_predictions(label):
    train, test = halves()
    phenotypes = copy.copy(train.phenotypes)
    moved = Phenotypes(
        phenotypes.sample_id,
        phenotypes.trait_name,
        phenotypes.environment_name,
        phenotypes.value + 100,
        phenotypes.weight,
    )
    shifted = fit(label, Dataset(train.genotypes, moved, train.omics))
    tolerance = 2e-2 if label in NETWORKS else 1e-5
    assert predict(shifted, test.genotypes).value == pytest.approx(
        predict(fitted_on_panel(label), test.genotypes).value + 100, abs=tolerance
    )


def test_written_and_read_gives_the_same_predictions(label, tmp_path):
    fitted, genotypes = fitted_on_panel(label), halves()[1].genotypes
    write_state(fitted.state(), tmp_path, "model")
    state = read_state(tmp_path, "model")
    assert state.kind == {"binn": "auto", "core": "auto"}.get(label, ALL[label].kind)
    again = predict(restore(state), genotypes)
    first = predict(fitted, genotypes)
    assert again.value == pytest.approx(first.value, abs=1e-6)
    assert again.spread == pytest.approx(first.spread, abs=1e-6, nan_ok=True)
    assert list(again.environment_name) == list(first.environment_name)


def test_weights_matter(label):
    train, test = halves()
    phenotypes = train.phenotypes
    weight = np.random.default_rng(3).uniform(0.05, 4, phenotypes.weight.shape)
    weighted = Phenotypes(
        phenotypes.sample_id,
        phenotypes.trait_name,
        phenotypes.environment_name,
        phenotypes.value,
        weight,
    )
    fitted = fit(label, Dataset(train.genotypes, weighted, train.omics))
    change = predict(fitted, test.genotypes).value - (
        predict(fitted_on_panel(label), test.genotypes).value
    )
    assert np.abs(change).max() > 1e-4


def test_a_variant_constant_in_training_does_not_move_predictions(label):
    fitted, genotypes = fitted_on_panel(label), halves()[1].genotypes
    dosage = genotypes.call_dosage.copy()
    dosage[:, MONOMORPHIC] = 0
    changed = Genotypes(genotypes.sample_id, genotypes.variants, dosage)
    assert predict(fitted, changed).value == pytest.approx(
        predict(fitted, genotypes).value, abs=1e-6
    )


def test_missing_variants_and_calls_are_imputed(label):
    fitted, genotypes = fitted_on_panel(label), halves()[1].genotypes
    fewer = genotypes.take_variants(np.arange(0, P, 2))
    assert np.isfinite(predict(fitted, fewer).value).all()
    nothing = Genotypes(
        genotypes.sample_id,
        genotypes.variants,
        np.full_like(genotypes.call_dosage, -1),
    )
    value = predict(fitted, nothing).value
    assert np.isfinite(value).all()
    if needs(ALL[label]).deployable:
        assert np.ptp(value, axis=0) == pytest.approx(0, abs=1e-6)


def test_more_samples_than_variants(label):
    train, test = halves(n_variant=26)
    dataset = train.take_variants(np.arange(25))
    assert dataset.genotypes.n_variant < dataset.n_sample
    value = predict(fit(label, dataset), test.genotypes).value
    assert np.isfinite(value).all()


def test_more_variants_than_samples(label):
    train, test = halves(n_variant=90)
    assert train.genotypes.n_variant > train.n_sample
    assert np.isfinite(predict(fit(label, train), test.genotypes).value).all()


def test_a_target_without_values_is_refused(label):
    train, _ = halves()
    phenotypes = train.phenotypes
    value = phenotypes.value.copy()
    value[:, 1] = np.nan
    empty = Phenotypes(
        phenotypes.sample_id,
        phenotypes.trait_name,
        phenotypes.environment_name,
        value,
        phenotypes.weight,
    )
    with pytest.raises(DataError, match="b@field"):
        fit(label, Dataset(train.genotypes, empty, train.omics))


def test_rows_outside_the_training_set_cannot_matter(label):
    dataset = panel()
    rng = np.random.default_rng(9)
    mixed = dataset.genotypes.call_dosage.copy()
    mixed[N:] = rng.permutation(mixed[N:])
    value = dataset.phenotypes.value.copy()
    value[N:] = 1e6
    measured = dataset.omics[0].value.copy()
    measured[N:] = -1e6
    spoiled = Dataset(
        Genotypes(dataset.sample_id, dataset.genotypes.variants, mixed),
        replace(dataset.phenotypes, value=value),
        (
            OmicsTable(
                "expression",
                dataset.sample_id,
                dataset.omics[0].feature_id,
                dataset.omics[0].node_name,
                measured,
            ),
        ),
    )
    fitted = fit(label, spoiled.take(np.arange(N)))
    state, expected = fitted.state(), fitted_on_panel(label).state()
    assert set(state.arrays) == set(expected.arrays)
    for name, array in state.arrays.items():
        assert np.array_equal(array, expected.arrays[name]), name


def test_unknown_kinds_are_refused():
    with pytest.raises(ConfigError, match="no model of kind"):
        restore(FittedState("oracle"))
    with pytest.raises(ConfigError, match="use one of: auto, bayes"):
        build(options.ModelOptions())
