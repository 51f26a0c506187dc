import numpy as np
import pytest
from tests import toys

from meristem.genetics.products import (
    TrainingProducts,
    centred_products,
    survey,
    with_products,
)
from meristem.genetics.relationship import (
    cross_gram,
    diagonal_gram,
    gram,
    relationship_matrix,
)

N, P = 29, 4211
TRAIN = np.array([0, 3, 4, 7, 9, 11, 12, 20, 28])
TEST = np.array([1, 2, 25, 6])


@pytest.fixture
def genotypes():
    rng = np.random.default_rng(3)
    calls = rng.integers(0, 3, (N, P), dtype=np.int8)
    calls[:, 5] = 1  # never varies
    calls[TRAIN, 6] = 2  # varies outside training alone
    calls[TRAIN, 4200] = 0
    return toys.dataset(calls, np.zeros(N)).genotypes


def test_other_centres_equal_products_from_the_dosages(genotypes):
    whole = with_products(genotypes)
    train, test = whole.take_samples(TRAIN), whole.take_samples(TEST)
    calls, new = train.call_dosage, test.call_dosage
    mean = calls.mean(axis=0)
    varies = calls.std(axis=0) > 0
    fixed = np.flatnonzero(whole.products.varies & ~varies)
    assert fixed.tolist() == [6, 4200]
    kernel, level = centred_products(train.products)
    ours = TrainingProducts(train.products, mean, fixed, level)
    weight = varies.astype(float)
    near = {"rel": 1e-5, "abs": 1e-3}
    assert kernel == pytest.approx(gram(calls, mean), **near)
    cross = ours.cross(test.products)
    assert cross == pytest.approx(cross_gram(new, calls, mean, weight), **near)
    among = ours.among(test, np.array([2, 0]))
    assert among == pytest.approx(cross_gram(new, new[[2, 0]], mean, weight), **near)
    assert ours.diagonal(test) == pytest.approx(
        diagonal_gram(new, mean, weight), **near
    )


def test_the_survey_is_vanradens_matrix(genotypes):
    found = survey(genotypes)
    expected = relationship_matrix(genotypes.call_dosage)
    assert found.products / found.scale() == pytest.approx(expected, abs=1e-6)
    assert found.complete
    assert not found.varies[5]


def test_missing_calls_are_not_shared(genotypes):
    genotypes.call_dosage[4, 4100] = -1
    assert not survey(genotypes).complete
    assert with_products(genotypes).products is None
    whole = with_products(genotypes.take_samples(np.arange(5, N)))
    assert whole.take_variants(np.array([1, 2])).products is None
