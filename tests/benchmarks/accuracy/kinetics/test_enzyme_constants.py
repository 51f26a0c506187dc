"""Constants of the simulated enzyme: a row for each, and the share that is held."""

from pathlib import Path

import pandas as pd
import pytest
from benchmarks.accuracy.kinetics.enzyme_constants import run_enzyme


def test_every_constant_has_its_truth_and_its_interval(tmp_path: Path) -> None:
    said = run_enzyme(tmp_path, seeds=[5])
    table = pd.read_csv(tmp_path / "results.csv").set_index("constant")
    assert len(table) == 12
    assert table.loc["Ka", "truth"] == pytest.approx(2.5)
    assert table.loc["Ka", "value"] == pytest.approx(2.5, rel=0.2)
    high = table["high"].fillna(float("inf"))  # an end that the data do not set
    held = (table["low"] <= table["truth"]) & (table["truth"] <= high)
    assert (held == table["held"].astype(bool)).all()
    assert f"Ka  {table.loc['Ka', 'held']:.2f}" in said
