"""Marker filters against slow twins; every removed variant is counted once."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests import toys
from tests.toys import numbered, variant_table

from meristem.config.stages import FilterConfig
from meristem.genetics.filters import filter_markers, prune_ld
from meristem.records import Genotypes


def genotypes(
    dosage: np.ndarray, ploidy: int = 2, contig=None, position=None
) -> Genotypes:
    table = variant_table(
        numbered("m", dosage.shape[1]), "" if contig is None else contig, position
    )
    return toys.genotypes(dosage, variants=table, ploidy=ploidy)


def random_dosage(seed: int, n_sample: int, n_variant: int, ploidy: int = 2):
    rng = np.random.default_rng(seed)
    frequency = rng.random(n_variant)
    dosage = rng.binomial(ploidy, frequency, (n_sample, n_variant))
    dosage[rng.random(dosage.shape) < rng.random(n_variant) * 0.5] = -1
    return dosage


def slow_reason(column: list[int], ploidy: int, config: FilterConfig) -> str:
    """Return which filter removes a variant, one call at a time."""
    called = [x for x in column if x >= 0]
    if len(column) - len(called) > config.max_missing * len(column) + 1e-9:
        return "missing"
    frequency = sum(called) / (ploidy * len(called)) if called else 0.0
    if config.min_maf > 0 and len(set(called)) < 2:
        return "monomorphic"
    if min(frequency, 1 - frequency) < config.min_maf - 1e-9:
        return "maf"
    het = sum(0 < x < ploidy for x in called)
    if het > config.max_heterozygosity * max(len(called), 1) + 1e-9:
        return "heterozygosity"
    return ""


@settings(max_examples=80, deadline=None)
@given(
    seed=st.integers(0, 2**16),
    n_sample=st.integers(1, 12),
    n_variant=st.integers(1, 15),
    ploidy=st.sampled_from([1, 2, 4]),
    config=st.builds(
        FilterConfig,
        min_maf=st.sampled_from([0.0, 0.05, 0.25, 0.5]),
        max_missing=st.sampled_from([0.0, 0.2, 0.5, 1.0]),
        max_heterozygosity=st.sampled_from([0.0, 0.25, 0.5, 1.0]),
    ),
)
def test_against_a_slow_twin(seed, n_sample, n_variant, ploidy, config) -> None:
    dosage = random_dosage(seed, n_sample, n_variant, ploidy)
    found = filter_markers(genotypes(dosage, ploidy), config)
    reasons = [slow_reason(column, ploidy, config) for column in dosage.T.tolist()]
    assert found.keep.tolist() == [reason == "" for reason in reasons]
    assert found.n_missing == reasons.count("missing")
    assert found.n_monomorphic == reasons.count("monomorphic")
    assert found.n_maf == reasons.count("maf")
    assert found.n_heterozygosity == reasons.count("heterozygosity")
    assert found.n_ld == 0


def test_the_defaults_remove_nothing() -> None:
    dosage = np.array([[0, -1, 1, 2], [0, -1, 1, 2], [0, -1, 1, 0]])
    found = filter_markers(genotypes(dosage), FilterConfig())
    assert found.keep.all()
    assert found.n_kept == 4


def test_counts_add_up_in_the_report() -> None:
    dosage = random_dosage(5, 40, 200)
    config = FilterConfig(
        min_maf=0.1, max_missing=0.3, max_heterozygosity=0.5, max_ld_r2=0.2
    )
    found = filter_markers(genotypes(dosage), config).to_json()
    assert sum(n for name, n in found.items() if name.startswith("removed")) == (
        found["variants before filters"] - found["variants kept"]
    )
    assert all(n > 0 for n in found.values() if n != found["removed: monomorphic"])


def slow_prune(dosage: np.ndarray, max_r2: float, window: int) -> list[bool]:
    """Prune with one np.corrcoef per pair."""
    values = dosage.astype(float)
    values[values < 0] = np.nan
    values = np.where(np.isnan(values), np.nanmean(values, axis=0), values)
    keep = [True] * dosage.shape[1]
    for i in range(dosage.shape[1]):
        for j in range(i + 1, min(i + window, dosage.shape[1])):
            if keep[i] and values[:, i].std() > 0 and values[:, j].std() > 0:
                r = np.corrcoef(values[:, i], values[:, j])[0, 1]
                keep[j] &= r * r <= max_r2
    return keep


@pytest.mark.parametrize("window", [2, 7, 300, 900])
def test_pruning_against_a_slow_twin(window: int) -> None:
    rng = np.random.default_rng(window)
    n_variant = 540 if window < 100 else 276
    base = rng.integers(0, 3, (25, n_variant // 3))
    dosage = np.repeat(base, 3, axis=1)
    noise = rng.random(dosage.shape) < 0.15
    dosage[noise] = rng.integers(-1, 3, noise.sum())
    found = prune_ld(dosage.astype(np.int8), np.arange(n_variant), 0.4, window)
    assert found.tolist() == slow_prune(dosage, 0.4, window)
    assert 0 < found.sum() < n_variant


def test_pruning_goes_by_position_within_a_contig() -> None:
    column = np.array([0, 1, 2, 0, 2, 1])
    dosage = np.repeat(column[:, None], 4, axis=1)
    contig, position = ["2", "1", "1", "2"], [50, 30, 20, 10]
    config = FilterConfig(max_ld_r2=0.9, ld_window=2)
    found = filter_markers(genotypes(dosage, 2, contig, position), config)
    assert found.keep.tolist() == [False, False, True, True]
    assert found.n_ld == 2


def test_a_constant_variant_is_in_no_disequilibrium() -> None:
    dosage = np.array([[1, 1, 0], [1, 1, 2], [1, 1, 1]])
    found = filter_markers(genotypes(dosage), FilterConfig(max_ld_r2=0.5))
    assert found.keep.all()


def test_the_rows_handed_over_decide_alone() -> None:
    dosage = random_dosage(9, 30, 50)
    config = FilterConfig(min_maf=0.1, max_missing=0.3, max_ld_r2=0.3)
    whole = genotypes(dosage)
    some = filter_markers(whole.take_samples(np.arange(20)), config).keep
    alone = filter_markers(genotypes(dosage[:20]), config).keep
    np.testing.assert_array_equal(some, alone)
    # the rows left out would have decided otherwise
    assert (some != filter_markers(whole, config).keep).any()
