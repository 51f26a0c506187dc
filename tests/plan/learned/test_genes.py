from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests import toys

from meristem.config.models import LearnOptions
from meristem.errors import DataError
from meristem.genetics.relationship import relationship_matrix
from meristem.mixed.scan import associate_all, error_contrasts, restricted_h2
from meristem.plan.learned.genes import choose_features
from meristem.records import Dataset, Split


def problem(n=50, n_feature=14, seed=0):
    """Return lines whose traits come from features 3 and 8, and from feature 11."""
    rng = np.random.default_rng(seed)
    p = 40
    dosage = rng.binomial(2, 0.4, (n, p)).astype(np.int8)
    value = rng.standard_normal((n, n_feature))
    traits = np.column_stack([value[:, 3] + 0.7 * value[:, 8], value[:, 11]])
    traits += 0.2 * rng.standard_normal((n, 2))
    weight = rng.uniform(0.5, 2, (n, 2))
    return toys.dataset(
        dosage, traits, traits=["yield", "height"], weight=weight
    ), value


def choose(dataset, value, inner=(), seed=0, **options):
    rng = np.random.default_rng(seed)
    return choose_features(
        dataset, value, LearnOptions(**options), rng=rng, inner=inner
    )


@pytest.mark.parametrize("method", ["elastic_net", "twas"])
def test_features_of_all_traits_are_found(method):
    dataset, value = problem()
    found = choose(dataset, value, genes=method, n_genes=3)
    assert sorted(found.feature.tolist()) == [3, 8, 11]
    assert found.score.shape == (3,)
    assert (found.score > 0).all()
    # each trait's best feature comes before the second of any
    assert set(found.feature[:2].tolist()) == {3, 11}


def test_one_trait_alone():
    dataset, value = problem()
    one = dataset.take_targets(np.array([0]))
    found = choose(one, value, n_genes=2)
    assert found.feature.tolist() == [3, 8]


def test_association_is_that_of_the_mixed_model():
    dataset, value = problem()
    one = dataset.take_targets(np.array([1]))
    found = choose(one, value, genes="twas", n_genes=14)
    kernel = relationship_matrix(dataset.genotypes.call_dosage)
    contrasts = error_contrasts(kernel, weight=one.phenotypes.weight[:, 0])
    y = one.phenotypes.value[:, 0]
    h2 = restricted_h2(contrasts.values, contrasts.rotate(y[:, None]))[0]
    z = (value - value.mean(axis=0)) / value.std(axis=0)
    p = associate_all(contrasts, z, y, h2).p
    assert found.feature.tolist() == np.argsort(p).tolist()
    assert found.score == pytest.approx(-np.log10(np.sort(p)), rel=1e-4)


def test_all_features_that_vary():
    dataset, value = problem()
    value[:, 5] = 2.5
    value[:, 6] = np.nan
    found = choose(dataset, value, genes="all", n_genes=2)
    assert found.feature.tolist() == [0, 1, 2, 3, 4, 7, 8, 9, 10, 11, 12, 13]
    assert np.isnan(found.score).all()


@pytest.mark.parametrize("method", ["elastic_net", "twas"])
def test_features_that_do_not_vary_are_never_chosen(method):
    dataset, value = problem()
    value[:, 5] = 1e6
    value[:, 6] = np.nan
    found = choose(dataset, value, genes=method, n_genes=14)
    assert not {5, 6} & set(found.feature.tolist())
    assert {3, 8, 11} <= set(found.feature.tolist())


def test_lines_without_omics_or_phenotype_do_not_count():
    dataset, value = problem()
    kept = np.setdiff1d(np.arange(50), [2, 30])
    expected = choose(dataset.take(kept), value[kept], n_genes=4)
    wild = dataset.phenotypes.value.copy()
    wild[2] = 1e6
    wild[30] = np.nan
    value = value.copy()
    value[2] = np.nan
    changed = Dataset(
        dataset.genotypes,
        replace(dataset.phenotypes, value=wild),
    )
    value_30 = value.copy()
    value_30[30] = value[kept].mean(axis=0)
    found = choose(changed, value_30, n_genes=4)
    assert found.feature.tolist() == expected.feature.tolist()


def test_the_inner_penalty_uses_the_splits_given():
    dataset, value = problem()
    fold = np.arange(50) % 2
    inner = tuple(
        Split("kfold", 0, k, np.flatnonzero(fold != k), np.flatnonzero(fold == k))
        for k in range(2)
    )
    one = choose(dataset, value, inner=inner, seed=1, penalty="inner", l1_ratio=0.5)
    other = choose(dataset, value, inner=inner, seed=2, penalty="inner", l1_ratio=0.5)
    assert one.feature.tolist() == other.feature.tolist()
    assert {3, 8, 11} <= set(one.feature.tolist())
    drawn = choose(dataset, value, seed=1, penalty="inner", l1_ratio=0.5)
    assert {3, 8, 11} <= set(drawn.feature.tolist())


def test_units_and_order_of_features_do_not_matter():
    dataset, value = problem()
    order = np.random.default_rng(4).permutation(14)
    one = choose(dataset, value, n_genes=4)
    other = choose(dataset, 100 * value[:, order] + 40, n_genes=4)
    assert one.feature.tolist() == order[other.feature].tolist()


def test_few_lines_with_omics_are_refused():
    dataset, value = problem()
    value[9:] = np.nan
    with pytest.raises(DataError, match="9 training rows have omics"):
        choose(dataset, value)


@pytest.mark.parametrize("genes", ["elastic_net", "twas", "all"])
def test_features_that_do_not_vary_are_refused(genes):
    dataset, value = problem()
    value[:] = 7.0
    with pytest.raises(DataError, match="none of the 14 omics features varies"):
        choose(dataset, value, genes=genes)


def test_lines_with_omics_but_no_phenotype_are_refused_unless_all_are_kept():
    dataset, value = problem()
    value[20:] = np.nan
    bare = dataset.phenotypes.value.copy()
    bare[11:20] = np.nan
    bare[:2, 1] = np.nan
    phenotypes = replace(dataset.phenotypes, value=bare)
    few = Dataset(dataset.genotypes, phenotypes)
    assert choose(few, value, n_genes=2).feature.size == 2
    bare[:3] = np.nan
    few = Dataset(dataset.genotypes, phenotypes)
    with pytest.raises(DataError, match="no target varies on 10"):
        choose(few, value)
    assert choose(few, value, genes="all").feature.size == 14
