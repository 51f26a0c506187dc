"""Phased haplotypes."""

from pathlib import Path

import pytest

from meristem.errors import DataError
from meristem.io.genotypes.phased import read_phased

HEAD = """##fileformat=VCFv4.2
##contig=<ID=1>
##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">
"""


def vcf(folder: Path, *rows: str) -> Path:
    columns = "#CHROM POS ID REF ALT QUAL FILTER INFO FORMAT x y"
    text = "\n".join(row.replace(" ", "\t") for row in (columns, *rows))
    path = folder / "p.vcf"
    path.write_text(HEAD + text + "\n")
    return path


def test_haplotypes(tmp_path: Path) -> None:
    found = read_phased(
        vcf(tmp_path, "1 5 a A G . . . GT 0|1 1|1", "1 9 b A G . . . GT 1|0 0/0")
    )
    assert found.sample_id.tolist() == ["x", "y"]
    assert found.haplotype.tolist() == [[[0, 1], [1, 0]], [[1, 0], [1, 0]]]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("1 5 a A G . . . GT 0/1 1|1", "not phased"),
        ("1 5 a A G . . . GT 0|1 .|1", "missing"),
        ("1 5 a A G,T . . . GT 0|1 1|2", "2 alternate"),
        ("1 5 a A G . . . GT 0|1|1 1|1|1", "no diploids"),
    ],
)
def test_refusals(tmp_path: Path, row: str, said: str) -> None:
    with pytest.raises(DataError, match=said):
        read_phased(vcf(tmp_path, row))
