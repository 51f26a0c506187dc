"""Scores of variants as weights among those of a gene."""

import numpy as np
import pytest

from meristem.config.models.known_scores import KnownScoreOptions
from meristem.errors import DataError
from meristem.plan.known_scores import (
    candidate_strengths,
    choose_strength,
    known_sizes,
    variant_weights,
)
from meristem.records import Genotypes, VariantTable

N, P = 7, 40


@pytest.fixture
def lines():
    rng = np.random.default_rng(1)
    names = np.array([f"v{k}" for k in range(P)])
    table = VariantTable(names, np.repeat("1", P), np.arange(P), names, names)
    calls = rng.integers(0, 3, (N, P)).astype(np.int8)
    return Genotypes(np.array([f"l{k}" for k in range(N)]), table, calls)


def test_weights_have_mean_one_within_every_gene():
    rng = np.random.default_rng(0)
    gene, variant = np.repeat(np.arange(3), 5), rng.integers(0, 9, 15)
    size = rng.exponential(size=9)
    size[variant[10:]] = 0.0  # a gene without scores
    found = variant_weights(size, gene, variant, 0.7)
    for number in range(3):
        assert found[gene == number].mean() == pytest.approx(1.0)
        own = size[variant[gene == number]]
        slow = 0.3 + 0.7 * own / own.mean() if own.sum() else np.ones(5)
        assert found[gene == number] == pytest.approx(slow)


def test_no_scores_are_the_choice_unless_genes_gain_clearly():
    rng = np.random.default_rng(2)
    plain = rng.random(50)
    better, worse = plain - 0.1 + 0.01 * rng.random(50), plain + 0.1
    noise = plain - rng.normal(size=50)
    error = np.stack([plain, worse, better])
    assert choose_strength(error, (0.0, 0.5, 0.9), 2.5) == 0.9
    assert choose_strength(np.stack([plain, worse]), (0.0, 0.5), 0.0) == 0.0
    assert choose_strength(np.stack([plain, noise]), (0.0, 0.5), 2.5) == 0.0
    unmeasured = np.full((2, 3), np.nan)
    assert choose_strength(unmeasured, (0.0, 0.5), 0.0) == 0.0


def test_scores_are_read_by_name_and_permuted_as_a_control(lines, tmp_path):
    path = tmp_path / "s.tsv"
    path.write_text("variant\tscore\nv3\t-2\nv9\t1\nstranger\t5\n")
    rng = np.random.default_rng(3)
    found = known_sizes(KnownScoreOptions(scores=path), lines, rng)
    assert np.flatnonzero(found).tolist() == [3, 9]
    assert found[3] == 2.0
    control = KnownScoreOptions(scores=path, permuted=True)
    moved = known_sizes(control, lines, rng)
    assert np.array_equal(np.sort(moved), np.sort(found))
    assert not np.array_equal(moved, found)
    path.write_text("variant\tscore\nv3\t0\nv9\t0.0\n")
    with pytest.raises(DataError, match="every score is 0"):
        known_sizes(KnownScoreOptions(scores=path), lines, rng)
    path.write_text("variant\tscore\nstranger\t5\n")
    with pytest.raises(DataError, match="names are matched"):
        known_sizes(KnownScoreOptions(scores=path), lines, rng)


def test_none_is_always_a_candidate():
    options = KnownScoreOptions(scores="s", strengths=(0.9, 0.3))
    assert candidate_strengths(options) == (0.0, 0.3, 0.9)
