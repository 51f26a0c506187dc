import numpy as np
import pytest
from tests import toys

from meristem.models.linear.dominance import DominanceBLUP
from meristem.models.linear.gblup import GBLUP

N, N_NEW, P = 250, 100, 60


def simulated(dominance, inbred=False):
    rng = np.random.default_rng(3)
    calls = rng.binomial(1 if inbred else 2, 0.5, (N + N_NEW, P)).astype(np.int8)
    calls = calls * 2 if inbred else calls
    g = calls @ rng.normal(size=P) + dominance * (calls == 1) @ rng.normal(size=P)
    y = g / g.std() + 0.5 * rng.normal(size=g.size)
    dataset = toys.dataset(calls, y)
    test = dataset.take(np.arange(N, N + N_NEW)).genotypes
    return dataset.take(np.arange(N)), test, g[N:]


def fit(predictor, dataset):
    return predictor.fit(dataset, rng=np.random.default_rng(0))


def test_dominance_is_found_and_helps():
    train, test, g = simulated(dominance=2.0)
    fitted = fit(DominanceBLUP(), train)
    additive, dominance, _ = fitted.additive.tuning["variance"][0]
    assert dominance > 0.5 * additive
    r = [
        np.corrcoef(f.predict(test).value[:, 0], g)[0, 1]
        for f in (fitted, fit(GBLUP(), train))
    ]
    assert r[0] > r[1] + 0.1


def test_without_heterozygotes_it_is_gblup():
    train, test, _ = simulated(dominance=0.0, inbred=True)
    assert fit(DominanceBLUP(), train).predict(test).value == pytest.approx(
        fit(GBLUP(), train).predict(test).value, abs=1e-3
    )


def test_swapped_alleles_stay_heterozygous():
    train, test, _ = simulated(dominance=2.0)
    fitted = fit(DominanceBLUP(), train)
    mirrored = toys.genotypes(
        2 - test.call_dosage, test.sample_id, toys.swapped(test.variants)
    )
    assert fitted.predict(mirrored).value == pytest.approx(fitted.predict(test).value)
