from pathlib import Path

import pytest

from meristem.errors import DataError
from meristem.sequence.genome.contig_names import match_names
from meristem.sequence.genome.fasta import Genome

GENOME = Genome(Path("g.fa"), {"chrI": 9, "chrII": 7, "chrM": 3}, {})


def test_roman_and_arabic_names_match():
    found = match_names(["1", "2", "MT"], GENOME, "x.vcf")
    assert found.genome_name == {"1": "chrI", "2": "chrII"}
    assert found.unmatched == ("MT",)


def test_a_table_decides(tmp_path):
    path = tmp_path / "names.tsv"
    path.write_text("name\tcontig\nMT\tchrM\n1\tchrII\n")
    found = match_names(["1", "MT", "9"], GENOME, "x.vcf", path)
    assert found.genome_name == {"1": "chrII", "MT": "chrM"}


def test_strangers_are_refused(tmp_path):
    with pytest.raises(DataError, match="none of its contigs"):
        match_names(["scaffold_1"], GENOME, "x.vcf")
    path = tmp_path / "names.tsv"
    path.write_text("name\tcontig\nMT\tchrX\n")
    with pytest.raises(DataError, match="no contig 'chrX'"):
        match_names(["MT"], GENOME, "x.vcf", path)
