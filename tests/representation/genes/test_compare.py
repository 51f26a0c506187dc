from __future__ import annotations

import numpy as np
import pytest
from tests.representation.genes.test_inference import P, modules, true_network

from meristem.representation.confound.probe import Learn, held_folds
from meristem.representation.genes.compare import (
    COLUMNS,
    Asked,
    compare_genes,
    compare_traits,
)
from meristem.representation.genes.inference import GraphSettings
from meristem.representation.genes.traits import trait_from_genes

N = 70
GENE = np.arange(P).astype(str)
FOLDS = held_folds(np.arange(N), 3, np.random.default_rng(1))


def learn(value: np.ndarray) -> Learn:
    """Return values standardised on training rows."""

    def standardised(train: np.ndarray) -> np.ndarray:
        centred = value - np.nanmean(value[train], axis=0)
        return np.nan_to_num(centred / np.nanstd(value[train], axis=0))

    return standardised


def asked(*methods: str, learned: bool = False) -> Asked:
    return Asked(methods, {"given": true_network()}, learned, 4)  # type: ignore[arg-type]


def test_networks_stand_beside_none_and_shuffles() -> None:
    value = modules(N, 1)
    value[3, 5] = np.nan
    table = compare_genes(
        learn(value), GENE, FOLDS, asked("weighted", "ridge", learned=True)
    )
    assert tuple(table.columns) == COLUMNS
    level = table.set_index(["network", "method"])["r"]
    assert level["given", "neighbours alone"] > 0.6
    assert level["given, shuffled", "neighbours alone"] < 0.4
    best = level["given", "ridge, neighbours weighted"]
    assert best > level["none", "ridge"] + 0.02
    assert abs(level["given, shuffled", "ridge, neighbours weighted"]) < best
    assert table.loc[table["network"] == "none", "over_none"].isna().all()
    assert set(table["network"]) == {
        *("none", "given", "given, shuffled"),
        *("learned", "learned, shuffled"),
    }


def test_a_trait_of_modules_is_told_over_the_network() -> None:
    rng = np.random.default_rng(5)
    value = modules(N, 1, signal=0.4)
    factors = value.reshape(N, P // 5, 5).mean(axis=2)
    trait = factors @ rng.normal(size=P // 5)
    table = compare_traits(learn(value), GENE, trait, FOLDS, asked("weighted", "ridge"))
    level = table.set_index("network")["r"]
    assert level["given"] > level["none"]
    assert set(table["method"]) == {"ridge", "ridge, neighbours weighted"}


def test_rows_held_out_teach_nothing() -> None:
    value, found = modules(N, 1), []
    train, test = FOLDS[0]
    for shift in (0.0, 30.0):
        other = value.copy()
        other[test[0]] += shift
        rng = np.random.default_rng(1)
        trait = np.where(np.isin(np.arange(N), test), shift, value[:, 0])
        x = (other - other[train].mean(axis=0)) / other[train].std(axis=0)
        found.append(
            trait_from_genes(
                x[train], trait[train], x[test[1:]], true_network(), rng=rng
            )
        )
    assert np.array_equal(found[0], found[1])


@pytest.mark.parametrize("method", ["convolution", "attention", "sage"])
def test_layers_learn_a_trait(method: str) -> None:
    value = modules(120, 1)
    trait = 3.0 + 2.0 * value[:, :5].sum(axis=1)
    said = trait_from_genes(
        value[:90],
        trait[:90],
        value[90:],
        true_network(),
        method=method,  # type: ignore[arg-type]
        rng=np.random.default_rng(1),
        settings=GraphSettings(steps=150),
    )
    assert np.corrcoef(said, trait[90:])[0, 1] > 0.5
    assert abs(said.mean() - trait.mean()) < 4
