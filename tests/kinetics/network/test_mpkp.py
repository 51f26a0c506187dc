"""The kinetic tables: the unit trap, counts, limits, one row per sequence."""

from pathlib import Path

import numpy as np
import pytest
from tests.kinetics.shared_data import FOLDER, needs_data

from meristem.errors import DataError
from meristem.kinetics.network.mpkp import measurements, read_rates, read_source
from meristem.kinetics.search.folds import sequence_folds

MPKP = FOLDER / "mpkp"


@needs_data
@pytest.mark.parametrize(
    ("number", "n", "matched", "at_limit", "n_unique"),
    [(1, 6988, -1.03, 2901, 5206), (2, 7005, -0.85, 4116, 5186)],
)
def test_source_and_compiled_tables_agree(
    number: int, n: int, matched: float, at_limit: int, n_unique: int
) -> None:
    source = read_source(MPKP / f"source_sgRNA_{number}.csv.gz")
    compiled = read_rates(MPKP / "rates.csv.gz")[number]
    for table in (source, compiled):
        assert len(table.target) == n
        assert table.descriptor[0] == "Matched"
        assert table.log10_rate[0, 0] == pytest.approx(matched, abs=0.005)
        assert int((table.log10_rate[:, 0] <= -5).sum()) == at_limit
        assert len(set(table.target)) == n_unique
        assert table.control.sum() == 1
    assert np.array_equal(source.target, compiled.target)
    assert np.allclose(source.log10_rate, compiled.log10_rate, atol=2e-6)
    assert np.allclose(source.ndaba, compiled.ndaba, atol=2e-6)


@needs_data
def test_rows_of_one_sequence_stay_together() -> None:
    table = read_rates(MPKP / "rates.csv.gz")[1]
    data = measurements(table, unique=False)
    assert len(data.y) == 6987
    held = sequence_folds(data, 5, np.random.default_rng(0))
    target = table.target[~table.control]
    assert np.array_equal(held.sum(0), np.ones(len(data.y)))
    for fold in held:
        inside = set(target[fold > 0])
        assert inside.isdisjoint(target[fold == 0])


@needs_data
def test_one_row_per_sequence() -> None:
    data = measurements(read_rates(MPKP / "rates.csv.gz")[2])
    assert len(data.y) == len(set(data.group)) == 5185
    assert data.x.shape == (5185, 25, 9)
    assert data.censored.sum() == (data.y <= -5).sum() > 0


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


HEADER = "sequence,descriptor," + ",".join(
    f"{e}_ndABA,{e}_cleave_rate_log"
    for e in ("wtCas9", "Cas9_enh", "Cas9_hypa", "Cas9_HF1")
)


def test_units_are_told_apart_by_sign(tmp_path: Path) -> None:
    raw = write(tmp_path / "raw.csv", f"{HEADER}\nGACTTGG,Matched" + ",0,0.01" * 4)
    log = write(tmp_path / "log.csv", f"{HEADER}\nGACTTGG,Matched" + ",0,-2" * 4)
    assert np.allclose(read_source(raw).log10_rate, -2)
    assert np.allclose(read_source(log).log10_rate, -2)


def test_mixed_units_are_refused(tmp_path: Path) -> None:
    rows = "GACTTGG,Matched" + ",0,0.01" * 4 + "\nGACTTGA,x" + ",0,-2" * 4
    path = write(tmp_path / "mixed.csv", f"{HEADER}\n{rows}")
    with pytest.raises(DataError, match="unit is unknown"):
        read_source(path)


def test_missing_column_and_bad_number(tmp_path: Path) -> None:
    path = write(tmp_path / "short.csv", "guide,descriptor,target\n1,Matched,GACTTGG")
    with pytest.raises(DataError, match="wt_log10_rate"):
        read_rates(path)
    bad = write(tmp_path / "bad.csv", f"{HEADER}\nGACTTGG,Matched" + ",0,fast" * 4)
    with pytest.raises(DataError, match=r"line 2.*|'fast'"):
        read_source(bad)
