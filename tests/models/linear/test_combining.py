"""Combining ability: effects per pool, the worth of a cross, GBLUP without crosses."""

from __future__ import annotations

import numpy as np
import pytest
from tests import toys

from meristem.config.models import CombiningOptions
from meristem.genetics.hybrids import cross_parents
from meristem.genetics.relationship import gram
from meristem.mixed.sets import unit_diagonal
from meristem.models.linear.combining import CombiningBLUP, gametes, restore_combining
from meristem.models.linear.gblup import GBLUP
from meristem.prepare.match import align_variants
from meristem.records import Dataset, Genotypes

N_FIRST, N_SECOND, P = 27, 22, 90


def parents(rng: np.random.Generator) -> Genotypes:
    dosage = 2 * rng.integers(0, 2, (N_FIRST + N_SECOND, P))
    return toys.genotypes(dosage, "p")


def crosses(
    seed: int = 1, specific: float = 0.0, *, opposite: bool = False
) -> tuple[Dataset, np.ndarray]:
    """Return all crosses of two pools whose alleles have effects of their own."""
    rng = np.random.default_rng(seed)
    inbred = parents(rng)
    first = np.repeat(np.arange(N_FIRST), N_SECOND)
    second = np.tile(np.arange(N_FIRST, N_FIRST + N_SECOND), N_FIRST)
    own = inbred.sample_id
    ids = np.char.add(own[first], own[second])
    genotypes = cross_parents(inbred, ids, own[first], own[second])
    one, two = gametes(genotypes)
    effect, other = rng.standard_normal((2, P))
    worth = one @ effect + two @ (-effect if opposite else other)
    for _ in range(30):
        a, b = (z @ rng.standard_normal(P) for z in (one - 0.5, two - 0.5))
        worth = worth + specific * a * b / 5
    worth = (worth - worth.mean()) / worth.std()
    y = worth + 0.7 * rng.standard_normal(worth.size)
    return Dataset(genotypes, toys.phenotypes(y, ids)), worth


def fit(data: Dataset, **options: bool):
    model = CombiningBLUP(CombiningOptions(**options))
    return model.fit(data, rng=np.random.default_rng(0))


def test_gametes_add_up_to_the_cross() -> None:
    data, _ = crosses()
    one, two = gametes(data.genotypes)
    np.testing.assert_array_equal(one + two, data.genotypes.call_dosage)
    assert set(np.unique(one)) == {0, 1}


def test_kernels_are_those_of_the_parents() -> None:
    """The kernel over crosses is the parents' kernel, spread out; so is the product."""
    data, _ = crosses()
    one, two = gametes(data.genotypes)
    first = np.repeat(np.arange(N_FIRST), N_SECOND)
    second = np.tile(np.arange(N_SECOND), N_FIRST)
    kernels = [gram(z, z.mean(axis=0)) for z in (one, two)]
    pools = (
        kernels[0][::N_SECOND, ::N_SECOND],
        kernels[1][:N_SECOND, :N_SECOND],
    )
    spread = pools[0][np.ix_(first, first)]
    np.testing.assert_allclose(spread, kernels[0], atol=1e-3)
    product = spread * pools[1][np.ix_(second, second)]
    np.testing.assert_allclose(product, kernels[0] * kernels[1], rtol=1e-4, atol=1e-2)


def test_predictions_are_those_of_the_kernels() -> None:
    """Naive twin: blup = intercept + sum of variance x kernel x P y."""
    data, _ = crosses(specific=1.0)
    keep = np.random.default_rng(2).permutation(data.n_sample)[:200]
    train, new = data.take(keep[:160]), data.take(keep[160:])
    fitted = fit(train)
    variance = fitted.sides[0].tuning["variance"][0]
    one, two = gametes(data.take(keep).genotypes)
    kernels = []
    for z in (one, two):
        mean = z[:160].mean(axis=0)
        kernel = (z - mean) @ (z - mean).T
        kernels.append(kernel * unit_diagonal(kernel[:160, :160])[1])
    product = kernels[0] * kernels[1]
    kernels.append(product * unit_diagonal(product[:160, :160])[1])
    y = train.phenotypes.value[:, 0]
    v = sum(s * k[:160, :160] for s, k in zip(variance, kernels, strict=False))
    inverse = np.linalg.inv(v + variance[3] * np.eye(160))
    mean = (inverse @ y).sum() / inverse.sum()
    dual = inverse @ (y - mean)
    expected = mean + sum(
        s * k[160:, :160] @ dual for s, k in zip(variance, kernels, strict=False)
    )
    found = fitted.predict(new.genotypes).value[:, 0]
    np.testing.assert_allclose(found, expected, atol=2e-3)


def test_unseen_parents_of_pools_with_effects_of_their_own() -> None:
    """An allele good in one pool and bad in the other: dosage alone says nothing."""
    gains = []
    for seed in range(4):
        data, worth = crosses(seed, opposite=True)
        first, second = np.divmod(np.arange(data.n_sample), N_SECOND)
        train = data.take(np.flatnonzero((first < 22) & (second < 18)))
        test = np.flatnonzero((first >= 22) & (second >= 18))
        new = data.genotypes.take_samples(test)
        general = fit(train, specific=False).predict(new).value[:, 0]
        plain = GBLUP().fit(train, rng=np.random.default_rng(0)).predict(new)
        r = [np.corrcoef(p, worth[test])[0, 1] for p in (general, plain.value[:, 0])]
        gains.append(r[0] - r[1])
    assert np.mean(gains) > 0.2


def test_the_worth_of_a_cross_is_found() -> None:
    data, worth = crosses(3, specific=2.0)
    rows = np.random.default_rng(3).permutation(data.n_sample)
    train, test = data.take(rows[:300]), rows[300:]
    new = data.genotypes.take_samples(test)
    r = [
        np.corrcoef(fit(train, specific=s).predict(new).value[:, 0], worth[test])[0, 1]
        for s in (True, False)
    ]
    assert r[0] > r[1] + 0.02


def test_without_crosses_it_is_gblup() -> None:
    data, _ = crosses()
    lines = Genotypes(
        data.sample_id, data.genotypes.variants, data.genotypes.call_dosage
    )
    plain = Dataset(lines, data.phenotypes)
    train, new = plain.take(np.arange(200)), lines.take_samples(np.arange(200, 260))
    expected = GBLUP().fit(train, rng=np.random.default_rng(0)).predict(new).value
    assert fit(train).predict(new).value == pytest.approx(expected, abs=2e-3)


def test_state_and_swapped_alleles() -> None:
    data, _ = crosses(specific=1.0)
    train, new = data.take(np.arange(120)), data.genotypes
    fitted = fit(train)
    expected = fitted.predict(new).value
    turned = align_variants(new, toys.swapped(new.variants))
    assert turned.first_gamete is not None
    assert (turned.first_gamete == 1 - new.first_gamete).all()
    again = restore_combining(fitted.state())
    np.testing.assert_allclose(again.predict(turned).value, expected, atol=1e-4)
