"""What every model of the catalogue must do, whatever its family."""

import copy
from functools import cache

import numpy as np
import pytest

from meristem.config import models as options
from meristem.errors import ConfigError, DataError
from meristem.io.stores.state import read_state, write_state
from meristem.models.catalog import CATALOG, build, needs, restore
from meristem.models.protocol import predict_measured
from meristem.records import (
    Dataset,
    FittedState,
    Genotypes,
    NetworkPlan,
    OmicsTable,
    Phenotypes,
    PlanLevel,
    Split,
    VariantTable,
)

N, N_NEW, P, N_GENE = 44, 7, 30, 5
MONOMORPHIC = 4

QUICK = {"epochs": 30, "patience": 30, "seeds": 1, "inner_folds": 2}
OPTIONS = {
    "gblup": options.GBLUPOptions(),
    "dominance": options.DominanceOptions(),
    "combining": options.CombiningOptions(),
    "ridge": options.RidgeOptions(),
    "elastic_net": options.ElasticNetOptions(l1_ratio=(0.5,), n_alphas=8),
    "random_forest": options.ForestOptions(trees=12, max_features=0.5),
    "boosting": options.BoostingOptions(rounds=12, learning_rate=0.2),
    "rkhs": options.KernelOptions(),
    "dense": options.DenseOptions(hidden=(8,), **QUICK),
    "cnn": options.CNNOptions(channels=4, hidden=8, **(QUICK | {"epochs": 150})),
    "binn": options.BINNOptions(hidden=(4,), **QUICK),
    "core": options.CoreOptions(inner_folds=2),
    "auto": options.AutoOptions(hidden=(4,), **QUICK),
    "mediated": options.MediatedOptions(method="pathway_reml", set_counts=(0, 1, 2)),
    "gfblup": options.FeatureBLUPOptions(max_sets=2),
    "gwablup": options.WeightedGBLUPOptions(prior=(0.05, 1.0)),
    "measured_omics": options.MeasuredOmicsOptions(),
    "stack": options.StackOptions(
        models=(options.GBLUPOptions(), options.KernelOptions())
    ),
}
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
}
ALL = OPTIONS | VARIATIONS
NETWORKS = ("dense", "cnn", "binn", "auto")


def variant_table(n_variant):
    return VariantTable(
        np.array([f"v{i}" for i in range(n_variant)]),
        np.full(n_variant, "1"),
        np.arange(n_variant) * 100 + 1,
        np.full(n_variant, "A"),
        np.full(n_variant, "C"),
    )


def make_plan(variants):
    """Return five genes of five variants each, two terms over them."""
    gene = np.repeat(np.arange(N_GENE), 5)
    levels = (
        PlanLevel(0, N_GENE, gene, np.arange(gene.size), *np.empty((2, 0), np.int64)),
        PlanLevel(
            N_GENE,
            2,
            *np.empty((2, 0), np.int64),
            np.array([0, 0, 0, 1, 1, 1]),
            np.array([0, 1, 2, 2, 3, 4]),
        ),
    )
    names = [*(f"g{i}" for i in range(N_GENE)), "term1", "term2"]
    kinds = ["gene"] * N_GENE + ["term"] * 2
    level = np.array([0] * N_GENE + [1] * 2)
    heads = np.array([N_GENE, N_GENE + 1])
    return NetworkPlan(variants, np.array(names), np.array(kinds), level, levels, heads)


@cache
def panel(n_variant=P, seed=7):
    """Return N + N_NEW samples, two targets, expression of the five genes."""
    rng = np.random.default_rng(seed)
    n = N + N_NEW
    frequency = rng.uniform(0.2, 0.8, n_variant)
    dosage = rng.binomial(2, frequency, (n, n_variant)).astype(np.int8)
    dosage[:, MONOMORPHIC] = 2
    genes = min(N_GENE * 5, n_variant)
    signal = dosage[:, :genes] @ rng.normal(size=genes)
    signal = (signal - signal.mean()) / signal.std()
    y = np.column_stack([signal, 5 - signal]) + 0.4 * rng.normal(size=(n, 2))
    y[3:6, 1] = np.nan
    y[8] = np.nan
    dosage[rng.random(dosage.shape) < 0.03] = -1
    dosage[:N, MONOMORPHIC] = 2
    sample = np.array([f"s{i:02d}" for i in range(n)])
    phenotypes = Phenotypes(
        sample, np.array(["a", "b"]), np.array(["", "field"]), y, np.ones((n, 2))
    )
    expression = rng.normal(size=(n, N_GENE))
    expression += signal[:, None]
    expression[1, 2] = np.nan
    expression[12:15] = np.nan
    names = np.array([f"g{i}" for i in range(N_GENE)])
    omics = OmicsTable("expression", sample, names, names, expression)
    genotypes = Genotypes(sample, variant_table(n_variant), dosage)
    return Dataset(genotypes, phenotypes, (omics,))


def halves(n_variant=P):
    dataset = panel(n_variant)
    return dataset.take(np.arange(N)), dataset.take(np.arange(N, N + N_NEW))


def inner_of(dataset):
    fold = np.arange(dataset.n_sample) % 2
    return tuple(
        Split("kfold", 0, f, np.flatnonzero(fold != f), np.flatnonzero(fold == f))
        for f in range(2)
    )


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


def test_fit_leaves_options_and_dataset_as_found(label):
    train, _ = halves()
    before = copy.deepcopy(train)
    described = ALL[label].model_dump_json()
    fit(label, train)
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


def test_same_seed_same_numbers(label):
    train, test = halves()
    again = fit(label, train)
    assert np.array_equal(
        predict(again, test.genotypes).value,
        predict(fitted_on_panel(label), test.genotypes).value,
    )


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
    assert state.kind == {"auto": "binn"}.get(label, ALL[label].kind)
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
        Phenotypes(
            dataset.sample_id,
            dataset.phenotypes.trait_name,
            dataset.phenotypes.environment_name,
            value,
            dataset.phenotypes.weight,
        ),
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
    with pytest.raises(ConfigError, match="use one of: auto, binn"):
        build(options.ModelOptions())
