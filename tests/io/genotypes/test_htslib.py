"""Opening variant files leaves htslib as it was, and tells damage apart."""

from __future__ import annotations

from pathlib import Path

import cyvcf2
import pytest

from meristem.errors import DataError
from meristem.io.genotypes.htslib import open_variants

HEADER = """\
##fileformat=VCFv4.2
##contig=<ID=1>
##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">
"""
TITLES = "#CHROM POS ID REF ALT QUAL FILTER INFO FORMAT a b"


def write(path: Path, *rows: str) -> Path:
    path.write_text(HEADER + "\n".join([TITLES, *rows]).replace(" ", "\t") + "\n")
    return path


def test_samples_fields_and_records(tmp_path: Path) -> None:
    path = write(tmp_path / "a.vcf", "1 5 . A C . . . GT 0/0 0/1")
    with open_variants(path) as file:
        assert file.sample_id.tolist() == ["a", "b"]
        assert file.defines("GT")
        assert not file.defines("DS")
        assert [record.POS for record in file.records()] == [5]


@pytest.mark.parametrize("row", ["2 5 . A C . . . GT 0/0 0/1", "1 x"])
def test_warnings_of_htslib_come_back_afterwards(
    tmp_path: Path, capfd: pytest.CaptureFixture, row: str
) -> None:
    path = write(tmp_path / "a.vcf", row)
    try:
        with open_variants(path) as file:
            list(file.records())
    except DataError:
        assert row == "1 x"
    assert capfd.readouterr().err == ""
    undeclared = write(tmp_path / "b.vcf", "3 5 . A C . . . GT 0/0 0/1")
    list(cyvcf2.VCF(str(undeclared)))
    assert "Contig '3'" in capfd.readouterr().err


def test_a_fault_says_the_line(tmp_path: Path) -> None:
    good = "1 5 . A C . . . GT 0/0 0/1"
    path = write(tmp_path / "a.vcf", good, good, "1 6 . A C . . . GT 0/0")
    with (
        open_variants(path) as file,
        pytest.raises(DataError, match=r"variant 3 \(line 7\): has 10 columns.* 11"),
    ):
        list(file.records())


def test_the_copy_without_byte_order_mark_is_removed(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    path = write(tmp_path / "a.vcf", "1 5 . A C . . . GT 0/0 0/1")
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    with open_variants(path) as file:
        assert len(list(file.records())) == 1
        assert len(list((tmp_path / "temporary").iterdir())) == 1
    assert list((tmp_path / "temporary").iterdir()) == []
