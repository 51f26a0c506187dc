"""The simulated assay as files."""

from pathlib import Path

import pandas as pd
import pytest

from meristem.errors import ConfigError
from meristem.kinetics.commands.enzyme_files import GRID, write_enzyme


def test_files_hold_what_they_say(tmp_path: Path) -> None:
    config = write_enzyme(tmp_path / "a", noise=0.0, repeats=2, seed=5)
    table = pd.read_csv(config.parent / "assay.csv")
    assert len(table) == 2 * 6 * 5 * 3
    assert set(table["A"]) == set(GRID["A"])
    truth = pd.read_csv(config.parent / "truth.csv").set_index("constant")["value"]
    a, b, i = (table[name] for name in "ABI")
    k, bound = truth, 1 + table["I"] / truth["Ki"]
    rate = k["kcat"] * a * b
    rate /= k["Kia"] * k["Kb"] * bound + k["Kb"] * a + k["Ka"] * b * bound + a * b
    assert table["rate"].to_numpy() == pytest.approx(rate.to_numpy())
    assert not i.isna().any()


def test_an_earlier_one_is_replaced_only_by_force(tmp_path: Path) -> None:
    first = write_enzyme(tmp_path / "a", noise=0.1, repeats=1, seed=5)
    before = (first.parent / "assay.csv").read_bytes()
    with pytest.raises(ConfigError, match="--force"):
        write_enzyme(tmp_path / "a", noise=0.1, repeats=1, seed=6)
    assert (first.parent / "assay.csv").read_bytes() == before
    write_enzyme(tmp_path / "a", noise=0.1, repeats=1, seed=6, force=True)
    assert (first.parent / "assay.csv").read_bytes() != before
