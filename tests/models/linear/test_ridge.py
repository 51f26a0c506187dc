import numpy as np
import pytest
from sklearn.linear_model import Ridge as PlainRidge
from tests import toys

from meristem.config.models import GBLUPOptions, RidgeOptions
from meristem.models.linear.gblup import GBLUP
from meristem.models.linear.ridge import Ridge
from meristem.records import Split

N, N_NEW, P = 45, 9, 120


@pytest.fixture
def data():
    rng = np.random.default_rng(31)
    dosage = rng.binomial(2, rng.uniform(0.1, 0.9, P), (N + N_NEW, P)).astype(np.int8)
    signal = dosage @ rng.normal(size=P)
    y = 1.4 * signal / signal.std() + rng.normal(size=N + N_NEW)
    weight = rng.uniform(0.5, 2, N + N_NEW)
    dataset = toys.dataset(dosage, y, weight=weight)
    return dataset.take(np.arange(N)), dataset.take(np.arange(N, N + N_NEW))


def fit(dataset, inner=(), **options):
    model = Ridge(RidgeOptions(**options))
    return model.fit(dataset, rng=np.random.default_rng(0), inner=inner)


def plain(train, test, penalty, rows=slice(None)):
    x = train.genotypes.call_dosage.astype(float)
    mean = x.mean(axis=0)
    weight = train.phenotypes.weight[rows, 0]
    weight = weight / train.phenotypes.weight[:, 0].mean()
    model = PlainRidge(alpha=penalty, solver="svd")
    model.fit(x[rows] - mean, train.phenotypes.value[rows, 0], sample_weight=weight)
    return model.predict(test.genotypes.call_dosage - mean)


def test_one_penalty_gives_scikit_learns_ridge(data):
    train, test = data
    fitted = fit(train, penalties=(37.0,))
    value = fitted.predict(test.genotypes).value[:, 0]
    assert value == pytest.approx(plain(train, test, 37.0), abs=1e-5)
    assert fitted.tuning["penalty"] == pytest.approx([37.0])


def test_equals_gblup_at_its_variance_ratio(data):
    train, test = data
    gblup = GBLUP(GBLUPOptions()).fit(train, rng=np.random.default_rng(0))
    ratio = gblup.solved.residual[0] / gblup.solved.genetic[0]
    ridge = fit(train, penalties=(float(ratio / gblup.factor),))
    assert ridge.predict(test.genotypes).value == pytest.approx(
        gblup.predict(test.genotypes).value, abs=1e-8
    )
    assert ridge.marker_effect == pytest.approx(gblup.marker_effect, abs=1e-8)


def test_leave_one_out_picks_what_refitting_picks(data):
    train, _ = data
    penalties = (0.1, 30.0, 100.0, 9000.0)
    y, weight = train.phenotypes.value[:, 0], train.phenotypes.weight[:, 0]
    loss = []
    for penalty in penalties:
        residual = [
            y[i]
            - plain(
                train, train.take(np.array([i])), penalty, np.delete(np.arange(N), i)
            )[0]
            for i in range(N)
        ]
        loss.append(np.sum(weight * np.square(residual)))
    chosen = fit(train, penalties=penalties).tuning["penalty"][0]
    assert chosen == pytest.approx(penalties[int(np.argmin(loss))])
    assert 0 < np.argmin(loss) < 3


def test_inner_splits_pick_what_refitting_on_them_picks(data):
    train, _ = data
    fold = np.arange(N) % 3
    inner = tuple(
        Split("x", 0, f, np.flatnonzero(fold != f), np.flatnonzero(fold == f))
        for f in range(3)
    )
    penalties = (0.1, 20.0, 120.0, 9000.0)
    y, weight = train.phenotypes.value[:, 0], train.phenotypes.weight[:, 0]
    loss = np.zeros(4)
    for split in inner:
        for number, penalty in enumerate(penalties):
            value = plain(train, train.take(split.test), penalty, split.train)
            error = (y[split.test] - value) ** 2
            loss[number] += np.sum(weight[split.test] * error)
    chosen = fit(train, inner=inner, penalties=penalties).tuning["penalty"][0]
    assert chosen == pytest.approx(penalties[int(np.argmin(loss))])
