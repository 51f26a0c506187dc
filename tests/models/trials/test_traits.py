from dataclasses import replace

import numpy as np
import pytest
from tests import toys

from meristem.config.models import GBLUPOptions, MultiTraitOptions
from meristem.config.stages import EvaluateConfig, FilterConfig
from meristem.errors import DataError
from meristem.evaluate.crossval import cross_validate
from meristem.models.linear.gblup import GBLUP
from meristem.models.trials.traits import MultiTrait, restore_multi_trait
from meristem.prepare.by_environment import stack_environments
from meristem.records import Split
from meristem.stats.folds import random_splits

N, NEW, P = 90, 13, 61
RNG = np.random.default_rng(0)


def lines(missing=0.0, seed=2, r=0.9):
    rng = np.random.default_rng(seed)
    dosage = rng.integers(0, 3, (N + NEW, P)).astype(np.int8)
    z = (dosage - 1.0) / np.sqrt(2 * P / 3)
    common = z @ rng.standard_normal(P)
    own = z @ rng.standard_normal((P, 2))
    g = np.sqrt(r) * common[:, None] + np.sqrt(1 - r) * own
    noise = rng.standard_normal((N + NEW, 2)) * [2.5, 0.4]
    value = [100.0, -3.0] + [10.0, 0.1] * (g + noise)
    value[rng.random(value.shape) < missing] = np.nan
    return toys.dataset(dosage, value, "l", ["low", "high"]), g


def fit(data, **options):
    spec = MultiTrait(MultiTraitOptions(**options))
    return spec.fit(data.take(np.arange(N)), rng=RNG)


def test_one_trait_is_gblup():
    data, _ = lines()
    one = data.take_targets(np.array([1]))
    new = data.take(np.arange(N, N + NEW)).genotypes
    plain = GBLUP(GBLUPOptions()).fit(one.take(np.arange(N)), rng=RNG)
    found, known = fit(one).posterior(new), plain.predict(new)
    assert found.mean == pytest.approx(known.value, abs=2e-4)
    assert found.sd == pytest.approx(known.spread, rel=0.02)


def test_order_and_scale_of_traits_do_not_matter():
    data, _ = lines(missing=0.1)
    new = data.take(np.arange(N, N + NEW)).genotypes
    plain = fit(data).posterior(new)
    turned = fit(data.take_targets(np.array([1, 0]))).posterior(new)
    assert turned.mean[:, ::-1] == pytest.approx(plain.mean, rel=2e-3)
    larger = data.phenotypes.value * [1.0, 50.0]
    other = replace(data, phenotypes=replace(data.phenotypes, value=larger))
    scaled = fit(other).posterior(new)
    assert scaled.mean / [1, 50] == pytest.approx(plain.mean, rel=2e-3)
    assert scaled.sd / [1, 50] == pytest.approx(plain.sd, rel=2e-2)


def test_correlations_are_told():
    data, _ = lines(r=0.95)
    table = fit(data).components().set_index("component")["value"]
    assert table["genetic correlation with low"] > 0.4
    assert {"genetic", "residual"} <= set(table.index)


@pytest.mark.parametrize("residual", ["unstructured", "diagonal"])
def test_errors_of_variances_are_those_of_the_likelihood(residual):
    data, _ = lines(missing=0.1, seed=8, r=0.3)
    found = fit(data, residual=residual)
    table = restore_multi_trait(found.state()).components()
    assert table.equals(found.components())
    of_trait = table[table["target"] == 1].set_index("component")
    for name in ("genetic", "residual"):
        assert 0 < of_trait.loc[name, "se"] < of_trait.loc[name, "value"]
    told = of_trait["se"]
    assert 0 < told["genetic correlation with low"] < 1
    assert np.isnan(told["residual correlation with low"]) == (residual == "diagonal")
    # the same in other units
    larger = replace(data.phenotypes, value=data.phenotypes.value * [1.0, 50.0])
    scaled = fit(replace(data, phenotypes=larger), residual=residual).components()
    scaled = scaled[scaled["target"] == 1].set_index("component")["se"]
    assert scaled["genetic"] == pytest.approx(2500 * told["genetic"], rel=0.02)
    name = "genetic correlation with low"
    assert scaled[name] == pytest.approx(told[name], rel=0.02)


def test_the_error_of_one_trait_is_that_of_gblup():
    one = lines()[0].take_targets(np.array([1]))
    plain = GBLUP(GBLUPOptions()).fit(one.take(np.arange(N)), rng=RNG)
    se = fit(one).components()["se"].to_numpy()
    assert se == pytest.approx(plain.variance_components().se[0, :2], rel=0.25)


def test_state_is_complete():
    data, _ = lines(missing=0.2)
    found = fit(data, residual="diagonal")
    again = restore_multi_trait(found.state())
    new = data.take(np.arange(N, N + NEW)).genotypes
    one, two = found.posterior(new), again.posterior(new)
    assert one.mean == pytest.approx(two.mean)
    assert one.sd == pytest.approx(two.sd)


def test_records_and_large_tables_with_gaps_are_refused(monkeypatch):
    data, _ = lines(missing=0.2)
    monkeypatch.setattr("meristem.models.trials.traits.MOST_DENSE", 20)
    with pytest.raises(DataError, match="table with gaps"):
        fit(data)
    records = toys.dataset(
        data.genotypes.call_dosage, data.phenotypes.value, "l", ["y"] * 2, ["a", "b"]
    )
    with pytest.raises(DataError, match="every row is a line"):
        fit(stack_environments(records))


def crossed(data, kind, assisted, splits):
    return cross_validate(
        data,
        (("m", kind),),
        splits,
        config=EvaluateConfig(assisted_by=assisted, inner_folds=3),
        filters=FilterConfig(),
        seed=1,
    ).predictions


def test_a_trait_that_is_known_helps_the_other():
    data, g = lines(seed=5)
    splits = random_splits(data.n_sample, 3, np.random.default_rng(4))
    model = MultiTrait()
    helped = crossed(data, model, ("high",), splits)
    alone = crossed(data, model, (), splits)
    assert set(helped.trait) == {"low"}
    truth = dict(zip(data.sample_id.tolist(), g[:, 0], strict=True))

    def accuracy(table):
        rows = table.trait == "low"
        true = [truth[name] for name in table.sample_id[rows].tolist()]
        return np.corrcoef(true, table.predicted[rows])[0, 1]

    assert accuracy(helped) > accuracy(alone) + 0.1


def test_values_that_are_predicted_stay_unknown():
    data, _ = lines(seed=6)
    split = Split("kfold", 0, 0, np.arange(70), np.arange(70, N + NEW))
    value = data.phenotypes.value.copy()
    value[70:, 0] = 1e6
    other = replace(data, phenotypes=replace(data.phenotypes, value=value))
    one = crossed(data, MultiTrait(), ("high",), (split,))
    two = crossed(other, MultiTrait(), ("high",), (split,))
    assert one.predicted == pytest.approx(two.predicted, rel=1e-9)


def test_a_trait_that_is_the_same_in_all_training_rows_changes_no_other():
    data, _ = lines()
    phenotypes = data.phenotypes
    third = np.full((data.n_sample, 1), 7.0)
    names = np.array(["low", "same", "high"])
    value = np.column_stack([phenotypes.value[:, :1], third, phenotypes.value[:, 1:]])
    wider = replace(
        data,
        phenotypes=replace(
            phenotypes,
            trait_name=names,
            environment_name=np.full(3, ""),
            value=value,
            weight=np.ones(value.shape),
        ),
    )
    two, three = fit(data), restore_multi_trait(fit(wider).state())
    one, other = two.posterior(data.genotypes), three.posterior(data.genotypes)
    kept = [0, 2]
    assert other.mean[:, kept].tobytes() == one.mean.tobytes()
    assert (other.mean[:, 1] == 7.0).all()
    np.testing.assert_array_equal(other.sd[:, kept], one.sd)
    assert (other.sd[:, 1] == 0).all()
    assert set(three.components()["target"]) == {0, 2}
