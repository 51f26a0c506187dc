"""`benchmarks.accuracy.real.covariates`."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from benchmarks.accuracy.cells import read_rows
from benchmarks.accuracy.real import covariates as bench
from benchmarks.accuracy.real.sources import MICE, SOURCES, Source

from meristem.config.models import GBLUPOptions


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Eighty mice whose sex matters more than their genes."""
    rng = np.random.default_rng(4)
    home = tmp_path / "gp" / "toy"
    home.mkdir(parents=True)
    dosage = rng.integers(0, 3, (80, 30))
    head = ",".join(["line", *(f"m{k}" for k in range(30))])
    lines = [f"l{k}," + ",".join(map(str, row)) for k, row in enumerate(dosage)]
    (home / "dosage.csv").write_text("\n".join([head, *lines]) + "\n")
    sex, litter = rng.integers(0, 2, 80), rng.integers(1, 4, 80)
    y = dosage[:, :10].sum(axis=1) + 9 * sex + rng.normal(size=80)
    text = ["line,GENDER,CageDensity,Litter,cage,weight"]
    text += [
        f"l{k},{'FM'[sex[k]]},{k % 5},{litter[k]},c{k % 16},{y[k]:.3f}"
        for k in range(80)
    ]
    (home / "mice.csv").write_text("\n".join(text) + "\n")
    source = Source(
        "toy",
        "dosage.csv",
        "mice.csv",
        ("weight",),
        {"scheme": "group", "group": "cage"},
        group="cage",
        covariates=MICE,
    )
    monkeypatch.setitem(SOURCES, "mice", source)
    monkeypatch.setattr(bench, "MODELS", (GBLUPOptions(),))
    monkeypatch.setattr(bench, "ARMS", {"none": None, "sex, density, litter": MICE})
    return tmp_path


def test_adjusting_for_a_large_effect_pays(data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    text = bench.run_covariates(data, out, replicates=1, lines=80)
    assert "sex, density, litter" in text
    rows = read_rows(out / "results.csv")
    assert len(rows) == 2 * 2 * 5
    summary = read_rows(out / "summary.csv")
    gains = [float(row["gain"]) for row in summary if row["arm"] != "none"]
    assert len(gains) == 2
    assert min(gains) > 0.1
    same = [row for row in summary if row["arm"] != "none"]
    assert all(row["own"] == row["adjusted"] for row in same)
