from __future__ import annotations

import numpy as np
import pytest
from tests.representation.toys import low_rank, table_of

from meristem.errors import DataError
from meristem.representation.impute.choose import ABSENT, PARTIAL, impute
from meristem.representation.impute.methods import Sources


def holes(kind: str, shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
    if kind == "random":
        return rng.random(shape) < 0.2
    gaps = np.zeros(shape, dtype=bool)
    for _ in range(6):  # blocks of rows and columns
        row = rng.permutation(shape[0])[: shape[0] // 5]
        column = rng.permutation(shape[1])[: shape[1] // 5]
        gaps[np.ix_(row, column)] = True
    return gaps


@pytest.mark.parametrize("kind", ["random", "blocks"])
def test_the_mixture_is_as_good_as_the_best_and_intervals_cover(kind: str) -> None:
    value, _ = low_rank(80, 60, noise=0.5)
    gaps = holes(kind, value.shape, np.random.default_rng(5))
    found = impute(
        table_of(np.where(gaps, np.nan, value)), rng=np.random.default_rng(1)
    )
    assert np.array_equal(found.table.value[~gaps], value[~gaps])
    error = (found.table.value - value)[gaps]
    single = found.rmse[PARTIAL, :-1].min()
    assert np.sqrt((error**2 / value.std(axis=0).mean() ** 2).mean()) < 1.1 * single
    assert found.rmse[PARTIAL, -1] <= 1.01 * single
    covered = (np.abs(error) <= found.half_width[gaps]).mean()
    assert 0.86 < covered < 0.94
    assert np.isnan(found.half_width[~gaps]).all()


def test_rows_without_values_come_from_genotypes() -> None:
    value, z = low_rank(90, 40, noise=0.3)
    kernel = z @ z.T
    gaps = np.zeros(value.shape, dtype=bool)
    gaps[::4] = True
    sources = Sources(genotypes=kernel)
    found = impute(
        table_of(np.where(gaps, np.nan, value)), sources, rng=np.random.default_rng(1)
    )
    r = np.corrcoef(found.table.value[gaps], value[gaps])[0, 1]
    assert r > 0.9
    assert np.isnan(found.weight[PARTIAL]).all()
    used = dict(zip(found.method, found.weight[ABSENT], strict=True))
    assert used["genotypes"] + used["genotypes_and_ridge"] > 0.8


def test_one_row_without_values_has_intervals_that_were_judged() -> None:
    """Among many rows with gaps it is seldom drawn as a pattern of gaps."""
    value, _ = low_rank(70, 30, noise=1.0)
    value[np.random.default_rng(2).random(value.shape) < 0.1] = np.nan
    value[7] = np.nan
    found = impute(table_of(value), rng=np.random.default_rng(1))
    assert 0.6 < found.coverage[ABSENT] <= 1
    assert np.isfinite(found.half_width[7]).all()


def test_counts_are_filled_by_counts_and_intervals_cover() -> None:
    """Samples differ in depth tenfold: a fill has the depth of its own sample."""
    value, _ = low_rank(90, 60, noise=0.5)
    rng = np.random.default_rng(3)
    depth = np.exp(rng.normal(0, 0.8, 90))[:, None]
    truth = rng.poisson(depth * np.exp(0.3 * value + 3)).astype(float)
    gaps = holes("random", truth.shape, rng)
    holed = table_of(np.where(gaps, np.nan, truth))
    found = impute(holed, rng=np.random.default_rng(1), counts=True)
    said = found.table.value[gaps]
    assert (said == np.round(said)).all()
    assert (said >= 0).all()
    error = np.abs(said - truth[gaps])
    assert 0.86 < (error <= found.half_width[gaps]).mean() < 0.94
    assert 0.86 < found.coverage[PARTIAL] < 0.94
    raw = impute(holed, rng=np.random.default_rng(1)).table.value[gaps]
    assert error.mean() < 0.8 * np.abs(raw - truth[gaps]).mean()


def test_a_whole_table_stays_as_it_is() -> None:
    value, _ = low_rank()
    found = impute(table_of(value), rng=np.random.default_rng(1))
    assert np.array_equal(found.table.value, value)


def test_too_few_rows_are_refused() -> None:
    value, _ = low_rank(20, 10)
    value[7:] = np.nan
    with pytest.raises(DataError, match="fewer than 8 rows"):
        impute(table_of(value), rng=np.random.default_rng(1))
