"""`meristem.select.contribution.coancestry` and `inbreeding`."""

import numpy as np
import pytest

from meristem.errors import ConfigError
from meristem.genetics.pedigree import make_pedigree
from meristem.select.contribution import coancestry
from meristem.select.contribution.coancestry import (
    identity_by_state,
    marker_coancestry,
    pedigree_coancestry,
)
from meristem.select.contribution.inbreeding import (
    bound_of,
    effective_parents,
    effective_size,
    group_coancestry,
    rate_of_inbreeding,
    status_number,
)


def test_one_minus_identity_by_state_is_the_mean_expected_heterozygosity():
    rng = np.random.default_rng(1)
    calls = rng.integers(0, 5, (7, 40)).astype(np.int8)
    c = rng.dirichlet(np.ones(7))
    f = identity_by_state(calls, ploidy=4).value
    p = c @ (calls / 4)
    assert 1 - group_coancestry(c, f) == pytest.approx((2 * p * (1 - p)).mean())


def test_identity_by_state_is_that_of_drawn_alleles():
    rng = np.random.default_rng(2)
    calls = rng.integers(0, 3, (5, 23)).astype(np.int8)
    f = identity_by_state(calls).value
    slow = np.empty((5, 5))
    for i in range(5):
        for j in range(5):
            p, q = calls[i] / 2, calls[j] / 2
            slow[i, j] = (p * q + (1 - p) * (1 - q)).mean()
    assert f == pytest.approx(slow, abs=1e-6)
    assert np.linalg.eigvalsh(f)[0] > -1e-6


def test_strips_of_lines_make_the_whole_table(monkeypatch):
    calls = np.random.default_rng(8).integers(0, 3, (11, 40)).astype(np.int8)
    share = calls / 2
    expected = (share @ share.T + (1 - share) @ (1 - share).T) / 40
    monkeypatch.setattr(coancestry, "STRIP", 4)
    assert identity_by_state(calls).value == pytest.approx(expected, abs=1e-12)


def test_missing_calls_take_the_mean_of_the_locus():
    calls = np.array([[2, 0], [0, 0], [-1, 2], [2, 2]], dtype=np.int8)
    f = identity_by_state(calls).value
    p = 2 / 3
    assert f[2, 0] == pytest.approx(p / 2, abs=1 / 128)


def test_markers_give_coancestries_between_0_and_1():
    rng = np.random.default_rng(3)
    calls = 2 * rng.integers(0, 2, (30, 200)).astype(np.int8)
    found = marker_coancestry(calls)
    assert found.value.min() == 0
    assert 0.8 < np.diag(found.value).mean() <= 1
    assert "least related pair" in found.base


def test_pedigree_of_full_sibs_half_sibs_and_lines():
    line = np.array(list("abcdefg"))
    one = np.array(["", "", "", "a", "a", "a", "d"])
    two = np.array(["", "", "", "b", "b", "c", "e"])
    name = np.array(list("gfed"))  # in an order of their own
    f = pedigree_coancestry(make_pedigree(line, one, two), name).value
    assert f[3, 2] == 0.25  # full sibs
    assert f[3, 1] == 0.125  # half sibs
    assert f[0, 0] == 0.5 * (1 + 0.25)
    selfed = np.where(np.isin(line, ["a", "b", "c"]), 50, 0)
    f = pedigree_coancestry(make_pedigree(line, one, two, selfed), name).value
    assert f[3, 2] == pytest.approx(0.5)


def test_rates_and_sizes_agree():
    rate = rate_of_inbreeding(0.505, 0.5)
    assert effective_size(rate) == pytest.approx(50)
    assert bound_of(50, 0.5) == pytest.approx(0.505)
    assert effective_size(0) == np.inf
    assert status_number(0.05) == 10
    assert effective_parents(np.full(8, 1 / 8)) == pytest.approx(8)
    with pytest.raises(ConfigError, match="no population"):
        bound_of(0.4, 0.1)
    # optiSel's vignette: kinship .0551504, L 4.910714, Ne 100 -> .0561143
    assert bound_of(100, 0.0551504, 1 / 4.910714) == pytest.approx(0.0561143, abs=1e-7)


def test_coancestry_grows_as_the_effective_size_says():
    """Random mating of N parents with selfing loses 1/2N each time."""
    n, f = 10, np.eye(10) / 2
    theta = [group_coancestry(np.full(n, 1 / n), f)]
    for _ in range(5):
        mean = theta[-1]
        f = np.full((n, n), mean)
        np.fill_diagonal(f, (1 + mean) / 2)
        theta.append(group_coancestry(np.full(n, 1 / n), f))
    for before, after in zip(theta, theta[1:], strict=False):
        rate = rate_of_inbreeding(after, before)
        assert effective_size(rate) == pytest.approx(n)


def test_no_candidates_have_no_coancestry():
    assert identity_by_state(np.empty((0, 5), dtype=np.int8)).value.shape == (0, 0)
