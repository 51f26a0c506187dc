"""Genomes in FASTA."""

from pathlib import Path

import pytest

from meristem.errors import DataError
from meristem.io.fasta import read_fasta


def test_contigs(tmp_path: Path) -> None:
    path = tmp_path / "g.fa"
    path.write_text(">chr1 some words\nACgt\nNN\n>chr2\n\nTT\n")
    assert read_fasta(path) == {"chr1": "ACgtNN", "chr2": "TT"}


@pytest.mark.parametrize("text", ["ACGT\n", ">a\nA\n>a\nC\n", "> \nACGT\n"])
def test_refusals(tmp_path: Path, text: str) -> None:
    path = tmp_path / "g.fa"
    path.write_text(text)
    with pytest.raises(DataError, match="FASTA|twice|no name"):
        read_fasta(path)
