"""Relatedness of test lines to training lines, fold by fold."""

from __future__ import annotations

import numpy as np
import pandas as pd
from tests.toys import variant_table

from meristem.evaluate.relatedness import MOST_LINES, fold_relatedness
from meristem.records import Genotypes, Split


def lines(n: int, p: int = 60, seed: int = 3) -> Genotypes:
    rng = np.random.default_rng(seed)
    dosage = rng.integers(0, 3, (n, p)).astype(np.int8)
    names = np.array([f"l{i}" for i in range(n)])
    return Genotypes(names, variant_table([f"v{j}" for j in range(p)]), dosage)


def of_fold(genotypes: Genotypes, split: Split) -> np.ndarray:
    """Return the same by plain correlations about the training means."""
    calls = genotypes.call_dosage.astype(float)
    calls = calls - calls[split.train].mean(axis=0)
    unit = calls / np.linalg.norm(calls, axis=1)[:, None]
    return (unit[split.test] @ unit[split.train].T).max(axis=1)


def test_it_is_the_largest_correlation_with_a_training_line() -> None:
    genotypes = lines(23)
    splits = [
        Split("kfold", 0, f, np.flatnonzero(fold != f), np.flatnonzero(fold == f))
        for fold in [np.arange(23) % 3]
        for f in range(3)
    ]
    found = fold_relatedness(genotypes, splits)
    assert found["fold"].tolist() == [0, 1, 2]
    assert found["test"].tolist() == [8, 8, 7]
    for row, split in zip(found.itertuples(), splits, strict=True):
        near = of_fold(genotypes, split)
        assert np.isclose(row.mean, near.mean(), atol=1e-3)
        assert np.isclose(row.low, np.quantile(near, 0.1), atol=1e-3)
        assert np.isclose(row.high, np.quantile(near, 0.9), atol=1e-3)


def test_copies_of_training_lines_have_one() -> None:
    genotypes = lines(12)
    names = np.array([f"c{i}" for i in range(16)])
    calls = np.vstack([genotypes.call_dosage, genotypes.call_dosage[:4]])
    copied = Genotypes(names, genotypes.variants, calls)
    split = Split("kfold", 0, 0, np.arange(12), np.arange(12, 16))
    assert fold_relatedness(copied, [split])["low"].tolist() == [1.0]


def test_first_replicate_without_learning_curves_and_few_lines_of_many() -> None:
    genotypes = lines(3 * MOST_LINES, 8)
    train, test = np.arange(20), np.arange(20, 3 * MOST_LINES)
    splits = [
        Split(scheme, replicate, 0, train, test)
        for scheme in ("kfold", "kfold:n=10", "kfold:p=4")
        for replicate in (1, 2)
    ]
    found = fold_relatedness(genotypes, splits)
    assert found[["split", "replicate"]].to_numpy().tolist() == [["kfold", 1]]
    assert isinstance(found, pd.DataFrame)
