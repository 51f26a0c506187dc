"""The alphabet as models; `meristem.models.bayes.fitted` beside it."""

import numpy as np
import pytest
from tests import toys

from meristem.config.models import BayesOptions, GBLUPOptions
from meristem.errors import DataError
from meristem.models.bayes.fitted import FittedBayes, restore_bayes
from meristem.models.bayes.spec import Bayes, window_starts
from meristem.models.linear.gblup import GBLUP
from meristem.stats.classes import auc, liability_h2

N, N_NEW, P = 90, 40, 50
SHORT = {"burn_in": 200, "draws": 400, "most_draws": 400, "thin": 2}


def lines(seed=3, causal=None):
    rng = np.random.default_rng(seed)
    dosage = rng.integers(0, 3, (N + N_NEW, P)).astype(np.int8)
    effect = rng.standard_normal(P) / 5 if causal is None else np.zeros(P)
    if causal is not None:
        effect[causal] = 1.0
    g = (dosage - 1.0) @ effect
    y = g + g.std() * rng.standard_normal(g.size)
    table = toys.variant_table(P, np.repeat(["1", "2"], P // 2))
    return toys.dataset(dosage, 7 + y, "l", variants=table), g


def fit(data, **options):
    spec = Bayes(BayesOptions(**(SHORT | options)))
    return spec.fit(data.take(np.arange(N)), rng=np.random.default_rng(1))


def new(data):
    return data.take(np.arange(N, N + N_NEW)).genotypes


@pytest.mark.parametrize("standardise", [True, False])
def test_brr_is_near_gblup_in_mean_and_error(standardise):
    data, _ = lines()
    train = data.take(np.arange(N))
    plain = GBLUP(GBLUPOptions()).fit(train, rng=np.random.default_rng(0))
    found = fit(data, prior="brr", standardise=standardise)
    one, two = found.posterior(new(data)), plain.posterior(new(data))
    assert np.corrcoef(one.mean[:, 0], two.mean[:, 0])[0, 1] > 0.98
    assert np.median(one.sd / two.sd) == pytest.approx(1, abs=0.15)
    assert np.corrcoef(one.sd[:, 0], two.sd[:, 0])[0, 1] > 0.6
    assert one.noise[0] == pytest.approx(two.noise[0], rel=0.2)


def test_rkhs_knows_little_of_lines_far_away():
    data, _ = lines()
    found = fit(data, prior="rkhs")
    near = found.posterior(data.take(np.arange(N)).genotypes)
    far = found.posterior(new(data))
    assert near.sd.mean() < far.sd.mean()
    assert (far.reliability >= 0).all()
    assert far.prior_variance == pytest.approx(far.prior_variance[0, 0])


def test_draws_are_joint_over_lines():
    data, _ = lines()
    posterior = fit(data, prior="c").posterior(new(data))
    draws = posterior.draws(4000, np.random.default_rng(0))[:, :, 0]
    assert np.cov(draws.T)[:5, :5] == pytest.approx(
        posterior.covariance(0)[:5, :5], abs=0.15 * posterior.sd.mean() ** 2
    )


def test_variants_that_act_are_found_and_windows_hold_them():
    data, _ = lines(causal=[11, 30])
    found = fit(data, prior="b", window=8)
    table = found.variant_inclusion()
    best = table.nlargest(2, "inclusion")["variant_id"]
    assert set(best) == {"v11", "v30"}
    assert (table["window_inclusion"] + 1e-9 >= table["inclusion"]).all()
    assert table["effect"].iloc[11] == pytest.approx(1, abs=0.5)
    assert fit(data, prior="a").variant_inclusion() is None


def test_windows_end_with_their_contig():
    contig = np.repeat(["1", "2"], [7, 5])
    assert window_starts(contig, 3).tolist() == [0, 3, 6, 7, 10]


def test_classes_are_predicted_as_probabilities():
    data, g = lines(causal=[4, 9, 20])
    value = (data.phenotypes.value > 7).astype(float)
    binary = toys.dataset(data.genotypes.call_dosage, value, "l")
    found = fit(binary, prior="brr", response="ordinal")
    predicted = found.predict(new(binary))
    assert ((predicted.value > 0) & (predicted.value < 1)).all()
    assert auc((g[N:] > 0) * 1.0, predicted.value[:, 0]) > 0.7
    assert np.isnan(found.posterior(new(binary)).noise).all()
    told = found.components().set_index("component")["value"]
    share = value[:N].mean()
    h2 = told["h2 of the liability"]
    assert told["genetic variance of the liability"] > h2
    # Dempster & Lerner 1950
    assert liability_h2(told["h2 of the two classes"], share) == pytest.approx(h2)


def test_ordered_classes_keep_their_values():
    data, g = lines(causal=[4, 9, 20])
    cuts = np.quantile(data.phenotypes.value, (0.3, 0.8))
    value = np.array([1.0, 3.0, 9.0])[np.searchsorted(cuts, data.phenotypes.value)]
    found = fit(
        toys.dataset(data.genotypes.call_dosage, value, "l"),
        response="ordinal",
        prior="brr",
    )
    predicted = found.predict(new(data)).value[:, 0]
    assert ((predicted > 1) & (predicted < 9)).all()
    assert np.corrcoef(predicted, g[N:])[0, 1] > 0.6
    assert "threshold_2" in set(found.convergence()["quantity"])
    names = ["genetic variance of the liability", "h2 of the liability"]
    assert found.components()["component"].tolist() == names


def counts(seed=3):
    data, g = lines(seed, causal=[4, 9, 20])
    rng = np.random.default_rng(seed)
    log = 2.0 + 0.5 * g / g.std() + 0.3 * rng.standard_normal(g.size)
    count = rng.poisson(np.exp(log)).astype(float)
    return toys.dataset(data.genotypes.call_dosage, count, "l"), np.exp(log)


@pytest.mark.parametrize("prior", ["brr", "c", "rkhs"])
def test_counts_are_predicted_as_counts(prior):
    data, mean = counts()
    found = fit(data, prior=prior, response="count")
    posterior = found.posterior(new(data))
    assert (posterior.mean > 0).all()
    assert np.corrcoef(posterior.mean[:, 0], mean[N:])[0, 1] > 0.45
    assert posterior.mean.mean() == pytest.approx(mean.mean(), rel=0.25)
    again = restore_bayes(found.state()).posterior(new(data))
    assert again.mean == pytest.approx(posterior.mean)


def test_what_is_no_count_is_refused():
    data, _ = counts()
    for value in (data.phenotypes.value + 0.5, data.phenotypes.value - 500, 0.0):
        wrong = toys.dataset(
            data.genotypes.call_dosage, value + np.zeros((N + N_NEW, 1)), "l"
        )
        with pytest.raises(DataError, match="is no count"):
            fit(wrong, response="count")


def test_too_many_classes_are_refused():
    data, _ = lines()
    with pytest.raises(DataError, match="90 different values"):
        fit(data, response="ordinal")


def test_state_is_complete():
    data, _ = lines()
    value = np.column_stack([data.phenotypes.value > 7, data.phenotypes.value > 8])
    for options, y in (
        ({"prior": "r"}, data.phenotypes.value),
        ({"prior": "rkhs", "response": "ordinal"}, value * 1.0),
    ):
        one = toys.dataset(data.genotypes.call_dosage, y, "l")
        found = fit(one, **options, draws=60, most_draws=60)
        again = restore_bayes(found.state())
        assert isinstance(again, FittedBayes)
        first, second = found.posterior(new(data)), again.posterior(new(data))
        assert np.array_equal(first.mean, second.mean)
        assert np.array_equal(first.sd, second.sd)
        assert again.convergence().equals(found.convergence())


def test_variances_are_told_on_the_scale_of_the_response():
    data, _ = lines()
    plain = fit(data, prior="brr")
    table = plain.components().set_index("component")
    assert table.index.tolist() == ["genetic", "residual", "h2"]
    watched = plain.convergence().set_index("quantity")
    for name in ("genetic", "residual"):
        assert table.loc[name, "value"] == pytest.approx(watched.loc[name, "mean"])
        assert table.loc[name, "se"] == pytest.approx(watched.loc[name, "sd"], rel=0.01)
    share = table.loc["genetic", "value"] / table["value"][:2].sum()
    assert table.loc["h2", "value"] == pytest.approx(share, abs=0.03)
    assert restore_bayes(plain.state()).components().equals(plain.components())
