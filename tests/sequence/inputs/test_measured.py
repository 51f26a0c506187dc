from pathlib import Path

import numpy as np
import pytest

from meristem.errors import ConfigError, DataError
from meristem.sequence.inputs.measured import Source, read_measured, read_sequences

TABLE = "id,seq,m1,m2,gene\nx,ACGT,1.5,NA,g1\ny,ACGA,2,3,g1\nz,TTTT,,,g2\n"


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "t.csv"
    path.write_text(TABLE)
    return path


def test_tasks_may_be_missing_and_empty_rows_are_dropped(table: Path) -> None:
    source = Source(table, {"a": "m1", "b": "m2"}, group="gene", sequence_id="id")
    data = read_measured([source])
    assert data.sequence_id.tolist() == ["x", "y"]
    assert data.sequence == ("ACGT", "ACGA")
    assert data.n_unmeasured == 1
    assert np.isnan(data.value[0, 1])
    assert data.group.tolist() == ["g1", "g1"]


def test_sources_are_joined_by_task(table: Path) -> None:
    one = Source(table, {"a": "m1"}, name="one")
    other = Source(table, {"b": "m2"}, name="other")
    data = read_measured([one, other])
    assert data.tasks == ("a", "b")
    assert data.source.tolist() == ["one", "one", "other"]
    assert np.isnan(data.value[2, 0])
    assert data.value[2, 1] == 3


def test_sequences_come_from_fasta_by_id(table: Path, tmp_path: Path) -> None:
    fasta = tmp_path / "s.fa"
    fasta.write_text(">y\nGG\n>x\nCC\n>z\nAA\n")
    data = read_measured([Source(table, {"a": "m1"}, sequence_id="id", fasta=fasta)])
    assert data.sequence == ("CC", "GG")
    fasta.write_text(">y\nGG\n")
    with pytest.raises(DataError, match="2 of 3 ids have no sequence"):
        read_measured([Source(table, {"a": "m1"}, sequence_id="id", fasta=fasta)])


def test_a_wrong_base_is_refused_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("sequence,y\nACGT,1\nAC1T,2\n")
    with pytest.raises(DataError, match=r"line 3.*\n.*remedy"):
        read_measured([Source(tmp_path / "t.csv", {"y": "y"})])


def test_an_unknown_column_is_refused(table: Path) -> None:
    with pytest.raises(ConfigError, match="no such column"):
        read_measured([Source(table, {"y": "nothing"})])
    (table.parent / "u.csv").write_text("x,y\n1,2\n")
    with pytest.raises(ConfigError, match="no column of sequences"):
        read_measured([Source(table.parent / "u.csv", {"y": "y"})])


def test_sequences_are_read_from_tables_and_fasta(table: Path, tmp_path: Path) -> None:
    assert read_sequences(table)["z"] == "TTTT"
    (tmp_path / "s.fa").write_text(">q\nGG\n")
    assert read_sequences(tmp_path / "s.fa") == {"q": "GG"}


def test_an_id_of_two_sequences_is_refused_and_keeps_its_name(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("id,sequence\na,ACGT\na,ACGT\nb,ACCC\n")
    assert read_sequences(path) == {"a": "ACGT", "b": "ACCC"}
    path.write_text("id,sequence\na,ACGT\na,ACGA\n")
    with pytest.raises(DataError, match="line 3.*'a' stands for two sequences"):
        read_sequences(path)


def test_a_sequence_without_known_bases_trains_nothing(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("id,sequence,y\na,ACGT,1\nb,NNRN,2\n")
    with pytest.raises(DataError, match="line 3.*'b' holds no known base"):
        read_measured([Source(path, {"y": "y"})])
