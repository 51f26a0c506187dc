import gzip
from pathlib import Path

import pytest

from meristem.errors import DataError
from meristem.sequence.inputs.fasta import is_fasta, read_fasta


def test_lines_are_joined_plain_and_gzipped(tmp_path: Path) -> None:
    sequences = {"a": "ACGT" * 50, "b": "NNA"}
    (tmp_path / "x.fa").write_text(f">a\n{'ACGT' * 20}\n{'ACGT' * 30}\n>b\nNNA\n")
    assert read_fasta(tmp_path / "x.fa") == sequences
    packed = tmp_path / "x.fa.gz"
    packed.write_bytes(gzip.compress((tmp_path / "x.fa").read_bytes()))
    assert read_fasta(packed) == sequences
    assert is_fasta(packed)
    assert not is_fasta("table.csv")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ACGT\n", "no FASTA"),
        (">a\nAC\n>a\nAC\n", "twice"),
        (">\nAC\n", "no name"),
        (">a\n>b\nAC\n", "empty"),
        (">a\nAC7\n", "'7'"),
    ],
)
def test_faults_are_named(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "x.fa").write_text(text)
    with pytest.raises(DataError, match=message):
        read_fasta(tmp_path / "x.fa")
