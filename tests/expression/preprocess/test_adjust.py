import numpy as np
import pytest
from scipy.special import ndtri

from meristem.config.expression.training import PreprocessOptions
from meristem.errors import DataError
from meristem.expression.preprocess.adjust import fit_adjustment
from meristem.records import Covariates, Genotypes, VariantTable
from meristem.records.covariates import CLASS, no_columns


def _genotypes(n, p=15, seed=1):
    rng = np.random.default_rng(seed)
    ids = np.array([f"v{i}" for i in range(p)])
    text = np.array([""] * p)
    table = VariantTable(ids, text, np.zeros(p, int), text, text)
    calls = rng.integers(0, 3, (n, p)).astype(np.int8)
    return Genotypes(np.array([f"l{i}" for i in range(n)]), table, calls)


def _batches(n):
    label = np.where(np.arange(n) % 2, "b1", "b2")[:, None]
    return Covariates(
        np.array(["batch"]), np.array([CLASS]), np.full((n, 1), np.nan), label
    )


def test_batches_are_learned_in_training_and_taken_off_everywhere() -> None:
    rng = np.random.default_rng(2)
    n = 40
    shift = 3.0 * (np.arange(n) % 2)[:, None]
    value = rng.normal(size=(n, 4)) + shift
    lines, known = _genotypes(n), _batches(n)
    train, test = np.arange(30), np.arange(30, n)
    found, seen = fit_adjustment(
        value[train],
        known.take(train),
        lines.take_samples(train),
        PreprocessOptions(),
    )
    odd = np.arange(30) % 2 == 1
    assert seen[odd].mean(axis=0) == pytest.approx(seen[~odd].mean(axis=0))
    assert seen.mean(axis=0) == pytest.approx(value[train].mean(axis=0))
    scored = found.scored(value[test], known.take(test), lines.take_samples(test))
    gap = value[train][odd].mean(axis=0) - value[train][~odd].mean(axis=0)
    moved = value[test] - scored
    assert moved[1] - moved[0] == pytest.approx(gap)


def test_training_sees_nothing_of_other_lines() -> None:
    rng = np.random.default_rng(3)
    value, lines = rng.normal(size=(30, 5)), _genotypes(30)
    options = PreprocessOptions(scale="inverse_normal", factors=2)
    train = np.arange(22)
    covariates = no_columns(30, 2)
    first = fit_adjustment(
        value[train], covariates.take(train), lines.take_samples(train), options
    )[1]
    value[22:] = 99.0
    second = fit_adjustment(
        value[train], covariates.take(train), lines.take_samples(train), options
    )[1]
    assert np.array_equal(first, second)


def test_normal_scores_of_training_and_of_new_values() -> None:
    value = np.array([[3.0], [1.0], [2.0], [np.nan], [5.0], [4.0]])
    options = PreprocessOptions(scale="inverse_normal")
    found, seen = fit_adjustment(value, None, _genotypes(6), options)
    assert seen[[1, 2, 0, 5, 4], 0] == pytest.approx(ndtri((np.arange(5) + 0.5) / 5))
    new = np.array([[0.0], [2.5], [9.0], [np.nan], [1.0], [3.0]])
    scored = found.scored(new, None, _genotypes(6))
    assert scored[:3, 0] == pytest.approx(ndtri([0.1, 0.4, 0.9]))
    assert np.isnan(scored[3, 0])


def test_factors_of_training_lines_are_taken_out_and_held_out_values_stay() -> None:
    rng = np.random.default_rng(5)
    hidden = rng.normal(size=(50, 1))
    value = 2 * hidden @ rng.normal(size=(1, 30)) + rng.normal(size=(50, 30))
    found, seen = fit_adjustment(
        value, None, _genotypes(50), PreprocessOptions(factors=1)
    )
    r = [abs(np.corrcoef(hidden[:, 0], seen[:, g])[0, 1]) for g in range(30)]
    assert np.mean(r) < 0.15
    assert found.scored(value, None, _genotypes(50)) == pytest.approx(value)


def test_log_values_are_read_and_negative_ones_refused() -> None:
    value = np.tile([[0.0, 1.0], [3.0, 7.0]], (3, 1))
    seen = fit_adjustment(value, None, _genotypes(6), PreprocessOptions(scale="log2"))[
        1
    ]
    assert seen[:2].tolist() == [[0.0, 1.0], [2.0, 3.0]]
    with pytest.raises(DataError, match="negative values"):
        fit_adjustment(-value, None, _genotypes(6), PreprocessOptions(scale="log2"))
    with pytest.raises(DataError, match="cannot lose"):
        fit_adjustment(value, None, _genotypes(6), PreprocessOptions(factors=2))


@pytest.mark.parametrize("scale", ["none", "log2", "inverse_normal"])
def test_a_gene_that_no_training_line_has_disturbs_no_other(scale) -> None:
    rng = np.random.default_rng(5)
    value = rng.uniform(1, 9, (20, 3))
    genotypes = _genotypes(20)
    options = PreprocessOptions(scale=scale)
    alone = fit_adjustment(value[:, :2], None, genotypes, options)[1]
    value[:, 2] = np.nan
    found = fit_adjustment(value, None, genotypes, options)[1]
    assert (found[:, 2] == 0).all()
    assert found[:, :2] == pytest.approx(alone)
