"""Descriptions of factors, on planted ones."""

from __future__ import annotations

import numpy as np
import pytest
from tests.representation.toys import low_rank, table_of

from meristem.config.represent import RepresentOptions
from meristem.representation.commands.describe import (
    explained,
    factor_confounders,
    factor_sets,
    factor_stability,
    factor_traits,
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
    assert explained(found).sum() == pytest.approx(0.97, abs=0.05)
