"""`meristem.models.genomic_error`: the posterior of every kind of kernel model."""

from dataclasses import replace

import numpy as np
import pytest
from tests import toys

from meristem.config.models import (
    BoostingOptions,
    DominanceOptions,
    ElasticNetOptions,
    ForestOptions,
    GBLUPOptions,
    KernelOptions,
    RidgeOptions,
    WeightedGBLUPOptions,
)
from meristem.genetics.relationship import cross_gram
from meristem.mixed.targets import training_targets
from meristem.models import genomic_error
from meristem.models.catalog import build, restore
from meristem.models.genomic_error import borrowed_error, restore_error
from meristem.models.panel import make_panel
from meristem.records import Split

N, N_NEW, P = 70, 20, 90

KINDS = [
    GBLUPOptions(),
    GBLUPOptions(identity="sample"),
    RidgeOptions(),
    KernelOptions(),
    DominanceOptions(),
    WeightedGBLUPOptions(window=3),
    ElasticNetOptions(n_alphas=8),
    ForestOptions(trees=30),
    BoostingOptions(rounds=20),
]


@pytest.fixture(scope="module")
def population():
    rng = np.random.default_rng(4)
    dosage = rng.binomial(2, rng.uniform(0.2, 0.8, P), (N + N_NEW, P)).astype(np.int8)
    dosage[-1] = dosage[0]  # a copy of a training line
    signal = dosage @ rng.normal(size=(P, 2))
    signal = (signal - signal.mean(axis=0)) / signal.std(axis=0)
    y = 5 + signal + rng.normal(size=signal.shape)
    y[:9, 1] = np.nan
    data = toys.dataset(dosage, y, traits=["a", "b"])
    return data.take(np.arange(N)), data.genotypes.take_samples(np.arange(N, N + N_NEW))


@pytest.mark.parametrize("options", KINDS, ids=lambda o: f"{o.kind}")
def test_every_kind_gives_a_joint_posterior_around_its_predictions(population, options):
    train, new = population
    fitted = build(options).fit(train, rng=np.random.default_rng(1))
    belief = fitted.posterior(new)
    assert np.array_equal(belief.mean, fitted.predict(new).value)
    assert (belief.sd > 0).all()
    assert (belief.noise > 0).all()
    for target in range(2):
        covariance = belief.covariance(target)
        assert np.linalg.eigvalsh(covariance).min() > -1e-8
        assert np.abs(covariance - np.diag(np.diag(covariance))).max() > 1e-3
    drawn = belief.draws(4000, np.random.default_rng(2))
    assert drawn.std(axis=0) == pytest.approx(belief.sd, rel=0.1)
    # a copy of a training line is known better than a line without relatives
    assert (belief.sd[-1] < np.median(belief.sd[:-1], axis=0)).all()
    again = restore(fitted.state()).posterior(new)
    assert np.array_equal(again.sd, belief.sd)
    assert np.array_equal(again.covariance(1), belief.covariance(1))


def test_ridge_is_as_wide_as_the_gblup_it_equals(population):
    train, new = population
    gblup = build(GBLUPOptions()).fit(train, rng=np.random.default_rng(1))
    ratio = gblup.solved.residual / gblup.solved.genetic / gblup.factor
    options = RidgeOptions(penalties=(float(ratio[0]),))
    ridge = build(options).fit(train, rng=np.random.default_rng(1))
    assert ridge.posterior(new).sd[:, 0] == pytest.approx(
        gblup.posterior(new).sd[:, 0], rel=1e-3
    )


def test_beyond_the_landmarks_every_variance_is_kept(population, monkeypatch):
    train, new = population
    fitted = build(GBLUPOptions()).fit(train, rng=np.random.default_rng(1))
    exact = fitted.posterior(new)
    monkeypatch.setattr(genomic_error, "LANDMARKS", 8)
    short = fitted.posterior(new)
    assert short.factor.shape == (2, N_NEW, 8)
    assert short.sd == pytest.approx(exact.sd, rel=1e-5)
    # relatives still err together, if not to the last digit
    upper = np.triu_indices(N_NEW, 1)
    both = short.covariance(0)[upper], exact.covariance(0)[upper]
    assert np.corrcoef(*both)[0, 1] > 0.5


def test_a_model_with_worse_held_out_rows_is_wider(population):
    train, new = population
    panel, targets = make_panel(train.genotypes), training_targets(train.phenotypes)
    rows = np.arange(N)
    inner = tuple(
        Split("k", 0, f, rows[rows % 5 != f], rows[rows % 5 == f]) for f in range(5)
    )
    y = train.phenotypes.value
    level = np.broadcast_to(np.nanmean(y, axis=0), y.shape)
    plain = build(GBLUPOptions()).fit(train, rng=np.random.default_rng(1))
    blup = plain.predict(new)
    flat = replace(blup, value=np.broadcast_to(blup.value.mean(axis=0), (N_NEW, 2)))

    def size(predictions, held_out=None):
        error = borrowed_error(panel, targets, inner, held_out)
        sd = error.posterior(predictions, new.call_dosage).sd
        return np.sqrt(np.mean(sd**2, axis=0))

    alone = size(blup)
    assert alone == pytest.approx(np.sqrt(np.mean(plain.posterior(new).sd ** 2, 0)))
    distance = np.mean((flat.value - blup.value) ** 2, axis=0)
    assert size(flat) == pytest.approx(np.sqrt(alone**2 + distance))
    knows_nothing = size(flat, level)
    assert (knows_nothing > alone).all()
    mirrored = replace(blup, value=2 * flat.value - blup.value)
    assert (size(mirrored, 2 * level - y) > knows_nothing).all()
    knows_all = borrowed_error(panel, targets, inner, y)
    assert (knows_all.width < 1).all()
    assert (knows_all.width >= 0.25).all()
    assert (knows_all.apart < 0.1).all()


def test_lines_on_which_model_and_blup_disagree_are_less_certain(population):
    train, new = population
    panel, targets = make_panel(train.genotypes), training_targets(train.phenotypes)
    error = borrowed_error(panel, targets, ())
    blup = build(GBLUPOptions()).fit(train, rng=np.random.default_rng(1)).predict(new)
    moved = blup.value.copy()
    moved[3, 0] += 2
    before = error.posterior(blup, new.call_dosage)
    after = error.posterior(replace(blup, value=moved), new.call_dosage)
    wider = before.sd**2
    wider[3, 0] += 4
    assert after.sd**2 == pytest.approx(wider)
    assert restore_error(error.arrays()).posterior(
        replace(blup, value=moved), new.call_dosage
    ).sd == pytest.approx(after.sd, rel=1e-12)


def test_components_have_standard_errors(population):
    train, _ = population
    for options in (GBLUPOptions(), KernelOptions()):
        fitted = build(options).fit(train, rng=np.random.default_rng(1))
        found = fitted.variance_components()
        total = found.genetic + found.residual
        assert found.h2 == pytest.approx(found.genetic / total)
        assert (found.se > 0).all()


def test_rows_without_a_value_are_not_multiplied(population, monkeypatch):
    train, new = population
    value = train.phenotypes.value.copy()
    value[5:20] = np.nan
    holed = replace(train, phenotypes=replace(train.phenotypes, value=value))
    fitted = build(RidgeOptions()).fit(holed, rng=np.random.default_rng(1))
    seen = []

    def counted(left, right, mean, factor=None):
        seen.append(right.shape[0])
        return cross_gram(left, right, mean, factor)

    monkeypatch.setattr(genomic_error, "cross_gram", counted)
    belief = fitted.posterior(new)
    assert seen[0] == N - 15
    kernel = fitted.error.kernels[0]
    view = fitted.error.view(kernel, fitted.dosage(new))
    full = cross_gram(
        fitted.dosage(new), fitted.error.train_dosage, fitted.error.mean, kernel.root
    )
    assert (view.cross[:, 5:20] == 0).all()
    whole = kernel.solved.averaged_variance(full, view.diagonal)
    assert belief.sd**2 == pytest.approx(whole * fitted.error.width, rel=1e-5)
