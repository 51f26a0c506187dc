"""Descriptions of factors, on planted ones."""

from __future__ import annotations

import numpy as np
import pytest
from tests.representation.toys import low_rank, table_of

from meristem.config.represent import RepresentOptions
from meristem.representation.commands.describe import (
    explained,
    explained_together,
    factor_confounders,
    factor_sets,
    factor_stability,
    factor_traits,
    own_values,
)
from meristem.representation.confound.confounders import Confounder
from meristem.representation.represented import Represented, fit_representation


def fitted(value: np.ndarray) -> Represented:
    return fit_representation(
        table_of(value),
        RepresentOptions(represent="pca"),
        rng=np.random.default_rng(1),
        k=2,
    )


def test_a_factor_of_a_set_is_enriched_for_it() -> None:
    rng = np.random.default_rng(1)
    value = rng.normal(size=(50, 100))
    value[:, :8] += 3 * rng.normal(size=(50, 1))
    sets = {
        "own": frozenset(f"g{j}" for j in range(8)),
        "other": frozenset(f"g{j}" for j in range(50, 60)),
    }
    found = factor_sets(fitted(value), table_of(value), sets, {"own": "Own genes"})
    first = found.iloc[0]
    assert (first["set"], first["label"]) == ("own", "Own genes")
    assert first["q"] < 0.01


def test_traits_and_confounders_are_those_planted() -> None:
    rng = np.random.default_rng(2)
    z = rng.normal(size=(60, 2))
    z[5] = np.nan
    trait = np.column_stack([z[:, 1] + 0.1 * rng.normal(size=60), rng.normal(size=60)])
    traits = factor_traits(["a", "b"], z, ["t", "u"], trait)
    best = traits.sort_values("p").iloc[0]
    assert (best["factor"], best["trait"], best["n"]) == ("b", "t", 59)
    label = np.where(np.nan_to_num(z[:, 0]) > 0, "x", "y")
    told = factor_confounders(["a", "b"], z, [Confounder("batch", label)])
    assert told["r2"].iloc[0] > 0.4 > 0.1 > told["r2"].iloc[1]


def test_what_is_there_is_found_again() -> None:
    value, _ = low_rank(80, 40, k=2, noise=0.1)
    found = fitted(value)
    firm = factor_stability(found, table_of(value), (), np.random.default_rng(1))
    noise = fitted(np.random.default_rng(3).normal(size=(80, 40)))
    loose = factor_stability(
        noise,
        table_of(np.random.default_rng(3).normal(size=(80, 40))),
        (),
        np.random.default_rng(1),
    )
    assert firm.min() > max(0.9, loose.max() + 0.1)


@pytest.mark.parametrize("holes", [False, True])
def test_components_explain_what_is_known_of_them(holes: bool) -> None:
    value, _ = low_rank(40, 31, k=5, noise=2.0)
    x = (value - value.mean(axis=0)) / value.std(axis=0)
    if holes:
        value[np.random.default_rng(1).random(value.shape) < 0.02] = np.nan
    table = table_of(value)
    size = np.linalg.svd(x, compute_uv=False) ** 2
    share = size[:2].sum() / size.sum()
    close = 0.03 if holes else 1e-9
    found = fitted(value)
    y = own_values(found, table, ())
    z = found.factors(table).value
    said = found.reconstruct(found.cleaned_values(table, ()))
    assert explained_together(y, said) == pytest.approx(share, abs=close)
    assert explained(y, z).sum() == pytest.approx(share, abs=close)


def test_every_way_of_removal_is_held_against_the_same_variance() -> None:
    """The adversary hands on few directions: all that it keeps of the table."""
    value, _ = low_rank(60, 45, k=6, noise=2.0)
    batch = np.array(["a", "b"])[np.arange(60) % 2]
    value += 4.0 * np.outer(batch == "b", np.random.default_rng(5).normal(size=45))
    table, about = table_of(value), [Confounder("batch", batch)]
    told = {}
    for way in ("none", "regression", "combat", "adversarial"):
        found = fit_representation(
            table,
            RepresentOptions.model_validate(
                {"represent": "pca", "k": (3,), "confounders": ("batch",)}
                | {"deconfound": way}
            ),
            rng=np.random.default_rng(1),
            k=3,
            confounders=about,
        )
        said = found.reconstruct(found.cleaned_values(table, about))
        told[way] = explained_together(own_values(found, table, about), said)
    assert told["none"] < told["regression"] < 0.8
    assert told["combat"] == pytest.approx(told["regression"], abs=0.05)
    assert 0.1 < told["adversarial"] <= told["regression"] + 1e-9
