from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from tests.representation.toys import low_rank, table_of

from meristem.config.represent import RepresentOptions
from meristem.representation.choose import (
    HiddenValues,
    choose_by_traits,
    choose_by_values,
)
from meristem.representation.confound.clean import CLEANERS
from meristem.representation.confound.confounders import Confounder
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


class Forgetful:
    """A way of removal that leaves nothing at all."""

    def clean(self, x: np.ndarray, confounders: Sequence[Confounder]) -> np.ndarray:
        return 0.0 * x


def test_what_removal_forgets_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hidden values are held against the table less linear effects, not against it."""
    value, _ = low_rank(60, 30, noise=1.0)
    batch = np.array(["a", "b"])[np.arange(60) % 2]
    value += 5.0 * (batch == "b")[:, None]
    about = [Confounder("batch", batch)]
    how = {"represent": "pca", "confounders": ("batch",), "deconfound": "regression"}
    asked = RepresentOptions.model_validate(how)
    hidden = HiddenValues(table_of(value), about, None, np.random.default_rng(1))
    plain = hidden.error(asked, 3)
    monkeypatch.setitem(CLEANERS, "regression", lambda *_: Forgetful())
    assert hidden.error(asked, 3) > max(1.3 * plain, 0.4)


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
