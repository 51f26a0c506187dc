"""What every kind of representation must do: one suite over the catalogue."""

from __future__ import annotations

import numpy as np
import pytest
from tests.representation.toys import low_rank, table_of

from meristem.config.represent import RepresentOptions
from meristem.errors import ConfigError, DataError
from meristem.representation.catalog import CATALOG, make_kind
from meristem.representation.confound.confounders import Confounder
from meristem.representation.represented import Represented, fit_representation
from meristem.representation.sets.membership import FeatureSets

SETS = FeatureSets(
    np.array(["s1", "s2", "s3"]),
    np.array(["one", "two", "three"]),
    np.arange(45)[None, :] // 15 == np.arange(3)[:, None],
)
KINDS = sorted(CATALOG)


def fitted(kind: str, value: np.ndarray, seed: int = 1, **how: object) -> Represented:
    options = RepresentOptions(
        **{"represent": kind, "seeds": 2, "epochs": 60, "hidden": 8, **how}
    )
    return fit_representation(
        table_of(value), options, rng=np.random.default_rng(seed), k=3, sets=SETS
    )


@pytest.mark.parametrize("kind", KINDS)
def test_factors_explain_rows_never_seen(kind: str) -> None:
    value, _ = low_rank()
    found = fitted(kind, value[:45])
    x = found.scale.apply(value[45:])
    left = ((x - found.reconstruct(x)) ** 2).mean() / (x**2).mean()
    assert left < (0.75 if kind == "sets" else 0.35)


@pytest.mark.parametrize("kind", KINDS)
def test_a_seed_repeats_a_fit(kind: str) -> None:
    value, _ = low_rank()
    one, two = (fitted(kind, value, epochs=5).factors(table_of(value)) for _ in "ab")
    assert np.array_equal(one.value, two.value)


@pytest.mark.parametrize("kind", KINDS)
def test_gaps_are_filled_and_rows_without_values_stay_unknown(kind: str) -> None:
    value, _ = low_rank()
    rng = np.random.default_rng(2)
    holed = np.where(rng.random(value.shape) < 0.2, np.nan, value)
    holed[7] = np.nan
    found = fitted(kind, holed)
    z = found.factors(table_of(holed)).value
    assert np.isnan(z[7]).all()
    assert np.isfinite(np.delete(z, 7, axis=0)).all()
    cleaned = found.cleaned(table_of(holed)).value
    gaps = np.isnan(holed)
    gaps[7] = False
    r = np.corrcoef(cleaned[gaps], value[gaps])[0, 1]
    assert r > (0.5 if kind == "sets" else 0.8)


@pytest.mark.parametrize("kind", KINDS)
def test_factors_are_standard_and_a_row_needs_no_other(kind: str) -> None:
    value, _ = low_rank()
    found = fitted(kind, value)
    z = found.factors(table_of(value)).value
    assert z.mean(axis=0) == pytest.approx(0, abs=1e-4)
    assert z.std(axis=0) == pytest.approx(1, abs=1e-4)
    alone = found.factors(table_of(value[:1])).value
    assert alone[0] == pytest.approx(z[0], abs=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_loadings_say_how_features_go_with_factors(kind: str) -> None:
    value, _ = low_rank()
    found = fitted(kind, value)
    x = found.scale.apply(value)
    said = found.factors(table_of(value)).value @ found.loading.T
    r = np.corrcoef(x.ravel(), said.ravel())[0, 1]
    assert r > 0.6
    assert found.loading.shape == (45, found.n_factor)


@pytest.mark.parametrize("kind", ["sparse", "denoising", "contractive", "vae"])
@pytest.mark.parametrize("likelihood", ["nb", "zinb"])
def test_counts_are_represented_as_counts(kind: str, likelihood: str) -> None:
    value, _ = low_rank(p=45, noise=0.0)
    value -= value.mean(axis=1, keepdims=True)  # totals tell nothing but size
    rng = np.random.default_rng(3)
    size = rng.uniform(0.5, 2.0, 60)
    count = rng.poisson(np.exp(0.3 * value + 3.0) * size[:, None]).astype(float)
    found = fitted(kind, count, likelihood=likelihood)
    said = found.cleaned(table_of(count)).value
    assert (said >= 0).all()
    truth = np.exp(0.3 * value)
    r = np.corrcoef(np.log1p(said).ravel(), np.log(truth).ravel())[0, 1]
    assert r > 0.8


def test_sizes_of_samples_are_no_factor() -> None:
    value, _ = low_rank(noise=0.0)
    count = np.round(np.exp(0.3 * value + 4.0))
    twice = count.copy()
    twice[::2] *= 4
    scales = [fitted("vae", c, likelihood="nb", epochs=2).scale for c in (count, twice)]
    one, two = (s.apply(c) for s, c in zip(scales, (count, twice), strict=True))
    assert np.corrcoef(one.ravel(), two.ravel())[0, 1] > 0.99


def test_sets_have_names() -> None:
    value, _ = low_rank()
    found = fitted("sets", value)
    factors = found.factors(table_of(value))
    assert factors.feature_id.tolist() == ["s1", "s2", "s3"]
    assert factors.node_name.tolist() == ["s1", "s2", "s3"]


def test_what_cannot_be_represented_is_refused() -> None:
    value, _ = low_rank()
    with pytest.raises(DataError, match="6 training rows"):
        fitted("pca", value[:6])
    with pytest.raises(DataError, match="is no count"):
        fitted("vae", value, likelihood="nb")
    with pytest.raises(ConfigError, match="gene sets"):
        make_kind(RepresentOptions(represent="sets"), 3)
    with pytest.raises(ValueError, match="likelihood"):
        RepresentOptions(represent="pca", likelihood="nb")
    other = table_of(value[:, :40])
    with pytest.raises(DataError, match="other features"):
        fitted("pca", value).factors(other)


@pytest.mark.parametrize("odd", [-3.0, 2.37])
def test_what_is_no_count_is_refused_with_its_place(odd: float) -> None:
    count = np.random.default_rng(1).poisson(30, (20, 45)).astype(float)
    count[3, 4] = np.nan
    count[5, 7] = odd
    with pytest.raises(DataError, match=r"sample l5, feature g7.* 1 of 899") as caught:
        fitted("vae", count, likelihood="nb", epochs=2)
    assert 'transform = "round"' in str(caught.value)


@pytest.mark.parametrize("way", ["regression", "combat", "components", "adversarial"])
def test_rows_without_values_have_no_factors_whatever_removed_confounders(
    way: str,
) -> None:
    table = table_of(low_rank(40, 12)[0])
    table.value[3] = np.nan
    batch = Confounder("batch", np.array(["a", "b"] * 20))
    options = RepresentOptions(
        represent="pca", k=(3,), confounders=("batch",), deconfound=way
    )
    found = fit_representation(
        table, options, rng=np.random.default_rng(1), k=3, confounders=[batch]
    )
    for made in (found.factors(table, [batch]), found.cleaned(table, [batch])):
        assert np.isnan(made.value[3]).all()
        assert not np.isnan(np.delete(made.value, 3, axis=0)).any()


def test_a_feature_that_is_nothing_but_its_batch_is_taken_off() -> None:
    value, _ = low_rank(60, 20)
    value[:, 5] = np.repeat([0.0, 50.0], 30)
    batch = Confounder("batch", np.repeat(["a", "b"], 30))
    options = RepresentOptions(represent="pca", k=(3,), confounders=("batch",))
    found = fit_representation(
        table_of(value), options, rng=np.random.default_rng(1), k=3, confounders=[batch]
    )
    assert np.abs(found.cleaned_values(table_of(value), [batch])[:, 5]).max() < 1e-9
