"""Tuning on the wrong question: a simulated case in which the two tunings differ.

Parents carry an effect that their markers do not explain. Inside random folds both
parents of a hybrid are known, so that little shrinkage pays: markers then spell out
the parents' identity. For unseen parents that is noise.
"""

from __future__ import annotations

import numpy as np
import pytest
from tests import toys

from meristem.config.models import GBLUPOptions, RidgeOptions
from meristem.config.stages import EvaluateConfig
from meristem.evaluate.splits import inner_splits, make_splits
from meristem.models.catalog import build
from meristem.records import Dataset
from meristem.stats.metrics import pearson

PARENTS = EvaluateConfig(scheme="parents", folds=4, inner_folds=4)
RANDOM = EvaluateConfig(inner_folds=4)


def hybrids(seed: int, n_pool: int = 30, n_hybrid: int = 500) -> Dataset:
    rng = np.random.default_rng(seed)
    n_variant = 40
    cells = rng.choice(n_pool * n_pool, n_hybrid, replace=False)
    index = (cells // n_pool, cells % n_pool)
    dosage, value = 0, rng.standard_normal(n_hybrid) * 0.5
    effect = np.zeros(n_variant)
    effect[:12] = rng.standard_normal(12)
    for rows in index:
        pool = rng.integers(0, 2, (n_pool, n_variant))
        marker = pool @ effect
        own = marker.std() * rng.standard_normal(n_pool)
        value = value + (marker + own)[rows]
        dosage = dosage + pool[rows]
    names = np.array([f"h{k}" for k in range(n_hybrid)])
    parents = {
        "parent_1": [f"d{a}" for a in index[0]],
        "parent_2": [f"f{b}" for b in index[1]],
    }
    return toys.dataset(dosage, value, names, ["yield"], groups=parents)


@pytest.mark.parametrize(
    "options", [GBLUPOptions(variance="inner"), RidgeOptions()], ids=lambda o: o.kind
)
def test_inner_splits_that_mimic_the_question_predict_unseen_parents_better(options):
    gain = []
    for seed in range(3):
        data = hybrids(seed)
        for split in make_splits(data, PARENTS, np.random.default_rng(seed)):
            train, test = data.take(split.train), data.take(split.test)
            y = test.phenotypes.value[:, 0]
            r = []
            for config in (PARENTS, RANDOM):
                inner = inner_splits(train, config, np.random.default_rng(1))
                fitted = build(options).fit(
                    train, rng=np.random.default_rng(2), inner=inner
                )
                r.append(pearson(y, fitted.predict(test.genotypes).value[:, 0]))
            gain.append(r[0] - r[1])
    # measured: .31 (GBLUP), .28 (ridge)
    assert np.mean(gain) > 0.15


def test_a_split_file_can_ask_for_inner_folds_by_parents():
    data = hybrids(0, n_pool=12, n_hybrid=90)
    asked = EvaluateConfig(scheme="file", group="parents", inner_folds=3)
    rng = np.random.default_rng(1)
    for split in inner_splits(data, asked, rng):
        assert split.scheme == "parents"
        for name in ("parent_1", "parent_2"):
            label = data.groups.column(name)
            assert not np.intersect1d(label[split.train], label[split.test]).size
    plain = inner_splits(data, EvaluateConfig(scheme="file", inner_folds=3), rng)
    assert {split.scheme for split in plain} == {"kfold"}
