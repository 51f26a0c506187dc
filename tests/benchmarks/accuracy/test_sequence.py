"""Tables of `benchmarks accuracy sequence`, and how alleles are divided and scored."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from benchmarks.accuracy.sequence import planted
from benchmarks.accuracy.sequence.alleles import (
    FOLDS,
    _folds,
    _group,
    allele_table,
    figures,
)
from benchmarks.accuracy.sequence.elements import (
    BASE,
    ELEMENTS,
    differences,
    draw_elements,
    element_table,
)
from benchmarks.accuracy.sequence.enhancers import enhancer_table
from benchmarks.accuracy.sequence.planted import planted_table
from benchmarks.accuracy.sequence.promoters import _centred, promoter_table
from tests.sequence.shared_data import DATA, needs_data

from meristem.sequence.interpretation.gradients import TOLERANCE
from meristem.sequence.models.catalog import KINDS
from meristem.sequence.models.options import MotifOptions
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


def test_every_element_is_a_model_that_can_be_built() -> None:
    for kind, options, train in ELEMENTS.values():
        base = BASE if KINDS[kind].space else MotifOptions()
        KINDS[kind].options.model_validate(base.model_dump() | options)
        TrainOptions.model_validate(train)


def test_elements_share_one_error_over_folds() -> None:
    gap = {"default": (0.0, 0.0, 0.0), "a": (0.1, 0.2, 0.3), "b": (-0.1, 0.0, 0.1)}
    rows = [
        {"element": e, "fold": str(f), "value": str(0.5 + g), "cpu_seconds": "2"}
        for e, own in gap.items()
        for f, g in enumerate(own)
    ]
    best, *_ = differences(rows)
    assert (best.element, best.folds) == ("a", 3)
    assert best.difference == pytest.approx(0.2)
    # sd .1 of four degrees of freedom
    assert best.half == pytest.approx(2.776445 * 0.1 / np.sqrt(3), rel=1e-5)
    drawn = draw_elements(rows)
    assert drawn.startswith("<svg")
    assert "a: +0.200" in drawn


def test_planted_motifs_are_summed_over_seeds() -> None:
    row = {"method": "ism", "planted": "4", "found": "3", "patterns": "5"}
    row |= {"right_first": "4", "largest_gap": "0.0005", "cpu_seconds": "2"}
    table = planted_table([row, row | {"found": "4", "right_first": "5"}])
    assert "| ism | 2 | 7 of 8 | 9 of 10 (90%) | 5.0e-04 | 2 |" in table


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
    shown = element_table(rows)
    assert "| pool 2 | 0.700 | +0.100 [+0.100, +0.100] | 3 | 2 |" in shown


@pytest.mark.slow
@needs_data
def test_planted_motifs_are_found_by_every_method(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(planted, "SEEDS", 1)
    planted.run_planted(
        DATA,
        tmp_path,
        models=(),
        seed=201,
        progress=lambda done, total: None,
    )
    rows = pd.read_csv(tmp_path / "results.csv")
    assert (rows["found"] >= 3).all()
    assert rows["right_first"].sum() >= 0.9 * rows["patterns"].sum()
    assert rows["largest_gap"].max() < TOLERANCE
