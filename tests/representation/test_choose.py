from __future__ import annotations

import numpy as np
from tests.representation.toys import low_rank, table_of

from meristem.config.represent import RepresentOptions
from meristem.representation.choose import choose_by_traits, choose_by_values
from meristem.stats.folds import random_splits


def options(*k: int) -> RepresentOptions:
    return RepresentOptions(represent="pca", k=k)


def test_hidden_values_tell_the_number_of_factors() -> None:
    value, _ = low_rank(90, 50, k=3, noise=0.5)
    k, errors = choose_by_values(
        table_of(value), options(1, 3, 20), rng=np.random.default_rng(1)
    )
    assert k == 3
    assert errors[3] < errors[1]
    assert errors[3] < errors[20]


def test_traits_tell_which_factors_matter() -> None:
    value, z = low_rank(90, 50, k=3, noise=0.5)
    rng = np.random.default_rng(1)
    trait = z[:, 2:] + 0.1 * rng.normal(size=(90, 1))
    inner = random_splits(90, 5, rng)
    chosen = choose_by_traits(
        table_of(value), options(1, 3), trait, inner, rng=np.random.default_rng(1)
    )
    assert chosen == 3


def test_without_traits_hidden_values_decide() -> None:
    value, _ = low_rank(60, 40, k=3, noise=0.5)
    none = np.full((60, 1), np.nan)
    inner = random_splits(60, 3, np.random.default_rng(1))
    chosen = choose_by_traits(
        table_of(value), options(1, 3), none, inner, rng=np.random.default_rng(1)
    )
    assert chosen == 3


def test_one_candidate_is_taken_as_far_as_there_are_rows() -> None:
    value, _ = low_rank(12, 40)
    k, errors = choose_by_values(
        table_of(value), options(40), rng=np.random.default_rng(1)
    )
    assert (k, errors) == (11, {})
