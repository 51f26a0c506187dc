"""The experiments on represented omics: small, and that they ask what they say."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from benchmarks.accuracy.recovery_task import Setting, make_task
from benchmarks.accuracy.representation.imputation import make_gaps
from benchmarks.accuracy.representation.panel import with_batches
from benchmarks.accuracy.representation.planted import N_ACTIVE, planted_sets, run_shift

from meristem.simulate.recovery import RecoveryConfig

SMALL = RecoveryConfig(
    n_train=24,
    n_test=8,
    n_chromosome=2,
    variants_per_chromosome=100,
    n_gene=40,
    n_regulator=4,
    n_pathway=6,
    pathway_size=8,
    causal_genes_per_pathway=4,
)


@pytest.mark.parametrize("kind", ["random", "blocks", "rows"])
def test_a_fifth_is_hidden(kind: str) -> None:
    hidden = make_gaps(kind, (60, 90), np.random.default_rng(1))
    assert 0.15 < hidden.mean() < 0.27
    if kind == "rows":
        assert set(hidden.mean(axis=1)) == {0.0, 1.0}


def test_active_sets_have_a_factor() -> None:
    x, member = planted_sets(np.random.default_rng(1))

    def top(row: np.ndarray) -> float:
        return float(np.linalg.eigvalsh(np.corrcoef(x[:, row].T))[-1])

    active = [top(row) for row in member[:N_ACTIVE]]
    others = [top(row) for row in member[N_ACTIVE:]]
    assert np.mean(active) > np.mean(others) + 0.3


def test_batches_move_genes_and_keep_lines() -> None:
    setting = Setting(1, 24, "within", 0.5, "pathways")
    train = make_task(setting, 1, SMALL).train
    moved = with_batches(train, 1, shift=2.0)
    plain = with_batches(train, 1, shift=0.0)
    assert moved.groups is not None
    assert moved.groups.group_name.tolist() == ["batch"]
    change = moved.omics[0].value - plain.omics[0].value
    known = ~np.isnan(change).all(axis=1)
    assert np.nanstd(change[known]) > 1
    label = moved.groups.column("batch")
    for batch in set(label[known]):
        rows = known & (label == batch)
        assert np.ptp(change[rows], axis=0) == pytest.approx(0, abs=1e-9)


def test_shift_resumes(tmp_path: Path) -> None:
    one = run_shift(tmp_path, seeds=[1], methods=("none", "combat"))
    before = (tmp_path / "results.csv").read_text()
    assert run_shift(tmp_path, seeds=[1], methods=("none", "combat")) == one
    assert (tmp_path / "results.csv").read_text() == before
    told = [line.split("  ") for line in one.splitlines()]
    rows = {(batch, method): float(r) for batch, method, r, *_ in told}
    assert rows["batch yes", "combat"] > rows["batch yes", "none"]
