"""Tables of `benchmarks accuracy sequence`, and how alleles are divided and scored."""

import numpy as np
import pandas as pd
from benchmarks.accuracy.sequence.alleles import (
    FOLDS,
    _folds,
    _group,
    allele_table,
    figures,
)
from benchmarks.accuracy.sequence.elements import BASE, ELEMENTS, element_table
from benchmarks.accuracy.sequence.enhancers import enhancer_table
from benchmarks.accuracy.sequence.promoters import _centred, promoter_table

from meristem.sequence.models.catalog import KINDS
from meristem.sequence.models.options import NetworkOptions
from meristem.sequence.training.options import TrainOptions


def _pairs(n: int = 200) -> pd.DataFrame:
    rng = np.random.default_rng(1)
    return pd.DataFrame(
        {
            "chr": rng.choice([f"chr{k}" for k in range(16)], n),
            "TSS_pos": rng.integers(0, 100_000, n),
            "logFC": rng.normal(size=n),
            "mean_expr": rng.normal(size=n),
            "fdr": rng.random(n) / 4,
        }
    )


def test_chromosomes_stay_whole_and_neighbours_together() -> None:
    pairs = _pairs()
    fold = _folds(pairs, 1)
    assert np.unique(fold).size == FOLDS
    assert (pd.Series(fold).groupby(pairs["chr"]).nunique() == 1).all()
    assert (pd.Series(pairs["chr"]).groupby(_group(pairs)).nunique() == 1).all()


def test_ties_count_as_wrong_signs() -> None:
    pairs = _pairs()
    truth = pairs["logFC"].to_numpy()
    guess = np.where(np.arange(200) < 100, 0.0, truth)
    sign = figures(pairs, truth, guess)[-1]
    sure = (pairs["fdr"] < 0.05).to_numpy()
    assert float(sign["value"]) == round(float((guess != 0)[sure].mean()), 6)
    level = figures(pairs, pairs["mean_expr"].to_numpy(), guess)[0]
    assert level["metric"] == "activity r"
    assert float(level["value"]) == 1.0


def test_deviations_have_no_mean() -> None:
    base = np.array(["a", "a", "b", "b"])
    assert _centred(np.array([1.0, 3, 5, 5]), base).tolist() == [-1, 1, 0, 0]


def test_every_element_is_a_network_that_can_be_built() -> None:
    for kind, options, train in ELEMENTS.values():
        assert KINDS[kind].space is not None
        NetworkOptions.model_validate(BASE.model_dump() | options)
        TrainOptions.model_validate(train)


def test_tables_have_a_row_per_model() -> None:
    span = {"value": "0.5", "low": "0.4", "high": "0.6", "cpu_seconds": "3"}
    promoters = promoter_table(
        [
            {"model": "motif", "test": "native", "metric": metric, **span}
            for metric in ("across", "within")
        ]
    )
    assert "| motif | 0.500 [0.400, 0.600] | 0.500 [0.400, 0.600] | 3 |" in promoters
    alleles = allele_table([{"model": "motif", "metric": "activity r", **span}])
    assert alleles.splitlines()[0] == "| model | activity r | CPU s |"
    paired = {
        "set": "s",
        "task": "t",
        "model": "m",
        "difference": "0.1",
        "difference_low": "0.0",
        "difference_high": "0.2",
    }
    assert "+0.100 [+0.000, +0.200]" in enhancer_table([span | paired])
    rows = [
        {"element": e, "fold": str(f), "value": str(v + f / 10), "cpu_seconds": "2"}
        for e, v in (("default", 0.5), ("pool 2", 0.6))
        for f in range(3)
    ]
    assert "| pool 2 | 0.700 | +0.100 [+0.100, +0.100] | 2 |" in element_table(rows)
