"""Means of families with dominance, of any ploidy, and combining abilities."""

import numpy as np
import pytest

from meristem.errors import DataError
from meristem.select.crosses.families import family_means
from meristem.select.crosses.pools import combining_abilities


def simulated_mean(one, two, a, d, ploidy, rng, *, scale, n=20_000) -> float:
    """Return the mean of children whose chromosomes paired at random."""
    total = np.zeros((n, one.size))
    for parent in (one, two):
        for j, copies in enumerate(parent):
            drawn = rng.hypergeometric(copies, ploidy - copies, ploidy // 2, n)
            total[:, j] += drawn
    both = (total > 0) & (total < ploidy)
    if scale == "dosage":
        both = total * (ploidy - total) * (2 / ploidy) ** 2
    return float((total @ a + both @ d).mean())


@pytest.mark.parametrize("ploidy", [2, 4, 6])
@pytest.mark.parametrize("scale", ["carried", "dosage"])
def test_means_equal_simulated_children(ploidy: int, scale: str) -> None:
    rng = np.random.default_rng(ploidy)
    x = rng.integers(0, ploidy + 1, (4, 7)).astype(np.int8)
    a, d = rng.normal(size=(2, 7))
    means = family_means(x, a, d, ploidy=ploidy, scale=scale)
    assert means == pytest.approx(means.T)
    for i, j in ((0, 1), (2, 3), (1, 1)):
        shown = simulated_mean(x[i], x[j], a, d, ploidy, rng, scale=scale)
        assert means[i, j] == pytest.approx(shown, abs=0.06)


def test_the_properties_of_the_sheet() -> None:
    """Additive: mid-parent; inbred parents: the F1; d where the parents differ."""
    rng = np.random.default_rng(1)
    x = (2 * rng.integers(0, 2, (5, 9))).astype(np.int8)
    a, d = rng.normal(size=(2, 9))
    value = x @ a
    assert family_means(x, a, np.zeros(9)) == pytest.approx(
        (value + value[:, None]) / 2
    )
    f1 = (x[0] + x[3]) / 2
    means = family_means(x, a, d)
    assert means[0, 3] == pytest.approx(f1 @ a + (x[0] != x[3]) @ d)
    scales = [family_means(x, a, d, scale=s) for s in ("carried", "dosage")]
    assert scales[0] == pytest.approx(scales[1])


def test_directional_dominance_is_spread_over_the_loci() -> None:
    x = np.array([[2, 2, 0], [0, 2, 2]], dtype=np.int8)
    zero = np.zeros(3)
    assert family_means(x, zero, zero, inbreeding=3.0)[0, 1] == pytest.approx(2.0)


def test_odd_ploidy_is_refused() -> None:
    with pytest.raises(DataError, match="even ploidy"):
        family_means(np.zeros((2, 3), np.int8), np.ones(3), np.ones(3), ploidy=3)


def test_abilities_add_up() -> None:
    value = np.random.default_rng(2).normal(size=(4, 6))
    parts = combining_abilities(value)
    total = parts.mean + parts.general_1[:, None] + parts.general_2 + parts.specific
    assert total == pytest.approx(value)
    assert parts.specific.sum(axis=0) == pytest.approx(np.zeros(6))
    additive = np.add.outer(np.arange(4.0), np.arange(6.0))
    assert combining_abilities(additive).specific_share == pytest.approx(0)
