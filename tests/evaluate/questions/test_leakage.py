"""Nothing of the test rows reaches a fitted number, for every model there is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pytest
from tests.models.toys import PRIOR_SCORES
from tests.toys import network_plan

from meristem.config import models as kinds
from meristem.config.stages import EvaluateConfig, FilterConfig
from meristem.evaluate.controls import ShuffledOmics
from meristem.evaluate.fold import FoldTask, fit_fold
from meristem.evaluate.splits import make_splits
from meristem.models.catalog import CATALOG, build
from meristem.records import (
    Dataset,
    FittedState,
    NetworkPlan,
    Split,
    VariantTable,
)

CONFIG = EvaluateConfig(folds=3, inner_folds=3)
FILTERS = FilterConfig(min_maf=0.1, max_missing=0.3, max_ld_r2=0.9)
TINY = {"epochs": 4, "patience": 2, "seeds": 1, "inner_folds": 2}

MODELS: tuple[kinds.ModelOptions, ...] = (
    kinds.GBLUPOptions(),
    kinds.GBLUPOptions(variance="inner", name="gblup inner"),
    kinds.RidgeOptions(),
    kinds.ElasticNetOptions(l1_ratio=(0.5,), n_alphas=4),
    kinds.ForestOptions(trees=5),
    kinds.BoostingOptions(rounds=5),
    kinds.KernelOptions(bandwidths=(0.5, 1.0)),
    kinds.MediatedOptions(),
    kinds.MediatedOptions(method="one_kernel", name="one_kernel"),
    kinds.MediatedOptions(method="predicted_expression", name="predicted_expression"),
    kinds.MediatedOptions(method="pathway_reml", name="pathway_reml"),
    kinds.FeatureBLUPOptions(max_sets=2),
    kinds.WeightedGBLUPOptions(),
    kinds.PriorOptions(scores=PRIOR_SCORES, caution=0.0),
    kinds.PriorOptions(scores=PRIOR_SCORES, permuted=True, name="permuted"),
    kinds.DominanceOptions(),
    kinds.KernelsOptions(kernels=("additive", "additive_additive", "gaussian")),
    kinds.KernelAverageOptions(bandwidths=(1.0,)),
    kinds.TrialOptions(),
    kinds.ReactionOptions(network=kinds.DenseOptions(hidden=(4,), **TINY)),
    kinds.MultiTraitOptions(),
    *(
        kinds.BayesOptions(
            prior=prior, chains=2, burn_in=5, draws=20, most_draws=20, thin=1
        )
        for prior in ("brr", "b", "lasso", "rkhs")
    ),
    kinds.CombiningOptions(),
    kinds.MeasuredOmicsOptions(),
    kinds.DenseOptions(hidden=(4,), **TINY),
    kinds.CNNOptions(channels=2, kernel=3, stride=2, hidden=3, **TINY),
    kinds.BINNOptions(hidden=(3,), **TINY),
    kinds.BINNOptions(hidden=(3,), omics="soft", name="binn soft", **TINY),
    kinds.BINNOptions(hidden=(3,), omics="hard", name="binn hard", **TINY),
    kinds.BINNOptions(hidden=(3,), graph="shuffled", name="binn shuffled", **TINY),
    kinds.CoreOptions(inner_folds=2),
    kinds.AutoOptions(hidden=(3,), **TINY),
    kinds.StackOptions(
        models=(kinds.GBLUPOptions(), kinds.KernelOptions(bandwidths=(0.5,)))
    ),
)


def plan_of(variants: VariantTable) -> NetworkPlan:
    """Three genes of seven variants each, one term over them."""
    genes = ("geneA", "geneB", "geneC")
    return network_plan(
        {name: range(7 * k, 7 * k + 7) for k, name in enumerate(genes)},
        {"term": genes},
        variants=variants,
        heads=["term"],
    )


Make = Callable[[Dataset], object]
"""Makes a predictor; handed the whole data set so that a leaky one can use it."""


def spoil(dataset: Dataset, rows: np.ndarray, rng: np.random.Generator) -> Dataset:
    """Return the data with everything known of some rows permuted and distorted."""
    swap = rng.permutation(rows)
    dosage = dataset.genotypes.call_dosage.copy()
    dosage[rows] = rng.choice(
        np.array([-1, 0, 1, 2], dtype=np.int8), dosage[rows].shape
    )
    value = dataset.phenotypes.value.copy()
    value[rows] = 1e3 * value[swap] + 7
    weight = dataset.phenotypes.weight.copy()
    weight[rows] = 9.0
    tables = []
    for table in dataset.omics:
        omics = table.value.copy()
        omics[rows] = -50 * omics[swap]
        tables.append(replace(table, value=omics))
    return Dataset(
        replace(dataset.genotypes, call_dosage=dosage),
        replace(dataset.phenotypes, value=value, weight=weight),
        tuple(tables),
        dataset.groups,
    )


def fit_state(make: Make, dataset: Dataset, split: Split) -> FittedState:
    """Return everything learned in a fold, the choice of markers included."""
    task = FoldTask("model", make(dataset), split)
    fitted, keep = fit_fold(dataset, task, CONFIG, FILTERS, seed=3)
    state = fitted.state()
    return replace(state, arrays={**state.arrays, "kept markers": keep})


def leaks(make: Make, dataset: Dataset, split: Split) -> list[str]:
    """Return the fitted arrays that change when the test rows do."""
    spoilt = spoil(dataset, split.test, np.random.default_rng(9))
    one, two = fit_state(make, dataset, split), fit_state(make, spoilt, split)
    names = sorted(set(one.arrays) | set(two.arrays))
    return [
        name
        for name in names
        if name not in one.arrays
        or name not in two.arrays
        or one.arrays[name].dtype != two.arrays[name].dtype
        or one.arrays[name].tobytes() != two.arrays[name].tobytes()
    ]


@pytest.fixture
def data(dataset_factory) -> Dataset:
    made = dataset_factory(n_sample=48, n_variant=31, omics=True)
    rng = np.random.default_rng(2)
    dosage = made.genotypes.call_dosage.copy()
    dosage[rng.random(dosage.shape) < 0.05] = -1
    value = made.phenotypes.value.copy()
    value[[1, 2], 0] = np.nan
    value[5] = np.nan  # omics alone
    omics = made.omics[0].value.copy()
    omics[[7, 8]] = np.nan
    return Dataset(
        replace(made.genotypes, call_dosage=dosage),
        replace(made.phenotypes, value=value),
        (replace(made.omics[0], value=omics),),
    )


@pytest.fixture
def split(data: Dataset) -> Split:
    return make_splits(data, CONFIG, np.random.default_rng(4))[0]


@pytest.mark.parametrize("options", MODELS, ids=lambda options: options.label)
def test_no_fitted_number_depends_on_the_test_rows(data, split, options):
    def make(dataset: Dataset) -> object:
        return build(options, plan_of(dataset.genotypes.variants))

    assert leaks(make, data, split) == []


def test_nor_with_shuffled_omics(data, split):
    options = kinds.BINNOptions(hidden=(3,), omics="soft", **TINY)

    def make(dataset: Dataset) -> object:
        return ShuffledOmics(build(options, plan_of(dataset.genotypes.variants)))

    assert leaks(make, data, split) == []


def test_every_kind_in_the_catalogue_is_tested():
    assert {options.kind for options in MODELS} == set(CATALOG)


@dataclass(frozen=True)
class FittedNumbers:
    arrays: dict[str, np.ndarray]

    def predict(self, genotypes):
        raise NotImplementedError

    def state(self) -> FittedState:
        return FittedState("dummy", self.arrays)


@dataclass(frozen=True)
class Leaky:
    """Imputes with means over all lines, which it should never have seen."""

    everything: Dataset

    def fit(self, dataset, *, rng, inner=()):
        mean = self.everything.genotypes.call_dosage.mean(axis=0)
        return FittedNumbers({"imputation": mean, "n": np.array(dataset.n_sample)})


@dataclass(frozen=True)
class Blind:
    def fit(self, dataset, *, rng, inner=()):
        inner_rows = np.concatenate([fold.test for fold in inner])
        mean = dataset.genotypes.call_dosage.mean(axis=0)
        return FittedNumbers({"imputation": mean, "inner": inner_rows})


def test_a_leak_is_caught(data, split):
    assert leaks(Leaky, data, split) == ["imputation"]


def test_a_blind_model_is_not_accused_and_inner_splits_are_the_same(data, split):
    assert leaks(lambda dataset: Blind(), data, split) == []


@pytest.mark.parametrize("scheme", ["cluster", "group"])
def test_inner_splits_of_other_questions_are_blind_too(dataset_factory, scheme):
    labels = [f"family{k % 6}" for k in range(48)]
    made = dataset_factory(n_sample=48, groups={"family": labels}, omics=True)
    config = EvaluateConfig(
        scheme=scheme,
        group="family" if scheme == "group" else "",
        folds=3,
        clusters=3,
        inner_folds=3,
    )
    outer = make_splits(made, config, np.random.default_rng(4))[0]
    spoilt = spoil(made, outer.test, np.random.default_rng(9))
    fits = []
    for dataset in (made, spoilt):
        task = FoldTask("model", Blind(), outer)
        fits.append(fit_fold(dataset, task, config, FILTERS, seed=3)[0].arrays)
    assert all(np.array_equal(fits[0][name], fits[1][name]) for name in fits[0])
