import numpy as np
import pytest
from scipy.spatial.distance import cdist
from tests import toys

from meristem.config.models import KernelOptions
from meristem.errors import DataError
from meristem.genetics.distance import scaled_distance
from meristem.mixed.reml import decompose, estimate, fixed_effect, precision
from meristem.models.linear.rkhs import GaussianKernel
from meristem.records import Split

N, N_NEW, P = 50, 8, 70


@pytest.fixture
def dataset():
    rng = np.random.default_rng(5)
    calls = rng.integers(0, 3, (N + N_NEW, P)).astype(np.int8)
    y = (calls[:, 0] - 1.0) * (calls[:, 1] - 1.0) + calls[:, 2:20] @ rng.normal(size=18)
    return toys.dataset(calls, y)


def gaussian_blup(calls, y, bandwidth):
    distance = cdist(calls.astype(float), calls[:N].astype(float), "sqeuclidean")
    distance /= np.median(distance[:N][np.triu_indices(N, 1)])
    kernel = np.exp(-bandwidth * distance)
    split, ones = decompose(kernel[:N]), np.ones((N, 1))
    fit = estimate(split, y[:N], ones)
    dual = fit.genetic * precision(split, ones, fit).apply(y[:N])
    return fixed_effect(split, y[:N], ones, fit)[0] + kernel @ dual, fit


def test_one_bandwidth_equals_a_plain_gaussian_process(dataset):
    options = KernelOptions(bandwidths=(0.7,))
    fitted = GaussianKernel(options).fit(
        dataset.take(np.arange(N)), rng=np.random.default_rng(0)
    )
    calls, y = dataset.genotypes.call_dosage, dataset.phenotypes.value[:, 0]
    expected, _ = gaussian_blup(calls, y, 0.7)
    value = fitted.predict(dataset.genotypes).value[:, 0]
    assert value == pytest.approx(expected, abs=1e-4)


def test_the_bandwidth_of_the_largest_likelihood_is_taken(dataset):
    calls, y = dataset.genotypes.call_dosage, dataset.phenotypes.value[:, 0]
    widths = (0.05, 0.5, 5.0)
    likelihood = [gaussian_blup(calls, y, h)[1].log_likelihood for h in widths]
    fitted = GaussianKernel(KernelOptions(bandwidths=widths)).fit(
        dataset.take(np.arange(N)), rng=np.random.default_rng(0)
    )
    assert fitted.parts[0].bandwidth == widths[int(np.argmax(likelihood))]


def test_inner_splits_choose_the_bandwidth_when_asked(dataset):
    train = dataset.take(np.arange(N))
    inner = (Split("x", 0, 0, np.arange(35), np.arange(35, N)),)
    fits = [
        GaussianKernel(KernelOptions(bandwidths=(h,), variance="inner")).fit(
            train, rng=np.random.default_rng(0), inner=inner
        )
        for h in (0.05, 4.0)
    ]
    both = GaussianKernel(KernelOptions(bandwidths=(0.05, 4.0), variance="inner")).fit(
        train, rng=np.random.default_rng(0), inner=inner
    )
    chosen = [f for f in fits if f.parts[0].bandwidth == both.parts[0].bandwidth][0]
    assert np.array_equal(
        both.predict(train.genotypes).value, chosen.predict(train.genotypes).value
    )


def test_identical_rows_are_refused():
    with pytest.raises(DataError, match="no variant varies"):
        scaled_distance(np.zeros((4, 4)))
