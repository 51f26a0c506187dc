"""The format is read from the name; every reader is reached."""

from __future__ import annotations

from pathlib import Path

import pytest

from meristem.config.stages import GenotypeConfig
from meristem.errors import DataError
from meristem.io.genotypes.plink import write_bed
from meristem.io.genotypes.read import genotype_format, read_genotypes
from meristem.io.genotypes.vcf import write_vcf
from meristem.io.stores.genotypes import write_genotypes


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("a.vcf", "vcf"),
        ("a.b.VCF.gz", "vcf"),
        ("a.vcf.bgz", "vcf"),
        ("a.bcf", "vcf"),
        ("a.bed", "bed"),
        ("a.pgen", "pgen"),
        ("a.hmp.txt", "hapmap"),
        ("a.hmp.txt.gz", "hapmap"),
        ("a.hapmap", "hapmap"),
        ("a.csv.gz", "dosage"),
        ("a.tsv", "dosage"),
        ("a.parquet", "dosage"),
        ("a.zarr", "zarr"),
    ],
)
def test_format_of_a_name(name: str, expected: str) -> None:
    assert genotype_format(Path("folder.zarr") / name) == expected


def test_an_unknown_name_has_a_remedy() -> None:
    with pytest.raises(DataError, match=r"a\.txt: the format cannot be told") as error:
        genotype_format("a.txt")
    assert "set format" in error.value.remedy


@pytest.mark.parametrize("suffix", [".vcf.gz", ".bed", ".zarr"])
def test_every_writer_is_read_back(
    make_genotypes, assert_same, tmp_path, suffix
) -> None:
    genotypes = make_genotypes()
    path = tmp_path / f"a{suffix}"
    writer = {".vcf.gz": write_vcf, ".bed": write_bed, ".zarr": write_genotypes}[suffix]
    writer(genotypes, path)
    assert_same(read_genotypes(GenotypeConfig(path=path)), genotypes)


def test_a_stated_format_wins_over_the_name(
    make_genotypes, assert_same, tmp_path
) -> None:
    write_vcf(make_genotypes(), tmp_path / "a.txt")
    found = read_genotypes(GenotypeConfig(path=tmp_path / "a.txt", format="vcf"))
    assert_same(found, make_genotypes())


def test_options_reach_the_readers(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("line,m1\nB73,4\n")
    config = GenotypeConfig(path=tmp_path / "a.csv", ploidy=4)
    assert read_genotypes(config).ploidy == 4
    row = "m1 NA 1 5 + NA NA NA NA NA NA AA CG"
    header = "rs# alleles chrom pos strand assembly# center p a p q B73 Mo17"
    text = f"{header}\n{row}\n".replace(" ", "\t")
    (tmp_path / "a.hmp.txt").write_text(text)
    config = GenotypeConfig(path=tmp_path / "a.hmp.txt", multiallelic="split")
    assert read_genotypes(config).call_dosage.tolist() == [[0, 0], [1, 1]]


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("a.ped", "plink --file PREFIX --make-bed"),
        ("a.traw", "made from"),
        ("a.vcf.zip", "unpack it"),
        ("a.txt", ".hmp.txt"),
        ("prefix", "plink --file"),
        ("a.xyz", "endings .vcf"),
    ],
)
def test_other_formats_are_refused_with_their_conversion(
    tmp_path: Path, name: str, advice: str
) -> None:
    (tmp_path / "prefix.ped").touch()
    with pytest.raises(DataError) as caught:
        genotype_format(tmp_path / name)
    assert advice in caught.value.remedy
